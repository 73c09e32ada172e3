"""A client that is built at first use: importing what it needs takes a second or two."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

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
