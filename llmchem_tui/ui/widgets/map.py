"""The complementarity map: what one more model would add, for every place it could have.

Two rows of the grid stand in a row of the terminal, as half blocks in two colours. Where there are
no colours of our own to blend (NO_COLOR, the terminal's own palette, ASCII), a shade stands for one
place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.color import Color
from textual.events import Click
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from llmchem_tui.ui.ascii import Ascii
from llmchem_tui.ui.words import number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

HALF, CURSOR, SEVERAL = "▀", "┼", "*"
MORE, LESS = " ░▒▓█", "·"
"""Shades of what is added, from nothing on; the sign of what is taken away."""

STEPS = 16
"""Colours between nothing and the largest change: what differs less looks the same."""

_AXIS = 4
_TICKS = 5
_WIDEST = 2.2
"""Cells across for one down twice, at most: the square stays one, about."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A model at its place in the unit square; ``member``: of the ensemble."""

    letter: str
    accuracy: float
    quality: float
    member: bool


class Place(NamedTuple):
    """A place in the unit square: accuracy across, quality / 10 up."""

    accuracy: float
    quality: float


class ChemistryMapPane(Widget, can_focus=True):
    """A field over the unit square with marks and a cursor; a row is painted when it changes."""

    HELP = (
        "What one more model would add to the ensemble if it had the accuracy (across) and the "
        "quality (up) of the place under the cursor. Letters are the pool's models, reversed those "
        "of the ensemble; * several in one place."
    )
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "map--none",
        "map--more",
        "map--less",
        "map--axis",
        "map--cursor",
        "map--shade",
    }
    BINDINGS = [
        Binding("left", "move(-1,0)", "Less accurate", show=False, id="map.left", tooltip="Left"),
        Binding("right", "move(1,0)", "More accurate", show=False, id="map.right", tooltip="Right"),
        Binding("up", "move(0,1)", "Better", show=False, id="map.up", tooltip="Up"),
        Binding("down", "move(0,-1)", "Worse", show=False, id="map.down", tooltip="Down"),
    ]

    class Moved(Message):
        """The cursor is at another place."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._field: Array | None = None
        self._largest = 1.0
        self._marks: Sequence[Mark] = ()
        self._cursor = Place(0.5, 0.5)
        self._strips: dict[int, Strip] = {}

    def show(self, field: Array, marks: Sequence[Mark]) -> None:
        """Show a field of the shape (grid, grid), row 0 at the bottom."""
        self._field, self._marks = field, marks
        self._largest = float(abs(field).max()) or 1.0
        self._repaint()

    @property
    def place(self) -> Place:
        """The place under the cursor."""
        return self._cursor

    def point(self, place: Place) -> None:
        """Move the cursor."""
        before, self._cursor = self._cell(self._cursor), place
        for row in {before[1], self._cell(place)[1]}:
            self._strips.pop(row, None)
            self.refresh(Region(0, row, self.size.width, 1))
        self.post_message(self.Moved())

    def here(self) -> list[str]:
        """The letters of the models that are painted under the cursor."""
        here = self._marks_by_cell().get(self._cell(self._cursor), ())
        return [mark.letter for mark in here]

    def action_move(self, across: int, up: int) -> None:
        """Move the cursor by a cell."""
        width, height = self._cells
        column, row = self._cell(self._cursor)
        self.point(self._place_of(column + across, row - up, width, height))

    def on_click(self, event: Click) -> None:
        """Move the cursor to what is clicked."""
        if offset := event.get_content_offset(self):
            self.point(self._place_of(offset.x - _AXIS, offset.y, *self._cells))

    def on_resize(self) -> None:
        """Use the room there is."""
        self._repaint()

    def notify_style_update(self) -> None:
        """Take the colours of another theme."""
        super().notify_style_update()
        self._strips.clear()

    def _repaint(self) -> None:
        self._strips.clear()
        self.refresh()

    # --- geometry ---------------------------------------------------------------------------

    @property
    def _cells(self) -> tuple[int, int]:
        """The cells across and down of the square; the last row is the axis's."""
        height = max(2, self.size.height - 1)
        return max(2, min(self.size.width - _AXIS, round(2 * _WIDEST * height))), height

    def _cell(self, place: tuple[float, float]) -> tuple[int, int]:
        width, height = self._cells
        return round(place[0] * (width - 1)), round((1.0 - place[1]) * (height - 1))

    @staticmethod
    def _place_of(column: int, row: int, width: int, height: int) -> Place:
        column, row = max(0, min(column, width - 1)), max(0, min(row, height - 1))
        return Place(column / (width - 1), 1.0 - row / (height - 1))

    def _marks_by_cell(self) -> dict[tuple[int, int], list[Mark]]:
        cells: dict[tuple[int, int], list[Mark]] = {}
        for mark in self._marks:
            cells.setdefault(self._cell((mark.accuracy, mark.quality)), []).append(mark)
        return cells

    # --- painting ---------------------------------------------------------------------------

    @property
    def in_shades(self) -> bool:
        """Whether there are no colours of our own."""
        app = self.app
        ascii_only = any(isinstance(own, Ascii) for own in app.get_line_filters())
        return app.no_color or app.native_ansi_color or ascii_only

    def colour(self, level: int) -> Color:
        """Return the colour of a change, from -STEPS to STEPS."""
        name = "map--more" if level > 0 else "map--less"
        none = self.get_component_styles("map--none").background
        return none.blend(self.get_component_styles(name).color, abs(level) / STEPS, 1.0)

    def piece(self, value: float) -> tuple[str, str]:
        """Return how a value of the field looks: its sign and style."""
        level = self._level(value)
        if self.in_shades:
            return shade(level), "$accent"
        return "█", self.colour(level).css

    def render_line(self, y: int) -> Strip:
        """Return a row, painted anew only where something in it has changed."""
        if y not in self._strips:
            self._strips[y] = self._row(y)
        return self._strips[y]

    def _row(self, y: int) -> Strip:
        width, height = self._cells
        axis = self.get_component_rich_style("map--axis")
        if self._field is None or y > height:
            return Strip.blank(self.size.width, axis)
        if y == height:
            strip = Strip([Segment(_accuracies(width), axis)])
            return strip.adjust_cell_length(self.size.width, axis)
        label = Segment(f"{_quality(y, height):>{_AXIS - 1}} ", axis)
        cells = self._shades(y) if self.in_shades else self._half_blocks(y)
        at_cursor, cursor_row = self._cell(self._cursor)
        sign = CURSOR
        for (column, row), marks in self._marks_by_cell().items():
            if row == y:
                cells[column] = self._marked(cells[column], marks)
                sign = cells[column].text if column == at_cursor else sign
        if cursor_row == y:
            cells[at_cursor] = Segment(sign, self.get_component_rich_style("map--cursor"))
        runs = (
            Segment("".join(cell.text for cell in run), style)
            for style, run in groupby(cells, key=lambda cell: cell.style)
        )
        return Strip([label, *runs]).adjust_cell_length(self.size.width, axis)

    def _level(self, value: float) -> int:
        """What is not nothing has a colour, however little it is."""
        return int(math.copysign(math.ceil(abs(value) / self._largest * STEPS), value))

    def _levels(self, quality: float) -> list[int]:
        """The levels of the row of the field at a height, across the whole width."""
        if self._field is None:
            return []
        width, _ = self._cells
        last = len(self._field) - 1
        row = self._field[round(quality * last)]
        return [self._level(row[round(x / (width - 1) * last)]) for x in range(width)]

    def _half_blocks(self, y: int) -> list[Segment]:
        _, height = self._cells
        last = 2 * height - 1
        upper, lower = self._levels(1 - 2 * y / last), self._levels(1 - (2 * y + 1) / last)
        styles: dict[tuple[int, int], Style] = {}
        for pair in set(zip(upper, lower, strict=True)):
            above, below = (self.colour(level).rich_color for level in pair)
            styles[pair] = Style(color=above, bgcolor=below)
        return [Segment(HALF, styles[pair]) for pair in zip(upper, lower, strict=True)]

    def _shades(self, y: int) -> list[Segment]:
        _, height = self._cells
        levels = self._levels(1 - y / (height - 1))
        style = self.get_component_rich_style("map--shade")
        return [Segment(shade(level), style) for level in levels]

    def _marked(self, cell: Segment, marks: Sequence[Mark]) -> Segment:
        letter = marks[0].letter if len(marks) == 1 else SEVERAL
        member = any(mark.member for mark in marks)
        ground = cell.style.bgcolor if cell.style and not self.in_shades else None
        text = None
        if ground is not None:
            text = Color.from_rich_color(ground).get_contrast_text(1.0).rich_color
        return Segment(letter, Style(color=text, bgcolor=ground, bold=True, reverse=member))


def shade(level: int) -> str:
    """Return the sign of a change, from -STEPS to STEPS."""
    if level < 0:
        return LESS
    return MORE[-(-level * (len(MORE) - 1) // STEPS)]


def _quality(row: int, height: int) -> str:
    """The number beside a row: the ends, the middle, and the quarters where there is room."""
    steps = _TICKS - 1 if height > 2 * _TICKS else 2
    for tick in range(steps + 1):
        if row == round((steps - tick) / steps * (height - 1)):
            return f"{10 * tick / steps:g}"
    return ""


def _accuracies(width: int) -> str:
    """The axis below: numbers under their places."""
    line = [" "] * (_AXIS + width)
    for tick in range(_TICKS):
        share = tick / (_TICKS - 1)
        text = number(share, 2) if 0 < share < 1 else f"{share:.0f}"
        middle = _AXIS + round(share * (width - 1))
        begin = min(max(_AXIS, middle - len(text) // 2), len(line) - len(text))
        line[begin : begin + len(text)] = text
    return "".join(line)
