"""Why a pair has its interaction: the set, the four costs, the two profiles, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.content import Content

from llmchem_tui.analysis import stability_text
from llmchem_tui.ui.widgets.heat_views import NEVER_MET, strength
from llmchem_tui.ui.words import MISSING, count, name_text, number

if TYPE_CHECKING:
    from llmchem_tui.analysis.stability import PairStability, Stability
    from llmchem_tui.domain.chemistry import Explanation
    from llmchem_tui.domain.model import Profile
    from llmchem_tui.ui.study import Study


def pair_text(study: Study, stable: Stability | None, a: str, b: str) -> Content:
    """Return everything about a pair; of a model with itself, about the model.

    ``stable``: what a bootstrap says, where one was made.
    """
    lines = [heading(study, a, b)]
    if a != b:
        lines += [_meetings(study, a, b), *_certainty(stable, a, b), *_reasons(study, a, b)]
    lines += [Content(""), *_model(study, a, "a" if a != b else "")]
    if a != b:
        lines += _model(study, b, "b")
    return Content("\n").join(lines)


def brief_text(study: Study, stable: Stability | None, a: str, b: str) -> Content:
    """Return the value of a pair, where it is reached and how often the two met, on one line."""
    if a == b:
        return heading(study, a, b)
    place = _place(study.table.strongest_at(a, b))
    told = f"  at {place}  " if {a, b} <= study.table.used else "  "
    own = _of_pair(stable, a, b) if stable else None
    interval = f"  ({_interval(own)})" if own else ""
    return Content.assemble(heading(study, a, b), interval, told, _meetings(study, a, b))


def heading(study: Study, a: str, b: str) -> Content:
    """Return the names with the value."""
    names = [_numbered(study, name) for name in dict.fromkeys((a, b))]
    line = Content.styled(" × ".join(names), "bold")
    if a == b:
        return line
    value = strength(study.table.between(a, b))
    above = study.table.between(a, b) > study.parameters.tau
    place = "" if above else f"  not above τ {number(study.parameters.tau)}"
    return Content.assemble(line, "  interaction ", (value, "bold $accent"), (place, "$muted"))


def _certainty(stable: Stability | None, a: str, b: str) -> Iterator[Content]:
    """Yield the interval of a pair, in the words of the command line."""
    if stable is None:
        return
    own = _of_pair(stable, a, b)
    yield Content.assemble(f"{stability_text.INTERVAL} ", (_interval(own), "bold"))
    there = stability_text.share_text(own.resamples / stable.resamples)
    parts = [f"{stability_text.THERE} in {there} of resamples"]
    if own.above is not None:
        share = stability_text.share_text(own.above)
        parts.insert(0, f"{stability_text.above(stable.tau)} in {share}")
    yield Content.styled(f"  {', '.join(parts)}", "$muted")


def _of_pair(stable: Stability, a: str, b: str) -> PairStability:
    return next(pair for pair in stable.pairs if {pair.a, pair.b} == {a, b})


def _interval(pair: PairStability) -> str:
    if pair.low is None or pair.high is None:
        return MISSING
    return f"{number(pair.low, 3)} … {number(pair.high, 3)}"


def _numbered(study: Study, name: str) -> str:
    return f"{study.table.names.index(name) + 1} {name_text(name)}"


def _meetings(study: Study, a: str, b: str) -> Content:
    met = study.met(a, b)
    if met:
        return Content(f"tried together in {count(met, 'round')}")
    return Content.styled(f"{NEVER_MET} never tried together", "$warning")


def _reasons(study: Study, a: str, b: str) -> Iterator[Content]:
    table = study.table
    unused = [name for name in (a, b) if name not in table.used]
    if unused:
        names = " and ".join(name_text(name) for name in unused)
        verb = "is" if len(unused) == 1 else "are"
        yield Content(f"0 because {names} {verb} not used, so nothing changes with it.")
        return
    why = table.explain(a, b)
    if table.homogeneous:
        yield Content("0 by definition: the used models are alike (P1 Theorem 1).")
        yield Content.styled(f"At {_place(why.at)} the formula alone would give:", "$muted")
    else:
        yield Content(f"the largest value, reached at {_place(why.at)}")
    yield from _costs(why)
    yield _formula(why)


def _place(names: tuple[str, ...]) -> str:
    if not names:
        return "X = ∅, no other model"
    return f"X = {{{', '.join(name_text(name) for name in names)}}}"


def _costs(why: Explanation) -> Iterator[Content]:
    costs = {
        "cost(X)": why.cost_x,
        "cost(X+a)": why.cost_xa,
        "cost(X+b)": why.cost_xb,
        "cost(X+a+b)": why.cost_xab,
    }
    cells = [f"{name} = {figure(value)}" for name, value in costs.items()]
    width = max(map(len, cells)) + 3
    yield Content(f"  {cells[0]:<{width}}{cells[1]}")
    yield Content(f"  {cells[2]:<{width}}{cells[3]}")


def _formula(why: Explanation) -> Content:
    x, xa, xb, xab = map(figure, (why.cost_x, why.cost_xa, why.cost_xb, why.cost_xab))
    told = f"  |{x} - {xa} - {xb} + {xab}| / {xab}"
    if not why.cost_xab:
        return Content(f"{told}: nothing to divide by, so it counts as 0")
    change = abs(why.cost_x - why.cost_xa - why.cost_xb + why.cost_xab)
    return Content.assemble(f"{told} = ", (figure(change / why.cost_xab), "bold"))


def _model(study: Study, name: str, letter: str) -> Iterator[Content]:
    profile = study.profiles[name]
    took_part = study.knowledge.rounds.get(name, profile.rounds)
    without = took_part - profile.rounds
    left_out = f"; {without} more without a value" if without > 0 else ""
    yield Content.styled(f"{letter} {name_text(name)}".lstrip(), "bold")
    numbers = f"  quality {profile.quality:.2f}  accuracy {number(profile.accuracy, 3)}  "
    yield Content.assemble(numbers, _use(study, name))
    yield Content(f"  the {study.parameters.profile} of {_basis(profile)}{left_out}")


def _basis(profile: Profile) -> str:
    """Return the rounds that a profile is made from: with a reference, if there are such."""
    if not profile.referenced:
        return f"{count(profile.rounds, 'round')} without a reference"
    others = profile.rounds - profile.referenced
    rest = f"; {others} without one not counted" if others else ""
    return f"{count(profile.referenced, 'round')} with a reference{rest}"


def _use(study: Study, name: str) -> Content:
    ranked = [profile.name for profile in study.table.ranked]
    if name in ranked:
        place = ranked.index(name)
        penalty = figure(float(study.table.penalties[place]))
        return Content(f"penalty {penalty}  rank {place + 1} of {len(ranked)}")
    threshold = number(study.parameters.usage_threshold)
    return Content.styled(f"{MISSING} not used: below the threshold {threshold}", "$warning")


def figure(value: float) -> str:
    """Return a cost with four significant digits."""
    return f"{value:.4g}"
