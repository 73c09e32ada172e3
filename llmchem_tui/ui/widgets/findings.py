"""The panes of the Chemistry screen: the table, a pair's explanation, the recommendation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList

from llmchem_tui.ui.copying import Copied
from llmchem_tui.ui.widgets.advice import NOT_USED, RECOMMENDED, advice_text, legend_text, note_text
from llmchem_tui.ui.widgets.heat import HeatTable
from llmchem_tui.ui.widgets.pair import brief_text, pair_text
from llmchem_tui.ui.widgets.parameters import PARAMETERS, ParameterList
from llmchem_tui.ui.widgets.said import Said

if TYPE_CHECKING:
    from llmchem_tui.analysis.stability import Stability
    from llmchem_tui.ui.study import Parameters, Study
    from llmchem_tui.ui.widgets.heat_views import HeatView

_PAIR = 2


class Finding(Said):
    """A text that takes no line while there is nothing to tell."""

    DEFAULT_CLASSES = "-blank"

    def say(self, content: Content) -> bool:
        """Show a text; tells whether it is another one."""
        another = super().say(content)
        if another:
            self.set_class(not content, "-blank")
        return another


class TablePane(Vertical):
    """The pairwise table between what it cannot tell and, where it is narrow, the pair in brief."""

    HELP = (
        "How strongly two models interact, unsigned: the darker the stronger. The pair under the "
        "cursor is explained beside the table; choosing it goes there."
    )

    def compose(self) -> ComposeResult:
        """What the table cannot tell stands above it, what its signs mean below."""
        yield Finding(id="notes")
        yield HeatTable(id="heat")
        with Vertical(id="beneath"):
            yield Finding(id="legend")
            yield Finding(id="brief")

    def on_mount(self) -> None:
        """An empty table would be a bar without a word."""
        self.heat.display = False

    @property
    def heat(self) -> HeatTable:
        """The table."""
        return self.query_one(HeatTable)

    def show(self, study: Study, view: HeatView | None, order: Sequence[int], back: str) -> None:
        """Show a study; the first cursor is on the strongest pair. ``back``: as in note_text.

        ``view`` None: there are too few models for a table.
        """
        self.query_one("#notes", Finding).say(note_text(study, back))
        self.query_one("#legend", Finding).say(legend_text(study, view))
        heat = self.heat
        first = not heat.display
        heat.display = view is not None
        if view is None:
            return
        marks = {name: NOT_USED for name in study.table.names if name not in study.table.used}
        marks |= dict.fromkeys(study.members, RECOMMENDED)
        # A blank for everyone keeps the numbers in line where nobody is marked.
        marks = {name: marks.get(name, " ") for name in study.table.names}
        heat.show(study.table.names, view, order=order, marks=marks)
        if first:
            strongest = [(a, b) for a, b, _ in study.table.pairs_above(0.0)]
            heat.point(*next(iter(strongest), study.table.names[:_PAIR]))

    def wait(self, text: Content) -> None:
        """Say why there is no table."""
        self.query_one("#notes", Finding).say(text)
        for name in ("#legend", "#brief"):
            self.query_one(name, Finding).say(Content())
        self.heat.display = False

    def tell_pair(self, study: Study, stable: Stability | None, a: str, b: str) -> None:
        """Show a pair in brief."""
        self.query_one("#brief", Finding).say(brief_text(study, stable, a, b))


class PairPane(VerticalScroll):
    """The explanation of the pair under the cursor."""

    HELP = (
        "The value of a pair is the largest change that one model makes to the other's benefit, "
        "over all sets X of the other models: |cost(X) - cost(X+a) - cost(X+b) + cost(X+a+b)| / "
        "cost(X+a+b). A cost is the sum of the used models' penalties (1 - q/10)(1 - a), each "
        "divided by its rank."
    )

    def compose(self) -> ComposeResult:
        """One text."""
        yield Finding(id="why")

    def show(self, study: Study, stable: Stability | None, a: str, b: str) -> None:
        """Explain a pair, with its interval where a bootstrap was made."""
        self.query_one(Finding).say(pair_text(study, stable, a, b))

    def wait(self) -> None:
        """There is no pair."""
        self.query_one(Finding).say(Content.styled("A pair of models is explained here.", "$muted"))

    def copied(self) -> Copied:
        """The explanation."""
        return Copied("pair", self.query_one(Finding).said.plain)


class AdvicePane(Vertical):
    """The parameters, and the ensemble that they recommend."""

    def compose(self) -> ComposeResult:
        """The list, what its line means, and the recommendation."""
        yield ParameterList(id="parameters")
        yield Finding(id="meaning")
        with VerticalScroll():
            yield Finding(id="advice")

    @on(OptionList.OptionHighlighted)
    def _meaning(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        text = PARAMETERS[event.option_id or ""][1]
        self.query_one("#meaning", Finding).say(Content.styled(text, "$muted"))

    def ask(self, parameters: Parameters, base: Parameters) -> None:
        """Show the parameters at once; what follows from them may take a moment."""
        self.query_one(ParameterList).show(parameters, base)

    def show(self, study: Study, stable: Stability | None) -> None:
        """Show the recommendation, and how far it stays where a bootstrap was made."""
        self.query_one("#advice", Finding).say(advice_text(study, stable))

    def wait(self) -> None:
        """There is nothing to recommend from."""
        self.query_one("#advice", Finding).say(Content.styled("No recommendation.", "$muted"))

    def copied(self) -> Copied:
        """The recommendation."""
        return Copied("recommended-ensemble", self.query_one("#advice", Finding).said.plain)
