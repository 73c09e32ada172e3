"""Only what has changed is rendered, and the terminal shows the same as if all had been."""

from __future__ import annotations

from typing import Any

import pyte
from textual.app import App, ComposeResult
from textual.containers import Grid
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Static

from llmchem_tui.ui.painting import Painter

SIZE = (40, 12)


class Piece(Static):
    """A text that counts how often it is rendered."""

    rendered = 0

    def render_lines(self, crop: Region) -> list[Strip]:
        self.rendered += 1
        return super().render_lines(crop)


class Pieces(Screen[None]):
    def __init__(self) -> None:
        super().__init__()
        self._compositor = Painter()

    def compose(self) -> ComposeResult:
        with Grid():
            yield from (Piece(f"text {i}", id=f"piece-{i}") for i in range(9))
        yield Piece("this lies over", id="over")


class Host(App[None]):
    CSS = """
    Screen { layers: default above; }
    Grid { grid-size: 3; }
    Piece { border: round red; height: 4; }
    #over { layer: above; offset: 8 2; width: 12; border: none; height: 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.sent = ""

    def get_default_screen(self) -> Screen[None]:
        return Pieces()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if renderable is not None:
            self.sent += renderable.render_segments(self.console)
        super()._display(screen, renderable)


def picture(sent: str) -> list[str]:
    screen: Any = pyte.Screen(*SIZE)
    pyte.Stream(screen).feed(sent.replace("\n", ""))  # a place always follows
    return list(screen.display)


async def test_what_is_sent_makes_the_picture_that_a_whole_one_would_be() -> None:
    app = Host()
    async with app.run_test(size=SIZE) as pilot:
        for number, name in enumerate(("piece-0", "piece-8", "over", "piece-1", "piece-4")):
            app.screen.query_one(f"#{name}", Piece).update(f"now {number}", layout=False)
            app.screen.query_one("#piece-2", Piece).update(f"and {number}", layout=False)
            await pilot.pause()
        whole = app.screen._compositor.render_full_update().render_segments(app.console)
    shown = picture(whole)
    assert all(any(f"now {number}" in line for line in shown) for number in (0, 1, 2, 4))
    assert picture(app.sent) == shown


async def test_what_lies_between_two_changes_is_not_rendered() -> None:
    app = Host()
    async with app.run_test(size=SIZE):
        painter = app.screen._compositor
        first, middle, last = (app.screen.query_one(f"#piece-{i}", Piece) for i in (0, 3, 8))
        before = [piece.rendered for piece in (first, middle, last)]
        painter._dirty_regions |= {first.region, last.region}
        assert painter.render_partial_update() is not None
        after = [piece.rendered for piece in (first, middle, last)]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 0, 1]
