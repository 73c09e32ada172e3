"""NO_COLOR leaves no colour at all, and nothing that matters is told by colour alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from llmchem_tui.session.provider import Unreachable
from llmchem_tui.ui.widgets.pool import PoolList
from tests.session.scripted import FOREVER, ScriptedProvider
from tests.ui.app_under_test import Bench, Driver, scripted_pool
from tests.ui.painted import painted, segments
from tests.ui.test_stopping import BEGINS


@pytest.fixture(autouse=True)
def no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for it as users do."""
    monkeypatch.setenv("NO_COLOR", "1")


def colours(user: Driver) -> set[str]:
    """What foregrounds and grounds are painted in."""
    styles = [segment.style for segment in segments(user.app) if segment.style]
    return {str(colour) for style in styles for colour in (style.color, style.bgcolor) if colour}


@pytest.mark.parametrize("theme", ["clinic-dark", "clinic-light", "terminal"])
async def test_no_colour_is_painted(bench: Bench, theme: str) -> None:
    bench.settings = replace(bench.settings, ui=replace(bench.settings.ui, theme=theme))
    async with bench.opened() as user:
        await user.run_round()
        for key in ("escape", "c", "h", "l", "question_mark", "escape", "s"):
            await user.press(key)
            assert colours(user) == set(), key


async def test_every_state_has_a_glyph_and_a_word(bench: Bench) -> None:
    provider = ScriptedProvider({"a": [BEGINS], "b": [(Unreachable("gone"),)], "c": [(FOREVER,)]})
    bench.open_pool = scripted_pool(provider, "abcd")
    async with bench.opened() as user:
        await user.begin_round()
        for state in ("✎ writing", "✗ error", "… waiting"):
            await user.wait_until(lambda state=state: state in painted(user.app))
        text = painted(user.app)
        assert text.count("● ") >= 3 and text.count("○ ") == 1  # in the ensemble, or not


async def test_the_pane_with_the_keyboard_has_a_border_of_its_own(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.run_round()
        for key, title in (("p", "═ Pool "), ("g", "═ Grades ")):
            await user.press(key)
            assert painted(user.app).count("╔") == 1
            assert title in painted(user.app)


async def test_a_row_is_marked_only_where_the_keyboard_is(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("g", "p")
        marked = "".join(
            own.text for own in segments(user.app) if own.style and own.style.underline
        )
        assert "● sim/alder-7b" in marked
        assert "sim/birch-13b" not in marked


async def test_the_place_where_one_writes_can_be_seen(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("ctrl+p", "d", "o", "s", "left")
        reversed_ = [own.text for own in segments(user.app) if own.style and own.style.reverse]
        assert "s" in reversed_


async def test_a_row_can_still_be_clicked(bench: Bench) -> None:
    async with bench.opened() as user:
        before = user.ensemble
        await user.pilot.click(PoolList, offset=(3, 4))
        await user.pilot.pause()
        assert user.ensemble != before
