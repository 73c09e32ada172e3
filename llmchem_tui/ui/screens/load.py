"""Loading a vignette from a file whose path is typed."""

from __future__ import annotations

import asyncio
import os

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import Suggester

from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.model import Vignette
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.storage.vignettes import ENDINGS, load_file
from llmchem_tui.ui.style_sheet import STYLES
from llmchem_tui.ui.widgets.key_line import KeyLine
from llmchem_tui.ui.widgets.writing import Line, Told


def completed(typed: str) -> str | None:
    """Return the path with the first entry of its folder that begins so; None without one.

    Folders, which end in a slash, and what can be a vignette by its name. May be slow: it reads.
    """
    folder, beginning = os.path.split(typed)
    try:
        with os.scandir(os.path.expanduser(folder) or os.curdir) as entries:
            names = sorted(
                entry.name + os.sep * entry.is_dir()
                for entry in entries
                if entry.name.startswith(beginning)
                and (entry.is_dir() or entry.name.lower().endswith(ENDINGS))
                and not (entry.name.startswith(".") and not beginning)
                and plain_line(entry.name) == entry.name
            )
    except (OSError, ValueError):  # no such folder, or a NUL in its name: nothing to offer
        return None
    return typed + names[0][len(beginning) :] if typed and names else None


class _Paths(Suggester):
    """Offers the rest of a path."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(completed, value)


class LoadScreen(ModalScreen[Vignette | None]):
    """Load a vignette from a file. Comes back with it, or None."""

    CSS_PATH = STYLES / "vignettes.tcss"
    BINDINGS = [
        Binding(
            "enter",
            "load",
            "Load",
            priority=True,  # else the field keeps it, and the footer is silent about it
            id="load.load",
            key_display="enter",
            tooltip="Read the file",
        ),
        Binding(
            "tab", "complete", "Complete", id="load.complete", tooltip="Take the rest of the path"
        ),
        Binding("escape", "dismiss(None)", "Leave", id="load.leave", tooltip="Load nothing"),
    ]
    HELP = "The path of a vignette: TOML of the form of the bundled ones, or plain text. ~ is home."

    def compose(self) -> ComposeResult:
        """A field to type in, and what is wrong with the file."""
        with Vertical(id="load"):
            yield Line(
                placeholder="path of a .toml, .txt or .md file, such as ~/notes/case.txt",
                suggester=_Paths(),
                compact=True,
            )
            yield Told()
        yield KeyLine()

    def on_mount(self) -> None:
        """Say what is asked for."""
        self.query_one("#load").border_title = Content("Load a vignette from a file")

    def action_complete(self) -> None:
        """Take what is offered."""
        line = self.query_one(Line)
        line.cursor_position = len(line.value)
        line.action_cursor_right()

    def action_load(self) -> None:
        """Read the file."""
        if not (name := self.query_one(Line).value.strip()):
            return
        try:
            vignette = load_file(name)
        except LlmchemError as error:
            self.query_one(Told).say(str(error))
            return
        self.dismiss(vignette)
