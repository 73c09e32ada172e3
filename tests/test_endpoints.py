"""Keys go to their own endpoint only; this machine is known; configured models make the pool."""

from __future__ import annotations

import shlex
import sys
from typing import Any

import pytest

from llmchem_tui import endpoints
from llmchem_tui.config import ModelSettings, ProviderSettings, RoundSettings, Settings
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Locality
from llmchem_tui.endpoints import api_key, is_loopback, model_specs

ENV = {"OPENAI_API_KEY": "sk-vendor", "GATEWAY_KEY": " sk-gateway\n"}


def prints(code: str) -> ProviderSettings:
    command = shlex.join([sys.executable, "-c", code])
    return ProviderSettings(kind="openai", api_key_command=command)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"kind": "openai"}, "sk-vendor"),
        ({"kind": "openai", "url": "https://llm.example.org/v1"}, None),
        ({"kind": "openai", "url": "https://g", "api_key_env": "GATEWAY_KEY"}, "sk-gateway"),
        ({"kind": "openai", "api_key_env": "NOT_SET"}, None),
        ({"kind": "anthropic"}, None),
        ({"kind": "ollama"}, None),
    ],
)
def test_the_vendors_key_goes_to_the_vendor_only(settings: Any, key: str | None) -> None:
    assert api_key(ProviderSettings(**settings), ENV) == key


def test_a_command_gives_the_key_on_its_first_line() -> None:
    assert api_key(prints("print('sk-command'); print('login: me')"), ENV) == "sk-command"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import sys; print('sk-SECRET'); sys.exit(3)", "failed with exit code 3"),
        ("", "printed nothing"),
        ("print(); print('sk-SECRET')", "printed nothing"),
        ("print('sk-SECRET and more')", "is not a key"),
        ("print('sk-SECRET\\x1b[0m')", "is not a key"),
        ("import sys; sys.stdout.buffer.write(b'sk-SECRET\\xff')", "is not a key"),
    ],
)
def test_a_failing_command_is_told_without_its_output(code: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        api_key(prints(code), ENV)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("sk-SECRET", "cannot be run"),
        ("pass 'SECRET", "cannot be split into words"),
        (" ", "cannot be split into words"),
    ],
)
def test_a_command_that_cannot_run_is_told_without_its_words(command: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        api_key(ProviderSettings(kind="openai", api_key_command=command), ENV)
    assert "SECRET" not in str(caught.value)


def test_a_command_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "COMMAND_SECONDS", 0.05)
    with pytest.raises(InputError, match="gave nothing within"):
        api_key(prints("import threading; threading.Event().wait()"), ENV)


def test_configured_models_take_what_they_lack_from_the_round() -> None:
    settings = Settings(
        round=RoundSettings(max_tokens=99),
        providers={"box": ProviderSettings(kind="ollama", url="http://10.0.0.5:11434")},
        models=(
            ModelSettings(name="mixtral", provider="box", aliases=("old",), temperature=0.0),
            ModelSettings(
                name="big", provider="box", id="big:70b", max_tokens=7, locality="remote"
            ),
        ),
    )
    mixtral, big = model_specs(settings)
    assert (mixtral.name, mixtral.endpoint, mixtral.id) == ("mixtral", "box", "mixtral")
    assert (mixtral.max_tokens, mixtral.temperature, mixtral.aliases) == (99, 0.0, ("old",))
    assert mixtral.locality is Locality.LOCAL
    assert (big.id, big.max_tokens, big.temperature) == ("big:70b", 7, None)
    assert big.locality is Locality.REMOTE


@pytest.mark.parametrize(
    ("kind", "url", "locality"),
    [
        ("openai", "", Locality.REMOTE),
        ("openai", "https://127.evil.example/v1", Locality.REMOTE),
        ("openai", "http://127.0.0.1:8000/v1", Locality.LOCAL),
        ("openai", "http://[::1]:8000/v1", Locality.LOCAL),
        ("openai", "http://[::ffff:127.0.0.1]:8000/v1", Locality.LOCAL),
        ("openai", "http://[::ffff:10.0.0.5]:8000/v1", Locality.REMOTE),
        ("openai", "http://localhost.example.org", Locality.REMOTE),
        ("openai", "http://0.0.0.0:8000", Locality.LOCAL),
        ("anthropic", "http://localhost:8000", Locality.LOCAL),
        ("ollama", "", Locality.LOCAL),
    ],
)
def test_a_model_without_a_locality_has_that_of_its_endpoint(
    kind: Any, url: str, locality: Locality
) -> None:
    settings = Settings(
        providers={"p": ProviderSettings(kind=kind, url=url)},
        models=(ModelSettings(name="m", provider="p"),),
    )
    assert model_specs(settings)[0].locality is locality


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "http://LOCALHOST.:1/v1",
        "http://127.0.0.1:11434",
        "https://127.9.9.9/",
        "http://[::1]:8080",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0:1",
        "http://[::]:1",
    ],
)
def test_an_address_of_this_machine_is_known(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "http://",
        "http://[::1",
        "http://192.168.0.4",
        "http://localhost.example.org",
        "http://127.0.0.1.example.org",
        "http://127.0.0.1@example.org",
        "http://example.org/127.0.0.1",
        "http://notlocalhost",
        "http://models.localhost:8080",
    ],
)
def test_any_other_address_is_not_taken_for_this_machine(url: str) -> None:
    assert not is_loopback(url)
