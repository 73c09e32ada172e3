"""Large CSV files by the book, many times faster than with the csv module.

By the book is RFC 4180: every row has the same number of cells; a cell with a quote in it is quoted
whole, and its quotes are doubled; it is UTF-8, without a NUL byte or a blank line, and its lines
end with LF or CR LF. Of such a file no two readers differ, so that Polars' reader, which forgives
what must not be forgiven, can be trusted with it. The file is never held whole: its texts may take
more room than all that is wanted of it.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars

_MARKS = tuple(b'",\r\n')
_PIECE = 2**18  # bytes looked at together, a multiple of _WORD: they and their marks stay cached
_WIDEST = 2**14  # columns, each of which takes Polars time and room before the first row
_WORD = 64  # bits
_ZERO, _ONE, _LAST = np.uint64(0), np.uint64(1), np.uint64(_WORD - 1)
_BLOCK = 2**24  # bytes that Polars reads together

Bits = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """A column of text: row i has ``distinct[places[i]]``; where few come again, all are there."""

    distinct: list[str]
    places: NDArray[np.unsignedinteger]


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """Columns of a file with so many rows; numbers have NaN for a blank cell."""

    size: int
    numbers: Mapping[str, NDArray[np.float64]]
    texts: Mapping[str, Texts]


class NotPlain(Exception):
    """A file must be read with care."""


def read_plain(
    file: BinaryIO, width: int, positions: Mapping[str, int], numbers: Set[str]
) -> Plain:
    """The columns at these positions of a file that begins with a header of ``width`` cells.

    Those of ``numbers`` are numbers, the others text.

    Raises:
        NotPlain: the file is not by the book, or has very many columns, or a cell of the numbers
            holds none that Polars knows.
    """
    import polars

    if width > _WIDEST:
        raise NotPlain
    names = dict.fromkeys(map(str, range(width)))
    names |= {str(place): name for name, place in positions.items()}
    schema = {
        place: polars.Float64 if name in numbers else polars.String for place, name in names.items()
    }
    wanted = [polars.col(str(place)).alias(name) for name, place in positions.items()]
    columns = _Columns(positions.keys() & numbers, positions.keys() - numbers)

    def read(rows: bytes, headers: int) -> None:
        lazy = polars.scan_csv(rows, has_header=False, skip_rows=headers, schema=schema)
        columns.add(lazy.select(wanted).collect())

    before: Future[None] | None = None
    with ThreadPoolExecutor(1) as beside:  # while the rows that come next are gone through
        try:
            for rows in whole_rows(file, width):
                if before:
                    before.result()  # one at a time: they may take more room than the columns
                before = beside.submit(read, rows, 0 if before else 1)
            if not before:
                raise NotPlain  # it is empty
            before.result()
        except polars.exceptions.ComputeError as error:  # no number
            raise NotPlain from error
    return columns.all()


class _Columns:
    """Columns whose rows come by and by."""

    def __init__(self, numbers: Set[str], texts: Set[str]) -> None:
        self._size = 0
        self._numbers: dict[str, list[NDArray[np.float64]]] = {name: [] for name in numbers}
        self._texts: dict[str, list[polars.Series]] = {name: [] for name in texts}
        self._distinct: dict[str, polars.Categories] = {}

    def add(self, rows: polars.DataFrame) -> None:
        """Add rows; the first tell of which columns most texts come again.

        Where others follow that do not, their texts take room twice, which is no fault.
        """
        import polars

        if not self._size:
            few = [name for name in self._texts if 2 * rows[name].n_unique() <= len(rows)]
            self._distinct = {name: polars.Categories.random() for name in few}
        self._size += len(rows)
        for name, parts in self._numbers.items():
            parts.append(rows[name].to_numpy())
        for name, texts in self._texts.items():
            column = rows[name].fill_null("")
            if name in self._distinct:
                column = column.cast(polars.Categorical(self._distinct[name]))
            texts.append(column)

    def all(self) -> Plain:
        """All that was added."""
        numbers = {name: np.concatenate(parts) for name, parts in self._numbers.items()}
        return Plain(self._size, numbers, {name: self._column(name) for name in self._texts})

    def _column(self, name: str) -> Texts:
        parts = self._texts[name]
        if name in self._distinct:
            places = np.concatenate([part.to_physical().to_numpy() for part in parts])
            return Texts(self._distinct[name].to_series().to_list(), places)
        texts = [text for part in parts for text in part.to_list()]
        return Texts(texts, np.arange(len(texts), dtype=np.uint32))


def whole_rows(file: BinaryIO, width: int) -> Iterator[bytes]:
    """The rows of a file, the header first, some megabytes at a time; the last one gets an end.

    Raises:
        NotPlain: the file is not by the book.
    """
    survey = _Survey(width)
    held: list[bytes] = []
    size = whole = 0  # bytes held, and up to the end of the last row
    first = True
    for piece in _pieces(file):
        if not survey.takes(piece):
            raise NotPlain
        end = survey.last_end
        if end and size + end >= _BLOCK:
            yield _together([*held, piece[:end]], first)
            held, size, whole, first = [piece[end:]], len(piece) - end, 0, False
        else:
            whole = size + end if end else whole
            held.append(piece)
            size += len(piece)
    if whole < size:
        raise NotPlain  # a quote is still open
    if size:
        yield _together(held, first)


def _together(pieces: Sequence[bytes], first: bool) -> bytes:
    rows = b"".join(pieces)
    if not first and rows.startswith(codecs.BOM_UTF8):
        raise NotPlain  # Polars would take it for the beginning of a file
    return rows


class _Survey:
    """A look at a file, whose rows, the first included, shall have ``width`` cells each.

    What stands where is held as bits, 64 bytes of the file to a word, the first in the lowest bit:
    there are so many commas and quotes that lists of their places take twice as long.
    """

    def __init__(self, width: int) -> None:
        self.last_end = 0  # where in the last piece the last row of it ends; 0: nowhere
        self._width = width
        self._rows = self._cells = 0
        self._inside = _ZERO  # one while a quote is open
        self._after_mark, self._after_quoted = _Before(1), _Before(0)
        self._after_return = _Before(0)
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def takes(self, piece: bytes) -> bool:
        """Look at the next piece; whether the file is by the book so far."""
        return self._is_text(piece) and self._takes_marks(piece)

    def _is_text(self, piece: bytes) -> bool:
        pending, _ = self._decoder.getstate()
        if pending or not piece.isascii():
            try:
                self._decoder.decode(piece)
            except UnicodeDecodeError:
                return False
        return b"\0" not in piece

    def _takes_marks(self, piece: bytes) -> bool:
        filled = piece.ljust(-(-len(piece) // _WORD) * _WORD, b"\0")
        text = np.frombuffer(filled, np.uint8)
        quote, comma, carriage_return, line_end = (_bits(text == mark) for mark in _MARKS)
        inside = self._odd(quote)
        free, mark = ~inside, quote | comma | line_end
        amiss = (
            (quote & inside & ~self._after_mark(mark))
            | (self._after_quoted(quote & free) & ~(mark | carriage_return))
            | (self._after_return(carriage_return & free) & ~line_end)
        )
        return not amiss.any() and self._takes_cells((comma | line_end) & free, line_end & free)

    def _odd(self, quote: Bits) -> Bits:
        """Whether up to and with each byte there was an odd number of quotes: then one is open."""
        # Each bit becomes the sum, modulo 2, of those up to it: 0b01001 turns into 0b00111.
        odd = quote.copy()
        for shift in (1, 2, 4, 8, 16, 32):
            odd ^= odd << np.uint64(shift)
        by_word = np.bitwise_xor.accumulate(np.append(self._inside, odd >> _LAST))
        self._inside = by_word[-1]
        odd ^= -by_word[:-1]  # turns all bits of a word that begins with an open quote
        return odd

    def _takes_cells(self, ends: Bits, line_ends: Bits) -> bool:
        """Count the ends of cells; whether each ``width``-th of them, and no other, ends a line."""
        with_end = np.flatnonzero(line_ends)  # few of the words: most rows are longer
        each = np.unpackbits(line_ends[with_end].view(np.uint8), bitorder="little")
        place, bit = np.divmod(np.flatnonzero(each.view(bool)), _WORD)
        word = with_end[place]
        by_word = np.cumsum(np.append(self._cells, np.bitwise_count(ends)))
        before = (_ONE << bit.astype(np.uint64)) - _ONE
        in_word = np.bitwise_count(ends[word] & before) + 1
        rows = self._rows + np.arange(1, len(word) + 1)
        self.last_end = int(word[-1] * _WORD + bit[-1]) + 1 if len(word) else 0
        self._cells, self._rows = int(by_word[-1]), self._rows + len(word)
        every = np.array_equal(by_word[word] + in_word, rows * self._width)
        return every and self._rows == self._cells // self._width


class _Before:
    """Tells for each byte what was found of the one before, from piece to piece of a file."""

    def __init__(self, at_first: int) -> None:
        self._last = np.uint64(at_first)

    def __call__(self, found: Bits) -> Bits:
        before = found << _ONE
        before |= np.append(self._last, found[:-1] >> _LAST)
        self._last = found[-1] >> _LAST
        return before


def _bits(found: NDArray[np.bool_]) -> Bits:
    return np.packbits(found, bitorder="little").view("<u8")


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The pieces of a file; the last line, which needs no end, gets one."""
    piece = file.read(_PIECE)
    while piece:
        following = file.read(_PIECE)
        yield piece if following or piece.endswith(b"\n") else piece + b"\r\n"
        piece = following
