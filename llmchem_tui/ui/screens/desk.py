"""What the five screens have in common: the line at the top, the keys, and how they tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.events import ScreenResume
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.copying import Place, copy_focused, present_place, save_screenshot
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.widgets.key_line import KeyLine
from llmchem_tui.ui.widgets.status import Status

TOLD_SECONDS = 10
_PERIOD = 1 / 240  # seconds; it only runs where something is to be painted
_HIDDEN = (
    "this session has the round whose names are hidden: show them on the Round screen, or grade "
    "all its answers, before it is replayed"
)

BACK = Binding("escape", "app.mode('round')", "Round", id="app.round", tooltip="Back to the round")


class DeskScreen(Screen[None]):
    """A screen of the sitting; it keeps its state while another is in front."""

    BINDINGS = [
        Binding("y", "copy", "Copy", show=False, id="app.copy", tooltip="Copy what has focus"),
        Binding(
            "ctrl+s",
            "screenshot",
            "Screenshot",
            show=False,
            id="app.screenshot",
            tooltip="Save a picture of the screen as SVG",
        ),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._was_in_front = False
        self._painting: Timer | None = None

    def compose(self) -> ComposeResult:
        """The status line, what the screen is about, the keys."""
        # Textual finds the class only after a first layout, and then styles and lays out all anew.
        breakpoints = sorted(self.app.HORIZONTAL_BREAKPOINTS or ())
        fitting = [name for least, name in breakpoints if least <= self.app.size.width]
        self.add_class(*fitting[-1:], update=False)
        yield Status(id="status")
        yield from self.content()
        yield KeyLine()

    def content(self) -> Iterable[Widget]:
        """What the screen is about."""
        return ()

    @property
    def _update_timer(self) -> Timer:
        # Textual 8.2.8 lets one or two periods of 17 ms pass before a key's effect is painted.
        if self._painting is None:
            self._painting = self.set_interval(
                _PERIOD, self._on_timer_update, name="screen_update", pause=True
            )
        return self._painting

    def _compositor_refresh(self) -> None:
        # During a batch Textual paints all the same, and throws the picture away.
        if not self.app._batch_count:
            super()._compositor_refresh()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Show what has changed while another screen was in front."""
        if not self._was_in_front:  # all has just been styled
            event.refresh_styles = False
        self._was_in_front = True
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
        desk = self.desk
        self.query_one(Status).show(
            self.status_parts(),
            simulated=desk.simulated,
            private=desk.private,
            unsaved=desk.unsaved,
        )

    @property
    def place(self) -> Place:
        """Where texts of this screen may be written."""
        return present_place(self.desk)

    def action_copy(self) -> None:
        """Copy what has the keyboard to the clipboard, and to a file where one may be written."""
        copy_focused(self, self.place)

    def action_screenshot(self) -> None:
        """Save a picture of the screen."""
        save_screenshot(self)

    def may_replay(self, session: Path) -> bool:
        """Tell whether a replay would show no names that are hidden; say so if it would."""
        if self.desk.hides(session):
            self.tell(_HIDDEN)
            return False
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what makes no sense now; a narrow footer has no room for it."""
        if self.makes_sense(action):
            return True
        return False if self.has_class("-narrow") else None

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        return True

    def key(self, id: str) -> str:
        """The key that does something here, as the keymap has it."""
        own = (
            binding
            for kind in (*type(self).__mro__, *type(self.app).__mro__)
            for binding in getattr(kind, "BINDINGS", ())
            if isinstance(binding, Binding) and binding.id == id
        )
        binding = next(own)
        if changed := self.desk.settings.keymap.get(id):
            binding = replace(binding, key=changed.split(",")[0].strip(), key_display=None)
        return self.app.get_key_display(binding)

    def tell(self, text: str, severity: SeverityLevel = "warning") -> None:
        """Tell the user something in passing, whatever screen is in front."""
        self.app.notify(plain_line(text), severity=severity, markup=False, timeout=TOLD_SECONDS)
