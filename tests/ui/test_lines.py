"""A list of thousands of lines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.app import App, ComposeResult
from textual.content import Content

from llmchem_tui.ui.widgets.lines import Line, LineList

LINES, HEIGHT = 5000, 10


class Alone(App[None]):
    """Nothing but the list, and which of its lines were made."""

    CSS = "LineList { height: 100%; border: none; text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self) -> None:
        super().__init__()
        self.made: list[int] = []
        self.word = "line"

    def compose(self) -> ComposeResult:
        yield LineList(*(Line(partial(self._line, place)) for place in range(LINES)))

    def _line(self, place: int) -> Content:
        self.made.append(place)
        return Content(f"{self.word} {place} that is much longer than the list is wide")

    def shown(self) -> Iterator[str]:
        lines = self.query_one(LineList)
        return (lines.render_line(y).text.strip() for y in range(HEIGHT))


async def test_only_the_lines_that_are_seen_are_made() -> None:
    app = Alone()
    async with app.run_test(size=(20, HEIGHT)) as pilot:
        assert set(app.made) == set(range(HEIGHT))
        await pilot.press("end")
        lines = app.query_one(LineList)
        assert (lines.highlighted, lines.seen) == (LINES - 1, range(LINES - HEIGHT, LINES))
        *_, last = app.shown()
        assert last.startswith(f"line {LINES - 1} that")
        assert len(set(app.made)) <= 4 * HEIGHT


async def test_a_line_is_made_again_where_it_has_changed() -> None:
    app = Alone()
    async with app.run_test(size=(20, HEIGHT)) as pilot:
        app.word = "other"
        app.query_one(LineList).remake([1, LINES - 1])
        await pilot.pause()
        assert [line.split()[0] for line in app.shown()][:3] == ["line", "other", "line"]
        await pilot.press("end")
        assert set(line.split()[0] for line in app.shown()) == {"other"}
