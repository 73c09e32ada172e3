"""One round of a session: the rows that its journal makes of it, against those that were saved."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

from llmchem_tui.analysis.verify_causes import with_causes
from llmchem_tui.analysis.verify_cells import (
    HISTORY,
    REVIEWS,
    Row,
    SavedRows,
    number_in,
    row_findings,
)
from llmchem_tui.analysis.verify_findings import RESTORE_JOURNAL, Finding, Kind, restored
from llmchem_tui.analysis.verify_journal import SecondReading, call_of, whose
from llmchem_tui.domain.consensus import accuracy
from llmchem_tui.domain.model import Answer, Status
from llmchem_tui.domain.scoring import RoundScore, score_round
from llmchem_tui.session.events import Call, Event
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.journal import JOURNAL_FILE
from llmchem_tui.storage.rounds import FinishedRound, history_rows, review_rows
from llmchem_tui.storage.tables import unguarded

PRIVATE_COLUMNS = ("gen_accuracy", "recommended", "confidence")
"""What follows from the answers' texts, which a private session does not have."""


@dataclass(frozen=True, slots=True)
class SavedSession:
    """What the rounds of a session are compared with.

    ``abstain_below``: the confidence below which nothing is recommended. ``resume``: the command
    that goes on with the session.
    """

    history: SavedRows
    reviews: SavedRows
    private: bool
    abstain_below: float
    resume: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a round: ``cells`` of its rows were compared, None: it could not be.

    ``interrupted``: it was cancelled or cut off, so that it has no rows and none to compare.
    """

    findings: tuple[Finding, ...] = ()
    cells: int | None = None
    interrupted: bool = False


def verify_round(
    session: SavedSession, events: Sequence[Event], state: RoundState, second: SecondReading
) -> Verdict:
    """Compare a round that the journal has begun with its rows, if it has any.

    ``state``: after its events. ``second``: what other places of the journal say of it.
    """
    rows = session.history.rounds.get(state.trial, ())
    ended = state.ended is not None and not state.ended.cancelled
    if not rows and not ended:
        left_over = tuple(_left_over(session, state))
        return Verdict((*second.findings, *left_over), interrupted=True)
    if problem := _unusable(state):
        unusable = _of_round(state, problem, RESTORE_JOURNAL)
        known = replace(unusable, follows=bool(second.results))
        return Verdict((*second.findings, known))
    if not rows:
        return Verdict((*second.findings, *_not_in_history(session, state)))
    cells, differences = _differences(session, ended, state)
    found = [] if ended else [_without_end(state, is_whole=not (differences or second.findings))]

    def compared(other: SecondReading) -> list[Finding]:
        below = session.abstain_below if other.abstain_below is None else other.abstain_below
        return _differences(replace(session, abstain_below=below), ended, other.round(events))[1]

    if not session.reviews.problem:
        found += with_causes(differences, state, second, compared)
    else:
        found += [*second.findings, *differences]
    return Verdict((*found, *_strange_authors(session, state)), cells)


def _of_round(state: RoundState, what: str, remedy: str, file: str = JOURNAL_FILE) -> Finding:
    text = f"Round {state.trial} {what}"
    return Finding(Kind.ROUND, text, state.trial, file=file, remedy=remedy)


def _without_end(state: RoundState, *, is_whole: bool) -> Finding:
    """``is_whole``: the rows are those of the round nevertheless."""
    remedy = RESTORE_JOURNAL
    if is_whole:
        remedy = (
            f"Its results are whole in {HISTORY.file}: restore {JOURNAL_FILE} if there is a copy, "
            "else nothing needs to be done."
        )
    what = f"has rows in {HISTORY.file}, but no end in {JOURNAL_FILE}."
    return _of_round(state, what, remedy)


def _left_over(session: SavedSession, state: RoundState) -> Iterator[Finding]:
    own, _ = _by_models_and_persons(session.reviews.rounds.get(state.trial, ()), state)
    if own and not session.history.problem:
        what = f"has rows in {REVIEWS.file}, but none in {HISTORY.file}, and has not ended."
        yield _of_round(state, what, f"`{session.resume}` goes on with it.", REVIEWS.file)


def _not_in_history(session: SavedSession, state: RoundState) -> Iterator[Finding]:
    if session.history.problem:
        return
    remedy = f"`{session.resume}` puts back what is missing in {HISTORY.file}."
    if session.private:
        remedy = f"{restored(HISTORY.file)} Without texts a round cannot be scored again."
    yield _of_round(state, f"has ended, but is not in {HISTORY.file}.", remedy, HISTORY.file)


def _unusable(state: RoundState) -> str:
    """Why a round's numbers cannot be recomputed; blank: they can."""
    if missing := _missing(state):
        more = f" and {len(missing) - 1:,} more calls" if len(missing) > 1 else ""
        return (
            f"cannot be recomputed: the end of {whose(missing[0])}{more} is not in {JOURNAL_FILE}."
        )
    if len(state.reviews) != state.expected_reviews:
        return f"cannot be recomputed: {JOURNAL_FILE} has reviews by or of models without answer."
    for review in state.reviews:
        if review.grade is not None and not 0 <= review.grade <= 1:
            return (
                f"cannot be recomputed: {whose(call_of(review))} has the grade {review.grade:g} in "
                f"{JOURNAL_FILE}, which is not from 0 to 1."
            )
    return ""


def _missing(state: RoundState) -> list[Call]:
    """The calls that a whole round would have, answers first."""
    answers = [Call(name) for name in state.names if name not in state.answers]
    reviews = (Call(reviewer, author) for reviewer, author in permutations(state.authors, 2))
    ended = {call_of(review) for review in state.reviews}
    return answers or [call for call in reviews if call not in ended]


def _differences(
    session: SavedSession, ended: bool, state: RoundState
) -> tuple[int, list[Finding]]:
    """How many cells were compared with those of a round of this state, and what differs."""
    rows = session.history.rounds.get(state.trial, ())
    finished = FinishedRound.of(state, _score(session, state, rows), None)
    unknown = {*(PRIVATE_COLUMNS if session.private else ()), *(() if ended else ("elapsed",))}
    expected = history_rows(finished, private=session.private)
    cells, found = row_findings(HISTORY, rows, expected, HISTORY.compared - unknown)
    reviews = session.reviews.rounds.get(state.trial, ())
    if not reviews and session.reviews.problem:
        return cells, found
    own, _ = _by_models_and_persons(reviews, state)
    expected = review_rows(finished, private=session.private)
    back = f"`{session.resume}` puts back what is missing in {REVIEWS.file}."
    more, findings = row_findings(REVIEWS, own, expected, REVIEWS.compared, back)
    return cells + more, found + findings


def _by_models_and_persons(rows: Sequence[Row], state: RoundState) -> tuple[list[Row], list[Row]]:
    """The reviews by the ensemble and those by a person, of which a journal has none."""
    own: list[Row] = []
    persons: list[Row] = []
    for row in rows:
        (own if unguarded(row["reviewer"]) in state.names else persons).append(row)
    return own, persons


def _strange_authors(session: SavedSession, state: RoundState) -> Iterator[Finding]:
    _, persons = _by_models_and_persons(session.reviews.rounds.get(state.trial, ()), state)
    for row in persons:
        author, reviewer = unguarded(row["model"]), unguarded(row["reviewer"])
        if author not in state.names:
            text = (
                f"{REVIEWS.file}, round {state.trial}: {reviewer} reviews {author}, which is no "
                "model of the round."
            )
            yield Finding(
                Kind.ROW,
                text,
                state.trial,
                author,
                reviewer,
                file=REVIEWS.file,
                remedy=restored(REVIEWS.file),
            )


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
