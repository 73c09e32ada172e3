"""Which keys do something now: all of them in a panel."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.help_text import KeyHelp, same_things
from llmchem_tui.ui.widgets.said import Said

_COLUMN = 25
"""Cells of a key with its word, where there are several beside each other."""

_KEYS = 7
"""Cells of a key that has a line of its own."""

_ONE_COLUMN = 60
"""Below so many cells a key has a line of its own, with what it does."""


def key_of(screen: Screen[Any], id: str) -> str:
    """Return the key of a binding that means something on the screen, as the keymap has it."""
    for _, binding, _, _ in screen.active_bindings.values():
        if binding.id == id:
            return screen.app.get_key_display(binding)
    return ""


class KeysPanel(VerticalScroll, can_focus=False):
    """What has the keyboard, in a sentence, and every key that does something now."""

    DEFAULT_CLASSES = "-textual-system"  # it stays where one pane fills the screen

    def compose(self) -> ComposeResult:
        """One text."""
        yield Said(id="keys")

    def on_mount(self) -> None:
        """Follow the keyboard."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        """Use the width there is."""
        self._draw()

    def _bindings_changed(self, screen: Screen[object]) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        width = self.scrollable_content_region.width
        if not self.is_attached or width <= 0:
            return
        help = _help(self.screen.focused)
        lines = Content.styled(help, "$muted").wrap(width) if help else []
        keys = same_things(self._bindings_now(), self.app.get_key_display)
        lines += _columns(keys, width) if width >= _ONE_COLUMN else _list(keys, width)
        self.query_one(Said).say(Content("\n").join(lines))

    def _bindings_now(self) -> list[Binding]:
        """Our own bindings that mean something, those of the line of keys first."""
        active = self.screen.active_bindings.values()
        bindings = [binding for _, binding, enabled, _ in active if enabled and binding.id]
        return sorted(bindings, key=lambda binding: not binding.show)


def _help(focused: Widget | None) -> str:
    nodes = focused.ancestors_with_self if focused is not None else ()
    helps = (node.HELP for node in nodes if isinstance(node, Widget) and node.HELP)
    return plain_line(next(helps, ""))


def _columns(keys: list[KeyHelp], width: int) -> list[Content]:
    """Keys and words, column after column."""
    rows = -(-len(keys) // max(1, width // _COLUMN))
    cells = [
        Content.assemble(Content.styled(own.keys, "$accent"), " ", own.word).truncate(
            _COLUMN - 1, ellipsis=True
        )
        for own in keys
    ]
    return [
        Content().join(
            Content.assemble(cell, " " * (_COLUMN - cell.cell_length)) for cell in cells[row::rows]
        )
        for row in range(rows)
    ]


def _list(keys: list[KeyHelp], width: int) -> list[Content]:
    """A key in a line, with what it does."""
    lines: list[Content] = []
    for own in keys:
        key = Content.styled(own.keys.ljust(_KEYS - 1) + " ", "$accent")
        indent = key.cell_length
        first, *rest = Content(own.text).wrap(max(10, width - indent)) or [Content()]
        lines.append(Content.assemble(key, first))
        lines += [Content.assemble(" " * indent, more) for more in rest]
    return lines
