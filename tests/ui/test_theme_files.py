"""Theme files: ours are legible, a broken one is one sentence, none can stop the app."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import Theme
from textual.widgets import DataTable, Footer, Input, Markdown

from llmchem_tui.ui.theme_files import bundled_themes, load_theme, load_themes

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


def test_there_is_a_dark_a_light_and_a_high_contrast_theme() -> None:
    named = {theme.name: theme for theme in ours()}
    assert {"clinic-dark", "clinic-light", "high-contrast"} <= set(named)
    assert named["clinic-dark"].dark and not named["clinic-light"].dark


@pytest.mark.parametrize(
    "path", sorted(bundled_themes().glob("*.toml")), ids=lambda path: path.stem
)
def test_a_theme_of_ours_is_named_like_its_file_and_legible(path: Path) -> None:
    theme = load_theme(path)
    assert theme.name == path.stem
    least = 7.0 if theme.name == "high-contrast" else 4.5
    palette = {key: value for key, value in vars(theme).items() if isinstance(value, str)}
    for text in ("foreground", "primary", "secondary", "accent", "success", "warning", "error"):
        for ground in ("background", "surface", "panel"):
            assert contrast(palette[text], palette[ground]) >= least, (text, ground)


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


def test_a_later_folder_replaces_a_theme_and_missing_folders_are_empty(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, primary in ((first, "#111111"), (second, "#222222")):
        folder.mkdir()
        (folder / "mine.toml").write_text(f'name = "mine"\nprimary = "{primary}"\n')
    themes, problems = load_themes([first, second, tmp_path / "nowhere"])
    assert [theme.primary for theme in themes] == ["#222222"]
    assert problems == []
