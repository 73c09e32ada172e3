"""The rounds of a replay, and which of them is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.segment import Segment
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.session.replay import ReplayRound
from llmchem_tui.ui.copying import Copied

_HERE = "●"
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
        if index != self._shown:
            self._shown = self.highlighted = index
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return a line as it is in view; that of the round on the screen gets its sign.

        As a part of its text Textual would render all rounds anew for another one.
        """
        strip = super().render_line(y)
        if self.scroll_offset.y + y != self._shown:
            return strip
        begin = self.get_component_styles("option-list--option").padding.left
        sign = Strip([Segment(_HERE, next(iter(strip)).style)])
        return Strip.join([strip.crop(0, begin), sign, strip.crop(begin + 1)])

    def copied(self) -> Copied:
        """The rounds as they are listed."""
        signs = [_HERE if i == self._shown else " " for i in range(len(self._names))]
        lines = [f"{sign} {name}" for sign, name in zip(signs, self._names, strict=True)]
        return Copied("rounds", "\n".join(lines))

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
