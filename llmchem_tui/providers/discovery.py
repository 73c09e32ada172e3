"""What can be found without any settings: Ollama's usual place, keys in the environment."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from llmchem_tui.domain.model import ModelSpec
from llmchem_tui.endpoints import is_loopback
from llmchem_tui.providers.facts import ModelFacts, TellsFacts
from llmchem_tui.session.provider import Provider, ProviderError

OPENAI_URL = "https://api.openai.com/v1"
ANTHROPIC_URL = "https://api.anthropic.com"

FoundKind = Literal["ollama", "openai", "anthropic"]

_USUAL_PORTS = {"http": "80", "https": "443"}
_OLLAMA_PORT = "11434"
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class FoundEndpoint:
    """An endpoint that the environment speaks of; ``api_key_env`` blank: none is needed."""

    name: str
    kind: FoundKind
    url: str
    api_key_env: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """What an endpoint answered when asked for its models; ``error`` blank: it is reachable."""

    endpoint: str
    models: tuple[ModelSpec, ...] = ()
    facts: tuple[ModelFacts, ...] = ()
    error: str = ""


def ollama_url(env_value: str | None) -> str:
    """Return the address that OLLAMA_HOST means, by Ollama's own rules.

    No scheme: http, port 11434 ("ollama.com" alone: https). With a scheme: its usual port. A port
    that is none counts as not given; a path is kept; "every interface" becomes loopback. Source:
    ``Host`` and ``ConnectableHost`` in Ollama's envconfig/config.go.
    """
    value = (env_value or "").strip().strip("\"'").strip()
    scheme, given, rest = value.partition("://")
    if not given:
        scheme, rest = "http", value
        if value == "ollama.com":
            scheme, rest = "https", "ollama.com:443"
    usual_port = _USUAL_PORTS.get(scheme, _OLLAMA_PORT) if given else _OLLAMA_PORT
    authority, _, path = rest.partition("/")
    host, port = _host_and_port(authority, usual_port)
    path = path.rstrip("/")
    return f"{scheme}://{_connectable(host)}:{port}" + (f"/{path}" if path else "")


def endpoints_from_environment(env: Mapping[str, str]) -> list[FoundEndpoint]:
    """Return the endpoints worth asking: Ollama always, the vendors where ``env`` names them.

    A vendor's base URL without a key counts too: it may be a server that needs none.
    """
    url = ollama_url(env.get("OLLAMA_HOST"))
    # Ollama itself needs no key, and a key has no business on a loopback connection.
    ollama_key = "" if is_loopback(url) else _named("OLLAMA_API_KEY", env)
    found = [FoundEndpoint("ollama", "ollama", url, ollama_key)]
    vendors: dict[FoundKind, str] = {"openai": OPENAI_URL, "anthropic": ANTHROPIC_URL}
    for name, usual_url in vendors.items():
        key = _named(f"{name.upper()}_API_KEY", env)
        own_url = env.get(f"{name.upper()}_BASE_URL", "").strip()
        if key or own_url:
            found.append(FoundEndpoint(name, name, own_url or usual_url, key))
    return found


async def probe(providers: Mapping[str, Provider], seconds: float) -> list[Probe]:
    """Ask all endpoints for their models side by side, none longer than ``seconds``."""
    return list(
        await asyncio.gather(*(_probe(name, one, seconds) for name, one in providers.items()))
    )


async def _probe(name: str, provider: Provider, seconds: float) -> Probe:
    try:
        async with asyncio.timeout(seconds):
            models = tuple(await provider.models())
            facts = await provider.facts() if isinstance(provider, TellsFacts) else []
            return Probe(name, models, tuple(facts))
    except ProviderError as error:
        return Probe(name, error=str(error))
    except TimeoutError:
        return Probe(
            name, error=f"{name} did not answer within {seconds:g} s: check its url and server"
        )


def _named(variable: str, env: Mapping[str, str]) -> str:
    return variable if env.get(variable, "").strip() else ""


def _host_and_port(authority: str, usual_port: str) -> tuple[str, str]:
    """Split as Go's net.SplitHostPort does: a bare IPv6 address has no port."""
    host, colon, port = authority.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or (":" in host and not bracketed):
        return authority.strip("[]") or "127.0.0.1", usual_port
    valid = port.isascii() and port.isdigit() and int(port) <= _HIGHEST_PORT
    return host.strip("[]"), port if valid else usual_port


def _connectable(host: str) -> str:
    if host in ("", "0.0.0.0"):
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "[::1]"
    return f"[{address}]" if ":" in host else str(address)
