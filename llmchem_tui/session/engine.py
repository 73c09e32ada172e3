"""Runs a plan against the providers and tells what happens, as an asynchronous stream of events.

Nobody else calls a model. A call that fails ends with its status and never stops its round.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from math import inf

from llmchem_tui.domain.model import Answer, AnswerResult, Review, ReviewResult, Status
from llmchem_tui.session.anonymity import mask_answer
from llmchem_tui.session.calls import Endpoint, Reply, Retrying, ask
from llmchem_tui.session.deadlines import Deadlines
from llmchem_tui.session.events import (
    AnswerEnded,
    CallStarted,
    Event,
    Phase,
    PhaseChanged,
    ReviewEnded,
    RoundEnded,
    RoundResumed,
    RoundStarted,
    TextArrived,
)
from llmchem_tui.session.protocol import (
    ANSWER_SCHEMA,
    REVIEW_FORMAT,
    Prompts,
    answer_messages,
    review_messages,
)
from llmchem_tui.session.provider import (
    CallRequest,
    Delta,
    Loading,
    ProviderError,
    ResponseTimeout,
    Text,
    Thinking,
)
from llmchem_tui.session.scheduler import Job, Plan, RoundPlan, Scheduler
from llmchem_tui.session.state import RoundState

_CANCELLED = Reply(Status.CANCELLED, message="cancelled")
_PHASES = {
    Retrying: Phase.RETRYING,
    Loading: Phase.LOADING,
    Thinking: Phase.THINKING,
    Text: Phase.WRITING,
}


async def run_rounds(
    plan: Plan,
    endpoints: Mapping[str, Endpoint],
    prompts: Prompts,
    stop: asyncio.Event | None = None,
) -> AsyncGenerator[Event, None]:
    """Run the rounds of a plan; yields every event, the last of each round is ``RoundEnded``.

    Setting ``stop`` cancels all open calls, tells so, and ends the stream; closing the generator
    cancels them too, without a word.
    """
    run = _Run(plan, endpoints, prompts)
    driver = asyncio.create_task(run.drive(stop or asyncio.Event()))
    try:
        while (event := await run.events.get()) is not None:
            yield event
        await driver
    finally:
        driver.cancel()
        await asyncio.wait([driver])


class _Run:
    """One plan being run: its schedule, its open calls, and the queue of what has happened."""

    def __init__(self, plan: Plan, endpoints: Mapping[str, Endpoint], prompts: Prompts) -> None:
        self.plan = plan
        self.endpoints = endpoints
        self.prompts = prompts
        self.events: asyncio.Queue[Event | None] = asyncio.Queue()
        self.schedule = Scheduler(plan, endpoints)
        self.loop = asyncio.get_running_loop()
        self.began = self.loop.time()
        self.answers: dict[tuple[str, str], Answer] = {}
        self.masked: dict[tuple[str, str], tuple[Answer, int]] = {}
        self.started: dict[str, float] = {}
        self.open = {r.trial: r for r in plan.rounds}
        self.deadlines = Deadlines(plan.deadline_seconds)
        self.late: set[str] = set()
        self._resume([RoundState.of(r.before) for r in plan.rounds if r.before])

    def _resume(self, states: Sequence[RoundState]) -> None:
        """Take up the clock where it stopped, and what the rounds have behind them."""
        self.began -= max((state.now for state in states), default=0.0)
        for state in states:
            self.started[state.trial] = self.now() - state.elapsed
            for name in state.authors:
                answer = state.answers[name].answer
                assert answer is not None
                self.answers[state.trial, name] = answer
            self.events.put_nowait(RoundResumed(at=self.now(), trial=state.trial))

    def now(self) -> float:
        return self.loop.time() - self.began

    async def drive(self, stop: asyncio.Event) -> None:
        running: dict[asyncio.Task[bool], Job] = {}
        stopper = asyncio.create_task(stop.wait())
        try:
            await self._look_into_memories()
            self._end_finished_rounds()  # one may have broken off behind its last call
            while self.open and not stop.is_set():
                for job in self.schedule.start_ready():
                    running[self._start(job)] = job
                done, _ = await asyncio.wait(
                    {*running, stopper},
                    timeout=self._until_next_deadline(),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in done - {stopper}:
                    job = running.pop(task)
                    self.deadlines.end(job.round.trial, self.loop.time())
                    self.schedule.end(job, ok=task.result())
                self._drop_late_calls()
                self._end_finished_rounds()
            await self._cancel(running)
        finally:
            stopper.cancel()
            for task in running:
                task.cancel()
            await asyncio.gather(stopper, *running, return_exceptions=True)
            self.events.put_nowait(None)

    def _start(self, job: Job) -> asyncio.Task[bool]:
        trial = job.round.trial
        if trial not in self.started:
            self.started[trial] = self.now()
            self.events.put_nowait(
                RoundStarted(
                    at=self.now(),
                    trial=trial,
                    vignette=job.round.vignette,
                    ensemble=job.round.ensemble,
                    strategy=job.round.strategy,
                    seed=job.round.seed,
                    order=self.plan.order,
                )
            )
        self.deadlines.begin(trial, self.loop.time())
        return asyncio.create_task(self._call(job))

    async def _call(self, job: Job) -> bool:
        """Make a call and tell about it; returns whether it ended ok."""
        request, masked = self._request(job)
        began = self.now()
        self.events.put_nowait(
            CallStarted(
                at=began,
                trial=job.round.trial,
                call=job.call,
                endpoint=job.endpoint,
                label=job.label,
                position=job.position,
                masked=masked,
            )
        )
        try:
            async with asyncio.timeout_at(self.deadlines.of(job.round.trial)) as patience:
                endpoint = self.endpoints[job.endpoint]
                reply = await ask(endpoint, request, self.prompts, self._teller(job))
        except TimeoutError:
            if not patience.expired():  # not ours: a fault of the provider
                raise
            reply = self._late()
        except ResponseTimeout as error:
            reply = Reply(Status.TIMEOUT, message=str(error))
        except ProviderError as error:
            reply = Reply(Status.ERROR, message=str(error))
        except asyncio.CancelledError:
            self._end_call(job, _CANCELLED, self.now() - began)
            raise
        self._end_call(job, reply, self.now() - began)
        if job.loads:
            await self._look_into_memory(job.endpoint)
        return reply.status is Status.OK

    async def _look_into_memories(self) -> None:
        used = {name for r in self.plan.rounds for s in r.ensemble for name in s.endpoints}
        limited = [n for n in sorted(used) if self.endpoints[n].memory]
        await asyncio.gather(*map(self._look_into_memory, limited))

    async def _look_into_memory(self, endpoint: str) -> None:
        loaded = await self.endpoints[endpoint].provider.loaded()
        if loaded is not None:
            self.schedule.saw_loaded(endpoint, loaded)

    def _request(self, job: Job) -> tuple[CallRequest, int]:
        plan, author = job.round, job.call.author
        subject, masked = None, 0
        if author is None:
            messages = answer_messages(self.prompts, plan.vignette)
        else:
            subject, masked = self._masked(plan, author)
            rng = random.Random(f"delimiter|{plan.seed}|{job.call.model}|{author}")
            messages = review_messages(self.prompts, plan.vignette, subject, job.label, rng)
        request = CallRequest(
            model=job.spec,
            system=self.prompts.system,
            messages=messages,
            schema=ANSWER_SCHEMA if author is None else REVIEW_FORMAT,
            seed=plan.seed,
            vignette=plan.vignette,
            author=author,
            subject=subject,
        )
        return request, masked

    def _masked(self, plan: RoundPlan, author: str) -> tuple[Answer, int]:
        """An answer as all its reviewers get it; of a long one this takes a moment."""
        if (plan.trial, author) not in self.masked:
            names = {name for spec in plan.ensemble for name in (spec.name, spec.id)}
            answer = self.answers[plan.trial, author]
            self.masked[plan.trial, author] = mask_answer(answer, names)
        return self.masked[plan.trial, author]

    def _teller(self, job: Job) -> Callable[[Delta | Retrying, bool], None]:
        trial, call = job.round.trial, job.call
        phase: Phase | None = None

        def tell(delta: Delta | Retrying, repair: bool) -> None:
            nonlocal phase
            entered = _PHASES.get(type(delta))
            if entered is not None and entered is not phase:
                phase = entered
                self.events.put_nowait(
                    PhaseChanged(at=self.now(), trial=trial, call=call, phase=phase)
                )
            if isinstance(delta, Text | Thinking) and delta.text:
                self.events.put_nowait(
                    TextArrived(
                        at=self.now(),
                        trial=trial,
                        call=call,
                        text=delta.text,
                        thinking=isinstance(delta, Thinking),
                        repair=repair,
                    )
                )

        return tell

    def _until_next_deadline(self) -> float | None:
        soonest = min(map(self.deadlines.of, self.open.keys() - self.late), default=inf)
        return None if soonest == inf else max(0.0, soonest - self.loop.time())

    def _drop_late_calls(self) -> None:
        for trial in self.open:
            if self.loop.time() >= self.deadlines.of(trial):
                self.late.add(trial)
                for job in self.schedule.drop(trial):
                    self._end_call(job, self._late())

    def _late(self) -> Reply:
        seconds = self.plan.deadline_seconds
        return Reply(Status.TIMEOUT, message=f"the round's deadline of {seconds:g} s passed")

    def _end_finished_rounds(self) -> None:
        for trial in [t for t in self.open if t in self.started and self.schedule.over(t)]:
            del self.open[trial]
            self.events.put_nowait(
                RoundEnded(at=self.now(), trial=trial, elapsed=self.now() - self.started[trial])
            )

    async def _cancel(self, running: dict[asyncio.Task[bool], Job]) -> None:
        for task in running:
            task.cancel()
        for result in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(result, Exception):  # a bug, which cancelling must not hide
                raise result
        for trial in self.open:
            if trial not in self.started:
                continue
            for job in self.schedule.drop(trial):
                self._end_call(job, _CANCELLED)
            elapsed = self.now() - self.started[trial]
            self.events.put_nowait(
                RoundEnded(at=self.now(), trial=trial, elapsed=elapsed, cancelled=True)
            )

    def _end_call(self, job: Job, reply: Reply, latency: float | None = None) -> None:
        """Tell how a call ended, and keep an ok answer for its reviewers."""
        event: Event
        if job.call.author is None:
            answer = reply.value if isinstance(reply.value, Answer) else None
            if reply.status is Status.OK and answer is not None:
                self.answers[job.round.trial, job.call.model] = answer
            event = AnswerEnded(
                at=self.now(),
                trial=job.round.trial,
                result=AnswerResult(
                    job.call.model,
                    reply.status,
                    answer,
                    latency,
                    reply.usage,
                    reply.message,
                    reply.refused,
                ),
            )
        else:
            event = ReviewEnded(
                at=self.now(),
                trial=job.round.trial,
                result=ReviewResult(
                    job.call.model,
                    job.call.author,
                    reply.status,
                    reply.value if isinstance(reply.value, Review) else None,
                    job.label,
                    job.position,
                    latency,
                    reply.usage,
                    reply.message,
                ),
            )
        self.events.put_nowait(event)
