"""A table as large as its rows. Textual's is dear to import and style: only where one is seen."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.color import Color
from textual.content import Content, Span
from textual.coordinate import Coordinate
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import DataTable
from textual.widgets.data_table import RowKey

from llmchem_tui.ui.widgets.fitting import Fitting

_KEPT = 4096  # cells
_FADED = 0.25  # of a row's colour, beside its cells


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
    """A table of texts of one line, never markup: a cursor on a cell, no padding, no row labels.

    Its rows are put together here. Textual's are the same, but it forgets all of them whenever a
    cell is written, and asks for every cell where it is and how it looks: more than twice as long.
    """

    def __init__(self, *, id: str | None = None, fixed_columns: int = 0) -> None:
        super().__init__(id=id, cursor_type="cell", cell_padding=0, fixed_columns=fixed_columns)
        self._base, self._ground = Style(), Color(0, 0, 0)
        self._written: LRUCache[tuple[str, tuple[Span, ...]], list[tuple[str, Style | None]]]
        self._written = LRUCache(_KEPT)

    def _is_seen(self, column: int) -> bool:
        """Whether a column is in view: the cells of others are not written."""
        return True

    def notify_style_update(self) -> None:
        """Take other styles: the theme has changed, or what has the keyboard."""
        self._written.clear()
        super().notify_style_update()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return rows as they are in view."""
        # All rows have these, and to look them up takes as long as a row.
        self._base, (_, self._ground) = self.rich_style, self.background_colors
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return a row as it is in view."""
        x, scrolled = self.scroll_offset
        if y >= self.header_height:
            y += scrolled
        return self._render_line(y, x, x + self.size.width, self._base)

    def _render_line_in_row(
        self,
        row_key: RowKey,
        line_no: int,
        base_style: Style,
        cursor_location: Coordinate,
        hover_location: Coordinate,
    ) -> tuple[list[list[Segment]], list[list[Segment]]]:
        place = self._row_locations.get(row_key)
        row = -1 if place is None else place  # that of the titles
        _, cells = self._get_row_renderables(row)
        widths = [column.width for column in self.ordered_columns]

        def written(column: int, look: Style) -> list[Segment]:
            if not self._is_seen(column):
                return [Segment(" " * widths[column])]
            look += _place(row, column)
            over = Style.null()
            here = (row, column)
            if here in (cursor_location, hover_location):
                own, over = self._get_styles_to_render_cell(
                    row < 0,
                    False,
                    row >= 0 and column < self.fixed_columns,
                    here == hover_location,
                    here == cursor_location,
                    self.show_cursor,
                    self._show_hover_cursor,
                    self.cursor_foreground_priority == "css",
                    self.cursor_background_priority == "css",
                )
                look += own
            pieces = self._pieces(cells[column])
            segments = [
                Segment(text, look + style + over if style else look + over)
                for text, style in pieces
            ]
            return Segment.adjust_line_length(segments, widths[column], look + over)

        look = self._get_row_style(row, base_style)
        fixed_look = look
        if self.fixed_columns and row >= 0:
            fixed_look = self.get_component_styles("datatable--fixed").rich_style
            fixed_look += Style.from_meta({"fixed": True})
        columns = range(len(widths))
        beside = self.size.width - sum(widths[self.fixed_columns :])
        rest = _faded(look, self._ground) + _beside(row)
        return (
            [written(column, fixed_look) for column in columns[: self.fixed_columns]],
            [
                *(written(column, look) for column in columns),
                [Segment(" " * max(0, beside), rest)],
            ],
        )

    def _pieces(self, cell: object) -> list[tuple[str, Style | None]]:
        """A cell's texts with their styles, of which few differ: grades have two digits."""
        written = cell.write() if isinstance(cell, LaterCell) else cell
        # a column's title is a text of Rich's
        content = written if isinstance(written, Content) else Content(str(written))
        key = content.plain, tuple(content.spans)
        if (pieces := self._written.get(key)) is None:
            pieces = [(text, style) for text, style, _ in content.render_segments()]
            self._written[key] = pieces
        return pieces


@lru_cache(_KEPT)
def _place(row: int, column: int) -> Style:
    """What tells Textual which cell the mouse is on."""
    return Style.from_meta({"row": row, "column": column})


@lru_cache(_KEPT)
def _beside(row: int) -> Style:
    return Style.from_meta({"row": row, "column": 0, "out_of_bounds": True})


@lru_cache(_KEPT)
def _faded(look: Style, background: Color) -> Style:
    """How the room beside the cells of a row looks."""
    colour = look.bgcolor
    if colour is not None:
        colour = Color.from_rich_color(colour).blend(background, factor=_FADED).rich_color
    return Style.from_color(look.color, colour)
