"""The Round screen: pick an ensemble and a vignette, watch a round, go on with the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer

from llmchem_tui.config import Settings
from llmchem_tui.domain.errors import InputError, LlmchemError
from llmchem_tui.domain.model import Vignette
from llmchem_tui.domain.strategies import Choice, Strategy
from llmchem_tui.session.events import ReviewEnded, RoundEnded, RoundStarted
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.vignettes import find, headers
from llmchem_tui.ui.screens.dialogs import AskScreen, Item, PickScreen
from llmchem_tui.ui.widgets.board import Board, VignettePane
from llmchem_tui.ui.widgets.chemistry import Chemistry
from llmchem_tui.ui.widgets.grades import Grades
from llmchem_tui.ui.widgets.pool import PoolList
from llmchem_tui.ui.widgets.recommendation import Recommendation
from llmchem_tui.ui.widgets.status import Status, round_parts
from llmchem_tui.ui.widgets.streams import Streams
from llmchem_tui.ui.words import name_text

if TYPE_CHECKING:
    from llmchem_tui.laboratory import Laboratory

FIRST_VIGNETTE = "cap-older-adult"
_STRATEGIES = {
    Strategy.LOCAL: "draws from the local models",
    Strategy.REMOTE: "draws from the remote models",
    Strategy.RANDOM: "draws from all models",
    Strategy.PERFORMANCE: "takes the most accurate models",
    Strategy.CHEMISTRY: "explores unseen models, then recommends by interaction",
}
_MOST_MODELS = 10


@dataclass(slots=True)
class Setup:
    """What the next round will be."""

    vignette: Vignette
    strategy: Strategy
    n: int
    choice: Choice | None = None


class RoundScreen(Screen[None]):
    """One round at a time, from the keyboard."""

    BINDINGS = [
        Binding("ctrl+r", "run", "Run", id="round.run", tooltip="Run a round"),
        Binding("escape", "stop", "Stop", id="round.stop", tooltip="Cancel all open calls"),
        Binding("a", "adopt", "Adopt", id="round.adopt", tooltip="Take the next ensemble"),
        Binding("v", "vignette", "Vignette", id="round.vignette", tooltip="Choose the case"),
        Binding("s", "strategy", "Strategy", id="round.strategy", tooltip="Choose the strategy"),
        Binding("n", "size", "Size", id="round.size", tooltip="Choose the ensemble's size"),
        Binding("p", "show('pool')", "Pool", id="round.pool", tooltip="Pick models"),
        Binding("r", "show('streams')", show=False, id="round.streams"),
        Binding("g", "show('grades')", show=False, id="round.grades"),
        Binding("c", "show('chemistry')", show=False, id="round.chemistry"),
        Binding("m", "show('recommendation')", show=False, id="round.recommendation"),
        Binding("right_square_bracket", "turn(1)", "Pane", id="round.next", key_display="]"),
        Binding("left_square_bracket", "turn(-1)", show=False, id="round.previous"),
        Binding("question_mark", "app.show_help_panel", "Keys", id="app.help", key_display="?"),
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
        super().__init__()
        self._settings = settings
        self._open_laboratory = open_laboratory
        self._vignettes = vignettes
        self._fps = fps
        self._laboratory: Laboratory | None = None
        self._setup = Setup(
            find(FIRST_VIGNETTE, vignettes), Strategy(settings.round.strategy), settings.round.n
        )
        self._following: Choice | None = None
        self._round: RoundState | None = None
        self._stop: asyncio.Event | None = None
        self._started = 0.0
        self._allowed: set[str] = set()

    def compose(self) -> ComposeResult:
        """The status line, the panes, the keys."""
        yield Status(id="status", markup=False)
        yield Board(id="board")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Show what is known at once, and look for models."""
        self.query_one(VignettePane).show(self._setup.vignette)
        self.query_one(Recommendation).wait("ctrl+r runs a round on this vignette")
        self.set_interval(1 / self._fps, self._draw)
        self._open()

    # --- what the keys do -------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what makes no sense now."""
        running = self._stop is not None
        if action == "stop":
            return True if running else None
        if action == "run":
            return None if running or self._setup.choice is None else True
        if action == "adopt":
            return None if running or self._following is None else True
        if action in ("strategy", "size"):
            return None if running or self._laboratory is None else True
        if action == "turn":
            return self.has_class("-narrow")
        return True

    def action_stop(self) -> None:
        """Cancel all open calls."""
        if self._stop is not None:
            self._stop.set()

    def action_run(self) -> None:
        """Run a round with the ensemble that is shown."""
        self._run()

    def action_adopt(self) -> None:
        """Take the next ensemble."""
        if self._following is not None:
            self._setup.choice = self._following
            self._setup.n = len(self._following.ensemble)
            self._show_pool()

    @work(group="dialog")
    async def action_vignette(self) -> None:
        """Choose a vignette; a running round keeps its own."""
        items = [
            Item(v.id, v.title, f"{v.specialty} · {v.complexity}") for v in headers(self._vignettes)
        ]
        chosen = await self._pick("Vignette", items, self._setup.vignette.id)
        if chosen is None:
            return
        try:
            self._setup.vignette = find(chosen, self._vignettes)
        except InputError as error:
            self._tell(str(error))
            return
        self.query_one(VignettePane).show(self._setup.vignette)
        self._draw_status()

    @work(group="dialog")
    async def action_strategy(self) -> None:
        """Choose a strategy, and with it the next ensemble."""
        items = [Item(name, name, what) for name, what in _STRATEGIES.items()]
        chosen = await self._pick("Strategy", items, self._setup.strategy)
        if chosen is not None:
            self._setup.strategy = Strategy(chosen)
            self._choose()

    @work(group="dialog")
    async def action_size(self) -> None:
        """Choose the size of the ensemble."""
        most = min(_MOST_MODELS, len(self._laboratory.pool.models) if self._laboratory else 0)
        items = [Item(str(n), f"{n} models", _calls(n)) for n in range(1, most + 1)]
        chosen = await self._pick("Size of the ensemble", items, str(self._setup.n))
        if chosen is not None:
            self._setup.n = int(chosen)
            self._choose()

    async def _pick(self, title: str, items: list[Item], current: str) -> str | None:
        return await self.app.push_screen_wait(PickScreen(title, items, current))

    @on(PoolList.Picked)
    def _picked(self, event: PoolList.Picked) -> None:
        """Put a model in or take it out; from then on it is the user's own ensemble."""
        if self._stop is not None:
            self._tell("a round is running; its ensemble stays as it is")
            return
        present = self._setup.choice.ensemble if self._setup.choice else ()
        ensemble = (
            tuple(name for name in present if name != event.name)
            if event.name in present
            else (*present, event.name)
        )
        self._setup.n = max(1, len(ensemble))
        self._setup.choice = Choice(Strategy.MANUAL, ensemble) if ensemble else None
        self._show_pool()

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
            self._laboratory = await self._open_laboratory()
        except LlmchemError as error:
            self._tell(str(error))
            return
        self._show_pool()
        for name, problem in self._laboratory.pool.unreachable.items():
            self._tell(f"{name}: {problem}")
        await self._learn()

    async def _learn(self) -> None:
        """Compute chemistry and the next ensemble from all finished rounds."""
        laboratory = self._laboratory
        if laboratory is None:
            return
        try:
            knowledge = await asyncio.to_thread(laboratory.knowledge)
            table = await asyncio.to_thread(laboratory.chemistry, knowledge)
            n = min(self._setup.n, len(laboratory.pool.models))
            self._following = laboratory.next_ensemble(n, laboratory.draw_seed())
        except LlmchemError as error:
            self._tell(str(error))
            return
        self.query_one(Chemistry).show(table, self._following)
        if self._setup.choice is None:
            self._choose()
        self.refresh_bindings()

    def _choose(self) -> None:
        """Let the strategy choose the ensemble."""
        laboratory = self._laboratory
        if laboratory is None:
            return
        seed = laboratory.draw_seed()
        try:
            if self._setup.strategy is Strategy.CHEMISTRY:
                choice = laboratory.next_ensemble(self._setup.n, seed)
            else:
                choice = laboratory.choose(self._setup.strategy, self._setup.n, seed)
        except InputError as error:
            self._tell(str(error))
            return
        self._setup.choice = choice
        if choice.note and choice.strategy is not Strategy.EXPLORE:
            self._tell(choice.note, severity="information")
        self._show_pool()

    def _show_pool(self) -> None:
        if self._laboratory is not None:
            chosen = self._setup.choice.ensemble if self._setup.choice else ()
            self.query_one(PoolList).show(self._laboratory.pool.models, chosen)
        self._draw_status()
        self.refresh_bindings()

    # --- a round ----------------------------------------------------------------------------

    @work(group="round")
    async def _run(self) -> None:
        laboratory, choice = self._laboratory, self._setup.choice
        if laboratory is None or choice is None or self._stop is not None:
            return
        self._stop = asyncio.Event()
        self.refresh_bindings()
        try:
            if await self._may_leave(laboratory, choice):
                await self._watch(laboratory, choice, self._stop)
        except LlmchemError as error:
            self._tell(str(error))
        finally:
            self._stop = None
            self.refresh_bindings()
        await self._learn()

    async def _may_leave(self, laboratory: Laboratory, choice: Choice) -> bool:
        """Ask before a vignette first goes to an untrusted endpoint."""
        leaving = laboratory.leaving(choice.ensemble)
        new = {name: url for name, url in leaving.items() if name not in self._allowed}
        policy = self._settings.round.remote
        if not new or policy == "allow":
            return True
        places = ", ".join(f"{name} ({url})" for name, url in new.items())
        if policy == "never":
            self._tell(f"the vignette would go to {places}, and round.remote is never")
            return False
        question = f"The vignette will leave this machine, to {places}. Go on?"
        if await self.app.push_screen_wait(AskScreen(question)):
            self._allowed |= set(new)
            return True
        return False

    async def _watch(self, laboratory: Laboratory, choice: Choice, stop: asyncio.Event) -> None:
        plan = laboratory.plan(self._setup.vignette, choice, laboratory.draw_seed())
        async for event in laboratory.run(plan, stop):
            if isinstance(event, RoundStarted):
                await self._begin(event)
            elif self._round is not None:
                self._round.apply(event)
                if isinstance(event, ReviewEnded | RoundEnded):
                    self._show_grades(self._round)
        if self._round is not None:
            self._finish(self._round, laboratory)

    async def _begin(self, event: RoundStarted) -> None:
        self._round = RoundState(event)
        self._started = asyncio.get_running_loop().time()
        await self.query_one(Streams).begin(self._round)
        self.query_one(Grades).begin(self._round)
        self._show_grades(self._round)
        self.query_one(Recommendation).wait("the round is running")
        self.query_one(Board).show("streams")

    def _show_grades(self, state: RoundState) -> None:
        score = state.score(abstain_below=self._settings.round.abstain_below)
        self.query_one(Grades).draw(state, score)

    def _finish(self, state: RoundState, laboratory: Laboratory) -> None:
        self._draw()
        recommendation = self.query_one(Recommendation)
        if state.ended is None or state.ended.cancelled:
            recommendation.wait("cancelled; ctrl+r runs a new round")
            return
        saved = f"saved in {laboratory.session.folder}" if laboratory.session else "not saved"
        score = state.score(abstain_below=self._settings.round.abstain_below)
        recommendation.show(state, score, saved)
        self.query_one(Board).show("recommendation")

    # --- drawing ----------------------------------------------------------------------------

    def _draw(self) -> None:
        """Bring what moves up to date, at most as often as the connection bears."""
        if self._round is not None and (self._stop is not None or self._round.ended is not None):
            self.query_one(Streams).draw(self._round, self._now())
        self._draw_status()

    def _now(self) -> float:
        state = self._round
        if state is None:
            return 0.0
        if state.ended is not None:
            return state.now
        return state.started.at + asyncio.get_running_loop().time() - self._started

    def _draw_status(self) -> None:
        laboratory, setup, state = self._laboratory, self._setup, self._round
        if laboratory is None:
            parts = [Content("looking for models …")]
        elif self._stop is not None and state is not None and state.ended is None:
            parts = round_parts(state, self._now() - state.started.at)
        else:
            label = setup.choice.strategy if setup.choice else setup.strategy
            parts = [Content(name_text(setup.vignette.id)), Content(f"{label} n={setup.n}")]
        simulated = laboratory is not None and laboratory.pool.simulated
        self.query_one(Status).show(parts, simulated=simulated)

    def _tell(self, text: str, severity: str = "warning") -> None:
        self.notify(text, severity=severity, markup=False)  # type: ignore[arg-type]

    async def on_unmount(self) -> None:
        """Close files and connections."""
        if self._laboratory is not None:
            await self._laboratory.aclose()


def _calls(n: int) -> str:
    return f"{n} answers, {n * (n - 1)} reviews" if n > 1 else "1 answer, nobody to review it"
