"""Running a round before the user's eyes: asked for, watched, stopped, shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from typing import TYPE_CHECKING

from textual import work
from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget

from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.domain.totals import Totals
from llmchem_tui.session.events import AnswerEnded, ReviewEnded, RoundEnded, RoundStarted
from llmchem_tui.session.forecast import Forecast, actual_bars
from llmchem_tui.session.state import RoundState
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.desk import DeskScreen
from llmchem_tui.ui.screens.dialogs import AskScreen
from llmchem_tui.ui.widgets.board import Board
from llmchem_tui.ui.widgets.grades import Grades
from llmchem_tui.ui.widgets.plan import Stays
from llmchem_tui.ui.widgets.recommendation import Recommendation
from llmchem_tui.ui.widgets.status import round_parts, setup_parts
from llmchem_tui.ui.widgets.streams import Streams

if TYPE_CHECKING:
    from llmchem_tui.laboratory import Laboratory


class LiveScreen(DeskScreen):
    """The panes, and the one round that runs in them."""

    BINDINGS = [
        Binding("ctrl+r", "run", "Run", id="round.run", tooltip="Run a round"),
        Binding("escape", "stop", "Stop", id="round.stop", tooltip="Cancel all open calls"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.forecast: Forecast | None = None
        self._stop: asyncio.Event | None = None
        self._started = 0.0
        self._told = ""

    def content(self) -> Iterable[Widget]:
        """The panes."""
        yield Board(id="board")

    def on_mount(self) -> None:
        """Begin to draw what moves."""
        self.set_interval(1 / self.desk.fps, self.draw)
        self.draw()

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        if action == "stop":
            return self._stop is not None
        if action == "run":
            return not self.desk.busy and self.desk.setup.choice is not None
        return super().makes_sense(action)

    def action_stop(self) -> None:
        """Cancel all open calls."""
        if self._stop is not None:
            self._stop.set()

    def action_run(self) -> None:
        """Run a round with the ensemble that is shown."""
        desk = self.desk
        if desk.laboratory is None or desk.setup.choice is None or desk.busy:
            return
        # From here on, not from when the worker begins: a key in the same breath must not adopt.
        desk.busy, self._stop = True, asyncio.Event()
        self.refresh_bindings()
        self._run(desk.laboratory, self._stop)

    async def learn(self) -> None:
        """Take in what the finished rounds teach."""

    @work(group="forecast", exclusive=True)
    async def foresee(self) -> None:
        """Play the next round ahead, and show its plan where there is no result to show."""
        laboratory, choice = self.desk.laboratory, self.desk.setup.choice
        if self.desk.busy:  # the plan of its round stays
            return
        self.forecast = None
        if laboratory is not None and choice is not None:
            try:
                self.forecast = await laboratory.forecast(self.desk.setup.vignette, choice)
            except LlmchemError as error:
                self.tell(str(error))
        if not self.desk.busy:
            stays = Stays(self.desk.setup.ensemble, self.forecast) if self.forecast else None
            self.query_one(Recommendation).plan(stays)

    # --- a round ----------------------------------------------------------------------------

    @work(group="round")
    async def _run(self, laboratory: Laboratory, stop: asyncio.Event) -> None:
        self.desk.state = None
        try:
            if await self._may_leave(laboratory):
                await self._watch(laboratory, stop)
        except LlmchemError as error:
            self.tell(str(error), "error")
            self.query_one(Recommendation).wait(f"The round broke off. {error}")
        finally:
            self.desk.busy, self._stop = False, None
            self.refresh_bindings()
        await self.learn()
        self.foresee()

    async def _may_leave(self, laboratory: Laboratory) -> bool:
        """Ask before a vignette first goes to an untrusted endpoint."""
        places = laboratory.must_ask(self.desk.setup.ensemble)
        if not places:
            return True
        self.app.clear_notifications()  # nothing may lie over the address
        question = f"The vignette will leave this machine, to {places}. Go on?"
        if not await self.app.push_screen_wait(AskScreen(question)):
            return False
        laboratory.allow(self.desk.setup.ensemble)
        return True

    async def _watch(self, laboratory: Laboratory, stop: asyncio.Event) -> None:
        state: RoundState | None = None
        async with aclosing(laboratory.run(self.desk.setup.plan(laboratory), stop)) as events:
            async for event in events:
                if isinstance(event, RoundStarted):
                    self.desk.state = state = RoundState(event)
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
        score = state.score(abstain_below=self.desk.settings.round.abstain_below)
        self.query_one(Grades).draw(state, score)

    def _finish(self, state: RoundState, saved: str, sitting: Totals) -> None:
        self.query_one(Streams).finish()
        recommendation = self.query_one(Recommendation)
        if state.ended is None or state.ended.cancelled:
            recommendation.wait("cancelled; ctrl+r runs a new round")
            return
        score = state.score(abstain_below=self.desk.settings.round.abstain_below)
        recommendation.show(state, score, saved, sitting)
        self.query_one(Board).bring("recommendation")

    # --- drawing ----------------------------------------------------------------------------

    def draw(self) -> None:
        """Bring what moves up to date, at most as often as the connection bears."""
        state = self.desk.state if self.desk.busy else None
        if state is not None and state.ended is None:
            now = state.started.at + asyncio.get_running_loop().time() - self._started
            seconds = now - state.started.at
            self.query_one(Streams).draw(now)
            stays = Stays(state.names, self.forecast, actual_bars(state, now), seconds)
            self.query_one(Recommendation).plan(stays)
        self.show_status()

    def status_parts(self) -> list[Content]:
        """The round that goes on, or the next one."""
        desk = self.desk
        state = desk.state if desk.busy else None
        if state is not None and state.ended is None:
            return round_parts(state, asyncio.get_running_loop().time() - self._started)
        if desk.problem:
            return [Content.styled(desk.problem, "$error")]
        if desk.laboratory is None:
            return [Content("looking for models …")]
        return setup_parts(desk.setup)

    async def on_unmount(self) -> None:
        """Close files and connections."""
        if self.desk.laboratory is None:
            return
        try:
            await self.desk.laboratory.aclose()
        except LlmchemError as error:
            self.app.exit(message=plain_line(str(error)))
