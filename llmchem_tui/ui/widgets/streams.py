"""What the models are writing, side by side."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from llmchem_tui.domain.plain_text import plain
from llmchem_tui.session.anonymity import letter
from llmchem_tui.session.events import Call
from llmchem_tui.session.protocol import answer_text
from llmchem_tui.session.state import CallState, RoundState
from llmchem_tui.ui.words import name_text, state_word

_PANE_WIDTH = 28
_HEADINGS = ("Medications:", "Cautions:")


class StreamPane(VerticalScroll):
    """One model: its answer, and in stage 2 the rationale that it is writing."""

    BINDINGS = [
        Binding("enter", "turn", "Turn", id="stream.turn", tooltip="Its answer or its review")
    ]
    HELP = "One model's text. Enter turns between its answer and its latest review."

    def __init__(self, position: int, state: RoundState) -> None:
        super().__init__()
        self.position = position
        self.model = state.names[position]
        self.show_answer = False
        self._state = state
        self._text = Static(markup=False)
        self._shown: tuple[object, ...] = ()
        self._followed_to = 0

    def compose(self) -> ComposeResult:
        """One text, never markup."""
        yield self._text

    def on_mount(self) -> None:
        """Say whose pane it is."""
        self.border_title = Content(f"{letter(self.position)} {name_text(self.model)}")

    def action_turn(self) -> None:
        """Turn between answer and latest review."""
        self.show_answer = not self.show_answer
        self.draw(self._state.now)

    def draw(self, now: float) -> None:
        """Show the state of the round as far as it concerns this model."""
        state = self._state
        self._follow()
        own, latest = state.calls[Call(self.model)], state.latest_call(self.model)
        call = own if self.show_answer else latest
        self.border_subtitle = _subtitle(state, call, now)
        shown = (call.call, len(call.text), len(call.thinking), call.result)
        if shown != self._shown:
            self._shown = shown
            self._text.update(_body(call))

    def _follow(self) -> None:
        """Show the latest line of what has been laid out, but leave a user who has scrolled up."""
        running = self._state.ended is None
        if running and self.scroll_offset.y >= min(self._followed_to, self.max_scroll_y):
            self.scroll_end(animate=False, immediate=True)
            self._followed_to = self.max_scroll_y

    def finish(self) -> None:
        """Show the answer from its beginning: the round is over."""
        self.show_answer = True
        self.draw(self._state.now)
        self.scroll_home(animate=False, immediate=True)
        # A bar that was hidden while its pane was scrolled keeps its old place (Textual 8.2.8).
        self.vertical_scrollbar.position = 0


class Streams(Container):
    """The panes of a round, as many side by side as there is room for."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.panes: list[StreamPane] = []

    def compose(self) -> ComposeResult:
        """What will be here."""
        yield Static("The models' answers, and then their reviews, appear here.", id="no-streams")

    async def begin(self, state: RoundState) -> None:
        """Make the panes of a round."""
        self.panes = [StreamPane(i, state) for i in range(len(state.names))]
        async with self.batch():
            await self.remove_children()
            await self.mount(*self.panes)
        self._arrange()

    def draw(self, now: float) -> None:
        """Bring every pane up to date."""
        for pane in self.panes:
            pane.draw(now)

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
        fitting = max(1, self.size.width // _PANE_WIDTH)
        rows = -(-len(self.panes) // fitting)
        columns = -(-len(self.panes) // rows)
        self.styles.grid_size_columns = columns
        # the last pane takes what is left of its row
        self.panes[-1].styles.column_span = columns - (len(self.panes) - 1) % columns


def _subtitle(state: RoundState, call: CallState, now: float) -> Content:
    word = state_word(call, now)
    if call.call.author is None:
        return word
    about = letter(state.names.index(call.call.author))
    return Content.assemble(Content.styled(f"on {about} ", "$muted"), word)


def _body(call: CallState) -> Content:
    result = call.result
    answer = getattr(result, "answer", None)
    text = plain(answer_text(answer)) if answer is not None else call.readable
    lines = [
        Content.styled(line, "bold $primary" if line in _HEADINGS else "")
        for line in text.split("\n")
    ]
    body = Content("\n").join(lines)
    if result is not None and result.message:
        said = Content.styled(plain(result.message), "$error")
        body = Content.assemble(body, "\n\n", said) if text else said
    if not text and call.thinking and result is None:
        body = Content.styled(f"thinking … {len(call.thinking):,} characters", "$muted")
    return body
