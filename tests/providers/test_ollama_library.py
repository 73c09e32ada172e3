"""What is on an Ollama host, in its memory, and fetched to it, on the wire."""

from __future__ import annotations

import asyncio
import base64
from contextlib import aclosing

import pytest

from llmchem_tui.domain.model import Locality
from llmchem_tui.providers.facts import ModelFacts, PullProgress
from llmchem_tui.providers.ollama import OllamaProvider
from llmchem_tui.session.provider import BadReply, ModelMissing, ProviderError, Unreachable

from .asking import SECRET, one_sentence, refusing
from .wire import NDJSON, PATIENCE, Exchange, Script, Wire, serving

TAGS = {
    "models": [
        {
            "name": "qwen3:8b",
            "size": 5_200_000_000,
            "capabilities": ["completion", "thinking"],
            "details": {"parameter_size": "8.2B", "quantization_level": "Q4_K_M"},
        },
        {"name": "llama3:latest", "details": {"context_length": 131072}},
        {"name": "big:cloud", "remote_host": "https://ollama.com:443"},
        {"name": "embed", "capabilities": ["embedding"]},
    ]
}
PS = {
    "models": [
        {
            "name": "qwen3:8b",
            "model": "qwen3:8b",
            "size": 4,
            "size_vram": 1,
            "context_length": 8192,
        },
        {"name": "llama3:latest", "model": "llama3:latest", "size": 4, "size_vram": 0},
    ]
}


def provider(wire: Wire, key: str = "") -> OllamaProvider:
    return OllamaProvider("gpu", wire.url, key)


def answering(**replies: object) -> Script:
    async def script(exchange: Exchange) -> None:
        body = replies.get(exchange.request.path.removeprefix("/api/"))
        await exchange.reply(body if body is not None else "nothing here", 200 if body else 404)

    return script


async def test_the_facts_of_every_model_are_told() -> None:
    async with serving(answering(tags=TAGS, ps=PS)) as wire:
        one = provider(wire)
        facts = {fact.id: fact for fact in await one.facts()}
        await one.aclose()
    assert facts == {
        "big:cloud": ModelFacts("big:cloud", loaded=False, remote_host="https://ollama.com:443"),
        "llama3:latest": ModelFacts("llama3:latest", context=131072, loaded=True, gpu_share=0.0),
        "qwen3:8b": ModelFacts(
            "qwen3:8b", 5_200_000_000, "8.2B", "Q4_K_M", 8192, True, 0.25, can_think=True
        ),
    }


async def test_without_a_word_of_the_memory_it_is_unknown_what_is_loaded() -> None:
    async with serving(answering(tags=TAGS)) as wire:
        one = provider(wire)
        assert {fact.loaded for fact in await one.facts()} == {None}
        assert await one.loaded() is None
        await one.aclose()


async def test_a_loaded_model_counts_once_by_the_name_that_the_host_has_for_it() -> None:
    async with serving(answering(ps=PS)) as wire:
        one = provider(wire)
        assert await one.loaded() == frozenset({"qwen3:8b", "llama3:latest"})
        await one.aclose()


@pytest.mark.parametrize("key", ["", SECRET])
async def test_the_key_of_the_environment_goes_nowhere(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "sk-leak")
    async with serving(answering(ps=PS)) as wire:
        one = provider(wire, key)
        await one.loaded()
        await one.aclose()
    sent = wire.requests[0].headers.get("authorization", "")
    assert sent == (f"Bearer {SECRET}" if key else "")


async def test_a_user_and_a_password_in_the_url_go_with_every_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "sk-leak")
    async with serving(answering(tags=TAGS, ps=PS)) as wire:
        one = OllamaProvider("gpu", wire.url.replace("//", "//me:pw@"))
        await one.facts()
        await one.aclose()
    basic = "Basic " + base64.b64encode(b"me:pw").decode()
    assert [sent.headers.get("authorization") for sent in wire.requests] == [basic, basic]


async def test_the_memory_of_another_host_is_not_believed() -> None:
    async def elsewhere(exchange: Exchange) -> None:
        await exchange.reply("", 307, headers={"Location": f"{other.url}/api/ps"})

    async with serving(answering(ps=PS)) as other, serving(elsewhere) as wire:
        one = provider(wire, SECRET)
        assert await one.loaded() is None
        await one.aclose()
    assert not other.requests


def pulling(*lines: object) -> Script:
    async def script(exchange: Exchange) -> None:
        assert exchange.request.path == "/api/pull"
        await exchange.start(NDJSON)
        await exchange.lines(*lines)
        await exchange.end()

    return script


async def pulled(script: Script) -> list[PullProgress]:
    async with serving(script) as wire:
        one = provider(wire)
        try:
            async with aclosing(one.pull("qwen3:8b")) as progress:
                return [step async for step in progress]
        finally:
            await one.aclose()


async def test_a_pull_tells_how_far_it_is() -> None:
    lines = (
        {"status": "pulling manifest"},
        {"status": "pulling abc", "digest": "abc", "total": 10},
        {"status": "pulling abc", "digest": "abc", "total": 10, "completed": 7},
        {"status": "success"},
    )
    assert await pulled(pulling(*lines)) == [
        PullProgress("pulling manifest"),
        PullProgress("pulling abc", None, 10),
        PullProgress("pulling abc", 7, 10),
        PullProgress("success"),
    ]


async def test_a_model_that_nobody_has_is_told_as_such() -> None:
    missing = {"error": "pull model manifest: file does not exist"}
    with pytest.raises(ModelMissing, match="qwen3:8b is not in Ollama's library") as caught:
        await pulled(pulling({"status": "pulling manifest"}, missing))
    one_sentence(caught.value)


@pytest.mark.parametrize(
    "lines", [({"error": "disk \x1b[31mfull"},), ("no object",), ({"status": 1},)]
)
async def test_a_pull_that_fails_says_why(lines: tuple[object, ...]) -> None:
    with pytest.raises(ProviderError) as caught:
        await pulled(pulling(*lines))
    one_sentence(caught.value)


async def test_a_pull_that_stops_half_way_is_not_taken_for_whole() -> None:
    with pytest.raises(ProviderError, match=r"before qwen3:8b was whole: fetch it again"):
        await pulled(pulling({"status": "pulling abc", "total": 10, "completed": 7}))


async def test_a_pull_that_the_host_refuses_says_why() -> None:
    async def refused(exchange: Exchange) -> None:
        await exchange.reply({"error": "invalid model name"}, 400)

    with pytest.raises(ProviderError, match="invalid model name"):
        await pulled(refused)


async def test_a_pull_from_a_host_that_is_down_is_told() -> None:
    one = OllamaProvider("gpu", "http://127.0.0.1:1")
    with pytest.raises(Unreachable, match="nothing answers"):
        _ = [step async for step in one.pull("x")]
    await one.aclose()


async def test_leaving_a_pull_closes_the_connection() -> None:
    left = asyncio.Event()

    async def endless(exchange: Exchange) -> None:
        await exchange.start(NDJSON)
        await exchange.lines({"status": "pulling", "total": 10, "completed": 1})
        await exchange.until_left()
        left.set()

    async with serving(endless) as wire:
        one = provider(wire)
        async with aclosing(one.pull("x")) as progress:
            assert await anext(progress) == PullProgress("pulling", 1, 10)
        async with asyncio.timeout(PATIENCE):
            await left.wait()
        await one.aclose()


async def test_the_models_are_listed_with_where_they_run() -> None:
    tags = {
        "models": [
            {"name": "qwen3:8b", "digest": "abc", "capabilities": ["completion", "thinking"]},
            {"name": "gpt-oss:cloud", "remote_host": "https://ollama.com:443"},
            {"name": "nomic-embed-text:latest", "capabilities": ["embedding"]},
            {"name": "all-minilm:latest", "details": {"family": "bert"}},
            {"name": "llama3.1:8b", "details": {"family": "llama"}},
            {"digest": "nameless"},
            "nonsense",
        ]
    }
    async with serving(refusing(200, tags)) as wire:
        one = provider(wire)
        models = await one.models()
        await one.aclose()
    assert wire.requests[0].path == "/api/tags"
    assert [(model.name, model.locality, model.digest) for model in models] == [
        ("gpt-oss:cloud", Locality.REMOTE, ""),
        ("llama3.1:8b", Locality.LOCAL, ""),
        ("qwen3:8b", Locality.LOCAL, "abc"),
    ]
    assert {model.endpoint for model in models} == {"gpu"}


@pytest.mark.parametrize("body", [{"models": None}, [1], "oops"])
async def test_something_else_than_a_list_of_models_is_a_bad_reply(body: object) -> None:
    async with serving(refusing(200, body)) as wire:
        one = provider(wire)
        with pytest.raises(BadReply):
            await one.models()
        await one.aclose()


async def test_a_server_without_models_has_none() -> None:
    async with serving(refusing(200, {"models": []})) as wire:
        one = provider(wire)
        assert await one.models() == []
        await one.aclose()
