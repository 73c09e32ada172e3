"""A text and a table are never cut to the size of what they showed before."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content

from llmchem_tui.ui.widgets.said import Said
from llmchem_tui.ui.widgets.table import Table


class Both(App[None]):
    CSS = "Table { height: auto; }"

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Table()
            yield Said()


async def test_what_changes_after_another_widget_was_laid_out_is_seen_whole() -> None:
    app = Both()
    async with app.run_test() as pilot:
        table, said = app.query_one(Table), app.query_one(Said)
        table.display = said.display = False
        await pilot.pause()

        table.display = said.display = True  # asks for a layout
        app.screen._refresh_layout()  # which comes before their own turn, for another's sake
        table.add_column("")
        table.add_rows([[Content("a")], [Content("b")]])
        said.say(Content("c\nd\ne"))
        await pilot.pause()

        assert (table.size.height, said.size.height) == (3, 3)
