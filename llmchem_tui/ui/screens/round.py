"""The Round screen: pick an ensemble and a vignette, watch a round, go on with the next one."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from llmchem_tui.domain.errors import InputError, LlmchemError
from llmchem_tui.domain.model import Vignette
from llmchem_tui.storage.vignettes import find
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.live import LiveScreen
from llmchem_tui.ui.widgets.board import VignettePane
from llmchem_tui.ui.widgets.chemistry import Chemistry
from llmchem_tui.ui.widgets.pool import PoolList
from llmchem_tui.ui.widgets.said import Said

if TYPE_CHECKING:
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.providers.pool import Pool
    from llmchem_tui.ui.screens.dialogs import Item

_MOST_MODELS = 10


class RoundScreen(LiveScreen):
    """One round at a time, from the keyboard: what the next one is, is chosen here."""

    AUTO_FOCUS = "PoolList"
    BINDINGS = [
        Binding("a", "adopt", "Adopt", id="round.adopt", tooltip="Take the next ensemble"),
        Binding("v", "vignette", "Vignette", id="round.vignette", tooltip="Choose the vignette"),
        Binding("s", "strategy", "Strategy", id="round.strategy", tooltip="Choose the strategy"),
        Binding("n", "size", "Size", id="round.size", tooltip="Choose the ensemble's size"),
        Binding("r", "replay", "Replay", id="round.replay", tooltip="Replay this round"),
    ]
    HELP = (
        "Several models answer a vignette, grade each other's answers anonymously, and the grades "
        "become a consensus. Research use only, not medical advice."
    )

    class Replay(Message):
        """The user wants to see a round of a saved session again."""

        def __init__(self, session: Path, trial: str) -> None:
            super().__init__()
            self.session = session
            self.trial = trial

    def __init__(
        self,
        desk: Desk,
        open_laboratory: Callable[[], Awaitable[Laboratory]],
    ) -> None:
        super().__init__(desk)
        self._open_laboratory = open_laboratory
        self._pool: Pool | None = None

    def content(self) -> Iterable[Widget]:
        """The panes, and for a newcomer what to press next."""
        yield from super().content()
        yield Said(id="hint")

    def on_mount(self) -> None:
        """Show the vignette, and look for models once it is seen."""
        self.query_one(VignettePane).show(self.desk.setup.vignette)
        self.board.wait("nothing has been run in this sitting yet")
        self.query_one("#hint").display = False
        # The app itself must take messages first: until then it paints nothing.
        self.app.call_later(self.call_after_refresh, self._open)

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        if action == "adopt":
            return not self.desk.busy and self.desk.setup.offered not in (
                None,
                self.desk.setup.choice,
            )
        if action == "replay":
            return self.over and self.desk.saved_in is not None
        if action == "vignette":
            return not self.desk.busy  # the vignette in the pane is that of the streams
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
        """Choose the next round's vignette, or write one."""
        from llmchem_tui.ui.screens.vignettes import VignetteScreen

        chosen = await self.app.push_screen_wait(VignetteScreen(self.desk))
        if chosen is not None:
            self._take_vignette(chosen)

    def choose_vignette(self, id: str) -> None:
        """Take a vignette for the next round."""
        if self.desk.busy:
            self.tell("a round is running; its vignette stays as it is")
            return
        try:
            self._take_vignette(find(id, self.desk.vignettes))
        except InputError as error:
            self.tell(str(error))

    def _take_vignette(self, vignette: Vignette) -> None:
        self.desk.setup.vignette = vignette
        self.query_one(VignettePane).show(vignette)
        self.draw()

    @work(group="dialog")
    async def action_strategy(self) -> None:
        """Choose a strategy, and with it the next ensemble."""
        from llmchem_tui.ui.screens.dialogs import strategy_items

        chosen = await self._pick("Strategy", strategy_items(), self.desk.setup.strategy)
        if chosen is not None:
            self.desk.setup.strategy = chosen
            await self._choose()

    @work(group="dialog")
    async def action_size(self) -> None:
        """Choose the size of this ensemble and of the one that is offered."""
        from llmchem_tui.ui.screens.dialogs import size_items

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
        """Go on with what other screens have changed: the pool, the ensemble, the vignette."""
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
        from llmchem_tui.ui.screens.dialogs import PickScreen

        return await self.app.push_screen_wait(PickScreen(title, items, current))

    @on(PoolList.Picked)
    def _picked(self, event: PoolList.Picked) -> None:
        self.toggle_model(event.name)

    def toggle_model(self, name: str) -> None:
        """Put a model in the next ensemble, or take it out."""
        if self.desk.busy or self.desk.laboratory is None:
            self.tell("a round is running; its ensemble stays as it is")
            return
        self.desk.setup.toggle(name, self.desk.laboratory)
        self._show_setup()

    def draw(self) -> None:
        """Bring what moves up to date, and what a newcomer may want to press."""
        super().draw()
        hint = self.query_one("#hint", Said)
        hint.display = self.desk.newcomer
        if hint.display:
            hint.say(Content.styled(self._hint(), "$accent"))

    def _hint(self) -> str:
        desk, key = self.desk, self.key
        if desk.laboratory is None:
            return f"New here? {key('app.help')} explains everything."
        if desk.busy:
            return f"1-9 shows one stream alone and all again, {key('round.stop')} stops the round."
        reading = self.board.reading
        if reading is not None and reading.blind and self.over:
            return self.ask_for_grades
        if not self.over:
            return f"New here? {key('round.run')} runs a round on this vignette."
        if desk.setup.choice is desk.setup.offered:
            return f"{key('round.run')} runs a round with these models."
        return (
            f"{key('round.adopt')} takes the next models, {key('round.replay')} replays this "
            f"round, {key('round.run')} runs again, {key('app.help')} explains."
        )

    def action_replay(self) -> None:
        """Replay the round that is shown."""
        self.desk.newcomer = False
        folder, state = self.desk.saved_in, self.desk.state
        if folder is not None and state is not None and self.may_replay(folder):
            self.post_message(self.Replay(folder, state.trial))

    def show_what_if(self) -> None:
        """Show what the reader asks for: chemistry and the next ensemble follow."""
        super().show_what_if()
        if self.over:
            self.learn_again()

    # --- the pool and what past rounds teach ------------------------------------------------

    @work(group="pool")
    async def _open(self) -> None:
        self.desk.newcomer = not self.desk.sessions.exists()
        try:
            self.desk.laboratory = await self._open_laboratory()
        except LlmchemError as error:
            self.desk.problem = "no models"
            self.tell(str(error), "error")
            return
        await self._take_pool()
        # What there is now stays: to look through it for garbage holds the keys up for a moment.
        gc.freeze()

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
        laboratory, reading, instead = self.desk.laboratory, self.board.reading, None
        if reading is not None and reading.asks_what_if and self.over:
            instead = laboratory.finished(reading.state, reading.score())
        try:
            table = await asyncio.to_thread(self.desk.setup.learn, laboratory, instead)
        except LlmchemError as error:
            self.tell(str(error))
            return
        if self.desk.hidden and self.over:
            self.query_one(Chemistry).hide()
        else:
            offered = self.desk.setup.offered
            self.query_one(Chemistry).show(table, offered, what_if=instead is not None)
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
