"""The Round screen: pick an ensemble and a vignette, watch a round, go on with the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.binding import Binding
from textual.widgets import HelpPanel

from llmchem_tui.config import Settings
from llmchem_tui.domain.errors import InputError, LlmchemError
from llmchem_tui.storage.vignettes import find, headers
from llmchem_tui.ui.screens.dialogs import (
    Item,
    PickScreen,
    size_items,
    strategy_items,
    vignette_items,
)
from llmchem_tui.ui.screens.live import LiveScreen
from llmchem_tui.ui.screens.models import ModelsScreen
from llmchem_tui.ui.widgets.board import Board, VignettePane
from llmchem_tui.ui.widgets.chemistry import Chemistry
from llmchem_tui.ui.widgets.pool import PoolList
from llmchem_tui.ui.widgets.recommendation import Recommendation

if TYPE_CHECKING:
    from llmchem_tui.laboratory import Laboratory

FIRST_VIGNETTE = "cap-older-adult"
_MOST_MODELS = 10


class RoundScreen(LiveScreen):
    """One round at a time, from the keyboard: what the next one is, is chosen here."""

    AUTO_FOCUS = "PoolList"
    BINDINGS = [
        Binding("a", "adopt", "Adopt", id="round.adopt", tooltip="Take the next ensemble"),
        Binding("v", "vignette", "Case", id="round.vignette", tooltip="Choose the case"),
        Binding("s", "strategy", "Strategy", id="round.strategy", tooltip="Choose the strategy"),
        Binding("n", "size", "Size", id="round.size", tooltip="Choose the ensemble's size"),
        Binding("l", "models", "Models", id="app.models", tooltip="What can be asked, and why not"),
        Binding("p", "show('pool')", "Pool", show=False, id="round.pool"),
        Binding("r", "show('streams')", "Streams", show=False, id="round.streams"),
        Binding("g", "show('grades')", "Grades", show=False, id="round.grades"),
        Binding("c", "show('chemistry')", "Chemistry", show=False, id="round.chemistry"),
        Binding("m", "show('recommendation')", "Result", show=False, id="round.recommendation"),
        Binding("right_square_bracket", "turn(1)", "Pane", id="round.next", key_display="]"),
        Binding(
            "left_square_bracket",
            "turn(-1)",
            "Pane before",
            show=False,
            id="round.previous",
            key_display="[",
        ),
        Binding("question_mark", "keys", "Keys", id="app.help", key_display="?"),
    ]
    HELP = (
        "Several models answer a vignette, grade each other's answers anonymously, and the grades "
        "become a consensus. Research use only, not medical advice."
    )

    def __init__(
        self,
        settings: Settings,
        open_laboratory: Callable[[], Awaitable[Laboratory]],
        vignettes: Path,
        fps: int,
    ) -> None:
        super().__init__(settings, find(FIRST_VIGNETTE, vignettes), fps)
        self._open_laboratory = open_laboratory
        self._vignettes = vignettes

    def on_mount(self) -> None:
        """Show the case, and look for models once it is seen."""
        self.query_one(VignettePane).show(self.setup.vignette)
        self.query_one(Recommendation).wait("ctrl+r runs a round on this vignette")
        self.call_after_refresh(self._open)

    def on_resize(self) -> None:
        """Keys that turn tabs are only for a narrow terminal."""
        self.call_after_refresh(self.refresh_bindings)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what makes no sense now; tabs are turned only where there are some."""
        if action == "turn":
            return self.has_class("-narrow")
        return super().check_action(action, parameters)

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        if action == "adopt":
            return not self.busy and self.setup.offered not in (None, self.setup.choice)
        if action == "vignette":
            return not self.busy  # the case in the pane is that of the streams
        if action in ("strategy", "size"):
            return not self.busy and self._pool_size > 0
        if action == "models":
            return self.laboratory is not None
        return super().makes_sense(action)

    @property
    def _pool_size(self) -> int:
        return len(self.laboratory.pool.models) if self.laboratory else 0

    # --- what the keys do -------------------------------------------------------------------

    def action_adopt(self) -> None:
        """Take the next ensemble."""
        self.setup.adopt()
        self._show_setup()

    @work(group="dialog")
    async def action_vignette(self) -> None:
        """Choose the next round's case."""
        items = vignette_items(headers(self._vignettes))
        chosen = await self._pick("Vignette", items, self.setup.vignette.id)
        if chosen is None:
            return
        try:
            self.setup.vignette = find(chosen, self._vignettes)
        except InputError as error:
            self.tell(str(error))
            return
        self.query_one(VignettePane).show(self.setup.vignette)
        self.draw()

    @work(group="dialog")
    async def action_strategy(self) -> None:
        """Choose a strategy, and with it the next ensemble."""
        chosen = await self._pick("Strategy", strategy_items(), self.setup.strategy)
        if chosen is not None:
            self.setup.strategy = chosen
            await self._choose()

    @work(group="dialog")
    async def action_size(self) -> None:
        """Choose the size of this ensemble and of the one that is offered."""
        items = size_items(min(_MOST_MODELS, self._pool_size))
        chosen = await self._pick("Size of the ensemble", items, str(self.setup.n))
        if chosen is not None:
            self.setup.n = int(chosen)
            await self._choose()
            await self.learn()

    @work(group="dialog")
    async def action_models(self) -> None:
        """Show the Models screen; it may bring another pool."""
        if self.laboratory is None:
            return
        before = self.laboratory.pool
        self.workers.cancel_group(self, "forecast")  # it asks a pool that may be closed
        await self.app.push_screen_wait(ModelsScreen(self.laboratory, lambda: self.busy, self.fps))
        if self.laboratory.pool is not before:
            await self._take_pool()
        else:
            self.foresee()

    async def _pick(self, title: str, items: list[Item], current: str) -> str | None:
        return await self.app.push_screen_wait(PickScreen(title, items, current))

    @on(PoolList.Picked)
    def _picked(self, event: PoolList.Picked) -> None:
        if self.busy or self.laboratory is None:
            self.tell("a round is running; its ensemble stays as it is")
            return
        self.setup.toggle(event.name, self.laboratory)
        self._show_setup()

    def action_show(self, name: str) -> None:
        """Go to a pane."""
        self.query_one(Board).go_to(name)

    def action_turn(self, step: int) -> None:
        """Go to the pane beside this one, where they are tabs."""
        self.query_one(Board).turn(step)

    def action_keys(self) -> None:
        """Show the keys and the help of the focused widget, or hide them again."""
        if self.query(HelpPanel):
            self.app.action_hide_help_panel()
        else:
            self.app.action_show_help_panel()

    # --- the pool and what past rounds teach ------------------------------------------------

    @work(group="pool")
    async def _open(self) -> None:
        try:
            self.laboratory = await self._open_laboratory()
        except LlmchemError as error:
            self.problem = "no models"
            self.tell(str(error), "error")
            return
        await self._take_pool()

    async def _take_pool(self) -> None:
        """Go on with the laboratory's pool: keep the ensemble if it is still there."""
        assert self.laboratory is not None
        pool = self.laboratory.pool
        if not {spec.name for spec in pool.models}.issuperset(self.setup.ensemble):
            self.setup.choice = None
        self._show_setup()
        self.problem = "" if pool.models else "no models"
        if pool.models:
            for name, problem in pool.unreachable.items():
                self.tell(f"{name}: {problem}")
            if self._pool_size < self.setup.n:
                self.setup.n = self._pool_size
                self.tell(f"The pool has only {self.setup.n} models.", "information")
            await self.learn()
        if self.setup.choice is None:
            await self._choose()

    async def learn(self) -> None:
        """Compute chemistry and the next ensemble from all finished rounds."""
        if self.laboratory is None:
            return
        try:
            table = await asyncio.to_thread(self.setup.learn, self.laboratory)
        except LlmchemError as error:
            self.tell(str(error))
            return
        self.query_one(Chemistry).show(table, self.setup.offered)
        self.refresh_bindings()

    async def _choose(self) -> None:
        """Let the strategy choose the ensemble."""
        if self.laboratory is None:
            return
        try:
            await asyncio.to_thread(self.setup.choose, self.laboratory)
        except LlmchemError as error:
            self.tell(str(error))
            return
        choice = self.setup.choice
        if choice and (choice.filled or choice.strategy in ("LOCAL", "REMOTE")) and choice.note:
            self.tell(choice.note, "information")
        self._show_setup()

    def _show_setup(self) -> None:
        if self.laboratory is not None:
            self.query_one(PoolList).show(self.laboratory.pool, self.setup.ensemble)
            self.foresee()
        self.draw()
        self.refresh_bindings()
