"""The line of keys at the bottom: as many as fit, never half a one."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding

from llmchem_tui.ui.widgets.key_line import LAST, KeyLine, LineKey
from tests.ui.app_under_test import NARROW, Bench, WaitUntil
from tests.ui.test_app import MODES


class Host(App[None]):
    """An app with more keys than fit."""

    BINDINGS = [
        *(Binding(key, f"bell_{key}", f"Word {key}", id=f"host.{key}") for key in "abcdefghij"),
        Binding("question_mark", "help", "Help", id=LAST, key_display="?"),
        Binding("z", "last", "Z", id="host.z"),
        Binding("y", "hidden", "Hidden", show=False, id="host.hidden"),
    ]

    def compose(self) -> ComposeResult:
        yield KeyLine()


def keys_of(app: App[None]) -> tuple[LineKey, ...]:
    return app.screen.query_one(KeyLine).keys


def words(app: App[None]) -> list[str]:
    return [key.word for key in keys_of(app)]


@pytest.mark.parametrize("width", [20, 41, 60, 80, 99])
async def test_what_does_not_fit_is_left_out_and_help_stays(
    wait_until: WaitUntil, width: int
) -> None:
    app = Host()
    async with app.run_test(size=(width, 10)) as pilot:
        await wait_until(lambda: words(app))
        await pilot.pause()
        assert "Help" in words(app)
        assert words(app)[0] == "Word a"
        assert max(key.end for key in keys_of(app)) <= width


async def test_more_room_shows_more_keys_in_their_order(wait_until: WaitUntil) -> None:
    app = Host()
    async with app.run_test(size=(40, 10)) as pilot:
        await wait_until(lambda: words(app))
        await pilot.resize_terminal(140, 10)
        everything = [*(f"Word {key}" for key in "abcdefghij"), "Help", "Z"]
        await wait_until(lambda: words(app) == everything)


async def test_on_80_columns_no_screen_cuts_a_key(bench: Bench) -> None:
    async with bench.opened(NARROW) as user:
        for key, mode in MODES.items():
            await user.press(key)
            await user.wait_until(lambda: user.app.screen.query(KeyLine) and keys_of(user.app))
            await user.pilot.pause()
            assert max(one.end for one in keys_of(user.app)) <= NARROW[0]
            described = words(user.app)
            assert ("Help" in described) is (mode != "help")
