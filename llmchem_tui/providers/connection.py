"""A client that is built at first use: importing what it needs takes a second or two."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from llmchem_tui.endpoints import is_loopback

Client = TypeVar("Client")


class Connection(Generic[Client]):
    """Builds a client in a thread when it is first asked for, so that the screen stays alive."""

    def __init__(
        self, build: Callable[[], Client], close: Callable[[Client], Awaitable[None]]
    ) -> None:
        self._build = build
        self._close = close
        self._client: Client | None = None
        self._lock = asyncio.Lock()

    async def opened(self) -> Client:
        """Return the client, the same one every time."""
        async with self._lock:
            if self._client is None:
                self._client = await asyncio.to_thread(self._build)
            return self._client

    async def aclose(self) -> None:
        """Close the client, if there is one; the next use builds another."""
        async with self._lock:
            client, self._client = self._client, None
            if client is not None:
                await self._close(client)


async def knock(url: str) -> None:
    """Connect to a server on this machine and leave; any other is left alone.

    Whether one runs at all is known so before a client is imported, most often for nothing.

    Raises:
        ConnectionRefusedError: none does.
    """
    if not is_loopback(url):
        return
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        _, writer = await asyncio.open_connection(parts.hostname, port)
    except ConnectionRefusedError:
        raise
    except (OSError, ValueError):
        return  # the client tells it in full
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
