"""Which of Ollama's models are asked to think, and how."""

from __future__ import annotations

import pytest

from llmchem_tui.session.provider import ProviderError

from .asking import (
    REQUEST,
    everything,
    refusing,
    request,
    text,
    thoughts,
)
from .ollama_host import DONE, FINE, piece, provider, saying, server
from .wire import Exchange, serving

THINKING = ["completion", "thinking"]


@pytest.mark.parametrize(
    ("id_", "capabilities", "options", "sent"),
    [
        ("qwen3", THINKING, {}, True),
        ("qwen3", THINKING, {"think": False}, False),
        ("qwen3", THINKING, {"think": True}, True),
        ("gpt-oss:20b", THINKING, {}, "medium"),
        ("gpt-oss:20b", THINKING, {"think": True}, "medium"),
        ("gpt-oss:20b", THINKING, {"think": False}, "low"),
        ("gpt-oss:20b", THINKING, {"think": "high"}, "high"),
        ("llama3", ["completion"], {}, None),
        ("llama3", ["completion"], {"think": True}, None),
        ("old", None, {}, None),
        ("old", None, {"think": True}, True),
    ],
)
async def test_thinking_is_asked_for_where_a_model_can(
    id_: str, capabilities: object, options: dict[str, object], sent: object
) -> None:
    async with serving(server(FINE, capabilities=capabilities)) as wire:
        await everything(provider(wire), request(id=id_, options=options))
    assert wire.bodies()[-1].get("think") == sent


@pytest.mark.parametrize(
    ("id_", "family", "sent"),
    [
        ("mine", "gptoss", "low"),
        ("mine", "gpt-oss", "low"),
        ("qwen3-like-gpt-oss", "qwen3", False),
        ("GPT-OSS", "", "low"),
    ],
)
async def test_a_family_that_takes_levels_only_is_known_under_any_name(
    id_: str, family: str, sent: object
) -> None:
    async with serving(server(FINE, capabilities=THINKING, family=family)) as wire:
        await everything(provider(wire), request(id=id_, options={"think": False}))
    assert wire.bodies()[-1]["think"] == sent


async def test_a_setting_that_makes_no_sense_is_left_to_the_server_to_refuse() -> None:
    async with serving(server(FINE, capabilities=THINKING)) as wire:
        await everything(provider(wire), request(id="gpt-oss", options={"think": ["x"]}))
    assert wire.bodies()[-1]["think"] == ["x"]


async def no_thinker(exchange: Exchange) -> None:
    """Chat as a model that cannot think does."""
    if exchange.request.json.get("think"):
        await exchange.reply({"error": '"tiny-1" does not support thinking'}, 400)
    else:
        await FINE(exchange)


async def test_a_model_that_refuses_to_think_is_asked_once_more_without() -> None:
    asked = request(options={"think": True})
    async with serving(server(no_thinker)) as wire:
        one = provider(wire)
        for _ in range(2):
            assert text([delta async for delta in one.stream(asked)]) == "Rest and tea."
        await one.aclose()
    chats = [sent.json for sent in wire.requests if sent.path == "/api/chat"]
    assert [chat.get("think") for chat in chats] == [True, None, None]


async def test_another_refusal_is_not_taken_for_one_to_think() -> None:
    asked = request(options={"think": "hard"})
    script = refusing(400, {"error": "invalid think value"})
    async with serving(server(script)) as wire:
        with pytest.raises(ProviderError, match="invalid think value"):
            await everything(provider(wire), asked)
    assert [sent.path for sent in wire.requests].count("/api/chat") == 1


async def test_what_the_list_of_models_tells_is_not_asked_again() -> None:
    listed = {"name": "tiny-1", "capabilities": THINKING, "details": {"family": "gptoss"}}

    async def chat(exchange: Exchange) -> None:
        if exchange.request.path == "/api/tags":
            await exchange.reply({"models": [listed]})
        else:
            await FINE(exchange)

    async with serving(server(chat)) as wire:
        one = provider(wire)
        await one.models()
        await everything(one)
    assert "/api/show" not in [sent.path for sent in wire.requests]
    assert wire.bodies()[-1]["think"] == "medium"


async def test_a_host_that_fails_to_say_what_a_model_can_is_asked_again_next_time() -> None:
    replies = iter([("busy", 500), ({"model_info": {}, "capabilities": THINKING}, 200)])

    async def script(exchange: Exchange) -> None:
        if exchange.request.path == "/api/show":
            await exchange.reply(*next(replies))
        else:
            await server(FINE)(exchange)

    async with serving(script) as wire:
        one = provider(wire)
        for _ in range(3):
            assert [delta async for delta in one.stream(REQUEST)]
        await one.aclose()
    chats = [sent.json for sent in wire.requests if sent.path == "/api/chat"]
    assert [chat.get("think") for chat in chats] == [None, True, True]


async def test_a_host_too_old_to_say_what_a_model_can_is_asked_once() -> None:
    async with serving(server(FINE)) as wire:
        one = provider(wire)
        for _ in range(3):
            assert [delta async for delta in one.stream(REQUEST)]
        await one.aclose()
    assert [sent.path for sent in wire.requests].count("/api/show") == 1


async def test_what_a_model_can_is_asked_once() -> None:
    async with serving(server(FINE, capabilities=THINKING)) as wire:
        one = provider(wire)
        for _ in range(3):
            assert [delta async for delta in one.stream(REQUEST)]
        await one.aclose()
    assert [sent.path for sent in wire.requests].count("/api/show") == 1


async def test_thinking_is_told_apart_from_the_answer() -> None:
    thought = {"message": {"role": "assistant", "content": "", "thinking": "Perhaps tea?"}}
    async with serving(server(saying(thought, piece("Tea.", **DONE)))) as wire:
        deltas = await everything(provider(wire))
    assert (thoughts(deltas), text(deltas)) == ("Perhaps tea?", "Tea.")
