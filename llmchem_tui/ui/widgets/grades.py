"""The grade matrix: reviewers down, answers across, the consensus below."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import DataTable, Static

from llmchem_tui.domain.model import Status
from llmchem_tui.domain.plain_text import plain
from llmchem_tui.domain.scoring import RoundScore
from llmchem_tui.session.anonymity import letter
from llmchem_tui.session.state import RoundState
from llmchem_tui.ui.words import MISSING, NOT_APPLICABLE, PENDING, name_text, number

_WIDTH, _NAME_WIDTH, _LETTER_WIDTH = 5, 16, 2
_USUAL_WIDTH = 70
"""Of a pane that has not been shown yet."""

NOTHING_YET = Content.styled("Every model grades the others' answers here.", "$muted")
_CONSENSUS, _VARIANCE, _ACCURACY = "consensus", "variance", "accuracy"


class Grades(Vertical):
    """Every grade of a round, and under it the rationale of the one that is highlighted."""

    HELP = (
        "Grades in [0, 1]: reviewers down, answers across. σ² is the reviewer's variance on the "
        "0-10 scale, acc its review accuracy. ✗ is a missing grade: highlight it to see why."
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._state: RoundState | None = None

    def compose(self) -> ComposeResult:
        """The table, and the line that explains a cell."""
        yield DataTable(cursor_type="cell", cell_padding=0)
        with VerticalScroll(can_focus=False):
            yield Static(NOTHING_YET, markup=False, id="rationale")

    def on_mount(self) -> None:
        """An empty table would be a bar without a word."""
        self.table.display = False

    @property
    def table(self) -> DataTable[Content]:
        """The matrix, keyed by the models' letters."""
        return self.query_one(DataTable)

    def begin(self, state: RoundState) -> None:
        """Make the rows and columns of a round."""
        self._state = state
        table = self.table
        table.display = True
        table.clear(columns=True)
        room = (self.content_size.width or _USUAL_WIDTH) - _WIDTH * (len(state.names) + 2) - 1
        named = room >= len("reviewer")  # else the letters must do; the panes have the names
        width = min(room, _NAME_WIDTH) if named else _LETTER_WIDTH
        table.add_column(Text("reviewer" if named else ""), key="reviewer", width=width)
        # Keys are the letters: a model may have any name, "consensus" too.
        letters = [letter(i) for i in range(len(state.names))]
        for key in letters:
            table.add_column(Text(_wide(key)), key=key, width=_WIDTH)
        table.add_column(Text(_wide("σ²")), key=_VARIANCE, width=_WIDTH)
        table.add_column(Text(_wide("acc")), key=_ACCURACY, width=_WIDTH)
        blanks = [Content("")] * (len(letters) + 2)
        for key, name in zip(letters, state.names, strict=True):
            text = f"{key} {name_text(name)}" if named else key
            table.add_row(Content(text), *blanks, key=key)
        label = Content.styled("consensus" if named else "=", "bold")
        table.add_row(label, *blanks, key=_CONSENSUS)

    def draw(self, state: RoundState, score: RoundScore) -> None:
        """Patch the cells."""
        names = {letter(i): name for i, name in enumerate(state.names)}
        for key, name in names.items():
            for row, reviewer in names.items():
                self._set(row, key, _cell(state, reviewer, name))
            own = score.scores[name]
            self._set(_CONSENSUS, key, Content.styled(_wide(_tenth(own.quality)), "bold"))
            self._set(key, _VARIANCE, Content(_wide(_variance(own.variance))))
            self._set(key, _ACCURACY, Content(_wide(number(own.review_accuracy))))

    def _set(self, row: str, column: str, value: Content) -> None:
        if not value.is_same(self.table.get_cell(row, column)):
            self.table.update_cell(row, column, value)

    def on_data_table_cell_highlighted(self, event: DataTable.CellHighlighted) -> None:
        """Explain the cell under the cursor."""
        event.stop()
        if self._state is None:
            return
        names = {letter(i): name for i, name in enumerate(self._state.names)}
        reviewer = names.get(event.cell_key.row_key.value or "")
        author = names.get(event.cell_key.column_key.value or "")
        text = Content("")
        if reviewer and author and reviewer != author:
            text = _explanation(self._state, reviewer, author)
        self.query_one("#rationale", Static).update(text)


def _variance(value: float | None) -> str:
    return number(value, 1 if value is not None and value >= 10 else 2)  # noqa: PLR2004


def _tenth(quality: float | None) -> str:
    return number(None if quality is None else quality / 10)


def _wide(text: str) -> str:
    return f"{text:>{_WIDTH}}"


def _cell(state: RoundState, reviewer: str, author: str) -> Content:
    if reviewer == author:
        return Content.styled(_wide(NOT_APPLICABLE), "$muted")
    review = state.review(reviewer, author)
    if review is None:
        answers = state.answers
        impossible = any(
            name in answers and answers[name].status is not Status.OK for name in (reviewer, author)
        )
        over = impossible or state.ended is not None
        return Content.styled(_wide(NOT_APPLICABLE if over else PENDING), "$muted")
    if review.grade is None:
        return Content.styled(_wide(MISSING), "$error")
    concern = "!" if review.review and review.review.safety_concern else ""
    return Content.styled(_wide(concern + number(review.grade)), "$warning" if concern else "")


def _explanation(state: RoundState, reviewer: str, author: str) -> Content:
    who = f"{letter(state.names.index(reviewer))} on {letter(state.names.index(author))}: "
    review = state.review(reviewer, author)
    if review is None:
        return Content.styled(who + "no review yet, or none because an answer failed", "$muted")
    parts: list[Content] = [Content.styled(who, "bold")]
    if review.grade is None:
        parts.append(
            Content.styled(f"no grade, {review.status}: {plain(review.message)} ", "$error")
        )
    if review.review is not None:
        if review.review.safety_concern:
            concern = f"! {plain(review.review.safety_concern)} "
            parts.append(Content.styled(concern, "$warning"))
        parts.append(Content(plain(review.review.rationale)))
    return Content("").join(parts)
