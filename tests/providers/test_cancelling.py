"""Stopping a round reaches the servers at once, and the next round starts at once."""

from __future__ import annotations

import asyncio
import time

import anthropic  # noqa: F401 - importing it is not what is measured
import ollama  # noqa: F401
import openai  # noqa: F401
import pytest

from llmchem_tui.domain.model import Locality, ModelSpec, Status
from llmchem_tui.providers.pool import simulated_pool
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.engine import run_rounds
from llmchem_tui.session.events import AnswerEnded, Event, RoundEnded, TextArrived
from llmchem_tui.session.provider import Provider
from tests.session.scripted import PROMPTS, plan_of, round_plan

from .faults import KINDS, TYPES, stream, whole
from .test_faults import provider_of
from .wire import PATIENCE, Exchange, serving

SECONDS = 0.2
"""From the wish to stop to the closed connection, as the server sees it."""


async def run(provider: Provider, stop: asyncio.Event | None = None) -> list[Event]:
    """One answer of one model."""
    plan = plan_of(round_plan([ModelSpec("tiny", "box", "tiny-1", Locality.LOCAL)]))
    async with asyncio.timeout(PATIENCE):
        return [e async for e in run_rounds(plan, {"box": Endpoint(provider)}, PROMPTS, stop)]


@pytest.mark.parametrize("when", ["before the headers", "in the middle"])
@pytest.mark.parametrize("kind", KINDS)
async def test_stopping_closes_the_connection_and_the_next_round_begins(
    kind: str, when: str
) -> None:
    asked, stop, left = asyncio.Event(), asyncio.Event(), asyncio.Event()
    closed: list[float] = []

    async def script(exchange: Exchange) -> None:
        if exchange.request.path in ("/api/ps", "/api/show"):
            return await exchange.reply({"error": "not here"}, 404)
        if closed:
            return await whole(exchange, kind)
        if when == "in the middle":
            await exchange.start(TYPES[kind])
            await exchange.send(stream(kind, end=False))
        asked.set()
        await exchange.until_left()
        closed.append(time.monotonic())
        left.set()

    async with serving(script) as wire:
        provider = provider_of(kind, wire.url)
        round_ = asyncio.create_task(run(provider, stop))
        async with asyncio.timeout(PATIENCE):
            await asked.wait()
        stopped = time.monotonic()
        stop.set()
        events = await round_
        told = time.monotonic()
        async with asyncio.timeout(PATIENCE):
            await left.wait()
        assert closed[0] - stopped < SECONDS
        assert told - stopped < SECONDS
        assert isinstance(events[-1], RoundEnded)
        assert events[-1].cancelled
        again = await run(provider)
        assert [e.result.status for e in again if isinstance(e, AnswerEnded)] == [Status.OK]
        await provider.aclose()


async def test_the_simulated_pool_stops_as_fast() -> None:
    pool = await simulated_pool()
    plan = plan_of(round_plan(pool.models))
    stop = asyncio.Event()
    stopped = 0.0
    async for event in run_rounds(plan, pool.endpoints, PROMPTS, stop):
        if isinstance(event, TextArrived) and not stop.is_set():
            stopped = time.monotonic()
            stop.set()
    assert time.monotonic() - stopped < SECONDS
