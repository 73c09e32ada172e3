"""The theme picker: what is looked at is seen at once."""

from __future__ import annotations

from textual.widgets import OptionList

from llmchem_tui.ui.screens.themes import ThemeScreen, how_to_keep
from tests.ui.app_under_test import NARROW, Bench, Driver


def lines(user: Driver) -> list[str]:
    options = user.app.screen.query_one(OptionList).options
    return [" ".join(str(option.prompt).split()) for option in options]


async def test_moving_shows_the_theme_and_escape_brings_the_old_one_back(bench: Bench) -> None:
    async with bench.opened() as user:
        before = user.app.theme
        await user.press("t", "down")
        looked_at = user.app.theme
        assert looked_at != before
        await user.press("down")
        assert user.app.theme not in (before, looked_at)
        await user.press("escape")
        assert user.app.theme == before
        assert user.told == ""


async def test_enter_keeps_the_theme_and_tells_what_to_write(bench: Bench) -> None:
    async with bench.opened(NARROW) as user:
        await user.press("t", *"gruvbox")
        assert user.app.theme == "gruvbox"
        await user.press("enter")
        assert user.app.theme == "gruvbox"
        assert 'write theme = "gruvbox" under [ui] in' in user.told
        assert "config.toml" in user.told


async def test_a_search_without_a_result_keeps_what_was_seen(bench: Bench) -> None:
    async with bench.opened() as user:
        before = user.app.theme
        await user.press("t", *"nord")
        await user.press(*"zzz")
        assert user.app.theme == "nord"
        await user.press("enter")  # nothing to choose
        assert isinstance(user.app.screen, ThemeScreen)
        await user.press("escape")
        assert user.app.theme == before


async def test_themes_of_files_come_first_and_say_what_they_are(bench: Bench) -> None:
    folder = bench.folder / "themes"
    folder.mkdir()
    (folder / "mine.toml").write_text('name = "a[/b]"\nprimary = "#112233"\ndark = false\n')
    async with bench.opened() as user:
        await user.press("t")
        own = [line for line in lines(user) if "Textual's" not in line]
        assert own == lines(user)[: len(own)]
        assert "a[/b] light" in own
        assert "● clinic-dark dark" in own
        assert "nord dark · Textual's" in lines(user)


async def test_each_theme_of_the_picker_can_be_looked_at(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("t")
        seen = {user.app.theme}
        for _ in range(user.app.screen.query_one(OptionList).option_count):
            await user.press("down")
            seen.add(user.app.theme)
        assert seen == set(user.app.available_themes)


def test_a_name_is_quoted_as_toml_wants_it() -> None:
    assert 'theme = "a\\"b"' in how_to_keep('a"b', None)
