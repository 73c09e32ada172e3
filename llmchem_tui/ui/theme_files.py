"""Themes are files: palettes in TOML. A broken one is reported and left out, never a crash.

Textual accepts any text as a colour and fails later without naming it; so each is tried here.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.css.constants import VALID_STYLE_FLAGS
from textual.theme import Theme

from llmchem_tui.config import Name, UiSettings, config_folder
from llmchem_tui.domain.errors import InputError
from llmchem_tui.toml_files import nearest, read_toml, typed

NOT_COLOURS = ("name", "dark", "ansi", "variables")
LONGEST_COLOUR = 60
_MUTED = 0.35
"""How far what matters less goes from the text's colour to that of the ground."""

AUTOMATIC = ("text", "text-muted", "text-disabled")
"""The variables that may also be "auto 60%": black or white, as the ground demands."""

ANSI_DEFAULTS = {
    "ansi-background": "ansi_default",
    "ansi-foreground": "ansi_default",
    "foreground-disabled": "ansi_default",
    "surface-active": "transparent",
}
"""What style sheets may name, and Textual makes for every theme but an ANSI one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The keys of a theme file, by Textual's names; a colour left out is made from the others."""

    name: Name
    primary: str
    secondary: str | None = None
    accent: str | None = None
    foreground: str | None = None
    background: str | None = None
    surface: str | None = None
    panel: str | None = None
    boost: str | None = None
    success: str | None = None
    warning: str | None = None
    error: str | None = None
    dark: bool = True
    ansi: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)


def bundled_themes() -> Path:
    """Return the folder of our own themes: inside the wheel, or at the top of a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def own_themes(settings: Path | None) -> Path:
    """Return the folder of the user's themes: beside the settings file, if one is in use."""
    return (settings.parent if settings else config_folder()) / "themes"


def choose_theme(wanted: str, known: Collection[str]) -> tuple[str, list[str]]:
    """Return the theme to show, and what to tell where it is not the one that is wanted."""
    if wanted in known:
        return wanted, []
    hint = nearest(wanted, known)
    remedy = f"did you mean {hint}? The" if hint else "the"
    shown = UiSettings().theme
    return shown, [f"no theme {wanted!r}; {remedy} palette lists them all. This is {shown}"]


def load_themes(folders: Iterable[Path]) -> tuple[list[Theme], list[str]]:
    """Return the themes of all ``*.toml`` in the folders, and a sentence for each broken file.

    Sorted by name; of two with one name the later folder's counts. Missing folders have none.
    """
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            try:
                theme = load_theme(path)
            except InputError as error:
                problems.append(str(error))
            else:
                themes[theme.name] = theme
    return [themes[name] for name in sorted(themes)], problems


def load_theme(path: Path) -> Theme:
    """Return the theme of one file.

    Raises:
        InputError: the file is unreadable, or a key or a colour is wrong.
    """
    palette = typed(Palette, read_toml(path), path)
    values: dict[str, Any] = {f.name: getattr(palette, f.name) for f in dataclasses.fields(palette)}
    for key, value in values.items():
        if key not in NOT_COLOURS and value is not None and not _is_colour(value):
            raise InputError(f"{path}: {key} must be a colour such as #4fb3bf, not {value[:40]!r}")
    for key, value in palette.variables.items():
        if not _is_value(key, value):
            raise InputError(f"{path}: variables.{key}: {_expected(key)}, not {value[:40]!r}")
    if palette.ansi:
        values["variables"] = ANSI_DEFAULTS | dict(palette.variables)
    return Theme(**values)


def _is_value(key: str, value: str) -> bool:
    if _is_style(key):
        words = value.split()
        return words == ["none"] or (bool(words) and set(words) <= VALID_STYLE_FLAGS - {"none"})
    colour = re.sub(r" \d{1,3}%\Z", "", value)
    return (key in AUTOMATIC and colour == "auto") or _is_colour(colour)


def _is_style(key: str) -> bool:
    return key.endswith("-style") or key.startswith("link-style")


def _expected(key: str) -> str:
    if _is_style(key):
        return "must be a style such as bold or none"
    return 'must be a colour such as #4fb3bf or "#4fb3bf 30%"'


def _is_colour(text: str) -> bool:
    # Color.parse is wider than the style sheets: foreign digits, a line break at the end.
    if len(text) > LONGEST_COLOUR or not (text.isascii() and text.isprintable()):
        return False
    try:
        Color.parse(text)
    except ColorParseError:
        return False
    return True


def muted_colour(variables: Mapping[str, str], *, ansi: bool) -> str:
    """Return a theme's colour for what matters less: its own, else one between text and ground.

    ``ansi``: the theme has the terminal's colours, which cannot be blended.
    """
    if own := variables.get("muted"):  # ours have one, measured on every ground
        return own
    if ansi:
        return "ansi_bright_black"
    text, ground = (Color.parse(variables[name]) for name in ("foreground", "background"))
    return text.blend(ground, _MUTED).hex
