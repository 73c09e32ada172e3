"""What the round recommends, and until then its plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from llmchem_tui.domain.plain_text import plain
from llmchem_tui.ui.copying import Copied, shown_text
from llmchem_tui.ui.widgets.fitting import Fitting
from llmchem_tui.ui.widgets.plan import LEGEND, PlanChart, Stays
from llmchem_tui.ui.widgets.said import Said, say_on_border
from llmchem_tui.ui.words import name_text

if TYPE_CHECKING:
    from llmchem_tui.domain.totals import Totals
    from llmchem_tui.ui.reading import Reading


class Recommendation(Fitting, VerticalScroll):
    """The recommendation of a finished round, or the candidates of one without."""

    HELP = (
        "The recommendation: the answer with the largest quality times support. Its confidence "
        "is an agreement-weighted grade, not a probability. No interaction check is made. Until "
        "there is one: the plan of the round, and how far it has come."
    )
    waiting = True
    """Whether there is no recommendation to show."""

    def compose(self) -> ComposeResult:
        """A text, never markup, and the chart of the plan that leads to a recommendation."""
        yield Said(id="said")
        yield PlanChart()

    def on_mount(self) -> None:
        """There is no plan yet."""
        self._show_chart(False)

    def wait(self, text: str) -> None:
        """Say what is missing until there is a recommendation."""
        say_on_border(self, title=Content("Result"))
        self.query_one("#said", Said).say(Content.styled(plain(text), "$muted"))
        self.waiting = True

    def plan(self, stays: Stays | None) -> None:
        """Show the plan while there is no recommendation; None: there is none."""
        self._show_chart(stays is not None and self.waiting)
        if stays is not None and self.waiting:
            self.query_one(PlanChart).show(stays)

    def _show_chart(self, shown: bool) -> None:
        chart = self.query_one(PlanChart)
        if chart.display != shown:
            chart.display = shown
            say_on_border(self, subtitle=Content(LEGEND if shown else ""))

    def show(self, reading: Reading, saved: str, sitting: Totals | None) -> None:
        """Show the outcome of a finished round, and what ``saved`` says of its files.

        ``sitting``: what the calls of all its rounds consumed together; None: only one is known.
        """
        from llmchem_tui.ui.outcome import outcome_text

        self.waiting = False
        self.plan(None)
        vignette = name_text(reading.state.started.vignette.id)
        say_on_border(self, title=Content(f"Result · {vignette}"))
        if self.query_one("#said", Said).say(outcome_text(reading, saved, sitting)):
            self.scroll_home(animate=False)

    def copied(self) -> Copied:
        """The text that is shown; until there is a result, the plan with it."""
        return Copied("result", shown_text(self))
