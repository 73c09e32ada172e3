"""What earlier rounds teach: those saved before this sitting, and those finished in it."""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from llmchem_tui.domain.model import TASK, AnswerResult, ReviewResult
from llmchem_tui.session.forecast import Pace, paces
from llmchem_tui.storage.rounds import FinishedRound

if TYPE_CHECKING:
    from llmchem_tui.config import Settings
    from llmchem_tui.domain.strategies import Knowledge
    from llmchem_tui.storage.history import History
    from llmchem_tui.storage.profiles import ProfileMode


_NEWEST = 5_000
"""Calls of a sitting that tell how long calls take: older ones do not matter any more."""
_TEXTS = ["result", "medications"]
"""Columns of a history that teach nothing."""


class Past:
    """The rounds in ``[history] paths`` and in the sessions of ``folder``, read at first use.

    ``simulated``: only rounds of simulated models teach, or only those of real ones. Files are
    read in seconds where there are many sessions: call in a thread.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._history: History | None = None
        self._saved_calls: list[AnswerResult | ReviewResult] | None = None
        self._here: list[History] = []
        self._finished: list[FinishedRound] = []
        self._reading = threading.Lock()
        self._calls = deque[AnswerResult | ReviewResult](maxlen=_NEWEST)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was repaired or left out when files were read."""
        return self._history.notes if self._history else ()

    def add_round(self, finished: FinishedRound) -> None:
        """Learn from a round of this sitting."""
        self._finished.append(finished)

    def add_call(self, result: AnswerResult | ReviewResult) -> None:
        """Learn from a call of this sitting how long calls take."""
        self._calls.append(_without_texts(result))

    def knowledge(
        self,
        *,
        simulated: bool,
        aliases: Mapping[str, str],
        present: str | None,
        repeats: tuple[str, int] | None = None,
        profile: ProfileMode | None = None,
        instead: FinishedRound | None = None,
    ) -> Knowledge:
        """Return what the rounds teach about the models.

        ``aliases``: earlier names to present ones. ``present``: the session being written, whose
        rounds are known already. ``repeats``: vignette and seed of the round to be run; earlier
        simulated rounds of the two are the same draw, which would tell a choice its own result,
        and count twice after it. ``profile``: how rounds become a profile, else as in the
        settings. ``instead``: a round with other numbers than those that are saved of it.
        """
        from llmchem_tui.storage import profiles
        from llmchem_tui.storage.history import history_of, join
        from llmchem_tui.storage.selections import exclude_repeats, without_trial

        past = self._saved(simulated, present)
        if repeats:
            past = exclude_repeats(past, *repeats)
        history = join([past, *self._rounds_here()])
        if instead is not None:
            history = join([without_trial(history, instead.trial), history_of([instead])])
        mode = profile or self._settings.chemistry.profile
        return profiles.knowledge(history, mode=mode, aliases=aliases)

    def history(self, *, simulated: bool, present: str | None) -> History:
        """Return the rows of all rounds that teach; ``simulated``, ``present`` as in knowledge."""
        from llmchem_tui.storage.history import join

        return join([self._saved(simulated, present), *self._rounds_here()])

    def _rounds_here(self) -> list[History]:
        """The rows of this sitting's rounds, each made of a round once; its texts are let go."""
        from llmchem_tui.storage.history import history_of, join

        with self._reading:  # two screens may learn at once
            while self._finished:
                rows = history_of(self._finished[:1])
                rows.frame[_TEXTS] = ""
                self._here = [join([*self._here, rows])]
                del self._finished[0]
            return self._here

    def _saved(self, simulated: bool, present: str | None) -> History:
        if self._history is None:
            self._history = self._read(simulated, present)
        return self._history

    def _read(self, simulated: bool, present: str | None) -> History:
        from llmchem_tui.storage.history import join, read_sessions

        configured = read_configured(self._settings)
        return teaching(
            join([*configured, read_sessions(self._folder, exclude=present)]), simulated=simulated
        )

    def paces(self, *, present: str | None) -> dict[str, Pace]:
        """Return how long the models' calls took, by model, in the newest sessions and here."""
        from llmchem_tui.storage.journal import recent_calls

        if self._saved_calls is None:
            self._saved_calls = recent_calls(self._folder, exclude=present)
        return paces([*self._saved_calls, *self._calls])


def read_configured(settings: Settings) -> list[History]:
    """Return the rows of ``[history] paths``: of one history, or of none.

    Raises:
        InputError: one cannot be read.
    """
    from llmchem_tui.storage.history import read_history

    paths = [Path(path) for path in settings.history.paths]
    return [read_history(paths)] if paths else []


def teaching(history: History, *, simulated: bool) -> History:
    """Return the rows that may teach: our task, and simulated or real as the pool is."""
    from llmchem_tui.storage.selections import only

    past = only(history, simulated=simulated)
    return dataclasses.replace(past, frame=past.frame[past.frame["task"] == TASK])


def _without_texts(result: AnswerResult | ReviewResult) -> AnswerResult | ReviewResult:
    """A call as far as it tells how long calls take; a sitting may have tens of thousands."""
    if isinstance(result, AnswerResult):
        return dataclasses.replace(result, answer=None, message="")
    return dataclasses.replace(result, review=None, message="")
