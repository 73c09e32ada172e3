"""Every fault of the table, in a real round: it hurts one call, never the round."""

from __future__ import annotations

import asyncio

import anthropic  # noqa: F401 - importing them takes longer than the shortest time limit
import ollama  # noqa: F401
import openai  # noqa: F401
import pytest

from llmchem_tui.domain.model import Locality, ModelSpec, Status
from llmchem_tui.providers.anthropic import AnthropicProvider
from llmchem_tui.providers.ollama import OllamaProvider
from llmchem_tui.providers.openai import OpenAIProvider
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.engine import run_rounds
from llmchem_tui.session.events import AnswerEnded, Event, RoundEnded
from llmchem_tui.session.provider import Provider
from tests.session.scripted import PROMPTS, ScriptedProvider, plan_of, round_plan, spec

from .asking import SECRET, one_sentence
from .faults import ASSESSMENT, FAULTS, Fault
from .wire import PATIENCE, Exchange, Script, serving

ROWS = [
    pytest.param(fault, kind, id=f"{kind}: {fault.name}")
    for fault in FAULTS
    for kind in fault.kinds
]


def provider_of(kind: str, url: str) -> Provider:
    if kind == "openai":
        return OpenAIProvider("faulty", url, SECRET)
    if kind == "anthropic":
        return AnthropicProvider("faulty", url, SECRET)
    return OllamaProvider("faulty", url, SECRET)


def chats_only(fault: Fault, kind: str) -> tuple[Script, list[str]]:
    """A script that plays the fault, and a list of the requests for a chat so far."""
    scripts, chats = fault.scripts(kind), list[str]()

    async def script(exchange: Exchange) -> None:
        path = exchange.request.path
        if path in ("/api/ps", "/api/show"):
            await exchange.reply({"error": "not here"}, 404)
            return
        chats.append(path)
        await scripts[min(len(chats), len(scripts)) - 1](exchange)

    return script, chats


async def one_round(provider: Provider, limits: tuple[float, float]) -> list[Event]:
    """A round of a faulty and a healthy model."""
    first, idle = limits
    faulty = Endpoint(
        provider, first_byte_seconds=first, idle_seconds=idle, backoff_seconds=(0.0, 0.0, 0.0)
    )
    plan = plan_of(
        round_plan([ModelSpec("tiny", "faulty", "tiny-1", Locality.LOCAL), spec("fine")])
    )
    endpoints = {"faulty": faulty, "server": Endpoint(ScriptedProvider())}
    async with asyncio.timeout(PATIENCE):
        events = [event async for event in run_rounds(plan, endpoints, PROMPTS)]
    await provider.aclose()
    return events


@pytest.mark.parametrize(("fault", "kind"), ROWS)
async def test_a_fault_hurts_its_call_as_the_table_says_and_no_round(
    fault: Fault, kind: str
) -> None:
    script, chats = chats_only(fault, kind)
    async with serving(script) as wire:
        events = await one_round(provider_of(kind, fault.url(wire.url)), fault.limits)
    answers = {e.result.model: e.result for e in events if isinstance(e, AnswerEnded)}
    faulty = answers["tiny"]
    assert faulty.status is fault.status, faulty.message
    assert fault.words in one_sentence(ValueError(faulty.message))
    assert answers["fine"].status is Status.OK
    assert isinstance(events[-1], RoundEnded)
    if faulty.status is not Status.OK:
        assert len(chats) == fault.requests
    else:  # the reviews went to the server as well
        assert faulty.answer is not None
        assert faulty.answer.assessment == ASSESSMENT
