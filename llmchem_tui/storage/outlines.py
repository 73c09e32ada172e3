"""What there is to replay, and what a list tells of it without opening it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from pathlib import Path

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import SIMULATED_PREFIX
from llmchem_tui.storage.history import HISTORY_FILE
from llmchem_tui.storage.interrupted import count_interrupted
from llmchem_tui.storage.journal import JOURNAL_FILE
from llmchem_tui.storage.session_file import SESSION_FILE, read_privacy, read_settings
from llmchem_tui.storage.sessions import REVIEWS_FILE, SessionEntry, list_sessions
from llmchem_tui.storage.tables import read_rows, unguarded

_NEEDED = ("trial", "model")
_TOLD = {*_NEEDED, "strategy", "vignette", "task", "created", "recommended", "confidence"}
_OURS = {"vignette", "status"}
_FILES = (SESSION_FILE, JOURNAL_FILE, HISTORY_FILE, REVIEWS_FILE)


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to replay: a session's folder, or a CSV file.

    ``created``: when the session was, in UTC, if its folder's name says so.
    """

    path: Path
    name: str
    created: datetime | None = None
    folder: bool = False


@dataclass(frozen=True, slots=True)
class RoundOutline:
    """A finished round, a (trial, strategy), in a list.

    ``confidence``: of its recommendation; None without one. ``recommended`` None: not known.
    """

    trial: str
    strategy: str
    vignette: str
    size: int
    recommended: bool | None
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Outline:
    """What a list tells of a session or a history.

    ``models``: those of its rounds, or of a session's pool where it has no round yet. ``span``:
    when its first and its last round ended, as the file says it. ``interrupted``: how many rounds
    of a session were cancelled or cut off, as far as its journal can be read. ``problem``: why it
    cannot be read; the rest is then blank.
    """

    models: tuple[str, ...] = ()
    rounds: tuple[RoundOutline, ...] = ()
    vignettes: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    span: tuple[str, str] = ("", "")
    private: bool = False
    interrupted: int = 0
    problem: str = ""

    @property
    def simulated(self) -> bool:
        """Whether models of it are made up."""
        return any(name.startswith(SIMULATED_PREFIX) for name in self.models)


def list_entries(sessions: Path, paths: Iterable[Path]) -> list[Entry]:
    """The sessions of a folder, newest first, and then what lies at ``paths``, each once.

    After the sessions stand folders of another name that have a file of a session, damaged or not.
    A path is a CSV file, a session's folder, or a folder of sessions. No file is read.

    Raises:
        InputError: a folder cannot be listed.
    """
    return _each_once(chain(_sessions_in(sessions), *map(_at, paths)))


def newest_entries(sessions: Path, most: int) -> list[Entry]:
    """What ``list_entries`` begins with, and of thousands at once.

    Raises:
        InputError: the folder cannot be listed.
    """
    return [*map(_entry, list_sessions(sessions, most))]


def entries_at(paths: Iterable[Path]) -> list[Entry]:
    """What lies at ``paths``, each once, as in ``list_entries``.

    Raises:
        InputError: a folder cannot be listed.
    """
    return _each_once(chain(*map(_at, paths)))


_Placed = tuple[str, Entry]
"""An entry after where it lies, without links."""


def _at(path: Path) -> Iterable[_Placed]:
    if path.is_dir() and not is_session(path):
        return _sessions_in(path)
    return [(str(path.resolve()), Entry(path, path.name, folder=path.is_dir()))]


def _each_once(entries: Iterable[_Placed]) -> list[Entry]:
    each: dict[str, Entry] = {}
    for place, entry in entries:
        each.setdefault(place, entry)
    return list(each.values())


def _sessions_in(folder: Path) -> list[_Placed]:
    entries = [*map(_entry, list_sessions(folder))]
    listed = {one.name for one in entries}
    others = sorted(set(os.listdir(folder)) - listed) if folder.is_dir() else []
    entries += [
        Entry(folder / name, name, folder=True) for name in others if is_session(folder / name)
    ]
    place = os.path.realpath(folder)  # of thousands in one folder it is looked up once
    return [(_place(os.path.join(place, one.name)), one) for one in entries]


def _entry(session: SessionEntry) -> Entry:
    return Entry(session.path, session.name, session.created, folder=True)


def _place(path: str) -> str:
    return os.path.realpath(path) if os.path.islink(path) else path


def is_session(folder: Path) -> bool:
    """Whether a folder has a file of a session, damaged or not."""
    return any((folder / name).exists() for name in _FILES)


@dataclass(slots=True)
class Outlines:
    """Outlines, each read once while its files keep their size and time."""

    _known: dict[Path, tuple[object, Outline]] = field(default_factory=dict)

    def of(self, path: Path) -> Outline:
        """The outline of a session's folder or a CSV file. Reads files; call it in a thread."""
        now = stamp(path)
        known = self._known.get(path)
        if known is None or known[0] != now:
            self._known[path] = known = (now, outline(path))
        return known[1]


def outline(path: Path) -> Outline:
    """Read the outline; what is damaged says why in ``problem``."""
    try:
        return _outline(path)
    except InputError as error:
        return Outline(problem=str(error))


def stamp(path: Path) -> object:
    """What changes when a file of a session's folder, or a CSV file, does."""
    files = (path / name for name in (SESSION_FILE, HISTORY_FILE, JOURNAL_FILE))
    return tuple(map(_size_and_time, (path, *files)))


def _size_and_time(file: Path) -> tuple[int, int] | None:
    try:
        told = file.stat()
    except OSError:
        return None
    return told.st_size, told.st_mtime_ns


def _outline(path: Path) -> Outline:
    if not path.is_dir():
        return _outline_rows(path)
    if not (path / SESSION_FILE).exists() and (path / HISTORY_FILE).exists():
        return _outline_rows(path / HISTORY_FILE)
    private = read_privacy(path / SESSION_FILE)
    own = _outline_rows(path / HISTORY_FILE, private=private)
    with suppress(InputError):  # a replay tells what is wrong with the journal
        own = replace(own, interrupted=count_interrupted(path))
    if own.rounds:
        return own
    pool = read_settings(path / SESSION_FILE).models
    return replace(own, models=tuple(model.name for model in pool))


def _outline_rows(file: Path, *, private: bool = False) -> Outline:
    table = read_rows(file)
    header = [name.strip() for name in next(table)]
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise InputError(f"{file} lacks {', '.join(missing)}: it is no history of rounds.")
    plain = unguarded if _OURS.issubset(header) else str
    places = [(name, place) for place, name in enumerate(header) if name in _TOLD]
    rounds: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for cells in table:
        row = {name: plain(cells[place]) for name, place in places}
        rounds.setdefault((row["trial"], row.get("strategy", "")), []).append(row)
    rows = [row for of_round in rounds.values() for row in of_round]
    created = sorted(filter(None, (row.get("created", "") for row in rows)))
    return Outline(
        models=_distinct(rows, "model"),
        rounds=tuple(_round(*key, of_round) for key, of_round in rounds.items()),
        vignettes=_distinct(rows, "vignette"),
        tasks=_distinct(rows, "task"),
        span=(created[0], created[-1]) if created else ("", ""),
        private=private,
    )


def _distinct(rows: Sequence[Mapping[str, str]], column: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (row.get(column, "") for row in rows))))


def _round(trial: str, strategy: str, rows: Sequence[Mapping[str, str]]) -> RoundOutline:
    said = {row.get("recommended", "") for row in rows}
    confidence = next((row["confidence"] for row in rows if row.get("confidence")), "")
    return RoundOutline(
        trial,
        strategy,
        next((row["vignette"] for row in rows if row.get("vignette")), ""),
        len(rows),
        None if said == {""} else "true" in said,
        _number(confidence) if "true" in said else None,
    )


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
