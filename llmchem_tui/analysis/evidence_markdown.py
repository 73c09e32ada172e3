"""The evidence of a report as Markdown, its numbers in tables: pictures only repeat them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from llmchem_tui.analysis.evaluate import Measures
from llmchem_tui.analysis.evaluation_text import (
    MEANS,
    anova_text,
    estimate_text,
    kind_text,
    number_text,
    pearson_text,
)
from llmchem_tui.analysis.evidence import Evidence
from llmchem_tui.analysis.example_ensembles import STRENGTHS
from llmchem_tui.analysis.grade_table import number
from llmchem_tui.analysis.markdown import inline, table
from llmchem_tui.domain.plain_text import plain_line

HEAD = "head"
INTERACTION, MAPS, STRATEGIES, CALIBRATION = "interaction", "maps", "strategies", "calibration"
"""The sections of the evidence, in which pictures have their places."""

_SHOWN_PAIRS = 20
_LONGEST_TITLE = 80
_A_PAIR = 2


def evidence_sections(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield each section and its Markdown; the first leads to the others."""
    yield HEAD, _text(_head(evidence))
    yield INTERACTION, _text(_interaction(evidence))
    if evidence.examples:
        yield MAPS, _text(_maps(evidence))
    yield STRATEGIES, _text(_strategies(evidence))
    yield CALIBRATION, _text(_calibration(evidence))


def _text(lines: Iterable[str]) -> str:
    return "\n".join([*lines, ""])


def _head(evidence: Evidence) -> Iterator[str]:
    kind = "simulated models" if evidence.simulated else "real models"
    task = plain_line(evidence.task) or "task not known"
    short = task if len(task) <= _LONGEST_TITLE else f"{task[: _LONGEST_TITLE - 1]}…"
    yield from (f"# Evidence on {kind}: {inline(short)}", "")
    if evidence.simulated:
        yield from ("**SIMULATED: no model was asked, the answers are invented.**", "")
    if short != task:
        yield f"- task: {inline(task)}"
    yield from (f"- rounds: {evidence.rounds:,}", f"- answers: {evidence.answers:,}")
    yield from (f"- models with a quality and an accuracy: {len(evidence.profiles):,}", "")


# --- interaction --------------------------------------------------------------------------------


def _interaction(evidence: Evidence) -> Iterator[str]:
    own = evidence.table
    yield from ("## Interaction of models", "")
    yield from (
        "The LLM Chemistry of two models: the largest change that one makes to the other's "
        "benefit. It has no sign: it is the strength of an interaction, not its direction.",
        "",
    )
    rows = [
        (
            inline(profile.name),
            number(profile.quality),
            number(profile.accuracy),
            f"{profile.rounds:,}",
            f"{profile.referenced:,}",
            "yes" if profile.name in own.used else "no, accuracy too low",
        )
        for profile in evidence.profiles.values()
    ]
    titles = ("model", ">quality", ">accuracy", ">rounds", ">with a reference", "used")
    yield from (*table(titles, rows), "") if rows else ("No model has a profile.", "")
    pairs = own.pairs_above(evidence.tau)
    if pairs:
        shown = [
            (inline(a), inline(b), number(value), _joined(own.strongest_at(a, b)))
            for a, b, value in pairs[:_SHOWN_PAIRS]
        ]
        yield from (*table(("model", "with", ">interaction", "reached beside"), shown), "")
    if len(pairs) > _SHOWN_PAIRS:
        yield from (f"Weaker pairs, not shown: {len(pairs) - _SHOWN_PAIRS:,}.", "")
    if note := _doubt(evidence, bool(pairs)):
        yield from (note, "")


def _doubt(evidence: Evidence, interacts: bool) -> str:
    own = evidence.table
    if len(own.used) < _A_PAIR:
        return "Fewer than two models are accurate enough to be used, so no pair interacts."
    if own.homogeneous:
        return "The models cannot be told apart by what is known of them, so no pair interacts."
    if not interacts:
        return f"No pair has an interaction above {evidence.tau:g}."
    if own.saturated:
        return "Most pairs stand at the largest value, where they cannot be told apart (saturated)."
    return ""


def _joined(names: Iterable[str]) -> str:
    return " + ".join(map(inline, names)) or "no other model"


# --- maps ---------------------------------------------------------------------------------------


def _maps(evidence: Evidence) -> Iterator[str]:
    yield from ("## Chemistry maps", "")
    yield from (
        "What one more model would add to the complementarity (CI) of an ensemble, for every "
        "accuracy and quality that it could have. The ensembles are rounds, those nearest to the "
        f"{_quantiles()} quantiles of complementarity among their strategy's: weak, mid, strong.",
        "",
    )
    for group in evidence.examples:
        rows = [
            (
                inline(one.strategy),
                one.strength,
                inline(one.trial),
                str(len(one.points)),
                number(one.complementarity),
            )
            for one in group.examples
        ]
        yield from (f"Ensembles of {group.sizes}:", "")
        titles = ("strategy", "strength", "round", ">models", ">complementarity")
        yield from (*table(titles, rows), "")


def _quantiles() -> str:
    *first, last = (f"{quantile:.0%}" for quantile in STRENGTHS.values())
    return f"{', '.join(first)} and {last}".replace("%", "\u00a0%")


# --- strategies ---------------------------------------------------------------------------------


def _strategies(evidence: Evidence) -> Iterator[str]:
    own = evidence.evaluation
    yield from ("## Strategies compared", "")
    yield from _measures(own.strategies)
    titles = ("strategy", ">seconds", ">median", ">failed", ">tokens in", ">tokens out")
    rows = [
        (
            _named(one),
            estimate_text(one.latency, 1),
            number_text(one.median_latency, 2),
            f"{one.failures:,} of {one.answers:,}",
            _whole(one.tokens_in.total),
            _whole(one.tokens_out.total),
        )
        for one in own.strategies
    ]
    yield from (*table(titles, rows), "")
    if len({one.size for one in own.sizes}) > 1:
        yield from ("By the size of the ensemble:", "")
        yield from _measures(own.sizes)
    yield from (f"In brackets 95\u00a0% intervals, by bootstrap over rounds. {MEANS}", "")
    complementarity = inline(pearson_text(own.chemistry_with_complementarity))
    effectiveness = inline(pearson_text(own.chemistry_with_effectiveness))
    yield from (
        f"- accuracy between strategies (ANOVA): {inline(anova_text(own.anova))}",
        f"- chemistry with complementarity: {complementarity}",
        f"- chemistry with effectiveness: {effectiveness}",
        f"- homogeneous ensembles: {kind_text(own.homogeneous)}",
        f"- heterogeneous ensembles: {kind_text(own.heterogeneous)}",
        f"- accuracy between the two kinds (ANOVA): {inline(anova_text(own.kinds_anova))}",
        "",
    )


def _measures(measures: Iterable[Measures]) -> Iterator[str]:
    titles = ("strategy", ">n", ">rounds", ">accuracy", ">effectiveness", ">complementarity")
    rows = [
        (
            _named(one),
            "all" if one.size is None else str(one.size),
            f"{one.rounds:,}",
            *(map(estimate_text, (one.accuracy, one.effectiveness, one.complementarity))),
        )
        for one in measures
    ]
    yield from (*table(titles, rows), "")


def _named(one: Measures) -> str:
    return inline(one.strategy) or "unknown"


def _whole(total: int | None) -> str:
    return number(None) if total is None else f"{total:,}"


# --- calibration --------------------------------------------------------------------------------


def _calibration(evidence: Evidence) -> Iterator[str]:
    own = evidence.evaluation.calibration
    yield from ("## Calibration", "")
    if not own.n:
        yield from ("There is no recommendation with a known accuracy.", "")
        return
    yield from (
        "The confidence in a recommendation is an agreement-weighted grade, not a probability; "
        "here it stands beside the recommendation's own accuracy: its agreement with the "
        "reference where there is one, else the accuracy of the answers that it rests on.",
        "",
    )
    rows = [
        (f"{one.low:.1f} to {one.high:.1f}", f"{one.n:,}", number(one.confidence),
         number(one.accuracy))
        for one in own.bins
    ]  # fmt: skip
    rows.append(("**all**", f"{own.n:,}", number(own.confidence), number(own.accuracy)))
    yield from (*table(("confidence", ">recommendations", ">mean", ">accuracy"), rows), "")
    yield from (
        f"Mean difference {number(own.difference)}, expected calibration error "
        f"{number(own.expected_error)}.",
        "",
    )
