"""The panes of the Round screen: side by side where there is room, tabs where it is narrow."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static, Tab, Tabs

from llmchem_tui.domain.model import Vignette
from llmchem_tui.ui.widgets.chemistry import Chemistry
from llmchem_tui.ui.widgets.grades import Grades
from llmchem_tui.ui.widgets.pool import PoolList
from llmchem_tui.ui.widgets.recommendation import Recommendation
from llmchem_tui.ui.widgets.streams import Streams

PANES = {
    "streams": "Streams",
    "pool": "Pool",
    "vignette": "Vignette",
    "grades": "Grades",
    "chemistry": "Chemistry",
    "recommendation": "Result",
}


class VignettePane(VerticalScroll):
    """The case."""

    HELP = "The vignette: all that a model sees of the case. v chooses another."

    def compose(self) -> ComposeResult:
        """One text, never markup."""
        yield Static(markup=False)

    def show(self, vignette: Vignette) -> None:
        """Show a case from its beginning."""
        heading = Content.styled(vignette.title, "bold")
        self.query_one(Static).update(Content.assemble(heading, "\n", vignette.text))
        self.scroll_home(animate=False)


class Board(Vertical):
    """All panes; of the tabs one is in front."""

    def compose(self) -> ComposeResult:
        """Tabs above the panes; the style sheet shows the one or the other."""
        yield Tabs(*(Tab(Content(title), id=f"tab-{name}") for name, title in PANES.items()))
        with Container(id="panes"):
            yield PoolList(id="pool")
            yield Streams(id="streams")
            yield VignettePane(id="vignette")
            yield Grades(id="grades")
            yield Chemistry(id="chemistry")
            yield Recommendation(id="recommendation")

    def on_mount(self) -> None:
        """Title the panes; the streams have a title each."""
        for name, title in PANES.items():
            if name != "streams":
                self.query_one(f"#{name}").border_title = title
        self.show("streams")

    def show(self, name: str) -> None:
        """Bring a pane to the front."""
        self.query_one(Tabs).active = f"tab-{name}"
        for pane in PANES:
            self.query_one(f"#{pane}").set_class(pane == name, "-shown")

    def go_to(self, name: str) -> None:
        """Bring a pane to the front and give it the keyboard."""
        self.show(name)
        pane = self.query_one(f"#{name}")
        for target in (pane, *pane.query("DataTable, StreamPane")):
            if target.can_focus:
                target.focus()
                return

    def turn(self, step: int) -> None:
        """Go to the pane beside the one in front."""
        names = list(PANES)
        present = (self.query_one(Tabs).active or "tab-streams").removeprefix("tab-")
        self.go_to(names[(names.index(present) + step) % len(names)])

    @on(Tabs.TabActivated)
    def _tab_activated(self, event: Tabs.TabActivated) -> None:
        event.stop()
        self.show((event.tab.id or "").removeprefix("tab-"))
