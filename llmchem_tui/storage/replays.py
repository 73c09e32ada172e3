"""Opens what is saved as something to replay: a session with its journal, or a history alone."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import SIMULATED_PREFIX, ReviewResult
from llmchem_tui.session.replay import ReplayRound
from llmchem_tui.storage.given_scores import Row, rows_of
from llmchem_tui.storage.history import HISTORY_FILE, join, read_history
from llmchem_tui.storage.history_rounds import grouped, round_of_rows
from llmchem_tui.storage.journal import JOURNAL_FILE, Journal, read_journal
from llmchem_tui.storage.journal_rounds import by_trial, restored, round_of_events
from llmchem_tui.storage.rounds import read_reviews
from llmchem_tui.storage.selections import only
from llmchem_tui.storage.session_file import SESSION_FILE, check_format, read_settings
from llmchem_tui.storage.sessions import REVIEWS_FILE
from llmchem_tui.storage.tables import read_rows

if TYPE_CHECKING:
    from llmchem_tui.domain.scoring import RoundScore
    from llmchem_tui.storage.history import History

_NO_ROUND_EITHER = f"Its {HISTORY_FILE} has no finished round to show instead."
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
    replay = _open_session(path) if path.is_dir() else _of_history(path, read_history([path]), None)
    if not replay.rounds:
        raise InputError(f"{path} has no round yet: there is nothing to replay.")
    return replay


def _of_history(
    path: Path, history: History, reviews: Reviews | None, *, private: bool = False
) -> Replay:
    """A history without a journal. ``reviews``: those of its session, if it is one."""
    rounds = grouped(rows_of(history))
    numbers = {key: place for place, key in enumerate(rounds)}
    return Replay(
        path,
        tuple(_round_of_rows(rows, reviews, private) for rows in rounds.values()),
        history,
        tuple(numbers[row.trial, row.strategy] for row in rows_of(history)),
        journaled=False,
        private=private,
        notes=history.notes,
    )


def _round_of_rows(rows: Sequence[Row], reviews: Reviews | None, private: bool) -> ReplayRound:
    known = None if reviews is None else reviews.get(rows[0].trial, ())
    return round_of_rows(rows, known, private=private)


def _open_session(folder: Path) -> Replay:
    """A session: what its journal does not have is taken from its history."""
    check_format(folder / SESSION_FILE)
    notes: list[str] = []
    reviews = _reviews(folder / REVIEWS_FILE, notes)
    history = _finished(folder / HISTORY_FILE, notes)
    try:
        journal = read_journal(folder)
    except InputError as error:
        if history.frame.empty:
            raise InputError(f"{error} {_NO_ROUND_EITHER}") from error
        lost = not (folder / JOURNAL_FILE).exists()
        told = f"{folder} has no {JOURNAL_FILE}: when things happened is not known."
        notes.insert(0, told if lost else f"{error} What its history tells is shown.")
        private = _is_private(folder, notes)
        replay = _of_history(folder, history, reviews, private=private)
        return dataclasses.replace(replay, notes=(*notes, *replay.notes))
    return _of_journal(folder, journal, history, reviews, notes)


def _of_journal(
    folder: Path, journal: Journal, history: History, reviews: Reviews | None, notes: list[str]
) -> Replay:
    rows = {trial: rows for (trial, _), rows in grouped(rows_of(history)).items()}
    told = by_trial(journal.events, rows, notes)
    trials = _in_order(list(told), list(rows))
    rounds = []
    for trial in trials:
        finished, events = rows.get(trial), told.get(trial)
        if events and finished:
            events = restored(events, finished, damaged=bool(journal.notes))
        if events:
            own = (reviews or {}).get(trial, ())
            rounds.append(round_of_events(events, finished, own, private=journal.private))
        else:
            notes.append(f"Round {trial} is not whole in the journal: its history is shown.")
            rounds.append(_round_of_rows(rows[trial], reviews, journal.private))
    numbers = {trial: place for place, trial in enumerate(trials)}
    return Replay(
        folder,
        tuple(rounds),
        history,
        tuple(numbers[row.trial] for row in rows_of(history)),
        journaled=True,
        private=journal.private,
        notes=(*journal.notes, *notes, *history.notes),
    )


def _is_private(folder: Path, notes: list[str]) -> bool:
    try:
        return (folder / SESSION_FILE).exists() and read_settings(folder / SESSION_FILE).private
    except InputError as error:
        notes.append(str(error))
        return False


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


def _in_order(told: list[str], finished: list[str]) -> list[str]:
    """All trials: those of the journal, and after its predecessor each that is only finished."""
    trials = list(told)
    place = 0
    for trial in finished:
        if trial not in told:
            trials.insert(place, trial)
        place = trials.index(trial) + 1
    return trials


def rescored(history: History, trial: str, score: RoundScore) -> History:
    """The history with other numbers for the members of a trial."""
    frame = history.frame.copy()
    for model, own in score.scores.items():
        rows = (frame["trial"] == trial) & (frame["model"] == model)
        for column in _SCORED:
            value = getattr(own, column)
            frame.loc[rows, column] = math.nan if value is None else value
    return dataclasses.replace(history, frame=frame)
