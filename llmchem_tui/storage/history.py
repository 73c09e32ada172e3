"""Histories: the rows of finished rounds, our own and the authors' published ones, in CSV.

A history.csv of ours begins with the columns of arXiv 2510.03930, Table 5, so that the authors'
scripts read it unchanged; theirs are read with ``generation_accuracy`` as an alias.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.history_columns import (
    columns_of,
    leave_out_unusable,
)
from llmchem_tui.storage.rounds import HISTORY_COLUMNS, FinishedRound, history_rows
from llmchem_tui.storage.session_file import SESSION_FILE, check_format
from llmchem_tui.storage.tables import written

if TYPE_CHECKING:
    import numpy as np
    import pandas
    from numpy.typing import NDArray

HISTORY_FILE = "history.csv"


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Rows of finished rounds, in file order.

    ``frame`` has the columns of ``HISTORY_COLUMNS``, or those that were asked for. Measurements
    are float64 with NaN for missing; everything else is text with "" for missing, ``seed`` too:
    it is an identifier. Where a file tells no ``status``, that of an answer with a text is ok.
    ``created`` is in the form of ``DATE_FORM``; strategies of ours are spelled as ``Strategy``.
    ``repaired`` counts shifted rows of the published files that were put right (their strategy is
    unknown, ""). ``notes`` are sentences on what was repaired, left out or not readable.
    """

    frame: pandas.DataFrame
    repaired: int = 0
    notes: tuple[str, ...] = ()


def read_history(paths: Sequence[Path], columns: Collection[str] | None = None) -> History:
    """The rows of CSV files, session folders or folders of sessions; each path counts once.

    A file or a session that is named must be whole; in a folder of sessions a damaged one is left
    out, as in ``read_sessions``. The frame has only these ``columns`` and those of ``COMPARED``,
    which costs less by far in large files; None: all.

    Raises:
        InputError: a file is missing, damaged or without the needed columns, or there are no rows
            in any of them.
    """
    wanted = _wanted(columns)
    histories = []
    for path, given in {_whole(path).resolve(): path for path in paths}.items():
        if path.is_dir() and not any(path.glob(f"*/{HISTORY_FILE}")):
            raise InputError(
                f"The folder {given} has no {HISTORY_FILE}, nor has a folder in it: "
                "give a session folder, a folder of sessions, or a CSV file."
            )
        if path.is_dir():
            histories.append(_read_sessions(given, wanted))
        else:
            histories.append(_read_session(_whole(given), wanted))
    history = join(histories)
    if paths and history.frame.empty:
        named = ", ".join(str(path) for path in paths)
        raise InputError(f"{named}: no rows yet; give a history of finished rounds.")
    return history


def read_sessions(folder: Path, *, exclude: str | None = None) -> History:
    """The rows of all sessions in a folder, oldest first, but for the one named ``exclude``.

    A session without a history or without a finished round adds nothing; a damaged one, or one of
    a newer format, is left out and reported in ``notes``. A folder that does not exist holds none.
    """
    return _read_sessions(folder, HISTORY_COLUMNS, exclude=exclude)


def _wanted(columns: Collection[str] | None) -> Sequence[str]:
    from llmchem_tui.storage.history_copies import COMPARED

    if columns is None:
        return HISTORY_COLUMNS
    return [name for name in HISTORY_COLUMNS if name in COMPARED or name in columns]


def _read_sessions(folder: Path, wanted: Sequence[str], *, exclude: str | None = None) -> History:
    from llmchem_tui.storage.history_reading import Reading

    reading = Reading(wanted)
    for path in _histories_in(folder):
        if path.parent.name == exclude:
            continue
        try:
            check_format(path.with_name(SESSION_FILE))
            reading.add(path)
        except InputError as error:
            reading.leave_out(error)
    rows = reading.rows()
    return _each_once(rows.frame, rows.source, rows.repaired, rows.notes)


def join(histories: Iterable[History]) -> History:
    """All rows of several histories, one after the other; of none, a history without rows.

    A round that stands in several of them, such as in a session and in a copy of its history,
    counts once, with a note.
    """
    import numpy as np
    import pandas

    parts = list(histories)
    frames = [part.frame for part in parts if not part.frame.empty]
    frame = pandas.concat(frames, ignore_index=True) if frames else columns_of({})
    source = np.repeat(np.arange(len(frames)), [len(own) for own in frames])
    notes = tuple(note for part in parts for note in part.notes)
    return _each_once(frame, source, sum(part.repaired for part in parts), notes)


def _each_once(
    frame: pandas.DataFrame, source: NDArray[np.intp], repaired: int, notes: tuple[str, ...]
) -> History:
    """The rows without the rounds that an earlier source has as well."""
    from llmchem_tui.storage.history_copies import copies

    if len(source) and source[0] != source[-1] and (again := copies(frame, source)).any():
        frame = frame[~again].reset_index(drop=True)
        notes += (f"Rows of rounds that were given twice, counted once: {again.sum():,}.",)
    return History(frame, repaired, notes)


def history_of(rounds: Iterable[FinishedRound]) -> History:
    """Rounds of this sitting as a history, the same as if they were saved and read back."""
    rows = [row for finished in rounds for row in history_rows(finished)]
    cells = {name: [written(row[name]) for row in rows] for name in HISTORY_COLUMNS}
    frame = columns_of(cells)
    leave_out_unusable(frame)
    return History(frame)


def _whole(path: Path) -> Path:
    """The history of a session folder; any other path as it is."""
    own = path / HISTORY_FILE
    return own if own.is_file() else path


def _histories_in(folder: Path) -> list[Path]:
    """The histories of a folder's sessions, the oldest session first."""
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    files = [folder / name / HISTORY_FILE for name in names]
    return [file for file in files if file.exists()]


def _read_session(path: Path, wanted: Sequence[str]) -> History:
    from llmchem_tui.storage.history_reading import Reading

    check_format(path.with_name(SESSION_FILE))
    reading = Reading(wanted)
    reading.add(path)
    rows = reading.rows()
    return History(rows.frame, rows.repaired, rows.notes)
