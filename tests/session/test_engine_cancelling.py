"""Stopping, closing early, and bugs: no call and no task is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from llmchem_tui.domain.model import Status
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.engine import run_rounds
from llmchem_tui.session.events import (
    Call,
    Event,
    RoundEnded,
    TextArrived,
)
from llmchem_tui.session.provider import (
    CallRequest,
    Delta,
    Text,
)
from tests.session.scripted import (
    FOREVER,
    OK_REVIEW,
    PROMPTS,
    ScriptedProvider,
    collect,
    ended_calls,
    in_virtual_time,
    plan_of,
    round_ends,
    round_plan,
    said,
    slow,
    spec,
    started_calls,
    statuses,
)

ANSWERS = [Call("a"), Call("b"), Call("c")]


# Cancelling.


def test_stopping_cancels_every_call_and_the_end_of_the_round_comes_last() -> None:
    stop = asyncio.Event()
    provider = ScriptedProvider(
        {
            "c": [slow(5, (stop.set, FOREVER))],
            ("a", "b"): [(Text("{"), FOREVER)],
            ("b", "a"): [slow(1, OK_REVIEW)],
        }
    )
    events = in_virtual_time(collect(provider, stop=stop))
    assert statuses(events) == {
        "a": "ok", "b": "ok", "c": "cancelled", ("a", "b"): "cancelled", ("b", "a"): "ok",
    }  # fmt: skip
    assert events[-1] == RoundEnded(at=5, trial="trial 1", elapsed=5, cancelled=True)
    assert len(round_ends(events)) == 1
    cancelled = ended_calls(events)[Call("a", "b")].result
    assert (cancelled.status, cancelled.latency) == (Status.CANCELLED, 5)
    assert provider.open == []
    assert len(provider.closed) == 5


def test_stopping_cancels_what_is_queued_and_says_nothing_of_rounds_not_begun() -> None:
    stop = asyncio.Event()
    provider = ScriptedProvider({"b": [(stop.set, FOREVER)]})
    plan = plan_of(round_plan("abc", trial="1"), round_plan("abc", trial="2"))
    events = in_virtual_time(collect(provider, plan, stop=stop, slots=1))
    assert statuses(events) == {"a": "ok", "b": "cancelled", "c": "cancelled"}
    assert {event.trial for event in events} == {"1"}
    assert ended_calls(events)[Call("c")].result.latency is None


def test_a_round_that_had_ended_before_the_stop_is_not_cancelled() -> None:
    stop = asyncio.Event()
    provider = ScriptedProvider({"b": [(1, stop.set, FOREVER)]})
    plan = plan_of(round_plan("a", trial="1"), round_plan("b", trial="2"))
    events = in_virtual_time(collect(provider, plan, stop=stop))
    assert [(e.trial, e.cancelled) for e in round_ends(events)] == [("1", False), ("2", True)]


def test_a_plan_that_is_stopped_before_it_begins_asks_nobody() -> None:
    async def run() -> list[Event]:
        stop = asyncio.Event()
        stop.set()
        return await collect(provider, stop=stop)

    provider = ScriptedProvider()
    assert in_virtual_time(run()) == []
    assert provider.requests == []


def test_stopping_at_the_first_event_still_ends_every_call() -> None:
    async def run() -> list[Event]:
        stop, events = asyncio.Event(), []
        endpoints = {"server": Endpoint(provider)}
        async for event in run_rounds(plan_of(), endpoints, PROMPTS, stop):
            stop.set()
            events.append(event)
        return events

    provider = ScriptedProvider({name: [(FOREVER,)] for name in "abc"})
    events = in_virtual_time(run())
    assert statuses(events) == dict.fromkeys("abc", "cancelled")
    assert started_calls(events) == ANSWERS


def stream_of(provider: ScriptedProvider) -> AsyncGenerator[Event, None]:
    return run_rounds(plan_of(), {"server": Endpoint(provider)}, PROMPTS)


def test_closing_the_stream_early_leaves_no_call_and_no_task_behind() -> None:
    async def run() -> None:
        events = stream_of(provider)
        async for event in events:
            if isinstance(event, TextArrived):
                break
        assert len(provider.open) == 3
        await events.aclose()
        assert asyncio.get_running_loop().time() == 0
        assert provider.open == []
        assert asyncio.all_tasks() == {asyncio.current_task()}

    provider = ScriptedProvider({name: [(Text("{"), FOREVER)] for name in "abc"})
    in_virtual_time(run())
    assert sorted(call.model for call in provider.closed) == ["a", "b", "c"]


def test_cancelling_the_consumer_leaves_no_call_and_no_task_behind() -> None:
    async def consume() -> None:
        async for _ in stream_of(provider):
            pass

    async def run() -> None:
        consumer = asyncio.create_task(consume())
        await asyncio.sleep(5)
        assert len(provider.open) == 3
        consumer.cancel()
        await asyncio.wait([consumer])
        assert consumer.cancelled()
        assert asyncio.get_running_loop().time() == 5
        assert provider.open == []
        assert asyncio.all_tasks() == {asyncio.current_task()}

    provider = ScriptedProvider({name: [(FOREVER,)] for name in "abc"})
    in_virtual_time(run())


def test_a_finished_stream_leaves_no_task_behind() -> None:
    async def run() -> None:
        async for _ in stream_of(provider):
            pass
        assert asyncio.all_tasks() == {asyncio.current_task()}

    provider = ScriptedProvider({"b": [said("gibberish"), (FOREVER,)]})
    in_virtual_time(run())


# Bugs.


@pytest.mark.parametrize("bug", [ZeroDivisionError("a bug"), TimeoutError("a socket's")])
@pytest.mark.parametrize("where", ["a", ("a", "b")])
def test_a_bug_in_a_provider_comes_out_as_it_is(
    bug: Exception, where: str | tuple[str, str]
) -> None:
    provider = ScriptedProvider({where: [(1, bug)], "c": [(FOREVER,)]})
    with pytest.raises(type(bug)) as caught:
        in_virtual_time(collect(provider))
    assert caught.value is bug
    assert provider.open == []


def test_a_bug_while_a_call_is_cancelled_is_not_hidden() -> None:
    class FailsToClose(ScriptedProvider):
        async def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
            try:
                await asyncio.sleep(FOREVER)
                yield Text("")
            finally:
                raise ZeroDivisionError

    async def run() -> list[Event]:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(1, stop.set)
        return await collect(FailsToClose(), stop=stop)

    with pytest.raises(ZeroDivisionError):
        in_virtual_time(run())


def test_a_model_of_an_unknown_endpoint_is_a_bug_that_does_not_hang() -> None:
    plan = plan_of(round_plan([spec("a", "nowhere")]))
    with pytest.raises(KeyError, match="nowhere"):
        in_virtual_time(collect(ScriptedProvider(), plan))
