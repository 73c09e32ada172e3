"""How often models are loaded, on the simulated pool's virtual clock.

Loads take 10 s and calls 4 s; every host holds one model.
"""

from __future__ import annotations

import math

import pytest

from llmchem_tui.domain.model import Locality, ModelSpec, Status
from llmchem_tui.providers.simulated import SimulatedProvider
from llmchem_tui.providers.simulated_models import Character
from llmchem_tui.session.calls import Endpoint, Memory
from llmchem_tui.session.engine import run_rounds
from llmchem_tui.session.events import AnswerEnded, Event, Phase, PhaseChanged, ReviewEnded
from llmchem_tui.session.scheduler import Order
from llmchem_tui.storage.vignettes import find

from .scripted import PROMPTS, in_virtual_time, plan_of, round_ends, round_plan

LOAD, CALL = 10.0, 4.0
NAMES = tuple(f"sim/{letter}" for letter in "abcde")


def character(name: str, load_seconds: float = LOAD, call_seconds: float = CALL) -> Character:
    return Character(
        name, Locality.LOCAL, skill=0.9, noise=0.0, bias=0.0, load_seconds=load_seconds,
        first_token_seconds=call_seconds, tokens_per_second=math.inf, failure_rate=0.0, steady=True,
    )  # fmt: skip


def specs(endpoint: str, *mirrors: str, names: tuple[str, ...] = NAMES) -> list[ModelSpec]:
    return [ModelSpec(n, endpoint, n, Locality.LOCAL, mirrors=mirrors) for n in names]


def host(*, names: tuple[str, ...] = NAMES, holds: int = 1, known: int = 1) -> Endpoint:
    """A host that holds so many models, as far as is ``known`` at first."""
    characters = [character(name) for name in names]
    provider = SimulatedProvider(1.0, characters, loaded_models=holds)
    return Endpoint(provider, slots=None, memory=Memory(known))


def remote(names: tuple[str, ...], call_seconds: float = CALL) -> Endpoint:
    characters = [character(name, 0.0, call_seconds) for name in names]
    return Endpoint(SimulatedProvider(1.0, characters), slots=24)


def run(
    ensemble: list[ModelSpec],
    endpoints: dict[str, Endpoint],
    rounds: int = 1,
    order: Order = "pipelined",
) -> list[Event]:
    vignette = find("cap-older-adult", None)
    plans = [round_plan(ensemble, trial=f"s {k}", seed=k, vignette=vignette) for k in range(rounds)]

    async def collect() -> list[Event]:
        return [e async for e in run_rounds(plan_of(*plans, order=order), endpoints, PROMPTS)]

    events = in_virtual_time(collect())
    assert len(round_ends(events)) == rounds
    ended = [e.result.status for e in events if isinstance(e, AnswerEnded | ReviewEnded)]
    assert set(ended) == {Status.OK}
    assert len(ended) == rounds * len(ensemble) ** 2
    return events


def loads(events: list[Event]) -> list[str]:
    return [
        event.call.model.removeprefix("sim/")
        for event in events
        if isinstance(event, PhaseChanged) and event.phase is Phase.LOADING
    ]


def seconds(events: list[Event]) -> float:
    return events[-1].at


@pytest.mark.parametrize("order", ["pipelined", "staged"])
@pytest.mark.parametrize("rounds", [1, 20])
def test_five_models_on_a_host_that_holds_one_take_nine_loads(order: Order, rounds: int) -> None:
    events = run(specs("box"), {"box": host()}, rounds, order)
    assert len(loads(events)) == 9
    assert seconds(events) == 9 * LOAD + rounds * 25 * CALL


def test_the_line_is_gone_down_and_back() -> None:
    assert loads(run(specs("box"), {"box": host()})) == list("abcdedcba")


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_n_models_take_2n_minus_1_loads(count: int) -> None:
    names = NAMES[:count]
    events = run(specs("box", names=names), {"box": host(names=names)}, rounds=3)
    assert len(loads(events)) == 2 * count - 1


def test_two_hosts_with_the_same_models_are_almost_twice_as_fast() -> None:
    one = run(specs("box"), {"box": host()}, rounds=20)
    two = run(specs("box", "barn"), {"box": host(), "barn": host()}, rounds=20)
    assert seconds(one) / seconds(two) >= 1.8
    assert len(loads(two)) <= 10


def test_a_host_that_holds_two_loads_less() -> None:
    assert len(loads(run(specs("box"), {"box": host(holds=2, known=2)}))) == 8


def test_what_a_host_was_seen_to_hold_is_used_from_then_on() -> None:
    endpoint = host(holds=3)
    assert len(loads(run(specs("box"), {"box": endpoint}))) == 7
    assert endpoint.memory == Memory(3)


def test_a_model_in_memory_goes_first() -> None:
    endpoint = host()
    box = {"box": endpoint}
    run(specs("box", names=("sim/d",)), box)
    assert loads(run(specs("box"), box)) == list("abcecbad")


@pytest.mark.parametrize("call_seconds", [1.0, 60.0])
def test_remote_calls_overlap_and_cost_no_load(call_seconds: float) -> None:
    far = ("sim/x", "sim/y")
    local = specs("box", names=NAMES[:3])
    endpoints = {"box": host(), "cloud": remote(far, call_seconds)}
    events = run(local + specs("cloud", names=far), endpoints)
    assert len(loads(events)) == 5
    alone = 5 * LOAD + 15 * CALL
    assert seconds(events) <= max(alone, 2 * call_seconds) + 3 * LOAD + 6 * CALL


@pytest.mark.parametrize("rounds", [1, 4])
def test_an_all_remote_round_is_as_long_as_its_critical_path(rounds: int) -> None:
    slow = {name: 1.0 + k for k, name in enumerate(NAMES)}
    characters = [character(name, 0.0, pace) for name, pace in slow.items()]
    endpoints = {"cloud": Endpoint(SimulatedProvider(1.0, characters), slots=24 * rounds)}
    events = run(specs("cloud"), endpoints, rounds)
    critical = max(max(slow[r], slow[a]) + slow[r] for r in NAMES for a in NAMES if r != a)
    assert critical <= seconds(events) <= critical * 1.02 + 0.05
