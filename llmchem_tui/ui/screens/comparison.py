"""The comparison of strategies: four plots of what is saved, and what they mean."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from textual import work
from textual.binding import Binding
from textual.content import Content
from textual.widget import Widget

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.storage.selections import Part
from llmchem_tui.ui import comparison_words as words
from llmchem_tui.ui.comparison import Comparison, Comparisons, Question, Unclear
from llmchem_tui.ui.copying import Place, exports_place
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.desk import DeskScreen
from llmchem_tui.ui.screens.dialogs import Item, PickScreen
from llmchem_tui.ui.style_sheet import STYLES
from llmchem_tui.ui.widgets.comparison import (
    CalibrationPane,
    ComparisonPane,
    CoursesPane,
    LatencyPane,
    StrategiesPane,
)
from llmchem_tui.ui.widgets.folding import Folding
from llmchem_tui.ui.widgets.status import Status

PANES = {
    "strategies": "Strategies",
    "courses": "Over rounds",
    "latency": "Latency",
    "calibration": "Calibration",
}
_ALL = ""
_COMPUTING = Content.styled("Computing …", "$muted")
_ALONE = "-alone"


class ComparisonScreen(DeskScreen):
    """Strategies compared over one history or several; the newest question is answered."""

    CSS_PATH = STYLES / "comparison.tcss"
    AUTO_FOCUS = "StrategiesPane"
    HELP = "Strategies compared: what they reach, over the rounds, how long, how sure."
    BINDINGS = [
        *(
            Binding(
                str(place),
                f"view('{name}')",
                title,
                show=False,
                id=f"comparison.{name}",
                tooltip="One plot alone, and all of them again",
            )
            for place, (name, title) in enumerate(PANES.items(), start=1)
        ),
        Binding(
            "right_square_bracket",
            "turn(1)",
            "Plot",
            id="comparison.next",
            key_display="]",
            tooltip="Show the next plot",
        ),
        Binding(
            "left_square_bracket",
            "turn(-1)",
            "Plot before",
            show=False,
            id="comparison.previous",
            key_display="[",
            tooltip="Show the plot before",
        ),
        Binding(
            "a",
            "all",
            "All or one",
            id="comparison.all",
            tooltip="All that is listed, or one of it",
        ),
        Binding(
            "s", "strategy", "Strategy", id="comparison.strategy", tooltip="Follow one strategy"
        ),
        Binding("m", "model", "Model", id="comparison.model", tooltip="Follow one model"),
        Binding(
            "w",
            "part",
            "Which",
            id="comparison.part",
            tooltip="Which task, real models or simulated",
        ),
        Binding("escape", "leave", "Back", id="comparison.leave", tooltip="Back to what is saved"),
    ]

    def __init__(
        self, desk: Desk, comparisons: Comparisons, one: Path, every: Sequence[Path]
    ) -> None:
        super().__init__(desk)
        self.question = Question((one,))
        self.comparison: Comparison | None = None
        self.parts: tuple[Part, ...] = ()
        self._comparisons = comparisons
        self._one, self._every = (one,), tuple(every)
        self._asked = 0
        self._computing = False
        self._unclear: Question | None = None

    def content(self) -> Iterable[Widget]:
        """The four plots."""
        panes = (
            StrategiesPane(id="strategies"),
            CoursesPane(id="courses"),
            LatencyPane(id="latency"),
            CalibrationPane(id="calibration"),
        )
        yield Folding(PANES, panes)

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self._wait(_COMPUTING)

    def show_desk(self) -> None:
        """Ask again: files may have changed while another screen was in front."""
        super().show_desk()
        self._ask(self.question)

    def on_unmount(self) -> None:
        """Let go of what is being computed."""
        self._asked += 1

    def on_resize(self) -> None:
        """Keys that turn tabs are only for where there are some."""
        self.call_after_refresh(self.refresh_bindings)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what makes no sense now; plots are turned only where one is shown."""
        if action == "turn":
            return self.has_class("-narrow") or self.has_class(_ALONE)
        return super().check_action(action, parameters)

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        if action == "all":
            return self._every != self._one
        if action in ("strategy", "model"):
            return self.comparison is not None
        if action == "part":
            return len(self.parts) > 1
        return super().makes_sense(action)

    @property
    def place(self) -> Place:
        """The folder for what belongs to no session."""
        return exports_place(self.desk)

    def show_status(self) -> None:
        """Bring the line at the top up to date: it is about what is compared."""
        simulated = self.comparison is not None and self.comparison.part.simulated
        parts = self.status_parts()
        self.query_one(Status).show(parts, simulated=simulated, private=self.desk.private)

    def status_parts(self) -> list[Content]:
        """Which rounds are compared, and whether something is being computed."""
        paths = self.question.paths
        name = plain_line(paths[0].name) if len(paths) == 1 else f"all {len(paths):,} listed"
        parts = [Content("Comparison"), Content(name)]
        if self._computing:
            return [*parts, Content("computing …")]
        if self.comparison is not None:
            compared = sum(one.rounds for one in self.comparison.evaluation.strategies)
            parts.append(Content(words.rounds(compared)))
            parts.append(Content(plain_line(self.comparison.part.task)))
        return parts

    # --- what the keys do -------------------------------------------------------------------

    def action_view(self, name: str) -> None:
        """Show one plot alone, or all again; where they are tabs go to it."""
        panes = self.query_one(Folding)
        again = panes.front == name and self.has_class(_ALONE)
        self.set_class(not again, _ALONE)
        panes.go_to(name)
        self.refresh_bindings()

    def action_turn(self, step: int) -> None:
        """Go to the plot beside this one."""
        self.query_one(Folding).turn(step)

    def action_leave(self) -> None:
        """Show all plots again, or go back to the list."""
        if self.has_class(_ALONE) and not self.has_class("-narrow"):
            self.action_view(self.query_one(Folding).front)
        else:
            self.dismiss()

    def action_all(self) -> None:
        """Compare over all that is listed, or over one of it."""
        paths = self._every if self.question.paths == self._one else self._one
        self._ask(replace(self.question, paths=paths))

    @work(group="dialog")
    async def action_strategy(self) -> None:
        """Choose the strategy whose rounds are followed."""
        pane = self.query_one(CoursesPane)
        measured = self.comparison.evaluation.strategies if self.comparison else ()
        # The unknown strategy has no name, so that a name alone could not be told from all.
        items = [Item(f"={one.strategy}", words.strategy_name(one.strategy)) for one in measured]
        items.insert(0, Item(_ALL, "all strategies"))
        current = _ALL if pane.strategy is None else f"={pane.strategy}"
        chosen = await self.app.push_screen_wait(PickScreen("Strategy", items, current))
        if chosen is not None:
            pane.show_strategy(chosen[1:] if chosen else None)
            self.query_one(Folding).go_to("courses")

    @work(group="dialog")
    async def action_model(self) -> None:
        """Choose the model whose accuracy is followed."""
        models = self.comparison.courses.models if self.comparison else ()
        items = [Item(_ALL, "all models"), *(Item(name, name) for name in models)]
        asked = PickScreen("Model", items, self.question.model)
        chosen = await self.app.push_screen_wait(asked)
        if chosen is not None:
            self._ask(replace(self.question, model=chosen))
            self.query_one(Folding).go_to("courses")

    @work(group="dialog")
    async def action_part(self) -> None:
        """Choose the task, and real or simulated models."""
        parts = {str(place): part for place, part in enumerate(self.parts)}
        items = [
            Item(value, words.part_name(part), words.answers(part.rows))
            for value, part in parts.items()
        ]
        now = self.comparison.part if self.comparison else None
        current = next((value for value, part in parts.items() if part == now), "")
        asked = PickScreen("Which rounds", items, current)
        if chosen := await self.app.push_screen_wait(asked):
            part = parts[chosen]
            self._ask(replace(self.question, part=(part.task, part.simulated)))

    # --- computing --------------------------------------------------------------------------

    def _ask(self, question: Question) -> None:
        """Ask something; what was asked before is superseded."""
        if replace(question, model="") != replace(self.question, model=""):
            self._wait(_COMPUTING)
        self.question = question
        self._asked += 1
        if not self._computing:
            self._computing = True
            self._compute()
        self.show_status()
        self.refresh_bindings()

    @work(group="comparison")
    async def _compute(self) -> None:
        done = 0
        while done != self._asked:
            done = self._asked
            found: Comparison | Unclear | str | None
            try:
                found = await asyncio.to_thread(
                    self._comparisons.of, self.question, partial(self._superseded, done)
                )
            except InputError as error:
                found = str(error)
            if done == self._asked:
                self._show(found)
        self._computing = False
        self.show_status()
        self.refresh_bindings()

    def _superseded(self, asked: int) -> bool:
        return asked != self._asked

    # --- drawing ----------------------------------------------------------------------------

    def _show(self, found: Comparison | Unclear | str | None) -> None:
        self.comparison = found if isinstance(found, Comparison) else None
        self.parts = found.parts if isinstance(found, Comparison | Unclear) else ()
        if isinstance(found, Comparison):
            for pane in self.query(ComparisonPane):
                pane.show(found)
        elif isinstance(found, Unclear):
            self._wait(Content(words.about_parts(found.parts, self.key("comparison.part"))))
            if self.is_current and self._unclear != self.question:
                self._unclear = self.question
                self.action_part()
        elif found:
            self._wait(Content.styled(plain_line(found), "$error"))

    def _wait(self, text: Content) -> None:
        """Say why nothing can be shown."""
        self.comparison = None
        for pane in self.query(ComparisonPane):
            pane.wait(text)
