"""What a model says, without the key of its endpoint: a server may echo what it was sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace

from llmchem_tui.redaction import KeyFilter, is_secret, without_key
from llmchem_tui.session.provider import Delta, Ended, Text, Thinking


def discreet(stream: AsyncGenerator[Delta, None], key: str) -> AsyncGenerator[Delta, None]:
    """Return the pieces of a call without ``key``, even where several pieces share it."""
    return _without(stream, key) if is_secret(key) else stream


async def _without(stream: AsyncGenerator[Delta, None], key: str) -> AsyncGenerator[Delta, None]:
    text, thoughts = KeyFilter(key), KeyFilter(key)
    async with aclosing(stream):
        async for delta in stream:
            match delta:
                case Text():
                    said = _piece(Text, text.take(delta.text))
                    given = [*_piece(Thinking, thoughts.rest()), *said]
                case Thinking():
                    given = list(_piece(Thinking, thoughts.take(delta.text)))
                case Ended():
                    given = [
                        *_piece(Thinking, thoughts.rest()),
                        *_piece(Text, text.rest()),
                        replace(delta, detail=without_key(delta.detail, key)),
                    ]
                case _:
                    given = [delta]
            for one in given:
                yield one


def _piece(kind: type[Text] | type[Thinking], text: str) -> Iterator[Delta]:
    if text:
        yield kind(text)
