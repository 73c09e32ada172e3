"""Watching a model being fetched; leaving breaks it off."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.widgets.keys import key_of
from llmchem_tui.ui.widgets.said import Said
from llmchem_tui.ui.words import bar, gigabytes, name_text, percent

if TYPE_CHECKING:
    from llmchem_tui.providers.facts import PullProgress
    from llmchem_tui.providers.pool import Pool

_BAR_WIDTH = 40


class PullScreen(ModalScreen[bool]):
    """Fetches a model. Comes back with True once it is there, with False where it was left."""

    BINDINGS = [
        Binding("escape", "dismiss(False)", "Leave", id="pull.leave", tooltip="Break off fetching")
    ]

    def __init__(self, pool: Pool, endpoint: str, model: str, fps: int) -> None:
        super().__init__()
        self._pool = pool
        self._endpoint = endpoint
        self._model = model
        self._fps = fps
        self._step: PullProgress | None = None
        self._problem = ""

    def compose(self) -> ComposeResult:
        """One text, never markup."""
        with Vertical(id="dialog"):
            yield Said()

    def on_mount(self) -> None:
        """Begin."""
        dialog = self.query_one("#dialog")
        dialog.border_title = Content(
            f"Fetching {name_text(self._model)} to {name_text(self._endpoint)}"
        )
        dialog.border_subtitle = f"{self._leave} cancels; a later fetch goes on from there"
        self.set_interval(1 / self._fps, self._draw)
        self._draw()
        self._pull()

    @property
    def _leave(self) -> str:
        return key_of(self, "pull.leave")

    @work(group="pull")
    async def _pull(self) -> None:
        try:
            steps = self._pool.pull(self._endpoint, self._model)
            async with aclosing(steps):
                async for self._step in steps:
                    pass
        except LlmchemError as error:
            self._problem = str(error)
            self.query_one("#dialog").border_subtitle = f"{self._leave} leaves"
            self._draw()
            return
        self.dismiss(True)

    def _draw(self) -> None:
        """Show the latest step: a server may tell hundreds a second."""
        content = _content(self._step)
        if self._problem:
            content = Content.styled(plain_line(self._problem), "$error")
        self.query_one(Said).say(content)


def _content(step: PullProgress | None) -> Content:
    """The server's word, and how far it is where it counts bytes."""
    if step is None:
        return Content.styled("asking the server …", "$muted")
    lines = [Content(plain_line(step.status) or "fetching")]
    if step.total and step.total > 0:
        done = min(step.total, max(0, step.completed or 0))
        share = done / step.total
        lines.append(
            Content.assemble(
                Content.styled(bar(share, _BAR_WIDTH), "$primary"),
                f" {percent(share)}  {gigabytes(done)} of {gigabytes(step.total)}",
            )
        )
    return Content("\n").join(lines)
