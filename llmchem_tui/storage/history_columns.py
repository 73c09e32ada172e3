"""The cells of a history as columns: numbers with NaN for missing, everything else as text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmchem_tui.storage.rounds import HISTORY_COLUMNS
from llmchem_tui.storage.tables import blocks, read_table, unguarded

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

DATE_FORM = "2026-01-31 09:15:00"
"""How a moment is written in ``created``: in UTC. Such texts are in order of time."""

_OURS = {"vignette", "status"}
_ROWS = 1000  # read together: their numbers, as texts, take many times the room
_BEGINS_WITH_A_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:[ T].+)?", re.ASCII)


def is_ours(columns: Collection[str]) -> bool:
    """Whether a file with these columns is one of ours, in which texts are guarded."""
    return _OURS.issubset(columns)


def read_large(
    path: Path, width: int, positions: Mapping[str, int], wanted: Sequence[str]
) -> pandas.DataFrame:
    """The ``wanted`` columns of a CSV file with a header of ``width`` cells; ``positions``: where.

    What is no number is infinite in a column of numbers; what the file lacks is blank. Texts of
    files of ours lose the guard against spreadsheets.

    Raises:
        InputError: as ``tables.blocks`` and ``read_table``.
    """
    from llmchem_tui.storage.plain_csv import read_plain

    guarded = is_ours(positions)
    read = {name: positions[name] for name in wanted if name in positions}
    with suppress(OSError), path.open("rb") as file:  # the careful way tells what is wrong
        frame = read_plain(file, width, read, NUMBERS.keys(), guarded=guarded)
        if frame is not None:
            return _complete(frame, wanted)
    columns = Columns(wanted)
    rows = blocks(read_table(path), path)
    next(rows)
    for block in rows:
        columns.add(block, positions)
    return columns.frame()


def columns_of(cells: Mapping[str, Sequence[str]]) -> pandas.DataFrame:
    """All our columns of rows as we write them, given as the cells of each."""
    columns = Columns()
    columns.add(list(zip(*cells.values(), strict=True)), {name: i for i, name in enumerate(cells)})
    return columns.frame()


def _complete(frame: pandas.DataFrame, wanted: Sequence[str]) -> pandas.DataFrame:
    """The frame with all ``wanted`` columns in their order, those that it lacks blank."""
    import pandas

    missing = {
        name: pandas.Series(math.nan if name in NUMBERS else "", frame.index, _kind(name))
        for name in wanted
        if name not in frame.columns
    }
    return frame.assign(**missing)[list(wanted)]


def _kind(name: str) -> str:
    return "float64" if name in NUMBERS else "str"


def leave_out_unusable(frame: pandas.DataFrame) -> NDArray[np.intp]:
    """Put NaN for each number that is not of its column's range; returns how many by row."""
    import numpy as np

    unusable = np.zeros(len(frame), np.intp)
    for name, (low, high) in NUMBERS.items():
        if name in frame.columns:
            own = frame[name].to_numpy()
            wrong = ~np.isnan(own) & ~(np.isfinite(own) & (own >= low) & (own <= high))
            if wrong.any():
                frame[name] = np.where(wrong, np.nan, own)
                unusable += wrong
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


class Columns:
    """Columns of ours, of rows that come by and by, from one file or from many."""

    def __init__(self, wanted: Sequence[str] = HISTORY_COLUMNS) -> None:
        self._cells: dict[str, list[str]] = {name: [] for name in wanted}
        self._parts: dict[str, list[NDArray[Any]]] = {name: [] for name in wanted}
        self._texts = {guarded: _Texts(guarded=guarded) for guarded in (False, True)}

    def add(self, rows: Sequence[Sequence[str]], positions: Mapping[str, int]) -> None:
        """Add rows of cells, in which our columns stand at these positions; others are blank."""
        texts = self._texts[is_ours(positions)]
        columns = list(zip(*rows, strict=True))
        for name, cells in self._cells.items():
            if not columns or name not in positions:
                cells.extend(repeat("", len(rows)))
            elif name in NUMBERS:
                cells.extend(columns[positions[name]])
            else:
                text_in = texts.alone if name == "result" else texts.__getitem__
                cells.extend(map(text_in, columns[positions[name]]))
        if len(self._cells["trial"]) >= _ROWS:
            self._convert()

    def _convert(self) -> None:
        import numpy as np

        for name, cells in self._cells.items():
            kind = np.dtype(object)
            part = _figures(cells) if name in NUMBERS else np.fromiter(cells, kind, len(cells))
            self._parts[name].append(part)
            cells.clear()

    def frame(self) -> pandas.DataFrame:
        """All rows so far."""
        import numpy as np
        import pandas

        self._convert()
        return pandas.DataFrame(
            {
                name: pandas.Series(np.concatenate(parts), dtype=_kind(name))
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
