"""Rounds made from the rows of a history: what the rows do not tell stays unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from llmchem_tui.domain.model import (
    Answer,
    AnswerResult,
    Locality,
    Medication,
    ModelSpec,
    ReviewResult,
    Status,
    Usage,
    Vignette,
)
from llmchem_tui.session.events import (
    AnswerEnded,
    Call,
    CallStarted,
    Event,
    ReviewEnded,
    RoundEnded,
    RoundStarted,
    TextArrived,
)
from llmchem_tui.session.protocol import answer_text
from llmchem_tui.session.replay import ReplayRound
from llmchem_tui.storage.given_scores import Row, given_score, knows_regimens, outcome_in_words

UNKNOWN_VIGNETTE = "unknown vignette"
PRIVATE_TEXT = "not saved (private)"

_NO_TEXT = "the history has no text of it"
_ELAPSED = re.compile(r"(?:(\d{1,6})h)?\s*(?:(\d{1,6})m)?\s*(?:(\d{1,6}(?:\.\d+)?)s)?")
_MEDICATIONS = "Medications:\n"
_CAUTIONS = "\n\nCautions:\n"

Members = Mapping[str, Row]
"""The rows of a round by their members' names, each name once."""


def grouped(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    """The rows of each round, (trial, strategy), in the order in which the rounds begin."""
    rounds: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        rounds.setdefault((row.trial, row.strategy), []).append(row)
    return rounds


def round_of_rows(
    rows: Sequence[Row], reviews: Sequence[ReviewResult] | None, *, private: bool = False
) -> ReplayRound:
    """One round: every answer ends after its latency, and the reviews, if known, with the round.

    ``reviews`` None: they are not known. ``private``: the texts are blank on purpose.
    """
    members = dict(zip(distinct_names([row.model for row in rows]), rows, strict=True))
    answers = {name: _answer_result(name, row) for name, row in members.items()}
    known = tuple(one for one in reviews or () if {one.reviewer, one.author} <= members.keys())
    score = given_score(members, answers, known)
    unclaimed = reviews is None or not knows_regimens(answers)
    graded = any(row.quality is not None for row in rows)
    return ReplayRound(
        _events(members, answers, known, PRIVATE_TEXT if private else _NO_TEXT),
        score,
        outcome_in_words(score, members, private=private) if unclaimed else "",
        own_grades(reviews or (), list(members)),
        reviews_known=bool(known) or (reviews is not None and not graded),
    )


def own_grades(reviews: Iterable[ReviewResult], ensemble: Sequence[str]) -> dict[str, ReviewResult]:
    """The reviews by a person, who is no member of the ensemble, by author; the last one counts."""
    return {
        one.author: one
        for one in reviews
        if one.reviewer not in ensemble and one.author in ensemble
    }


def distinct_names(models: Sequence[str]) -> list[str]:
    """The models' names, numbered where a model stands twice, as in published rounds."""
    names: list[str] = []
    for model in models:
        name, number = model, 1
        while name in names or (number > 1 and name in models):
            number += 1
            name = f"{model} ({number})"
        names.append(name)
    return names


def _answer_result(name: str, row: Row) -> AnswerResult:
    tokens = (None if n is None else int(n) for n in (row.tokens_in, row.tokens_out))
    status, message = _status(row)
    return AnswerResult(name, status, _answer(row), row.latency, Usage(*tokens), message)


def _status(row: Row) -> tuple[Status, str]:
    """How the answer ended; published files tell it by what is there."""
    if not row.status:
        there = row.result or row.quality is not None or row.accuracy is not None
        return (Status.OK if there else Status.EMPTY), ""
    try:
        return Status(row.status), ""
    except ValueError:
        return Status.ERROR, f"the history has the status {row.status!r}, which none of ours is"


def _answer(row: Row) -> Answer | None:
    """The answer whose text and regimen stand in the row; None where there is no regimen."""
    try:
        medications = tuple(msgspec.json.decode(row.medications, type=list[Medication]))
    except (msgspec.DecodeError, RecursionError):
        return None
    before, found, after = row.result.rpartition(_MEDICATIONS)
    cautions = after.partition(_CAUTIONS)[2].split("\n")
    whole = Answer(
        before.strip(), medications, tuple(line.removeprefix("- ") for line in cautions if line)
    )
    # A caution of several lines is not to be told from several: then the text stays as it is.
    return whole if found and answer_text(whole) == row.result else Answer(row.result, medications)


def _events(
    members: Members,
    answers: Mapping[str, AnswerResult],
    reviews: Sequence[ReviewResult],
    no_text: str,
) -> tuple[Event, ...]:
    first = next(iter(members.values()))
    trial = first.trial
    latest = max(row.latency or 0.0 for row in members.values())
    elapsed = seconds_of(first.elapsed)
    end = max(latest, elapsed or 0.0)
    ends = {name: end if row.latency is None else row.latency for name, row in members.items()}
    events: list[Event] = [CallStarted(at=0.0, trial=trial, call=Call(name)) for name in members]
    for name in sorted(members, key=ends.__getitem__):
        at, result = ends[name], answers[name]
        if result.answer is None and result.status is Status.OK:
            text = members[name].result or no_text
            events.append(TextArrived(at=at, trial=trial, call=Call(name), text=text))
        events.append(AnswerEnded(at=at, trial=trial, result=result))
    events += [ReviewEnded(at=end, trial=trial, result=result) for result in reviews]
    events.append(RoundEnded(at=end, trial=trial, elapsed=latest if elapsed is None else elapsed))
    return (_started(members, first), *events)


def _started(members: Members, first: Row) -> RoundStarted:
    return RoundStarted(
        at=0.0,
        trial=first.trial,
        vignette=Vignette(first.vignette or UNKNOWN_VIGNETTE, "", ""),
        ensemble=tuple(
            # a row does not say where its model ran, and a replay does not ask
            ModelSpec(name, "", row.model, Locality.LOCAL, row.temperature)
            for name, row in members.items()
        ),
        strategy=first.strategy,
        seed=int(first.seed) if first.seed.isdecimal() else 0,
        order="",
    )


def seconds_of(elapsed: str) -> float | None:
    """The seconds behind ``7m 19s``, as histories write them; None where it is nothing such."""
    match = _ELAPSED.fullmatch(elapsed.strip())
    if not match or not match[0]:
        return None
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
