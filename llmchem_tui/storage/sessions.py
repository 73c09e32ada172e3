"""Session folders: one sitting with its settings, journal, history and reviews."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import Any

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import ReviewResult
from llmchem_tui.storage.files import (
    StorageError,
    append,
    create,
    gone,
    make_folder,
    reason,
    replace,
    sync_folder,
)
from llmchem_tui.storage.history import HISTORY_FILE
from llmchem_tui.storage.journal import JOURNAL_FILE
from llmchem_tui.storage.journal_writer import JournalWriter
from llmchem_tui.storage.rounds import (
    HISTORY_COLUMNS,
    REVIEW_COLUMNS,
    FinishedRound,
    history_rows,
    review_row,
    review_rows,
)
from llmchem_tui.storage.session_file import (
    SESSION_FILE,
    SessionInfo,
    read_settings,
    session_toml,
)
from llmchem_tui.storage.tables import csv_block, header_line, read_rows
from llmchem_tui.toml_files import open_regular

REVIEWS_FILE = "reviews.csv"

_TABLES = {HISTORY_FILE: HISTORY_COLUMNS, REVIEWS_FILE: REVIEW_COLUMNS}
_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d)(?:-(\d+))?", re.ASCII)
_NAME_TIME = "%Y-%m-%dT%H-%M-%S"
_TIME_LENGTH = len("2026-01-31T09-15-00")


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """A session in a list, from its folder's name alone."""

    name: str
    path: Path
    created: datetime


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """What a list shows of a session beyond its name. ``rounds``: the finished ones."""

    name: str
    created: datetime
    simulated: bool
    private: bool
    models: tuple[str, ...]
    rounds: int


class SessionWriter:
    """A session folder, and all that is written to it.

    ``journal`` takes the events. ``tables``: what session.toml holds. ``rounds``: how many of the
    ``begun`` ones are in the history. ``notes``: sentences on what had to be mended in it.
    """

    def __init__(
        self,
        folder: Path,
        tables: dict[str, Any],
        journal: JournalWriter,
        begun: int = 0,
        rounds: int = 0,
    ) -> None:
        self.folder = folder
        self.tables = tables
        self.journal = journal
        self.begun = begun
        self.rounds = rounds
        self.notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The session's id, which is its folder's name."""
        return self.folder.name

    @property
    def files(self) -> dict[str, Path]:
        """The session's files by what they hold."""
        return {
            "session": self.folder / SESSION_FILE,
            "history": self.folder / HISTORY_FILE,
            "reviews": self.folder / REVIEWS_FILE,
            "journal": self.folder / JOURNAL_FILE,
        }

    @property
    def private(self) -> bool:
        """Whether the files hold numbers only."""
        return bool(self.tables["private"])

    def next_trial(self) -> str:
        """The name of the next round, each time another one."""
        self.begun += 1
        return self.trial(self.begun)

    def trial(self, number: int) -> str:
        """The name of the session's round of this number, the first being 1."""
        return f"{self.name} {number}"

    def append_round(self, finished: FinishedRound) -> None:
        """Add a finished round to history.csv, reviews.csv and, its seed, to session.toml.

        Raises:
            StorageError: it could not be written; history and reviews then have nothing of it.
        """
        history = csv_block(HISTORY_COLUMNS, history_rows(finished, private=self.private))
        reviews = csv_block(REVIEW_COLUMNS, review_rows(finished, private=self.private))
        try:
            self.tables["seeds"][finished.trial] = finished.seed
            replace(self.folder / SESSION_FILE, session_toml(self.tables))
            self._append({REVIEWS_FILE: reviews, HISTORY_FILE: history})
            self.rounds += 1
        except OSError as error:
            raise self._failure(f"Round {finished.trial}", error) from error

    def append_review(self, trial: str, ensemble: Sequence[str], review: ReviewResult) -> None:
        """Add one review to reviews.csv alone: a person's, whose grades no history counts.

        Raises:
            StorageError: it could not be written.
        """
        row = review_row(trial, ensemble, review, private=self.private)
        try:
            self._append({REVIEWS_FILE: csv_block(REVIEW_COLUMNS, [row])})
        except OSError as error:
            raise self._failure("The review", error) from error

    def _failure(self, what: str, error: OSError) -> StorageError:
        if not self.folder.is_dir():
            return gone(self.folder)
        if isinstance(error, FileNotFoundError):
            return StorageError(
                f"{what} could not be saved, for {error.filename} is gone; "
                f"llmchem resume {self.folder} makes it again from the journal."
            )
        return StorageError(
            f"{what} could not be saved in {self.folder} ({reason(error)}); what was saved before "
            "is kept. Make room, or use another folder ($LLMCHEM_DATA, or --out of a command)."
        )

    def _append(self, blocks: Mapping[str, bytes]) -> None:
        """Append rows to tables, unless another program has made other tables of them."""
        for name in blocks:
            with open_regular(self.folder / name) as file:
                ours = file.readline() == header_line(_TABLES[name])
                file.seek(-1, os.SEEK_END)
                if not ours or file.read() != b"\n":
                    raise StorageError(
                        f"{self.folder / name} was changed by another program, so nothing is added "
                        "to it. Restore it from a copy; without one, llmchem resume "
                        f"{self.folder} puts it aside and makes it again from the journal."
                    )
        append({self.folder / name: block for name, block in blocks.items()})

    def close(self) -> None:
        """Close the journal.

        Raises:
            StorageError: its last events could not be written.
        """
        self.journal.close()


def begin_session(sessions: Path, info: SessionInfo) -> SessionWriter:
    """Create a folder in ``sessions`` with all its files; a taken name gets ``-2``, ….

    Folder and files are for their owner alone. session.toml comes last: where it is, all are.

    Raises:
        StorageError: the folder or a file could not be created.
    """
    tables = info.tables()
    try:
        folder = _new_folder(sessions, info.created)
        create(folder / HISTORY_FILE, header_line(HISTORY_COLUMNS))
        create(folder / REVIEWS_FILE, header_line(REVIEW_COLUMNS))
        journal = JournalWriter.create(folder / JOURNAL_FILE, folder.name, private=info.private)
        try:
            replace(folder / SESSION_FILE, session_toml(tables))
        except OSError:
            journal.close()
            raise
    except OSError as error:
        raise StorageError(
            f"No session could be created in {sessions} ({reason(error)}); nothing is saved. "
            "Use another folder ($LLMCHEM_DATA, or --out of a command)."
        ) from error
    return SessionWriter(folder, tables, journal)


def list_sessions(sessions: Path, newest: int | None = None) -> list[SessionEntry]:
    """The sessions in a folder, newest first, by the folders' names; no file is read.

    ``newest``: only so many; of thousands the first page is there at once.

    Raises:
        InputError: the folder exists and cannot be listed.
    """
    try:
        with os.scandir(sessions) as found:
            names = [one.name for one in found if _NAME.fullmatch(one.name) and one.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(
            f"The sessions in {sessions} cannot be listed ({reason(error)}): check the folder."
        ) from error
    entries = (
        SessionEntry(name, sessions / name, created)
        for name in sorted(names, key=_order, reverse=True)
        if (created := _time(name))
    )
    return list(islice(entries, newest))


def session_summary(folder: Path) -> SessionSummary:
    """What session.toml and history.csv tell of a session.

    Raises:
        InputError: a file is missing or damaged, or the format is newer.
    """
    settings = read_settings(folder / SESSION_FILE)
    rows = read_rows(folder / HISTORY_FILE)
    header = next(rows)
    if "trial" not in header:
        raise InputError(f"{folder / HISTORY_FILE} lacks the column trial: restore it from a copy.")
    trial = header.index("trial")
    return SessionSummary(
        name=folder.name,
        created=settings.created,
        simulated=settings.simulated,
        private=settings.private,
        models=tuple(model.name for model in settings.models),
        rounds=len({row[trial] for row in rows}),
    )


def _new_folder(sessions: Path, created: datetime) -> Path:
    name = created.astimezone(UTC).strftime(_NAME_TIME)
    make_folder(sessions)
    for number in count(1):
        folder = sessions / (name if number == 1 else f"{name}-{number}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            sync_folder(sessions)
            break
    return folder


def _order(name: str) -> tuple[str, int]:
    """What sorts the names of sessions by their time; of one second, by their number."""
    time, again = _NAME.findall(name)[0]
    return time, int(again or 1)


def _time(name: str) -> datetime | None:
    # strptime would take most of the time of a list of thousands
    day, time = name[:_TIME_LENGTH].split("T")
    try:
        return datetime.fromisoformat(f"{day}T{time.replace('-', ':')}").replace(tzinfo=UTC)
    except ValueError:
        return None
