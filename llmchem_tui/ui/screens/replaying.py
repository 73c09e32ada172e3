"""Saved rounds in the panes that showed them live: what is drawn, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import work
from textual.content import Content
from textual.widget import Widget

from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.model import NOTICE, Vignette
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.session.forecast import actual_bars
from llmchem_tui.session.replay import SPEEDS, Player
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.history_rounds import PRIVATE_TEXT
from llmchem_tui.ui.copying import Place, exports_place, session_place
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.reading import Reading
from llmchem_tui.ui.screens.board import BoardScreen
from llmchem_tui.ui.style_sheet import STYLES
from llmchem_tui.ui.widgets.board import Board, VignettePane
from llmchem_tui.ui.widgets.chemistry import Chemistry
from llmchem_tui.ui.widgets.grades import what_if
from llmchem_tui.ui.widgets.plan import Stays
from llmchem_tui.ui.widgets.recommendation import Recommendation
from llmchem_tui.ui.widgets.rounds import RoundList
from llmchem_tui.ui.widgets.status import Status, round_parts
from llmchem_tui.ui.widgets.transport import Transport

if TYPE_CHECKING:
    from llmchem_tui.domain.chemistry import ChemistryTable
    from llmchem_tui.domain.scoring import RoundScore
    from llmchem_tui.storage.replays import Replay

ROUNDS = "Rounds"

_MOST_NOTES = 3
_CUT_OFF = "the session ends here: this round was broken off"
_CANCELLED = "this round was cancelled: it has no outcome"
_SAVED_STANDS = (
    "Without the answers' texts the recommendation cannot be recomputed: this is the saved one."
)
_NO_TEXT = "The history does not have the vignette's text."


class ReplayingScreen(BoardScreen):
    """The panes of the round that a player is in, and the line that drives it."""

    CSS_PATH = STYLES / "history.tcss"
    AUTO_FOCUS = "Transport"

    def __init__(self, desk: Desk, saved: Replay, trial: str = "") -> None:
        super().__init__(desk)
        self._take(saved, trial)

    def _take(self, saved: Replay, trial: str) -> None:
        self.saved = saved
        self.came_from_round = bool(trial)  # only there a round of its own is asked for
        self.player = Player(saved.rounds)
        self.player.to_round(saved.find(trial) or 0)
        if not saved.journaled:  # no text streams in: nobody wants to wait for answers in silence
            self.player.change_speed(len(SPEEDS))
        self.player.playing = True
        self._reading: Reading | None = None
        self._over = False
        self._ended_calls = -1
        self._told: tuple[object, ...] = ()
        self._learnt: tuple[object, ...] = ()
        self.ticked = asyncio.get_running_loop().time()

    def content(self) -> Iterable[Widget]:
        """The panes, and the line that drives them."""
        yield Board(RoundList(id="pool"), id="board")
        yield Transport(id="transport")

    async def on_mount(self) -> None:
        """Show the first round, and begin to draw what moves."""
        self.board.retitle("pool", ROUNDS)
        await self._open()
        self.set_interval(1 / self.desk.fps, self._tick)

    async def take(self, saved: Replay, trial: str = "") -> None:
        """Replay something else instead."""
        self._take(saved, trial)
        await self._open()

    async def _open(self) -> None:
        self.query_one(RoundList).show(self.saved.rounds)
        for note in self.saved.notes[:_MOST_NOTES]:
            self.tell(note)
        if (more := len(self.saved.notes) - _MOST_NOTES) > 0:
            self.tell(f"{more:,} more of the kind in {self.saved.path}")
        await self.show_player()
        self._bring("streams")

    def _bring(self, pane: str) -> None:
        """Bring a pane to the front; the keyboard stays where the replay is driven from."""
        driven = self.focused is None or isinstance(self.focused, Transport)
        self.board.bring(pane)
        if driven:
            self.query_one(Transport).focus()

    @property
    def place(self) -> Place:
        """Where texts of this replay may be written: to its own session, if it is one."""
        path = self.saved.path
        return session_place(self.desk, path) if path.is_dir() else exports_place(self.desk)

    # --- drawing ----------------------------------------------------------------------------

    @property
    def clock(self) -> float:
        """Real seconds."""
        return asyncio.get_running_loop().time()

    async def _tick(self) -> None:
        """Let the time pass that has passed, while this screen is looked at."""
        passed, self.ticked = self.clock - self.ticked, self.clock
        if self.is_current and self.player.tick(passed):
            await self.show_player()

    def draw_soon(self) -> None:
        """Show where the player is, when nothing else is being drawn.

        A key's action runs in the task of the widget that has the keyboard: were it to wait for
        that widget to be replaced, it would wait for ever.
        """
        self.call_later(self.show_player)

    async def show_player(self) -> None:
        """Show where the player is; only what has changed is drawn."""
        player = self.player
        anew = self._reading is None or self._reading.state is not player.state
        if anew or (self._over and not player.at_end):
            await self._begin()
        state = player.state
        ends = player.at_end and not self._over
        if not ends:
            self._draw_calls(state)
        ended = len(state.answers) + len(state.reviews)
        if ended != self._ended_calls:
            self._ended_calls = ended
            self.board.show_grades()
        if ends:
            self._finish()
        self.query_one(RoundList).mark(player.index)
        self.query_one(Transport).show(player)
        self.show_status()
        self._learn()
        told = (player.index, player.at_end, player.finished)
        if told != self._told:  # the footer is made anew
            self._told = told
            self.refresh_bindings()

    def _draw_calls(self, state: RoundState) -> None:
        """Bring up to date what the models write, and when each was asked."""
        now = self.player.now
        self.board.draw(now)
        if not self._over and self._reading is not None:
            titles = {name: self._reading.title(name) for name in self._reading.order}
            seconds = now - state.started.at
            stays = Stays(titles, None, actual_bars(state, now), seconds)
            self.query_one(Recommendation).plan(stays)

    async def _begin(self) -> None:
        """Make the panes of the round; what was asked of it stays asked."""
        player, was_over = self.player, self._over
        if self._reading is None or self._reading.state is not player.state:
            abstain_below = self.desk.settings.round.abstain_below
            self._reading = Reading(
                player.state,
                abstain_below,
                given=player.round.given,
                reviews_known=player.round.reviews_known,
                regimens_known=player.round.regimens_known,
            )
        self._reading.own_grades.clear()
        self._over = False
        self._ended_calls = len(player.state.answers) + len(player.state.reviews)
        self.query_one(VignettePane).show(self._vignette())
        await self.board.begin(self._reading)
        self.board.wait("the round is being replayed")
        if was_over and self.board.front == "recommendation":
            self._bring("streams")

    def _finish(self) -> None:
        """Show the outcome as far as it is known."""
        self._over = True
        if words := self._instead_of_outcome():
            self.board.finish_early(words)
        elif self._reading is not None:
            self._reading.own_grades.update(self.player.round.own_grades)
            self.board.finish(self._source, None)
        self.query_one(Recommendation).plan(None)
        if self.board.front == "streams":
            self._bring("recommendation")

    def _instead_of_outcome(self) -> str:
        """What to say where no outcome can be shown; blank: it can."""
        ended, untold = self.player.state.ended, self.player.round.untold
        if ended is None:
            return _CUT_OFF
        if ended.cancelled:
            return _CANCELLED
        if not untold:
            return ""
        reading = self._reading
        asked = [what_if(reading), _SAVED_STANDS] if reading and reading.asks_what_if else []
        return "\n".join([*asked, untold, f"{NOTICE} · {self._source}"])

    @property
    def _source(self) -> str:
        return f"replayed from {self.saved.path}"

    def _vignette(self) -> Vignette:
        """The vignette, or what is known of it."""
        vignette = self.player.round.started.vignette
        if vignette.text:
            return vignette
        if self.saved.private:
            return replace(vignette, title=vignette.id, text=PRIVATE_TEXT)
        return replace(vignette, title=vignette.id, text=_NO_TEXT)

    def show_status(self) -> None:
        """Bring the line at the top up to date: it is about what is replayed."""
        status = self.query_one(Status)
        simulated = self.saved.simulated(self.player.index)
        status.show(self.status_parts(), simulated=simulated, private=self.saved.private)

    def status_parts(self) -> list[Content]:
        """That it is a replay, and how far the round has come."""
        state = self.player.state
        parts = round_parts(state, self.player.now - state.started.at, None)[1:]
        if not self.player.round.reviews_known:
            parts[0] = Content(f"answers {len(state.answers)}/{len(state.names)}, reviews unknown")
        broken = [Content("broken off")] * (self.player.at_end and state.ended is None)
        return [Content("Replay"), *broken, *parts, Content(plain_line(state.trial))]

    # --- chemistry --------------------------------------------------------------------------

    def show_what_if(self) -> None:
        """Show what the reader asks for, in the chemistry too; the files keep the original."""
        super().show_what_if()
        if self._over and (words := self._instead_of_outcome()):
            self.board.wait(words)
        self._learn()

    def _learn(self) -> None:
        """Compute the chemistry of the rounds up to here, if it is another one."""
        last = self.player.index if self.player.at_end else self.player.index - 1
        reading = self._reading
        asked = reading if reading is not None and self._over and reading.asks_what_if else None
        score = None if asked is None else asked.score()
        wanted = (self.saved.path, last, score)
        if wanted != self._learnt:
            self._learnt = wanted
            self._show_chemistry(last, score)

    @work(group="chemistry", exclusive=True)
    async def _show_chemistry(self, last: int, score: RoundScore | None) -> None:
        try:
            table = await asyncio.to_thread(self._chemistry, last, score)
        except LlmchemError as error:
            self.tell(str(error))
            return
        self.query_one(Chemistry).show(table, None, what_if=score is not None)

    def _chemistry(self, last: int, score: RoundScore | None) -> ChemistryTable:
        from llmchem_tui.domain.chemistry import chemistry
        from llmchem_tui.storage.profiles import profiles
        from llmchem_tui.storage.replays import rescored

        rows = self.saved.rows_until(last)
        if score is not None:
            rows = rescored(rows, self.saved.rounds[last].trial, score)
        own = self.desk.settings.chemistry
        return chemistry(
            list(profiles(rows, mode=own.profile).values()),
            usage_threshold=own.usage_threshold,
            empty_cost=own.empty_cost,
        )
