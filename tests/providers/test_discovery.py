"""What is found without settings, and what the addresses mean."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.endpoints import is_loopback
from llmchem_tui.providers.discovery import (
    FoundEndpoint,
    Probe,
    endpoints_from_environment,
    ollama_url,
    probe,
)
from llmchem_tui.session.provider import CallRequest, Delta, Provider, Unreachable

from .wire import PATIENCE


@pytest.mark.parametrize(
    ("value", "url"),
    [
        (None, "http://127.0.0.1:11434"),
        ("", "http://127.0.0.1:11434"),
        ("  '10.0.0.5' ", "http://10.0.0.5:11434"),
        ("gpubox", "http://gpubox:11434"),
        ("gpubox:8080", "http://gpubox:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("gpubox:", "http://gpubox:11434"),
        ("gpubox:99999", "http://gpubox:11434"),
        ("gpubox:no", "http://gpubox:11434"),
        ("http://gpubox", "http://gpubox:80"),
        ("https://gpubox", "https://gpubox:443"),
        ("https://gpubox:8443", "https://gpubox:8443"),
        ("https://gpubox:-1", "https://gpubox:443"),
        ("http://gpubox/ollama/", "http://gpubox:80/ollama"),
        ("gpubox:1234/a/b", "http://gpubox:1234/a/b"),
        ("gpubox/", "http://gpubox:11434"),
        ("ollama.com", "https://ollama.com:443"),
        ("http://ollama.com", "http://ollama.com:80"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:11434"),
        ("[::]:8080", "http://[::1]:8080"),
        ("::1", "http://[::1]:11434"),
        ("[::1]", "http://[::1]:11434"),
        ("[2001:db8::5]:8080", "http://[2001:db8::5]:8080"),
    ],
)
def test_ollama_host_means_what_it_means_to_ollama(value: str | None, url: str) -> None:
    assert ollama_url(value) == url


@given(st.text(alphabet="http[]:/.0123456789abcdef% \"'@é", max_size=30))
def test_any_ollama_host_gives_a_web_address_with_a_port(value: str) -> None:
    scheme, _, rest = ollama_url(value).partition("://")
    assert rest.partition("/")[0].rpartition(":")[2].isdigit()
    assert scheme in ("http", "https") or "://" in value


def test_without_a_word_in_the_environment_ollama_is_worth_asking() -> None:
    assert endpoints_from_environment({"OPENAI_API_KEY": " "}) == [
        FoundEndpoint("ollama", "ollama", "http://127.0.0.1:11434")
    ]


def test_keys_and_addresses_in_the_environment_are_found() -> None:
    env = {
        "OLLAMA_HOST": "https://gpu.example.org",
        "OLLAMA_API_KEY": "o",
        "OPENAI_API_KEY": "a",
        "ANTHROPIC_API_KEY": "b",
        "ANTHROPIC_BASE_URL": "https://gateway.example.org",
    }
    found = endpoints_from_environment(env)
    assert found == [
        FoundEndpoint("ollama", "ollama", "https://gpu.example.org:443", "OLLAMA_API_KEY"),
        FoundEndpoint("openai", "openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        FoundEndpoint("anthropic", "anthropic", "https://gateway.example.org", "ANTHROPIC_API_KEY"),
    ]


def test_an_openai_server_may_need_no_key() -> None:
    found = endpoints_from_environment({"OPENAI_BASE_URL": "http://127.0.0.1:8080/v1"})
    assert found[1:] == [FoundEndpoint("openai", "openai", "http://127.0.0.1:8080/v1")]


def test_the_key_of_ollamas_cloud_does_not_go_to_the_server_on_this_machine() -> None:
    (found,) = endpoints_from_environment({"OLLAMA_API_KEY": "o"})
    assert found.api_key_env == ""


class Listing:
    """A provider that waits for its turn, then lists its models or fails."""

    def __init__(self, turn: asyncio.Event, error: str = "") -> None:
        self.turn = turn
        self.error = error

    async def models(self) -> list[ModelSpec]:
        await self.turn.wait()
        if self.error:
            raise Unreachable(self.error)
        return [ModelSpec("m", "e", "m", Locality.LOCAL)]

    async def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
        raise AssertionError("a probe calls no model")
        yield

    async def loaded(self) -> frozenset[str] | None:
        return None

    async def aclose(self) -> None:
        return


async def test_endpoints_are_asked_side_by_side_and_each_tells_its_own() -> None:
    turn = asyncio.Event()

    class Last(Listing):
        async def models(self) -> list[ModelSpec]:
            # Were they asked one after the other, nobody would ever get here.
            turn.set()
            return await super().models()

    providers: dict[str, Provider] = {
        "good": Listing(turn),
        "bad": Listing(turn, "nothing answers"),
        "last": Last(turn),
    }
    good, bad, last = await probe(providers, PATIENCE)
    assert (good.endpoint, [model.name for model in good.models], good.error) == ("good", ["m"], "")
    assert bad == Probe("bad", error="nothing answers")
    assert last.models == good.models


async def test_an_endpoint_that_never_answers_is_given_up() -> None:
    (silent,) = await probe({"silent": Listing(asyncio.Event())}, 0.01)
    assert silent.models == ()
    assert silent.error.startswith("silent did not answer within 0.01 s")


async def test_no_endpoints_have_no_answers() -> None:
    assert await probe({}, 1) == []


def test_the_address_of_a_default_ollama_is_this_machine() -> None:
    assert is_loopback(ollama_url(None))
    assert urlsplit(ollama_url(None)).port == 11434
