"""One call to a model: ask, wait no longer than allowed, read, ask once more if need be.

What a server refuses for a while only is asked again, as long as nothing of a reply has arrived.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from llmchem_tui.domain.model import Answer, Review, Status, Usage
from llmchem_tui.session.parsing import Unreadable, parse_answer, parse_review
from llmchem_tui.session.protocol import (
    ANSWER_SCHEMA,
    REVIEW_SCHEMA,
    Prompts,
    answer_text,
    repair_messages,
)
from llmchem_tui.session.provider import (
    CallRequest,
    Delta,
    Ended,
    Finish,
    Provider,
    ProviderError,
    ResponseTimeout,
    Text,
    Thinking,
)

_REPAIR_QUOTE = 4000
"""Characters of an unreadable reply that are sent back to be repaired."""

_LONGEST_PAUSE = 60.0
"""Seconds that a server may ask to be left alone; with more the call ends, and says so."""

_SPREAD = 0.5
"""Up to so much longer is a pause, lest calls that failed together come back together."""


@dataclass(slots=True)
class Memory:
    """How many ``models`` an endpoint holds at once: as configured, or the most ever seen there."""

    models: int

    def saw(self, count: int) -> None:
        """Note that so many models are loaded."""
        self.models = max(self.models, count)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A provider and its limits: calls at once, seconds to the first byte and between two.

    ``memory``: how many models it holds; None: no matter.
    ``slots`` None: as many calls at once as models in memory. ``backoff_seconds``: the pauses
    before a request is sent again, where the server itself names none.
    """

    provider: Provider
    slots: int | None = 8
    first_byte_seconds: float = 600.0
    idle_seconds: float = 60.0
    memory: Memory | None = None
    backoff_seconds: tuple[float, ...] = (0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Retrying:
    """The server could not serve the request now; it goes out again in a while."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How a call ended, and what could be read; ``message`` says why it is not ok.

    ``refused``: the parameters that the server does not take.
    """

    status: Status
    value: Answer | Review | None = None
    usage: Usage = Usage()
    message: str = ""
    refused: tuple[str, ...] = ()


Tell = Callable[[Delta | Retrying, bool], None]
"""Hears every delta as it arrives; the flag is true for the repairing request."""


async def ask(endpoint: Endpoint, request: CallRequest, prompts: Prompts, tell: Tell) -> Reply:
    """Make one call, with at most one repairing request.

    Raises:
        ProviderError: the server failed, again and again if asking again could help, or kept
            silent for too long.
    """
    text, ended = await _persist(endpoint, request, lambda delta: tell(delta, False))
    reply = _read(request, text, ended)
    if reply.status is not Status.UNPARSED:
        return reply
    schema = ANSWER_SCHEMA if request.subject is None else REVIEW_SCHEMA
    quoted = text[:_REPAIR_QUOTE]
    messages = repair_messages(prompts, request.messages, quoted, reply.message, schema)
    again = replace(request, messages=messages)
    try:
        text, ended = await _persist(endpoint, again, lambda delta: tell(delta, True))
    except ProviderError as error:
        return replace(reply, message=f"{reply.message}; asking again failed: {error}")
    repaired = _read(request, text, ended)
    usage = _sum(reply.usage, repaired.usage)
    if repaired.status is Status.OK:
        return replace(repaired, usage=usage)
    message = f"{reply.message}; asked again: {repaired.message}"
    return replace(reply, value=repaired.value or reply.value, usage=usage, message=message)


async def _persist(
    endpoint: Endpoint, request: CallRequest, tell: Callable[[Delta | Retrying], None]
) -> tuple[str, Ended]:
    """Exchange, and again after a pause where the server was only unable for the moment."""
    arrived = False

    def note(delta: Delta) -> None:
        nonlocal arrived
        arrived = arrived or isinstance(delta, Text | Thinking)
        tell(delta)

    for attempt, pause in enumerate(endpoint.backoff_seconds):
        try:
            return await _exchange(endpoint, request, note)
        except ProviderError as error:
            asked_for = error.wait_seconds or 0.0
            if arrived or not error.transient or asked_for > _LONGEST_PAUSE:
                raise
            tell(Retrying())
            await asyncio.sleep(max(asked_for, pause * _spread(request, attempt)))
    return await _exchange(endpoint, request, note)


def _spread(request: CallRequest, attempt: int) -> float:
    rng = random.Random(f"{request.seed}|{request.model.name}|{request.author}|{attempt}")
    return 1 + _SPREAD * rng.random()


async def _exchange(
    endpoint: Endpoint, request: CallRequest, tell: Callable[[Delta], None]
) -> tuple[str, Ended]:
    pieces: list[str] = []
    limit, setting = endpoint.first_byte_seconds, "first_byte_seconds"
    async with aclosing(endpoint.provider.stream(request)) as stream:
        while (delta := await _next(stream, limit, setting)) is not None:
            tell(delta)
            if isinstance(delta, Ended):
                return "".join(pieces), delta
            if isinstance(delta, Text):
                pieces.append(delta.text)
            if isinstance(delta, Text | Thinking):
                limit, setting = endpoint.idle_seconds, "idle_seconds"
    return "".join(pieces), Ended(Finish.BROKEN)


async def _next(stream: AsyncGenerator[Delta, None], limit: float, setting: str) -> Delta | None:
    """The next delta, None at the end of the stream; ``setting`` names where the limit is from."""
    try:
        async with asyncio.timeout(limit) as patience:
            return await anext(stream, None)
    except TimeoutError:
        if not patience.expired():  # not ours: a fault of the provider
            raise
        waited_for = "the first byte" if setting == "first_byte_seconds" else "more"
        raise ResponseTimeout(
            f"no word for {limit:g} s while waiting for {waited_for}; "
            f"raise {setting} if the model is slow"
        ) from None


def _read(request: CallRequest, text: str, ended: Ended) -> Reply:
    status, message = _ending(request.model.max_tokens, text, ended)
    reply = Reply(status, None, ended.usage, message, ended.refused)
    if status is not Status.OK:
        return reply
    subject = request.subject
    try:
        if subject is None:
            return replace(reply, value=parse_answer(text))
        return replace(reply, value=parse_review(text, answer_text(subject)))
    except Unreadable as problem:
        return replace(reply, status=Status.UNPARSED, value=problem.review, message=str(problem))


def _ending(max_tokens: int, text: str, ended: Ended) -> tuple[Status, str]:
    """How a stream ended, before its text is read."""
    if ended.finish is Finish.STOP:
        return (Status.OK, "") if text.strip() else (Status.EMPTY, "the reply is empty")
    why = f" ({ended.detail})" if ended.detail else ""
    thought = "" if text.strip() else ", before it began (thinking counts): raise its max_tokens"
    cut = ended.detail or f"the reply was cut at {max_tokens} tokens{thought}"
    return {
        Finish.REFUSAL: (Status.REFUSED, f"the model refused to answer{why}"),
        Finish.LENGTH: (Status.TRUNCATED, cut),
        Finish.BROKEN: (Status.TRUNCATED, "the stream ended before the reply did"),
        Finish.UNREAD: (
            Status.ERROR,
            f"the server shortened the prompt to {ended.usage.tokens_in} tokens, so the model has "
            "not read all of it: raise its num_ctx",
        ),
    }[ended.finish]


def _sum(a: Usage, b: Usage) -> Usage:
    def total(name: str) -> Any:
        x, y = getattr(a, name), getattr(b, name)
        return x if y is None else y if x is None else x + y

    return Usage(
        tokens_in=total("tokens_in"),
        tokens_out=total("tokens_out"),
        thinking_tokens=total("thinking_tokens"),
        load_seconds=total("load_seconds"),
        tokens_per_second=b.tokens_per_second or a.tokens_per_second,
    )
