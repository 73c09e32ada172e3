"""The numbers of an evaluation in words, the same in a terminal and on a page. No heavy import."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmchem_tui.analysis.evaluate import Kind
    from llmchem_tui.analysis.statistics import Anova, Estimate, Pearson

MISSING = "–"
"""A number that is not known."""

_SMALLEST_P = 0.001


def number_text(value: float | None, digits: int) -> str:
    """Return a number; a missing one is visibly missing."""
    return MISSING if value is None else f"{value:.{digits}f}"


def estimate_text(value: Estimate, digits: int = 3) -> str:
    """Return a mean with its interval, where there is one."""
    mean = number_text(value.mean, digits)
    if value.low is None or value.high is None:
        return mean
    return f"{mean} ({value.low:.{digits}f}–{value.high:.{digits}f})"


def p_text(p: float | None) -> str:
    """Return the p of a test with what it is, such as ``p = 0.030``."""
    if p is None:
        return f"p {MISSING}"
    return f"p < {_SMALLEST_P}" if p < _SMALLEST_P else f"p = {p:.3f}"


def anova_text(one: Anova) -> str:
    """Return an F with what it rests on, or why there is none."""
    if one.f is None:
        return one.note
    return f"F = {one.f:.2f}, {p_text(one.p)}, {one.n:,} rounds in {len(one.groups)} groups"


def pearson_text(one: Pearson) -> str:
    """Return an r with what it rests on, or why there is none."""
    return one.note if one.r is None else f"r = {one.r:.3f}, {p_text(one.p)}, {one.n:,} rounds"


def kind_text(one: Kind) -> str:
    """Return what the ensembles of a kind brought."""
    if not one.rounds:
        return "none"
    accuracy, effectiveness = (number_text(v, 3) for v in (one.accuracy, one.effectiveness))
    return f"{one.rounds:,} rounds, accuracy {accuracy}, effectiveness {effectiveness}"
