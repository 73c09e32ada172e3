"""Which call may start now: pure bookkeeping, no clock, no I/O.

Pipelined, a review may start as soon as its reviewer has answered and the answer to review exists;
staged, only when every answer of the round has ended. Rounds are served in the order of the plan,
answers before reviews, and never more calls at once on an endpoint than it has slots.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import ModelSpec, Vignette
from llmchem_tui.session.anonymity import draw_labels
from llmchem_tui.session.events import Call

Order = Literal["pipelined", "staged"]


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """One vignette and one ensemble; ``seed`` drives labels, order and the servers' sampling.

    Raises:
        InputError: the ensemble is empty, or a model is in it twice.
    """

    trial: str
    vignette: Vignette
    ensemble: tuple[ModelSpec, ...]
    strategy: str
    seed: int

    def __post_init__(self) -> None:
        names = [spec.name for spec in self.ensemble]
        if not names:
            raise InputError(f"round {self.trial} has no model; choose at least one")
        if len(set(names)) < len(names):
            raise InputError(f"round {self.trial} has a model twice; choose each once")


@dataclass(frozen=True, slots=True)
class Plan:
    """Rounds that are run together. ``deadline_seconds`` is each round's, from its first call."""

    rounds: tuple[RoundPlan, ...]
    order: Order = "pipelined"
    deadline_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Job:
    """A call of a round that can be started."""

    round: RoundPlan
    call: Call
    spec: ModelSpec
    label: str = ""
    position: int = 0


class _RoundQueue:
    """The calls of one round that have neither started nor become impossible."""

    def __init__(self, plan: RoundPlan, order: Order) -> None:
        self.plan = plan
        self.order = order
        self.queued = [Job(plan, Call(spec.name), spec) for spec in plan.ensemble]
        self.running: set[Call] = set()
        self.answered: set[str] = set()
        self.failed: set[str] = set()
        self.reviews = self._reviews()

    def _reviews(self) -> list[Job]:
        names = [spec.name for spec in self.plan.ensemble]
        jobs = []
        for spec in self.plan.ensemble:
            authors = [name for name in names if name != spec.name]
            for author, (label, position) in draw_labels(
                self.plan.seed, spec.name, authors
            ).items():
                jobs.append(Job(self.plan, Call(spec.name, author), spec, label, position))
        return sorted(jobs, key=lambda job: (job.position, names.index(job.call.model)))

    def ready(self) -> list[Job]:
        return self.queued + [job for job in self.reviews if self._may_review(job.call)]

    def _may_review(self, call: Call) -> bool:
        all_ended = len(self.answered) + len(self.failed) == len(self.plan.ensemble)
        return (self.order == "pipelined" or all_ended) and self._both_answered(call)

    def _both_answered(self, call: Call) -> bool:
        return {call.model, call.author} <= self.answered

    def start(self, job: Job) -> None:
        (self.queued if job.call.author is None else self.reviews).remove(job)
        self.running.add(job.call)

    def end(self, call: Call, ok: bool) -> None:
        self.running.remove(call)
        if call.author is None:
            (self.answered if ok else self.failed).add(call.model)
            self.reviews = [
                job for job in self.reviews if not {job.call.model, job.call.author} & self.failed
            ]

    def drop(self) -> list[Job]:
        """Give up what has not started; returns the calls that would have taken place."""
        dropped = self.queued + [job for job in self.reviews if self._both_answered(job.call)]
        self.queued, self.reviews = [], []
        return dropped

    @property
    def over(self) -> bool:
        return not (self.queued or self.reviews or self.running)


class Scheduler:
    """The calls of a plan and what has become of them."""

    def __init__(self, plan: Plan, slots: Mapping[str, int]) -> None:
        self._rounds = {r.trial: _RoundQueue(r, plan.order) for r in plan.rounds}
        self._slots = slots
        self._busy: Counter[str] = Counter()

    def ready(self) -> list[Job]:
        """Return the calls that may start now, within the slots of their endpoints."""
        free = {name: slots - self._busy[name] for name, slots in self._slots.items()}
        chosen = []
        for queue in self._rounds.values():
            for job in queue.ready():
                if free[job.spec.endpoint] > 0:
                    free[job.spec.endpoint] -= 1
                    chosen.append(job)
        return chosen

    def start(self, job: Job) -> None:
        """Note that a call has started."""
        self._rounds[job.round.trial].start(job)
        self._busy[job.spec.endpoint] += 1

    def end(self, job: Job, *, ok: bool) -> None:
        """Note that a call has ended; reviews by or of a failed author become impossible."""
        self._rounds[job.round.trial].end(job.call, ok)
        self._busy[job.spec.endpoint] -= 1

    def drop(self, trial: str) -> Sequence[Job]:
        """Give up the calls of a round that have not started, and return them."""
        return self._rounds[trial].drop()

    def over(self, trial: str) -> bool:
        """Whether every call of the round has ended."""
        return self._rounds[trial].over
