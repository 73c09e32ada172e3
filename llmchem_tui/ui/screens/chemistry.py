"""The Chemistry screen: how strongly models interact, why, and what to run next."""

from __future__ import annotations

from textual.content import Content

from llmchem_tui.ui.screens.desk import BACK, DeskScreen


class ChemistryScreen(DeskScreen):
    """The pairwise table with its parameters."""

    BINDINGS = [BACK]

    def status_parts(self) -> list[Content]:
        """Name the screen."""
        return [Content("Chemistry")]
