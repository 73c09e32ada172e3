"""The five screens as Textual modes; each is imported and made when it is first seen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from textual.binding import Binding

from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.round import RoundScreen

if TYPE_CHECKING:
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.ui.screens.desk import DeskScreen

MODES = {
    "round": "Round",
    "chemistry": "Chemistry",
    "history": "History",
    "models": "Models",
    "help": "Help",
}
"""Each mode with what its screen is called."""

MODE_KEYS = [
    Binding("c", "mode('chemistry')", "Chemistry", id="app.chemistry", tooltip="Who interacts"),
    Binding("h", "mode('history')", "History", id="app.history", tooltip="Saved sessions"),
    Binding("l", "mode('models')", "Models", id="app.models", tooltip="What can be asked"),
    Binding(
        "question_mark",
        "mode('help')",
        "Help",
        id="app.help",
        tooltip="All keys, words and numbers",
        key_display="?",
    ),
]
"""What leads to the screens; back to Round it is the same key that leaves anything."""


def make_screen(
    mode: str, desk: Desk, open_laboratory: Callable[[], Awaitable[Laboratory]]
) -> DeskScreen:
    """Return the screen of a mode; the Round screen opens the laboratory for all of them."""
    screen = _new_screen(mode, desk, open_laboratory)
    # It will be styled when it is mounted: without this Textual parses all styles anew, twice.
    screen._css_update_count = screen.app._css_update_count
    return screen


def _new_screen(
    mode: str, desk: Desk, open_laboratory: Callable[[], Awaitable[Laboratory]]
) -> DeskScreen:
    if mode == "chemistry":
        from llmchem_tui.ui.screens.chemistry import ChemistryScreen

        return ChemistryScreen(desk)
    if mode == "history":
        from llmchem_tui.ui.screens.history import HistoryScreen

        return HistoryScreen(desk)
    if mode == "models":
        from llmchem_tui.ui.screens.models import ModelsScreen

        return ModelsScreen(desk)
    if mode == "help":
        from llmchem_tui.ui.screens.help import HelpScreen

        return HelpScreen(desk)
    return RoundScreen(desk, open_laboratory)
