"""How the pictures are drawn: figures of matplotlib, without pyplot and its global state."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import TYPE_CHECKING, Literal

import numpy as np

from llmchem_tui.analysis.pictures import INK
from llmchem_tui.analysis.statistics import Calibration, Estimate
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.domain.seriation import clustered, strongest_first
from llmchem_tui.domain.strategies import Strategy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from llmchem_tui.analysis.evaluate import Measures
    from llmchem_tui.domain.chemistry import ChemistryTable

MOST_MODELS = 40
"""In a heat map: more could not be told apart."""

COLOURS = "cividis"  # made for readers who do not see red or green
_BLUE, _VERMILLION = "#0072b2", "#d55e00"  # of Okabe and Ito
DARK, BRIGHT = "#000000", "#ffffff"  # numbers on a coloured ground keep their colour
SMALL = 7  # points
_LONGEST_NAME = 26
_MOST_NUMBERS = 14
_DECIMALS_BELOW = 10


def heat_map(table: ChemistryTable) -> Figure:
    """Draw the interactions of the used models: two or more, that can be told apart.

    Models that interact alike stand side by side; of more than ``MOST_MODELS`` only those that
    interact most are shown.
    """
    places = _order(table)
    names = [short(table.names[i]) for i in places]
    values = table.values[np.ix_(places, places)]
    side = 1.6 + 0.36 * len(places)
    figure = new_figure(side + 1.4, side)
    axes = figure.add_subplot()
    largest = float(np.nanmax(values))
    mesh = axes.pcolormesh(values, cmap=COLOURS, vmin=0.0, vmax=largest, edgecolor="none")
    axes.set_aspect("equal")
    axes.invert_yaxis()
    for spine in axes.spines.values():
        spine.set_visible(False)
    ticks = np.arange(len(places)) + 0.5
    axes.set_yticks(ticks, names)
    axes.set_xticks(ticks, names, rotation=45, rotation_mode="anchor", ha="right")
    axes.tick_params(length=0)
    if len(places) <= _MOST_NUMBERS:
        for row, column in permutations(range(len(places)), 2):
            value = float(values[row, column])
            colour = DARK if value > largest / 2 else BRIGHT
            text = axes.text(column + 0.5, row + 0.5, _brief(value), color=colour)
            text.set(fontsize=SMALL, ha="center", va="center")
    bar = figure.colorbar(mesh, ax=axes, shrink=0.8, label="interaction (unsigned)")
    bar.outline.set_visible(False)
    return figure


def strategy_comparison(strategies: Sequence[Measures]) -> Figure:
    """Draw accuracy and effectiveness of each strategy with their intervals."""
    figure = new_figure(7.2, 1.1 + 0.34 * len(strategies))
    both = figure.subplots(1, 2, sharey=True)
    names = [short(one.strategy) or "unknown" for one in strategies]
    for axes, title, estimates in (
        (both[0], "accuracy", [one.accuracy for one in strategies]),
        (both[1], "effectiveness", [one.effectiveness for one in strategies]),
    ):
        for place, (own, estimate) in enumerate(zip(strategies, estimates, strict=True)):
            _interval(axes, place, estimate, marked=own.strategy == Strategy.CHEMISTRY)
        axes.set_xlabel(f"{title}, mean with 95 % interval")
        axes.set_ylim(len(strategies) - 0.5, -0.5)
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    both[0].set_yticks(range(len(names)), names)
    return figure


def calibration_plot(calibration: Calibration) -> Figure:
    """Draw the accuracy of recommendations against the confidence in them, by tenths."""
    figure = new_figure(4.4, 4.2)
    axes = figure.add_subplot()
    axes.plot((0, 1), (0, 1), color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    most = max(one.n for one in calibration.bins)
    for one in calibration.bins:
        size = 4 + 12 * (one.n / most) ** 0.5  # the area tells the number
        axes.plot(one.confidence, one.accuracy, "o", color=_BLUE, markersize=size)
        axes.annotate(
            f"{one.n:,}",
            (one.confidence, one.accuracy),
            xytext=(size / 2 + 2, -size / 2 - 4),
            textcoords="offset points",
            fontsize=SMALL,
        )
    axes.set(xlim=(-0.02, 1.04), ylim=(-0.04, 1.04), aspect="equal")
    axes.set_xlabel("confidence in the recommendation")
    axes.set_ylabel("its accuracy")
    axes.grid()
    return figure


def _interval(axes: Axes, place: int, estimate: Estimate, *, marked: bool) -> None:
    colour, sign = (_VERMILLION, "D") if marked else (_BLUE, "o")
    if estimate.mean is None:
        text = axes.text(0.5, place, "not known", transform=axes.get_yaxis_transform())
        text.set(fontsize=SMALL, ha="center", va="center")
        return
    if estimate.low is not None and estimate.high is not None:
        axes.plot((estimate.low, estimate.high), (place, place), color=colour, linewidth=2)
    axes.plot(estimate.mean, place, sign, color=colour, markersize=6)


def _order(table: ChemistryTable) -> list[int]:
    """The places of the models that are shown."""
    used = np.array([i for i, name in enumerate(table.names) if name in table.used])
    strongest = strongest_first(table.values[np.ix_(used, used)])[:MOST_MODELS]
    chosen = used[sorted(strongest)]
    return [int(chosen[i]) for i in clustered(table.values[np.ix_(chosen, chosen)])]


def new_figure(
    width: float, height: float, layout: Literal["constrained"] | None = "constrained"
) -> Figure:
    """Begin a figure of so many inches; ``layout`` None: its parts are placed by hand."""
    from matplotlib.figure import Figure

    return Figure((width, height), layout=layout)


def short(name: str) -> str:
    """Return a name as it goes beside a picture: harmless, on one line, cut if it is long."""
    line = plain_line(name)
    return line if len(line) <= _LONGEST_NAME else f"{line[: _LONGEST_NAME - 1]}…"


def _brief(value: float) -> str:
    return f"{value:.2f}" if value < _DECIMALS_BELOW else f"{value:.3g}"
