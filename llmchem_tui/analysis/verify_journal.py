"""What a journal says twice: replies and what was read in them, one vignette in several places."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from llmchem_tui.analysis.verify_findings import RESTORE_JOURNAL, Finding, Kind
from llmchem_tui.domain.model import AnswerResult, ReviewResult, Status, Vignette
from llmchem_tui.session.anonymity import mask_answer
from llmchem_tui.session.events import AnswerEnded, Call, Event, ReviewEnded, RoundStarted
from llmchem_tui.session.parsing import Unreadable, parse_answer, parse_review
from llmchem_tui.session.protocol import answer_text
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.batches import vignette_digest
from llmchem_tui.storage.journal import JOURNAL_FILE
from llmchem_tui.storage.session_file import SESSION_FILE
from llmchem_tui.storage.vignettes import NOTE, bundled, find

Result = AnswerResult | ReviewResult

_TWO_VIGNETTES = (
    "Such rounds are of two vignettes under one name: do not count them together; or, if nobody "
    f"changed it in between, restore {JOURNAL_FILE} from a copy."
)
_LOST = "\ufffd"
"""Stands for what UTF-8 cannot hold: a reply with it is not as it was read."""


@dataclass(frozen=True, slots=True)
class SecondReading:
    """Where a round's journal contradicts itself or others, and what these say instead.

    ``results`` by call; ``vignette``, ``abstain_below``: None: as they were.
    """

    findings: tuple[Finding, ...] = ()
    results: Mapping[Call, Result] = field(default_factory=dict)
    vignette: Vignette | None = None
    abstain_below: float | None = None

    def round(self, events: Iterable[Event]) -> RoundState:
        """The round as the other places tell it."""
        return RoundState.of([self._event(event) for event in events])

    def _event(self, event: Event) -> Event:
        if isinstance(event, RoundStarted) and self.vignette is not None:
            return msgspec.structs.replace(event, vignette=self.vignette)
        if isinstance(event, AnswerEnded | ReviewEnded):
            result = self.results.get(call_of(event.result), event.result)
            return msgspec.structs.replace(event, result=result)
        return event


def call_of(result: Result) -> Call:
    """The call that ended so."""
    if isinstance(result, AnswerResult):
        return Call(result.model)
    return Call(result.reviewer, result.author)


def whose(call: Call) -> str:
    """A call in words."""
    by = f"the review by {call.model} of {call.author}"
    return f"the answer of {call.model}" if call.author is None else by


# --- replies ------------------------------------------------------------------------------------


def read_again(state: RoundState) -> SecondReading:
    """Read the replies of a round again, as this version of the program reads them."""
    found: list[Finding] = []
    results: dict[Call, Result] = {}
    subjects = _subjects(state)
    for call, told in state.calls.items():
        result = told.result
        if result is None or result.status is not Status.OK or not told.text or _LOST in told.text:
            continue
        try:
            again = _read(subjects, told.text, result)
        except Unreadable as problem:
            found.append(
                _contradiction(state, call, f"is ok, but its reply cannot be read: {problem}")
            )
            continue
        if again is not None and (what := _difference(result, again)):
            results[call] = again
            found.append(_contradiction(state, call, what))
    return SecondReading(tuple(found), results)


def _subjects(state: RoundState) -> dict[str, str]:
    """The answers of the round by model, as their reviewers got them."""
    names = {name for spec in state.started.ensemble for name in (spec.name, spec.id)}
    return {
        model: answer_text(mask_answer(result.answer, names)[0])
        for model, result in state.answers.items()
        if result.answer is not None
    }


def _read(subjects: Mapping[str, str], reply: str, result: Result) -> Result | None:
    """The result by its reply; None: that cannot be told."""
    again: Result
    if isinstance(result, AnswerResult):
        again = dataclasses.replace(result, answer=parse_answer(reply))
    else:
        if result.author not in subjects:
            return None
        review = parse_review(reply, subjects[result.author])
        again = dataclasses.replace(result, review=review)
    try:
        msgspec.json.encode(again)
    except UnicodeEncodeError:  # the journal has other signs instead
        return None
    return again


def _difference(result: Result, again: Result) -> str:
    """How a result differs from what its reply says; blank: not at all."""
    if _grade(result) != _grade(again):
        return f"has the grade {_grade(result)}, but {_grade(again)} in its reply"
    value = result.answer if isinstance(result, AnswerResult) else result.review
    other = again.answer if isinstance(again, AnswerResult) else again.review
    if value is None or other is None or value == other:
        return ""
    names = (field.name for field in dataclasses.fields(value))
    first = next(name for name in names if getattr(value, name) != getattr(other, name))
    return f"has not the {first.replace('_', ' ')} of its reply"


def _grade(result: Result) -> float | None:
    return result.grade if isinstance(result, ReviewResult) else None


def _contradiction(state: RoundState, call: Call, what: str) -> Finding:
    text = f"Round {state.trial}: in {JOURNAL_FILE} {whose(call)} {what}."
    reviewer = None if call.author is None else call.model
    return Finding(
        Kind.CALL,
        text,
        state.trial,
        call.author or call.model,
        reviewer,
        file=JOURNAL_FILE,
        remedy=RESTORE_JOURNAL,
    )


def made_again(events: Iterable[Event]) -> Iterator[Finding]:
    """Tell which calls of a round were made again although they had ended."""
    finished: set[Call] = set()
    for event in events:
        if not isinstance(event, AnswerEnded | ReviewEnded):
            continue
        call = call_of(event.result)
        if call in finished:
            yield Finding(
                Kind.CALL,
                f"Round {event.trial}: {whose(call)} has ended twice; only the last time counts.",
                event.trial,
                call.author or call.model,
                file=JOURNAL_FILE,
                remedy=RESTORE_JOURNAL,
            )
        if event.result.status is not Status.CANCELLED:
            finished.add(call)


def begun_twice(begun: Iterable[RoundStarted]) -> Iterator[Finding]:
    """Tell which rounds were begun more than once."""
    for trial, times in Counter(event.trial for event in begun).items():
        if times > 1:
            what = f"Round {trial} was begun {times} times; only the last time is compared."
            yield Finding(Kind.ROUND, what, trial, file=JOURNAL_FILE, remedy=RESTORE_JOURNAL)


# --- vignettes ----------------------------------------------------------------------------------


class Vignettes:
    """What a session says of its vignettes outside of the round that is looked at.

    ``digests``: those of session.toml, by id. ``ours``: the session was written by this version of
    the program, so that a vignette of ours has to be the one that comes with it.
    """

    def __init__(self, digests: Mapping[str, object], *, ours: bool) -> None:
        self._digests = digests
        self._ours = ours
        self._seen: dict[str, RoundStarted] = {}

    def look(self, begun: RoundStarted, second: SecondReading) -> SecondReading:
        """The reading of a round, and what other places say of its vignette."""
        vignette = begun.vignette
        before = self._seen.setdefault(vignette.id, begun)
        own = _bundled(vignette.id) if self._ours else None
        digest = vignette_digest(vignette)
        if own is not None:
            if own == vignette:
                return second
            what, remedy = "is not the one that comes with llmchem", RESTORE_JOURNAL
        elif self._digests.get(vignette.id, digest) != digest:
            what = f"has not the digest that {SESSION_FILE} has of it"
            remedy = f"{RESTORE_JOURNAL[:-1]}; if that changes nothing, {SESSION_FILE}."
        elif vignette != before.vignette and vignette.id != NOTE:
            what, remedy = f"is another one than in round {before.trial}", _TWO_VIGNETTES
        else:
            return second
        text = f"Round {begun.trial}: the vignette {vignette.id} in {JOURNAL_FILE} {what}."
        found = Finding(Kind.VIGNETTE, text, begun.trial, file=JOURNAL_FILE, remedy=remedy)
        return dataclasses.replace(second, findings=(found, *second.findings), vignette=own)


@functools.cache
def _bundled(id: str) -> Vignette | None:
    return find(id) if id in _bundled_ids() else None


@functools.cache
def _bundled_ids() -> frozenset[str]:
    return frozenset(header.id for header in bundled())
