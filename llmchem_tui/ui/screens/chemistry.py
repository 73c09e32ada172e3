"""The Chemistry screen: how strongly models interact, why, and what to run next."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual import on, work
from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget
from textual.widgets import DataTable

from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.desk import BACK, DeskScreen
from llmchem_tui.ui.study import ORDERS, Parameters, ordered, study
from llmchem_tui.ui.widgets.findings import AdvicePane, PairPane, TablePane
from llmchem_tui.ui.widgets.folding import Folding
from llmchem_tui.ui.widgets.heat import HeatTable
from llmchem_tui.ui.widgets.parameters import ParameterList
from llmchem_tui.ui.words import count

if TYPE_CHECKING:
    from llmchem_tui.domain.strategies import Knowledge
    from llmchem_tui.ui.study import Study

PANES = {"interaction": "Interaction", "pair": "Pair", "weighing": "Recommendation"}
_LOOK_SECONDS = 1.0


class ChemistryScreen(DeskScreen):
    """The pairwise table with its parameters; one computation at a time, the newest wins."""

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
        self.base = self._settings()
        self.parameters = self.base
        self.study: Study | None = None
        self._knowledge: Knowledge | None = None
        self._order = ORDERS[0]
        self._asked = 0
        self._computing = False
        self._seen: tuple[object, ...] = ()

    def content(self) -> Iterable[Widget]:
        """The three panes."""
        # The grid takes them row by row, so the one that is two rows high comes second.
        panes = [TablePane(id="interaction"), AdvicePane(id="weighing"), PairPane(id="pair")]
        yield Folding(PANES, panes)

    def on_mount(self) -> None:
        """Follow what other screens do, and rounds that end meanwhile."""
        self._wait()
        self._show_order()
        self.set_interval(_LOOK_SECONDS, self._follow)

    def show_desk(self) -> None:
        """Go on with what other screens have changed."""
        self._look()
        super().show_desk()

    def _follow(self) -> None:
        if self.is_current:
            self._look()
            self.show_status()

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
        if action == "order":
            hidden = self.has_class("-narrow") and self.query_one(Folding).front != "interaction"
            return self.study is not None and not hidden
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
        if self._computing and self._knowledge is None:  # the rest takes no time
            parts.append(Content("computing …"))
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

    def action_turn(self, step: int) -> None:
        """Go to the pane beside this one, where they are tabs."""
        self.query_one(Folding).turn(step)

    @on(ParameterList.Stepped)
    def _stepped(self, event: ParameterList.Stepped) -> None:
        models = len(self.study.profiles) if self.study else 0
        self._ask(self.parameters.stepped(event.name, event.direction, models))

    @on(ParameterList.Reset)
    def _reset(self, event: ParameterList.Reset) -> None:
        self._ask(self.parameters.reset(event.name, self.base))

    @on(DataTable.CellSelected)
    def _selected(self, event: DataTable.CellSelected) -> None:
        event.stop()
        self.query_one(Folding).go_to("pair")

    @on(DataTable.CellHighlighted)
    def _highlighted(self, event: DataTable.CellHighlighted) -> None:
        event.stop()
        self._show_pair()

    # --- computing --------------------------------------------------------------------------

    def _settings(self) -> Parameters:
        return Parameters.of(self.desk.settings.chemistry, self.desk.setup.n)

    def _look(self) -> None:
        """Compute again if there are other models, or more rounds, than were last seen."""
        before, self.base = self.base, self._settings()
        own = self.parameters.differing(before)
        for name in self.base.differing(before) - own:
            self.parameters = self.parameters.reset(name, self.base)
        laboratory = self.desk.laboratory
        if laboratory is None:
            self._wait()
            seen: tuple[object, ...] = (None, self.desk.busy)
        else:
            seen = (laboratory.pool, laboratory.totals, self.desk.busy)
        if seen != self._seen or before != self.base:
            self._seen = seen
            self._knowledge = None
            self._ask(self.parameters)

    def _ask(self, parameters: Parameters) -> None:
        """Compute with other parameters; what was asked before is superseded."""
        if parameters.profile != self.parameters.profile:
            self._knowledge = None
        self.parameters = parameters
        self.query_one(AdvicePane).ask(parameters, self.base)
        self._asked += 1
        if self.desk.laboratory is not None and not self._computing:
            self._computing = True
            self._compute()
        self.show_status()
        self.refresh_bindings()

    @work(group="chemistry")
    async def _compute(self) -> None:
        done = 0
        while done != self._asked and self.desk.laboratory is not None:
            done, laboratory = self._asked, self.desk.laboratory
            found: Study | str
            try:
                found = await asyncio.to_thread(study, laboratory, self.parameters, self._knowledge)
            except LlmchemError as error:
                found = str(error)
            if done == self._asked:
                self._show(found)
        self._computing = False
        self.show_status()
        self.refresh_bindings()

    # --- drawing ----------------------------------------------------------------------------

    def _show(self, found: Study | str) -> None:
        if isinstance(found, str):
            self.study = None
            self._wait(found)
            return
        self.study, self._knowledge = found, found.knowledge
        self.query_one(AdvicePane).show(found)
        self._show_table()

    def _show_table(self) -> None:
        if self.study is None:
            return
        pane = self.query_one(TablePane)
        pane.show(self.study, ordered(self.study.table, self._order), self.key("app.round"))
        if self.focused is None:
            panes = self.query_one(Folding)
            panes.go_to(panes.front)
        self._show_pair()

    def _show_pair(self) -> None:
        pair = self.query_one(HeatTable).pair if self.query_one(HeatTable).display else None
        if self.study is None or pair is None or not {*pair} <= {*self.study.table.names}:
            self.query_one(PairPane).wait()
            return
        self.query_one(PairPane).show(self.study, *pair)
        self.query_one(TablePane).tell_pair(self.study, *pair)

    def _show_order(self) -> None:
        self.query_one("#interaction").border_subtitle = Content(self._order)

    def _wait(self, problem: str = "") -> None:
        """Say why nothing can be shown."""
        if problem or self.desk.problem:
            text = Content.styled(plain_line(problem or self.desk.problem), "$error")
        else:
            text = Content.styled("Looking for models …", "$muted")
        self.query_one(TablePane).wait(text)
        self.query_one(PairPane).wait()
        self.query_one(AdvicePane).wait()
