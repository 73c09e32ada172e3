"""Opens what is saved as something to replay: a session with its journal, or a history alone."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import SIMULATED_PREFIX, AnswerResult, Review, ReviewResult, Status
from llmchem_tui.session.events import (
    AnswerEnded,
    Call,
    Event,
    ReviewEnded,
    RoundStarted,
    TextArrived,
)
from llmchem_tui.session.replay import ReplayRound
from llmchem_tui.storage.given_scores import Row, given_score, outcome_in_words, rows_of
from llmchem_tui.storage.history import HISTORY_FILE, join, only, read_history
from llmchem_tui.storage.history_rounds import PRIVATE_TEXT, grouped, own_grades, round_of_rows
from llmchem_tui.storage.journal import JOURNAL_FILE, read_journal
from llmchem_tui.storage.rounds import read_reviews
from llmchem_tui.storage.session_file import SESSION_FILE, check_format, read_settings
from llmchem_tui.storage.sessions import REVIEWS_FILE
from llmchem_tui.storage.tables import read_rows

if TYPE_CHECKING:
    from llmchem_tui.domain.scoring import RoundScore
    from llmchem_tui.storage.history import History

_SCORED = ("quality", "gen_accuracy", "variance", "review_accuracy", "accuracy")

Reviews = Mapping[str, tuple[ReviewResult, ...]]
"""Reviews by trial."""


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """A session or a history that can be replayed: one round at least.

    ``history``: the rows of its finished rounds; ``places``: the round, counted from 0, that each
    row is of. ``journaled``: it has its times, texts and reviews from a journal. ``notes``: what
    was repaired, left out or not readable.
    """

    path: Path
    rounds: tuple[ReplayRound, ...]
    history: History
    places: tuple[int, ...]
    journaled: bool
    private: bool = False
    notes: tuple[str, ...] = ()

    def simulated(self, index: int) -> bool:
        """Whether the models of a round are made up."""
        return any(
            spec.id.startswith(SIMULATED_PREFIX) or spec.simulated
            for spec in self.rounds[index].started.ensemble
        )

    def find(self, trial: str) -> int | None:
        """The place of the first round of this name; None where there is none."""
        return next((i for i, one in enumerate(self.rounds) if one.trial == trial), None)

    def rows_until(self, index: int) -> History:
        """The rows of the finished rounds up to this one, as far as they may be taken together.

        Those of one task, that of the last round among them, and all simulated, or all real.
        """
        import numpy as np

        frame = self.history.frame
        if index < 0:
            return dataclasses.replace(self.history, frame=frame[:0])
        places = np.array(self.places, dtype=np.int64)
        rows = dataclasses.replace(self.history, frame=frame[places <= index])
        rows = only(rows, simulated=self.simulated(index))
        if rows.frame.empty:
            return rows
        last = places[places <= index].max()
        task = frame["task"][places == last].iloc[0]
        return dataclasses.replace(rows, frame=rows.frame[rows.frame["task"] == task])


def open_replay(path: Path) -> Replay:
    """A session's folder, or a CSV history, as something to replay. May take seconds.

    Raises:
        InputError: it is missing, damaged, of a newer format, or has no round.
    """
    replay = _open_session(path) if path.is_dir() else _open_history(path, path)
    if not replay.rounds:
        raise InputError(f"{path} has no round yet: there is nothing to replay.")
    return replay


def _open_history(path: Path, file: Path, reviews: Reviews | None = None) -> Replay:
    """A history without a journal. ``reviews``: those of its session, if it is one."""
    history = read_history([file])
    private = _is_private(path) if path.is_dir() else False
    rounds = grouped(rows_of(history))
    numbers = {key: place for place, key in enumerate(rounds)}
    return Replay(
        path,
        tuple(
            round_of_rows(
                rows, None if reviews is None else reviews.get(rows[0].trial, ()), private=private
            )
            for rows in rounds.values()
        ),
        history,
        tuple(numbers[row.trial, row.strategy] for row in rows_of(history)),
        journaled=False,
        private=private,
        notes=history.notes,
    )


def _is_private(folder: Path) -> bool:
    return (folder / SESSION_FILE).exists() and read_settings(folder / SESSION_FILE).private


def _open_session(folder: Path) -> Replay:
    check_format(folder / SESSION_FILE)
    notes: list[str] = []
    reviews = _reviews(folder / REVIEWS_FILE, notes)
    if not (folder / JOURNAL_FILE).exists():
        replay = _open_history(folder, folder / HISTORY_FILE, reviews)
        notes.insert(0, f"{folder} has no {JOURNAL_FILE}: when things happened is not known.")
        return dataclasses.replace(replay, notes=(*notes, *replay.notes))
    journal = read_journal(folder)
    history = _finished(folder / HISTORY_FILE, notes)
    rows = {trial: rows for (trial, _), rows in grouped(rows_of(history)).items()}
    told = _by_trial(journal.events, notes)
    rounds = tuple(
        _round_of_events(events, rows.get(trial), (reviews or {}).get(trial, ()), journal.private)
        for trial, events in told.items()
    )
    numbers = {trial: place for place, trial in enumerate(told)}
    return Replay(
        folder,
        rounds,
        history,
        tuple(numbers.get(row.trial, 0) for row in rows_of(history)),
        journaled=True,
        private=journal.private,
        notes=(*journal.notes, *notes, *history.notes),
    )


def _reviews(file: Path, notes: list[str]) -> Reviews | None:
    """The reviews of a session; None where they are not known."""
    try:
        return read_reviews(file)
    except InputError as error:
        notes.append(str(error))
        return None


def _finished(file: Path, notes: list[str]) -> History:
    """The rows of a session; none where no round is finished or they cannot be read."""
    try:
        rows = read_rows(file)
        next(rows)
        if next(rows, None) is not None:
            return read_history([file])
    except InputError as error:
        notes.append(str(error))
    return join([])


def _by_trial(events: Sequence[Event], notes: list[str]) -> dict[str, list[Event]]:
    """The events of each round from its start on, in the order in which the rounds began."""
    rounds: dict[str, list[Event]] = {}
    lost: defaultdict[str, int] = defaultdict(int)
    for event in events:
        if isinstance(event, RoundStarted):
            rounds[event.trial] = [event]  # a round that began anew is what counts
        elif event.trial in rounds:
            rounds[event.trial].append(event)
        else:
            lost[event.trial] += 1
    notes += [
        f"Round {trial} is left out: its beginning is not readable ({count:,} events without it)."
        for trial, count in lost.items()
        if trial not in rounds
    ]
    return rounds


def _round_of_events(
    events: list[Event], rows: list[Row] | None, reviews: Sequence[ReviewResult], private: bool
) -> ReplayRound:
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


def rescored(history: History, trial: str, score: RoundScore) -> History:
    """The history with other numbers for the members of a trial."""
    frame = history.frame.copy()
    for model, own in score.scores.items():
        rows = (frame["trial"] == trial) & (frame["model"] == model)
        for column in _SCORED:
            value = getattr(own, column)
            frame.loc[rows, column] = math.nan if value is None else value
    return dataclasses.replace(history, frame=frame)
