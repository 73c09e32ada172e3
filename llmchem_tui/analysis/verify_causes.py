"""Which differences of a round are causes, and which would not be there without these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import TypeGuard

from llmchem_tui.analysis.verify_cells import DERIVED, HISTORY, REVIEWS
from llmchem_tui.analysis.verify_findings import (
    RESTORE_JOURNAL,
    Finding,
    Kind,
    agreeing,
    and_then,
)
from llmchem_tui.analysis.verify_journal import SecondReading, call_of
from llmchem_tui.domain.model import Review, ReviewResult, Status
from llmchem_tui.session.events import Call
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.session_file import SESSION_FILE

_ANSWERED = {"status", "result", "medications"}
_GRADED = {"status", "grade"}
_FROM_GRADES = DERIVED - {"gen_accuracy"}
_RECOMMENDED = {"recommended", "confidence"}

Compared = Callable[[SecondReading], Iterable[Finding]]
"""What would differ if a round had been as another reading has it."""


def with_causes(
    found: Sequence[Finding], state: RoundState, second: SecondReading, compared: Compared
) -> list[Finding]:
    """The findings of a round, causes first, each with its remedy.

    ``found``: what differs between the tables and the journal, which gives the ``state``.
    ``second``: where the journal is contradicted already, which comes first.
    """
    if second.results or second.vignette:
        found = _without(found, compared(second), RESTORE_JOURNAL)
    elif any(_is(one, REVIEWS.file, _GRADED) for one in found):
        found = _graded(found, state, compared)
    elif found and all(_is(one, HISTORY.file, _RECOMMENDED) for one in found):
        found = _recommended(found, state, compared)
    elif all(_is(one, HISTORY.file, _FROM_GRADES) for one in found):
        remedy = agreeing(REVIEWS.file, HISTORY.file)
        found = [replace(one, remedy=remedy) for one in found]
    return [*second.findings, *_answered(found)]


def _is(finding: Finding, file: str, columns: AbstractSet[str]) -> bool:
    return finding.file == file and finding.column in columns


def _without(found: Iterable[Finding], left: Iterable[Finding], remedy: str) -> list[Finding]:
    """The findings, of which those that are not ``left`` follow from what was read otherwise."""
    places = {_place(one) for one in left}
    return [
        one if _place(one) in places else replace(one, follows=True, remedy=remedy) for one in found
    ]


def _place(finding: Finding) -> tuple[object, ...]:
    return finding.file, finding.kind, finding.model, finding.reviewer, finding.column


def _graded(found: Sequence[Finding], state: RoundState, compared: Compared) -> list[Finding]:
    """Tell by the numbers of the history from which of two grades it was computed."""
    reviews = [one for one in found if _is(one, REVIEWS.file, _GRADED)]
    if not any(_is(one, HISTORY.file, DERIVED) for one in found):
        remedy = agreeing(HISTORY.file, REVIEWS.file)
        return [replace(one, remedy=remedy) if one in reviews else one for one in found]
    remedy = f"{HISTORY.file} agrees with {REVIEWS.file}: {and_then(RESTORE_JOURNAL)}"
    saved = SecondReading(results=_saved_reviews(reviews, state))
    settled = _without(found, compared(saved), remedy)
    if not all(one.follows for one in settled if _is(one, HISTORY.file, DERIVED)):
        return list(found)
    return [replace(one, follows=False) if one.column in _GRADED else one for one in settled]


def _may_be_grade(saved: object) -> TypeGuard[float | None]:
    return saved is None or (isinstance(saved, float) and 0 <= saved <= 1)


def _saved_reviews(findings: Iterable[Finding], state: RoundState) -> dict[Call, ReviewResult]:
    """The reviews of a round with the grades and the status that reviews.csv has instead."""
    results = {call_of(review): review for review in state.reviews}
    for one in findings:
        assert one.reviewer is not None
        call = Call(one.reviewer, one.model)
        review, saved = results[call], one.saved
        if one.column == "status" and saved in set(Status):
            results[call] = replace(review, status=Status(str(saved)))
        elif one.column == "grade" and _may_be_grade(saved):
            graded = replace(review.review or Review("", None), grade=saved)
            results[call] = replace(review, review=graded)
    return results


def _recommended(found: Sequence[Finding], state: RoundState, compared: Compared) -> list[Finding]:
    """Tell whether it is only that another confidence was demanded."""
    thresholds = (SecondReading(abstain_below=below) for below in (0.0, 2.0))  # of none and of all
    if all(compared(threshold) for threshold in thresholds):
        return list(found)
    remedy = (
        f"Put abstain_below in {SESSION_FILE} back, or, if it says none, in the settings; if that "
        f"changes nothing, restore {HISTORY.file} from a copy."
    )
    cause = Finding(
        Kind.ROUND,
        f"Round {state.trial}: {HISTORY.file} was computed with another abstain_below.",
        state.trial,
        file=SESSION_FILE,
        remedy=remedy,
    )
    return [cause, *(replace(one, follows=True, remedy=remedy) for one in found)]


def _answered(found: Sequence[Finding]) -> list[Finding]:
    """What follows where the history has another answer than the journal, or another status."""
    if not any(_is(one, HISTORY.file, _ANSWERED) for one in found):
        return list(found)
    others = {one.model for one in found if _is(one, HISTORY.file, {"status"})}
    return [
        replace(one, follows=True)
        if _is(one, HISTORY.file, DERIVED)
        or (one.file == HISTORY.file and one.model in others and one.column != "status")
        else one
        for one in found
    ]
