"""Choosing a theme: the one under the cursor is seen at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from textual.theme import Theme

from llmchem_tui.ui.screens.dialogs import Item, PickScreen


def theme_items(themes: Mapping[str, Theme], own: Collection[str]) -> list[Item]:
    """Return the themes to choose from: ``own`` are those of theme files, the rest Textual's."""
    return [
        Item(name, name, _kind(themes[name]) + ("" if name in own else " · Textual's"))
        for name in sorted(themes, key=lambda name: (name not in own, name))
    ]


def how_to_keep(name: str, settings: Path | None) -> str:
    """Return what is told of a chosen theme; ``settings``: the file in use, if there is one."""
    import tomli_w

    from llmchem_tui.config import config_folder

    line = tomli_w.dumps({"theme": name}).strip()
    file = settings or config_folder() / "config.toml"
    return f"{name} for this sitting. To keep it, write {line} under [ui] in {file}"


def _kind(theme: Theme) -> str:
    if theme.ansi:
        return "the terminal's own colours"
    return "dark" if theme.dark else "light"


class ThemeScreen(PickScreen):
    """Choose a theme; the app takes on whichever is looked at. Comes back with it, or None."""

    def look_at(self, value: str) -> None:
        """Show the app in this theme."""
        self.app.theme = value
