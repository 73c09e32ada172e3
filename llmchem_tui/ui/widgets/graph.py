"""The Model Interaction Graph as a list: its levels from all models down, a set in each line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.binding import Binding
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from llmchem_tui.ui.copying import Copied
from llmchem_tui.ui.widgets.advice import NOT_USED
from llmchem_tui.ui.widgets.pair import figure
from llmchem_tui.ui.words import count

if TYPE_CHECKING:
    from llmchem_tui.domain.interaction_graph import InteractionGraph, Node

DOWN, UP, ABSENT = "↓", "↑", "·"
FULL = "▇"
LEVEL_ORDERS = ("cheapest first", "by set")
"""How the sets of a level can be ordered."""

_COST = 9
_LEAST_BAR = 4
_LONGEST_BAR = 24

Models = frozenset[str]


@dataclass(frozen=True, slots=True)
class Beside:
    """The sets one edge away from a set: those it points ``down`` to, and those above it."""

    down: Collection[Models] = ()
    up: Collection[Models] = ()

    def sign(self, models: Models) -> str:
        """Return how a set lies to the one that this is about."""
        return DOWN if models in self.down else UP if models in self.up else " "


class GraphList(ScrollView, can_focus=True):
    """All sets of a graph, level after level; only the lines in view are made."""

    HELP = (
        "A line is a set of models with what it costs: ○ in a model's place is one that is not "
        "used, · one that is not in the set. Leaving one out goes along the edge that is marked "
        "beside the list, and back again. ↓ and ↑ mark the sets one edge below and above."
    )
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "graph--level",
        "graph--set",
        "graph--cost",
        "graph--cursor",
    }
    BINDINGS = [
        Binding(
            "right,enter", "walk(1)", "Leave one out", id="graph.down", tooltip="Along the edge"
        ),
        Binding("left,backspace", "walk(-1)", "Put back", id="graph.up", tooltip="One model more"),
    ]

    class Moved(Message):
        """The cursor is on another set."""

    @dataclass
    class Walk(Message):
        """The user wants to go along an edge: down (1) or up (-1)."""

        direction: int

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._graph: InteractionGraph | None = None
        self._letters: Mapping[str, str] = {}
        self._lines: Sequence[Node | str] = ()
        self._places: Mapping[Models, int] = {}
        self._largest = 0.0
        self._cursor = 0
        self._beside = Beside()

    def show(self, graph: InteractionGraph, letters: Mapping[str, str], order: str) -> None:
        """Show a graph; the cursor stays on its set where there still is one, else on the root."""
        before = self.node.models if self._lines else graph.root.models
        self._graph, self._letters = graph, letters
        self._lines = list(_lines(graph, order))
        self._places = {
            line.models: place
            for place, line in enumerate(self._lines)
            if not isinstance(line, str)
        }
        self._largest = float(graph.costs.max())
        self.virtual_size = Size(self.size.width, len(self._lines))
        self.refresh()
        self.point(before if before in self._places else graph.root.models)

    @property
    def node(self) -> Node:
        """The node under the cursor."""
        node = self._lines[self._cursor]
        assert not isinstance(node, str)
        return node

    def point(self, models: Models) -> None:
        """Move the cursor to a set of the graph."""
        self._go_to(self._places[models])

    @property
    def level(self) -> str:
        """The title of the level under the cursor."""
        titles = (line for line in reversed(self._lines[: self._cursor]) if isinstance(line, str))
        return next(titles, "")

    def copied(self) -> Copied:
        """The whole graph: names in full, costs with all digits, tabs between."""
        nodes = (line for line in self._lines if not isinstance(line, str))
        rows = ["set\tused\tcost"]
        for node in nodes:
            named = (", ".join(sorted(names)) for names in (node.models, node.used))
            rows.append("\t".join([*named, repr(node.cost)]))
        return Copied("interaction-graph", "\n".join(rows))

    # --- moving -----------------------------------------------------------------------------

    def action_walk(self, direction: int) -> None:
        """Go along an edge."""
        if self._lines:
            self.post_message(self.Walk(direction))

    def action_scroll_up(self) -> None:
        """The set above."""
        self._step(-1)

    def action_scroll_down(self) -> None:
        """The set below."""
        self._step(1)

    def action_page_up(self) -> None:
        """A page of sets up."""
        self._step(1 - self.size.height)

    def action_page_down(self) -> None:
        """A page of sets down."""
        self._step(self.size.height - 1)

    def action_scroll_home(self) -> None:
        """The root."""
        self._step(-len(self._lines))

    def action_scroll_end(self) -> None:
        """The set of no model."""
        self._step(len(self._lines))

    def on_click(self, event: Click) -> None:
        """Go to the set that is clicked."""
        if offset := event.get_content_offset(self):
            place = offset.y + self.scroll_offset.y
            if place < len(self._lines) and not isinstance(self._lines[place], str):
                self._go_to(place)

    def _step(self, lines: int) -> None:
        """Move by lines; titles of levels are stepped over."""
        if not self._lines:
            return
        place = max(1, min(self._cursor + lines, len(self._lines) - 1))
        if isinstance(self._lines[place], str):
            place += 1 if lines > 0 else -1
        self._go_to(place)

    def _go_to(self, place: int) -> None:
        assert self._graph is not None
        before, self._cursor = self._cursor, place
        node = self.node
        old = self._beside
        self._beside = Beside(
            {edge.models for edge in self._graph.edges(node)},
            {edge.models for edge in self._graph.edges_to(node)},
        )
        changed = {*old.down, *old.up} ^ {*self._beside.down, *self._beside.up}
        places = {self._places[models] for models in changed if models in self._places}
        for line in places | {before, place}:
            self.refresh_line(line)
        # The title of the first level stands above the root.
        self._bring_into_view(place if place > 1 else 0, place)
        self.post_message(self.Moved())

    def _bring_into_view(self, top: int, bottom: int) -> None:
        first, height = self.scroll_offset.y, max(1, self.size.height)
        if top < first:
            self.scroll_to(y=top, animate=False, immediate=True)
        elif bottom >= first + height:
            self.scroll_to(y=bottom - height + 1, animate=False, immediate=True)

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self.virtual_size = Size(self.size.width, len(self._lines))
        if self._lines:
            self._bring_into_view(self._cursor, self._cursor)

    # --- painting ---------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Return a line that is in view."""
        place, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if place >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        line = self._lines[place]
        if isinstance(line, str):
            style = self.get_component_rich_style("graph--level")
            return Strip([Segment(line, style)]).adjust_cell_length(width, style)
        return self._painted(line, width, place == self._cursor)

    def _painted(self, node: Node, width: int, under_cursor: bool) -> Strip:
        names = "graph--set", "graph--cost"
        if under_cursor:
            names = "graph--cursor", "graph--cursor"
        of_set, of_cost = (self.get_component_rich_style(name) for name in names)
        mask = set_text(node, self._letters)
        room = width - _COST - _LEAST_BAR - 3
        if 2 * len(mask) <= room:
            mask = " ".join(mask)
        text = f"{self._beside.sign(node.models)}{mask} {figure(node.cost):>{_COST}} "
        rest = min(_LONGEST_BAR, width - len(text) - 1)
        share = node.cost / self._largest if self._largest else 0.0
        drawn = FULL * round(share * rest) if rest >= _LEAST_BAR else ""
        strip = Strip([Segment(text, of_set), Segment(drawn, of_cost)])
        return strip.adjust_cell_length(width, of_set)


def set_text(node: Node, letters: Mapping[str, str]) -> str:
    """Return a set as letters, each in its place: ○ if a model is not used, · if it is absent.

    ``letters``: those of all models, in the order of their places.
    """
    return "".join(
        letter if name in node.used else NOT_USED if name in node.models else ABSENT
        for name, letter in letters.items()
    )


def _lines(graph: InteractionGraph, order: str) -> Iterator[Node | str]:
    for level in graph.levels():
        size = len(level[0].models)
        if size:
            yield f"{size} of {count(len(graph.names), 'model')}: {count(len(level), 'set')}"
        else:
            yield "no model"
        if order == LEVEL_ORDERS[0]:
            yield from sorted(level, key=lambda node: (node.cost, sorted(node.models)))
        else:
            yield from level
