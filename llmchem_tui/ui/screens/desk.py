"""What the five screens have in common: the line at the top, the keys, and how they tell."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.widgets.status import Status

TOLD_SECONDS = 10

BACK = Binding("escape", "app.mode('round')", "Round", id="app.round", tooltip="Back to the round")


class DeskScreen(Screen[None]):
    """A screen of the sitting; it keeps its state while another is in front."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def compose(self) -> ComposeResult:
        """The status line, what the screen is about, the keys."""
        yield Status(id="status", markup=False)
        yield from self.content()
        yield Footer(compact=True, show_command_palette=False)

    def content(self) -> Iterable[Widget]:
        """What the screen is about."""
        return ()

    def on_screen_resume(self) -> None:
        """Show what has changed while another screen was in front."""
        self.call_after_refresh(self.show_desk)

    def show_desk(self) -> None:
        """Bring the screen up to date with the desk."""
        self.show_status()
        self.refresh_bindings()

    def status_parts(self) -> list[Content]:
        """What the line at the top says, beside the label and the notice."""
        return []

    def show_status(self) -> None:
        """Bring the line at the top up to date."""
        status = self.query_one(Status)
        status.show(self.status_parts(), simulated=self.desk.simulated, private=self.desk.private)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what makes no sense now; a narrow footer has no room for it."""
        if self.makes_sense(action):
            return True
        return False if self.has_class("-narrow") else None

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        return True

    def tell(self, text: str, severity: SeverityLevel = "warning") -> None:
        """Tell the user something in passing, whatever screen is in front."""
        self.app.notify(plain_line(text), severity=severity, markup=False, timeout=TOLD_SECONDS)
