"""What a table of pairs can show: how they interact, how often they met, how certain that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from textual.content import Content

from llmchem_tui.ui.words import NOT_APPLICABLE, count, number

if TYPE_CHECKING:
    from llmchem_tui.analysis.stability import Stability
    from llmchem_tui.domain.chemistry import ChemistryTable
    from llmchem_tui.ui.study import Study

SHADES = " ░▒▓█"
NEVER_MET = "?"
INTERACTION, TOGETHER, WIDTH = "interaction", "rounds together", "95 % width"

_CELLS = 4
"""Of a number."""

Met = Callable[[str, str], int]


@dataclass(frozen=True, slots=True)
class HeatView:
    """Numbers of pairs under one title; a missing one is NaN.

    ``write`` puts a number into four cells. Those at or below ``least`` have no shade. ``legend``
    says what the shades mean. With ``met`` pairs that never met are marked.
    """

    title: str
    legend: str
    value: Callable[[str, str], float]
    write: Callable[[float], str]
    largest: float
    least: float = 0.0
    met: Met | None = None

    def cell(self, a: str, b: str) -> Content:
        """Return a pair's number with its shade and mark."""
        value = self.value(a, b)
        met = None if self.met is None else self.met(a, b)
        mark = "" if met is None else (NEVER_MET if met == 0 else " ")
        if math.isnan(value):
            return Content.styled(f"{NOT_APPLICABLE:>{_CELLS + 2}}", "$muted")
        text = f"{self.write(value):>{_CELLS}}"
        if value <= self.least:
            return Content.assemble(Content.styled(f"  {text}", "$muted"), (mark, "bold $warning"))
        steps = len(SHADES) - 1
        shade = SHADES[min(steps, math.ceil(value / self.largest * steps))]
        return Content.assemble((f" {shade}", "$accent"), text, (mark, "bold $warning"))

    def exact(self, a: str, b: str) -> str:
        """Return a pair's number with all its digits, blank where it is missing."""
        value = self.value(a, b)
        return "" if math.isnan(value) else repr(value)


def interaction_view(table: ChemistryTable, tau: float = 0.0, met: Met | None = None) -> HeatView:
    """Return how strongly each two models interact; pairs above ``tau`` are shaded."""
    pairs = table.pairs_above(0.0)
    return HeatView(
        INTERACTION,
        f"above τ {number(tau)}: {count(len(table.pairs_above(tau)), 'pair')}",
        table.between,
        strength,
        max((value for *_, value in pairs), default=1.0),
        tau,
        met,
    )


def together_view(names: Sequence[str], met: Met) -> HeatView:
    """Return in how many rounds each two models took part."""
    counts = [met(a, b) for a, b in combinations(names, 2)]
    return HeatView(
        TOGETHER,
        f"{TOGETHER}: {min(counts):,} to {max(counts):,}",
        lambda a, b: math.nan if a == b else met(a, b),
        lambda value: f"{value:.0f}" if value < 10**_CELLS else strength(value),
        max(counts),
        met=met,
    )


def width_view(stable: Stability, met: Met) -> HeatView:
    """Return how wide the 95 % interval of each pair's interaction is."""
    widths = {
        frozenset((pair.a, pair.b)): pair.high - pair.low
        for pair in stable.pairs
        if pair.low is not None and pair.high is not None
    }
    low, high = (number(one(widths.values(), default=None)) for one in (min, max))
    return HeatView(
        WIDTH,
        f"width of the 95 % interval: {low} to {high}",
        lambda a, b: widths.get(frozenset((a, b)), math.nan),
        strength,
        max(widths.values(), default=1.0),
        met=met,
    )


def view_of(study: Study, stable: Stability | None, title: str) -> HeatView | None:
    """Return the view of a title; None: there are no pairs. ``stable`` is needed for ``WIDTH``."""
    if not study.pairs:
        return None
    if title == TOGETHER:
        return together_view(study.table.names, study.met)
    if title == WIDTH and stable is not None:
        return width_view(stable, study.met)
    return interaction_view(study.table, study.parameters.tau, study.met)


def strength(value: float) -> str:
    """Return an interaction in at most four cells."""
    for digits in (2, 1, 0):
        text = number(value, digits)
        if len(text) <= _CELLS:
            return text
    return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
