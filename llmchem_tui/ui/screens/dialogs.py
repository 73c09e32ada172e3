"""Dialogs: choose one of a list, write a line, or answer yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.setup import STRATEGIES
from llmchem_tui.ui.widgets.keys import key_of
from llmchem_tui.ui.widgets.said import Said

_ONE_LINE = 60
_MOVE = "Move in the list"


@dataclass(frozen=True, slots=True)
class Item:
    """One line to choose: ``value`` is what comes back, all of it is seen and searched."""

    value: str
    text: str
    detail: str = ""


def strategy_items() -> list[Item]:
    """Return the strategies to choose from."""
    return [Item(name, name, what) for name, what in STRATEGIES.items()]


def size_items(most: int) -> list[Item]:
    """Return the sizes to choose from, with the calls that each costs."""
    items = [Item("1", "1 model", "1 answer, nobody to review it")]
    items += [
        Item(str(n), f"{n} models", f"{n} answers, {n * (n - 1)} reviews")
        for n in range(2, most + 1)
    ]
    return items[:most]


class PickScreen(ModalScreen[str | None]):
    """Choose one of a list; typing narrows it. Comes back with the value, or None."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Leave", id="pick.leave", tooltip="Choose nothing"),
        Binding("down", "move(1)", "Down", id="pick.down", tooltip=_MOVE),
        Binding("up", "move(-1)", "Up", id="pick.up", tooltip=_MOVE),
        Binding("pagedown", "move(10)", "Ten down", id="pick.ten-down", tooltip=_MOVE),
        Binding("pageup", "move(-10)", "Ten up", id="pick.ten-up", tooltip=_MOVE),
    ]

    def __init__(self, title: str, items: Sequence[Item], current: str = "") -> None:
        super().__init__()
        self._title = title
        self._items = items
        self._current = current
        self._shown: list[Item] = []
        short = all(len(item.text) + len(item.detail) < _ONE_LINE for item in items)
        self._between = "  " if short else "\n    "

    def compose(self) -> ComposeResult:
        """A field to type in above the list."""
        with Vertical(id="dialog"):
            yield Input(placeholder="type to search", compact=True)
            yield OptionList()

    def on_mount(self) -> None:
        """Show everything, with the present choice highlighted."""
        dialog = self.query_one("#dialog")
        dialog.border_title = Content(self._title)
        dialog.border_subtitle = Content(f"enter choose · {key_of(self, 'pick.leave')} leave")
        self._narrow("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._narrow(event.value)

    def _narrow(self, typed: str) -> None:
        words = typed.casefold().split()
        self._shown = [
            item
            for item in self._items
            if all(word in f"{item.value} {item.text} {item.detail}".casefold() for word in words)
        ]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(Option(self._line(item)) for item in self._shown)
        values = [item.value for item in self._shown]
        if values:
            options.highlighted = values.index(self._current) if self._current in values else 0
        else:
            options.add_option(Option(Content.styled("nothing found", "$muted"), disabled=True))

    def _line(self, item: Item) -> Content:
        mark = "●" if item.value == self._current else " "
        detail = Content.styled(plain_line(item.detail), "$muted")
        return Content.assemble(f"{mark} {plain_line(item.text)}", self._between, detail)

    def action_move(self, lines: int) -> None:
        """Move in the list while the keyboard stays in the field."""
        options = self.query_one(OptionList)
        if self._shown:
            place = (options.highlighted or 0) + lines
            options.highlighted = max(0, min(len(self._shown) - 1, place))

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_index < len(self._shown):
            self.look_at(self._shown[event.option_index].value)

    def look_at(self, value: str) -> None:
        """A line has come under the cursor."""

    @on(Input.Submitted)
    def _submitted(self) -> None:
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None and self._shown:
            self.dismiss(self._shown[highlighted].value)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index].value)


class WriteScreen(ModalScreen[str | None]):
    """Write a line. Comes back with it, or None."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Leave", id="write.leave", tooltip="Write nothing")
    ]

    def __init__(self, title: str, example: str) -> None:
        super().__init__()
        self._title = title
        self._example = example

    def compose(self) -> ComposeResult:
        """A field to type in."""
        with Vertical(id="dialog"):
            yield Input(placeholder=self._example, compact=True)

    def on_mount(self) -> None:
        """Say what is asked for."""
        dialog = self.query_one("#dialog")
        dialog.border_title = Content(self._title)
        dialog.border_subtitle = Content(f"enter go on · {key_of(self, 'write.leave')} leave")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if line := event.value.strip():
            self.dismiss(line)


class AskScreen(ModalScreen[bool]):
    """A question that is answered with y or n."""

    BINDINGS = [
        Binding("y", "dismiss(True)", "Yes", id="ask.yes", tooltip="Do what is asked about"),
        Binding(
            "n,escape", "dismiss(False)", "No", id="ask.no", tooltip="Leave things as they are"
        ),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question, and the two keys."""
        with Vertical(id="dialog"):
            yield Static(plain_line(self._question), markup=False)
            yield Said(id="answers")

    def on_mount(self) -> None:
        """Name the keys."""
        yes, no = (Content.styled(key_of(self, id), "bold") for id in ("ask.yes", "ask.no"))
        answers = Content.assemble(yes, " yes   ", no, " no")
        self.query_one("#answers", Said).say(answers)


class LeaveScreen(AskScreen):
    """Asked before the program is left where something would be lost."""
