"""One round of a session: the rows that its journal makes of it, against those that were saved."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from llmchem_tui.analysis.verify_cells import (
    HISTORY,
    REVIEWS,
    Finding,
    Kind,
    Row,
    SavedRows,
    number_in,
    row_findings,
)
from llmchem_tui.domain.consensus import accuracy
from llmchem_tui.domain.model import Answer, Status
from llmchem_tui.domain.scoring import RoundScore, score_round
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.journal import JOURNAL_FILE
from llmchem_tui.storage.rounds import FinishedRound, history_rows, review_rows
from llmchem_tui.storage.tables import unguarded

PRIVATE_COLUMNS = ("gen_accuracy", "recommended", "confidence")
"""What follows from the answers' texts, which a private session does not have."""


@dataclass(frozen=True, slots=True)
class SavedSession:
    """What the rounds of a session are compared with.

    ``abstain_below``: the confidence below which nothing is recommended.
    """

    history: SavedRows
    reviews: SavedRows
    private: bool
    abstain_below: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a round: ``cells`` of its rows were compared, None: it could not be.

    ``interrupted``: it was cancelled or cut off, so that it has no rows and none to compare.
    """

    findings: tuple[Finding, ...] = ()
    cells: int | None = None
    interrupted: bool = False


def verify_round(session: SavedSession, state: RoundState) -> Verdict:
    """Compare a round that the journal has begun with its rows, if it has any."""
    rows = session.history.rounds.get(state.trial, ())
    ended = state.ended is not None and not state.ended.cancelled
    if not rows and not ended:
        return Verdict(tuple(_left_over(session, state)), interrupted=True)
    if problem := _unusable(state):
        return Verdict((_of_round(state, problem),))
    if not rows:
        return Verdict(tuple(_not_in_history(session, state)))
    found = [] if ended else [_of_round(state, f"has rows, but no end in {JOURNAL_FILE}.")]
    cells, more = _compare(session, state, rows, ended)
    return Verdict((*found, *more), cells)


def _of_round(state: RoundState, what: str) -> Finding:
    return Finding(Kind.ROUND, f"Round {state.trial} {what}", state.trial)


def _left_over(session: SavedSession, state: RoundState) -> Iterator[Finding]:
    own, _ = _by_models_and_persons(session.reviews.rounds.get(state.trial, ()), state)
    if own and not session.history.problem:
        yield _of_round(state, f"has rows in {REVIEWS.file}, but none in {HISTORY.file}.")


def _not_in_history(session: SavedSession, state: RoundState) -> Iterator[Finding]:
    if not session.history.problem:
        back = "its answers, of which no text was saved, cannot be scored again"
        remedy = back if session.private else "llmchem resume puts it back"
        yield _of_round(state, f"has ended, but is not in {HISTORY.file}: {remedy}.")


def _unusable(state: RoundState) -> str:
    """Why a round's numbers cannot be recomputed; blank: they can."""
    answered = len(state.answers) == len(state.names)
    if not answered or len(state.reviews) != state.expected_reviews:
        return f"is not whole in {JOURNAL_FILE}: its numbers cannot be recomputed."
    for review in state.reviews:
        if review.grade is not None and not 0 <= review.grade <= 1:
            return (
                f"has the grade {review.grade:g} of {review.author} by {review.reviewer} in "
                f"{JOURNAL_FILE}, which is none: its numbers cannot be recomputed."
            )
    return ""


def _compare(
    session: SavedSession, state: RoundState, rows: Sequence[Row], ended: bool
) -> tuple[int, list[Finding]]:
    finished = FinishedRound.of(state, _score(session, state, rows), None)
    unknown = {*(PRIVATE_COLUMNS if session.private else ()), *(() if ended else ("elapsed",))}
    expected = history_rows(finished, private=session.private)
    cells, found = row_findings(HISTORY, rows, expected, HISTORY.compared - unknown)
    reviews = session.reviews.rounds.get(state.trial, ())
    if not reviews and session.reviews.problem:
        return cells, found
    own, persons = _by_models_and_persons(reviews, state)
    expected = review_rows(finished, private=session.private)
    more, findings = row_findings(REVIEWS, own, expected, REVIEWS.compared)
    return cells + more, found + findings + list(_strange_authors(persons, state))


def _by_models_and_persons(rows: Sequence[Row], state: RoundState) -> tuple[list[Row], list[Row]]:
    """The reviews by the ensemble and those by a person, of which a journal has none."""
    own: list[Row] = []
    persons: list[Row] = []
    for row in rows:
        (own if unguarded(row["reviewer"]) in state.names else persons).append(row)
    return own, persons


def _strange_authors(rows: Sequence[Row], state: RoundState) -> Iterator[Finding]:
    for row in rows:
        author, reviewer = unguarded(row["model"]), unguarded(row["reviewer"])
        if author not in state.names:
            text = (
                f"{REVIEWS.file}, round {state.trial}: {reviewer} reviews {author}, which is no "
                "model of the round."
            )
            yield Finding(Kind.ROW, text, state.trial, author, reviewer)


def _score(session: SavedSession, state: RoundState, rows: Sequence[Row]) -> RoundScore:
    """The round's numbers; of a private one those that follow from grades alone."""
    if not session.private:
        return state.score(abstain_below=session.abstain_below)
    unread = Answer("")  # which makes no difference to the consensus
    answers = {
        name: dataclasses.replace(result, answer=unread) if result.status is Status.OK else result
        for name, result in state.answers.items()
    }
    score = score_round(state.started.vignette, state.names, answers, state.reviews)
    generated = {unguarded(row["model"]): number_in(row["gen_accuracy"]) for row in rows}
    scores = {
        name: dataclasses.replace(own, accuracy=accuracy(generated.get(name), own.review_accuracy))
        for name, own in score.scores.items()
    }
    return dataclasses.replace(score, scores=scores, recommendation=None)
