"""Clients are built late, once, and closed."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from llmchem_tui.providers.connection import Connection, knock

HEAVY = ("openai", "anthropic", "httpx", "httpx2", "ollama")


class Client:
    def __init__(self) -> None:
        self.closed = 0

    async def aclose(self) -> None:
        self.closed += 1


def connection(built: list[Client]) -> Connection[Client]:
    def build() -> Client:
        built.append(Client())
        return built[-1]

    return Connection(build, lambda client: client.aclose())


async def test_all_callers_share_one_client_even_if_they_come_at_once() -> None:
    built: list[Client] = []
    one = connection(built)
    clients = await asyncio.gather(*(one.opened() for _ in range(5)))
    assert built == [clients[0]]
    assert set(map(id, clients)) == {id(built[0])}


async def test_a_closed_connection_is_closed_once_and_opens_again() -> None:
    built: list[Client] = []
    one = connection(built)
    await one.aclose()
    assert built == []
    await one.opened()
    await one.aclose()
    await one.aclose()
    assert built[0].closed == 1
    assert await one.opened() is built[1]


def imported_by(*lines: str) -> str:
    """Return which of the heavy packages a Python imports that runs some lines."""
    code = "\n".join(["import sys", *lines, f"print([n for n in {HEAVY} if n in sys.modules])"])
    checkout = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, cwd=checkout, text=True
    )
    return done.stdout.strip()


def test_a_provider_costs_no_import_until_it_is_used() -> None:
    heavy = imported_by(
        "from llmchem_tui.providers.anthropic import AnthropicProvider",
        "from llmchem_tui.providers.ollama import OllamaProvider",
        "from llmchem_tui.providers.openai import OpenAIProvider",
        "AnthropicProvider('a', 'http://x'), OllamaProvider('b'), OpenAIProvider('c', 'http://x')",
    )
    assert heavy == "[]"


def test_that_no_ollama_runs_here_costs_no_import_either() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    heavy = imported_by(
        "import asyncio",
        "from llmchem_tui.providers.ollama import OllamaProvider",
        "from llmchem_tui.session.provider import Unreachable",
        "try:",
        f"    asyncio.run(OllamaProvider('a', 'http://127.0.0.1:{port}').models())",
        "    sys.exit('it is reachable')",
        "except Unreachable as error:",
        "    assert 'connection refused' in str(error) and 'ollama serve' in str(error)",
    )
    assert heavy == "[]"


@pytest.mark.parametrize("url", ["http://host.invalid:1", "http://[::1", "http://127.0.0.1:99999"])
async def test_only_a_port_of_this_machine_is_knocked_at(url: str) -> None:
    await knock(url)
