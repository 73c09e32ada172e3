"""The Chemistry screen: how strongly models interact, why, and what to run next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual import on
from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget
from textual.widgets import DataTable

from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.desk import BACK
from llmchem_tui.ui.screens.studying import MODE, StudyingScreen
from llmchem_tui.ui.screens.view import ViewScreen
from llmchem_tui.ui.study import ORDERS, ordered
from llmchem_tui.ui.style_sheet import STYLES
from llmchem_tui.ui.widgets.findings import AdvicePane, PairPane, TablePane
from llmchem_tui.ui.widgets.folding import Folding
from llmchem_tui.ui.widgets.heat import HeatTable
from llmchem_tui.ui.widgets.heat_views import INTERACTION, TOGETHER, WIDTH, view_of
from llmchem_tui.ui.widgets.parameters import ParameterList
from llmchem_tui.ui.words import count

if TYPE_CHECKING:
    from llmchem_tui.ui.study import Study

PANES = {"interaction": "Interaction", "pair": "Pair", "weighing": "Recommendation"}


class ChemistryScreen(StudyingScreen):
    """The pairwise table with its parameters, and the way to the other views of the same study."""

    CSS_PATH = STYLES / "chemistry.tcss"
    AUTO_FOCUS = "HeatTable"
    HELP = (
        "Chemistry is unsigned: how strongly two models interact, not whether they help each other."
    )
    BINDINGS = [
        Binding("a", "adopt", "Adopt", id="chemistry.adopt", tooltip="Take what is recommended"),
        Binding(
            "o", "order", "Order", id="chemistry.order", tooltip="By name, by strength, clustered"
        ),
        Binding(
            "v",
            "view",
            "View",
            id="chemistry.view",
            tooltip="Interaction, rounds together, or how wide the bootstrap's intervals are",
        ),
        Binding(
            "g",
            "graph",
            "Graph",
            id="chemistry.graph",
            tooltip="What each set of models costs: the Model Interaction Graph",
        ),
        Binding(
            "m",
            "map",
            "Map",
            id="chemistry.map",
            tooltip="What one more model would add to the ensemble: the complementarity map",
        ),
        Binding(
            "b",
            "bootstrap",
            "Bootstrap",
            id="chemistry.bootstrap",
            tooltip="How far the values hang on the rounds; once more gives it up",
        ),
        Binding(
            "right_square_bracket",
            "turn(1)",
            "Pane",
            id="chemistry.next",
            key_display="]",
            tooltip="Show the next pane",
        ),
        Binding(
            "left_square_bracket",
            "turn(-1)",
            "Pane before",
            show=False,
            id="chemistry.previous",
            key_display="[",
            tooltip="Show the pane before",
        ),
        BACK,
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._order = ORDERS[0]
        self._view = INTERACTION

    def content(self) -> Iterable[Widget]:
        """The three panes."""
        # The grid takes them row by row, so the one that is two rows high comes second.
        panes = [TablePane(id="interaction"), AdvicePane(id="weighing"), PairPane(id="pair")]
        yield Folding(PANES, panes)

    def on_mount(self) -> None:
        """Say how the table is ordered."""
        self._show_order()

    def on_resize(self) -> None:
        """Keys that turn tabs are only for a narrow terminal."""
        self.call_after_refresh(self.refresh_bindings)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what makes no sense now; tabs are turned only where there are some."""
        if action == "turn":
            return self.has_class("-narrow")
        return super().check_action(action, parameters)

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        if action == "adopt":
            return self.study is not None and bool(self.study.members) and not self.desk.busy
        if action in ("order", "view"):
            hidden = self.has_class("-narrow") and self.query_one(Folding).front != "interaction"
            return self.study is not None and not hidden
        if action in ("graph", "map"):
            return self.study is not None and bool(self.study.profiles)
        return super().makes_sense(action)

    def status_parts(self) -> list[Content]:
        """How much is known, and whether something is being computed."""
        parts = [Content("Chemistry")]
        if self.desk.problem:
            return [*parts, Content.styled(self.desk.problem, "$error")]
        if self.desk.laboratory is None:
            return [*parts, Content("looking for models …")]
        if self.study is not None:
            known = len(self.study.profiles)
            models = count(known + len(self.study.unknown), "model")
            parts.append(Content(f"{known} of {models} known"))
        if self.computing:
            parts.append(Content(self.computing))
        return parts

    # --- what the keys do -------------------------------------------------------------------

    def action_adopt(self) -> None:
        """Take the ensemble that is recommended here for the next round."""
        from llmchem_tui.domain.strategies import Choice, Strategy

        if self.study is None or self.study.advice is None or self.desk.laboratory is None:
            return
        advice = self.study.advice
        try:
            self.desk.laboratory.specs(advice.ensemble)
        except LlmchemError as error:  # the pool is another one since
            self.tell(str(error))
            return
        setup = self.desk.setup
        setup.choice = Choice(
            Strategy.CHEMISTRY, advice.ensemble, loss=advice.loss, note=advice.reason
        )
        setup.n = len(advice.ensemble)
        self.app.switch_mode("round")

    def action_order(self) -> None:
        """Order the models in the next way."""
        self._order = ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)]
        self._show_order()
        self._show_table()

    def action_view(self) -> None:
        """Show other numbers of the same pairs."""
        views = [INTERACTION, TOGETHER, *[WIDTH] * (self.stable is not None)]
        self._view = views[(views.index(self._view) + 1) % len(views)]
        self._show_order()
        self._show_table()

    def action_graph(self) -> None:
        """Show the interaction graph."""
        from llmchem_tui.ui.screens.graph import GraphScreen

        if self.study is not None:
            self.app.push_screen(GraphScreen(self.desk, self.study, self._pair))

    def action_map(self) -> None:
        """Show the complementarity map."""
        from llmchem_tui.ui.screens.map import MapScreen

        if self.study is not None:
            self.app.push_screen(MapScreen(self.desk, self.study))

    def action_turn(self, step: int) -> None:
        """Go to the pane beside this one, where they are tabs."""
        self.query_one(Folding).turn(step)

    @on(ParameterList.Stepped)
    def _stepped(self, event: ParameterList.Stepped) -> None:
        models = len(self.study.profiles) if self.study else 0
        self.ask(self.parameters.stepped(event.name, event.direction, models))

    @on(ParameterList.Reset)
    def _reset(self, event: ParameterList.Reset) -> None:
        self.ask(self.parameters.reset(event.name, self.base))

    @on(DataTable.CellSelected)
    def _selected(self, event: DataTable.CellSelected) -> None:
        event.stop()
        self.query_one(Folding).go_to("pair")

    @on(DataTable.CellHighlighted)
    def _highlighted(self, event: DataTable.CellHighlighted) -> None:
        event.stop()
        self._show_pair()

    # --- drawing ----------------------------------------------------------------------------

    def show_parameters(self) -> None:
        """Show the parameters at once; what follows from them may take a moment."""
        self.query_one(AdvicePane).ask(self.parameters, self.base)

    def show_study(self, found: Study) -> None:
        """Show what was computed, here and in the view in front."""
        self._show_advice()
        self._show_table()
        for screen in self.app.get_screen_stack(MODE):
            if isinstance(screen, ViewScreen):
                screen.take(found)

    def show_stability(self) -> None:
        """Show what a bootstrap says beside the values."""
        self._show_advice()
        self._show_table()

    def _show_advice(self) -> None:
        if self.study is not None:
            self.query_one(AdvicePane).show(self.study, self.stable)

    def _show_table(self) -> None:
        if self.study is None:
            return
        if self._view == WIDTH and self.stable is None:
            self._view = INTERACTION
            self._show_order()
        pane = self.query_one(TablePane)
        view = view_of(self.study, self.stable, self._view)
        order = ordered(self.study.table, self._order)
        pane.show(self.study, view, order, self.key("app.round"))
        if self.focused is None:
            panes = self.query_one(Folding)
            panes.go_to(panes.front)
        self._show_pair()

    @property
    def _pair(self) -> tuple[str, str] | None:
        """The models under the cursor of the table, as far as they are known."""
        heat = self.query_one(HeatTable)
        pair = heat.pair if heat.display else None
        if self.study is None or pair is None or not {*pair} <= {*self.study.table.names}:
            return None
        return pair

    def _show_pair(self) -> None:
        if self.study is None or (pair := self._pair) is None:
            self.query_one(PairPane).wait()
            return
        self.query_one(PairPane).show(self.study, self.stable, *pair)
        self.query_one(TablePane).tell_pair(self.study, self.stable, *pair)

    def _show_order(self) -> None:
        parts = [self._view] * (self._view != INTERACTION) + [self._order]
        self.query_one("#interaction").border_subtitle = Content(" · ".join(parts))

    def show_problem(self, problem: str) -> None:
        """Say why nothing can be shown."""
        if problem or self.desk.problem:
            text = Content.styled(plain_line(problem or self.desk.problem), "$error")
        else:
            text = Content.styled("Looking for models …", "$muted")
        self.query_one(TablePane).wait(text)
        self.query_one(PairPane).wait()
        self.query_one(AdvicePane).wait()
