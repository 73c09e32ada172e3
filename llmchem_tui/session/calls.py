"""One call to a model: ask, wait no longer than allowed, read, ask once more if need be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from llmchem_tui.domain.model import Answer, Review, Status, Usage
from llmchem_tui.session.parsing import Unreadable, parse_answer, parse_review
from llmchem_tui.session.protocol import (
    ANSWER_SCHEMA,
    REVIEW_SCHEMA,
    Prompts,
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


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A provider and its limits: calls at once, seconds to the first byte and between two.

    ``loaded_models``: how many models its memory holds, as far as is known; None: no matter.
    ``slots`` None: as many calls at once as models in memory.
    """

    provider: Provider
    slots: int | None = 8
    first_byte_seconds: float = 600.0
    idle_seconds: float = 60.0
    loaded_models: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """How a call ended, and what could be read; ``message`` says why it is not ok."""

    status: Status
    value: Answer | Review | None = None
    usage: Usage = Usage()
    message: str = ""


Tell = Callable[[Delta, bool], None]
"""Hears every delta as it arrives; the flag is true for the repairing request."""


async def ask(endpoint: Endpoint, request: CallRequest, prompts: Prompts, tell: Tell) -> Reply:
    """Make one call, with at most one repairing request.

    Raises:
        ProviderError: the server failed or kept silent for too long.
    """
    text, ended = await _exchange(endpoint, request, lambda delta: tell(delta, False))
    reply = _read(request, text, ended)
    if reply.status is not Status.UNPARSED:
        return reply
    schema = ANSWER_SCHEMA if request.subject is None else REVIEW_SCHEMA
    quoted = text[:_REPAIR_QUOTE]
    messages = repair_messages(prompts, request.messages, quoted, reply.message, schema)
    again = replace(request, messages=messages)
    try:
        text, ended = await _exchange(endpoint, again, lambda delta: tell(delta, True))
    except ProviderError as error:
        return replace(reply, message=f"{reply.message}; asking again failed: {error}")
    repaired = _read(request, text, ended)
    usage = _sum(reply.usage, repaired.usage)
    if repaired.status is Status.OK:
        return replace(repaired, usage=usage)
    message = f"{reply.message}; asked again: {repaired.message}"
    return replace(reply, value=repaired.value or reply.value, usage=usage, message=message)


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
    usage = ended.usage
    if ended.finish is Finish.REFUSAL:
        return Reply(Status.REFUSED, None, usage, "the model refused to answer")
    if ended.finish is Finish.LENGTH:
        limit = request.model.max_tokens
        return Reply(Status.TRUNCATED, None, usage, f"the reply was cut at {limit} tokens")
    if ended.finish is Finish.BROKEN:
        return Reply(Status.TRUNCATED, None, usage, "the stream ended before the reply did")
    if not text.strip():
        return Reply(Status.EMPTY, None, usage, "the reply is empty")
    parse = parse_answer if request.subject is None else parse_review
    try:
        return Reply(Status.OK, parse(text), usage)
    except Unreadable as problem:
        return Reply(Status.UNPARSED, problem.review, usage, str(problem))


def _sum(a: Usage, b: Usage) -> Usage:
    def total(x: float | None, y: float | None) -> float | None:
        return x if y is None else y if x is None else x + y

    return Usage(
        *(
            total(getattr(a, name), getattr(b, name))
            for name in ("tokens_in", "tokens_out", "thinking_tokens", "load_seconds")
        )  # type: ignore[arg-type]
    )
