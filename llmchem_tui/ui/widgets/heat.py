"""The pairwise table: numbers under shades, so that it reads without colour."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.content import Content

from llmchem_tui.ui.copying import Copied
from llmchem_tui.ui.widgets.fitting import Table
from llmchem_tui.ui.words import NOT_APPLICABLE, name_text, number

if TYPE_CHECKING:
    from llmchem_tui.domain.chemistry import ChemistryTable

SHADES = " ░▒▓█"
NEVER_MET = "?"
_NUMBER_WIDTH, _WIDTH = 4, 6
_NAME, _TITLE = "name", "interaction"
_LONGEST_NAME, _FEWEST_NAME_CELLS = 44, 14
_USUAL_WIDTH = 40
"""Of a pane that has not been shown yet."""

Met = Callable[[str, str], int]


class HeatTable(Table):
    """Models down and across, numbered in the order of their names; the darker the stronger.

    Pairs at or below ``tau`` have no shade. With ``met`` pairs that never met are marked. Cells
    are patched; only another order of the models, or another width, makes the table anew.
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="cell", cell_padding=0, fixed_columns=1)
        self._table: ChemistryTable | None = None
        self._order: Sequence[int] = ()
        self._marks: Mapping[str, str] = {}
        self._tau = 0.0
        self._met: Met | None = None
        self._names: tuple[str, ...] = ()
        self._made: tuple[object, ...] = ()

    def show(
        self,
        table: ChemistryTable,
        *,
        order: Sequence[int] | None = None,
        tau: float = 0.0,
        marks: Mapping[str, str] | None = None,
        met: Met | None = None,
    ) -> None:
        """Show a table with its models in an order; ``marks``: a sign before a model's number."""
        self._table, self._tau, self._met = table, tau, met
        self._order = range(len(table.names)) if order is None else order
        self._marks = marks or {}
        self._draw()

    @property
    def pair(self) -> tuple[str, str] | None:
        """The models under the cursor: that of the row, that of the column; both may be one."""
        if not self.is_valid_coordinate(self.cursor_coordinate):
            return None
        row, column = self.coordinate_to_cell_key(self.cursor_coordinate)
        a = self._names[int(row.value or 0)]
        return a, a if column.value == _NAME else self._names[int(column.value or 0)]

    def point(self, a: str, b: str) -> None:
        """Move the cursor to a pair."""
        row, column = (str(self._names.index(name)) for name in (a, b))
        self.move_cursor(row=self.get_row_index(row), column=self.get_column_index(column))

    def copied(self) -> Copied:
        """The table as text: names in full, numbers with all digits, tabs between."""
        names = [name_text(name) for name in self._names]
        rows = ["\t".join([_TITLE, *names])]
        if self._table is not None:
            for name, values in zip(names, self._table.values.tolist(), strict=True):
                cells = ("" if math.isnan(value) else repr(value) for value in values)
                rows.append("\t".join([name, *cells]))
        return Copied(_TITLE, "\n".join(rows))

    def on_resize(self) -> None:
        """Use the width there is for the names."""
        if self._table is not None:
            self._draw()

    def _draw(self) -> None:
        assert self._table is not None
        width = _WIDTH + (self._met is not None)
        name_width = self._name_width(width)
        made = (self._table.names, tuple(self._order), name_width, width)
        if made != self._made:
            self._make(name_width, width)
            self._made = made
        largest = max((value for *_, value in self._table.pairs_above(0.0)), default=1.0)
        for i in self._order:
            name = self._table.names[i]
            self._set(str(i), _NAME, self._label(i, name, name_width))
            for j in self._order:
                met = None if self._met is None else self._met(name, self._table.names[j])
                cell = heat_cell(float(self._table.values[i, j]), largest, self._tau, met)
                self._set(str(i), str(j), cell)

    def _make(self, name_width: int, width: int) -> None:
        """Make rows and columns anew; the cursor stays on its pair."""
        assert self._table is not None
        before = self.pair
        self.clear(columns=True)
        self._names = self._table.names
        self.add_column(Text(_TITLE), key=_NAME, width=name_width)
        for i in self._order:
            title = f"{i + 1:>{_WIDTH}}"
            self.add_column(Text(title), key=str(i), width=width)
        blanks = [Content("")] * (len(self._order) + 1)
        for i in self._order:
            self.add_row(*blanks, key=str(i))
        if before and {*before} <= {*self._names}:
            self.point(*before)

    def _name_width(self, width: int) -> int:
        """As wide as the longest name, or as the numbers leave room for it.

        Where they have to be scrolled, so wide that only whole columns are beside it.
        """
        assert self._table is not None
        names = [Content(name_text(name)).cell_length for name in self._table.names]
        longest = min(max(names, default=0) + len("● 12 "), _LONGEST_NAME)
        longest = max(longest, len(_TITLE))
        room = self._width_inside(scrolled=False) - width * len(names)
        if room >= min(longest, _FEWEST_NAME_CELLS):
            return min(longest, room)
        whole = self._width_inside(scrolled=True)
        wanted = min(longest, max(whole // 3, _FEWEST_NAME_CELLS))
        return max(whole - (whole - wanted) // width * width, wanted)

    def _width_inside(self, *, scrolled: bool) -> int:
        """Return the cells beside a vertical scrollbar; ``scrolled``: there is another below."""
        rows = self.header_height + len(self._order) + scrolled
        whole = self.size.width or _USUAL_WIDTH
        return whole - (0 < self.size.height < rows)

    def _label(self, i: int, name: str, width: int) -> Content:
        mark = f"{self._marks.get(name, ' ')} " if self._marks else ""
        label = Content(f"{mark}{i + 1} {name_text(name)}")
        return label.truncate(width, ellipsis=True)

    def _set(self, row: str, column: str, value: Content) -> None:
        if not value.is_same(self.get_cell(row, column)):
            self.update_cell(row, column, value)


def heat_cell(value: float, largest: float, tau: float = 0.0, met: int | None = None) -> Content:
    """Return an interaction as shade and number; ``met`` 0: marked, None: that is not asked."""
    mark = "" if met is None else (NEVER_MET if met == 0 else " ")
    if math.isnan(value):
        return Content.styled(f"{NOT_APPLICABLE:>{_WIDTH}}", "$muted")
    text = f"{strength(value):>{_NUMBER_WIDTH}}"
    if value <= tau:
        return Content.assemble(Content.styled(f"  {text}", "$muted"), (mark, "bold $warning"))
    shade = SHADES[min(len(SHADES) - 1, math.ceil(value / largest * (len(SHADES) - 1)))]
    return Content.assemble((f" {shade}", "$accent"), text, (mark, "bold $warning"))


def strength(value: float) -> str:
    """Return an interaction in at most four cells."""
    for digits in (2, 1, 0):
        text = number(value, digits)
        if len(text) <= _NUMBER_WIDTH:
            return text
    return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
