"""Whatever the hosts, their memories and the failures: a plan ends, and within their limits."""

from __future__ import annotations

import math
import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from llmchem_tui.domain.model import AnswerResult, Locality, ModelSpec
from llmchem_tui.providers.simulated import SimulatedProvider
from llmchem_tui.providers.simulated_models import Character
from llmchem_tui.session.calls import Endpoint, Memory
from llmchem_tui.session.engine import run_rounds
from llmchem_tui.session.events import AnswerEnded, Call, CallStarted, Event, ReviewEnded
from llmchem_tui.session.forecast import Pace, forecast
from llmchem_tui.session.scheduler import Plan

from .scripted import PROMPTS, in_virtual_time, plan_of, round_ends, round_plan

PACE = Pace(5.0, 10.0, 40.0, 40.0)


def character(rng: random.Random, name: str) -> Character:
    return Character(
        name, Locality.LOCAL, skill=0.9, noise=0.0, bias=0.0,
        load_seconds=rng.choice([0.0, 5.0, 10.0]), first_token_seconds=rng.uniform(0.5, 6),
        tokens_per_second=math.inf, failure_rate=rng.choice([0.0, 0.0, 0.3, 0.6]),
    )  # fmt: skip


def host(rng: random.Random, names: list[str]) -> Endpoint:
    characters = [character(rng, name) for name in names]
    if rng.random() < 0.2:
        return Endpoint(SimulatedProvider(1.0, characters), rng.choice([1, 3, 20]))
    holds = rng.randint(1, 3)
    provider = SimulatedProvider(1.0, characters, loaded_models=holds)
    memory = Memory(rng.randint(1, holds))
    return Endpoint(provider, rng.choice([None, 1, 2, 4]), memory=memory)


def plan(rng: random.Random, names: list[str], hosts: list[str]) -> Plan:
    specs = []
    for name in names:
        first, *others = rng.sample(hosts, rng.randint(1, len(hosts)))
        # Ids need not be unique: two hosts may have different models under one tag.
        id_ = rng.choice(names) if rng.random() < 0.3 else name
        specs.append(ModelSpec(name, first, id_, Locality.LOCAL, mirrors=tuple(others)))
    rounds = [
        round_plan(rng.sample(specs, rng.randint(1, len(specs))), trial=f"t {k}", seed=k)
        for k in range(rng.randint(1, 4))
    ]
    deadline = rng.choice([1e6, 1e6, 60.0])
    return plan_of(*rounds, order=rng.choice(["pipelined", "staged"]), deadline_seconds=deadline)


def most_at_once(events: list[Event]) -> Counter[str]:
    """How many calls ran at once on each endpoint, at most."""
    running, most = Counter[str](), Counter[str]()
    where: dict[tuple[str, Call], str] = {}
    for event in events:
        if isinstance(event, CallStarted):
            where[event.trial, event.call] = event.endpoint
            running[event.endpoint] += 1
            most[event.endpoint] = max(most[event.endpoint], running[event.endpoint])
        elif isinstance(event, AnswerEnded | ReviewEnded):
            result = event.result
            call = (
                Call(result.model)
                if isinstance(result, AnswerResult)
                else Call(result.reviewer, result.author)
            )
            if (event.trial, call) in where:
                running[where[event.trial, call]] -= 1
    return most


@given(st.integers(0, 2**32))
@settings(max_examples=60)
def test_a_plan_ends_and_no_host_runs_more_than_it_may(seed: int) -> None:
    rng = random.Random(seed)
    names = [f"sim/{letter}" for letter in "abcdef"[: rng.randint(1, 6)]]
    hosts = {f"host {k}": host(rng, names) for k in range(rng.randint(1, 3))}
    whole = plan(rng, names, list(hosts))
    ahead = forecast(whole, hosts, dict.fromkeys(names, PACE), {})
    assert ahead.seconds is not None

    async def run() -> list[Event]:
        return [event async for event in run_rounds(whole, hosts, PROMPTS)]

    events = in_virtual_time(run())
    assert len(round_ends(events)) == len(whole.rounds)
    for name, most in most_at_once(events).items():
        slots = hosts[name].slots
        memory = hosts[name].memory
        assert most <= (slots or (memory.models if memory else most))
