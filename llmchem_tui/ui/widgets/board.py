"""The panes of the Round screen: side by side where there is room, tabs where it is narrow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from llmchem_tui.domain.plain_text import plain, plain_line
from llmchem_tui.ui.copying import Copied
from llmchem_tui.ui.widgets.chemistry import Chemistry
from llmchem_tui.ui.widgets.folding import Folding
from llmchem_tui.ui.widgets.grades import Grades
from llmchem_tui.ui.widgets.recommendation import Recommendation
from llmchem_tui.ui.widgets.said import Said
from llmchem_tui.ui.widgets.streams import Streams

if TYPE_CHECKING:
    from llmchem_tui.domain.model import Vignette
    from llmchem_tui.domain.totals import Totals
    from llmchem_tui.ui.reading import Reading

PANES = {
    "pool": "Pool",
    "streams": "Streams",
    "vignette": "Vignette",
    "grades": "Grades",
    "chemistry": "Chemistry",
    "recommendation": "Result",
}


class VignettePane(VerticalScroll):
    """The vignette."""

    HELP = "The vignette: the clinical case, and all that a model sees of it."
    _vignette: Vignette | None = None

    def compose(self) -> ComposeResult:
        """One text, never markup."""
        yield Said()

    def show(self, vignette: Vignette) -> None:
        """Show a vignette from its beginning."""
        self._vignette = vignette
        heading = Content.styled(plain_line(vignette.title), "bold")
        self.query_one(Said).say(Content.assemble(heading, "\n", plain(vignette.text)))
        self.scroll_home(animate=False)

    def copied(self) -> Copied | None:
        """The vignette in words."""
        if self._vignette is None:
            return None
        return Copied(f"vignette-{self._vignette.id}", self._vignette.text)


class Board(Folding):
    """The panes of a round; ``pool``: what stands first, from which one picks."""

    def __init__(self, pool: Widget, id: str) -> None:
        panes = (
            pool,
            Streams(id="streams"),
            VignettePane(id="vignette"),
            Grades(id="grades"),
            Chemistry(id="chemistry"),
            Recommendation(id="recommendation"),
        )
        super().__init__(PANES, panes, id=id)
        self.reading: Reading | None = None
        self._outcome: tuple[str, Totals | None] | None = None
        self._more_grades = False

    # --- a round ----------------------------------------------------------------------------

    async def begin(self, reading: Reading) -> None:
        """Make the panes of a round."""
        self.reading = reading
        self.zoom(None)
        await self.query_one(Streams).begin(reading)
        await self.query_one(Grades).begin(reading)

    def draw(
        self,
        now: float,
        load_seconds: Mapping[str, float] | None = None,
        half: int | None = None,
    ) -> None:
        """Bring the streams up to date, or every other one; see ``Streams.draw``.

        The grade matrix, too, where grades have come.
        """
        self.query_one(Streams).draw(now, load_seconds, half)
        if self._more_grades:
            self.show_grades()

    def take_grades(self) -> None:
        """Bring the grade matrix up to date when next all is drawn: many may come at once."""
        self._more_grades = True

    def show_grades(self) -> None:
        """Bring the grade matrix up to date."""
        self._more_grades = False
        self.query_one(Grades).draw()

    def finish(self, saved: str, sitting: Totals | None) -> None:
        """Show the outcome: the round is over. ``saved`` says what became of its files."""
        self._outcome = (saved, sitting)
        self.query_one(Streams).finish()
        self.show_reading()

    def finish_early(self, text: str) -> None:
        """The round is over without an outcome: keep what has arrived, and say why."""
        self.query_one(Streams).finish()
        self.show_grades()
        self.wait(text)

    def show_reading(self) -> None:
        """Bring names and numbers up to date after the reader has asked for others."""
        streams = self.query_one(Streams)
        streams.show_titles()
        streams.draw(self.reading.state.now if self.reading else 0.0)
        self.show_grades()
        if self.reading is not None and self._outcome is not None:
            self.query_one(Recommendation).show(self.reading, *self._outcome)

    def wait(self, text: str) -> None:
        """Say what is missing until there is a recommendation."""
        self._outcome = None
        self.query_one(Recommendation).wait(text)

    def zoom(self, number: int | None) -> None:
        """Show one stream alone, counted from 1; None: all panes."""
        streams = self.query_one(Streams)
        if number is not None and number > len(streams.panes):
            return
        streams.zoom(number)
        self.set_class(number is not None, "-zoomed")
        if number is not None:
            self.go_to("streams")

    def shows_alone(self, number: int) -> bool:
        """Whether the stream of this number has the whole room."""
        streams = self.query_one(Streams)
        return (
            self.zoomed
            and number <= len(streams.panes)
            and (streams.alone is streams.panes[number - 1])
        )

    @property
    def zoomed(self) -> bool:
        """Whether one stream has the whole room."""
        return self.has_class("-zoomed")

    # --- panes ------------------------------------------------------------------------------

    def bring(self, name: str) -> None:
        """Bring a pane to the front; it gets the keyboard where the others are hidden."""
        if self.screen.has_class("-narrow"):
            self.go_to(name)
        else:
            self.show_front(name)

    def go_to(self, name: str) -> None:
        """Bring a pane to the front and give it the keyboard."""
        if self.zoomed and name != "streams":
            self.zoom(None)
        super().go_to(name)
