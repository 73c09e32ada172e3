"""How long a plan will take, and in which order models come and go: the schedule, played ahead.

A pure computation on what past calls took; the same chart is made of a round that is running.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from statistics import median

from llmchem_tui.domain.model import AnswerResult, ReviewResult, Status
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.scheduler import Job, Plan, Scheduler
from llmchem_tui.session.state import CallState, RoundState


@dataclass(frozen=True, slots=True)
class Pace:
    """What calls to a model took so far; None where no past call tells.

    ``load_seconds``: median of its loads. ``tokens_per_second``: written per second of a call,
    loading not counted. ``answer_tokens``, ``review_tokens``: medians of what it wrote, and
    ``answer_tokens_in``, ``review_tokens_in`` of what it read for them.
    """

    load_seconds: float | None = None
    tokens_per_second: float | None = None
    answer_tokens: float | None = None
    review_tokens: float | None = None
    answer_tokens_in: float | None = None
    review_tokens_in: float | None = None

    def seconds(self, *, review: bool) -> float | None:
        """How long an answer or a review takes, loading not counted."""
        tokens = self.review_tokens if review else self.answer_tokens
        if tokens is None or not self.tokens_per_second:
            return None
        return tokens / self.tokens_per_second


@dataclass(slots=True)
class Bar:
    """One stay of a model at an endpoint, in seconds of the plan: first ``load``, then calls."""

    endpoint: str
    model: str
    begin: float
    load: float
    end: float
    answers: int = 0
    reviews: int = 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """A plan played ahead: its stays in the order in which they begin.

    ``unknown``: the models that no past call tells enough about. With any, ``seconds`` is None and
    the bars tell the order only. ``loads``: how often a model is loaded. ``load_seconds``: what a
    load of each model took so far, where that is known.
    """

    bars: tuple[Bar, ...]
    seconds: float | None
    loads: int
    unknown: tuple[str, ...] = ()
    load_seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The plan in a line: seconds, loads, and the order in which models come and go."""
        if self.seconds is None:
            all_of_them = len(self.unknown) == len({bar.model for bar in self.bars})
            who = "each model" if all_of_them else ", ".join(self.unknown)
            seconds = f"seconds unknown until {who} ran once"
        else:
            seconds = about(self.seconds)
        if not self.loads:
            return seconds
        lines = defaultdict[str, list[str]](list)
        for bar in self.bars:
            if bar.load:
                lines[bar.endpoint].append(bar.model)
        stays = "; ".join(" → ".join(models) for models in lines.values())
        return f"{seconds}, {self.loads} load{'s' * (self.loads > 1)}: {stays}"


def about(seconds: float) -> str:
    """Return seconds as an estimate deserves to be told."""
    if seconds < _MINUTES * 60:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min"


_MINUTES = 2


def paces(results: Iterable[AnswerResult | ReviewResult]) -> dict[str, Pace]:
    """Return the pace of each model, by name, that past calls tell of."""
    seen: dict[str, _Seen] = defaultdict(_Seen)
    for result in results:
        model = result.model if isinstance(result, AnswerResult) else result.reviewer
        seen[model].add(result)
    return {name: one.pace() for name, one in seen.items()}


@dataclass(slots=True)
class _Seen:
    loads: list[float] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    reviews: list[int] = field(default_factory=list)
    read: tuple[list[int], list[int]] = field(default_factory=lambda: ([], []))
    tokens: int = 0
    seconds: float = 0.0

    def add(self, result: AnswerResult | ReviewResult) -> None:
        usage, latency = result.usage, result.latency
        if usage.load_seconds is not None:
            self.loads.append(usage.load_seconds)
        if result.status is not Status.OK or latency is None or usage.tokens_out is None:
            return
        is_answer = isinstance(result, AnswerResult)
        (self.answers if is_answer else self.reviews).append(usage.tokens_out)
        if usage.tokens_in is not None:
            self.read[not is_answer].append(usage.tokens_in)
        self.tokens += usage.tokens_out
        self.seconds += max(0.0, latency - (usage.load_seconds or 0.0))

    def pace(self) -> Pace:
        real = [seconds for seconds in self.loads if seconds >= _A_LOAD]
        return Pace(
            median(real) if real else None,
            self.tokens / self.seconds if self.seconds else None,
            median(self.answers) if self.answers else None,
            median(self.reviews) if self.reviews else None,
            *(median(tokens) if tokens else None for tokens in self.read),
        )


_A_LOAD = 0.5
"""Seconds; servers report shorter "loads" of models that were in memory all the time."""


def forecast(
    plan: Plan,
    endpoints: Mapping[str, Endpoint],
    known: Mapping[str, Pace],
    loaded: Mapping[str, Collection[str]],
) -> Forecast:
    """Play a plan ahead. ``known``: paces by model; ``loaded``: ids in memory by endpoint.

    Where the memory of an endpoint is not limited, only models that were seen to load are loaded,
    and none where ``loaded`` does not speak of it.
    """
    return _Play(plan, endpoints, known, loaded).played()


class _Play:
    def __init__(
        self,
        plan: Plan,
        endpoints: Mapping[str, Endpoint],
        known: Mapping[str, Pace],
        loaded: Mapping[str, Collection[str]],
    ) -> None:
        self.schedule = Scheduler(plan, endpoints)
        self.known = known
        self.limited = {n for n, e in endpoints.items() if e.memory}
        self.loaded = {name: set(ids) for name, ids in loaded.items()}
        self.stays: dict[tuple[str, str], Bar] = {}
        self.bars: list[Bar] = []
        self.loads = 0
        self.unknown: set[str] = set()
        for name in self.limited & loaded.keys():
            self.schedule.saw_loaded(name, loaded[name])

    def played(self) -> Forecast:
        now, order = 0.0, count()
        running: list[tuple[float, int, Job]] = []
        while True:
            for job in self.schedule.start_ready():
                heapq.heappush(running, (self._start(job, now), next(order), job))
            if not running:
                break
            now, _, job = heapq.heappop(running)
            self.schedule.end(job, ok=True)
        took = {name: pace.load_seconds for name, pace in self.known.items()}
        return Forecast(
            tuple(self.bars),
            None if self.unknown else now,
            self.loads,
            tuple(sorted(self.unknown)),
            {name: seconds for name, seconds in took.items() if seconds is not None},
        )

    def _start(self, job: Job, now: float) -> float:
        """Note a call, and return when it will end."""
        name = job.spec.name
        pace = self.known.get(name, Pace())
        loads = self._loads(job)
        seconds = pace.seconds(review=job.call.author is not None)
        if seconds is None or (loads and pace.load_seconds is None):
            self.unknown.add(name)
        load = (pace.load_seconds or 1.0) if loads else 0.0
        end = now + load + (1.0 if seconds is None else seconds)
        self.loads += loads
        if loads or (job.endpoint, name) not in self.stays:
            self.stays[job.endpoint, name] = Bar(job.endpoint, name, now, load, end)
            self.bars.append(self.stays[job.endpoint, name])
        _extend(self.stays[job.endpoint, name], end, review=job.call.author is not None)
        return end

    def _loads(self, job: Job) -> bool:
        if job.endpoint in self.limited:
            return job.loads
        memory = self.loaded.get(job.endpoint)
        known = self.known.get(job.spec.name, Pace()).load_seconds is not None
        if memory is None or job.spec.id in memory or not known:
            return False
        memory.add(job.spec.id)
        return True


def _extend(bar: Bar, end: float, *, review: bool) -> None:
    bar.end = max(bar.end, end)
    bar.reviews += review
    bar.answers += not review


def actual_bars(state: RoundState, now: float) -> tuple[Bar, ...]:
    """Return the stays of a round so far; ``now``, in seconds of the plan, ends those that run."""
    stays: dict[tuple[str, str], Bar] = {}
    bars: list[Bar] = []
    begun = [call for call in state.calls.values() if call.began is not None]
    for call in sorted(begun, key=lambda call: call.began or 0.0):
        began = (call.began or 0.0) - state.started.at
        end = _end(call, began, now - state.started.at)
        key = call.endpoint, call.call.model
        if call.loading or key not in stays:
            stays[key] = Bar(*key, began, _load(call, began, end), end)
            bars.append(stays[key])
        _extend(stays[key], end, review=call.call.author is not None)
    return tuple(bars)


def _end(call: CallState, began: float, now: float) -> float:
    if call.result is None:
        return now
    return began + (call.result.latency or 0.0)


def _load(call: CallState, began: float, end: float) -> float:
    if not call.loading:
        return 0.0
    if call.result is not None and call.result.usage.load_seconds is not None:
        return call.result.usage.load_seconds
    return end - began if call.word == "loading model" else 0.0
