"""The pool: which models there are, which are in the ensemble, which endpoints are missing."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.ui.words import MISSING, name_text

if TYPE_CHECKING:
    from llmchem_tui.providers.pool import Pool

_LETTERS = {Locality.LOCAL: "L", Locality.REMOTE: "R"}


class PoolList(OptionList):
    """The models of the pool; space or enter puts one in the ensemble or takes it out."""

    BINDINGS = [Binding("space", "select", "Pick", id="pool.pick", tooltip="In or out")]
    HELP = "The pool. ● is in the ensemble; L runs locally, R remotely. Space picks."

    class Picked(Message):
        """The user wants this model in or out."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._models: tuple[ModelSpec, ...] = ()

    def show(self, pool: Pool, ensemble: Collection[str]) -> None:
        """Show the pool; the highlighted model stays highlighted."""
        highlighted = self.highlighted
        self._models = pool.models
        self.clear_options()
        self.add_options(Option(_line(spec, spec.name in ensemble)) for spec in pool.models)
        self.add_options(Option(_absent(name), disabled=True) for name in pool.unreachable)
        if pool.models:
            self.highlighted = min(highlighted or 0, len(pool.models) - 1)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Tell the screen; it decides and shows the result."""
        event.stop()
        self.post_message(self.Picked(self._models[event.option_index].name))


def _line(spec: ModelSpec, chosen: bool) -> Content:
    # No colour: the cursor's row has its own, on which no other can be relied upon.
    line = f"{'●' if chosen else '○'} {name_text(spec.name)} {_LETTERS[spec.locality]}"
    return Content.styled(line, "bold" if chosen else "")


def _absent(endpoint: str) -> Content:
    return Content(f"{MISSING} {name_text(endpoint)} unreachable")
