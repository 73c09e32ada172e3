"""How close a pipelined round comes to its critical path, and how much faster than staged it is.

    python -m tests.benchmarks.pipelining [ROUNDS]

Random rounds run in virtual time, so that only the order of the calls counts; the named one runs
in real time as well, twenty times as fast, and pays what the program itself takes.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.engine import run_rounds
from llmchem_tui.session.events import RoundEnded
from llmchem_tui.session.scheduler import Order, Plan
from tests.benchmarks import beside
from tests.session.scripted import (
    OK_ANSWER,
    OK_REVIEW,
    PROMPTS,
    Script,
    ScriptedProvider,
    in_virtual_time,
    plan_of,
    round_plan,
    slow,
    spec,
)

SHARE, SECONDS = 0.02, 0.05  # above the critical path
SPEEDUP = 1.25
REAL_SCALE = 1 / 20


@dataclass(frozen=True, slots=True)
class Case:
    """What each answer takes, loading included, and each review, in seconds.

    ``slots``: calls at once at each model's own host; with ``shared`` all models have one host.
    """

    answers: Mapping[str, float]
    reviews: Mapping[tuple[str, str], float]
    slots: int
    shared: bool = False

    @property
    def critical_path(self) -> float:
        """The least that any order of calls takes.

        A review can begin when both answers are there. A model with one slot gives its reviews
        one after the other, and does best never to wait while one can be given. With a shared
        host this is a bound that no order may reach: nor may more work be done than it has slots.
        """
        ends = [self._last_review(name) for name in self.answers]
        if not self.shared:
            return max(ends)
        work = sum(self.answers.values()) + sum(self.reviews.values())
        return max(*ends, work / self.slots)

    def _last_review(self, reviewer: str) -> float:
        answered = self.answers[reviewer]
        waiting = sorted(
            (max(answered, self.answers[author]), seconds)
            for (name, author), seconds in self.reviews.items()
            if name == reviewer
        )
        if self.slots > 1:
            return max(begin + seconds for begin, seconds in waiting)
        now = answered
        for begin, seconds in waiting:
            now = max(now, begin) + seconds
        return now

    def plan(self, order: Order) -> Plan:
        """The round, to be run."""
        specs = [spec(name, "host" if self.shared else name) for name in self.answers]
        return plan_of(round_plan(specs), order=order, deadline_seconds=1e9)

    def endpoints(self, scale: float = 1.0) -> dict[str, Endpoint]:
        """The hosts, on which everything takes ``scale`` times as long."""
        scripts: dict[Any, list[Script]] = {
            **{name: [slow(scale * s, OK_ANSWER)] for name, s in self.answers.items()},
            **{pair: [slow(scale * s, OK_REVIEW)] for pair, s in self.reviews.items()},
        }
        endpoint = Endpoint(ScriptedProvider(scripts), self.slots, 1e9, 1e9)
        return dict.fromkeys(["host"] if self.shared else self.answers, endpoint)

    def seconds(self, order: Order) -> float:
        """How long the round takes in virtual time."""
        return in_virtual_time(self.run(order))

    async def run(self, order: Order, scale: float = 1.0) -> float:
        """Run the round by the clock of the loop; returns the seconds it took, as it tells."""
        events = run_rounds(self.plan(order), self.endpoints(scale), PROMPTS)
        (took,) = [event.elapsed async for event in events if isinstance(event, RoundEnded)]
        return took


def named() -> Case:
    """A cold model with quick reviews, one with slow ones, and one in between; one slot each."""
    reviews = {"cold": 2.0, "slow": 15.0, "usual": 6.0}
    pairs = permutations(reviews, 2)
    return Case(
        {"cold": 30.0 + 5.0, "slow": 10.0, "usual": 8.0},
        {(reviewer, author): reviews[reviewer] for reviewer, author in pairs},
        slots=1,
    )


def drawn(draw: random.Random, slots: int, shared: bool) -> Case:
    """Two to eight models of different paces, some of them cold; no two calls take equally long."""
    names = "abcdefgh"[: draw.randint(2, 8)]
    pace = {name: draw.lognormvariate(0, 1) for name in names}
    loads = {name: draw.choice([0.0, 0.0, 10.0, 30.0]) for name in names}
    grading = {name: draw.choice([0.1, 0.5, 2.0]) for name in names}
    return Case(
        {name: loads[name] + 8 * pace[name] * draw.uniform(0.5, 1.5) for name in names},
        {
            (reviewer, author): 8 * pace[reviewer] * grading[reviewer] * draw.uniform(0.5, 1.5)
            for reviewer, author in permutations(names, 2)
        },
        slots,
        shared,
    )


def compare(what: str, cases: Iterator[Case]) -> None:
    """Print how far the rounds of these cases are from their critical paths, and from staged."""
    excess, faster = [], []
    missed = slower = 0
    for case in cases:
        pipelined, staged = case.seconds("pipelined"), case.seconds("staged")
        excess.append(pipelined / case.critical_path - 1)
        faster.append(staged / pipelined)
        missed += pipelined > case.critical_path * (1 + SHARE) + SECONDS
        slower += pipelined > staged + 1e-6
    print(
        f"{what}: {len(faster)} rounds, at most {100 * max(excess):.3g} % above the critical path "
        f"({missed} by more than 2 % + 50 ms); staged takes {statistics.median(faster):.2f} times "
        f"as long (median; least {min(faster):.3f}, {slower} times shorter)"
    )


def main(rounds: int) -> None:
    case = named()
    pipelined, staged = case.seconds("pipelined"), case.seconds("staged")
    print(f"the named case: {beside(pipelined, case.critical_path * (1 + SHARE) + SECONDS)}")
    print(f"  staged takes {staged / pipelined:.2f} times as long (at least {SPEEDUP})")
    real = asyncio.run(case.run("pipelined", REAL_SCALE))
    limit = case.critical_path * REAL_SCALE * (1 + SHARE) + SECONDS
    print(f"  in real time, {1 / REAL_SCALE:g} times as fast: {beside(real, limit)}")
    draw = random.Random(7)
    for what, slots, shared in (
        ("one slot each", 1, False),
        ("slots for all", 64, False),
        ("one host, one slot", 1, True),
        ("one host, three slots (that bound may be out of reach)", 3, True),
    ):
        compare(what, (drawn(draw, slots, shared) for _ in range(rounds)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
