"""A set of the Model Interaction Graph: what it costs, and what leaving out or adding changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from llmchem_tui.ui.copying import Copied
from llmchem_tui.ui.widgets.advice import NOT_USED
from llmchem_tui.ui.widgets.findings import Finding
from llmchem_tui.ui.widgets.graph import FULL
from llmchem_tui.ui.widgets.pair import figure
from llmchem_tui.ui.words import name_text

if TYPE_CHECKING:
    from llmchem_tui.domain.interaction_graph import InteractionGraph, Node

_COST, _CHANGE, _BAR = 10, 11, 6
_FEWEST_NAME_CELLS, _NAME_CELLS_BESIDE_BAR = 8, 24
_USUAL_WIDTH = 40
"""Of a list that has not been laid out yet."""

LEAVE_OUT, PUT_IN = "leave out", "put in"


class EdgeList(OptionList):
    """The edges of a set, down and up, the cheapest first; choosing one follows it."""

    HELP = (
        "What the set would cost without one of its models, or with one more, the cheapest first. "
        "Choosing a line goes there."
    )

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._node: Node | None = None
        self._letters: Mapping[str, str] = {}
        self._down: Sequence[Node] = ()
        self._up: Sequence[Node] = ()
        self._shown: list[Content] = []

    def show(self, graph: InteractionGraph, node: Node, letters: Mapping[str, str]) -> None:
        """Show the edges of a node; the cursor is on the first of them."""
        self._node, self._letters = node, letters
        self._down = sorted(graph.edges(node), key=lambda edge: edge.cost)
        self._up = sorted(graph.edges_to(node), key=lambda edge: edge.cost)
        self._draw()
        self.highlighted = next((i for i, one in enumerate(self.options) if not one.disabled), None)

    @property
    def edges(self) -> list[Node]:
        """The nodes that the lines lead to."""
        return [*self._down, *self._up]

    @property
    def downwards(self) -> Node | None:
        """Where the edge under the cursor leads, or the first one, if it leaves a model out."""
        if self.highlighted is not None:
            place = int(self.options[self.highlighted].id or 0)
            if place < len(self._down):
                return self._down[place]
        return self._down[0] if self._down else None

    def on_resize(self) -> None:
        """Use the width there is."""
        if self._node is not None:
            self._draw()

    def _draw(self) -> None:
        lines = list(self._rows())
        texts = [text for _, text in lines]
        if len(texts) == len(self._shown) and all(map(Content.is_same, texts, self._shown)):
            return
        self._shown = texts
        before = self.highlighted
        self.set_options(
            Option(text, id=None if place is None else str(place), disabled=place is None)
            for place, text in lines
        )
        self.highlighted = before if before is not None and before < len(texts) else None

    def _rows(self) -> Iterator[tuple[int | None, Content]]:
        """The lines, each with the place of its edge; titles have none."""
        assert self._node is not None
        changes = [abs(edge.cost - self._node.cost) for edge in self.edges]
        largest = max(changes, default=0.0)
        for title, edges, first in (
            (LEAVE_OUT, self._down, 0),
            (PUT_IN, self._up, len(self._down)),
        ):
            if edges:
                yield None, self._title(title)
            for place, edge in enumerate(edges, start=first):
                yield place, self._line(edge, changes[place] / largest if largest else 0.0)

    @property
    def _name_cells(self) -> int:
        width = self.scrollable_content_region.width or _USUAL_WIDTH
        beside_bar = width - _COST - _CHANGE - _BAR - 1
        if beside_bar >= _NAME_CELLS_BESIDE_BAR:
            return beside_bar
        return max(_FEWEST_NAME_CELLS, width - _COST - _CHANGE)

    def _title(self, title: str) -> Content:
        cells = self._name_cells
        return Content.styled(f"{title:<{cells}}{'cost':>{_COST}}{'change':>{_CHANGE}}", "$muted")

    def _line(self, edge: Node, share: float) -> Content:
        assert self._node is not None
        (name,) = edge.models ^ self._node.models
        cells = self._name_cells
        label = Content(f"{self._letters[name]} {name_text(name)}").truncate(cells, ellipsis=True)
        gap = " " * (cells - label.cell_length)
        change = edge.cost - self._node.cost
        # A change of rounding errors alone is none.
        told = "0" if abs(change) <= 1e-12 * self._node.cost else f"{change:+.3g}"
        numbers = f"{gap}{figure(edge.cost):>{_COST}}{told:>{_CHANGE}} "
        drawn = FULL * round(share * _BAR) if cells >= _NAME_CELLS_BESIDE_BAR else ""
        return Content.assemble(label, numbers, (drawn, "$accent"))


class NodePane(Vertical):
    """The set under the cursor, its edges, and the pair that is asked about."""

    def compose(self) -> ComposeResult:
        """What it is, its edges, what the letters without an edge mean, and the pair."""
        yield Finding(id="set")
        yield EdgeList(id="edges")
        yield Finding(id="unused")
        yield Finding(id="asked")

    def show(self, graph: InteractionGraph, node: Node, letters: Mapping[str, str]) -> None:
        """Show a node."""
        self.query_one("#set", Finding).say(node_text(graph, node, letters))
        self.query_one(EdgeList).show(graph, node, letters)
        self.query_one("#unused", Finding).say(_unused_text(graph, node, letters))

    def ask(self, text: Content) -> None:
        """Show the pair that is asked about."""
        self.query_one("#asked", Finding).say(text)

    def copied(self) -> Copied:
        """What is shown of the set."""
        edges = [str(option.prompt).rstrip() for option in self.query_one(EdgeList).options]
        texts = [one.said.plain for one in self.query(Finding)]
        return Copied("set", "\n".join([texts[0], *edges, *texts[1:]]))


def node_text(graph: InteractionGraph, node: Node, letters: Mapping[str, str]) -> Content:
    """Return what a set is, what it costs, and which node covers it."""
    used = f"  {len(node.used)} of {len(node.models)} used" if node.models else "  the empty set"
    lines = [
        Content.styled(letters_text(node.models, letters), "bold"),
        Content.assemble("cost ", (figure(node.cost), "bold $accent"), used),
    ]
    covering = graph.covering(node.models)
    if covering != node:
        told = f"covered by {letters_text(covering.models, letters)}, at the same cost"
        lines.append(Content.styled(told, "$muted"))
    return Content("\n").join(lines)


def letters_text(names: frozenset[str], letters: Mapping[str, str]) -> str:
    """Return a set by its letters, such as {A, C}."""
    chosen = [letter for name, letter in letters.items() if name in names]
    return f"{{{', '.join(chosen)}}}" if chosen else "∅"


def _unused_text(graph: InteractionGraph, node: Node, letters: Mapping[str, str]) -> Content:
    """Return the models that have no edge here because they are not used."""
    names = [name for name in graph.names if name not in graph.ranked]
    if not names or not node.used:
        return Content()
    listed = ", ".join(f"{letters[name]} {name_text(name)}" for name in names)
    told = "is not used and costs nothing" if len(names) == 1 else "are not used and cost nothing"
    return Content.styled(f"{NOT_USED} {listed} {told}", "$muted")
