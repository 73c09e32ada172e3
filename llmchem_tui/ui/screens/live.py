"""Running a round before the user's eyes: asked for, watched, stopped, shown."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widgets import Footer

from llmchem_tui.config import Settings
from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.model import Vignette
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.domain.totals import Totals
from llmchem_tui.session.events import AnswerEnded, ReviewEnded, RoundEnded, RoundStarted
from llmchem_tui.session.forecast import Forecast, actual_bars
from llmchem_tui.session.state import RoundState
from llmchem_tui.ui.screens.dialogs import AskScreen
from llmchem_tui.ui.setup import Setup
from llmchem_tui.ui.widgets.board import Board
from llmchem_tui.ui.widgets.grades import Grades
from llmchem_tui.ui.widgets.plan import Stays
from llmchem_tui.ui.widgets.recommendation import Recommendation
from llmchem_tui.ui.widgets.status import Status, round_parts, setup_parts
from llmchem_tui.ui.widgets.streams import Streams

if TYPE_CHECKING:
    from llmchem_tui.laboratory import Laboratory

PROBLEM_SECONDS = 10


class LiveScreen(Screen[None]):
    """The panes, and the one round that runs in them. ``problem`` says why none can be run."""

    BINDINGS = [
        Binding("ctrl+r", "run", "Run", id="round.run", tooltip="Run a round"),
        Binding("escape", "stop", "Stop", id="round.stop", tooltip="Cancel all open calls"),
    ]

    def __init__(self, settings: Settings, vignette: Vignette, fps: int) -> None:
        super().__init__()
        self.settings = settings
        self.fps = fps
        self.laboratory: Laboratory | None = None
        self.setup = Setup(vignette, settings.round.strategy, settings.round.n)
        self.problem = ""
        self.state: RoundState | None = None
        self.forecast: Forecast | None = None
        self._stop: asyncio.Event | None = None
        self._started = 0.0
        self._told = ""

    def compose(self) -> ComposeResult:
        """The status line, the panes, the keys."""
        yield Status(id="status", markup=False)
        yield Board(id="board")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to draw what moves."""
        self.set_interval(1 / self.fps, self.draw)
        self.draw()

    @property
    def busy(self) -> bool:
        """Whether a round runs, or the user is being asked whether it may."""
        return self._stop is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what makes no sense now; a narrow footer has no room for it."""
        if self.makes_sense(action):
            return True
        return False if self.has_class("-narrow") else None

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        if action == "stop":
            return self.busy
        if action == "run":
            return not self.busy and self.setup.choice is not None
        return True

    def action_stop(self) -> None:
        """Cancel all open calls."""
        if self._stop is not None:
            self._stop.set()

    def action_run(self) -> None:
        """Run a round with the ensemble that is shown."""
        if self.laboratory is None or self.setup.choice is None or self.busy:
            return
        # From here on, not from when the worker begins: a key in the same breath must not adopt.
        self._stop = asyncio.Event()
        self.refresh_bindings()
        self._run(self.laboratory, self._stop)

    async def learn(self) -> None:
        """Take in what the finished rounds teach."""

    @work(group="forecast", exclusive=True)
    async def foresee(self) -> None:
        """Play the next round ahead, and show its plan where there is no result to show."""
        laboratory, choice = self.laboratory, self.setup.choice
        if self.busy:  # the plan of its round stays
            return
        self.forecast = None
        if laboratory is not None and choice is not None:
            try:
                self.forecast = await laboratory.forecast(self.setup.vignette, choice)
            except LlmchemError as error:
                self.tell(str(error))
        if not self.busy:
            stays = Stays(self.setup.ensemble, self.forecast) if self.forecast else None
            self.query_one(Recommendation).plan(stays)

    # --- a round ----------------------------------------------------------------------------

    @work(group="round")
    async def _run(self, laboratory: Laboratory, stop: asyncio.Event) -> None:
        self.state = None
        try:
            if await self._may_leave(laboratory):
                await self._watch(laboratory, stop)
        except LlmchemError as error:
            self.tell(str(error), "error")
            self.query_one(Recommendation).wait(f"The round broke off. {error}")
        finally:
            self._stop = None
            self.refresh_bindings()
        await self.learn()
        self.foresee()

    async def _may_leave(self, laboratory: Laboratory) -> bool:
        """Ask before a vignette first goes to an untrusted endpoint."""
        places = laboratory.must_ask(self.setup.ensemble)
        if not places:
            return True
        self.app.clear_notifications()  # nothing may lie over the address
        question = f"The vignette will leave this machine, to {places}. Go on?"
        if not await self.app.push_screen_wait(AskScreen(question)):
            return False
        laboratory.allow(self.setup.ensemble)
        return True

    async def _watch(self, laboratory: Laboratory, stop: asyncio.Event) -> None:
        state: RoundState | None = None
        async with aclosing(laboratory.run(self.setup.plan(laboratory), stop)) as events:
            async for event in events:
                if isinstance(event, RoundStarted):
                    self.state = state = RoundState(event)
                    await self._begin(state)
                elif state is not None:
                    state.apply(event)
                    self._tell_once(laboratory)
                    if isinstance(event, AnswerEnded | ReviewEnded | RoundEnded):
                        self._show_grades(state)
        if state is not None:
            folder = laboratory.session.folder if laboratory.session else None
            saved = f"saved in {folder}" if folder else laboratory.not_saved
            self._finish(state, saved, laboratory.totals)

    def _tell_once(self, laboratory: Laboratory) -> None:
        """Say at once that a round is not saved: it may run for an hour yet."""
        if laboratory.not_saved and laboratory.not_saved != self._told:
            self.tell(laboratory.not_saved, "error")
        self._told = laboratory.not_saved

    async def _begin(self, state: RoundState) -> None:
        self._started = asyncio.get_running_loop().time()
        await self.query_one(Streams).begin(state)
        self.query_one(Grades).begin(state)
        self._show_grades(state)
        self.query_one(Recommendation).wait("the round is running")
        self.query_one(Board).bring("streams")

    def _show_grades(self, state: RoundState) -> None:
        score = state.score(abstain_below=self.settings.round.abstain_below)
        self.query_one(Grades).draw(state, score)

    def _finish(self, state: RoundState, saved: str, sitting: Totals) -> None:
        self.query_one(Streams).finish()
        recommendation = self.query_one(Recommendation)
        if state.ended is None or state.ended.cancelled:
            recommendation.wait("cancelled; ctrl+r runs a new round")
            return
        score = state.score(abstain_below=self.settings.round.abstain_below)
        recommendation.show(state, score, saved, sitting)
        self.query_one(Board).bring("recommendation")

    # --- drawing ----------------------------------------------------------------------------

    def draw(self) -> None:
        """Bring what moves up to date, at most as often as the connection bears."""
        state = self.state if self.busy else None
        if state is not None and state.ended is None:
            now = state.started.at + asyncio.get_running_loop().time() - self._started
            seconds = now - state.started.at
            self.query_one(Streams).draw(now)
            stays = Stays(state.names, self.forecast, actual_bars(state, now), seconds)
            self.query_one(Recommendation).plan(stays)
            parts = round_parts(state, seconds)
        elif self.problem:
            parts = [Content.styled(self.problem, "$error")]
        elif self.laboratory is None:
            parts = [Content("looking for models …")]
        else:
            parts = setup_parts(self.setup)
        simulated = self.laboratory is not None and self.laboratory.pool.simulated
        self.query_one(Status).show(parts, simulated=simulated)

    def tell(self, text: str, severity: SeverityLevel = "warning") -> None:
        """Tell the user something in passing."""
        self.notify(plain_line(text), severity=severity, markup=False, timeout=PROBLEM_SECONDS)

    async def on_unmount(self) -> None:
        """Close files and connections."""
        if self.laboratory is None:
            return
        try:
            await self.laboratory.aclose()
        except LlmchemError as error:
            self.app.exit(message=plain_line(str(error)))
