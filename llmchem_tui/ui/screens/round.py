"""The Round screen: pick an ensemble and a vignette, watch a round, go on with the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from textual import on, work
from textual.binding import Binding

from llmchem_tui.domain.errors import InputError, LlmchemError
from llmchem_tui.storage.vignettes import find, headers
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.dialogs import (
    Item,
    PickScreen,
    size_items,
    strategy_items,
    vignette_items,
)
from llmchem_tui.ui.screens.live import LiveScreen
from llmchem_tui.ui.widgets.board import Board, VignettePane
from llmchem_tui.ui.widgets.chemistry import Chemistry
from llmchem_tui.ui.widgets.pool import PoolList
from llmchem_tui.ui.widgets.recommendation import Recommendation

if TYPE_CHECKING:
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.providers.pool import Pool

_MOST_MODELS = 10


class RoundScreen(LiveScreen):
    """One round at a time, from the keyboard: what the next one is, is chosen here."""

    AUTO_FOCUS = "PoolList"
    BINDINGS = [
        Binding("a", "adopt", "Adopt", id="round.adopt", tooltip="Take the next ensemble"),
        Binding("v", "vignette", "Case", id="round.vignette", tooltip="Choose the case"),
        Binding("s", "strategy", "Strategy", id="round.strategy", tooltip="Choose the strategy"),
        Binding("n", "size", "Size", id="round.size", tooltip="Choose the ensemble's size"),
        Binding("p", "show('pool')", "Pool", show=False, id="round.pool"),
        Binding("o", "show('streams')", "Streams", show=False, id="round.streams"),
        Binding("g", "show('grades')", "Grades", show=False, id="round.grades"),
        Binding("i", "show('chemistry')", "Interaction", show=False, id="round.chemistry"),
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
    ]
    HELP = (
        "Several models answer a vignette, grade each other's answers anonymously, and the grades "
        "become a consensus. Research use only, not medical advice."
    )

    def __init__(
        self,
        desk: Desk,
        open_laboratory: Callable[[], Awaitable[Laboratory]],
    ) -> None:
        super().__init__(desk)
        self._open_laboratory = open_laboratory
        self._pool: Pool | None = None

    def on_mount(self) -> None:
        """Show the case, and look for models once it is seen."""
        self.query_one(VignettePane).show(self.desk.setup.vignette)
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
            return not self.desk.busy and self.desk.setup.offered not in (
                None,
                self.desk.setup.choice,
            )
        if action == "vignette":
            return not self.desk.busy  # the case in the pane is that of the streams
        if action in ("strategy", "size"):
            return not self.desk.busy and self._pool_size > 0
        return super().makes_sense(action)

    @property
    def _pool_size(self) -> int:
        return len(self.desk.laboratory.pool.models) if self.desk.laboratory else 0

    # --- what the keys do -------------------------------------------------------------------

    def action_adopt(self) -> None:
        """Take the next ensemble."""
        self.desk.setup.adopt()
        self._show_setup()

    @work(group="dialog")
    async def action_vignette(self) -> None:
        """Choose the next round's case."""
        items = vignette_items(headers(self.desk.vignettes))
        chosen = await self._pick("Vignette", items, self.desk.setup.vignette.id)
        if chosen is None:
            return
        try:
            self.desk.setup.vignette = find(chosen, self.desk.vignettes)
        except InputError as error:
            self.tell(str(error))
            return
        self.query_one(VignettePane).show(self.desk.setup.vignette)
        self.draw()

    @work(group="dialog")
    async def action_strategy(self) -> None:
        """Choose a strategy, and with it the next ensemble."""
        chosen = await self._pick("Strategy", strategy_items(), self.desk.setup.strategy)
        if chosen is not None:
            self.desk.setup.strategy = chosen
            await self._choose()

    @work(group="dialog")
    async def action_size(self) -> None:
        """Choose the size of this ensemble and of the one that is offered."""
        items = size_items(min(_MOST_MODELS, self._pool_size))
        chosen = await self._pick("Size of the ensemble", items, str(self.desk.setup.n))
        if chosen is not None:
            self.desk.setup.n = int(chosen)
            await self._choose()
            await self.learn()

    def on_screen_suspend(self) -> None:
        """The forecast asks a pool that another screen may close."""
        self.workers.cancel_group(self, "forecast")

    def show_desk(self) -> None:
        """Go on with what other screens have changed: the pool, the ensemble, the case."""
        super().show_desk()
        if self.desk.laboratory is not None and self._pool is not None:
            if self.desk.laboratory.pool is not self._pool:
                self._take_another_pool()
            elif not self.desk.busy:
                self._show_setup()

    @work(group="pool")
    async def _take_another_pool(self) -> None:
        await self._take_pool()

    async def _pick(self, title: str, items: list[Item], current: str) -> str | None:
        return await self.app.push_screen_wait(PickScreen(title, items, current))

    @on(PoolList.Picked)
    def _picked(self, event: PoolList.Picked) -> None:
        if self.desk.busy or self.desk.laboratory is None:
            self.tell("a round is running; its ensemble stays as it is")
            return
        self.desk.setup.toggle(event.name, self.desk.laboratory)
        self._show_setup()

    def action_show(self, name: str) -> None:
        """Go to a pane."""
        self.query_one(Board).go_to(name)

    def action_turn(self, step: int) -> None:
        """Go to the pane beside this one, where they are tabs."""
        self.query_one(Board).turn(step)

    # --- the pool and what past rounds teach ------------------------------------------------

    @work(group="pool")
    async def _open(self) -> None:
        try:
            self.desk.laboratory = await self._open_laboratory()
        except LlmchemError as error:
            self.desk.problem = "no models"
            self.tell(str(error), "error")
            return
        await self._take_pool()

    async def _take_pool(self) -> None:
        """Go on with the laboratory's pool: keep the ensemble if it is still there."""
        assert self.desk.laboratory is not None
        self._pool = pool = self.desk.laboratory.pool
        if not {spec.name for spec in pool.models}.issuperset(self.desk.setup.ensemble):
            self.desk.setup.choice = None
        self._show_setup()
        self.desk.problem = "" if pool.models else "no models"
        if pool.models:
            for name, problem in pool.unreachable.items():
                self.tell(f"{name}: {problem}")
            if self._pool_size < self.desk.setup.n:
                self.desk.setup.n = self._pool_size
                self.tell(f"The pool has only {self.desk.setup.n} models.", "information")
            await self.learn()
        if self.desk.setup.choice is None:
            await self._choose()

    async def learn(self) -> None:
        """Compute chemistry and the next ensemble from all finished rounds."""
        if self.desk.laboratory is None:
            return
        try:
            table = await asyncio.to_thread(self.desk.setup.learn, self.desk.laboratory)
        except LlmchemError as error:
            self.tell(str(error))
            return
        self.query_one(Chemistry).show(table, self.desk.setup.offered)
        self.refresh_bindings()

    async def _choose(self) -> None:
        """Let the strategy choose the ensemble."""
        if self.desk.laboratory is None:
            return
        try:
            await asyncio.to_thread(self.desk.setup.choose, self.desk.laboratory)
        except LlmchemError as error:
            self.tell(str(error))
            return
        choice = self.desk.setup.choice
        if choice and (choice.filled or choice.strategy in ("LOCAL", "REMOTE")) and choice.note:
            self.tell(choice.note, "information")
        self._show_setup()

    def _show_setup(self) -> None:
        if self.desk.laboratory is not None:
            self.query_one(PoolList).show(self.desk.laboratory.pool, self.desk.setup.ensemble)
            self.foresee()
        self.draw()
        self.refresh_bindings()
