"""The Model Interaction Graph: what each set of models costs, and what each model changes in it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList

from llmchem_tui.domain.errors import InputError
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.view import ViewScreen
from llmchem_tui.ui.study import graph_of, letters
from llmchem_tui.ui.widgets.findings import Finding
from llmchem_tui.ui.widgets.graph import LEVEL_ORDERS, GraphList
from llmchem_tui.ui.widgets.heat_views import strength
from llmchem_tui.ui.widgets.node import EdgeList, NodePane, letters_text
from llmchem_tui.ui.widgets.pair import figure
from llmchem_tui.ui.words import count

if TYPE_CHECKING:
    from llmchem_tui.domain.interaction_graph import InteractionGraph
    from llmchem_tui.ui.study import Study

Models = frozenset[str]


class GraphScreen(ViewScreen):
    """The sets of the graph beside the one under the cursor; ``pair``: whose value is explained."""

    AUTO_FOCUS = "GraphList"
    BINDINGS = [
        Binding(
            "e",
            "explain",
            "Explain",
            id="graph.explain",
            tooltip="The sets that the pair's interaction comes from, one after the other",
        ),
        Binding(
            "o",
            "order",
            "Order",
            id="graph.order",
            tooltip="The sets of a level by cost or by their models",
        ),
    ]

    def __init__(self, desk: Desk, study: Study, pair: tuple[str, str] | None) -> None:
        super().__init__(desk, study)
        self.graph: InteractionGraph | None = None
        self._pair = pair
        self._letters: dict[str, str] = {}
        self._order = LEVEL_ORDERS[0]
        self._level = ""
        self._trail: list[Models] = []

    def content(self) -> Iterable[Widget]:
        """What cannot be shown, else the list of sets and the one under its cursor."""
        yield Finding(id="graph-note")
        with Horizontal(id="graph-panes"):
            yield GraphList(id="graph")
            yield NodePane(id="node")

    def on_mount(self) -> None:
        """Show the graph, from its root on."""
        self.query_one("#node").border_title = Content("Set")
        self.call_after_refresh(self.draw)

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        if action == "explain":
            return bool(self._reasons)
        if action == "order":
            return self.graph is not None
        return super().makes_sense(action)

    def status_parts(self) -> list[Content]:
        """How large the graph is."""
        parts = [Content("Interaction graph")]
        if self.graph is not None:
            parts.append(Content(count(len(self.graph.names), "model")))
            parts.append(Content(f"{len(self.graph):,} sets"))
        return parts

    # --- what the keys do -------------------------------------------------------------------

    def action_order(self) -> None:
        """Order the sets of each level in the other way."""
        self._order = LEVEL_ORDERS[1 - LEVEL_ORDERS.index(self._order)]
        self._list()

    def action_explain(self) -> None:
        """Go to the next of the sets that explain the pair: X, and X with one and both of it."""
        here, places = self.sets.node.models, list(self._reasons.values())
        following = places.index(here) + 1 if here in places else 0
        self.sets.point(places[following % len(places)])

    @on(GraphList.Walk)
    def _walk(self, event: GraphList.Walk) -> None:
        event.stop()
        if self.graph is None:
            return
        if event.direction > 0:
            if (below := self.query_one(EdgeList).downwards) is not None:
                self._go(below.models)
        elif above := {edge.models: edge.cost for edge in self.graph.edges_to(self.sets.node)}:
            before = self._trail.pop() if self._trail else None
            self.sets.point(before if before in above else min(above, key=above.__getitem__))

    @on(OptionList.OptionSelected)
    def _follow(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        edge = self.query_one(EdgeList).edges[int(event.option_id or 0)]
        self._go(edge.models)

    @on(GraphList.Moved)
    def _moved(self, event: GraphList.Moved) -> None:
        event.stop()
        self._show_node()

    # --- drawing ----------------------------------------------------------------------------

    @property
    def sets(self) -> GraphList:
        """The list of sets."""
        return self.query_one(GraphList)

    def _go(self, models: Models) -> None:
        """Go to a set, and remember the one before."""
        self._trail.append(self.sets.node.models)
        self.sets.point(models)

    def draw(self) -> None:
        """Show the graph, or why it cannot be looked at."""
        note = Content()
        self._letters = letters(self.study.profiles)
        self.graph = None
        try:
            self.graph = graph_of(self.study)
        except InputError as error:
            note = Content.styled(str(error), "$warning")
        else:
            if left_out := len(self.study.profiles) - len(self.graph.names):
                told = "is not used, costs nothing and is left out here"
                if left_out > 1:
                    told = "are not used, cost nothing and are left out here"
                note = Content.styled(f"{count(left_out, 'model')} {told}", "$muted")
            self._letters = {name: self._letters[name] for name in self.graph.names}
        self.query_one("#graph-note", Finding).say(note)
        self.query_one("#graph-panes").display = self.graph is not None
        if self.graph is not None:
            known = set(self.graph.names)
            self._trail = []
            if self._pair and not known.issuperset(self._pair):
                self._pair = None
            self._list()
        self.show_desk()

    def _list(self) -> None:
        assert self.graph is not None
        self.sets.show(self.graph, self._letters, self._order)
        self.sets.border_subtitle = Content(self._order)

    def _show_node(self) -> None:
        if self.graph is None:
            return
        node, pane = self.sets.node, self.query_one(NodePane)
        pane.show(self.graph, node, self._letters)
        pane.ask(self._asked_text())
        if self.sets.level != self._level:  # a title paints the whole list anew
            self._level = self.sets.level
            self.sets.border_title = Content(self._level)

    @property
    def _reasons(self) -> dict[str, Models]:
        """The nodes with the costs that give the pair its interaction, by what they are."""
        if self.graph is None or self._pair is None:
            return {}
        a, b = self._pair
        if a == b or not {a, b} <= self.study.table.used:
            return {}
        at = self.study.table.strongest_at(a, b)
        sets = {"X": (), "X+a": (a,), "X+b": (b,), "X+a+b": (a, b)}
        return {what: self.graph.covering({*at, *more}).models for what, more in sets.items()}

    def _asked_text(self) -> Content:
        """Return what the pair's interaction comes from."""
        if self.graph is None or not (reasons := self._reasons) or self._pair is None:
            return Content()
        a, b = self._pair
        at = letters_text(frozenset(self.study.table.strongest_at(a, b)), self._letters)
        value = strength(self.study.table.between(a, b))
        lines = [
            Content.assemble(
                (f"a = {self._letters[a]}, b = {self._letters[b]}", "bold"),
                "  interaction ",
                (value, "bold $accent"),
                f" at X = {at}",
            )
        ]
        here = self.sets.node.models
        costs = [
            Content.styled(
                f"{what} {figure(self.graph.node(models).cost)}",
                "bold reverse" if models == here else "",
            )
            for what, models in reasons.items()
        ]
        lines += [Content("  ").join(pair) for pair in list(pairwise(costs))[::2]]
        return Content("\n").join(lines)
