"""Histories: the rows of finished rounds, our own and the authors' published ones, in CSV.

A history.csv of ours begins with the columns of arXiv 2510.03930, Table 5, so that the authors'
scripts read it unchanged; theirs are read with ``generation_accuracy`` as an alias.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.history_columns import (
    DATE_FORM,
    NUMBERS,
    columns_of,
    date_in,
    leave_out_unusable,
    read_columns,
    respell,
)
from llmchem_tui.storage.rounds import HISTORY_COLUMNS, FinishedRound, history_rows
from llmchem_tui.storage.session_file import SESSION_FILE, check_format
from llmchem_tui.storage.tables import blocks, read_table, written

if TYPE_CHECKING:
    import pandas

HISTORY_FILE = "history.csv"

_NEEDED = ("trial", "model", "task", "quality", "accuracy")
_ALIASES = {"generation_accuracy": "gen_accuracy"}


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Rows of finished rounds, in file order.

    ``frame`` has exactly the columns of ``HISTORY_COLUMNS``. Measurements are float64 with NaN for
    missing; everything else is text with "" for missing, ``seed`` too: it is an identifier.
    ``created`` is in the form of ``DATE_FORM``; strategies of ours are spelled as ``Strategy``.
    ``repaired`` counts shifted rows of the published files that were put right (their strategy is
    unknown, ""). ``notes`` are sentences on what was repaired, left out or not readable.
    """

    frame: pandas.DataFrame
    repaired: int = 0
    notes: tuple[str, ...] = ()


def read_history(paths: Sequence[Path]) -> History:
    """The rows of CSV files, session folders or folders of sessions; each path counts once.

    A file or a session that is named must be whole; in a folder of sessions a damaged one is left
    out, as in ``read_sessions``.

    Raises:
        InputError: a file is missing, damaged or without the needed columns, or there are no rows
            in any of them.
    """
    histories = []
    for path, given in {_whole(path).resolve(): path for path in paths}.items():
        if path.is_dir() and not any(path.glob(f"*/{HISTORY_FILE}")):
            raise InputError(
                f"The folder {given} has no {HISTORY_FILE}, nor has a folder in it: "
                "give a session folder, a folder of sessions, or a CSV file."
            )
        histories.append(read_sessions(given) if path.is_dir() else _read_session(_whole(given)))
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
    histories = []
    for path in sorted(folder.glob(f"*/{HISTORY_FILE}")):
        if path.parent.name == exclude:
            continue
        try:
            histories.append(_read_session(path))
        except InputError as error:
            histories.append(History(_empty_frame(), notes=(f"Left out: {error}",)))
    return join(histories)


def join(histories: Iterable[History]) -> History:
    """All rows of several histories, one after the other; of none, a history without rows.

    A round that stands in several of them, such as in a session and in a copy of its history,
    counts once, with a note.
    """
    import numpy as np
    import pandas

    from llmchem_tui.storage.history_copies import copies

    parts = list(histories)
    frames = [part.frame for part in parts if not part.frame.empty]
    notes = [note for part in parts for note in part.notes]
    frame = pandas.concat(frames, ignore_index=True) if frames else _empty_frame()
    if len(frames) > 1:
        again = copies(frame, np.repeat(range(len(frames)), [len(own) for own in frames]))
        if again.any():
            frame = frame[~again].reset_index(drop=True)
            notes.append(f"Rows of rounds that were given twice, counted once: {again.sum():,}.")
    return History(frame, sum(part.repaired for part in parts), tuple(notes))


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


def _read_session(path: Path) -> History:
    check_format(path.with_name(SESSION_FILE))
    return _read_file(path)


def _read_file(path: Path) -> History:
    content = read_table(path)
    (header,) = next(blocks(content, path), [[]])  # a byte order mark alone has none
    positions = _positions([name.strip() for name in header], path)
    frame = read_columns(content, path, positions)
    unusable = leave_out_unusable(frame)
    frame = _complete(frame)
    named = (frame["trial"] != "") & (frame["model"] != "")
    frame = frame if named.all() else frame[named]
    respell(frame, "recommended", str.lower)  # spreadsheets and pandas write TRUE and True
    respell(frame, "strategy", _strategy)
    shifted = _repair_shifted(frame)
    no_dates = _read_dates(frame)
    counts = {
        "shifted rows repaired (strategy unknown)": shifted,
        "rows without a trial or a model left out": int((~named).sum()),
        "numbers not readable or out of range, taken as missing": unusable,
        f"dates not readable, taken as missing (give them as {DATE_FORM}, in UTC)": no_dates,
    }
    notes = tuple(f"{path}: {what}: {count:,}." for what, count in counts.items() if count)
    return History(frame, shifted, notes)


def _strategy(text: str) -> str:
    """A strategy of ours as we spell it, whatever its case; any other as it is, "" of blanks."""
    from llmchem_tui.domain.strategies import Strategy

    name = text.strip()
    return name.upper() if name.upper() in set(Strategy) else name


def _read_dates(frame: pandas.DataFrame) -> int:
    """Put ``created`` in our form; returns how many cells are not blank and hold no date."""
    cells = frame["created"]
    changed = respell(frame, "created", date_in)
    unreadable = [cell for cell, date in changed.items() if not date and cell.strip()]
    return int(cells.isin(unreadable).sum()) if unreadable else 0


def _repair_shifted(frame: pandas.DataFrame) -> int:
    """Put right the rows whose date stands in the column before; returns how many there were."""
    undated = frame.index[frame["created"] == ""]
    strategies = frame.loc[undated, "strategy"]
    dates = [text for text in strategies.unique().tolist() if date_in(text)]
    shifted = undated[strategies.isin(dates)]
    frame.loc[shifted, "created"] = frame.loc[shifted, "strategy"]
    frame.loc[shifted, "strategy"] = ""
    return len(shifted)


def _positions(header: Sequence[str], path: Path) -> dict[str, int]:
    """Where each of our columns stands in the file; others are ignored."""
    names = [_ALIASES.get(name, name) for name in header]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise InputError(
            f"{path} lacks {', '.join(missing)}: a history needs the columns "
            f"{', '.join(_NEEDED)}, as a session's {HISTORY_FILE} has them."
        )
    known = [name for name in HISTORY_COLUMNS if name in names]
    twice = [name for name in known if names.count(name) > 1]
    if twice:
        raise InputError(f"{path} has the column {twice[0]} twice: remove or rename one of them.")
    return {name: names.index(name) for name in known}


def _complete(frame: pandas.DataFrame) -> pandas.DataFrame:
    """The frame with all our columns in their order, those that it lacks blank."""
    import pandas

    missing = {
        name: pandas.Series(math.nan if name in NUMBERS else "", frame.index, kind)
        for name in HISTORY_COLUMNS
        if name not in frame.columns
        for kind in ("float64" if name in NUMBERS else "str",)
    }
    return frame.assign(**missing)[list(HISTORY_COLUMNS)]


def _empty_frame() -> pandas.DataFrame:
    import pandas

    return _complete(pandas.DataFrame())
