"""Side by side where there is room, tabs where it is narrow, and nothing lost in between."""

from __future__ import annotations

import asyncio

from textual.pilot import Pilot

from llmchem_tui.session.provider import Text
from llmchem_tui.ui.widgets.board import PANES
from llmchem_tui.ui.widgets.streams import StreamPane
from tests.session.scripted import FOREVER, ScriptedProvider
from tests.ui.app_under_test import NARROW, Bench, Driver, scripted_pool
from tests.ui.test_stopping import BEGINS


def visible(user: Driver) -> list[str]:
    return [name for name in PANES if user.screen.query_one(f"#{name}").region.area > 0]


async def resized(pilot: Pilot[None], width: int, height: int) -> None:
    await pilot.resize_terminal(width, height)
    await pilot.pause()


async def test_wide_terminals_show_every_pane(bench: Bench) -> None:
    async with bench.opened() as user:
        assert visible(user) == list(PANES)
        assert not user.enabled("turn")
        await user.run_round()
        keys = {"p": "pool", "o": "streams", "g": "grades", "i": "chemistry", "m": "recommendation"}
        for key, name in keys.items():
            await user.press(key)
            assert user.app.focused is not None
            path = [node.id for node in user.app.focused.ancestors_with_self]
            assert name in path


async def test_narrow_terminals_show_one_pane_and_brackets_turn(bench: Bench) -> None:
    async with bench.opened(NARROW) as user:
        seen = [visible(user)]
        for _ in range(len(PANES)):
            await user.press("right_square_bracket")
            seen.append(visible(user))
        assert seen == [[name] for name in [*PANES, "pool"]]
        await user.press("left_square_bracket")
        assert visible(user) == ["recommendation"]
        await user.press("p")
        assert visible(user) == ["pool"]
        await user.press("space")
        assert len(user.ensemble) == 2


async def test_narrow_terminals_bring_what_happens_to_the_front(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider({"a": [BEGINS]}))
    async with bench.opened(NARROW) as user:
        await user.begin_round()
        assert visible(user) == ["streams"]
        assert isinstance(user.app.focused, StreamPane)
        await user.press("escape")
        await user.wait_until(lambda: not user.screen.desk.busy)
        await user.run_round()
        assert visible(user) == ["recommendation"]


async def test_a_click_on_a_tab_brings_its_pane_to_the_front(bench: Bench) -> None:
    async with bench.opened(NARROW) as user:
        await user.pilot.click("#tab-vignette")
        await user.pilot.pause()
        assert visible(user) == ["vignette"]


async def test_a_terminal_may_be_resized_while_a_round_runs(bench: Bench) -> None:
    provider = ScriptedProvider({"a": [BEGINS], "b": [BEGINS]})
    bench.open_pool = scripted_pool(provider)
    async with bench.opened() as user:
        await user.begin_round()
        await user.wait_until(lambda: "It beg" in user.text("StreamPane"))
        await user.press("g", "tab")
        assert "Pane" not in user.footer
        await resized(user.pilot, *NARROW)
        assert visible(user) == ["recommendation"]  # what had the keyboard
        await user.wait_until(lambda: "Pane" in user.footer)
        await resized(user.pilot, 30, 8)
        await resized(user.pilot, 200, 60)
        await user.wait_until(lambda: "Pane" not in user.footer)
        assert visible(user) == list(PANES)
        assert len(provider.open) == 2
        assert user.app.is_running


async def test_every_stream_has_a_place_and_no_place_is_empty(bench: Bench) -> None:
    bench.with_round(n=5)
    async with bench.opened() as user:
        await user.run_round()
        panes = [pane.region for pane in user.screen.query(StreamPane)]
        streams = user.screen.query_one("#streams").region
        assert sum(pane.area for pane in panes) == streams.area
        assert min(pane.width for pane in panes) >= 20


async def test_the_status_line_always_has_the_notice(bench: Bench) -> None:
    async with bench.opened(NARROW) as user:
        assert "research use only" in user.status and "SIMULATED" in user.status
        await resized(user.pilot, 40, 12)
        assert "research use only" in user.status and "SIMULATED" in user.status


async def test_a_pane_follows_its_text_until_the_user_scrolls_up(bench: Bench) -> None:
    more = asyncio.Event()
    begin = Text('{"assessment": "' + "word " * 400)
    script = (begin, more, Text("and more " * 200), FOREVER)
    bench.open_pool = scripted_pool(ScriptedProvider({"a": [script], "b": [script]}))
    async with bench.opened() as user:
        await user.begin_round()
        follows, left = list(user.screen.query(StreamPane))[:2]
        await user.wait_until(lambda: follows.scroll_offset.y > 0 and left.scroll_offset.y > 0)
        left.scroll_home(animate=False, immediate=True)
        before = follows.max_scroll_y
        more.set()
        await user.wait_until(lambda: follows.max_scroll_y > before)
        await user.wait_until(lambda: follows.scroll_offset.y == follows.max_scroll_y)
        assert left.scroll_offset.y == 0


async def test_each_digit_shows_one_stream_alone_and_all_again(bench: Bench) -> None:
    names = [f"m{i}" for i in range(1, 10)]
    bench.open_pool = scripted_pool(ScriptedProvider(), names)
    bench.with_round(n=9)
    async with bench.opened() as user:
        await user.press("1")
        assert not user.screen.board.zoomed  # nothing has been written yet
        await user.run_round()
        panes = list(user.screen.query(StreamPane))
        for digit, pane in enumerate(panes, start=1):
            await user.press(str(digit))
            assert [one for one in panes if one.display] == [pane]
            assert user.app.focused is pane
            assert "amoxicillin" in pane.text
            await user.press("escape" if digit % 2 else str(digit))
            assert all(one.display for one in panes)


async def test_another_digit_goes_from_stream_to_stream_and_another_pane_back_to_all(
    bench: Bench,
) -> None:
    async with bench.opened(NARROW) as user:
        await user.run_round()
        await user.press("1", "3")
        assert user.screen.board.shows_alone(3)
        await user.press("9")
        assert user.screen.board.shows_alone(3)  # there are three
        await user.press("g")
        assert not user.screen.board.zoomed
        assert user.screen.board.front == "grades"
