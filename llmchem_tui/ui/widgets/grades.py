"""The grade matrix: reviewers down, answers across, the consensus below."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message

from llmchem_tui.domain.model import Status
from llmchem_tui.domain.plain_text import plain
from llmchem_tui.ui.copying import Copied
from llmchem_tui.ui.reading import HUMAN, Reading
from llmchem_tui.ui.widgets.said import Said, say_on_border
from llmchem_tui.ui.words import MISSING, NOT_APPLICABLE, PENDING, number

if TYPE_CHECKING:
    from llmchem_tui.ui.widgets.table import Table

_WIDTH, _WIDE, _FEWEST_NAME_CELLS = 5, 6, 10
_LETTER_WIDTH, _YOU_WIDTH = 3, 5
_USUAL_WIDTH = 70
"""Of a pane that has not been shown yet."""

NOTHING_YET = Content.styled("Every model grades the others' answers here.", "$muted")
HIDDEN = Content.styled("The models' grades are hidden until you have graded.", "$muted")
_CONSENSUS, _VARIANCE, _ACCURACY = "consensus", "variance", "accuracy"
_CHANGED, _OFF, _COUNTS = "*", "○ ", "  "
_MEANINGS = {
    _VARIANCE: "σ²: how far a reviewer's grades lie from the consensus, squared, on the 0-10 scale",
    _ACCURACY: "acc: review accuracy; 1 grades as the consensus, 0 no better than at random",
}


class Grades(Vertical):
    """Every grade of a round, and under it the rationale of the one that is highlighted."""

    BINDINGS = [
        Binding("enter", "read", "Read", id="grades.read", tooltip="The whole review"),
        Binding("space", "turn", "Reviewer on/off", id="grades.turn", tooltip="What if?"),
    ]
    HELP = (
        "Grades in [0, 1]: reviewers down, answers across. σ² is the reviewer's variance on the "
        "0-10 scale, acc its review accuracy. ✗ is a missing grade: highlight it to see why. "
        "A reviewer that is off (○) does not count on the screen; the files keep the original."
    )

    class Turned(Message):
        """The user wants a reviewer's grades left out, or to count again."""

        def __init__(self, reviewer: str) -> None:
            super().__init__()
            self.reviewer = reviewer

    class Read(Message):
        """The user wants to read a review whole."""

        def __init__(self, reviewer: str, author: str) -> None:
            super().__init__()
            self.reviewer = reviewer
            self.author = author

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._reading: Reading | None = None
        self._rows: dict[str, str] = {}
        self._named = True
        self._name_width = 0
        self._made_for: tuple[object, ...] = ()
        self._told: dict[tuple[str, str], tuple[str, str]] = {}

    def compose(self) -> ComposeResult:
        """The line that explains a cell; the table comes with the first round."""
        with VerticalScroll(can_focus=False):
            yield Said(id="rationale")

    def on_mount(self) -> None:
        """Say what will be here."""
        self.query_one(Said).say(NOTHING_YET)

    @property
    def table(self) -> Table:
        """The matrix, keyed by the models' letters; there is none before the first round."""
        from llmchem_tui.ui.widgets.table import Table

        return self.query_one(Table)

    async def begin(self, reading: Reading) -> None:
        """Make the rows and columns of a round."""
        from llmchem_tui.ui.widgets.table import Table

        if not self.query(Table):
            await self.mount(Table(), before=0)
        self._reading = reading
        self.table.display = True
        if HUMAN not in self._rows and self._made_for == self._needs(reading):
            self.draw()
        else:
            self._make(reading)

    def _needs(self, reading: Reading) -> tuple[object, ...]:
        """What rows and columns depend on."""
        return self.content_size.width, *((name, reading.title(name)) for name in reading.order)

    def on_resize(self) -> None:
        """Use the width there is."""
        if self._reading is not None and self._made_for != self._needs(self._reading):
            cursor = self.table.cursor_coordinate
            self._make(self._reading)
            self.table.cursor_coordinate = cursor

    def _make(self, reading: Reading) -> None:
        table, names = self.table, reading.order
        table.clear(columns=True)
        self._told.clear()
        self._made_for = self._needs(reading)
        scrollbar = 1
        room = (
            (self.content_size.width or _USUAL_WIDTH) - _WIDTH * len(names) - 2 * _WIDE - scrollbar
        )
        # Without room letters must do; the panes have the names.
        self._named = room >= _FEWEST_NAME_CELLS
        titles = (_CONSENSUS, *map(reading.title, names))
        longest = max(Content(f"{_COUNTS}{title}").cell_length for title in titles)
        short = max(_LETTER_WIDTH, min(room, _YOU_WIDTH))
        self._name_width = min(room, longest) if self._named else short
        title = f"{_COUNTS}reviewer" if self._named else ""
        table.add_column(Text(title), key="reviewer", width=self._name_width)
        # Keys are the letters: a model may have any name, "consensus" too.
        self._rows = {reading.letter(name): name for name in names}
        for key in self._rows:
            table.add_column(Text(_wide(key)), key=key, width=_WIDTH)
        table.add_column(Text(f"{'σ²':>{_WIDE}}"), key=_VARIANCE, width=_WIDE)
        table.add_column(Text(f"{'acc':>{_WIDE}}"), key=_ACCURACY, width=_WIDE)
        for key in self._rows:
            self._add_row(key, Content(""))
        consensus = f"{_COUNTS}{_CONSENSUS if self._named else '='}"
        self._add_row(_CONSENSUS, self._fitted(consensus).stylize("bold"))
        self.draw()

    def _add_row(self, key: str, label: Content) -> None:
        self.table.add_row(label, *[Content("")] * (len(self.table.columns) - 1), key=key)

    def draw(self) -> None:
        """Patch the cells."""
        reading = self._reading
        if reading is None:
            return
        self.table.display = not reading.blind
        if reading.own_grades and HUMAN not in self._rows:
            self._rows[HUMAN] = HUMAN
            self._add_row(HUMAN, Content(""))
        table, saved = self.table, reading.saved_score()
        score = reading.score() if reading.asks_what_if else saved
        letters = {name: reading.letter(name) for name in reading.order}
        answers = reading.state.answers
        failed = {name for name in answers if answers[name].status is not Status.OK}
        for row, reviewer in self._rows.items():
            self._tell(table, row, "reviewer", *self._label(reading, row, reviewer))
            for column in letters.values():
                cell = _cell(reading, reviewer, self._rows[column], failed)
                self._tell(table, row, column, *cell)
        for name, letter in letters.items():
            own, was = score.scores[name], saved.scores[name]
            consensus = _marked(_tenth(own.quality), _tenth(was.quality))
            self._tell(table, _CONSENSUS, letter, _wide(consensus), "bold")
            variance = _marked(_variance(own.variance), _variance(was.variance))
            self._tell(table, letter, _VARIANCE, f"{variance:>{_WIDE}}")
            accuracy = _marked(number(own.review_accuracy), number(was.review_accuracy))
            self._tell(table, letter, _ACCURACY, f"{accuracy:>{_WIDE}}")
        say_on_border(self, subtitle=Content(_subtitle(reading)))
        self._explain()

    def _tell(self, table: Table, row: str, column: str, text: str, style: str = "") -> None:
        """Write a cell if it says something else: to ask the table what it says takes longer."""
        if self._told.get((row, column)) != (text, style):
            self._told[row, column] = text, style
            table.update_cell(row, column, Content.styled(text, style))

    def _label(self, reading: Reading, row: str, reviewer: str) -> tuple[str, str]:
        """Who graded, and how that looks."""
        who = "you" if reviewer == HUMAN else reading.title(reviewer) if self._named else row
        if reading.counts(reviewer):
            return self._fitted(f"{_COUNTS}{who}").plain, ""
        return self._fitted(f"{_OFF}{who}").plain, "$muted"

    def _fitted(self, label: str) -> Content:
        return Content(label).truncate(self._name_width, ellipsis=True)

    def _pair(self) -> tuple[str, str] | None:
        """The reviewer and the author of the cell under the cursor."""
        if self._reading is None or self._reading.blind:
            return None
        row, column = self.table.coordinate_to_cell_key(self.table.cursor_coordinate)
        reviewer, author = self._rows.get(row.value or ""), self._rows.get(column.value or "")
        return (reviewer, author) if reviewer and author and reviewer != author else None

    @property
    def author(self) -> str | None:
        """The model in whose column the cursor stands."""
        pair = self._pair()
        return pair[1] if pair else None

    def on_data_table_cell_highlighted(self, event: Table.CellHighlighted) -> None:
        """Explain the cell under the cursor."""
        event.stop()
        self._explain()

    def _explain(self) -> None:
        pair, reading = self._pair(), self._reading
        _, column = self.table.coordinate_to_cell_key(self.table.cursor_coordinate)
        meaning = Content.styled(_MEANINGS.get(column.value or "", ""), "$muted")
        text = explanation(reading, *pair) if pair and reading else meaning
        if reading is not None and reading.blind:
            text = HIDDEN
        self.query_one(Said).say(text)

    def on_data_table_cell_selected(self, event: Table.CellSelected) -> None:
        """A click, or enter in the table, reads the review."""
        event.stop()
        self.action_read()

    def action_read(self) -> None:
        """Read the review under the cursor."""
        if pair := self._pair():
            self.post_message(self.Read(*pair))

    def action_turn(self) -> None:
        """Leave the reviewer of the cursor's row out, or let it count again."""
        if self._reading is None:
            return
        row, _ = self.table.coordinate_to_cell_key(self.table.cursor_coordinate)
        if reviewer := self._rows.get(row.value or ""):
            self.post_message(self.Turned(reviewer))

    def copied(self) -> Copied | None:
        """The matrix in columns that a spreadsheet takes, tabs between them."""
        if self._reading is None:
            return None
        table = self.table
        said = what_if(self._reading)
        lines = [[f"{said} · {_CHANGED} changed"]] if said else []
        lines.append([str(column.label).strip() for column in table.ordered_columns])
        lines += [[str(cell).strip() for cell in table.get_row(key)] for key in table.rows]
        return Copied("grades", "\n".join("\t".join(cells) for cells in lines))


def what_if(reading: Reading) -> str:
    """How the screen's numbers differ from the saved ones, on one line; blank where they do not."""
    if not reading.asks_what_if:
        return ""
    return f"what if: {', '.join(reading.changes())}"


def _subtitle(reading: Reading) -> str:
    """The same as short as a border needs it, with what the star means."""
    if not reading.asks_what_if:
        return ""
    out = [reading.letter(name) for name in reading.order if not reading.counts(name)]
    parts = [f"without {', '.join(out)}"] * bool(out)
    parts += ["with yours"] * (reading.counts(HUMAN) and bool(reading.own_grades))
    parts += [f"abstain < {number(reading.abstain_below)}"] * reading.moved_threshold
    return f"what if: {' · '.join(parts)} · {_CHANGED} changed"


def _marked(value: str, saved: str) -> str:
    return value if value == saved else f"{_CHANGED}{value}"


def _variance(value: float | None) -> str:
    return number(value, 1 if value is not None and value >= 10 else 2)  # noqa: PLR2004


def _tenth(quality: float | None) -> str:
    return number(None if quality is None else quality / 10)


def _wide(text: str) -> str:
    return f"{text:>{_WIDTH}}"


def _cell(reading: Reading, reviewer: str, author: str, failed: Collection[str]) -> tuple[str, str]:
    """What stands for a grade, and its look; no model grades where it or the author ``failed``."""
    if reviewer == author:
        return _wide(NOT_APPLICABLE), "$muted"
    review = reading.review(reviewer, author)
    if review is None:
        over = (
            not reading.reviews_known
            or reading.state.ended is not None
            or reviewer in failed
            or author in failed
        )
        return _wide(NOT_APPLICABLE if over else PENDING), "$muted"
    if review.grade is None:
        return _wide(MISSING), "$error"
    concern = "!" if review.review and review.review.safety_concern else ""
    style = "$warning" if concern else ""
    return _wide(concern + number(review.grade)), style if reading.counts(reviewer) else "$muted"


def explanation(reading: Reading, reviewer: str, author: str) -> Content:
    """Why a grade is what it is, or why it is missing: the reviewer's own words."""
    said_by = "you" if reviewer == HUMAN else reading.letter(reviewer)
    who = f"{said_by} on {reading.letter(author)}: "
    review = reading.review(reviewer, author)
    if review is None:
        return Content.styled(who + "no review yet, or none because an answer failed", "$muted")
    parts: list[Content] = [Content.styled(who, "bold")]
    if review.grade is None:
        why = "" if reading.blind else f": {plain(review.message)}"
        parts.append(Content.styled(f"no grade, {review.status}{why} ", "$error"))
    if review.review is not None:
        if review.review.safety_concern:
            concern = f"! {reading.text(review.review.safety_concern)} "
            parts.append(Content.styled(concern, "$warning"))
        parts.append(Content(reading.text(review.review.rationale)))
    return Content("").join(parts)
