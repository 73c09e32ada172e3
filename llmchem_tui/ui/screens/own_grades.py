"""The user as a reviewer: names and verdict hidden until the user has graded, and the grades."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work
from textual.binding import Binding

from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.reading import HUMAN, Reading
from llmchem_tui.ui.screens.board import BoardScreen
from llmchem_tui.ui.widgets.grades import Grades
from llmchem_tui.ui.widgets.streams import StreamPane
from llmchem_tui.ui.words import number

if TYPE_CHECKING:
    from llmchem_tui.domain.model import ReviewResult
    from llmchem_tui.domain.totals import Totals
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.session.state import RoundState

GRADING_KEYS = (
    Binding("b", "blind", "Blind", id="round.blind", tooltip="Hide or show who wrote what"),
    Binding("u", "grade", "Grade", id="round.grade", tooltip="Grade an answer yourself"),
)
"""For the screen that makes use of these; a footer begins with the keys of the base class."""


class OwnGradesScreen(BoardScreen):
    """The panes of a round that the user may grade too."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._outcome: tuple[str, Totals | None] = ("", None)

    @property
    def over(self) -> bool:
        """Whether a finished round is shown."""
        state = self.desk.state
        return state is not None and state.ended is not None and not state.ended.cancelled

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        if action == "grade":
            reading = self.board.reading
            return reading is not None and reading.state is self.desk.state and bool(reading.ok)
        return super().makes_sense(action)

    @property
    def ask_for_grades(self) -> str:
        """What to press while names and verdict are hidden."""
        grade, show = self.key("round.grade"), self.key("round.blind")
        return f"{grade} grades an answer, {show} shows names, grades and recommendation"

    def show_outcome(self, saved: str, sitting: Totals | None) -> None:
        """Show the outcome of a round that is over, or what to do before; see ``Board.finish``."""
        self._outcome = (saved, sitting)
        reading = self.board.reading
        if reading is not None and reading.blind:
            self.board.finish_early(f"{self.ask_for_grades}\n{saved}")
        else:
            self.board.finish(saved, sitting)
            self.board.bring("recommendation")

    def action_blind(self) -> None:
        """Hide the names of the next round, or show those that are hidden."""
        reading = self.board.reading
        if reading is not None and reading.blind:
            self.desk.blind = False
            self._show_names(reading)
        else:
            self.desk.blind = not self.desk.blind
            words = "hides who wrote what" if self.desk.blind else "shows who wrote what"
            self.tell(f"the next round {words}", "information")

    def _show_names(self, reading: Reading) -> None:
        reading.blind = False
        self.board.show_reading()
        if self.over:
            self.show_outcome(*self._outcome)

    @work(group="dialog")
    async def action_grade(self) -> None:
        """Grade an answer oneself: the one in the pane with the keyboard, or one that is picked."""
        from llmchem_tui.ui.screens.grading import GradeScreen

        reading = self.board.reading
        if reading is None or not reading.ok:
            return
        author = self._author_in_front() or await self._pick_author(reading)
        if author is None:
            return
        review = await self.app.push_screen_wait(GradeScreen(reading, author))
        if review is None or self.desk.laboratory is None:
            return
        reading.own_grades[author] = review
        if self.over:
            self._save_grade(self.desk.laboratory, reading.state, review)
        if reading.blind and self.over and reading.all_graded:
            self._show_names(reading)
        else:
            self.board.show_reading()

    def _author_in_front(self) -> str | None:
        focused, reading = self.app.focused, self.board.reading
        author = focused.model if isinstance(focused, StreamPane) else None
        if focused is not None and any(isinstance(node, Grades) for node in focused.ancestors):
            author = self.query_one(Grades).author
        return author if reading is not None and author in reading.ok else None

    async def _pick_author(self, reading: Reading) -> str | None:
        from llmchem_tui.ui.screens.dialogs import Item, PickScreen

        items = []
        for name in reading.ok:
            own = reading.review(HUMAN, name)
            detail = f"your grade {number(own.grade)}" if own else "not graded yet"
            items.append(Item(name, reading.title(name), detail))
        missing = [name for name in reading.ok if name not in reading.own_grades]
        current = missing[0] if missing else ""
        return await self.app.push_screen_wait(PickScreen("Grade whose answer", items, current))

    def save_own_grades(self, laboratory: Laboratory) -> None:
        """Save what was given while the round ran."""
        if (reading := self.board.reading) is not None:
            for review in reading.own_grades.values():
                self._save_grade(laboratory, reading.state, review)

    def _save_grade(self, laboratory: Laboratory, state: RoundState, review: ReviewResult) -> None:
        try:
            if not laboratory.recorder.add_review(state, review):
                self.tell("your grade is shown, but not saved: the round's session is over")
        except LlmchemError as error:
            self.tell(str(error), "error")
