"""Style sheets that are parsed once: Textual parses them in Python, and that takes long."""

from __future__ import annotations

from pathlib import Path

from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

STYLES = Path(__file__).with_name("styles")
"""The folder of the style sheets: those of the app, and each screen's own."""

_SOURCES = 1000
"""More than the app has; Textual keeps 64, and one more would parse all of them every time."""


class ParsedOnce(Stylesheet):
    """Textual's style sheet, which parses a source again only for other colours.

    Textual 8.2.8 itself parses all of them anew when the theme is set that it starts with, and
    whenever a screen brings styles of its own.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parse_cache = LRUCache(_SOURCES)

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take other values of the variables; what was parsed with these very values stays."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse what is not parsed yet with the present variables."""
        self.parse()
