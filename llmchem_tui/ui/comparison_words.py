"""What the comparison of strategies says: numbers in plain sentences, with what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from llmchem_tui.analysis.evaluation_text import counted, number_text, p_text
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.words import NOT_APPLICABLE, name_text, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from llmchem_tui.analysis.evaluate import Evaluation
    from llmchem_tui.analysis.plots import Courses, Latency
    from llmchem_tui.analysis.statistics import (
        Anova,
        Calibration,
        CalibrationBin,
        Estimate,
        Pearson,
    )
    from llmchem_tui.storage.selections import Part
    from llmchem_tui.ui.comparison import Comparison

UNKNOWN = "unknown"

_MUTED = "$muted"
_RARE = 0.05
"""A p below it is taken to be no chance, by custom."""

_WEAK, _STRONG = 0.3, 0.5
_ALIKE = 0.02
_MOST_NOTES = 5
_THOUSAND, _MILLION = 1000, 1_000_000


def strategy_name(name: str) -> str:
    """Return a strategy's name, which a file may have chosen; of the unknown one too."""
    return plain_line(name) or UNKNOWN


def rounds(number: int) -> str:
    """Return 1 round, 1,400 rounds."""
    return counted(number, "round")


def answers(number: int) -> str:
    """Return 1 answer, 8,170 answers."""
    return counted(number, "answer")


def part_name(part: Part) -> str:
    """Return what the rounds are about, and by whose models."""
    return f"{plain_line(part.task) or 'no task'}{' · SIMULATED' * part.simulated}"


def about_parts(parts: Sequence[Part], key: str) -> str:
    """Say that nothing is compared before one of the parts is chosen, with a key."""
    return (
        f"There are {len(parts)} kinds of rounds, by their task and by whether their models are "
        f"simulated. They are compared one by one: {key} chooses."
    )


def estimate(own: Estimate) -> str:
    """Return a mean with its interval, as far as they are known."""
    if own.mean is None:
        return f"{NOT_APPLICABLE} not known"
    if own.low is None or own.high is None:
        return f"{number(own.mean)} ({rounds(own.n)})"
    return f"{number(own.mean)} ({number(own.low)}–{number(own.high)})"


def findings(own: Evaluation) -> Iterator[Content]:
    """Say what the tests found."""
    yield Content(_anova(own.anova))
    yield Content(_pearson(own.chemistry_with_complementarity, "complementarity"))
    yield Content(_pearson(own.chemistry_with_effectiveness, "effectiveness"))


def about_strategies(comparison: Comparison) -> Iterator[Content]:
    """Say what the numbers are, and which rounds they are not about."""
    yield Content.styled(
        "Accuracy: the mean of all answers, 0 to 1. Effectiveness: the share of what was asked "
        "that the members get right together, their mean accuracy being above .5. The interval "
        "is where 95 % of the means lie when the rounds are drawn again and again.",
        _MUTED,
    )
    yield Content.styled(
        "Interaction: the mean chemistry of a round's pairs, as the rounds of the other "
        "strategies tell it. Complementarity: how much the members of a round differ and cover "
        "between them. That one goes with the other does not make it the cause.",
        _MUTED,
    )
    others = [part for part in comparison.parts if part != comparison.part]
    notes = [f"Not in it: {answers(part.rows)}, {part_name(part)}." for part in others]
    notes += [plain_line(note) for note in comparison.notes]
    if len(notes) > _MOST_NOTES:
        notes[_MOST_NOTES:] = [f"… and {counted(len(notes) - _MOST_NOTES, 'note')} more."]
    yield from (Content.styled(note, "$warning") for note in notes)


def _anova(own: Anova) -> str:
    what = "Whether the strategies differ in accuracy"
    if own.f is None or own.p is None:
        return f"{what} cannot be told: {own.note}."
    tested = f"F = {number_text(own.f, 2)}, {p_text(own.p)}"
    found = f"({tested}, {rounds(own.n)} of {len(own.groups)} strategies)"
    if own.p < _RARE:
        return f"The strategies differ in accuracy by more than chance explains {found}."
    return f"The strategies do not differ in accuracy by more than chance explains {found}."


def _pearson(own: Pearson, measure: str) -> str:
    if own.r is None or own.p is None:
        return f"Whether interaction goes with {measure} cannot be told: {plain_line(own.note)}."
    found = f"(r = {own.r:.2f}, {p_text(own.p)}, {rounds(own.n)})"
    if own.p >= _RARE:
        return f"Interaction does not go with {measure} by more than chance explains {found}."
    size = abs(own.r)
    how = "Weakly" if size < _WEAK else "Moderately" if size < _STRONG else "Strongly"
    return f"{how}, more interaction goes with {'more' if own.r > 0 else 'less'} {measure} {found}."


def about_courses(comparison: Comparison, strategy: str | None) -> tuple[Content, list[Content]]:
    """Say whose accuracy is followed, above the plot, and what the plot shows, below it."""
    courses, model = comparison.courses, comparison.question.model
    who = name_text(model) if model else "all models"
    whose = "all strategies" if strategy is None else strategy_name(strategy)
    above = Content.assemble("accuracy of ", (who, "bold"), " in rounds of ", (whose, "bold"))
    lines = []
    if any(strategy in (None, one.strategy) for one in courses.courses):
        lines.append(
            "Line: the mean of all answers up to there; ═ several lines. · a round, : several."
        )
    elif courses.courses:
        lines.append(f"No accuracy of {who} is known in rounds of {whose}.")
    elif courses.rounds:
        lines.append("No round with a date has a known accuracy.")
    if courses.blank:
        lines.append(f"Not drawn: {rounds(courses.blank)} without a known accuracy.")
    if courses.undated:
        lines.append(f"Not drawn: {answers(courses.undated)} without a date.")
    return above, [Content.styled(line, _MUTED) for line in lines]


def course_ends(courses: Courses) -> tuple[str, str]:
    """Return what stands below the first and the last round."""
    first, last = map(plain_line, courses.days)
    return f"1  {first}", f"{last}  {courses.rounds:,}"


def latency_titles(wide: bool) -> str:
    """Return the titles of the numbers of ``times``."""
    return (
        f"{'median':>7} {'quartiles':>12} {'slowest':>8}"
        if wide
        else f"{'median':>7}{'slowest':>8}"
    )


def times(own: Latency, wide: bool) -> str:
    """Return a model's seconds in columns."""
    median, slowest = seconds(own.median), seconds(own.slowest)
    if not wide:
        return f"{median:>7}{slowest:>8}"
    quartiles = f"{seconds(own.lower)}–{seconds(own.upper)}"
    return f"{median:>7} {quartiles:>12} {slowest:>8}"


def seconds(value: float) -> str:
    """Return seconds in three digits or, where it takes more, in whole ones, at most seven."""
    for below, digits in ((1, 2), (10, 1)):
        if round(value, digits) < below:
            return f"{value:.{digits}f}"
    return f"{value:,.0f}" if round(value) < _MILLION else f"{value:.0e}"


def about_latencies(latencies: Iterable[Latency]) -> Iterator[Content]:
    """Say what the boxes show, and of whom no time is known."""
    latencies = list(latencies)
    if any(one.answers for one in latencies):
        text = (
            "Seconds of an answer; equal distances are equal ratios. ├ ┤ from the fastest to the "
            "slowest, ▒ the middle half, ┃ the median."
        )
        yield Content.styled(text, _MUTED)
    else:
        yield Content("No answer tells how long it took.")
    if untold := [one for one in latencies if one.untold]:
        models = ", ".join(
            f"{name_text(one.model)} {one.untold:,} of {one.answers + one.untold:,}"
            for one in untold
        )
        yield Content.styled(f"Answers without a time, failed ones among them: {models}.", _MUTED)


def about_calibration(own: Calibration) -> list[Content]:
    """Say whether confidence can be relied upon."""
    if own.confidence is None or own.accuracy is None or own.expected_error is None:
        return [
            Content("No recommendation has both a confidence and a known accuracy."),
            Content.styled("The authors' published histories hold no confidence.", _MUTED),
        ]
    apart = own.accuracy - own.confidence
    if abs(apart) <= _ALIKE:
        how = "as accurate as confident"
    else:
        how = f"{'more' if apart > 0 else 'less'} accurate than confident"
    return [
        Content(
            f"{counted(own.n, 'recommendation')}, on average {how}: confidence "
            f"{number(own.confidence)}, accuracy {number(own.accuracy)}. Mean distance of ● from "
            f"the diagonal: {number(own.expected_error)}."
        ),
        Content.styled(
            "● a tenth of confidence with its n recommendations; · · accuracy as high as "
            "confidence, which is a grade and no probability.",
            _MUTED,
        ),
    ]


def about_bin(own: CalibrationBin) -> Content:
    """Return the numbers of a bin."""
    return Content.styled(
        f"{number(own.low, 1)}–{number(own.high, 1)}: {own.n:,}, confidence "
        f"{number(own.confidence)}, accuracy {number(own.accuracy)}",
        _MUTED,
    )


def short(count: int) -> str:
    """Return a number in at most four cells; nothing of none."""
    if not count:
        return ""
    return str(count) if count < 10 * _THOUSAND else f"{count // _THOUSAND}k"
