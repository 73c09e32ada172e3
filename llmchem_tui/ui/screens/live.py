"""Running a round before the user's eyes: asked for, watched, stopped, shown, graded."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.binding import Binding
from textual.content import Content

from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.reading import Reading
from llmchem_tui.ui.screens.board import UNZOOM
from llmchem_tui.ui.screens.own_grades import GRADING_KEYS, OwnGradesScreen
from llmchem_tui.ui.widgets.board import VignettePane
from llmchem_tui.ui.widgets.plan import Stays
from llmchem_tui.ui.widgets.recommendation import Recommendation
from llmchem_tui.ui.widgets.status import round_parts, setup_parts

if TYPE_CHECKING:
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.session.forecast import Forecast
    from llmchem_tui.session.scheduler import Plan
    from llmchem_tui.session.state import RoundState

_PLANS_A_SECOND = 1


class LiveScreen(OwnGradesScreen):
    """The panes, and the one round that runs in them."""

    BINDINGS = [
        Binding("ctrl+r", "run", "Run", id="round.run", tooltip="Run a round"),
        Binding(
            "w", "resume", "Resume", id="round.resume", tooltip="Go on with the round that stopped"
        ),
        Binding("escape", "stop", "Stop", id="round.stop", tooltip="Cancel all open calls"),
        UNZOOM,
        *GRADING_KEYS,
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.forecast: Forecast | None = None
        self._started = 0.0
        self._beat = -1.0
        self._half = 0
        self._told = ""

    def on_mount(self) -> None:
        """Begin to draw what moves."""
        self.set_interval(1 / self.desk.fps / 2, self.draw)
        self.draw()

    @property
    def _live(self) -> RoundState | None:
        """The round that goes on, if one does."""
        state = self.desk.state if self.desk.busy else None
        return state if state is not None and state.ended is None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """One key stops the round and leaves the zoom: which of the two is known at a look."""
        if action == "stop":
            return self.desk.stop is not None and not self.board.zoomed
        if action == "resume":
            state = self.desk.state
            stopped = state is not None and state.ended is not None and state.ended.cancelled
            return stopped and not self.desk.busy and self.desk.saved_in is not None
        return super().check_action(action, parameters)

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        if action == "run":
            return not self.desk.busy and self.desk.setup.choice is not None
        return super().makes_sense(action)

    def action_stop(self) -> None:
        """Cancel all open calls."""
        if self.desk.stop is not None:
            self.desk.stop.set()

    def action_run(self) -> None:
        """Run a round with the ensemble that is shown."""
        if self.desk.setup.choice is not None:
            self._begin_work(None)

    def action_resume(self) -> None:
        """Go on with the round that was stopped here."""
        if self.desk.saved_in is not None:
            self.resume(self.desk.saved_in)

    def resume(self, folder: Path) -> None:
        """Go on with the round of a session that was interrupted last."""
        if self.desk.busy:
            self.tell("a round is running; stop it or wait for it")
        elif self.desk.laboratory is None:
            self.tell("models are still looked for; try again in a moment")
        else:
            self._begin_work(folder)

    def _begin_work(self, folder: Path | None) -> None:
        desk = self.desk
        if desk.laboratory is None or desk.busy:
            return
        # From here on, not from when the worker begins: a key in the same breath must not adopt.
        desk.busy, self.desk.stop = True, asyncio.Event()
        self.refresh_bindings()
        self._run(desk.laboratory, self.desk.stop, folder)

    async def learn(self) -> None:
        """Take in what the finished rounds teach."""

    @work(group="learn", exclusive=True)
    async def learn_again(self) -> None:
        """Take in what the finished rounds teach, as the reader wants them counted."""
        await self.learn()

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
            from llmchem_tui.session.anonymity import letter

            names = enumerate(self.desk.setup.ensemble)
            titles = {name: f"{letter(i)} {plain_line(name)}" for i, name in names}
            reading = self.board.reading
            hidden = reading is not None and reading.blind  # its letters are others
            stays = Stays(titles, self.forecast) if self.forecast and not hidden else None
            self.query_one(Recommendation).plan(stays)

    # --- a round ----------------------------------------------------------------------------

    @work(group="round")
    async def _run(self, laboratory: Laboratory, stop: asyncio.Event, folder: Path | None) -> None:
        """Run the next round, or go on with the one that was interrupted in a session's folder."""
        plan = None
        try:
            plan = await self._resumed(laboratory, folder) if folder else None
            self.desk.state = self.desk.saved_in = None
            if await self._may_leave(laboratory):
                plan = plan or self.desk.setup.plan(laboratory)
                await self._watch(laboratory, plan, stop)
        except LlmchemError as error:
            self.tell(str(error), "error")
            if folder is None or plan is not None:
                self.board.wait(f"The round broke off. {error}")
        finally:
            self.desk.busy, self.desk.stop = False, None
            self.refresh_bindings()
        await self.learn()
        self.foresee()

    async def _resumed(self, laboratory: Laboratory, folder: Path) -> Plan:
        from llmchem_tui.resuming import resume

        plan = await asyncio.to_thread(resume, laboratory, folder)
        for note in laboratory.recorder.mended:
            self.tell(note)
        await self.app.switch_mode("round")
        self.desk.setup.repeat(plan.rounds[0])
        self.query_one(VignettePane).show(self.desk.setup.vignette)
        return plan

    async def _may_leave(self, laboratory: Laboratory) -> bool:
        """Ask before a vignette first goes to an untrusted endpoint."""
        places = laboratory.must_ask(self.desk.setup.ensemble)
        if not places:
            return True
        from llmchem_tui.ui.screens.dialogs import AskScreen

        self.app.clear_notifications()  # nothing may lie over the address
        question = f"The vignette will leave this machine, to {places}. Go on?"
        if not await self.app.push_screen_wait(AskScreen(question)):
            return False
        laboratory.allow(self.desk.setup.ensemble)
        return True

    async def _watch(self, laboratory: Laboratory, plan: Plan, stop: asyncio.Event) -> None:
        from llmchem_tui.session.events import (
            AnswerEnded,
            ReviewEnded,
            RoundEnded,
            RoundResumed,
            RoundStarted,
        )
        from llmchem_tui.session.state import RoundState

        state: RoundState | None = None
        async with aclosing(laboratory.run(plan, stop)) as events:
            async for event in events:
                if isinstance(event, RoundStarted | RoundResumed):
                    self.desk.state = state = RoundState.of((*plan.rounds[0].before, event))
                    await self._begin(state)
                    self.refresh_bindings()
                elif state is not None:
                    state.apply(event)
                    self._tell_once(laboratory)
                    if isinstance(event, AnswerEnded | ReviewEnded | RoundEnded):
                        self.board.take_grades()
                        self.refresh_bindings()
        if state is not None:
            self.desk.saved_in = folder = (
                laboratory.recorder.session.folder if laboratory.recorder.session else None
            )
            saved = f"saved in {folder}" if folder else laboratory.recorder.not_saved
            self._finish(state, saved, laboratory)

    def _tell_once(self, laboratory: Laboratory) -> None:
        """Say at once that a round is not saved: it may run for an hour yet."""
        if laboratory.recorder.not_saved and laboratory.recorder.not_saved != self._told:
            self.tell(laboratory.recorder.not_saved, "error")
        self._told = laboratory.recorder.not_saved

    async def _begin(self, state: RoundState) -> None:
        self._started, self._beat = asyncio.get_running_loop().time() - state.elapsed, -1.0
        abstain_below = self.desk.settings.round.abstain_below
        before = self.board.reading
        self.desk.reading = Reading(state, abstain_below, blind=self.desk.blind)
        await self.board.begin(self.desk.reading)
        if before is not None and before.asks_what_if:
            self.learn_again()  # what was asked of that round ends with it
        self.board.wait("the round is running")
        self.board.bring("streams")

    def _finish(self, state: RoundState, saved: str, laboratory: Laboratory) -> None:
        if state.ended is None or state.ended.cancelled:
            self.board.finish_early(self._after_cancelling(laboratory))
            return
        self.save_own_grades(laboratory)
        self.show_outcome(saved, laboratory.totals)
        if not self.is_current:
            self.tell("the round is over", "information")

    def _after_cancelling(self, laboratory: Laboratory) -> str:
        if self.desk.saved_in is None or laboratory.recorder.saving.private:
            return "cancelled; a new round can be run"
        return f"cancelled; {self.key('round.resume')} goes on with it, or a new round can be run"

    # --- drawing ----------------------------------------------------------------------------

    def draw(self) -> None:
        """Bring what moves up to date; half of it each time, so that no key waits for all of it."""
        if not self.is_current:
            return
        state, reading = self._live, self.board.reading
        if state is not None and reading is not None:
            known = self.forecast.load_seconds if self.forecast else None
            self._half = 1 - self._half
            self.board.draw(state.started.at + self._seconds, known, half=self._half)
            self._draw_plan(state, reading)
        self.show_status()

    def _draw_plan(self, state: RoundState, reading: Reading) -> None:
        from llmchem_tui.session.forecast import actual_bars

        beat = int(self._seconds * _PLANS_A_SECOND) / _PLANS_A_SECOND
        if beat == self._beat:
            return
        self._beat = beat
        titles = {name: reading.title(name) for name in reading.order}
        bars = actual_bars(state, state.started.at + beat)
        stays = Stays(titles, self.forecast, bars, beat, blind=reading.blind)
        self.query_one(Recommendation).plan(stays)

    @property
    def _seconds(self) -> float:
        """How long the round has been going on."""
        return asyncio.get_running_loop().time() - self._started

    def status_parts(self) -> list[Content]:
        """The round that goes on, or the next one."""
        desk = self.desk
        if (state := self._live) is not None:
            return round_parts(state, self._seconds, self.forecast)
        if desk.problem:
            return [Content.styled(desk.problem, "$error")]
        if desk.laboratory is None:
            return [Content("looking for models …")]
        reading = self.board.reading
        if reading is not None and reading.blind and self.over:
            return [Content("round over"), Content(self.ask_for_grades)]
        return setup_parts(desk.setup)

    def _show_names(self, reading: Reading) -> None:
        super()._show_names(reading)
        self.learn_again()

    async def on_unmount(self) -> None:
        """Close files and connections."""
        if self.desk.laboratory is None:
            return
        try:
            await self.desk.laboratory.aclose()
        except LlmchemError as error:
            self.app.exit(message=plain_line(str(error)))
