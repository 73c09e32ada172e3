"""The fixtures that hold for every test do hold."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

OUTSIDE = "192.0.2.1"  # reserved for documentation: nobody is there


def test_the_home_folder_is_empty_and_no_key_is_in_the_environment() -> None:
    assert list(Path.home().iterdir()) == []
    assert not [name for name in os.environ if name.upper().endswith(("_API_KEY", "_PROXY"))]


def test_a_test_that_leaves_this_machine_fails() -> None:
    with socket.socket() as connection:
        for leave in (connection.connect, connection.connect_ex):
            with pytest.raises(pytest.fail.Exception, match="no network but loopback"):
                leave((OUTSIDE, 80))
    with pytest.raises(pytest.fail.Exception, match=r"looks up 'example\.org'"):
        socket.getaddrinfo("example.org", 80)


async def test_so_does_one_that_leaves_it_asynchronously() -> None:
    for host in (OUTSIDE, "example.org"):
        with pytest.raises(pytest.fail.Exception, match="no network but loopback"):
            await asyncio.open_connection(host, 80)


async def test_loopback_is_open_and_an_invalid_name_is_unknown() -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "localhost", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
    with pytest.raises(socket.gaierror):
        await asyncio.open_connection("server.invalid", 80)


async def test_waiting_ends_with_the_condition_or_with_a_failure(
    wait_until: Callable[..., Awaitable[None]],
) -> None:
    seen: list[int] = []
    asyncio.get_running_loop().call_soon(seen.append, 1)
    await wait_until(lambda: seen)
    with pytest.raises(pytest.fail.Exception, match="did not come true"):
        await wait_until(lambda: False, seconds=0.01)
