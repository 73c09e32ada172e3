"""Rounds made from the events of a journal: a private one gets words that say so."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Container, Iterable, Sequence

import msgspec

from llmchem_tui.domain.model import AnswerResult, Review, ReviewResult, Status
from llmchem_tui.session.events import (
    AnswerEnded,
    Call,
    CallStarted,
    Event,
    PhaseChanged,
    ReviewEnded,
    RoundEnded,
    RoundStarted,
    TextArrived,
)
from llmchem_tui.session.replay import ReplayRound
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.given_scores import Row, given_score, outcome_in_words
from llmchem_tui.storage.history_rounds import PRIVATE_TEXT, own_grades, seconds_of


def by_trial(
    events: Iterable[Event], finished: Container[str], notes: list[str]
) -> dict[str, list[Event]]:
    """The events of each round from its start on, in the order in which the rounds began.

    Left out, and noted, is what cannot be shown: events of a round whose beginning is lost, unless
    it is ``finished`` and so in the history, and events about models that are not in the round.
    """
    told: dict[str, list[Event]] = {}
    members: dict[str, set[str]] = {}
    lost: Counter[str] = Counter()
    for event in events:
        trial = event.trial
        if isinstance(event, RoundStarted) and _has_ensemble(event):
            told[trial] = [event]  # a round that began anew is what counts
            members[trial] = {spec.name for spec in event.ensemble}
        elif trial in told and members[trial].issuperset(_models(event)):
            told[trial].append(event)
        else:
            lost[trial] += 1
    for trial, number in lost.items():
        if trial in told:
            notes.append(f"Round {trial}: events that do not belong to it left out: {number:,}.")
        elif trial not in finished:
            notes.append(f"Round {trial} is left out: its beginning is not readable.")
    return told


def _has_ensemble(started: RoundStarted) -> bool:
    names = [spec.name for spec in started.ensemble]
    return 0 < len(names) == len(set(names))


def _models(event: Event) -> set[str]:
    """The models that an event is about."""
    match event:
        case AnswerEnded(result=result):
            return {result.model}
        case ReviewEnded(result=review):
            return {review.reviewer, review.author}
        case CallStarted(call=call) | PhaseChanged(call=call) | TextArrived(call=call):
            return {call.model, call.author or call.model}
        case _:
            return set()


def restored(events: list[Event], rows: Sequence[Row], *, damaged: bool) -> list[Event] | None:
    """The events of a finished round, its end put back where it is lost; None: calls are lost.

    ``rows``: what the history has of it. ``damaged``: lines of the journal could not be read.
    """
    started = events[0]
    assert isinstance(started, RoundStarted)
    state = RoundState(started)
    for event in events:
        state.apply(event)
    if state.ended is not None and not damaged:
        return events
    if len(state.answers) < len(state.names) or len(state.reviews) < state.expected_reviews:
        return None
    if state.ended is not None:
        return events
    known = seconds_of(rows[0].elapsed)
    elapsed = state.elapsed if known is None else known
    return [*events, RoundEnded(at=state.now, trial=state.trial, elapsed=elapsed)]


def round_of_events(
    events: list[Event], rows: list[Row] | None, reviews: Sequence[ReviewResult], *, private: bool
) -> ReplayRound:
    """One round as it happened. ``rows``: what the history has of it, if it is finished."""
    started = events[0]
    assert isinstance(started, RoundStarted)
    own = own_grades(reviews, [spec.name for spec in started.ensemble])
    if not private:
        return ReplayRound(tuple(events), own_grades=own)
    told = tuple(new for event in events for new in _with_placeholders(event))
    if rows is None:
        return ReplayRound(told, untold=f"its texts are {PRIVATE_TEXT}", own_grades=own)
    members = {row.model: row for row in rows}
    answers = {
        event.result.model: event.result for event in events if isinstance(event, AnswerEnded)
    }
    score = given_score(members, answers)
    return ReplayRound(told, score, outcome_in_words(score, members, private=True), own)


def _with_placeholders(event: Event) -> tuple[Event, ...]:
    """An event of a private session, with words that say so where there were others."""
    if isinstance(event, AnswerEnded):
        result: AnswerResult | ReviewResult = event.result
        call = Call(event.result.model)
    elif isinstance(event, ReviewEnded):
        result, call = event.result, Call(event.result.reviewer, event.result.author)
        event = msgspec.structs.replace(event, result=_review_in_other_words(event.result))
    else:
        return (event,)
    if result.status is not Status.OK:
        return (event,)
    return TextArrived(at=event.at, trial=event.trial, call=call, text=PRIVATE_TEXT), event


def _review_in_other_words(result: ReviewResult) -> ReviewResult:
    if result.review is None:
        return result
    concern = None if result.review.safety_concern is None else PRIVATE_TEXT
    review = Review(PRIVATE_TEXT, result.review.grade, concern)
    return dataclasses.replace(result, review=review)
