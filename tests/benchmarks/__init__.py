"""What is fast enough: a module prints figures when it is run with -m, beside the issue's limits.

``measures``, ``fast_streams`` and ``many_sessions`` are what several of them share.
"""

from __future__ import annotations

import time
from collections.abc import Callable


def fastest(work: Callable[[], object], times: int = 5) -> float:
    """Return the least processor time of several runs, in seconds: who else is at work matters
    least to it."""
    seconds = []
    for _ in range(times):
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    return min(seconds)


def beside(figure: float, limit: float, unit: str = "s") -> str:
    """Return a figure and its limit, and whether it is reached."""
    reached = "reached" if figure <= limit else f"MISSED, {figure / limit:.2f} times as much"
    return f"{figure:.4g} {unit} (limit {limit:g} {unit}: {reached})"
