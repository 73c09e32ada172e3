"""Theme files: ours are legible, a broken one is one sentence, none can stop the app."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import Theme
from textual.widgets import DataTable, Footer, Input, Markdown

from llmchem_tui.config import config_folder
from llmchem_tui.ui.theme_files import bundled_themes, load_theme, load_themes, own_themes
from tests.ui.app_under_test import Bench
from tests.ui.painted import painted, segments

GOOD = 'name = "mine"\nprimary = "#112233"\n'


class Host(App[None]):
    """Widgets that use most of the variables."""

    def compose(self) -> ComposeResult:
        yield Input("text")
        yield DataTable()
        yield Markdown("# Head\n\n[link](https://example.org)")
        yield Footer()


async def shown(theme: Theme) -> str:
    app = Host()
    app.register_theme(theme)
    async with app.run_test():
        app.theme = theme.name
        return app.theme


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2, from 1 to 21."""

    def luminance(text: str) -> float:
        parts = Color.parse(text).normalized
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def ours() -> list[Theme]:
    themes, problems = load_themes([bundled_themes()])
    assert problems == []
    return themes


COLOURED = [theme for theme in ours() if not theme.ansi]
GROUNDS = ("background", "surface", "panel")
COLOURS = ("primary", "secondary", "accent", "success", "warning", "error")
TEXTS = ("foreground", "muted", *COLOURS)

each_coloured = pytest.mark.parametrize("theme", COLOURED, ids=lambda theme: theme.name)


def palette(theme: Theme) -> dict[str, str]:
    """All colours that a theme leads to, those that Textual makes of it included."""
    return theme.to_color_system().generate() | dict(theme.variables)


def lightness(colour: str) -> float:
    """Return L* of CIELAB, from 0 to 100."""
    luminance = (contrast(colour, "#000000") * 0.05) - 0.05
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance


def least(theme: Theme) -> float:
    return 7.0 if theme.name == "high-contrast" else 4.5


def test_there_is_a_theme_for_every_eye_and_room() -> None:
    named = {theme.name: theme for theme in ours()}
    assert len(named) >= 7
    assert {"clinic-dark", "clinic-light", "high-contrast", "okabe-ito", "terminal"} <= set(named)
    assert named["clinic-dark"].dark and not named["clinic-light"].dark
    assert named["terminal"].ansi


@pytest.mark.parametrize(
    "path", sorted(bundled_themes().glob("*.toml")), ids=lambda path: path.stem
)
def test_a_theme_of_ours_is_named_like_its_file_and_says_what_it_is_for(path: Path) -> None:
    assert load_theme(path).name == path.stem
    assert path.read_text(encoding="utf-8").startswith("# ")


@each_coloured
def test_text_and_colours_are_legible_on_every_ground(theme: Theme) -> None:
    colours = palette(theme)
    for text in TEXTS:
        for ground in GROUNDS:
            assert contrast(colours[text], colours[ground]) >= least(theme), (text, ground)


@each_coloured
def test_a_row_under_the_cursor_keeps_its_colours_legible(theme: Theme) -> None:
    colours = palette(theme)
    for cursor in ("block-cursor-background", "block-cursor-blurred-background"):
        row = Color.parse(colours["surface"]) + Color.parse(colours[cursor])
        for text in (*TEXTS, "block-cursor-foreground"):
            assert contrast(colours[text], row.hex) >= least(theme), (cursor, text)
        assert contrast(colours["surface"], row.hex) >= 1.2, cursor


@each_coloured
def test_keys_and_the_writing_cursor_are_legible(theme: Theme) -> None:
    colours = palette(theme)
    for text, ground in (
        ("footer-key-foreground", "footer-background"),
        ("footer-description-foreground", "footer-background"),
        ("input-cursor-foreground", "input-cursor-background"),
    ):
        assert contrast(colours[text], colours[ground]) >= least(theme), (text, ground)


@each_coloured
def test_the_pane_with_the_keyboard_stands_out_and_the_others_can_be_seen(theme: Theme) -> None:
    colours = palette(theme)
    assert contrast(colours["border"], colours["border-blurred"]) >= 3.0
    assert contrast(colours["border-blurred"], colours["background"]) >= 1.5
    assert contrast(colours["scrollbar"], colours["scrollbar-background"]) >= 1.5


async def test_muted_text_is_painted_in_the_colour_of_the_theme(bench: Bench) -> None:
    async with bench.opened() as user:
        for theme in ours():
            user.app.theme = theme.name
            await user.pilot.pause()
            assert user.app.theme_variables["muted"] == palette(theme)["muted"], theme.name


async def test_a_theme_without_muted_gets_a_colour_between_text_and_ground(bench: Bench) -> None:
    (bench.folder / "themes").mkdir()
    (bench.folder / "themes" / "mine.toml").write_text(
        GOOD + 'foreground = "#ffffff"\nbackground = "#000000"\n'
    )
    bench.settings = replace(bench.settings, ui=replace(bench.settings.ui, theme="mine"))
    async with bench.opened() as user:
        assert 0.1 < Color.parse(user.app.theme_variables["muted"]).brightness < 0.9


def test_states_differ_in_lightness_where_hues_may_not_be_seen() -> None:
    (theme,) = (theme for theme in COLOURED if theme.name == "okabe-ito")
    levels = sorted(lightness(palette(theme)[key]) for key in ("error", "success", "warning"))
    assert min(after - before for before, after in pairwise(levels)) >= 12


async def test_the_terminals_palette_reaches_every_screen(bench: Bench) -> None:
    ui = replace(bench.settings.ui, theme="terminal")
    bench.settings = replace(bench.settings, ui=ui)
    async with bench.opened() as user:
        await user.run_round()
        seen = []
        for key in ("escape", "c", "h", "l", "question_mark", "escape", "s", "n", "v"):
            await user.press(key)
            seen.append(painted(user.app))
            own = {segment.style.color for segment in segments(user.app) if segment.style}
            own |= {segment.style.bgcolor for segment in segments(user.app) if segment.style}
            assert all(colour is None or colour.triplet is None for colour in own), key
            if key in "snv":
                await user.press("escape")
        assert len(set(seen[:5])) == 5


@pytest.mark.parametrize("theme", ours(), ids=lambda theme: theme.name)
async def test_a_theme_of_ours_can_be_shown(theme: Theme) -> None:
    assert await shown(theme) == theme.name


BROKEN = {
    "primary = '#112233'": "name is missing; give a name without commas",
    "name = 'x'": "primary is missing; give text",
    GOOD + "primery = '#fff'": "unknown key primery; did you mean primary?",
    GOOD + "panel = 'bleu'": "panel must be a colour such as #4fb3bf, not 'bleu'",
    GOOD + "panel = '#12345'": "panel must be a colour such as #4fb3bf, not '#12345'",
    GOOD + "panel = 'rgb(٣,2,1)'": "panel must be a colour",
    GOOD + 'panel = "#ff0000\\n"': "panel must be a colour",
    GOOD + "dark = 'yes'": "dark must be true or false, not this text",
    GOOD + "[variables]\nborder = 'red; }'": "variables.border: must be a colour",
    GOOD + "[variables]\nborder = '$primary'": "variables.border: must be a colour",
    GOOD + "[variables]\nborder = 'auto 50%'": "variables.border: must be a colour",
    GOOD + "[variables]\nborder = 4": "variables.border must be text, not 4",
    GOOD
    + "[variables]\nblock-cursor-text-style = 'fat'": "variables.block-cursor-text-style: must",
    GOOD
    + "[variables]\nlink-style-hover = 'bold none'": "variables.link-style-hover: must be a st",
    "name = ": "broken TOML: Invalid value (at",
}


@pytest.mark.parametrize(("text", "sentence"), BROKEN.items(), ids=range(len(BROKEN)))
def test_a_broken_file_is_told_once_and_leaves_the_others(
    tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "a.toml").write_text(text)
    (tmp_path / "b.toml").write_text(GOOD)
    themes, problems = load_themes([tmp_path])
    assert [theme.name for theme in themes] == ["mine"]
    assert len(problems) == 1
    assert problems[0].startswith(f"{tmp_path / 'a.toml'}: ")
    assert sentence in problems[0]


@pytest.mark.parametrize(
    "variables",
    [
        "border = '#4fb3bf 30%'",
        "text = 'auto 87%'\ntext-muted = 'auto 60%'",
        "block-cursor-text-style = 'bold underline'\nlink-style-hover = 'not underline'",
        "footer-background = 'transparent'\nscrollbar = 'ansi_blue'",
        "of-ones-own = 'hsl(120, 50%, 50%)'",
    ],
)
async def test_what_is_accepted_can_be_shown(tmp_path: Path, variables: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f"{GOOD}[variables]\n{variables}\n")
    assert await shown(load_theme(path)) == "mine"


@pytest.mark.parametrize("ansi", ["true", "false"])
async def test_the_terminals_own_colours_can_be_a_theme(tmp_path: Path, ansi: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        f'name = "mine"\nprimary = "ansi_cyan"\nansi = {ansi}\n'
        'foreground = "ansi_default"\nbackground = "ansi_default"\n'
    )
    assert await shown(load_theme(path)) == "mine"


def test_themes_stand_beside_the_settings_in_use_or_in_the_users_folder(tmp_path: Path) -> None:
    assert own_themes(tmp_path / "mine.toml") == tmp_path / "themes"
    assert own_themes(None) == config_folder() / "themes"


def test_a_later_folder_replaces_a_theme_and_missing_folders_are_empty(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, primary in ((first, "#111111"), (second, "#222222")):
        folder.mkdir()
        (folder / "mine.toml").write_text(f'name = "mine"\nprimary = "{primary}"\n')
    themes, problems = load_themes([first, second, tmp_path / "nowhere"])
    assert [theme.primary for theme in themes] == ["#222222"]
    assert problems == []
