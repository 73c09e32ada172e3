"""The pairwise table: numbers under shades, so that it reads without colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from rich.text import Text
from textual.content import Content
from textual.widgets.data_table import RowKey

from llmchem_tui.ui.copying import Copied
from llmchem_tui.ui.widgets.heat_views import HeatView
from llmchem_tui.ui.widgets.table import LaterCell, Table
from llmchem_tui.ui.words import name_text

_WIDTH = 6
_NAME = "name"
_LONGEST_NAME, _FEWEST_NAME_CELLS = 44, 14
_BESIDE = 3  # columns: the one with the names, and a part of one on each side
_USUAL_WIDTH = 40
"""Of a pane that has not been shown yet."""


class HeatTable(Table):
    """Models down and across, numbered in the order of their names; the darker the stronger.

    Only other models, another order, view or width makes the table anew.
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, fixed_columns=1)
        self._view: HeatView | None = None
        self._wanted: tuple[str, ...] = ()
        self._order: Sequence[int] = ()
        self._marks: Mapping[str, str] = {}
        self._names: tuple[str, ...] = ()
        self._made: tuple[object, ...] = ()
        self._in_view = range(0)

    def show(
        self,
        names: tuple[str, ...],
        view: HeatView,
        *,
        order: Sequence[int] | None = None,
        marks: Mapping[str, str] | None = None,
    ) -> None:
        """Show models in an order of their places; ``marks``: a sign before a model's number."""
        self._wanted, self._view = names, view
        self._order = range(len(names)) if order is None else order
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

    def copied(self) -> Copied | None:
        """The table as text: names in full, numbers with all digits, tabs between."""
        if (view := self._view) is None:
            return None
        rows = ["\t".join([view.title, *map(name_text, self._names)])]
        for a in self._names:
            cells = (view.exact(a, b) for b in self._names)
            rows.append("\t".join([name_text(a), *cells]))
        return Copied(view.title.replace(" % ", "-").replace(" ", "-"), "\n".join(rows))

    def on_resize(self) -> None:
        """Use the width there is for the names."""
        if self._view is not None:
            self._draw()

    @property
    def _cell_width(self) -> int:
        return _WIDTH + (self._view is not None and self._view.met is not None)

    def _draw(self) -> None:
        view = self._view
        assert view is not None
        width = self._cell_width
        name_width = self._name_width(width)
        made = (self._wanted, tuple(self._order), view.title, name_width, width)
        if made != self._made:
            self._make(view.title, name_width, width)
            self._made = made
        self._clear_caches()  # of what the cells were
        self._look()
        self.refresh()

    def _make(self, title: str, name_width: int, width: int) -> None:
        """Make rows and columns anew; the cursor stays on its pair."""
        before = self.pair
        self.clear(columns=True)
        self._names = self._wanted
        self.add_column(Text(title), key=_NAME, width=name_width)
        for i in self._order:
            self.add_column(Text(f"{i + 1:>{_WIDTH}}"), key=str(i), width=width)
        for i in self._order:
            cells: Any = [LaterCell(partial(self._cell, i, j)) for j in self._order]
            label: Any = LaterCell(partial(self._label, i, name_width))
            self.add_row(label, *cells, key=str(i))
        if before and {*before} <= {*self._names}:
            self.point(*before)

    def _name_width(self, width: int) -> int:
        """As wide as the longest name, or as the numbers leave room for it.

        Where they have to be scrolled, so wide that only whole columns are beside it.
        """
        assert self._view is not None
        names = [Content(name_text(name)).cell_length for name in self._wanted]
        longest = min(max(names, default=0) + len("● 12 "), _LONGEST_NAME)
        longest = max(longest, len(self._view.title))
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

    def _label(self, i: int, width: int) -> Content:
        mark = f"{self._marks.get(self._names[i], ' ')} " if self._marks else ""
        label = Content(f"{mark}{i + 1} {name_text(self._names[i])}")
        return label.truncate(width, ellipsis=True)

    # --- what Textual does for all cells, done for those in view ------------------------------

    def _update_dimensions(self, new_rows: Iterable[RowKey]) -> None:
        super()._update_dimensions(())  # every column has its width, every row its one line

    def _is_seen(self, column: int) -> bool:
        return column == 0 or column in self._in_view

    def _look(self) -> None:
        """See which columns are in view, and forget rows of which others were."""
        width = self._cell_width
        first = int(self.scroll_x) // width
        self._in_view = range(first, first + self.size.width // width + _BESIDE)
        self._row_render_cache.clear()
        self._line_cache.clear()

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Show the columns that come into view."""
        self._look()
        super().watch_scroll_x(old_value, new_value)

    def _cell(self, i: int, j: int) -> Content:
        assert self._view is not None
        return self._view.cell(self._names[i], self._names[j])
