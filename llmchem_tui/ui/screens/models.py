"""The Models screen: what is reachable and why not, what is loaded, and fetching more."""

from __future__ import annotations

from collections.abc import Iterable

from textual import work
from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget

from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.desk import BACK, DeskScreen
from llmchem_tui.ui.screens.dialogs import Item, PickScreen, WriteScreen
from llmchem_tui.ui.screens.pull import PullScreen
from llmchem_tui.ui.widgets.models import ModelList, fetching
from llmchem_tui.ui.widgets.said import Said
from llmchem_tui.ui.words import count


class ModelsScreen(DeskScreen):
    """The pool of the laboratory; while a round runs it stays as it is."""

    AUTO_FOCUS = "ModelList"
    BINDINGS = [
        Binding("p", "pull", "Fetch", id="models.pull", tooltip="Fetch a model to an Ollama host"),
        Binding("r", "look", "Look again", id="models.look", tooltip="Ask all endpoints again"),
        BACK,
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._looking = False

    def content(self) -> Iterable[Widget]:
        """The column titles and the list."""
        yield Said(id="titles")
        yield ModelList(id="models")

    def show_desk(self) -> None:
        """Show what is known; asking again is the user's business."""
        if self.desk.laboratory is not None:
            policy = self.desk.settings.round.remote
            self.query_one(ModelList).show(
                self.desk.laboratory.pool, policy, self.key("models.pull")
            )
            self._show_titles()
        super().show_desk()

    def on_resize(self) -> None:
        """Keep the titles above their columns."""
        self.call_after_refresh(self._show_titles)

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        laboratory = self.desk.laboratory
        if action in ("pull", "look") and (laboratory is None or self._looking):
            return False
        if action == "pull" and laboratory is not None:
            return bool(fetching(laboratory.pool))
        if action == "look":
            return not self.desk.busy
        return super().makes_sense(action)

    @work(group="dialog")
    async def action_look(self) -> None:
        """Ask all endpoints again."""
        await self._look()

    @work(group="dialog")
    async def action_pull(self) -> None:
        """Fetch the missing model under the cursor, or one that the user names."""
        if self.desk.laboratory is None:
            return
        row, pool = self.query_one(ModelList).row, self.desk.laboratory.pool
        here = row.report.name if row and row.report else ""
        if row is not None and row.missing and row.fetch and row.model is not None:
            model, endpoint = row.model.id, here
        else:
            endpoint = await self._ask_host(fetching(pool), here)
            model = await self._ask_name(endpoint) if endpoint else ""
        if not model:
            return
        if await self.app.push_screen_wait(PullScreen(pool, endpoint, model, self.desk.fps)):
            self.tell(f"{endpoint} has {model} now", "information")
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
        if self.desk.busy or self.desk.laboratory is None:
            self.tell("a round is running; look again when it is over")
            return
        self._looking = self.desk.busy = True  # no round may begin on a pool that is half open
        super().show_desk()
        try:
            await self.desk.laboratory.refresh()
        except LlmchemError as error:
            self.tell(str(error), "error")
        finally:
            self._looking = self.desk.busy = False
        self.show_desk()
        front = self.app.screen
        if front is not self and isinstance(front, DeskScreen):
            front.show_desk()  # the user did not wait here

    # --- drawing ----------------------------------------------------------------------------

    def _show_titles(self) -> None:
        self.query_one("#titles", Said).say(self.query_one(ModelList).titles())

    def status_parts(self) -> list[Content]:
        """How many models there are, and how many endpoints."""
        parts = [Content("Models")]
        if self._looking or self.desk.laboratory is None:
            return [*parts, Content("looking for models …")]
        pool = self.desk.laboratory.pool
        parts.append(Content(count(len(pool.models), "model")))
        if pool.reports:
            usable = sum(not report.error for report in pool.reports)
            endpoints = count(len(pool.reports), "endpoint")
            parts.append(Content(f"{usable} of {endpoints} reachable"))
        return parts
