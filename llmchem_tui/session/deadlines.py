"""How long the rounds of a plan may take."""

from __future__ import annotations

from collections import Counter

_NEVER = float("inf")


class Deadlines:
    """The deadline of each round of a plan, in the time of an event loop.

    Only time in which a call of the round is running counts: rounds of a plan that share a host
    take turns, and a round is not to blame for the others.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: Counter[str] = Counter()
        self._since: dict[str, float] = {}
        self._spent: dict[str, float] = {}

    def begin(self, trial: str, now: float) -> None:
        """Note that a call of the round starts."""
        if not self._running[trial]:
            self._since[trial] = now
        self._running[trial] += 1

    def end(self, trial: str, now: float) -> None:
        """Note that a call of the round has ended."""
        self._running[trial] -= 1
        if not self._running[trial]:
            self._spent[trial] = self._spent.get(trial, 0.0) + now - self._since[trial]

    def of(self, trial: str) -> float:
        """When the round must be over, if nothing of it is paused until then; infinite: not yet."""
        left = self.seconds - self._spent.get(trial, 0.0)
        if left <= 0:
            return -_NEVER
        return self._since[trial] + left if self._running[trial] else _NEVER
