"""From settings and environment to the pool."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from llmchem_tui.config import ModelSettings, ProviderSettings, RoundSettings, Settings
from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.providers.pool import Pool, distinct, found_settings, open_pool
from tests.providers.wire import Exchange, serving

NOWHERE = "http://127.0.0.1:9"


def opened(
    settings: Settings, env: Mapping[str, str] | None = None, *, simulated: bool = False
) -> Pool:
    async def look() -> Pool:
        pool = await open_pool(settings, env or {}, simulated=simulated)
        await pool.aclose()
        return pool

    return asyncio.run(look())


def configured(*names: str, provider: Mapping[str, Any] | None = None, **model: Any) -> Settings:
    own = ProviderSettings(**{"kind": "openai", "url": f"{NOWHERE}/v1", **(provider or {})})
    models = tuple(ModelSettings(name=name, provider="box", **model) for name in names)
    return Settings(providers={"box": own}, models=models)


def test_without_anything_it_is_the_simulated_pool_and_says_what_did_not_answer() -> None:
    pool = opened(Settings(), {"OLLAMA_HOST": NOWHERE})
    assert pool.simulated
    assert len(pool.models) == 8
    assert NOWHERE in pool.unreachable["ollama"]


def test_simulated_asks_nobody() -> None:
    pool = opened(configured("a"), simulated=True)
    assert pool.simulated
    assert not pool.unreachable


def test_configured_models_need_not_be_asked_for_and_are_sorted() -> None:
    pool = opened(configured("b", "a"))
    assert [spec.name for spec in pool.models] == ["a", "b"]
    assert not pool.simulated
    assert not pool.unreachable
    assert set(pool.endpoints) == {"box"}


def test_a_configured_endpoint_that_does_not_answer_leaves_no_simulated_models() -> None:
    pool = opened(Settings(providers={"box": ProviderSettings(kind="openai", url=NOWHERE)}))
    assert pool.models == ()
    assert set(pool.unreachable) == {"box"}


def test_only_places_beyond_this_machine_that_are_not_trusted_are_foreign() -> None:
    url = "https://llm.example.org/v1"
    assert opened(configured("a", provider={"url": url})).foreign == {"a": ("box", url)}
    assert opened(configured("a", provider={"url": url, "trusted": True})).foreign == {}
    assert opened(configured("a")).foreign == {}


def test_the_cloud_models_of_a_local_ollama_leave_this_machine() -> None:
    pool = opened(configured("a", "b:cloud", provider={"kind": "ollama", "url": NOWHERE}))
    assert pool.foreign == {"b:cloud": ("box's cloud models", "ollama.com")}


def test_the_endpoints_limits_and_options_are_those_of_the_settings() -> None:
    provider = {"kind": "ollama", "url": NOWHERE, "slots": 3, "idle_seconds": 7.0, "num_ctx": 8192}
    settings = configured("a", provider=provider, options={"top_p": 0.9})
    pool = opened(settings)
    endpoint = pool.endpoints["box"]
    assert (endpoint.slots, endpoint.idle_seconds) == (3, 7.0)
    assert endpoint.first_byte_seconds == RoundSettings().first_byte_seconds
    assert pool.models[0].options == {"num_ctx": 8192, "top_p": 0.9}


def test_the_only_configured_endpoint_may_be_the_simulated_one() -> None:
    practice = ProviderSettings(kind="simulated", time_scale=0.0)
    assert opened(Settings(providers={"practice": practice})).simulated


async def list_two(exchange: Exchange) -> None:
    await exchange.reply({"data": [{"id": "tiny"}, {"id": "text-embed"}]})


async def test_models_of_an_endpoint_without_configured_ones_are_asked_for() -> None:
    async with serving(list_two) as wire:
        settings = Settings(
            round=RoundSettings(max_tokens=99),
            providers={"box": ProviderSettings(kind="openai", url=f"{wire.url}/v1")},
        )
        pool = await open_pool(settings, {}, simulated=False)
        await pool.aclose()
    assert [(spec.name, spec.max_tokens) for spec in pool.models] == [("tiny", 99)]


def test_the_same_name_at_two_endpoints_becomes_two_models() -> None:
    specs = [ModelSpec("m", endpoint, "m", Locality.LOCAL) for endpoint in ("two", "one")]
    specs.append(ModelSpec("other", "one", "other", Locality.LOCAL))
    assert [spec.name for spec in distinct(specs)] == ["m@one", "m@two", "other"]


async def test_of_what_the_environment_speaks_of_what_answers_is_written_down() -> None:
    async with serving(list_two) as wire:
        env = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": wire.url, "OLLAMA_HOST": NOWHERE}
        found = await found_settings(env)
    assert set(found.providers) == {"openai"}
    assert found.providers["openai"].api_key_env == "OPENAI_API_KEY"


@pytest.mark.parametrize("kind", ["openai", "anthropic", "ollama"])
def test_every_kind_of_endpoint_can_be_opened_and_closed(kind: str) -> None:
    assert opened(configured("a", provider={"kind": kind, "url": NOWHERE})).models
