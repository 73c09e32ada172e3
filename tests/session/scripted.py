"""A provider that does what a test tells it to, and small rounds to run against it.

Time in these tests is virtual: a step that waits an hour takes none of ours.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping, Sequence
from itertools import permutations
from typing import Any, TypeVar

from llmchem_tui.domain.model import (
    Locality,
    ModelSpec,
    ReviewResult,
    Usage,
    Vignette,
)
from llmchem_tui.providers.simulated import VirtualTimeLoop
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.engine import run_rounds
from llmchem_tui.session.events import (
    AnswerEnded,
    Call,
    CallStarted,
    Event,
    ReviewEnded,
    RoundEnded,
)
from llmchem_tui.session.protocol import Prompts
from llmchem_tui.session.provider import CallRequest, Delta, Ended, Finish, Text
from llmchem_tui.session.scheduler import Order, Plan, RoundPlan

T = TypeVar("T")

Step = Delta | float | asyncio.Event | BaseException | Callable[[], None]
"""A delta is sent, a number slept, an event waited for, an error raised, a function called."""

Script = Sequence[Step]
FOREVER = 1e9

PROMPTS = Prompts(
    system="You are a pharmacologist.",
    answer="CASE {vignette} SCHEMA {schema}",
    review="CASE {vignette} ANSWER {label} {delimiter}\n{answer}\n{delimiter} SCHEMA {schema}",
    repair="PROBLEM {problem} SCHEMA {schema}",
)
VIGNETTE = Vignette("cough", "A cough", "A 40-year-old man coughs. No allergies.")


def spec(name: str, endpoint: str = "server") -> ModelSpec:
    return ModelSpec(name, endpoint, name, Locality.LOCAL)


def medication(name: str = "amoxicillin", action: str = "start", **parts: str) -> dict[str, str]:
    given = {"dose": "500 mg", "route": "oral", "frequency": "three times daily"} | parts
    return {"action": action, "name": name, "duration": "5 days"} | given


def answer_json(*drugs: str, assessment: str = "Probably bacterial.") -> str:
    medications = [medication(drug) for drug in drugs or ("amoxicillin",)]
    return json.dumps(
        {"assessment": assessment, "medications": medications, "cautions": ["Check the kidneys."]}
    )


def review_json(grade: object = 0.8, concern: str | None = None) -> str:
    return json.dumps({"rationale": "Fits.", "grade": grade, "safety_concern": concern})


def said(text: str, usage: Usage = Usage(), finish: Finish = Finish.STOP) -> Script:
    """A whole reply."""
    return (Text(text), Ended(finish, usage))


class ScriptedProvider:
    """Replies by script, else with a good answer or a grade of 0.8.

    ``scripts``: the scripts of a call, one for each time that it is asked; an answer's call is the
    model's name, a review's is (reviewer, author).
    """

    def __init__(self, scripts: Mapping[Any, Sequence[Script]] | None = None):
        self._scripts = defaultdict[Call, list[Script]](list)
        for key, of_call in (scripts or {}).items():
            call = Call(key) if isinstance(key, str) else Call(*key)
            self._scripts[call] = list(of_call)
        self.requests: list[CallRequest] = []
        self.open: list[Call] = []
        self.closed: list[Call] = []
        self.most_open = 0

    async def models(self) -> list[ModelSpec]:
        return []

    async def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
        call = Call(request.model.name, request.author)
        self.requests.append(request)
        self.open.append(call)
        self.most_open = max(self.most_open, len(self.open))
        try:
            for step in self._script(call):
                if isinstance(step, BaseException):
                    raise step
                if isinstance(step, float | int):
                    await asyncio.sleep(step)
                elif isinstance(step, asyncio.Event):
                    await step.wait()
                elif callable(step):
                    step()
                else:
                    yield step
        finally:
            self.open.remove(call)
            self.closed.append(call)

    async def loaded(self) -> frozenset[str] | None:
        return None

    async def aclose(self) -> None:
        """Nothing is open."""

    def _script(self, call: Call) -> Script:
        if self._scripts[call]:
            return self._scripts[call].pop(0)
        return said(answer_json() if call.author is None else review_json())

    def asked(self, model: str, author: str | None = None) -> list[CallRequest]:
        """The requests of one call: the first, and the repairing one."""
        return [r for r in self.requests if (r.model.name, r.author) == (model, author)]


def in_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work)


def round_plan(
    ensemble: Iterable[str | ModelSpec] = "abc",
    *,
    trial: str = "trial 1",
    seed: int = 7,
    vignette: Vignette = VIGNETTE,
) -> RoundPlan:
    specs = tuple(spec(model) if isinstance(model, str) else model for model in ensemble)
    return RoundPlan(trial, vignette, specs, "RANDOM", seed)


def plan_of(
    *rounds: RoundPlan, order: Order = "pipelined", deadline_seconds: float = 3600.0
) -> Plan:
    return Plan(rounds or (round_plan(),), order, deadline_seconds)


async def collect(
    provider: ScriptedProvider,
    plan: Plan | None = None,
    *,
    stop: asyncio.Event | None = None,
    slots: int = 100,
    first_byte_seconds: float = 600.0,
    idle_seconds: float = 60.0,
) -> list[Event]:
    """Run a plan (a, b and c by default) to its end and return all its events."""
    endpoint = Endpoint(provider, slots, first_byte_seconds, idle_seconds)
    endpoints = {"server": endpoint}
    return [event async for event in run_rounds(plan or plan_of(), endpoints, PROMPTS, stop)]


def ended_calls(events: Iterable[Event]) -> dict[Call, AnswerEnded | ReviewEnded]:
    """The event that ended each call; fails where a call ended twice."""
    ended: dict[Call, AnswerEnded | ReviewEnded] = {}
    for event in events:
        if not isinstance(event, AnswerEnded | ReviewEnded):
            continue
        result = event.result
        if isinstance(result, ReviewResult):
            call = Call(result.reviewer, result.author)
        else:
            call = Call(result.model)
        assert call not in ended
        ended[call] = event
    return ended


def statuses(events: Iterable[Event]) -> dict[str | tuple[str, str], str]:
    """How each call ended: answers by model, reviews by (reviewer, author)."""
    return {
        (call.model if call.author is None else (call.model, call.author)): str(event.result.status)
        for call, event in ended_calls(events).items()
    }


def started_calls(events: Iterable[Event]) -> list[Call]:
    return [event.call for event in events if isinstance(event, CallStarted)]


def round_ends(events: Iterable[Event]) -> list[RoundEnded]:
    return [event for event in events if isinstance(event, RoundEnded)]


OK_ANSWER = said(answer_json())
OK_REVIEW = said(review_json())
PAIRS = list(permutations("abc", 2))
"""Who reviews whom in a round of a, b and c."""


def slow(seconds: float, script: Script) -> Script:
    return (seconds, *script)
