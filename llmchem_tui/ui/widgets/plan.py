"""The plan as a chart: when each model is loaded and asked, as foreseen and as it happens."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from textual.content import Content

from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.widgets.said import Said
from llmchem_tui.ui.words import clock

if TYPE_CHECKING:
    from llmchem_tui.session.forecast import Bar, Forecast

LEGEND = "planned: ▒ load ░ calls · done: ▓ load █ calls"

_PLANNED_LOAD, _PLANNED_CALLS, _LOAD, _CALLS = "▒", "░", "▓", "█"
_COLOURS = {
    _LOAD: "$warning",
    _CALLS: "$primary",
    _PLANNED_LOAD: "$muted",
    _PLANNED_CALLS: "$muted",
}
_LONGEST_NAME = 24
_NARROWEST = 10
_GAPS = 5
_SHORTEST_SECONDS = 10.0
"""A round that has just begun, and whose end is not known, must not fill the whole width."""


@dataclass(frozen=True, slots=True)
class Stays:
    """What the chart shows: the ensemble's ``titles`` by name, the plan, and what has happened.

    ``elapsed``: seconds since the round began; None: it has not. ``blind``: no name may be told.
    """

    titles: Mapping[str, str]
    forecast: Forecast | None
    actual: tuple[Bar, ...] = ()
    elapsed: float | None = None
    blind: bool = False

    @property
    def timed(self) -> bool:
        """Whether the chart has an axis of time; without one it tells an order only."""
        known = self.forecast is not None and self.forecast.seconds is not None
        return known or self.elapsed is not None

    @property
    def planned(self) -> tuple[Bar, ...]:
        """The bars of the plan that have a place in the chart."""
        if self.forecast is None or (self.forecast.seconds is None and self.timed):
            return ()
        return self.forecast.bars

    @property
    def seconds(self) -> float:
        """How much time the chart is wide."""
        ends = [bar.end for bar in (*self.planned, *self.actual)]
        if self.elapsed is not None:
            ends += [self.elapsed, _SHORTEST_SECONDS]
        return max(ends, default=0.0)


class PlanChart(Said):
    """A row for each model on a common axis of time, under a line that tells the plan."""

    _stays: Stays | None = None

    def show(self, stays: Stays) -> None:
        """Show a plan, or how far a round has come."""
        self._stays = stays
        self._draw()

    def on_resize(self) -> None:
        """Use the width there is."""
        self._draw()

    def _draw(self) -> None:
        width = self.content_size.width
        if self._stays is None or not width:
            return
        self.say(Content("\n").join(chart(self._stays, width)))


def chart(stays: Stays, width: int) -> Iterator[Content]:
    """Yield the chart's lines, at most ``width`` cells wide."""
    return (line.truncate(width, ellipsis=True) for line in _lines(stays, width))


def _lines(stays: Stays, width: int) -> Iterator[Content]:
    if stays.forecast is not None and not stays.blind:
        yield Content(f"plan: {plain_line(stays.forecast.text)}")
    if not (seconds := stays.seconds):
        return
    titles = {name: Content(title) for name, title in stays.titles.items()}
    widest = min(_LONGEST_NAME, max((one.cell_length for one in titles.values()), default=0))
    room = max(_NARROWEST, width - widest - 1)
    for name, title in titles.items():
        cells = [" "] * room
        _paint(cells, _of(name, stays.planned), seconds, _PLANNED_LOAD, _PLANNED_CALLS)
        _paint(cells, _of(name, stays.actual), seconds, _LOAD, _CALLS)
        yield Content.assemble(title.truncate(widest, ellipsis=True, pad=True), " ", _row(cells))
    if stays.timed:
        yield Content.styled(" " * (widest + 1) + _axis(seconds, room), "$muted")


def _of(model: str, bars: Iterable[Bar]) -> Iterator[Bar]:
    return (bar for bar in bars if bar.model == model)


def _paint(cells: list[str], bars: Iterable[Bar], seconds: float, load: str, calls: str) -> None:
    """Put bars into a row; a short one is seen too, and so is a short load."""
    scale = len(cells) / seconds
    for bar in bars:
        first = min(len(cells) - 1, math.floor(bar.begin * scale))
        last = min(len(cells), max(first + 1, math.ceil(bar.end * scale)))
        asked = first
        if bar.load:
            loaded = bar.begin + bar.load
            asked = last if loaded >= bar.end else min(last, max(first + 1, round(loaded * scale)))
        cells[first:last] = [load] * (asked - first) + [calls] * (last - asked)


def _row(cells: Sequence[str]) -> Content:
    runs = ((cell, "".join(run)) for cell, run in groupby(cells))
    return Content.assemble(*(Content.styled(run, _COLOURS.get(cell, "")) for cell, run in runs))


def _axis(seconds: float, room: int) -> str:
    """The time at the beginning, in the middle and at the end."""
    begin, middle, end = clock(0), clock(seconds / 2), clock(seconds)
    if room < len(begin + middle + end) + _GAPS:
        return f"{end:>{room}}"
    left = f"{begin}{middle:>{room // 2 - len(begin) + len(middle) // 2}}"
    return f"{left}{end:>{room - len(left)}}"
