"""Reading the files of histories: rows are gathered file by file, and then repaired together.

A session's file is small, and there may be thousands: a frame for each would take the most time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.strategies import Strategy
from llmchem_tui.storage.history_columns import (
    DATE_FORM,
    Columns,
    date_in,
    leave_out_unusable,
    read_large,
    respell,
)
from llmchem_tui.storage.rounds import HISTORY_COLUMNS
from llmchem_tui.storage.tables import blocks, read_table

if TYPE_CHECKING:
    import pandas

_NEEDED = ("trial", "model", "task", "quality", "accuracy")

_ALIASES = {"generation_accuracy": "gen_accuracy"}
_STRATEGIES = frozenset(Strategy)
_BEGINNING = 2**22  # bytes in which a header stands

LARGE = 2**22
"""Bytes from which a file may be read in the quick way, which takes long to prepare."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of several files, in their order, as ``History`` has them.

    ``source`` numbers the file of each row, ascending. ``repaired`` and ``notes`` as in
    ``History``.
    """

    frame: pandas.DataFrame
    source: NDArray[np.intp]
    repaired: int
    notes: tuple[str, ...]


class Reading:
    """Takes in the ``wanted`` columns of one file after the other."""

    def __init__(self, wanted: Sequence[str] = HISTORY_COLUMNS) -> None:
        self._wanted = wanted
        self._columns = Columns(wanted)
        self._frames: list[pandas.DataFrame] = []
        self._files: list[Path | InputError] = []
        self._sizes: list[int] = []
        self._positions: dict[tuple[str, ...], dict[str, int]] = {}

    def add(self, path: Path) -> None:
        """Read a file; of one that is damaged nothing is taken in.

        Raises:
            InputError: it is missing, damaged or without the needed columns.
        """
        large = _size(path) >= LARGE
        content = read_table(path, _BEGINNING if large else -1)
        read = blocks(content, path)
        (header,) = next(read, [[]])  # a byte order mark alone has none
        positions = self._positions_in(tuple(header), path)
        if not large:
            rows = [row for block in read for row in block]
            self._columns.add(rows, positions)
            size = len(rows)
        else:
            frame = read_large(path, len(header), positions, self._wanted)
            self._frames += [self._columns.frame(), frame]
            self._columns, size = Columns(self._wanted), len(frame)
        self._files.append(path)
        self._sizes.append(size)

    def _positions_in(self, header: tuple[str, ...], path: Path) -> dict[str, int]:
        if header not in self._positions:
            self._positions[header] = _positions([name.strip() for name in header], path)
        return self._positions[header]

    def leave_out(self, error: InputError) -> None:
        """Note, in the place of a file, why there is nothing of it."""
        self._files.append(error)
        self._sizes.append(0)

    def rows(self) -> Rows:
        """All rows of the files, repaired."""
        frame, source = self._frame(), np.repeat(np.arange(len(self._files)), self._sizes)
        named = (frame["trial"].to_numpy() != "") & (frame["model"].to_numpy() != "")
        nameless = self._by_file(source, ~named)
        if not named.all():
            frame, source = frame[named], source[named]
        unusable = leave_out_unusable(frame)
        if "recommended" in frame.columns:
            respell(frame, "recommended", str.lower)  # spreadsheets and pandas write TRUE and True
        respell(frame, "strategy", _strategy)
        shifted = _repair_shifted(frame)
        counts = {
            "shifted rows repaired (strategy unknown)": self._by_file(source, shifted),
            "rows without a trial or a model left out": nameless,
            "numbers not readable or out of range, taken as missing": self._by_file(
                source, unusable
            ),
            f"dates not readable, taken as missing (give them as {DATE_FORM}, in UTC)": (
                self._by_file(source, _read_dates(frame))
            ),
        }
        return Rows(frame, source, int(shifted.sum()), tuple(self._notes(counts)))

    def _frame(self) -> pandas.DataFrame:
        import pandas

        frames = [*self._frames, self._columns.frame()]
        filled = [frame for frame in frames if len(frame)]
        return pandas.concat(filled, ignore_index=True) if filled else frames[0]

    def _by_file(self, source: NDArray[np.intp], found: NDArray[Any]) -> NDArray[np.intp]:
        """How many were found in each file; ``found`` is by row."""
        return np.bincount(source, found, len(self._files)).astype(np.intp)

    def _notes(self, counts: Mapping[str, NDArray[np.intp]]) -> Iterator[str]:
        for place, file in enumerate(self._files):
            if isinstance(file, InputError):
                yield f"Left out: {file}"
            for what, by_file in counts.items():
                if by_file[place]:
                    yield f"{file}: {what}: {by_file[place]:,}."


def _size(path: Path) -> int:
    """How many bytes a file has; 0 where it cannot be told, since reading it tells why."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _positions(header: Sequence[str], path: Path) -> dict[str, int]:
    """Where each of our columns stands in the file; others are ignored."""
    names = [_ALIASES.get(name, name) for name in header]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise InputError(
            f"{path} lacks {', '.join(missing)}: a history needs the columns "
            f"{', '.join(_NEEDED)}, as a session's history.csv has them."
        )
    known = [name for name in HISTORY_COLUMNS if name in names]
    twice = [name for name in known if names.count(name) > 1]
    if twice:
        raise InputError(f"{path} has the column {twice[0]} twice: remove or rename one of them.")
    return {name: names.index(name) for name in known}


def _strategy(text: str) -> str:
    """A strategy of ours as we spell it, whatever its case; any other as it is, "" of blanks."""
    name = text.strip()
    return name.upper() if name.upper() in _STRATEGIES else name


def _repair_shifted(frame: pandas.DataFrame) -> NDArray[np.bool_]:
    """Put right the rows whose date stands in the column before; returns which they were."""
    undated = frame["created"].to_numpy() == ""
    strategies = frame.loc[undated, "strategy"]
    dates = [text for text in strategies.unique().tolist() if date_in(text)]
    shifted = undated & frame["strategy"].isin(dates)
    if dates:
        frame.loc[shifted, "created"] = frame.loc[shifted, "strategy"]
        frame.loc[shifted, "strategy"] = ""
    return np.asarray(shifted)


def _read_dates(frame: pandas.DataFrame) -> NDArray[np.bool_]:
    """Put ``created`` in our form; returns which cells are not blank and hold no date."""
    cells = frame["created"]
    changed = respell(frame, "created", date_in)
    unreadable = [cell for cell, date in changed.items() if not date and cell.strip()]
    return cells.isin(unreadable).to_numpy()
