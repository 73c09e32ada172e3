"""A table as large as its rows. Textual's is dear to import and style: only where one is seen."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.widgets import DataTable

from llmchem_tui.ui.widgets.fitting import Fitting


class LaterCell:
    """A cell that is written when it is seen: two hundred models make forty thousand."""

    __slots__ = ("write",)

    def __init__(self, write: Callable[[], Content]) -> None:
        self.write = write

    def __str__(self) -> str:
        return str(self.write())

    def __rich__(self) -> Content:
        """Tell Textual that it needs no other form."""
        return self.write()


class Table(Fitting, DataTable[Content]):
    """A table of texts of one line, never markup, without padding and without labels of rows."""

    def _is_seen(self, column: int) -> bool:
        """Whether a column is in view: the cells of others are not written."""
        return True

    def _render_cell(
        self,
        row_index: int,
        column_index: int,
        base_style: Style,
        width: int,
        cursor: bool = False,
        hover: bool = False,
    ) -> list[list[Segment]]:
        """What Textual's makes of such a cell, without Rich's layout: in a tenth of the time.

        Textual's forgets all cells whenever one is written, so that a grade would cost a hundred.
        """
        if not self._is_seen(column_index):
            return [[Segment(" " * width)]]
        is_header = row_index < 0
        _, cells = self._get_row_renderables(row_index)
        component, after = self._get_styles_to_render_cell(
            is_header,
            False,
            not is_header and (row_index < self.fixed_rows or column_index < self.fixed_columns),
            hover,
            cursor,
            self.show_cursor,
            self._show_hover_cursor,
            self.cursor_foreground_priority == "css",
            self.cursor_background_priority == "css",
        )
        place = Style.from_meta({"row": row_index, "column": column_index})
        before = base_style + place + component
        cell = cells[column_index]
        if isinstance(cell, LaterCell):
            content = cell.write()
        else:  # a column's title is a text of Rich's
            content = cell if isinstance(cell, Content) else Content(str(cell))
        segments = [
            Segment(text, before + style + after if style else before + after)
            for text, style, _ in content.render_segments()
        ]
        return [Segment.adjust_line_length(segments, width, before + after)]
