"""Large CSV files by the book, several times faster than with the csv module.

By the book is RFC 4180: every row has the same number of cells; a cell with a quote in it is quoted
whole, and its quotes are doubled. Of such a file no two readers differ, so that pandas' reader,
which forgives what must not be forgiven, can be trusted with it. The file is gone through twice
and never held: its texts may take more room than all that is wanted of it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.storage.tables import unguarded

if TYPE_CHECKING:
    import pandas

_MARKS = _QUOTE, _COMMA, _RETURN, _LINE_END = tuple(b'",\r\n')
_PLUS = ord("+")
_NUMBER = "(?:-?[0-9.]+(?:[eE][+-]?[0-9]+)?)?"  # or a blank
_MAYBE_GUARDED = re.compile(rb"""[,\n"]'[=+\-@\t\r']""")
_PIECE = 2**18  # bytes looked at together: they and their marks stay in the cache
_ROWS = 20_000  # bounds what pandas holds of the file


def read_plain(
    file: BinaryIO,
    width: int,
    positions: Mapping[str, int],
    numbers: Set[str],
    *,
    guarded: bool = False,
) -> pandas.DataFrame | None:
    """The columns at these positions of a file that begins with a header of ``width`` cells.

    Columns of ``numbers`` are float64 with NaN for a blank cell, the others are text, without the
    guard against spreadsheets in a file where they are ``guarded``. None: the file is not by the
    book, not UTF-8, grows while it is read, or has a NUL byte, or a cell of the numbers holds none
    that pandas knows; then it must be read with care.
    """
    import pandas

    survey = Survey(file, width)
    if not survey.plain:
        return None
    kinds = {name: "float64" if name in numbers else "str" for name in positions}
    try:
        chunks = list(_chunks(file, width, positions, kinds))
    except ValueError:
        return None
    if sum(map(len, chunks)) != survey.rows - 1:
        return None
    doubtful = _doubtful(chunks, numbers & positions.keys(), pluses=survey.pluses)
    if doubtful:
        for chunk in _chunks(file, width, positions, dict.fromkeys(doubtful, "str")):
            if not all(chunk[name].str.fullmatch(_NUMBER).all() for name in doubtful):
                return None
    frame = pandas.concat(chunks, ignore_index=True)[list(positions)]
    if guarded and survey.guards:
        _unguard(frame, positions.keys() - numbers)
    return frame


def _unguard(frame: pandas.DataFrame, names: Iterable[str]) -> None:
    for name in names:
        quoted = frame[name].str.startswith("'")
        if quoted.any():
            texts = frame.loc[quoted, name]
            frame.loc[quoted, name] = [unguarded(text) for text in texts.tolist()]


def _doubtful(chunks: Iterable[pandas.DataFrame], numbers: Set[str], *, pluses: bool) -> Set[str]:
    """The columns in which pandas may have found numbers that Python would not.

    It takes a column of nothing but true and false for 1 and 0, and "+1e 5" for 100,000.
    """
    if pluses:
        return numbers
    return {
        name
        for chunk in chunks
        for name in numbers
        if chunk[name].dropna().isin([0.0, 1.0]).all() and chunk[name].notna().any()
    }


def _chunks(
    file: BinaryIO, width: int, positions: Mapping[str, int], kinds: Mapping[str, str]
) -> Iterator[pandas.DataFrame]:
    """The columns of these ``kinds``, some rows at a time."""
    import pandas

    file.seek(0)
    known = {position: name for name, position in positions.items()}
    yield from pandas.read_csv(
        file,
        encoding="utf-8",
        header=0,
        names=[known.get(place, str(place)) for place in range(width)],
        index_col=False,
        usecols=list(kinds),
        dtype=dict(kinds),
        keep_default_na=False,
        na_values={name: [""] for name, kind in kinds.items() if kind == "float64"},
        chunksize=_ROWS,
        low_memory=False,  # else it reads parts of a chunk by themselves: see _doubtful
    )


class Survey:
    """A first look at a file, whose rows, the first included, shall have ``width`` cells each.

    ``plain``: it is UTF-8 by the book, with no blank line and no NUL byte, and its lines end with
    LF or CR LF. Only then the others tell something: ``rows``, the header included; ``pluses``:
    a number may begin with a plus sign; ``guards``: a text may have a guard.
    """

    def __init__(self, file: BinaryIO, width: int) -> None:
        self.pluses = self.guards = False
        self._width = width
        self._cells = 0
        self._inside = False
        self._last = _LINE_END
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.plain = all(map(self._look, _windows(file))) and self._is_whole

    @property
    def rows(self) -> int:
        return -(-self._cells // self._width)

    @property
    def _is_whole(self) -> bool:
        unended = self._last != _LINE_END  # the last line needs no end
        return not self._inside and (self._cells + unended) % self._width == 0

    def _look(self, window: bytes) -> bool:
        """Take in a piece of the file, between its neighbours; whether it is by the book."""
        text = np.frombuffer(window, np.uint8)
        self._last = window[-2]
        self._look_for_signs(window, text)
        return self._is_text(window) and self._takes_marks(text)

    def _look_for_signs(self, window: bytes, text: NDArray[np.uint8]) -> None:
        if not self.pluses and b"+" in window:
            before = text[np.flatnonzero(text[1:] == _PLUS)]
            self.pluses = bool(_any_of(before, *b' \t\n\v\f\r,"').any())
        if not self.guards and b"'" in window:
            self.guards = _MAYBE_GUARDED.search(window) is not None

    def _is_text(self, window: bytes) -> bool:
        pending, _ = self._decoder.getstate()
        if pending or not window.isascii():
            try:
                self._decoder.decode(window[1:-1])
            except UnicodeDecodeError:
                return False
        return b"\0" not in window

    def _takes_marks(self, text: NDArray[np.uint8]) -> bool:
        places = np.flatnonzero(_any_of(text, *_MARKS))
        marks = text[places]
        own = slice(*np.searchsorted(places, (1, len(text) - 1)))  # without the neighbours
        touching = np.diff(places, prepend=-2, append=len(text) + 1) == 1
        follows_one, precedes_one = touching[:-1][own], touching[1:][own]
        before, after = np.append(0, marks)[own], np.append(marks, 0)[1:][own]
        marks = marks[own]
        is_quote = marks == _QUOTE
        opened = self._inside ^ np.logical_xor.accumulate(is_quote)  # after it, a quote is open
        free = ~(opened | is_quote)
        ends = marks[free & (marks != _RETURN)]
        line_ends = np.flatnonzero(ends == _LINE_END)
        first = -(self._cells + 1) % self._width
        by_the_book = (
            ((follows_one & (before != _RETURN)) | ~(is_quote & opened)).all()
            and (precedes_one | ~is_quote | opened).all()
            and ((precedes_one & (after == _LINE_END)) | ~free | (marks != _RETURN)).all()
            and np.array_equal(line_ends, np.arange(first, len(ends), self._width))
        )
        self._inside = bool(opened[-1]) if len(opened) else self._inside
        self._cells += len(ends)
        return bool(by_the_book)


def _windows(file: BinaryIO) -> Iterator[bytes]:
    """The pieces of a file, each between the bytes beside it; at the ends these are commas."""
    file.seek(0)
    window = b"," + file.read(_PIECE)
    while piece := file.read(_PIECE):
        yield window + piece[:1]
        window = window[-1:] + piece
    yield window + b","


def _any_of(text: NDArray[np.uint8], *signs: int) -> NDArray[np.bool_]:
    found = np.zeros(len(text), bool)
    for sign in signs:
        found |= text == sign
    return found
