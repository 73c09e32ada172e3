"""What the settings change on the screen, and what is said of what is wrong in them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from llmchem_tui.config import Settings, UiSettings
from tests.ui.app_under_test import SETTINGS, Bench


async def test_the_keymap_moves_keys(bench: Bench) -> None:
    bench.settings = replace(SETTINGS, keymap={"round.adopt": "f5", "pool.pick": "z"})
    async with bench.opened() as user:
        await user.press("z")
        assert len(user.ensemble) == 2
        await user.press("a")
        assert len(user.ensemble) == 2
        await user.press("f5")
        assert user.screen.desk.setup.choice is user.screen.desk.setup.offered
        assert "keymap" not in user.told


async def test_a_wrong_name_in_the_keymap_is_told_with_the_nearest(bench: Bench) -> None:
    bench.settings = replace(SETTINGS, keymap={"round.adpot": "f5", "x": "f6"})
    async with bench.started() as user:
        assert "'round.adpot' is nothing that a key does; did you mean round.adopt?" in user.told
        assert "'x' is nothing that a key does; Help lists the names" in user.told


@pytest.mark.parametrize(
    "keymap", [{"round.adopt": "z", "round.size": "z"}, {"round.size": "a"}], ids=str
)
async def test_one_key_for_two_things_is_told_once(bench: Bench, keymap: dict[str, str]) -> None:
    bench.settings = replace(SETTINGS, keymap=keymap)
    async with bench.started() as user:
        await user.press("tab", "tab", "space")
        assert user.told.count("to round.adopt and round.size; only one can have it") == 1


async def test_screens_may_give_one_key_to_different_things(bench: Bench) -> None:
    bench.settings = replace(SETTINGS, keymap={"round.pool": "p", "models.look": "f5"})
    async with bench.started() as user:
        assert "only one can have it" not in user.told


async def test_an_unknown_theme_is_told_and_the_app_opens(bench: Bench) -> None:
    bench.settings = replace(SETTINGS, ui=UiSettings(theme="clinic-drak"))
    async with bench.started() as user:
        assert "no theme 'clinic-drak'; did you mean clinic-dark?" in user.told
        assert user.app.theme == "clinic-dark"


async def test_an_unknown_theme_like_no_other_gives_ours_and_no_guess(bench: Bench) -> None:
    bench.settings = replace(SETTINGS, ui=UiSettings(theme="mybad"))
    async with bench.started() as user:
        assert "no theme 'mybad'; the palette lists them all. This is clinic-dark" in user.told
        assert user.app.theme == "clinic-dark"


async def test_a_users_own_theme_is_taken_and_a_broken_one_is_told(bench: Bench) -> None:
    folder = bench.folder / "themes"
    folder.mkdir()
    (folder / "mine.toml").write_text('name = "mine"\nprimary = "#112233"\n')
    (folder / "broken.toml").write_text('name = "broken"\nprimary = "mauvish"\n')
    bench.settings = replace(SETTINGS, ui=UiSettings(theme="mine"))
    async with bench.started() as user:
        assert user.app.theme == "mine"
        assert "broken.toml: primary must be a colour" in user.told


@pytest.mark.parametrize(
    ("settings", "env", "fps"),
    [
        (UiSettings(), {}, 10),
        (UiSettings(), {"SSH_CONNECTION": "10.0.0.1 22"}, 4),
        (UiSettings(fps=30), {"SSH_CONNECTION": "10.0.0.1 22"}, 30),
    ],
)
async def test_the_screen_is_painted_as_often_as_the_line_bears(
    bench: Bench, settings: UiSettings, env: dict[str, str], fps: int
) -> None:
    bench.settings = replace(SETTINGS, ui=settings)
    bench.env = env
    async with bench.started() as user:
        assert user.app.desk.fps == fps


async def test_strategy_and_size_begin_as_configured(bench: Bench) -> None:
    bench.with_round(strategy="LOCAL", n=2)
    async with bench.opened() as user:
        assert "LOCAL n=2" in user.status


def test_the_app_opens_without_numpy_pandas_or_a_vendors_library() -> None:
    code = "import llmchem_tui.ui.app, sys; print(*(n for n in sys.modules if '.' not in n))"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, cwd=root, text=True
    )
    slow = {"numpy", "pandas", "polars", "scipy", "openai", "anthropic", "ollama", "httpx"}
    assert slow.isdisjoint(done.stdout.split())
    assert "textual" in done.stdout.split()


def test_the_default_settings_are_those_of_the_tests_but_for_the_seed() -> None:
    assert replace(SETTINGS, round=Settings().round) == Settings()
