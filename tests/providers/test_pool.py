"""From settings and environment to the pool."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from llmchem_tui.config import ModelSettings, ProviderSettings, RoundSettings, Settings
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.providers.hosts import distinct, with_mirrors
from llmchem_tui.providers.pool import Pool, found_settings, open_pool
from llmchem_tui.session.calls import Memory
from tests.providers.wire import Exchange, Script, serving

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


def test_configured_models_are_there_and_sorted_even_if_their_server_lists_nothing() -> None:
    pool = opened(configured("b", "a"))
    assert [spec.name for spec in pool.models] == ["a", "b"]
    assert not pool.simulated
    assert set(pool.unreachable) == {"box"}
    assert set(pool.endpoints) == {"box"}


def test_a_configured_endpoint_that_does_not_answer_leaves_no_simulated_models() -> None:
    pool = opened(Settings(providers={"box": ProviderSettings(kind="openai", url=NOWHERE)}))
    assert pool.models == ()
    assert set(pool.unreachable) == {"box"}


def test_only_places_beyond_this_machine_that_are_not_trusted_are_foreign() -> None:
    url = "https://llm.invalid/v1"
    assert opened(configured("a", provider={"url": url})).foreign == {"a": (("box", url),)}
    assert opened(configured("a", provider={"url": url, "trusted": True})).foreign == {}
    assert opened(configured("a")).foreign == {}


def test_the_cloud_models_of_a_local_ollama_leave_this_machine() -> None:
    pool = opened(configured("a", "b:cloud", provider={"kind": "ollama", "url": NOWHERE}))
    assert pool.foreign == {"b:cloud": (("box's cloud models", "ollama.com"),)}


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


def ollama_host(*tags: Mapping[str, object]) -> Script:
    async def script(exchange: Exchange) -> None:
        known = {"/api/tags": {"models": list(tags)}, "/api/ps": {"models": []}}
        await exchange.reply(known[exchange.request.path])

    return script


LLAMA = {"name": "llama3:latest", "digest": "abc", "capabilities": ["completion"]}


async def two_hosts(first: Script, second: Script, **more: Any) -> Pool:
    """The pool of two Ollama hosts, box and barn; ``more``: of the settings."""
    async with serving(first) as one, serving(second) as other:
        providers = {
            "box": ProviderSettings(kind="ollama", url=one.url),
            "barn": ProviderSettings(kind="ollama", url=other.url),
        }
        settings = Settings(**{"providers": providers, **more})
        pool = await open_pool(settings, {}, simulated=False)
        await pool.aclose()
    return pool


async def test_one_digest_on_two_hosts_is_one_model() -> None:
    pool = await two_hosts(ollama_host(LLAMA), ollama_host(LLAMA))
    (spec,) = pool.models
    assert (spec.name, spec.endpoints) == ("llama3:latest", ("box", "barn"))
    assert [len(report.models) for report in pool.reports] == [1, 1]


@pytest.mark.parametrize("digest", ["xyz", ""])
async def test_other_or_unknown_digests_make_two_models(digest: str) -> None:
    pool = await two_hosts(ollama_host(LLAMA), ollama_host({**LLAMA, "digest": digest}))
    assert [spec.name for spec in pool.models] == ["llama3:latest@barn", "llama3:latest@box"]
    assert all(spec.mirrors == () for spec in pool.models)


async def test_a_configured_model_takes_in_what_another_host_has_alike() -> None:
    model = ModelSettings(name="mine", provider="box", id="llama3", price_in=1.0, price_out=2.0)
    pool = await two_hosts(ollama_host(LLAMA), ollama_host(LLAMA), models=(model,))
    (spec,) = pool.models
    assert (spec.name, spec.endpoints, spec.digest) == ("mine", ("box", "barn"), "abc")
    assert spec.id == "llama3:latest"  # as the host spells it, in its memory too
    assert (spec.price_in, spec.price_out) == (1.0, 2.0)


def mirrored(trusted: dict[str, bool], *, only_trusted: bool) -> list[tuple[str, ...]]:
    specs = [ModelSpec("m", name, "m", Locality.LOCAL, digest="d") for name in trusted]
    merged = with_mirrors(
        specs, ollama=list(trusted), trusted=trusted, named=(), only_trusted=only_trusted
    )
    return [spec.endpoints for spec in merged]


def test_trusted_hosts_come_first_and_alone_where_nothing_else_is_allowed() -> None:
    trusted = {"far": False, "near": True}
    assert mirrored(trusted, only_trusted=False) == [("near", "far")]
    assert mirrored(trusted, only_trusted=True) == [("near",)]
    assert mirrored({"far": False, "off": False}, only_trusted=True) == [("far", "off")]


async def test_what_the_server_says_of_a_configured_model_is_believed() -> None:
    cloud = {"name": "big", "digest": "d", "remote_host": "https://ollama.com:443"}
    models = [ModelSettings(name=name, provider="box") for name in ("big", "gone", "llama3")]
    models.append(ModelSettings(name="own", provider="box", id="big", locality="local"))
    pool = await two_hosts(ollama_host(LLAMA, cloud), ollama_host(), models=tuple(models))
    specs = {spec.name: spec for spec in pool.models}
    assert specs["big"].locality is Locality.REMOTE
    assert specs["own"].locality is Locality.LOCAL
    assert specs["llama3"].digest == "abc"
    assert pool.reports[0].missing == ("gone",)
    # What a model counts as for the strategies changes nothing about where its vignettes go.
    assert pool.foreign["big"] == pool.foreign["own"] == (("box's cloud models", "ollama.com"),)


def test_an_endpoint_without_its_key_leaves_the_others_alone() -> None:
    providers = {
        "broken": ProviderSettings(kind="openai", url=NOWHERE, api_key_command="false"),
        "box": ProviderSettings(kind="openai", url=NOWHERE),
    }
    models = (ModelSettings(name="a", provider="box"), ModelSettings(name="b", provider="broken"))
    pool = opened(Settings(providers=providers, models=models))
    assert [spec.name for spec in pool.models] == ["a"]
    assert "api_key_command: failed" in pool.unreachable["broken"]


def test_a_host_of_ollama_holds_one_model_until_more_were_seen() -> None:
    box = opened(configured("a", provider={"kind": "ollama", "url": NOWHERE})).endpoints["box"]
    assert (box.memory, box.slots) == (Memory(1), None)
    holds = {"kind": "ollama", "url": NOWHERE, "loaded_models": 3}
    assert opened(configured("a", provider=holds)).endpoints["box"].memory == Memory(3)
    assert opened(configured("a")).endpoints["box"].memory is None


def test_a_report_shows_neither_key_nor_password() -> None:
    env = {"OPENAI_API_KEY": "sk-SECRET", "OPENAI_BASE_URL": "http://me:SECRET@127.0.0.1:9/v1"}
    pool = opened(Settings(), {**env, "OLLAMA_HOST": NOWHERE})
    assert "SECRET" not in repr(pool.reports)
    report = {report.name: report for report in pool.reports}["openai"]
    assert (report.key, report.url) == ("$OPENAI_API_KEY", "http://127.0.0.1:9/v1")


async def test_a_host_without_models_can_be_told_to_fetch_the_first() -> None:
    async with serving(ollama_host()) as wire:
        pool = await open_pool(Settings(), {"OLLAMA_HOST": wire.url}, simulated=False)
        assert pool.simulated
        assert not pool.unreachable
        await pool.pull("ollama", "llama3").aclose()
        await pool.aclose()


def test_only_an_ollama_host_fetches_models() -> None:
    with pytest.raises(InputError, match="box is no Ollama host"):
        opened(configured("a")).pull("box", "llama3")


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
