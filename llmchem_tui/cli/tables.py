"""Tables as text in a width: numbers stay whole, text is wrapped, the rest goes below."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_BETWEEN, _EDGES = 3, 2  # cells that are blank
_NARROW = 12  # that words are broken in
_LONGEST_NUMBER = 24  # with its interval; longer cells are words, which explain a missing one


def drawn_table(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """Return a table of at most ``width`` cells, if its first column and any other fit in.

    Headings that begin with ">" are right-aligned, and numbers stand below. No number is broken,
    and nothing in the first column, which is what one types again; headings and other text are
    wrapped. Columns that do not fit follow in tables below, beside the first column again. A
    column without a word is left out.
    """
    below = zip(*rows, strict=True)
    columns = [
        _Column(heading.removeprefix(">"), cells, heading.startswith(">"), first=place == 0)
        for place, (heading, cells) in enumerate(zip(headings, below, strict=True))
        if heading or any(cells)
    ]
    return "\n".join(_drawn(some, width) for some in _side_by_side(columns, width))


@dataclass(frozen=True, slots=True)
class _Column:
    heading: str
    cells: Sequence[str]
    number: bool
    first: bool

    @property
    def widest(self) -> int:
        """Its width where nothing is wrapped."""
        return max(map(cell_len, (self.heading, *self.cells)))

    @property
    def least(self) -> int:
        """The width below which something would be broken that must not be."""
        words = max((cell_len(word) for word in self.heading.split()), default=1)
        whole = [cell_len(cell) if self._whole(cell) else _longest(cell) for cell in self.cells]
        least = max(words, *whole)
        return least if self.first or self.number else min(least, _NARROW)

    def _whole(self, cell: str) -> bool:
        return self.first or (self.number and cell_len(cell) <= _LONGEST_NUMBER)


def _longest(text: str) -> int:
    return max((cell_len(word) for word in text.split()), default=0)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _BETWEEN * (len(widths) - 1) + _EDGES


def _side_by_side(columns: Sequence[_Column], width: int) -> Iterator[list[_Column]]:
    """The columns of each table: the first of all, and as many others as there is room for."""
    first, *others = columns
    some, widths = [first], [first.least]
    for column in others:
        widths.append(column.least)
        if len(some) > 1 and _total(widths) > width:
            yield some
            some, widths = [first], [widths[0], widths[-1]]
        some.append(column)
    yield some


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    """The widths at which they fit in, the widest text giving way first, and then headings."""
    widths, least = [own.widest for own in columns], [own.least for own in columns]
    for numbers in (False, True):
        while _total(widths) > width:
            wide = [
                (widths[place], place)
                for place, own in enumerate(columns)
                if own.number == numbers and widths[place] > least[place]
            ]
            if not wide:
                break
            widths[max(wide)[1]] -= 1
    return widths


def _drawn(columns: Sequence[_Column], width: int) -> str:
    widths = _widths(columns, width)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for own, wide in zip(columns, widths, strict=True):
        table.add_column(
            Text(own.heading),
            justify="right" if own.number else "left",
            overflow="fold",
            width=wide,
        )
    for cells in zip(*(own.cells for own in columns), strict=True):
        table.add_row(*map(Text, cells))
    written = io.StringIO()
    Console(width=max(width, _total(widths)), file=written, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())
