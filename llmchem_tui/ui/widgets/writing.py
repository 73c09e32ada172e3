"""Fields that take whatever is typed or pasted, and never send it to the terminal as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from rich.text import Text
from textual import events
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Static, TextArea

from llmchem_tui.domain.plain_text import plain, plain_line
from llmchem_tui.storage.vignette_form import LONGEST
from llmchem_tui.ui.widgets.fitting import Fitting
from llmchem_tui.ui.words import count

# What a vignette never has; the bidirectional controls are text, in some languages.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def bound_key(screen: Screen[Any], action: str) -> str:
    """Return the key that does this on a screen, as the footer writes it."""
    keys = screen.active_bindings.values()
    bindings = (key.binding for key in keys if key.binding.action == action)
    return next((screen.app.get_key_display(binding) for binding in bindings), "")


class Told(Fitting, Static):
    """A sentence about what went wrong; no line of the screen where all is well."""

    def on_mount(self) -> None:
        """Begin without one."""
        self.display = False

    def say(self, problem: str) -> None:
        """Say what is wrong; blank: nothing is."""
        self.update(Content(plain_line(problem)))
        self.display = bool(problem)


class Line(Input):
    """One line. What is pasted loses its control characters; Textual takes its first line."""

    def on_mount(self) -> None:
        """Let the keyboard come to the end of what is there, not to replace it."""
        self.select_on_focus = False

    def on_paste(self, event: events.Paste) -> None:
        """Make visible what a terminal would obey."""
        event.text = plain(event.text.strip())


class Note(TextArea):
    """A text of many lines, shown harmlessly and kept as it is."""

    HELP = "The vignette: all that a model sees of it. Paste a note here, or write one."

    @dataclass
    class Pasted(Message):
        """Something about a paste that the user must know."""

        text: str

    def get_line(self, line_index: int) -> Text:
        """Show a sign for each character that would change how the line is read."""
        return Text(plain(self.document.get_line(line_index)), end="", no_wrap=True)

    def on_paste(self, event: events.Paste) -> None:
        """Refuse what is no vignette; make control characters visible: no file may hold them."""
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        kept = len(self.text) - len(self.selected_text)
        if kept + len(text) > LONGEST:
            event.prevent_default()
            problem = f"with what you paste the text is longer than {LONGEST:,} characters"
            self.post_message(self.Pasted(f"Not pasted: {problem}; is it the right text?"))
            return
        event.text, found = _CONTROL.subn(lambda match: plain(match[0]), text)
        if found:
            told = f"{count(found, 'control character')} pasted; you see signs such as ␛ instead."
            self.post_message(self.Pasted(told))
