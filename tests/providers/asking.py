"""What the tests of all providers need: a request, and all that comes back."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from llmchem_tui.domain.model import Locality, ModelSpec, Vignette
from llmchem_tui.session.provider import (
    CallRequest,
    Delta,
    Ended,
    Message,
    Provider,
    Text,
    Thinking,
)

from .wire import PATIENCE, Exchange

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "rationale": {"type": "string"},
        "grade": {"type": "number", "minimum": 0, "maximum": 1},
        "safety_concern": {"type": ["string", "null"]},
    },
    "required": ["rationale", "grade", "safety_concern"],
    "additionalProperties": False,
}
TURNING = ("LRE", "LRO", "LRI", "RLE", "RLO", "RLI", "FSI", "PDF", "PDI")
SECRET = "sk-very-SECRET-0123456789"
MODEL = ModelSpec("tiny", "box", "tiny-1", Locality.LOCAL, max_tokens=321)
REQUEST = CallRequest(
    model=MODEL,
    system="Be brief.",
    messages=(Message("user", "What now?"),),
    schema=SCHEMA,
    seed=2**40 + 7,
    vignette=Vignette(id="hidden", title="hidden", text="NEVER-ON-THE-WIRE"),
    author="hidden-author",
)


def request(**model: Any) -> CallRequest:
    """Return the usual request, with a model that differs in these fields."""
    return replace(REQUEST, model=replace(MODEL, **model))


async def everything(provider: Provider, asked: CallRequest = REQUEST) -> list[Delta]:
    """Return all deltas of a call, and close the provider."""
    try:
        async with asyncio.timeout(PATIENCE), aclosing(provider.stream(asked)) as stream:
            return [delta async for delta in stream]
    finally:
        await provider.aclose()


def text(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, Text))


def thoughts(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, Thinking))


def end(deltas: list[Delta]) -> Ended:
    """Return the last delta, and see that it is the only one of its kind."""
    assert [isinstance(delta, Ended) for delta in deltas].count(True) == 1
    last = deltas[-1]
    assert isinstance(last, Ended)
    return last


def one_sentence(error: BaseException) -> str:
    """Return an error's message, and see that it may be shown: one line, no key, no controls."""
    message = str(error)
    assert not any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in message)
    assert not any(unicodedata.bidirectional(sign) in TURNING for sign in message)
    assert SECRET not in message
    assert len(message) < 600
    return message


def refusing(status: int, body: object, **headers: str) -> Callable[[Exchange], Any]:
    """Return a script that answers with an error."""

    async def script(exchange: Exchange) -> None:
        lines = {name.replace("_", "-"): value for name, value in headers.items()}
        await exchange.reply(body, status, headers={"x-should-retry": "false", **lines})

    return script


def in_pieces(content: bytes, kind: str, size: int = 1) -> Callable[[Exchange], Any]:
    """Return a script that sends a body a few bytes at a time."""

    async def script(exchange: Exchange) -> None:
        await exchange.start(kind)
        for place in range(0, len(content), size):
            await exchange.send(content[place : place + size])
        await exchange.end()

    return script


async def cancelled_midway(provider: Provider, asked: CallRequest, first: asyncio.Event) -> None:
    """Begin a call in a task, cancel the task after its first piece, and wait until it is over."""

    async def consume() -> None:
        async with aclosing(provider.stream(asked)) as stream:
            async for delta in stream:
                if isinstance(delta, Text):
                    first.set()

    task = asyncio.create_task(consume())
    async with asyncio.timeout(PATIENCE):
        await first.wait()
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()
