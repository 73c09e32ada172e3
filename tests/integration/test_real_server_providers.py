"""The providers against a real model server, over both of its APIs."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from llmchem_tui.domain.model import Locality, ModelSpec, Vignette
from llmchem_tui.providers.anthropic import AnthropicProvider
from llmchem_tui.providers.openai import OpenAIProvider
from llmchem_tui.session.provider import (
    AuthenticationFailed,
    CallRequest,
    Ended,
    Finish,
    Message,
    Provider,
    ProviderError,
    Text,
    Unreachable,
)

from .conftest import LlamaServer

pytestmark = pytest.mark.integration

EXACT = "Take 5 µg of naïve tea, “twice” – at most."
EXACT_TEXT = ("--grammar", f'root ::= "{EXACT}"')
ENDLESS = ("--grammar", "root ::= [a-z] root")
APIS = ["openai", "anthropic"]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "action": {"type": "string", "enum": ["start", "stop"]},
        "caution": {"type": ["string", "null"]},
    },
    "required": ["action", "caution"],
    "additionalProperties": False,
}


@asynccontextmanager
async def connected(api: str, url: str, key: str = "") -> AsyncGenerator[Provider, None]:
    if api == "openai":
        provider: Provider = OpenAIProvider(api, f"{url}/v1", key)
    else:
        provider = AnthropicProvider(api, url, key)
    try:
        yield provider
    finally:
        await provider.aclose()


def asked(schema: dict[str, Any] | None = None, words: str = "What now?", **model: Any) -> Any:
    spec = {"name": "tiny", "endpoint": "x", "id": "tiny", "locality": Locality.LOCAL, **model}
    return CallRequest(
        model=ModelSpec(**spec),
        system="Be brief.",
        messages=(Message("user", words),),
        schema=schema or {},
        seed=7,
        vignette=Vignette(id="v", title="v", text="v"),
    )


async def answer(provider: Provider, request: CallRequest) -> tuple[str, Ended]:
    async with asyncio.timeout(60), aclosing(provider.stream(request)) as stream:
        deltas = [delta async for delta in stream]
    last = deltas[-1]
    assert isinstance(last, Ended)
    return "".join(delta.text for delta in deltas if isinstance(delta, Text)), last


@pytest.mark.parametrize("api", APIS)
async def test_the_text_arrives_exactly(api: str, llama_server: LlamaServer) -> None:
    async with connected(api, llama_server(*EXACT_TEXT)) as provider:
        text, ended = await answer(provider, asked(temperature=0.5))
    assert text == EXACT
    assert ended.finish is Finish.STOP
    assert ended.usage.tokens_in
    assert ended.usage.tokens_out


@pytest.mark.parametrize("api", APIS)
async def test_the_model_is_listed(api: str, llama_server: LlamaServer) -> None:
    async with connected(api, llama_server(*EXACT_TEXT)) as provider:
        models = await provider.models()
    assert [(model.name, model.locality) for model in models] == [("tiny", Locality.LOCAL)]


async def test_an_answer_by_a_schema_can_be_read(llama_server: LlamaServer) -> None:
    async with connected("openai", llama_server()) as provider:
        text, ended = await answer(provider, asked(SCHEMA))
    assert ended.finish is Finish.STOP
    reply = json.loads(text)
    assert reply.keys() == {"action", "caution"}
    assert reply["action"] in ("start", "stop")


@pytest.mark.parametrize("api", APIS)
async def test_an_answer_at_the_token_limit_is_told_as_such(
    api: str, llama_server: LlamaServer
) -> None:
    async with connected(api, llama_server(*ENDLESS)) as provider:
        text, ended = await answer(provider, asked(max_tokens=5))
    assert len(text) == 5
    assert ended.finish is Finish.LENGTH
    assert ended.usage.tokens_out == 5


def is_idle(url: str) -> bool:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
    try:
        connection.request("GET", "/slots")
        slots = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return not any(slot["is_processing"] for slot in slots)


@pytest.mark.parametrize("api", APIS)
async def test_a_cancelled_answer_is_no_longer_computed(
    api: str, llama_server: LlamaServer, wait_until: Callable[..., Awaitable[None]]
) -> None:
    url = llama_server(*ENDLESS, "-c", "400000")
    begun = asyncio.Event()

    async def consume(provider: Provider) -> None:
        async with aclosing(provider.stream(asked(max_tokens=100_000))) as stream:
            async for delta in stream:
                if isinstance(delta, Text):
                    begun.set()

    async with connected(api, url) as provider:
        task = asyncio.create_task(consume(provider))
        await asyncio.wait_for(begun.wait(), 30)
        assert not is_idle(url)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await wait_until(lambda: is_idle(url))
        text, _ = await answer(provider, asked(max_tokens=5))
    assert len(text) == 5


@pytest.mark.parametrize("api", APIS)
async def test_a_key_that_the_server_wants_reaches_it(api: str, llama_server: LlamaServer) -> None:
    url = llama_server(*EXACT_TEXT, "--api-key", "sk-right")
    async with connected(api, url, "sk-right") as provider:
        assert (await answer(provider, asked()))[0] == EXACT
    for key in ("sk-wrong", ""):
        async with connected(api, url, key) as provider:
            with pytest.raises(AuthenticationFailed, match="api_key_env"):
                await answer(provider, asked())


@pytest.mark.parametrize("api", APIS)
async def test_a_prompt_that_is_too_long_is_told_in_the_servers_words(
    api: str, llama_server: LlamaServer
) -> None:
    async with connected(api, llama_server()) as provider:
        with pytest.raises(ProviderError, match="context size") as caught:
            await answer(provider, asked(words="pain " * 4000))
    assert type(caught.value) is ProviderError


@pytest.mark.parametrize("api", APIS)
async def test_a_wrong_path_is_told_as_such(api: str, llama_server: LlamaServer) -> None:
    async with connected(api, f"{llama_server()}/nowhere") as provider:
        with pytest.raises(Unreachable, match="nowhere"):
            await answer(provider, asked())
        with pytest.raises(Unreachable, match="nowhere"):
            await provider.models()


@pytest.mark.parametrize("api", APIS)
async def test_a_server_that_is_down_is_told_as_such(api: str, llama_server: LlamaServer) -> None:
    # Nothing listens on port 1: it takes an administrator to open it.
    async with connected(api, "http://127.0.0.1:1") as provider:
        with pytest.raises(Unreachable, match="nothing answers at"):
            await answer(provider, asked())
