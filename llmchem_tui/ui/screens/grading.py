"""Reading a review whole, and grading an answer oneself."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from llmchem_tui.domain.model import Review, ReviewResult, Status
from llmchem_tui.domain.plain_text import plain
from llmchem_tui.session.events import Call
from llmchem_tui.session.protocol import answer_text
from llmchem_tui.ui.copying import Copied, copy_focused
from llmchem_tui.ui.reading import HUMAN, Reading
from llmchem_tui.ui.screens.desk import DeskScreen
from llmchem_tui.ui.widgets.grades import explanation
from llmchem_tui.ui.widgets.said import Said
from llmchem_tui.ui.words import number


class ReviewScreen(ModalScreen[None]):
    """One review, whole: grade, concern, rationale, or why there is none."""

    BINDINGS = [
        Binding(
            "escape,enter,q", "dismiss", "Close", id="review.close", tooltip="Back to the round"
        ),
        Binding("y", "copy", "Copy", id="review.copy", tooltip="Copy the review"),
    ]

    def __init__(self, reading: Reading, reviewer: str, author: str) -> None:
        super().__init__()
        self._reading, self._reviewer, self._author = reading, reviewer, author

    def compose(self) -> ComposeResult:
        """A text to scroll."""
        with VerticalScroll(id="dialog"):
            yield Static(self._text(), markup=False)

    def on_mount(self) -> None:
        """Say whose it is."""
        dialog = self.query_one("#dialog")
        review = self._reading.review(self._reviewer, self._author)
        grade = number(review.grade if review else None)
        dialog.border_title = Content(f"Review · grade {grade}")
        dialog.border_subtitle = Content("↑↓ scroll · esc close")

    def _text(self) -> Content:
        reading = self._reading
        text = explanation(reading, self._reviewer, self._author)
        call = reading.state.calls.get(Call(self._reviewer, self._author))
        if call is not None and call.thinking:
            thinking = Content.styled(plain(reading.text(call.thinking)), "$muted")
            text = Content.assemble(
                text, "\n\n", Content.styled("Thinking", "bold"), "\n", thinking
            )
        return text

    def action_copy(self) -> None:
        """Copy the review to where the screen behind copies its own texts."""
        behind = self.app.screen_stack[-2]
        if isinstance(behind, DeskScreen):
            copy_focused(behind, behind.place, self)

    def copied(self) -> Copied:
        """The review in words."""
        who = f"{self._reading.letter(self._reviewer)}-on-{self._reading.letter(self._author)}"
        return Copied(f"review-{who}", self._text().plain)


class GradeScreen(ModalScreen[ReviewResult | None]):
    """The user's own grade of an answer. Comes back with the review, or None."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Cancel", id="grade.cancel", tooltip="Give no grade")
    ]

    def __init__(self, reading: Reading, author: str) -> None:
        super().__init__()
        self._reading, self._author = reading, author

    def compose(self) -> ComposeResult:
        """A line each for grade, reason and concern."""
        earlier = self._reading.review(HUMAN, self._author)
        review = earlier.review if earlier else None
        with Vertical(id="dialog"):
            with VerticalScroll(id="graded"):
                yield Static(self._answer(), markup=False)
            about = "Accuracy, relevance and completeness, from 0.0 to 1.0"
            if review is not None:
                about += f" (replaces your grade of {number(review.grade)})"
            yield Static(about, markup=False, id="about")
            grade = "" if review is None or review.grade is None else f"{review.grade:g}"
            yield Input(grade, placeholder="grade, such as 0.8", compact=True, id="grade")
            reason = review.rationale if review else ""
            yield Input(reason, placeholder="why (may stay blank)", compact=True, id="reason")
            concern = (review.safety_concern if review else None) or ""
            yield Input(
                concern,
                placeholder="safety concern, if there is one",
                compact=True,
                id="concern",
            )
            yield Said(id="problem")

    def _answer(self) -> str:
        result = self._reading.state.answers[self._author]
        return "" if result.answer is None else self._reading.text(answer_text(result.answer))

    def on_mount(self) -> None:
        """Say whose answer it is, as far as it may be known."""
        self.query_one("#grade").focus()
        dialog = self.query_one("#dialog")
        dialog.border_title = Content(f"Your grade of {self._reading.title(self._author)}")
        dialog.border_subtitle = Content("tab next line · enter keep · esc leave")

    @on(Input.Submitted)
    def _submitted(self) -> None:
        text = self.query_one("#grade", Input).value.strip().replace(",", ".")
        try:
            grade = float(text)
        except ValueError:
            grade = -1.0
        if not 0 <= grade <= 1:
            problem = f"{text or 'nothing'} is no grade: write a number from 0 to 1, such as 0.8"
            self.query_one("#problem", Said).say(Content.styled(problem, "$error"))
            self.query_one("#grade", Input).focus()
            return
        reading = self._reading
        position = reading.order.index(self._author) + 1
        reason = self.query_one("#reason", Input).value.strip()
        concern = self.query_one("#concern", Input).value.strip()
        self.dismiss(
            ReviewResult(
                HUMAN,
                self._author,
                Status.OK,
                Review(reason, abs(grade), concern or None),
                reading.letter(self._author),
                position,
            )
        )
