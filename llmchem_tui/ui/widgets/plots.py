"""Plots made of cells: a value on an axis, an interval, a box, points and lines in a plane.

Every sign has an ASCII one (``ui/ascii.py``), and none is told from another by its colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from textual.content import Content

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Cell = tuple[str, str]
"""A sign and its colour."""

MUTED = "$muted"
BLANK: Cell = (" ", "")
GRID: Cell = ("·", MUTED)

SCALE = 4
"""How many cells the values at the left of a plane take."""

_STEPS = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0)
_BETWEEN = 2
_LEVELS = "▁─"
_SEVERAL = "═"


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from ``low`` to ``high`` on so many cells; ``log``: equal steps are equal ratios.

    What lies outside stands at the end.
    """

    low: float
    high: float
    cells: int
    log: bool = False

    @classmethod
    def of_shares(cls, values: Iterable[float], cells: int) -> Axis:
        """Return an axis for values in [0, 1], from tenth to tenth."""
        known = [*values] or [0.0, 1.0]
        low, high = math.floor(min(known) * 10 + 1e-9), math.ceil(max(known) * 10 - 1e-9)
        if low == high:
            low, high = (low - 1, high) if low else (low, high + 1)
        return cls(low / 10, high / 10, cells)

    @classmethod
    def of_seconds(cls, values: Iterable[float], cells: int) -> Axis:
        """Return an axis for times; what took none at all stands at its beginning."""
        known = [value for value in values if value > 0] or [1.0]
        low, high = min(known), max(known)
        return cls(low, max(high, 2 * low), cells, log=True)

    def at(self, value: float) -> int:
        """Return the cell of a value."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        share = (self._scaled(max(value, self.low)) - low) / (high - low)
        return round(min(share, 1.0) * (self.cells - 1))

    def places(self, values: NDArray[np.float64]) -> list[int]:
        """Return the cells of many values of an axis that is not ``log``."""
        shares = (values.clip(self.low, self.high) - self.low) / (self.high - self.low)
        cells: list[int] = (shares * (self.cells - 1)).round().astype(int).tolist()
        return cells

    def marks(self, write: Callable[[float], str], apart: int = 0) -> dict[int, str]:
        """Return the cells of round values, with what is written there: as many as have room.

        ``apart``: by how many cells they differ at least, else by as many as the texts take.
        """
        for values in self._rounds():
            marks = {self.at(value): write(value) for value in values}
            begins = [(self.begin(at, text), len(text) + _BETWEEN) for at, text in marks.items()]
            places = [(at, apart) for at in marks] if apart else begins
            if all(a + room <= b for (a, room), (b, _) in pairwise(places)):
                return marks
        return {}

    def begin(self, at: int, text: str) -> int:
        """Return the cell at which a text begins that is centred over one, if there is room."""
        return min(max(0, at - (len(text) - 1) // 2), self.cells - len(text))

    def _rounds(self) -> Iterable[list[float]]:
        """Round values, from many to few."""
        if self.log:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for leading in ((1, 2, 5), (1, 3), (1,)):
                values = (digit * 10.0**power for power in powers for digit in leading)
                yield [value for value in values if self.low <= value <= self.high]
            return
        for step in _STEPS:
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
            yield [n * step for n in range(first, last + 1)]

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.log else value


def share(value: float) -> str:
    """Return a value of an axis of shares: 0, .25, .5, 1."""
    return f"{value:.2g}".removeprefix("0") or "0"


def axis_line(axis: Axis, write: Callable[[float], str]) -> Content:
    """Return the numbers of an axis."""
    line = [" "] * axis.cells
    for at, text in axis.marks(write).items():
        begin = axis.begin(at, text)
        line[begin : begin + len(text)] = text
    return Content.styled("".join(line), MUTED)


def row(cells: Iterable[Cell]) -> Content:
    """Return cells beside each other."""
    runs = groupby(cells, key=lambda cell: cell[1])
    return Content.assemble(
        *(Content.styled("".join(sign for sign, _ in run), colour) for colour, run in runs)
    )


def ground(axis: Axis, write: Callable[[float], str]) -> list[Cell]:
    """Return a line of a plot with nothing on it but where its axis has numbers."""
    marks = axis.marks(write)
    return [GRID if at in marks else BLANK for at in range(axis.cells)]


def whisker(cells: list[Cell], axis: Axis, ends: tuple[float, float], colour: str) -> None:
    """Draw an interval."""
    low, high = map(axis.at, ends)
    cells[low : high + 1] = [("─", colour)] * (high + 1 - low)
    if low < high:
        cells[low], cells[high] = ("├", colour), ("┤", colour)


def box(cells: list[Cell], axis: Axis, quartiles: Sequence[float], colour: str) -> None:
    """Draw a distribution: its least, its quartiles, its largest."""
    least, lower, median, upper, largest = quartiles
    whisker(cells, axis, (least, largest), colour)
    low, high = axis.at(lower), axis.at(upper)
    cells[low : high + 1] = [("▒", colour)] * (high + 1 - low)
    cells[axis.at(median)] = ("┃", f"bold {colour}")


@dataclass(slots=True)
class Plane:
    """Points and lines; ``across`` has a cell for each column, ``up`` two for each line.

    Signs go over lines, and those over dots.
    """

    across: Axis
    up: Axis
    _dots: dict[tuple[int, int], Cell] = field(default_factory=dict)
    _lines: dict[tuple[int, int], Cell] = field(default_factory=dict)
    _signs: dict[tuple[int, int], Cell] = field(default_factory=dict)

    @classmethod
    def of_shares(cls, across: Axis, values: Iterable[float], height: int) -> Plane:
        """Return an empty one of so many lines for values in [0, 1]."""
        return cls(across, Axis.of_shares(values, len(_LEVELS) * height))

    @property
    def height(self) -> int:
        """How many lines it has."""
        return self.up.cells // len(_LEVELS)

    def line_of(self, y: float) -> int:
        """Return the line of a value, the first being 0."""
        return self._line(self.up.at(y))

    def dots(self, columns: Iterable[int], levels: Iterable[int], colour: str) -> None:
        """Draw small points, given by cells of the axes; several at one place look otherwise."""
        for column, level in zip(columns, levels, strict=True):
            place = column, self._line(level)
            self._dots[place] = (":" if place in self._dots else "·", colour)

    def line(self, values: Mapping[int, float], colour: str) -> None:
        """Draw a line, given values at some columns: each is held up to the next."""
        level = 0
        for column in range(min(values), max(values) + 1):
            level = self.up.at(values[column]) if column in values else level
            place, sign = (column, self._line(level)), _LEVELS[level % len(_LEVELS)]
            before, own = self._lines.get(place, (sign, colour))
            self._lines[place] = (sign if before == sign else _SEVERAL, own)

    def sign(self, x: float, y: float, sign: str, colour: str) -> None:
        """Draw a sign."""
        self._signs[self.across.at(x), self.line_of(y)] = (sign, colour)

    def rows(self) -> list[Content]:
        """Return the lines, from the top, each with its value at the left if it is a round one."""
        marks = self.up.marks(share, 2 * len(_LEVELS))
        texts = {self._line(level): text for level, text in marks.items()}
        width = self.across.cells
        return [
            Content.assemble(
                (f"{texts.get(line, ''):>{SCALE - 1}} ", MUTED),
                row(self._cell((column, line)) for column in range(width)),
            )
            for line in range(self.height)
        ]

    def _line(self, level: int) -> int:
        return self.height - 1 - level // len(_LEVELS)

    def _cell(self, place: tuple[int, int]) -> Cell:
        drawn = (layer.get(place) for layer in (self._signs, self._lines, self._dots))
        return next(filter(None, drawn), BLANK)
