"""What holds for every test: no home folder, no keys, no network but loopback, no chance."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest

CHECKOUT = Path(__file__).resolve().parents[1]

REAL_SERVER = ("LLMCHEM_LLAMA_SERVER", "LLMCHEM_TINY_GGUF")
"""The two variables of ours that tests need: .ci/run sets them."""

REMOVED_PREFIXES = ("LLMCHEM_", "OPENAI_", "ANTHROPIC_", "OLLAMA_", "XDG_", "SSH_", "TEXTUAL")
REMOVED_NAMES = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TMUX")
REMOVED_ENDINGS = ("_API_KEY", "_PROXY")

hypothesis.settings.register_profile(
    "llmchem", derandomize=True, deadline=None, database=None, print_blob=False
)
hypothesis.settings.load_profile("llmchem")


@pytest.fixture(autouse=True)
def clean_environment(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Give every test an empty home folder, and none of the developer's variables."""
    for name in list(os.environ):
        upper = name.upper()
        foreign = (
            upper.startswith(REMOVED_PREFIXES)
            or upper.endswith(REMOVED_ENDINGS)
            or upper in REMOVED_NAMES
        )
        if foreign and name not in REAL_SERVER:
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that would leave this machine; names in .invalid do not resolve, as they should.

    The failure is no OSError and no Exception: no code under test can take it for a bad network.
    """
    lookup, connect, connect_ex = (
        socket.getaddrinfo,
        socket.socket.connect,
        socket.socket.connect_ex,
    )

    def guarded_lookup(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if isinstance(name, str) and name.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if not _is_here(name):
            pytest.fail(f"the test looks up {name!r}: tests have no network but loopback")
        return lookup(host, *arguments, **options)

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _refuse(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _refuse(self, address)
        return connect_ex(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", guarded_lookup)
    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)


def _refuse(connection: socket.socket, address: Any) -> None:
    internet = connection.family in (socket.AF_INET, socket.AF_INET6)
    if internet and not _is_here(address[0]):
        pytest.fail(f"the test connects to {address[0]!r}: tests have no network but loopback")


def _is_here(host: object) -> bool:
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the developers' shared material beside the checkout; skip where there is none."""
    folder = CHECKOUT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the developers' shared folder (oracles, data) is not beside this checkout")
    return folder


@pytest.fixture
def wait_until() -> Callable[..., Awaitable[None]]:
    """Return a coroutine function that lets the loop run until a condition holds."""

    async def wait(condition: Callable[[], object], seconds: float = 30.0) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not condition():
            if loop.time() > end:
                pytest.fail(f"the condition did not come true within {seconds:g} s")
            await asyncio.sleep(0.001)

    return wait
