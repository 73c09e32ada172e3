"""A table puts its rows together itself: they are Textual's, character by character."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import App, ComposeResult
from textual.content import Content
from textual.coordinate import Coordinate
from textual.widgets import DataTable

from llmchem_tui.ui.widgets.table import LaterCell, Table

CELLS = (
    Content("  .80"),
    Content.styled("!.27", "$primary"),
    Content.assemble("ab", Content.styled("cd", "bold $foreground")),
    Content("far too long a text"),
    Content("字字字"),
    Content(""),
)


class Host(App[None]):
    def __init__(self, fixed_columns: int) -> None:
        super().__init__()
        self.table = Table(fixed_columns=fixed_columns)

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        for number in range(len(CELLS)):
            self.table.add_column(Text(f"{number:>5}"), key=str(number), width=5)
        for turn in range(3):
            self.table.add_row(*CELLS[turn:], *CELLS[:turn], key=str(turn))
        later: list[object] = [LaterCell(lambda: Content("later")) for _ in CELLS]
        self.table.add_row(*later, key="later")  # type: ignore[arg-type]


def letters(lines: Iterable[Iterable[Segment]]) -> Iterator[tuple[str, Style | None]]:
    for line in lines:
        for text, style, _ in line:
            yield from ((letter, style) for letter in text)


@pytest.mark.parametrize("fixed_columns", [0, 2])
@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
async def test_its_rows_look_as_textual_s(fixed_columns: int, theme: str) -> None:
    app = Host(fixed_columns)
    async with app.run_test(size=(50, 12)) as pilot:
        table = app.table
        await pilot.pause()
        app.theme = theme  # what has been shown in another is forgotten
        await pilot.pause()
        for cursor, hover in (((0, 0), (2, 3)), ((3, 5), (3, 5)), ((1, 1), (-1, 2))):
            for row in (table._header_row_key, *table.rows):
                at = row, 0, table.rich_style, Coordinate(*cursor), Coordinate(*hover)
                own = table._render_line_in_row(*at)
                table._clear_caches()
                theirs = DataTable._render_line_in_row(table, *at)
                for ours, textual_s in zip(own, theirs, strict=True):
                    assert list(letters(ours)) == list(letters(textual_s))


async def test_a_cell_that_is_written_anew_is_seen() -> None:
    app = Host(0)
    async with app.run_test(size=(50, 12)) as pilot:
        await pilot.pause()
        app.table.update_cell("0", "0", Content("other"))
        await pilot.pause()
        first = app.table.render_lines(app.table.size.region)[1]
    assert first.text.startswith("other!.27")
