"""Which call may start now: pure bookkeeping, no clock, no I/O.

Pipelined, a review may start as soon as its reviewer has answered and the answer to review exists;
staged, only when every answer of the round has ended. Rounds are served in the order of the plan,
answers before reviews, within what the endpoints can bear (``hosts``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import ModelSpec, Status, Vignette
from llmchem_tui.session.anonymity import draw_labels
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.events import Call, Event
from llmchem_tui.session.hosts import WORTH_A_LOAD, Host
from llmchem_tui.session.state import RoundState

Order = Literal["pipelined", "staged"]


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """One vignette and one ensemble; ``seed`` drives labels, order and the servers' sampling.

    ``before``: what has happened already to a round that goes on, its ``RoundStarted`` first;
    its finished calls are not made again.

    Raises:
        InputError: the ensemble is empty, or a model is in it twice.
    """

    trial: str
    vignette: Vignette
    ensemble: tuple[ModelSpec, ...]
    strategy: str
    seed: int
    before: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        names = [spec.name for spec in self.ensemble]
        if not names:
            raise InputError(f"round {self.trial} has no model; choose at least one")
        if len(set(names)) < len(names):
            raise InputError(f"round {self.trial} has a model twice; choose each once")


@dataclass(frozen=True, slots=True)
class Plan:
    """Rounds that are run together.

    ``deadline_seconds`` is each round's; only time in which a call of it is running counts.
    """

    rounds: tuple[RoundPlan, ...]
    order: Order = "pipelined"
    deadline_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Job:
    """A call of a round; once it has started, at which ``endpoint``.

    ``loads``: as far as is known, the model is not in the endpoint's memory yet.
    """

    round: RoundPlan
    call: Call
    spec: ModelSpec
    label: str = ""
    position: int = 0
    endpoint: str = ""
    loads: bool = False


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
        if plan.before:
            self._leave_out(RoundState.of(plan.before).finished)

    def _leave_out(self, finished: Mapping[Call, Status]) -> None:
        for job in self.left:
            if job.call in finished and job in self.left:  # a failed author's reviews are out
                self.start(job)
                self.end(job.call, finished[job.call] is Status.OK)

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

    @property
    def left(self) -> list[Job]:
        """The calls that have not started and may still take place."""
        return [*self.queued, *self.reviews]

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
    """The calls of a plan, what has become of them, and where the next ones go."""

    def __init__(self, plan: Plan, endpoints: Mapping[str, Endpoint]) -> None:
        self._rounds = {r.trial: _RoundQueue(r, plan.order) for r in plan.rounds}
        self._hosts = {name: Host(name, endpoint) for name, endpoint in endpoints.items()}

    def saw_loaded(self, endpoint: str, models: Iterable[str]) -> None:
        """Take in which models, by id, an endpoint has in its memory now."""
        self._hosts[endpoint].saw(models)

    def start_ready(self) -> list[Job]:
        """Start the calls that may start now, and return them with the endpoint that each goes to.

        Models in memory go first; then models are loaded where there is room, or where one leaves.
        """
        waiting = [job for queue in self._rounds.values() for job in queue.ready()]
        started: list[Job] = []
        for host in self._hosts.values():
            started += self._serve(host, waiting)
        for host in self._hosts.values():
            while host.limited and (model := self._next_to_load(host, waiting)):
                started += self._serve(host, waiting, load=model)
        return started

    def _serve(self, host: Host, waiting: list[Job], load: str = "") -> list[Job]:
        """Start what the host can do at once, or with ``load`` one call to a model to be loaded."""
        started = []
        # Where models take turns, answers are what the reviewers on other hosts wait for.
        turns = sorted(waiting, key=_is_review) if host.limited else list(waiting)
        for job in turns:
            model = job.spec.id
            wanted = model == load if load else host.serves(model)
            if host.name in job.spec.endpoints and wanted and host.room_for(model):
                waiting.remove(job)
                self._rounds[job.round.trial].start(job)
                host.start(model)
                started.append(replace(job, endpoint=host.name, loads=bool(load)))
                if load:
                    break
        return started

    def _next_to_load(self, host: Host, waiting: Sequence[Job]) -> str:
        """The id of the model to bring into a host's memory now; blank: none."""
        here = [job for job in waiting if host.name in job.spec.endpoints]
        here = [j for j in here if not host.serves(j.spec.id) and host.room_for(j.spec.id)]
        alone = [job for job in here if not self._served_elsewhere(host, job)]
        unanswered = [job.spec.id for job in alone if job.call.author is None]
        if unanswered:
            return unanswered[0] if self._make_room(host, waiting, for_answers=True) else ""
        # Back down the line: the host may still have its file at hand.
        models = sorted({job.spec.id for job in alone}, key=lambda id_: _latest(host.used, id_))
        if not models:
            calls = Counter(job.spec.id for job in here)
            models = [model for model, count in calls.items() if count >= WORTH_A_LOAD]
        return models[-1] if models and self._make_room(host, waiting, for_answers=False) else ""

    def _make_room(self, host: Host, waiting: Sequence[Job], *, for_answers: bool) -> bool:
        """Let a model go if the memory is full; returns whether there is room now."""
        if not host.full:
            return True
        wanted = {job.spec.id for job in waiting if host.name in job.spec.endpoints}
        for model in host.resident:
            busy = host.running[model] or model in wanted
            if not busy and (for_answers or not self._is_bound(host, model)):
                host.evict(model)
                return True
        return False

    def _is_bound(self, host: Host, model: str) -> bool:
        """Whether a model has calls left for which it would have to come back to the host."""
        return any(
            job.spec.id == model
            and host.name in job.spec.endpoints
            and not self._served_elsewhere(host, job)
            for queue in self._rounds.values()
            for job in queue.left
        )

    def _served_elsewhere(self, host: Host, job: Job) -> bool:
        others = (self._hosts[name] for name in job.spec.endpoints if name != host.name)
        return any(other.serves(job.spec.id) for other in others)

    def end(self, job: Job, *, ok: bool) -> None:
        """Note that a call has ended; reviews by or of a failed author become impossible."""
        self._rounds[job.round.trial].end(job.call, ok)
        self._hosts[job.endpoint].end(job.spec.id)

    def drop(self, trial: str) -> Sequence[Job]:
        """Give up the calls of a round that have not started, and return them."""
        return self._rounds[trial].drop()

    def over(self, trial: str) -> bool:
        """Whether every call of the round has ended."""
        return self._rounds[trial].over


def _is_review(job: Job) -> bool:
    return job.call.author is not None


def _latest(used: Sequence[str], model: str) -> int:
    return used.index(model) if model in used else -1
