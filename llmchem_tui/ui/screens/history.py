"""The History screen: saved sessions and CSV histories, to look at and to replay."""

from __future__ import annotations

from textual.content import Content

from llmchem_tui.ui.screens.desk import BACK, DeskScreen


class HistoryScreen(DeskScreen):
    """Sessions and histories in one list."""

    BINDINGS = [BACK]

    def status_parts(self) -> list[Content]:
        """Name the screen."""
        return [Content("History")]
