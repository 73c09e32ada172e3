"""The panes of the comparison of strategies: each a plot, its numbers, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from llmchem_tui.ui import comparison_words as words
from llmchem_tui.ui.widgets.plots import (
    MUTED,
    SCALE,
    Axis,
    Plane,
    axis_line,
    box,
    ground,
    row,
    share,
    whisker,
)
from llmchem_tui.ui.widgets.said import Said
from llmchem_tui.ui.words import name_text, number

if TYPE_CHECKING:
    from llmchem_tui.analysis.evaluate import Measures
    from llmchem_tui.analysis.plots import Course, Courses, Latency
    from llmchem_tui.analysis.statistics import Calibration, Estimate
    from llmchem_tui.ui.comparison import Comparison

ACCURACY, EFFECTIVENESS = "●", "○"

_COLOURS = {
    "CHEMISTRY": "$accent",
    "PERFORMANCE": "$primary",
    "LOCAL": "$secondary",
    "REMOTE": "$success",
    "RANDOM": "$foreground",
}
_NAME = 12
_ESTIMATE = 17
_FEWEST_CELLS, _FEWEST_LINES = 10, 6
_SEVERAL = 2
_ROOM_FOR_QUARTILES = 70


class ComparisonPane(VerticalScroll):
    """Shows one side of a ``Comparison`` in the room there is."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._comparison: Comparison | None = None

    def compose(self) -> ComposeResult:
        """One text, never markup."""
        yield Said()

    def show(self, comparison: Comparison) -> None:
        """Show a comparison."""
        self._comparison = comparison
        self._draw()

    def wait(self, text: Content) -> None:
        """Say why there is nothing to show."""
        self._comparison = None
        self.query_one(Said).say(text)

    def on_resize(self) -> None:
        """Use the room there is."""
        self._draw()

    def lines(self, comparison: Comparison, width: int, height: int) -> Iterable[Content]:
        """What to show on so many cells and, as far as it goes, lines."""
        raise NotImplementedError

    def _draw(self) -> None:
        width, height = self.scrollable_content_region.size
        if self._comparison is not None and width > 0:
            lines = self.lines(self._comparison, width, height)
            self.query_one(Said).say(Content("\n").join(lines))


class StrategiesPane(ComparisonPane):
    """A line for the accuracy and one for the effectiveness of each strategy, by size too."""

    HELP = "Accuracy and effectiveness of each strategy, all on one axis, with 95 % intervals."

    def lines(self, comparison: Comparison, width: int, height: int) -> Iterator[Content]:
        """The strategies over all sizes, what the tests say, then size by size."""
        evaluation = comparison.evaluation
        every = [*evaluation.strategies, *evaluation.sizes]
        cells = max(_FEWEST_CELLS, width - _NAME - 1 - _ESTIMATE)
        axis = Axis.of_shares((value for one in every for value in _values(one)), cells)
        yield Content.assemble(
            (f"{ACCURACY} accuracy  {EFFECTIVENESS} effectiveness", ""),
            ("  ├─┤ 95 % interval", MUTED),
        )
        sizes = sorted({one.size for one in evaluation.sizes if one.size is not None})
        if len(sizes) < _SEVERAL:
            sizes = []
        yield from _group("all sizes" if sizes else "", evaluation.strategies, axis)
        for finding in words.findings(evaluation):
            yield Content("")
            yield finding
        for size in sizes:
            yield Content("")
            same = (one for one in evaluation.sizes if one.size == size)
            yield from _group(f"n = {size}", same, axis)
        for text in words.about_strategies(comparison):
            yield Content("")
            yield text


class CoursesPane(ComparisonPane):
    """Accuracy in the order in which the rounds ended."""

    HELP = "How accuracy went from round to round: a line for each strategy, a dot for each round."

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.strategy: str | None = None
        """The one whose rounds are followed; None: all are."""

    def show_strategy(self, strategy: str | None) -> None:
        """Show the rounds of one strategy alone; None: those of all."""
        self.strategy = strategy
        self._draw()

    def lines(self, comparison: Comparison, width: int, height: int) -> Iterator[Content]:
        """The plot, as high as there is room, between what is followed and what that means."""
        courses = comparison.courses
        shown = [one for one in courses.courses if self.strategy in (None, one.strategy)]
        above, below = words.about_courses(comparison, self.strategy)
        yield above
        if shown:
            room = height - 2 - sum(len(text.wrap(width)) for text in below)
            yield from _course_lines(shown, courses, width, max(room, len(shown)))
        yield from below


class LatencyPane(ComparisonPane):
    """A box for each model, on an axis of seconds."""

    HELP = "How long each model took to answer: half of its answers lie in the box."

    def lines(self, comparison: Comparison, width: int, height: int) -> Iterator[Content]:
        """The models, the quickest first."""
        told = [one for one in comparison.latencies if one.answers]
        if told:
            wide = width >= _ROOM_FOR_QUARTILES
            longest = max(Content(name_text(one.model)).cell_length for one in told)
            name = min(longest, max(_NAME, width * 3 // 10))
            title = words.latency_titles(wide)
            cells = max(_FEWEST_CELLS, width - name - 1 - len(title))
            times = [value for one in told for value in (one.fastest, one.slowest)]
            axis = Axis.of_seconds(times, cells)
            scale = axis_line(axis, "{:g}".format)
            yield Content.assemble(" " * (name + 1), scale, Content.styled(title, MUTED))
            for one in told:
                yield Content.assemble(
                    _fitted(name_text(one.model), name),
                    " ",
                    _box(one, axis),
                    words.times(one, wide),
                )
            yield Content("")
        yield from words.about_latencies(comparison.latencies)


class CalibrationPane(ComparisonPane):
    """The confidence of recommendations against their accuracy."""

    HELP = "How accurate recommendations are that have some confidence; on the diagonal as much."

    def lines(self, comparison: Comparison, width: int, height: int) -> Iterator[Content]:
        """The plot with how many there are in each bin, what it says, and its numbers."""
        own = comparison.evaluation.calibration
        below = words.about_calibration(own)
        if own.n:
            room = height - 4 - sum(len(text.wrap(width)) for text in below)
            yield Content.styled("up: accuracy · across: confidence", MUTED)
            yield from _calibration_lines(own, width, room)
        yield from below
        for one in own.bins:
            yield words.about_bin(one)


def _values(one: Measures) -> Iterator[float]:
    for estimate in (one.accuracy, one.effectiveness):
        yield from (v for v in (estimate.mean, estimate.low, estimate.high) if v is not None)


def _group(title: str, measures: Iterable[Measures], axis: Axis) -> Iterator[Content]:
    """The strategies that are compared with each other, below an axis."""
    head = Content.styled(f"{title:<{_NAME}} ", "bold")
    yield Content.assemble(head, axis_line(axis, share), Content.styled("  mean (95 %)", MUTED))
    for one in measures:
        name, colour = words.strategy_name(one.strategy), _COLOURS.get(one.strategy, MUTED)
        rounds = Content.styled(f"{words.rounds(one.rounds):<{_NAME}}", MUTED)
        name_cells = _fitted(name, _NAME)
        yield _estimate_line(name_cells, one.accuracy, axis, (ACCURACY, colour))
        yield _estimate_line(rounds, one.effectiveness, axis, (EFFECTIVENESS, colour))


def _estimate_line(
    label: Content, estimate: Estimate, axis: Axis, sign: tuple[str, str]
) -> Content:
    cells = ground(axis, share)
    if estimate.low is not None and estimate.high is not None:
        whisker(cells, axis, (estimate.low, estimate.high), sign[1])
    if estimate.mean is not None:
        cells[axis.at(estimate.mean)] = sign
    return Content.assemble(label, " ", row(cells), " ", words.estimate(estimate))


def _course_lines(
    shown: Sequence[Course], courses: Courses, width: int, height: int
) -> Iterator[Content]:
    """The lines of some courses in a plane, with what they are called at their ends."""
    shown = sorted(shown, key=lambda one: -one.running[-1])
    names = [_called(one) for one in shown]
    beside = max(name.cell_length for name in names) + 1
    across = Axis(1, max(2, courses.rounds), max(_FEWEST_CELLS, width - SCALE - beside))
    values = [value for one in shown for value in (one.accuracy.min(), one.accuracy.max())]
    plane = Plane.of_shares(across, values, max(_FEWEST_LINES, height))
    for one in shown:
        colour = _COLOURS.get(one.strategy, MUTED)
        columns = across.places(one.rounds.astype(float))
        plane.dots(columns, plane.up.places(one.accuracy), colour)
        if len(columns) >= _SEVERAL:
            plane.line(dict(zip(columns, one.running.tolist(), strict=True)), colour)
    ends = [plane.line_of(one.running[-1]) for one in shown]
    for line, name in zip(plane.rows(), _beside(names, ends, plane.height), strict=True):
        yield Content.assemble(line, " ", name)
    begin, end = words.course_ends(courses)
    between = " " * (across.cells - len(begin) - len(end))
    below = Content.styled(f"{' ' * SCALE}{begin}{between}{end}", MUTED)
    yield below.truncate(width)


def _called(course: Course) -> Content:
    name = Content(words.strategy_name(course.strategy)).truncate(_NAME, ellipsis=True)
    named = Content.assemble(name, " ", number(course.running[-1]))
    return named.stylize(_COLOURS.get(course.strategy, MUTED))


def _beside(names: Sequence[Content], ends: Sequence[int], height: int) -> list[Content]:
    """Names from top to bottom, each as near to its line as the others leave it room."""
    lines = [Content("")] * height
    highest = 0
    for place, (name, end) in enumerate(zip(names, ends, strict=True)):
        lowest = height - len(names) + place
        at = min(max(end, highest), lowest)
        lines[at], highest = name, at + 1
    return lines


def _calibration_lines(own: Calibration, width: int, room: int) -> Iterator[Content]:
    tenth = max(2, (width - SCALE) // 10)
    cells = 10 * tenth
    height = min(max(_FEWEST_LINES, room), cells // 2)
    plane = Plane.of_shares(Axis(0, 1, cells), (0, 1), height)
    for cell in range(0, cells, 2):
        even = cell / (cells - 1)
        plane.sign(even, even, "·", MUTED)
    for one in own.bins:
        plane.sign(one.confidence, one.accuracy, ACCURACY, "$accent")
    yield from plane.rows()
    yield Content.assemble(" " * SCALE, axis_line(plane.across, share))
    counts = {round(one.low * 10): one.n for one in own.bins}
    numbers = "".join(f"{words.short(counts.get(bin, 0)):^{tenth}}" for bin in range(10))
    yield Content.styled(f"{'n':<{SCALE}}{numbers.rstrip()}", MUTED)


def _box(one: Latency, axis: Axis) -> Content:
    cells = ground(axis, "{:g}".format)
    box(cells, axis, (one.fastest, one.lower, one.median, one.upper, one.slowest), "$primary")
    return row(cells)


def _fitted(name: str, cells: int) -> Content:
    return Content(name).truncate(cells, ellipsis=True, pad=True)
