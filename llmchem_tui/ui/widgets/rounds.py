"""The rounds of a replay, and which of them is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.session.replay import ReplayRound

_UNKNOWN = "unknown strategy"


class RoundList(OptionList):
    """A line for each round; enter goes there."""

    HELP = "The rounds that can be replayed; ● is shown. Enter goes to another one."

    class Wanted(Message):
        """The user wants this round, counted from 0."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._names: list[str] = []
        self._shown = -1

    def show(self, rounds: Sequence[ReplayRound]) -> None:
        """List the rounds."""
        self._names, self._shown = list(_lines(rounds)), -1
        self.clear_options()
        self.add_options(Option(Content(f"  {line}")) for line in self._names)

    def mark(self, index: int) -> None:
        """Show which round is on the screen."""
        if index == self._shown:
            return
        for place, glyph in ((self._shown, " "), (index, "●")):
            if place >= 0:
                prompt = Content(f"{glyph} {self._names[place]}")
                self.replace_option_prompt_at_index(place, prompt)
        self._shown = self.highlighted = index

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Tell the screen; it goes there."""
        event.stop()
        self.post_message(self.Wanted(event.option_index))


def _lines(rounds: Sequence[ReplayRound]) -> Iterator[str]:
    """The rounds of one session by number and vignette, those of a history by their names."""
    sessions = {one.trial.rpartition(" ")[0] for one in rounds}
    for one in rounds:
        started = one.started
        name = started.trial
        if len(sessions) == 1:
            name = f"{name.rpartition(' ')[2]} {started.vignette.id}"
        yield plain_line(f"{name} · {started.strategy or _UNKNOWN}")
