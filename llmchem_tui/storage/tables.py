"""CSV tables: cells and spreadsheet safety on the way out, a strict reader on the way in."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import math
import re
from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING

from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.files import read_bytes, storable

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

Cell = str | float | int | bool | None
"""A value of a row; None is a blank cell."""

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_LONGEST_CELL = 2**31 - 1
_CRLF = "\r\n"


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula; ``unguarded`` undoes it."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """The text behind a cell that ``guarded`` made. Only for files of ours."""
    return cell[1:] if cell.startswith("'") and _GUARDED.match(cell) else cell


def written(value: Cell) -> str:
    """The value as it stands in a file. A float comes back exactly; NaN and None are blank."""
    if value is None:
        return ""
    if isinstance(value, str):
        # the csv module would write a NUL, which no reader of ours or theirs accepts
        return guarded(storable(value).replace("\0", "\ufffd"))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return "" if math.isnan(value) else repr(float(value))


def csv_block(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> bytes:
    """The rows as CSV in UTF-8, one line each where no cell has several, without a header."""
    lines = _Lines()
    writer = csv.writer(lines, lineterminator=_CRLF)
    for row in rows:
        writer.writerow([written(row[column]) for column in columns])
    return "".join(lines).encode("utf-8")


class _Lines(list[str]):
    """A file of lines that end with LF; the csv module quotes a CR only where lines end with it."""

    def write(self, row: str) -> None:
        self.append(row.removesuffix(_CRLF) + "\n")


def header_line(columns: Sequence[str]) -> bytes:
    """The first line of a table."""
    return (",".join(columns) + "\n").encode("utf-8")


def whole_rows(
    content: bytes, trials: Container[bytes]
) -> Iterator[tuple[dict[str, str], int, int]]:
    """The rows of a table of ours, each as it is written, with where it begins and ends.

    A row that is damaged is left out, and so is what follows it up to the next line that begins
    with one of the ``trials``. The last row may lack the end of its line: then a part of its last
    cell may be lost. Blank lines are skipped.
    """
    csv.field_size_limit(_LONGEST_CELL)
    lines = content.splitlines(keepends=True)
    places = [0, *accumulate(map(len, lines))]
    header = next(csv.reader([lines[0].decode()]))
    line = 1
    while line < len(lines):
        first = line
        reader = csv.reader((lines[at].decode() for at in range(first, len(lines))), strict=True)
        with contextlib.suppress(csv.Error, UnicodeDecodeError):  # a cell without an end, say
            for cells in reader:
                begin, end = places[line], places[first + reader.line_num]
                if cells and (len(cells) != len(header) or content.find(b"\0", begin, end) >= 0):
                    break
                if cells:
                    yield dict(zip(header, cells, strict=True)), begin, end
                line = first + reader.line_num
        rest = range(line + 1, len(lines))
        line = next((at for at in rest if lines[at].partition(b",")[0] in trials), len(lines))


def read_rows(path: Path) -> Iterator[list[str]]:
    """The header and then every row of a CSV file; blank lines are skipped.

    A byte order mark, CRLF and cells of several lines are accepted.

    Raises:
        InputError: the file is missing, empty, not UTF-8 text, or has a row that is not whole;
            the sentence names the file, the line and the remedy.
    """
    return _rows(read_table(path), path)


def read_table(path: Path, most: int = -1) -> bytes:
    """The whole file, for ``blocks``, or the first ``most`` bytes of a longer one.

    Raises:
        InputError: it is missing, empty, or holds a NUL byte.
    """
    content = read_bytes(path, most)
    nul = content.find(b"\0")
    if nul >= 0:
        raise InputError(
            f"{path}, line {_line(content, nul)}: there is a NUL byte, so this is not a CSV file "
            "in UTF-8; export it again as text."
        )
    return content


def blocks(content: bytes, path: Path, rows: int = 1000) -> Iterator[list[list[str]]]:
    """What ``read_rows`` tells, in lists: of the header alone, then of up to so many rows.

    It is the faster one, as the rows are not looked at one by one. ``path`` names the file.

    Raises:
        InputError: as in ``read_rows``.
    """
    try:
        yield from _blocks(_reader(content), rows)
    except (csv.Error, UnicodeDecodeError, _NotWhole):
        deque(_rows(content, path), maxlen=0)  # it tells what is wrong, and on which line
        raise


class _NotWhole(Exception):
    """A row has more cells than the header, or fewer."""


def _blocks(reader: CsvReader, rows: int) -> Iterator[list[list[str]]]:
    header = next(filter(None, reader), None)
    if header is None:
        return
    yield [header]
    while block := list(islice(reader, rows)):
        if set(map(len, block)) != {len(header)}:
            block = [row for row in block if row]  # without blank lines
            if any(len(row) != len(header) for row in block):
                raise _NotWhole
        if block:
            yield block


def _reader(content: bytes) -> CsvReader:
    csv.field_size_limit(_LONGEST_CELL)  # the default would refuse a long answer of our own
    unmarked = io.BytesIO(content.removeprefix(codecs.BOM_UTF8))
    return csv.reader(io.TextIOWrapper(unmarked, encoding="utf-8", newline=""), strict=True)


def _rows(content: bytes, path: Path) -> Iterator[list[str]]:
    reader, line, width = _reader(content), 1, 0
    try:
        for row in reader:
            width = width or len(row)
            if row:
                if len(row) != width:
                    raise InputError(
                        f"{path}, line {line}: {len(row)} cells where the header has {width}; "
                        "repair or remove the row."
                    )
                yield row
            line = reader.line_num + 1
    except csv.Error:
        raise InputError(
            f"{path}, line {line}: a quoted cell does not end as it should; "
            "repair or remove the row."
        ) from None
    except UnicodeDecodeError:
        raise InputError(
            f"{path}, line {_line(content, _first_wrong_byte(content))}: this is not UTF-8 text; "
            "save the file as CSV in UTF-8."
        ) from None


def _first_wrong_byte(content: bytes) -> int:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return len(content)


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1
