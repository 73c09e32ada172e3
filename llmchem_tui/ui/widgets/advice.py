"""What a study tells in words: what to run next, and what the table cannot tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from llmchem_tui.analysis import stability_text
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.widgets.heat_views import NEVER_MET, SHADES, strength
from llmchem_tui.ui.words import count, name_text, number

if TYPE_CHECKING:
    from llmchem_tui.analysis.stability import Stability
    from llmchem_tui.domain.chemistry import ChemistryTable
    from llmchem_tui.domain.recommendation import Recommendation
    from llmchem_tui.ui.study import Study
    from llmchem_tui.ui.widgets.heat_views import HeatView

RECOMMENDED, NOT_USED = "●", "○"
_PAIR = 2
_MOST_TEXTS, _MOST_TIES = 4, 5
_LONGEST_NAME = 44
_SAME_VALUE = 1e-4
"""As close to the largest value as a saturated table counts them."""

_NO_HISTORY = (
    "No history yet. Chemistry comes from finished rounds: {back} leads to the Round screen; run "
    "one there with two or more models, and their interaction stands here. From files in [history] "
    "paths only rounds of this task count, and only models of this pool."
)
_LOSS_DIFFERS = 5e-10


def advice_text(study: Study, stable: Stability | None) -> Content:
    """Return the ensemble that is recommended, and why; or why there is none.

    ``stable``: what a bootstrap of it says, where one was made.
    """
    if not study.profiles:
        return Content.styled("No recommendation: no model has a profile yet.", "$muted")
    if study.advice is None:
        return Content.styled(plain_line(study.problem), "$warning")
    lines = [*_advice(study, study.advice)]
    if stable is not None:
        lines += [Content(), *_stability(stable, study.advice)]
    return Content("\n").join(lines)


def _advice(study: Study, advice: Recommendation) -> Iterator[Content]:
    for name in advice.ensemble:
        yield Content.assemble((f"{RECOMMENDED} ", "$accent"), (name_text(name), "bold"))
    if not advice.ensemble:
        yield Content.styled("No ensemble", "bold")
    if advice.loss is not None:
        yield Content(f"loss {advice.loss:.3f}")
    if advice.optimum is not None and advice.optimum.ensemble != advice.ensemble:
        better = f"{_sum(advice.optimum.ensemble)}, loss {advice.optimum.loss:.3f}"
        if advice.loss is None or advice.loss - advice.optimum.loss > _LOSS_DIFFERS:
            yield Content.assemble(("optimum ", "$warning"), better)
    yield from _ties(advice)
    yield Content.styled(plain_line(advice.reason), "$muted")
    if unused := [name for name in advice.ensemble if name not in study.table.used]:
        yield Content.styled(_useless(study, unused), "$warning")
    if study.unknown:
        told = f"{_listed(study.unknown)}: no profile yet, so not judged."
        yield Content.styled(told, "$muted")


def _stability(stable: Stability, advice: Recommendation) -> Iterator[Content]:
    lines = stability_text.ensemble_lines(stable)
    own = stable.recommended
    if own is not None and own.ensemble == advice.ensemble:  # its names stand above
        share = stability_text.share_text(own.share)
        lines[0] = f"recommended in {share} of resamples"
    for line in (*lines, *stability_text.coverage_lines(stable)):
        yield Content(plain_line(line))
    yield Content.styled(stability_text.basis_line(stable), "$muted")


def _ties(advice: Recommendation) -> Iterator[Content]:
    if advice.ties:
        yield Content.styled(f"{len(advice.ties)} as good:", "$muted")
        for tie in advice.ties[:_MOST_TIES]:
            yield Content(f"  {_sum(tie)}")
        if (more := len(advice.ties) - _MOST_TIES) > 0:
            yield Content(f"  and {more} more")


def note_text(study: Study, back: str) -> Content:
    """Return what a table cannot tell and why, or why there is none; often nothing.

    ``back``: the key that leads to the Round screen.
    """
    return Content("\n").join(_notes(study, back))


def _notes(study: Study, back: str) -> Iterator[Content]:
    table = study.table
    if len(table.names) < _PAIR:
        if table.names:
            told = (
                f"Only {_short(table.names[0])} has a profile; chemistry is between two models. "
                "Run a round with another one beside it."
            )
            yield Content(told)
        else:
            yield Content(_NO_HISTORY.format(back=back))
        return
    if doubt := doubt_text(table):
        why = _why_homogeneous(table) if table.homogeneous else _why_saturated(table)
        yield Content.styled(f"{doubt}{why}", "$warning")
    if unused := [name for name in table.names if name not in table.used]:
        named = [f"{_short(n)} {number(study.profiles[n].accuracy)}" for n in unused]
        threshold = number(study.parameters.usage_threshold)
        verb = "is" if len(unused) == 1 else "are"
        told = f"{NOT_USED} {_few(named)} {verb} not used: accuracy below {threshold}"
        yield Content.styled(told, "$warning")


def legend_text(study: Study, view: HeatView | None) -> Content:
    """Return what the signs of the table mean."""
    if view is None:
        return Content()
    parts = [f"{SHADES[1:]} {view.legend}"]
    if never := _strangers(study):
        parts.append(f"{NEVER_MET} never tried together: {never}")
    if study.members:
        parts.append(f"{RECOMMENDED} recommended")
    return Content.styled(" · ".join(parts), "$muted")


def _strangers(study: Study) -> int:
    """Return how many pairs of the table never met."""
    names = study.table.names
    return sum(not study.met(a, b) for i, a in enumerate(names) for b in names[:i])


def _useless(study: Study, unused: Sequence[str]) -> str:
    """Say what a recommended model that is not used amounts to (SCIENCE §4: cost is of the used).

    Its interaction with everybody is 0 too, so only beta and the size speak for or against it.
    """
    verb, adds = ("is", "it adds") if len(unused) == 1 else ("are", "they add")
    threshold = number(study.parameters.usage_threshold)
    return (
        f"{NOT_USED} {_listed(unused)} {verb} below the usage threshold {threshold}: "
        f"{adds} no cost and no benefit, and no interaction."
    )


def doubt_text(table: ChemistryTable) -> str:
    """Return in half a sentence why a table cannot tell its pairs apart; blank where it can."""
    used = len(table.used)
    if table.homogeneous:
        if used < _PAIR:
            return f"Homogeneous: {used} of {count(len(table.names), 'model')} used, so no pair"
        penalty = f"{float(table.penalties[0]):.4g}"
        return f"Homogeneous: all {used} used models have the penalty {penalty}"
    if not table.saturated:
        return ""
    largest = max((value for *_, value in table.pairs_above(0.0)), default=0.0)
    top = len(table.pairs_above(largest - _SAME_VALUE))
    pairs = used * (used - 1) // 2
    return (
        f"Saturated: {top} of the {pairs} pairs of used models stand at the maximum, "
        f"{strength(largest)}"
    )


def _why_homogeneous(table: ChemistryTable) -> str:
    told = ", so nothing tells them apart and every pair has 0."
    return told if len(table.used) >= _PAIR else "."


def _why_saturated(table: ChemistryTable) -> str:
    return f", and cannot be told apart. {_cause(table)}".rstrip()


def _cause(table: ChemistryTable) -> str:
    if table.empty_cost:
        return f"The empty set costs {table.empty_cost:g} here, not 0."
    penalties = {p.name: x for p, x in zip(table.ranked, table.penalties.tolist(), strict=True)}
    # p_b / (2 p_a + p_b), the value at the empty set, is then within _SAME_VALUE of 1.
    little = max(penalties.values()) * _SAME_VALUE / 2
    if perfect := [name for name, x in penalties.items() if x <= little]:
        has = "has" if len(perfect) == 1 else "have"
        return f"{_listed(perfect)} {has} next to no penalty, which gives 1 with nearly any other."
    groups = [[m for m, y in penalties.items() if abs(y - x) <= little] for x in penalties.values()]
    alike = max(groups, key=len)
    return f"{_listed(alike)} have the same penalty." if len(alike) > 1 else ""


def _sum(names: Sequence[str]) -> str:
    return " + ".join(name_text(name) for name in names)


def _listed(names: Sequence[str]) -> str:
    return _few([_short(name) for name in names])


def _few(texts: Sequence[str]) -> str:
    more = len(texts) - _MOST_TEXTS
    return ", ".join(texts[:_MOST_TEXTS]) + (f" and {more} more" if more > 0 else "")


def _short(name: str) -> str:
    return Content(name_text(name)).truncate(_LONGEST_NAME, ellipsis=True).plain
