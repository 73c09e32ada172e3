"""The grade matrix as a Markdown table: a missing grade is seen, and a footnote says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from llmchem_tui.analysis.markdown import inline, table
from llmchem_tui.analysis.report import RoundReport
from llmchem_tui.domain.model import ReviewResult, Status
from llmchem_tui.domain.scoring import Score
from llmchem_tui.session.anonymity import letter

_MISSING, _NOT_APPLICABLE, _NOT_KNOWN = "✗", "–", "?"


def grade_table(report: RoundReport) -> Iterator[str]:
    """Yield the lines of the matrix: reviewers down, answers across, what they amount to below."""
    reasons: dict[str, int] = {}
    letters = (f">{called(report, name)}" for name in report.order)
    rows = [_row(report, reviewer, reasons) for reviewer in (*report.order, *report.people)]
    yield from (*table(("reviewer", *letters, ">σ²", ">acc"), [*rows, *_below(report)]), "")
    legend = (
        "Grades in [0, 1], reviewers down, answers across; consensus: quality / 10; σ²: the "
        "reviewer's variance on the 0-10 scale; acc: its review accuracy"
    )
    if any(_NOT_KNOWN in row for row in rows):
        legend += f"; {_NOT_KNOWN}: there is no record of this review"
    yield from (f"{legend}.", "")
    for reason, place in reasons.items():
        yield from (f"[^{place}]: {reason}", "")


def called(report: RoundReport, name: str) -> str:
    """Return a member's letter, or another reviewer's name; as Markdown."""
    return letter(report.order.index(name)) if name in report.order else inline(name)


def titled(report: RoundReport, name: str) -> str:
    """Return a member's letter and name, or another reviewer's name; as Markdown."""
    return f"{called(report, name)} {inline(name)}" if name in report.order else inline(name)


def pair(report: RoundReport, review: ReviewResult) -> str:
    """Return who reviewed whom, as Markdown."""
    return f"{called(report, review.reviewer)} on {called(report, review.author)}"


def number(value: float | None) -> str:
    """Return a number with two decimals; a missing one is visibly missing."""
    return _NOT_APPLICABLE if value is None else f"{value:.2f}"


def consensus(own: Score) -> float | None:
    """Return the consensus grade of an answer on the scale of the grades, [0, 1]."""
    return None if own.quality is None else own.quality / 10


def _row(report: RoundReport, reviewer: str, reasons: dict[str, int]) -> list[str]:
    own = report.score.scores.get(reviewer, Score())
    cells = [_cell(report, reviewer, author, reasons) for author in report.order]
    aside = " (does not count)" if reviewer in report.people else ""
    title = titled(report, reviewer) + aside
    return [title, *cells, number(own.variance), number(own.review_accuracy)]


def _below(report: RoundReport) -> Iterator[list[str]]:
    scores = [report.score.scores[name] for name in report.order]
    lines: dict[str, Callable[[Score], float | None]] = {
        "**consensus**": consensus,
        "agreement with the reference": lambda own: own.gen_accuracy,
        "accuracy": lambda own: own.accuracy,
    }
    for title, value in lines.items():
        values = [value(own) for own in scores]
        if value is consensus or any(one is not None for one in values):
            yield [title, *map(number, values), "", ""]


def _cell(report: RoundReport, reviewer: str, author: str, reasons: dict[str, int]) -> str:
    if reviewer == author:
        return _NOT_APPLICABLE
    review = report.review(reviewer, author)
    if review is not None and review.grade is not None:
        concern = "! " if review.review and review.review.safety_concern else ""
        return f"{concern}{review.grade:.2f}"
    if review is not None:
        mark, reason = _MISSING, _no_grade(report, review)
    else:
        mark, reason = _NOT_APPLICABLE, _no_review(report, reviewer, author)
    return f"{mark}[^{reasons.setdefault(reason, len(reasons) + 1)}]" if reason else _NOT_KNOWN


def _no_grade(report: RoundReport, review: ReviewResult) -> str:
    more = f": {inline(review.message)}" if review.message not in ("", review.status) else ""
    return f"{pair(report, review)}: no grade, {review.status}{more}"


def _no_review(report: RoundReport, reviewer: str, author: str) -> str:
    """Why there is no such review; blank: that is not known."""
    for name in (author, reviewer):
        result = report.state.answers.get(name)
        if result is not None and result.status is not Status.OK:
            failed = f"{called(report, name)} has no usable answer ({result.status})"
            return f"{failed}: nobody reviews it, and it reviews nobody"
    if reviewer in report.people:
        return f"{called(report, reviewer)} has not graded this answer"
    return ""
