"""What the Round screen and the replay have in common: the panes, and what may be asked of them."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.binding import Binding
from textual.widget import Widget

from llmchem_tui.ui.copying import export_round
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.painting import Painter
from llmchem_tui.ui.screens.desk import DeskScreen
from llmchem_tui.ui.widgets.board import PANES, Board
from llmchem_tui.ui.widgets.grades import Grades
from llmchem_tui.ui.widgets.pool import PoolList

UNZOOM = Binding("escape", "unzoom", "All panes", id="round.unzoom", tooltip="All panes again")
"""A screen that has escape for something else as well names this one again: keys are merged."""

_PANE_KEYS = (
    ("p", "pool", "Go to the pool of models"),
    ("o", "streams", "Go to what the models write"),
    ("g", "grades", "Go to the grade matrix"),
    ("i", "chemistry", "Go to how the models interact"),
    ("m", "recommendation", "Go to the recommendation"),
)
_MOST_ZOOMED = 9
_STEP = 0.05


class BoardScreen(DeskScreen):
    """The panes of a round, live or replayed."""

    BINDINGS = [
        *(
            Binding(
                key, f"show({name!r})", PANES[name], show=False, id=f"round.{name}", tooltip=tooltip
            )
            for key, name, tooltip in _PANE_KEYS
        ),
        Binding(
            "right_square_bracket",
            "turn(1)",
            "Pane",
            id="round.next",
            tooltip="The next pane",
            key_display="]",
        ),
        Binding(
            "left_square_bracket",
            "turn(-1)",
            "Pane before",
            show=False,
            id="round.previous",
            tooltip="The pane before",
            key_display="[",
        ),
        *(
            Binding(
                str(i),
                f"zoom({i})",
                f"Stream {i} alone",
                show=False,
                id=f"round.zoom-{i}",
                tooltip="One stream alone, and back",
            )
            for i in range(1, _MOST_ZOOMED + 1)
        ),
        Binding(
            "x",
            "export",
            "Export",
            show=False,
            id="round.export",
            tooltip="As Markdown and as a page",
        ),
        UNZOOM,
        Binding(
            "less_than_sign",
            f"threshold({-_STEP})",
            "Abstain later",
            show=False,
            id="round.abstain-later",
            tooltip="What if it abstained below a lower confidence?",
            key_display="<",
        ),
        Binding(
            "greater_than_sign",
            f"threshold({_STEP})",
            "Abstain sooner",
            show=False,
            id="round.abstain-sooner",
            tooltip="What if it abstained below a higher confidence?",
            key_display=">",
        ),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._compositor = Painter()

    def content(self) -> Iterable[Widget]:
        """The panes."""
        yield Board(PoolList(id="pool"), id="board")

    @property
    def board(self) -> Board:
        """The panes."""
        return self.query_one(Board)

    def on_resize(self) -> None:
        """Keys that turn tabs are only for a narrow terminal."""
        self.call_after_refresh(self.refresh_bindings)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what makes no sense now; tabs are turned only where there are some."""
        if action == "turn":
            return self.has_class("-narrow") and not self.board.zoomed
        if action == "unzoom":
            return self.board.zoomed
        return super().check_action(action, parameters)

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        if action == "threshold":
            reading = self.board.reading
            return reading is not None and reading.reviews_known and reading.regimens_known
        return super().makes_sense(action)

    def action_export(self) -> None:
        """Write the round that is shown as Markdown and as a page."""
        export_round(self, self.board.reading, self.place)

    def action_show(self, name: str) -> None:
        """Go to a pane."""
        self.board.go_to(name)
        self.refresh_bindings()

    def action_turn(self, step: int) -> None:
        """Go to the pane beside this one, where they are tabs."""
        self.board.turn(step)

    def action_zoom(self, number: int) -> None:
        """Show one stream alone, or all panes again."""
        self.board.zoom(None if self.board.shows_alone(number) else number)
        self.refresh_bindings()

    def action_unzoom(self) -> None:
        """Show all panes again."""
        self.board.zoom(None)
        self.refresh_bindings()

    # --- what if ----------------------------------------------------------------------------

    @on(Grades.Turned)
    def _turned(self, event: Grades.Turned) -> None:
        reading = self.board.reading
        if reading is not None and not reading.reviews_known:
            self.tell("this round is known by its numbers only: there are no grades to leave out")
        elif reading is not None:
            reading.turn(event.reviewer)
            self.show_what_if()

    def action_threshold(self, step: float) -> None:
        """Abstain below another confidence."""
        if (reading := self.board.reading) is not None:
            reading.abstain_below = round(min(1.0, max(0.0, reading.abstain_below + step)), 2)
            self.show_what_if()

    def show_what_if(self) -> None:
        """Show what the reader asks for; the saved files keep the original."""
        self.board.show_reading()

    @on(Grades.Read)
    def _read(self, event: Grades.Read) -> None:
        from llmchem_tui.ui.screens.grading import ReviewScreen

        if (reading := self.board.reading) is not None:
            self.app.push_screen(ReviewScreen(reading, event.reviewer, event.author))
