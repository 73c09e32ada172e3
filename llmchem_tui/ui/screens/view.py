"""A view of the study that the Chemistry screen keeps: it stands in front of that screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding

from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.desk import DeskScreen
from llmchem_tui.ui.style_sheet import STYLES

if TYPE_CHECKING:
    from llmchem_tui.ui.study import Study


class ViewScreen(DeskScreen):
    """Shows a study, and the next one as soon as rounds or parameters have changed."""

    CSS_PATH = STYLES / "views.tcss"
    BINDINGS = [
        Binding("escape", "leave", "Back", id="view.leave", tooltip="Back to the table of pairs")
    ]

    def __init__(self, desk: Desk, study: Study) -> None:
        super().__init__(desk)
        self.study = study

    def take(self, study: Study) -> None:
        """Show another study."""
        self.study = study
        self.draw()
        self.show_desk()

    def draw(self) -> None:
        """Show the study."""

    def action_leave(self) -> None:
        """Go back to the Chemistry screen."""
        self.dismiss()
