"""What the models are writing, side by side."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from llmchem_tui.session.anonymity import letter
from llmchem_tui.session.events import Call
from llmchem_tui.session.protocol import answer_text
from llmchem_tui.session.state import CallState, RoundState
from llmchem_tui.ui.words import name_text, state_word

_PANE_WIDTH = 28
_HEADINGS = ("Medications", "Medications:", "Cautions", "Cautions:")


class StreamPane(VerticalScroll):
    """One model: its answer, and in stage 2 the rationale that it is writing."""

    BINDINGS = [
        Binding(
            "enter", "turn", "Answer/review", id="stream.turn", tooltip="Its answer or its review"
        )
    ]
    HELP = "One model's text. Enter turns between its answer and its latest review."

    def __init__(self, position: int, name: str) -> None:
        super().__init__()
        self.position = position
        self.model = name
        self.show_answer = False
        self._text = Static(markup=False)
        self._shown: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """One text, never markup."""
        yield self._text

    def on_mount(self) -> None:
        """Say whose pane it is."""
        self.border_title = Content(f"{letter(self.position)} {name_text(self.model)}")

    def action_turn(self) -> None:
        """Turn between answer and latest review."""
        self.show_answer = not self.show_answer
        self._shown = ()

    def draw(self, state: RoundState, now: float) -> None:
        """Show the state of the round as far as it concerns this model."""
        over = state.ended is not None
        own = state.calls[Call(self.model)]
        call = own if self.show_answer or over else state.latest_call(self.model)
        self.border_subtitle = _subtitle(state, call, now)
        shown = (call.call, len(call.text), len(call.thinking), call.result, over)
        if shown == self._shown:
            return
        following = self.is_vertical_scroll_end  # until the user scrolls up
        self._shown = shown
        self._text.update(_body(call))
        if over:
            self.scroll_home(animate=False)
        elif following:
            self.scroll_end(animate=False)


class Streams(Container):
    """The panes of a round, as many side by side as there is room for."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.panes: list[StreamPane] = []

    async def begin(self, state: RoundState) -> None:
        """Make the panes of a round."""
        self.panes = [StreamPane(i, name) for i, name in enumerate(state.names)]
        async with self.batch():
            await self.remove_children()
            await self.mount(*self.panes)
        self._arrange()

    def draw(self, state: RoundState, now: float) -> None:
        """Bring every pane that can be seen up to date."""
        for pane in self.panes:
            pane.draw(state, now)

    def on_resize(self) -> None:
        """Use the width there is."""
        self._arrange()

    def _arrange(self) -> None:
        if not self.panes:
            return
        fitting = max(1, self.size.width // _PANE_WIDTH)
        rows = -(-len(self.panes) // fitting)
        self.styles.grid_size_columns = -(-len(self.panes) // rows)


def _subtitle(state: RoundState, call: CallState, now: float) -> Content:
    word = state_word(call, now)
    if call.call.author is None:
        return word
    about = letter(state.names.index(call.call.author))
    return Content.assemble(Content.styled(f"on {about} ", "$muted"), word)


def _body(call: CallState) -> Content:
    result = call.result
    answer = getattr(result, "answer", None)
    text = answer_text(answer) if answer is not None else call.readable
    lines = [
        Content.styled(line, "bold $primary" if line in _HEADINGS else "")
        for line in text.split("\n")
    ]
    body = Content("\n").join(lines)
    if result is not None and result.message:
        body = Content.assemble(body, "\n\n", Content.styled(result.message, "$error"))
    if not text and call.thinking and result is None:
        body = Content.styled(f"thinking … {len(call.thinking):,} characters", "$muted")
    return body
