"""What is saved of this sitting: one session at a time, and why something is not saved."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from llmchem_tui.domain.model import ReviewResult
from llmchem_tui.session.events import Event, RoundEnded
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.files import StorageError
from llmchem_tui.storage.rounds import FinishedRound
from llmchem_tui.storage.session_file import SessionInfo
from llmchem_tui.storage.sessions import SessionWriter, begin_session


@dataclass(frozen=True, slots=True)
class Saving:
    """Where sessions are: ``folder`` holds those to learn from, and gets the new one.

    ``write`` False: nothing is saved. ``private``: numbers only, no text.
    """

    folder: Path
    private: bool = False
    write: bool = True


class Recorder:
    """Writes a session, whose folder is made when its first round starts: looking leaves none.

    ``session``: the present one, if there is one. ``not_saved`` says why the last round is not
    saved; blank: it is.
    """

    def __init__(self, saving: Saving) -> None:
        self.saving = saving
        self.session: SessionWriter | None = None
        self.not_saved = "" if saving.write else "nothing was to be saved"
        self._unsaved = 0
        self._taken_up = False

    @property
    def name(self) -> str | None:
        """The present session's name."""
        return self.session.name if self.session else None

    @property
    def mended(self) -> tuple[str, ...]:
        """Sentences on what had to be mended in the present session when it was taken up."""
        return self.session.notes if self.session else ()

    def begin_round(self, info: Callable[[], SessionInfo]) -> str:
        """Return the trial of a round, and begin a session with ``info`` if there is none.

        One whose folder was deleted since the last round is none.

        Raises:
            StorageError: the session's folder could not be made.
        """
        if self._taken_up or (self.session is not None and not self.session.folder.is_dir()):
            self.end()
        if self.session is None and self.saving.write:
            self.go_on(begin_session(self.saving.folder, info()))
        if self.session is not None:
            return self.session.next_trial()
        self._unsaved += 1
        return f"unsaved {self._unsaved}"

    def go_on(self, session: SessionWriter) -> None:
        """Write this session from now on."""
        self.session, self.not_saved = session, ""

    def take_up(self, session: SessionWriter) -> None:
        """Write this session for the rounds that it has begun; a new round begins another."""
        self.go_on(session)
        self._taken_up = True

    def record(self, event: Event, finished: FinishedRound | None) -> None:
        """Save an event in the journal, and with the last one of a round its numbers.

        Where that fails the session is given up: the round goes on, for it may be paid for.
        """
        if self.session is None:
            return
        try:
            self.session.journal.append(event)
            if finished is not None:
                self.session.append_round(finished)
        except StorageError as error:
            self.not_saved = str(error)
            with suppress(StorageError):  # what is wrong has been told
                self.end()

    def leave(self, states: Iterable[RoundState]) -> None:
        """Save of rounds that have not ended that they were cancelled: nobody watches any more."""
        for state in states:
            if state.ended is None:
                at, elapsed = state.now, state.elapsed
                left = RoundEnded(at=at, trial=state.trial, elapsed=elapsed, cancelled=True)
                self.record(left, None)

    def add_review(self, state: RoundState, review: ReviewResult) -> bool:
        """Save a review that a person wrote of an answer; the history keeps the models' numbers.

        False where the round is not in the present session: nothing was saved.

        Raises:
            StorageError: it could not be written.
        """
        if self.session is None or not state.trial.startswith(f"{self.session.name} "):
            return False
        self.session.append_review(state.trial, state.names, review)
        return True

    def keep_private(self, private: bool) -> None:
        """Save numbers only from the next round on, or texts as well; that begins another session.

        Raises:
            StorageError: the end of the present session could not be written.
        """
        if private != self.saving.private:
            self.saving = dataclasses.replace(self.saving, private=private)
            self.end()

    def end(self) -> None:
        """End the session; the next round begins another.

        Raises:
            StorageError: its end could not be written.
        """
        session, self.session = self.session, None
        self._taken_up = False
        if session is not None:
            session.close()
