from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from llmchem_tui.providers.simulated import VirtualTimeLoop

T = TypeVar("T")


def in_virtual_time(work: Coroutine[Any, Any, T], time_scale: float = 0.0) -> T:
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(time_scale)) as runner:
        return runner.run(work)


def test_an_hour_passes_at_once() -> None:
    async def nap() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert in_virtual_time(nap()) == 3600
    assert time.monotonic() - began < 5


def test_a_month_passes_at_once() -> None:
    async def nap() -> float:
        await asyncio.sleep(30 * 86400)
        return asyncio.get_running_loop().time()

    assert in_virtual_time(nap()) == 30 * 86400


def test_who_sleeps_less_wakes_first() -> None:
    async def both() -> list[str]:
        woken = []

        async def sleeper(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            woken.append(name)

        await asyncio.gather(sleeper("late", 100), sleeper("early", 1), sleeper("middle", 99.9))
        return woken

    assert in_virtual_time(both()) == ["early", "middle", "late"]


def test_timeouts_work() -> None:
    async def impatient() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.sleep(11)
        async with asyncio.timeout(10):
            await asyncio.sleep(9)
        return asyncio.get_running_loop().time()

    assert in_virtual_time(impatient()) == 19


def test_time_stands_still_while_there_is_something_to_do() -> None:
    async def busy() -> float:
        for _ in range(100):
            await asyncio.sleep(0)
        return asyncio.get_running_loop().time()

    assert in_virtual_time(busy()) == 0


def test_a_time_scale_makes_the_loop_wait() -> None:
    async def nap() -> float:
        await asyncio.sleep(10)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert in_virtual_time(nap(), time_scale=0.002) == 10
    assert time.monotonic() - began >= 0.02


def test_time_passes_though_a_wait_is_interrupted_again_and_again() -> None:
    async def interrupted() -> float:
        loop = asyncio.get_running_loop()
        nap = asyncio.create_task(asyncio.sleep(3600))
        readable, writable = socket.socketpair()
        with readable, writable:
            writable.send(b"x")
            loop.add_reader(readable, lambda: None)  # there is always something to be read
            await nap
            loop.remove_reader(readable)
        return loop.time()

    assert in_virtual_time(interrupted(), time_scale=1e-5) >= 3600


def test_what_comes_from_elsewhere_is_waited_for_when_nothing_else_is() -> None:
    async def from_a_thread() -> str:
        return await asyncio.to_thread(lambda: "done")

    assert in_virtual_time(from_a_thread()) == "done"
