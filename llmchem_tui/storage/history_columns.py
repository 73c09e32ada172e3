"""The cells of a history as columns: numbers with NaN for missing, everything else as text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmchem_tui.storage.tables import blocks, unguarded

if TYPE_CHECKING:
    import numpy as np
    import pandas
    from numpy.typing import NDArray

NUMBERS = {
    "latency": (0.0, math.inf),
    "temperature": (0.0, math.inf),
    "quality": (0.0, 10.0),
    "gen_accuracy": (0.0, 1.0),
    "variance": (0.0, math.inf),
    "review_accuracy": (0.0, 1.0),
    "accuracy": (0.0, 1.0),
    "confidence": (0.0, 1.0),
    "tokens_in": (0.0, math.inf),
    "tokens_out": (0.0, math.inf),
}
"""The columns of numbers, each with the range that it can have."""

LARGE = 2**22
"""Bytes from which a file may be read in the quick way, which takes long to prepare."""

DATE_FORM = "2026-01-31 09:15:00"
"""How a moment is written in ``created``: in UTC. Such texts are in order of time."""

_OURS = {"vignette", "status"}
_BEGINS_WITH_A_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:[ T].+)?", re.ASCII)
_MAYBE_GUARDED = re.compile(rb"'[=+\-@\t\r]")


def read_columns(content: bytes, path: Path, positions: Mapping[str, int]) -> pandas.DataFrame:
    """The columns at these positions of a CSV file with a header.

    What is no number is infinite in a column of numbers. Texts of files of ours lose the guard
    against spreadsheets.

    Raises:
        InputError: as ``tables.blocks``.
    """
    rows = blocks(content, path)
    (header,) = next(rows)
    guarded = positions.keys() >= _OURS
    if len(content) >= LARGE and not (guarded and _MAYBE_GUARDED.search(content)):
        from llmchem_tui.storage.plain_csv import read_plain

        frame = read_plain(content, len(header), positions, NUMBERS.keys())
        if frame is not None:
            return frame
    columns = _Columns(positions, guarded=guarded)
    for block in rows:
        cells = list(zip(*block, strict=True))
        columns.add({name: cells[position] for name, position in positions.items()})
    return columns.frame()


def columns_of(cells: Mapping[str, Sequence[str]]) -> pandas.DataFrame:
    """The columns of rows as we write them, given as the cells of each column."""
    columns = _Columns(cells, guarded=True)
    columns.add(cells)
    return columns.frame()


def leave_out_unusable(frame: pandas.DataFrame) -> int:
    """Put NaN for each number that is not of its column's range; returns how many there were."""
    import numpy as np

    unusable = 0
    for name, (low, high) in NUMBERS.items():
        if name in frame.columns:
            own = frame[name].to_numpy()
            wrong = ~np.isnan(own) & ~(np.isfinite(own) & (own >= low) & (own <= high))
            if wrong.any():
                frame[name] = np.where(wrong, np.nan, own)
                unusable += int(wrong.sum())
    return unusable


def respell(frame: pandas.DataFrame, column: str, spelling: Callable[[str], str]) -> dict[str, str]:
    """Put ``spelling(text)`` for each text of a column; returns the texts that were changed.

    Each distinct text is asked for once: long histories have few.
    """
    own = frame[column]
    spelled = {text: spelling(text) for text in own.unique().tolist()}
    changed = {text: other for text, other in spelled.items() if text != other}
    if changed:
        frame[column] = own.map(spelled).astype(own.dtype)
    return changed


def date_in(text: str) -> str:
    """The moment that a text names, as ``DATE_FORM``; "" where it names none.

    Read is what ISO 8601 and pandas write: a day with or without a time, a fraction of a second
    (cut off) and a zone. Without a time it is midnight, without a zone UTC.
    """
    text = text.strip()
    if not _BEGINS_WITH_A_DAY.fullmatch(text):
        return ""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day or time; or before the year 1 in UTC
        return ""
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")


class _Texts(dict[str, str]):
    """Cell → the text in it, one for all equal cells: most texts of a history come again."""

    def __init__(self, *, guarded: bool) -> None:
        super().__init__()
        self._guarded = guarded

    def __missing__(self, cell: str) -> str:
        text = self[cell] = self.alone(cell)
        return text

    def alone(self, cell: str) -> str:
        """The text in a cell that has hardly an equal."""
        return unguarded(cell) if self._guarded else cell


class _Columns:
    """Columns that grow by blocks of rows."""

    def __init__(self, names: Collection[str], *, guarded: bool) -> None:
        self._parts: dict[str, list[NDArray[Any]]] = {name: [] for name in names}
        self._texts = _Texts(guarded=guarded)

    def add(self, cells: Mapping[str, Sequence[str]]) -> None:
        """Add rows, given as the cells of each column."""
        import numpy as np

        for name, own in cells.items():
            if name in NUMBERS:
                part = _figures(own)
            else:
                text_in = self._texts.alone if name == "result" else self._texts.__getitem__
                part = np.fromiter(map(text_in, own), np.dtype(object), len(own))
            self._parts[name].append(part)

    def frame(self) -> pandas.DataFrame:
        """All rows so far."""
        import numpy as np
        import pandas

        kinds = {name: "float64" if name in NUMBERS else "str" for name in self._parts}
        return pandas.DataFrame(
            {
                name: pandas.Series(np.concatenate(parts) if parts else [], dtype=kinds[name])
                for name, parts in self._parts.items()
            }
        )


def _figures(cells: Sequence[str]) -> NDArray[np.float64]:
    import numpy as np

    try:
        return np.fromiter((float(cell or "nan") for cell in cells), np.float64, len(cells))
    except ValueError:
        return np.array([_figure(cell) for cell in cells])


def _figure(cell: str) -> float:
    """The number in a cell, NaN where it is blank, infinite where it is no number at all."""
    if not cell or cell.isspace():
        return math.nan
    try:
        return float(cell)
    except ValueError:
        return math.inf
