"""The numbers of an evaluation in words, the same in a terminal and on a page. No heavy import."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmchem_tui.analysis.evaluate import Kind
    from llmchem_tui.analysis.statistics import Anova, Estimate, Pearson

MISSING = "–"
"""A number that is not known."""

MEANS = "In the tables accuracy, seconds and variances are over answers, other means over rounds."
"""What the numbers of an evaluation are over, to stand below its tables."""

_SMALLEST_P = 0.001
_TOO_LONG = 1e12


def counted(number: int, thing: str) -> str:
    """Return 1 round, 1,400 rounds."""
    return f"{number:,} {thing}{'s' * (number != 1)}"


def number_text(value: float | None, digits: int) -> str:
    """Return a number; a missing one is visibly missing, a huge one told by its power of ten."""
    if value is None:
        return MISSING
    return f"{value:.{digits}f}" if abs(value) < _TOO_LONG else f"{value:.6g}"


def estimate_text(value: Estimate, digits: int = 3) -> str:
    """Return a mean with its interval, where there is one."""
    mean = number_text(value.mean, digits)
    if value.low is None or value.high is None:
        return mean
    return f"{mean} ({number_text(value.low, digits)}–{number_text(value.high, digits)})"


def p_text(p: float | None) -> str:
    """Return the p of a test with what it is, such as ``p = 0.030``."""
    if p is None:
        return f"p {MISSING}"
    return f"p < {_SMALLEST_P}" if p < _SMALLEST_P else f"p = {p:.3f}"


def anova_text(one: Anova) -> str:
    """Return an F with what it rests on, or why there is none."""
    if one.f is None:
        return one.note
    f, groups = number_text(one.f, 2), counted(len(one.groups), "group")
    return f"F = {f}, {p_text(one.p)}, {counted(one.n, 'round')} in {groups}"


def pearson_text(one: Pearson) -> str:
    """Return an r with what it rests on, or why there is none."""
    if one.r is None:
        return one.note
    return f"r = {one.r:.3f}, {p_text(one.p)}, {counted(one.n, 'round')}"


def kind_text(one: Kind) -> str:
    """Return what the ensembles of a kind brought."""
    if not one.rounds:
        return "none"
    accuracy, effectiveness = (number_text(v, 3) for v in (one.accuracy, one.effectiveness))
    rounds = counted(one.rounds, "round")
    return f"{rounds}, accuracy {accuracy}, effectiveness {effectiveness}"
