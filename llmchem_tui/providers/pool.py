"""From settings and environment to endpoints that can be asked and the models they have."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from llmchem_tui.config import ProviderSettings, Settings
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.endpoints import api_key, is_loopback, key_source, model_specs
from llmchem_tui.providers import simulated
from llmchem_tui.providers.discovery import (
    ANTHROPIC_URL,
    OPENAI_URL,
    Probe,
    endpoints_from_environment,
    ollama_url,
    probe,
)
from llmchem_tui.providers.facts import (
    EndpointReport,
    PullProgress,
    is_same_model,
    log_endpoints,
)
from llmchem_tui.providers.hosts import distinct, with_mirrors
from llmchem_tui.providers.server import Server
from llmchem_tui.session.calls import Endpoint, Memory
from llmchem_tui.session.provider import Provider

PROBE_SECONDS = 5.0

_SLOTS = {"ollama": None, "openai": 24, "anthropic": 24}
"""Calls at once where the settings say nothing: all reviews of a round of five, but on an Ollama
host one for each model in memory, as it works by default."""

_LOADED_MODELS = {"ollama": 1}

Places = tuple[tuple[str, str], ...]
"""Endpoints as (name, address)."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The models that can be used, sorted by name, and their endpoints.

    ``reports``: every endpoint that was looked for, reachable or not. ``foreign``: by model, the
    places that are neither this machine nor trusted; they get no vignette unasked.
    """

    models: tuple[ModelSpec, ...]
    endpoints: Mapping[str, Endpoint]
    reports: tuple[EndpointReport, ...] = ()
    foreign: Mapping[str, Places] = field(default_factory=dict)

    @property
    def simulated(self) -> bool:
        """Whether this is the simulated pool, which never mixes with real models."""
        return any(spec.simulated for spec in self.models)

    @property
    def unreachable(self) -> dict[str, str]:
        """What is wrong with each endpoint that did not answer."""
        return {report.name: report.error for report in self.reports if report.error}

    def pull(self, endpoint: str, model: str) -> AsyncGenerator[PullProgress, None]:
        """Fetch a model to an Ollama host; see ``OllamaLibrary.pull``.

        Raises:
            InputError: the endpoint fetches no models.
        """
        from llmchem_tui.providers.ollama import OllamaProvider

        provider = self.endpoints[endpoint].provider if endpoint in self.endpoints else None
        if not isinstance(provider, OllamaProvider):
            raise InputError(f"{endpoint} is no Ollama host: only those fetch models")
        return provider.pull(model)

    async def aclose(self) -> None:
        """Close all connections."""
        for endpoint in self.endpoints.values():
            await endpoint.provider.aclose()


async def open_pool(
    settings: Settings, env: Mapping[str, str], *, simulated: bool, time_scale: float = 1.0
) -> Pool:
    """Return the pool that settings and environment lead to.

    Configured endpoints, or without any those found in the environment, all asked side by side.
    Where models are configured for an endpoint these are its models; else those that it lists.
    With nothing configured and nothing found it is the simulated pool, whose ``time_scale``
    stretches its waiting.
    """
    configured = {n: p for n, p in settings.providers.items() if p.kind != "simulated"}
    practice = [own for own in settings.providers.values() if own.kind == "simulated"]
    for own in practice:
        time_scale *= 1.0 if own.time_scale is None else own.time_scale
    loaded_models = next((own.loaded_models for own in practice if own.loaded_models), None)
    if simulated or (practice and not configured):
        return await simulated_pool(time_scale, loaded_models)
    pool = await look(settings, env)
    if not pool.models and not configured:
        invented = await simulated_pool(time_scale, loaded_models)
        # The real endpoints stay: a host without a model can be told to fetch its first.
        endpoints = {**pool.endpoints, **invented.endpoints}
        return dataclasses.replace(invented, endpoints=endpoints, reports=pool.reports)
    return pool


async def look(settings: Settings, env: Mapping[str, str]) -> Pool:
    """Return the pool of the real endpoints, configured or found, even where it is empty."""
    configured = {n: p for n, p in settings.providers.items() if p.kind != "simulated"}
    pool = await _look(configured or _found(env), settings, env)
    log_endpoints(pool.reports)
    return pool


async def simulated_pool(time_scale: float = 1.0, loaded_models: int | None = None) -> Pool:
    """Return the simulated pool; ``loaded_models``: how many its host holds, None: all."""
    provider = simulated.SimulatedProvider(time_scale, loaded_models=loaded_models)
    slots = 64 if loaded_models is None else None
    endpoint = Endpoint(provider, slots, memory=_memory(loaded_models))
    return Pool(tuple(await provider.models()), {simulated.ENDPOINT: endpoint})


async def found_settings(env: Mapping[str, str]) -> Settings:
    """Return settings that write down the endpoints that answer of those ``env`` speaks of."""
    found = _found(env)
    pool = await _look(found, Settings(), env)
    await pool.aclose()
    silent = pool.unreachable
    return Settings(providers={name: own for name, own in found.items() if name not in silent})


async def _look(
    providers: Mapping[str, ProviderSettings], settings: Settings, env: Mapping[str, str]
) -> Pool:
    """Ask all endpoints, and return the pool of what they have."""
    made, keyless = await _made(providers, settings, env)
    probes = {found.endpoint: found for found in await probe(made, PROBE_SECONDS)}
    probes |= {name: Probe(name, error=error) for name, error in keyless.items()}
    urls = {name: _url(own, env) for name, own in providers.items()}
    trusted = {name: own.trusted or is_loopback(urls[name]) for name, own in providers.items()}
    offered = [
        _with_provider_options(spec, own)
        for name, own in providers.items()
        if name in made
        for spec in _models(name, probes[name], settings)
    ]
    named = {model.name for model in settings.models}
    models = distinct(
        with_mirrors(
            offered,
            ollama=[name for name, own in providers.items() if own.kind == "ollama"],
            trusted=trusted,
            named=named,
            only_trusted=settings.round.remote == "never",
        )
    )
    passed_on = {
        (found.endpoint, fact.id)
        for found in probes.values()
        for fact in found.facts
        if fact.remote_host
    }
    foreign = {
        spec.name: _foreign_places(spec, providers, urls, trusted, passed_on) for spec in models
    }
    return Pool(
        models,
        {name: _endpoint(made[name], providers[name], settings) for name in made},
        tuple(
            _report(own, probes[name], models, urls[name], trusted=trusted[name])
            for name, own in providers.items()
        ),
        {name: places for name, places in foreign.items() if places},
    )


def _models(name: str, found: Probe, settings: Settings) -> list[ModelSpec]:
    """The models of an endpoint: the configured ones with what the server tells of them, or all."""
    own = [spec for spec in model_specs(settings) if spec.endpoint == name]
    if not own:
        limit = settings.round.max_tokens
        return [dataclasses.replace(spec, max_tokens=limit) for spec in found.models]
    fixed = {model.name for model in settings.models if model.locality}
    return [_with_facts(spec, found, keep_locality=spec.name in fixed) for spec in own]


def _with_facts(spec: ModelSpec, found: Probe, *, keep_locality: bool) -> ModelSpec:
    told = next((one for one in found.models if is_same_model(one.id, spec.id)), None)
    if told is None:
        return spec
    remote = told.locality is Locality.REMOTE and not keep_locality
    locality = Locality.REMOTE if remote else spec.locality
    # The server's own spelling: what it says of its memory is in the same.
    return dataclasses.replace(spec, id=told.id, digest=told.digest, locality=locality)


def _report(
    own: ProviderSettings, found: Probe, models: Iterable[ModelSpec], url: str, *, trusted: bool
) -> EndpointReport:
    here = tuple(spec for spec in models if found.endpoint in spec.endpoints)
    told = [one.id for one in found.models]
    return EndpointReport(
        name=found.endpoint,
        kind=own.kind,
        url=Server(found.endpoint, url).address,
        key=key_source(own),
        trusted=trusted,
        error=found.error,
        models=here,
        # Only Ollama lists all that it takes: others may know a model by further names.
        missing=tuple(
            spec.name
            for spec in here
            if own.kind == "ollama" and not found.error
            if not any(is_same_model(id_, spec.id) for id_ in told)
        ),
        facts=found.facts,
    )


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


def _foreign_places(
    spec: ModelSpec,
    providers: Mapping[str, ProviderSettings],
    urls: Mapping[str, str],
    trusted: Mapping[str, bool],
    passed_on: Collection[tuple[str, str]],
) -> Places:
    """Where a vignette for this model may go, other than this machine and trusted places.

    ``passed_on``: the models, as (endpoint, id), that an Ollama host only passes on.
    """
    # The addresses are shown to the user: without what may be secret in them.
    places = [
        (name, Server(name, urls[name]).address) for name in spec.endpoints if not trusted[name]
    ]
    places += [
        (f"{name}'s cloud models", "ollama.com")
        for name in spec.endpoints
        if trusted[name] and not providers[name].trusted
        if providers[name].kind == "ollama"
        if (name, spec.id) in passed_on or _in_cloud(spec)
    ]
    return tuple(places)


def _in_cloud(spec: ModelSpec) -> bool:
    # A local Ollama passes these on; its tags say so, or by convention their names.
    return spec.locality is Locality.REMOTE or spec.id.endswith(("-cloud", ":cloud"))


async def _made(
    providers: Mapping[str, ProviderSettings], settings: Settings, env: Mapping[str, str]
) -> tuple[dict[str, Provider], dict[str, str]]:
    """The providers, and what is wrong with the keys of those that could not be made."""

    async def one(own: ProviderSettings) -> str | InputError:
        try:
            return await asyncio.to_thread(api_key, own, env) or ""
        except InputError as error:
            return error

    keys = await asyncio.gather(*(one(own) for own in providers.values()))
    made: dict[str, Provider] = {}
    keyless: dict[str, str] = {}
    for (name, own), key in zip(providers.items(), keys, strict=True):
        if isinstance(key, InputError):
            keyless[name] = str(key)
        else:
            made[name] = _provider(name, own, settings, _url(own, env), key)
    return made, keyless


def _provider(name: str, own: ProviderSettings, settings: Settings, url: str, key: str) -> Provider:
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
        memory=_memory(own.loaded_models or _LOADED_MODELS.get(own.kind)),
    )


def _memory(loaded_models: int | None) -> Memory | None:
    return None if loaded_models is None else Memory(loaded_models)


def _with_provider_options(spec: ModelSpec, own: ProviderSettings) -> ModelSpec:
    """The endpoint's num_ctx and keep_alive, where the model has none of its own."""
    given = {"num_ctx": own.num_ctx, "keep_alive": own.keep_alive or None}
    options = {key: value for key, value in given.items() if value is not None}
    return dataclasses.replace(spec, options={**options, **spec.options})
