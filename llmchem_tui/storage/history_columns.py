"""The cells of a history as columns: numbers with NaN for missing, everything else as text."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
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

    from llmchem_tui.storage.plain_csv import Plain, Texts

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
    from llmchem_tui.storage.plain_csv import NotPlain, read_plain

    read = {name: positions[name] for name in wanted if name in positions}
    # The careful way, below, tells what is wrong.
    with suppress(OSError, NotPlain), path.open("rb") as file:
        plain = read_plain(file, width, read, NUMBERS.keys())
        if "status" in wanted and "result" in positions.keys() - read and _lacks_status(plain):
            file.seek(0)
            read["result"] = positions["result"]
            plain = read_plain(file, width, read, NUMBERS.keys())
        return _plain_frame(plain, wanted, guarded=is_ours(positions))
    columns = Columns(wanted)
    rows = blocks(read_table(path), path)
    next(rows)
    for block in rows:
        columns.add(block, positions)
    return columns.frame()


def _lacks_status(plain: Plain) -> bool:
    return "status" not in plain.texts or "" in plain.texts["status"].distinct


def _plain_frame(plain: Plain, wanted: Sequence[str], *, guarded: bool) -> pandas.DataFrame:
    import numpy as np
    import pandas

    from llmchem_tui.storage.plain_csv import Texts

    texts = defaultdict(lambda: Texts([""], np.zeros(plain.size, np.uint32)), plain.texts)
    if "result" in texts:
        texts["status"] = _statuses(texts["status"], texts["result"])

    def column(name: str) -> Any:
        if name in NUMBERS:
            own = plain.numbers.get(name)
            return np.full(plain.size, math.nan) if own is None else own
        distinct = texts[name].distinct
        behind = [*map(unguarded, distinct)] if guarded else distinct
        return pandas.array(behind, dtype="str").take(texts[name].places)

    return pandas.DataFrame({name: column(name) for name in wanted}, copy=False)


def _statuses(statuses: Texts, results: Texts) -> Texts:
    """How answers ended, as ``_status`` says of one."""
    import numpy as np

    there = np.array([*map(bool, results.distinct)], dtype=bool)[results.places]
    told = np.array([*map(bool, statuses.distinct)], dtype=bool)[statuses.places]
    ok = len(statuses.distinct)
    places = np.where(there & ~told, np.uint32(ok), statuses.places)
    return replace(statuses, distinct=[*statuses.distinct, "ok"], places=places)


def _status(status: str, result: str) -> str:
    """How an answer ended: published files do not say, but one with a text has ended well."""
    return status or ("ok" if result else "")


def columns_of(cells: Mapping[str, Sequence[str]]) -> pandas.DataFrame:
    """All our columns of rows as we write them, given as the cells of each."""
    columns = Columns()
    columns.add(list(zip(*cells.values(), strict=True)), {name: i for i, name in enumerate(cells)})
    return columns.frame()


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
    import pandas

    own = frame[column]
    # of an array of objects: of a column of text it takes twice as long
    distinct = pandas.unique(own.to_numpy(dtype=object))
    spelled = {text: spelling(text) for text in distinct.tolist()}
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


class _Numbers(dict[str, int]):
    """Cell → the number of the text in it among ``texts``: most texts of a history come again."""

    def __init__(self, texts: list[str], *, guarded: bool) -> None:
        super().__init__()
        self._texts = texts
        self._guarded = guarded

    def __missing__(self, cell: str) -> int:
        number = self[cell] = len(self._texts)
        self._texts.append(unguarded(cell) if self._guarded else cell)
        return number

    def of(self, column: str, cells: Iterable[str]) -> Iterable[int]:
        """The numbers of cells: of a column whose cells have hardly an equal, new ones.

        The dictionary would take more room than they do.
        """
        if column != "result":
            return map(self.__getitem__, cells)
        begin = len(self._texts)
        self._texts.extend(map(unguarded, cells) if self._guarded else cells)
        return range(begin, len(self._texts))


class Columns:
    """Columns of ours, of rows that come by and by, from one file or from many."""

    def __init__(self, wanted: Sequence[str] = HISTORY_COLUMNS) -> None:
        self._parts: dict[str, list[NDArray[Any]]] = {name: [] for name in wanted}
        self._cells: dict[str, list[str]] = {name: [] for name in wanted if name in NUMBERS}
        self._places: dict[str, list[int]] = {name: [] for name in wanted if name not in NUMBERS}
        self._texts: list[str] = []
        self._numbers = {
            guarded: _Numbers(self._texts, guarded=guarded) for guarded in (False, True)
        }

    def add(self, rows: Sequence[Sequence[str]], positions: Mapping[str, int]) -> None:
        """Add rows of cells, in which our columns stand at these positions; others are blank."""
        numbers = self._numbers[is_ours(positions)]
        columns = list(zip(*rows, strict=True))
        for name in self._parts:
            there = columns and name in positions
            cells: Iterable[str] = columns[positions[name]] if there else repeat("", len(rows))
            if name == "status" and columns and "result" in positions:
                cells = map(_status, cells, columns[positions["result"]])
            if name in NUMBERS:
                self._cells[name].extend(cells)
            else:
                self._places[name].extend(numbers.of(name, cells))
        if len(self._places["trial"]) >= _ROWS:
            self._convert()

    def _convert(self) -> None:
        import numpy as np

        for name, cells in self._cells.items():
            self._parts[name].append(_figures(cells))
            cells.clear()
        for name, places in self._places.items():
            self._parts[name].append(np.array(places, np.int32))
            places.clear()

    def frame(self) -> pandas.DataFrame:
        """All rows so far."""
        import numpy as np
        import pandas

        self._convert()
        texts = pandas.array(self._texts, dtype="str")
        columns = {name: np.concatenate(parts) for name, parts in self._parts.items()}
        return pandas.DataFrame(
            {
                name: column if name in NUMBERS else texts.take(column)
                for name, column in columns.items()
            },
            copy=False,
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
