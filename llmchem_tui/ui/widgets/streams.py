"""What the models are writing, side by side."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from llmchem_tui.domain.plain_text import plain
from llmchem_tui.ui.copying import Copied
from llmchem_tui.ui.widgets.growing_text import HEADING, MUTED, PLAIN, WRONG, GrowingText, Line
from llmchem_tui.ui.widgets.said import say_on_border
from llmchem_tui.ui.words import state_word

if TYPE_CHECKING:
    from llmchem_tui.session.state import CallState
    from llmchem_tui.ui.reading import Reading

_PANE_WIDTH = 28
_YOUNG = 3000  # objects, about as many as a frame that paints all
_HIDDEN = "failed; the reason is shown once names are shown"
_HEADINGS = ("Medications:", "Cautions:")


class StreamPane(GrowingText):
    """One model: its answer, and in stage 2 the rationale that it is writing."""

    BINDINGS = [
        Binding("enter", "turn", "Turn", id="stream.turn", tooltip="Its answer or its review")
    ]
    HELP = "One model's text. Enter turns between its answer and its latest review."

    def __init__(self, model: str, reading: Reading) -> None:
        super().__init__()
        self.model = model
        self._shown: tuple[object, ...] = ()
        self.take(reading)

    def take(self, reading: Reading) -> None:
        """Show the model in this round from now on."""
        self.show_answer = False
        self._reading = reading
        self._state = reading.state
        self._now = self._state.now
        self.show_title()

    def on_resize(self) -> None:
        """Show what came while the pane was behind others."""
        self.draw(self._now)

    def show_title(self) -> None:
        """Say whose pane it is, as far as it may be known."""
        say_on_border(self, title=Content(self._reading.title(self.model)))

    def action_turn(self) -> None:
        """Turn between answer and latest review."""
        self.show_answer = not self.show_answer
        self.draw(self._state.now)

    @property
    def call(self) -> CallState:
        """The call that the pane shows."""
        from llmchem_tui.session.events import Call

        if self.show_answer:
            return self._state.calls[Call(self.model)]
        return self._state.latest_call(self.model)

    def draw(self, now: float, load_seconds: float | None = None) -> None:
        """Show the state of the round as far as it concerns this model.

        ``load_seconds``: what loading the model took so far, if that is known.
        """
        self._now = now
        if not self.region:  # behind others: it is drawn when it is seen
            return
        call = self.call
        state = _subtitle(self._reading, call, state_word(call, now, load_seconds))
        say_on_border(self, subtitle=state)
        blind = self._reading.blind
        shown = (self._state, call.call, len(call.text), len(call.thinking), call.result, blind)
        if shown != self._shown:
            self._shown = shown
            self.follow = self._state.ended is None
            self.say(_lines(call, self._reading))

    def copied(self) -> Copied:
        """What the pane shows, in words."""
        kind = "answer" if self.call.call.author is None else "review"
        return Copied(f"{kind}-{self._reading.letter(self.model)}", self.text)

    def finish(self) -> None:
        """Show the answer from its beginning: the round is over."""
        self.show_answer = True
        self.draw(self._state.now)
        self.scroll_home(animate=False, immediate=True)


class Streams(Container):
    """The panes of a round, as many side by side as there is room for."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.panes: list[StreamPane] = []
        self.alone: StreamPane | None = None

    def compose(self) -> ComposeResult:
        """What will be here."""
        yield Static("The models' answers, and then their reviews, appear here.", id="no-streams")

    async def begin(self, reading: Reading) -> None:
        """Make the panes of a round; those of the round before do where the models are the same."""
        if [pane.model for pane in self.panes] == list(reading.order):
            for pane in self.panes:
                pane.take(reading)
        else:
            _spare_the_collector()
            self.panes = [StreamPane(name, reading) for name in reading.order]
            async with self.batch():
                await self.remove_children()
                await self.mount(*self.panes)
        self.zoom(None)

    def draw(
        self,
        now: float,
        load_seconds: Mapping[str, float] | None = None,
        half: int | None = None,
    ) -> None:
        """Bring every pane that is seen up to date.

        ``now``: by the plan's clock, as the events have it. ``load_seconds``: what loading each
        model took so far, where that is known. ``half``: only the panes above (0) or below (1).
        """
        for pane in self.panes if half is None else self._halves()[half]:
            pane.draw(now, (load_seconds or {}).get(pane.model))

    def _halves(self) -> tuple[list[StreamPane], list[StreamPane]]:
        """The panes in the upper rows and those in the lower: a frame is as dear as it is high."""
        columns = max(1, self.styles.grid_size_columns or 1)
        middle = len(self.panes) // 2 // columns * columns
        return self.panes[:middle], self.panes[middle:]

    def zoom(self, number: int | None) -> None:
        """Show one pane alone, counted from 1; None: all of them."""
        self.alone = None if number is None else self.panes[number - 1]
        for pane in self.panes:
            shown = self.alone in (None, pane)
            if pane.display != shown:  # told again, it would have the screen laid out anew
                pane.display = shown
        self._arrange()

    def show_titles(self) -> None:
        """Say whose panes these are, as far as it may be known."""
        for pane in self.panes:
            pane.show_title()

    def finish(self) -> None:
        """Show all answers from their beginnings."""
        for pane in self.panes:
            pane.finish()

    def on_resize(self) -> None:
        """Use the width there is."""
        self._arrange()

    def _arrange(self) -> None:
        if not self.panes:
            return
        if self.alone is not None:
            self.styles.grid_size_columns = 1
            self.alone.styles.column_span = 1
            return
        fitting = max(1, self.size.width // _PANE_WIDTH)
        rows = -(-len(self.panes) // fitting)
        columns = -(-len(self.panes) // rows)
        self.styles.grid_size_columns = columns
        *others, last = self.panes
        for pane in others:
            pane.styles.column_span = 1
        # It takes what is left of its row. Told once: another span, if only for a moment, would
        # have the whole screen laid out anew.
        last.styles.column_span = columns - (len(self.panes) - 1) % columns


def _subtitle(reading: Reading, call: CallState, word: Content) -> Content:
    if call.call.author is None:
        return word
    about = reading.letter(call.call.author)
    return Content.assemble(Content.styled(f"on {about} ", "$muted"), word)


def _lines(call: CallState, reading: Reading) -> list[Line]:
    from llmchem_tui.session.protocol import answer_text

    result = call.result
    answer = getattr(result, "answer", None)
    text = reading.text(answer_text(answer) if answer is not None else call.readable)
    lines = [Line(line, HEADING if line in _HEADINGS else PLAIN) for line in text.split("\n")]
    if result is not None and result.message:
        message = _HIDDEN if reading.blind else plain(result.message)
        told = [Line(line, WRONG) for line in message.split("\n")]
        return [*lines, Line(""), *told] if text else told
    if not text and call.thinking and result is None:
        return [Line(f"thinking … {len(call.thinking):,} characters", MUTED)]
    return lines


def _spare_the_collector() -> None:
    """Collect garbage now, and let later collections leave alone what is still there.

    A full collection goes through all that the program and its libraries hold, and would halt
    keys and streams for a tenth of a second every second or two. What frames leave behind is found
    while it is young: sought more often, half of it would still be shown, and grow old.
    """
    gc.set_threshold(_YOUNG)
    gc.unfreeze()
    gc.collect()
    gc.freeze()
