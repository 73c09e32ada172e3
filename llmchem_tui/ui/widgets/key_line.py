"""The line at the bottom: keys that do something now, as many as fit, and never half a one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.screen import Screen

from llmchem_tui.ui.widgets.said import Said

LAST = "app.help"
"""The id of the key that always stays in the line: it leads to all the others."""


@dataclass(frozen=True, slots=True)
class LineKey:
    """A key in the line, and from where on it stands there; it takes ``width`` cells."""

    key: str
    display: str
    word: str
    tooltip: str
    enabled: bool
    last: bool
    begin: int = 0

    @property
    def width(self) -> int:
        """The cells that it takes, with the blank after it."""
        return cell_len(self.display) + 1 + cell_len(self.word) + 1

    @property
    def end(self) -> int:
        """Behind which cell it ends, its blank not counted."""
        return self.begin + self.width - 1

    @property
    def content(self) -> Content:
        """Its text; what makes no sense now is dim."""
        dim = "" if self.enabled else "dim "
        return Content.assemble(
            Content.styled(self.display, f"{dim}bold $footer-key-foreground"),
            Content.styled(f" {self.word}", f"{dim}$footer-description-foreground"),
        )


class KeyLine(Said):
    """What has the keyboard comes first, then the screen, then the app.

    One text: Textual's own footer makes a widget of every key, each time that any of them changes.
    """

    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self.keys: tuple[LineKey, ...] = ()
        self._changed = False

    def on_mount(self) -> None:
        """Follow the keyboard, and what makes sense."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        """Use the width there is."""
        self._draw()

    def _bindings_changed(self, screen: Screen[object]) -> None:
        # Else nothing has the keyboard, and most keys would leave the line.
        if self.app.app_focus and not self._changed:
            self._changed = True
            self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        self._changed = False
        if not self.is_attached or not self.screen.is_active:
            return
        self.keys = tuple(_fitting(self._shown(), self.size.width or self.app.size.width))
        self.say(Content(" ").join(key.content for key in self.keys))

    def _shown(self) -> Iterator[LineKey]:
        seen = set[str]()
        for _, binding, enabled, tooltip in self.screen.active_bindings.values():
            if binding.show and binding.action not in seen:
                seen.add(binding.action)
                display = self.app.get_key_display(binding)
                last = binding.id == LAST
                yield LineKey(binding.key, display, binding.description, tooltip, enabled, last)

    # --- the mouse --------------------------------------------------------------------------

    def _at(self, x: int) -> LineKey | None:
        return next((key for key in self.keys if key.begin <= x < key.end), None)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Press the key."""
        if (key := self._at(event.x)) is None:
            return
        if key.enabled:
            self.app.simulate_key(key.key)
        else:
            self.app.bell()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Tell what the key does."""
        key = self._at(event.x)
        self.tooltip = key.tooltip if key is not None and key.tooltip else None


def _fitting(keys: Iterable[LineKey], width: int) -> Iterator[LineKey]:
    """Yield the keys that fit, from the first on, with room for the one that always stays."""
    keys = list(keys)
    room = width - sum(key.width for key in keys if key.last)
    begin = 0
    for key in keys:
        if not key.last and room < key.width:
            continue
        room -= 0 if key.last else key.width
        yield replace(key, begin=begin)
        begin += key.width
