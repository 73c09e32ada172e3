"""The Help screen: what this is, the keys, the words and the glyphs."""

from __future__ import annotations

from textual.content import Content

from llmchem_tui.ui.screens.desk import BACK, DeskScreen


class HelpScreen(DeskScreen):
    """All keys, and what the numbers mean."""

    BINDINGS = [BACK]

    def status_parts(self) -> list[Content]:
        """Name the screen."""
        return [Content("Help")]
