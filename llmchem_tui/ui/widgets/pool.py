"""The pool: which models there are and which are in the ensemble."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.ui.words import name_text

_LETTERS = {Locality.LOCAL: "L", Locality.REMOTE: "R"}


class PoolList(OptionList):
    """The models of the pool; space or enter puts one in the ensemble or takes it out."""

    BINDINGS = [Binding("space", "select", "Pick", id="pool.pick", tooltip="In or out")]
    HELP = "The pool. ● is in the ensemble; L runs locally, R remotely."

    class Picked(Message):
        """The user wants this model in or out."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def show(self, models: Sequence[ModelSpec], ensemble: Collection[str]) -> None:
        """Show the pool; the highlighted model stays highlighted."""
        highlighted = self.highlighted
        self.clear_options()
        self.add_options([Option(_line(spec, spec.name in ensemble)) for spec in models])
        self._names = [spec.name for spec in models]
        if models:
            self.highlighted = min(highlighted or 0, len(models) - 1)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Tell the screen; it decides and shows the result."""
        event.stop()
        self.post_message(self.Picked(self._names[event.option_index]))


def _line(spec: ModelSpec, chosen: bool) -> Content:
    mark = Content.styled("●", "$success") if chosen else Content.styled("○", "$muted")
    name = Content.styled(name_text(spec.name), "bold" if chosen else "")
    place = Content.styled(f" {_LETTERS[spec.locality]}", "$muted")
    return Content.assemble(mark, " ", name, place)
