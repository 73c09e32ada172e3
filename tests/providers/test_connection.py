"""Clients are built late, once, and closed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from llmchem_tui.providers.connection import Connection

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


def test_a_provider_costs_no_import_until_it_is_used() -> None:
    lines = [
        "import sys",
        "from llmchem_tui.providers.anthropic import AnthropicProvider",
        "from llmchem_tui.providers.ollama import OllamaProvider",
        "from llmchem_tui.providers.openai import OpenAIProvider",
        "AnthropicProvider('a', 'http://x'), OllamaProvider('b'), OpenAIProvider('c', 'http://x')",
        f"print([name for name in {HEAVY} if name in sys.modules])",
    ]
    checkout = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        check=True,
        cwd=checkout,
        text=True,
    )
    assert done.stdout.strip() == "[]"
