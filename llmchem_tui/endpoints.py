"""What the settings mean for an endpoint: its models, its place, its key.

A key comes from the environment or from a command, never from a file of ours, and no message
shows it, not even one that was pasted into the wrong field.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from llmchem_tui.config import ModelSettings, ProviderSettings, Settings
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.redaction import remember_key

USUAL_VARIABLES = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
"""Where the vendors' own keys are; used only for the vendors' own addresses."""

COMMAND_SECONDS = 30.0


def model_specs(settings: Settings) -> list[ModelSpec]:
    """Return the configured models as the rest of the program knows them, in the file's order."""
    return [
        ModelSpec(
            name=model.name,
            endpoint=model.provider,
            id=model.id or model.name,
            locality=_locality(model, settings.providers[model.provider]),
            temperature=model.temperature,
            max_tokens=model.max_tokens or settings.round.max_tokens,
            aliases=model.aliases,
            options=model.options,
            price_in=model.price_in,
            price_out=model.price_out,
        )
        for model in settings.models
    ]


def hostname(url: str) -> str:
    """Return the host of an address in lower case, or the empty text where it has none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_loopback(url: str) -> bool:
    """Return whether an address is this machine's own; in doubt it is not."""
    host = hostname(url)
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback or (mapped or address).is_unspecified


def _locality(model: ModelSettings, provider: ProviderSettings) -> Locality:
    # An Ollama host is local wherever it stands; discovery knows the tags that it passes on.
    if model.locality:
        return Locality(model.locality)
    local = provider.kind in ("ollama", "simulated") or is_loopback(provider.url)
    return Locality.LOCAL if local else Locality.REMOTE


def key_source(provider: ProviderSettings) -> str:
    """Return where the key of an endpoint comes from, blank where it has none; never the key."""
    if provider.api_key_command:
        return "a command"
    usual = "" if provider.url else USUAL_VARIABLES.get(provider.kind, "")
    variable = provider.api_key_env or usual
    return f"${variable}" if variable else ""


def api_key(provider: ProviderSettings, env: Mapping[str, str]) -> str | None:
    """Return the key for this endpoint, or None where it has none. May wait for a command.

    A vendor's usual variable is looked at only while ``url`` is blank: a key goes nowhere but to
    the endpoint that it is meant for.

    Raises:
        InputError: the command fails, or what comes is no key; the text never shows it.
    """
    if provider.api_key_command:
        key, source = _from_command(provider.api_key_command), "api_key_command"
    else:
        usual = "" if provider.url else USUAL_VARIABLES.get(provider.kind, "")
        source = provider.api_key_env or usual
        key = env.get(source, "").strip()
    if not key:
        return None
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise InputError(f"{source}: what it gives is not a key (blanks or special characters)")
    remember_key(key)
    return key


def _from_command(command: str) -> str:
    """Return the first line that the command prints."""
    import shlex
    import subprocess

    try:
        words = shlex.split(command)
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            check=True,
        )
    except (ValueError, IndexError):
        raise InputError("api_key_command: cannot be split into words; check its quotes") from None
    except subprocess.TimeoutExpired:
        raise InputError(f"api_key_command: gave nothing within {COMMAND_SECONDS:.0f} s") from None
    except subprocess.CalledProcessError as error:
        code = error.returncode
        raise InputError(f"api_key_command: failed with exit code {code}; try it by hand") from None
    except OSError as error:
        raise InputError(f"api_key_command: cannot be run ({error.strerror})") from None
    key = done.stdout.decode("utf-8", "replace").split("\n")[0].strip()
    if not key:
        raise InputError("api_key_command: printed nothing; the key must be its first line")
    return key
