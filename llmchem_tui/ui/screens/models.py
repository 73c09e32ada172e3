"""The Models screen: what is reachable and why not, what is loaded, and fetching more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widgets import Footer, Static

from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.screens.dialogs import Item, PickScreen, WriteScreen
from llmchem_tui.ui.screens.pull import PullScreen
from llmchem_tui.ui.widgets.models import ModelList, fetching
from llmchem_tui.ui.widgets.status import Status
from llmchem_tui.ui.words import count

if TYPE_CHECKING:
    from llmchem_tui.laboratory import Laboratory

_TOLD_SECONDS = 10


class ModelsScreen(Screen[None]):
    """The pool of a laboratory. ``busy`` tells whether a round runs: then the pool stays."""

    AUTO_FOCUS = "ModelList"
    BINDINGS = [
        Binding("p", "pull", "Fetch", id="models.pull", tooltip="Fetch a model to an Ollama host"),
        Binding("r", "look", "Look again", id="models.look", tooltip="Ask all endpoints again"),
        Binding("escape", "leave", "Back", id="models.leave", tooltip="Back to the round"),
    ]

    def __init__(self, laboratory: Laboratory, busy: Callable[[], bool], fps: int) -> None:
        super().__init__()
        self._laboratory = laboratory
        self._busy = busy
        self._fps = fps
        self._looking = False

    def compose(self) -> ComposeResult:
        """The status line, the column titles, the list, the keys."""
        yield Status(id="status", markup=False)
        yield Static(id="titles", markup=False)
        yield ModelList(id="models")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Show what is known; asking again is the user's business."""
        self.call_after_refresh(self._show)

    def on_resize(self) -> None:
        """Keep the titles above their columns."""
        self.call_after_refresh(self._show_titles)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what makes no sense now."""
        if action == "pull":
            return (not self._looking and bool(fetching(self._laboratory.pool))) or None
        if action == "look":
            return (not self._looking and not self._busy()) or None
        if action == "leave":  # a half-opened pool would be left behind
            return (not self._looking) or None
        return True

    def action_leave(self) -> None:
        """Go back to the round."""
        self.dismiss()

    @work(group="dialog")
    async def action_look(self) -> None:
        """Ask all endpoints again."""
        await self._look()

    @work(group="dialog")
    async def action_pull(self) -> None:
        """Fetch the missing model under the cursor, or one that the user names."""
        row, pool = self.query_one(ModelList).row, self._laboratory.pool
        here = row.report.name if row and row.report else ""
        if row is not None and row.missing and row.model is not None:
            model, endpoint = row.model.id, here
        else:
            endpoint = await self._ask_host(fetching(pool), here)
            model = await self._ask_name(endpoint) if endpoint else ""
        if not model:
            return
        if await self.app.push_screen_wait(PullScreen(pool, endpoint, model, self._fps)):
            self._tell(f"{endpoint} has {model} now")
            await self._look()

    async def _ask_host(self, hosts: list[str], here: str) -> str:
        if len(hosts) == 1:
            return hosts[0]
        items = [Item(name, name) for name in hosts]
        return await self.app.push_screen_wait(PickScreen("To which host", items, here)) or ""

    async def _ask_name(self, endpoint: str) -> str:
        title = f"A model for {plain_line(endpoint)}"
        asked = WriteScreen(title, "its name in Ollama's library, such as qwen3:8b")
        return await self.app.push_screen_wait(asked) or ""

    async def _look(self) -> None:
        if self._busy():
            self._tell("a round is running; look again when it is over", "warning")
            return
        self._looking = True
        self._show_status()
        try:
            await self._laboratory.refresh()
        except LlmchemError as error:
            self._tell(str(error), "error")
        finally:
            self._looking = False
        self._show()

    # --- drawing ----------------------------------------------------------------------------

    def _show(self) -> None:
        policy = self._laboratory.settings.round.remote
        self.query_one(ModelList).show(self._laboratory.pool, policy)
        self._show_titles()
        self._show_status()

    def _show_titles(self) -> None:
        self.query_one("#titles", Static).update(self.query_one(ModelList).titles())

    def _show_status(self) -> None:
        pool = self._laboratory.pool
        parts = [Content("Models")]
        if self._looking:
            parts.append(Content("looking for models …"))
        else:
            parts.append(Content(count(len(pool.models), "model")))
            if pool.reports:
                usable = sum(not report.error for report in pool.reports)
                endpoints = count(len(pool.reports), "endpoint")
                parts.append(Content(f"{usable} of {endpoints} reachable"))
        self.query_one(Status).show(parts, simulated=pool.simulated)
        self.refresh_bindings()

    def _tell(self, text: str, severity: SeverityLevel = "information") -> None:
        self.notify(plain_line(text), severity=severity, markup=False, timeout=_TOLD_SECONDS)
