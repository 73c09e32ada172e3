"""NO_COLOR is respected, and nothing that matters is told by colour alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from llmchem_tui.session.provider import Unreachable
from tests.session.scripted import FOREVER, ScriptedProvider
from tests.ui.app_under_test import Bench, Driver, scripted_pool
from tests.ui.painted import painted, segments
from tests.ui.test_stopping import BEGINS


@pytest.fixture(autouse=True)
def no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for it as users do."""
    monkeypatch.setenv("NO_COLOR", "1")


def colours(user: Driver) -> set[tuple[int, ...] | str]:
    """What foregrounds and grounds are painted in: red, green, blue, or a name."""
    styles = [segment.style for segment in segments(user.app) if segment.style]
    own = [colour for style in styles for colour in (style.color, style.bgcolor) if colour]
    return {tuple(colour.triplet) if colour.triplet else colour.name for colour in own}


async def test_only_greys_are_painted(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.run_round()
        for key in ("escape", "l", "escape", "s"):
            await user.press(key)
            seen = colours(user)
            assert len(seen) > 2
            assert all(len(set(colour)) == 1 for colour in seen), key


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


async def test_the_terminals_own_palette_is_left_out_too(bench: Bench) -> None:
    ui = replace(bench.settings.ui, theme="terminal")
    bench.settings = replace(bench.settings, ui=ui)
    async with bench.opened() as user:
        await user.run_round()
        assert colours(user) == {"default"}
        await user.press("p")
        underlined = [own.text for own in segments(user.app) if own.style and own.style.underline]
        assert "● sim/alder-7b" in "".join(underlined)
        assert "sim/birch-13b" not in "".join(underlined)
