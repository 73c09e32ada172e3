"""From settings and environment to endpoints that can be asked and the models they have."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from llmchem_tui.config import ProviderSettings, Settings
from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.endpoints import api_key, is_loopback, model_specs
from llmchem_tui.providers import simulated
from llmchem_tui.providers.discovery import (
    ANTHROPIC_URL,
    OPENAI_URL,
    Probe,
    endpoints_from_environment,
    ollama_url,
    probe,
)
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.provider import Provider

PROBE_SECONDS = 5.0

_SLOTS = {"ollama": 4, "openai": 8, "anthropic": 8}
"""Calls at once where the settings say nothing: an Ollama host serves few models side by side."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The models that can be used, sorted by name, and their endpoints.

    ``unreachable``: what is wrong with each endpoint that did not answer. ``foreign``: by model,
    the name and the address of a place that is neither this machine nor trusted; it gets no
    vignette unasked.
    """

    models: tuple[ModelSpec, ...]
    endpoints: Mapping[str, Endpoint]
    unreachable: Mapping[str, str] = field(default_factory=dict)
    foreign: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def simulated(self) -> bool:
        """Whether this is the simulated pool, which never mixes with real models."""
        return any(spec.simulated for spec in self.models)

    async def aclose(self) -> None:
        """Close all connections."""
        for endpoint in self.endpoints.values():
            await endpoint.provider.aclose()


async def open_pool(
    settings: Settings, env: Mapping[str, str], *, simulated: bool, time_scale: float = 1.0
) -> Pool:
    """Return the pool that settings and environment lead to.

    Configured endpoints, or without any those found in the environment. Endpoints whose models
    are configured are not asked for them. With nothing configured and nothing found it is the
    simulated pool, whose ``time_scale`` stretches its waiting.

    Raises:
        InputError: a key cannot be had.
    """
    configured = {n: p for n, p in settings.providers.items() if p.kind != "simulated"}
    for own in settings.providers.values():
        if own.time_scale is not None:
            time_scale *= own.time_scale
    if simulated or (settings.providers and not configured):
        return await simulated_pool(time_scale)
    providers = configured or _found(env)
    made = {name: _provider(name, own, settings, env) for name, own in providers.items()}
    specs = [spec for spec in model_specs(settings) if spec.endpoint in made]
    to_ask = {name: made[name] for name in made if all(s.endpoint != name for s in specs)}
    probes = await probe(to_ask, PROBE_SECONDS)
    specs += [_with_defaults(spec, settings) for found in probes for spec in found.models]
    if not specs and not configured:
        for provider in made.values():
            await provider.aclose()
        pool = await simulated_pool(time_scale)
        return dataclasses.replace(pool, unreachable=_problems(probes))
    models = distinct(_with_provider_options(spec, providers[spec.endpoint]) for spec in specs)
    places = {spec.name: _foreign_place(spec, providers[spec.endpoint], env) for spec in models}
    return Pool(
        models,
        {name: _endpoint(made[name], own, settings) for name, own in providers.items()},
        _problems(probes),
        {name: place for name, place in places.items() if place is not None},
    )


async def simulated_pool(time_scale: float = 1.0) -> Pool:
    """Return the simulated pool."""
    provider = simulated.SimulatedProvider(time_scale)
    return Pool(tuple(await provider.models()), {simulated.ENDPOINT: Endpoint(provider, slots=64)})


async def found_settings(env: Mapping[str, str]) -> Settings:
    """Return settings that write down the endpoints that answer of those ``env`` speaks of."""
    found = _found(env)
    made = {name: _provider(name, own, Settings(), env) for name, own in found.items()}
    silent = _problems(await probe(made, PROBE_SECONDS))
    for provider in made.values():
        await provider.aclose()
    return Settings(providers={name: own for name, own in found.items() if name not in silent})


def _found(env: Mapping[str, str]) -> dict[str, ProviderSettings]:
    return {
        found.name: ProviderSettings(kind=found.kind, url=found.url, api_key_env=found.api_key_env)
        for found in endpoints_from_environment(env)
    }


def _url(own: ProviderSettings, env: Mapping[str, str]) -> str:
    if own.url:
        return own.url
    if own.kind == "ollama":
        return ollama_url(env.get("OLLAMA_HOST"))
    return {"openai": OPENAI_URL, "anthropic": ANTHROPIC_URL}[own.kind]


def _foreign_place(
    spec: ModelSpec, own: ProviderSettings, env: Mapping[str, str]
) -> tuple[str, str] | None:
    """Where a vignette for this model would go, unless that is this machine or trusted."""
    url = _url(own, env)
    if own.trusted:
        return None
    if not is_loopback(url):
        return spec.endpoint, url
    if own.kind == "ollama" and _in_cloud(spec):
        return f"{spec.endpoint}'s cloud models", "ollama.com"
    return None


def _in_cloud(spec: ModelSpec) -> bool:
    # A local Ollama passes these on; its tags say so, or by convention their names.
    return spec.locality is Locality.REMOTE or spec.id.endswith(("-cloud", ":cloud"))


def _provider(
    name: str, own: ProviderSettings, settings: Settings, env: Mapping[str, str]
) -> Provider:
    url, key = _url(own, env), api_key(own, env) or ""
    connect_seconds = own.connect_seconds or settings.round.connect_seconds
    if own.kind == "ollama":
        from llmchem_tui.providers.ollama import OllamaProvider

        return OllamaProvider(name, url, key, connect_seconds=connect_seconds)
    if own.kind == "anthropic":
        from llmchem_tui.providers.anthropic import AnthropicProvider

        return AnthropicProvider(name, url, key, connect_seconds=connect_seconds)
    from llmchem_tui.providers.openai import OpenAIProvider

    return OpenAIProvider(name, url, key, connect_seconds=connect_seconds)


def _endpoint(provider: Provider, own: ProviderSettings, settings: Settings) -> Endpoint:
    return Endpoint(
        provider,
        slots=own.slots or _SLOTS[own.kind],
        first_byte_seconds=own.first_byte_seconds or settings.round.first_byte_seconds,
        idle_seconds=own.idle_seconds or settings.round.idle_seconds,
    )


def _with_defaults(spec: ModelSpec, settings: Settings) -> ModelSpec:
    return dataclasses.replace(spec, max_tokens=settings.round.max_tokens)


def _with_provider_options(spec: ModelSpec, own: ProviderSettings) -> ModelSpec:
    """The endpoint's num_ctx and keep_alive, where the model has none of its own."""
    given = {"num_ctx": own.num_ctx, "keep_alive": own.keep_alive or None}
    options = {key: value for key, value in given.items() if value is not None}
    return dataclasses.replace(spec, options={**options, **spec.options})


def distinct(specs: Iterable[ModelSpec]) -> tuple[ModelSpec, ...]:
    """Return the models sorted by name; one name at two endpoints becomes name@endpoint."""
    specs = list(specs)
    counts = Counter(spec.name for spec in specs)
    named = (
        dataclasses.replace(spec, name=f"{spec.name}@{spec.endpoint}")
        if counts[spec.name] > 1
        else spec
        for spec in specs
    )
    return tuple(sorted(named, key=lambda spec: spec.name))


def _problems(probes: Iterable[Probe]) -> dict[str, str]:
    return {found.endpoint: found.error for found in probes if found.error}
