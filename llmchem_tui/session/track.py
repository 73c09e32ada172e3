"""The events of a round on an axis of time, any point of which is soon reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from typing import TypeVar

import msgspec

from llmchem_tui.session.events import Call, CallStarted, Event, ReviewEnded, TextArrived

BLOCKS = (128, 2048, 32768)
"""Events that are also kept as fewer, the larger for going farther; each a multiple of the last."""

_Part = TypeVar("_Part")
_SHORTEST = 1.0  # seconds on the axis: a round of no known length has its place there too


@dataclass(frozen=True, slots=True)
class Track:
    """A round on its own axis.

    ``offsets``: when each event is due, in seconds since the round began, never falling.
    ``steps``: after how many events there is something new to see, text that only goes on not
    counted; the last is all of them. ``stage_2``: after how many the first review is there.
    ``blocks``: for each of the sizes, each whole block of events in fewer.
    """

    offsets: tuple[float, ...]
    steps: tuple[int, ...]
    stage_2: int | None
    blocks: tuple[tuple[Sequence[Event], ...], ...]

    @classmethod
    def of(cls, events: Sequence[Event]) -> Track:
        """The track of a round's events, of which there is one at least."""
        begin = events[0].at
        seen = [i for i, event in enumerate(events, 1) if not isinstance(event, TextArrived)]
        return cls(
            tuple(accumulate((event.at - begin for event in events), max)),
            tuple(sorted({*seen, len(events)})),
            next((i for i, event in enumerate(events, 1) if _is_review(event)), None),
            tuple(_blocks(events)),
        )

    @property
    def seconds(self) -> float:
        """How long the round is on the axis."""
        return self.offsets[-1] or _SHORTEST

    def between(self, events: Sequence[Event], start: int, end: int) -> Iterator[Event]:
        """What makes of the round after ``start`` of its events the round after ``end``."""
        if start == 1:
            start = 0  # that a round begins changes nothing in one that has, and a block has it
        return self._between(events, start, end, len(BLOCKS))

    def _between(
        self, events: Sequence[Event], start: int, end: int, sizes: int
    ) -> Iterator[Event]:
        """The same in blocks of the first so many sizes, as large as they fit."""
        if not sizes:
            yield from events[start:end]
            return
        size, blocks = BLOCKS[sizes - 1], self.blocks[sizes - 1]
        first, last = -(-start // size), end // size
        if first >= last:
            yield from self._between(events, start, end, sizes - 1)
            return
        yield from self._between(events, start, first * size, sizes - 1)
        yield from chain.from_iterable(blocks[first:last])
        yield from self._between(events, last * size, end, sizes - 1)


def _blocks(events: Sequence[Event]) -> Iterator[tuple[Sequence[Event], ...]]:
    """The whole blocks of each size, made of those of the size before."""
    blocks = tuple(tuple(_fewer(one)) for one in _wholes(events, BLOCKS[0]))
    yield blocks
    for before, size in pairwise(BLOCKS):
        several = _wholes(blocks, size // before)
        blocks = tuple(tuple(_fewer([*chain.from_iterable(parts)])) for parts in several)
        yield blocks


def _wholes(parts: Sequence[_Part], size: int) -> Iterator[Sequence[_Part]]:
    """So many parts at a time; what is left over is none."""
    return (parts[end - size : end] for end in range(size, len(parts) + 1, size))


def _fewer(events: Sequence[Event]) -> Iterator[Event]:
    """Events that come to the same: between two others all text of a call is one."""
    texts: dict[Call, list[TextArrived]] = {}
    for event in events[:-1]:
        if isinstance(event, TextArrived):
            own = texts.setdefault(event.call, [])
            if not own or (own[-1].thinking, own[-1].repair) == (event.thinking, event.repair):
                own.append(event)
                continue
        yield from map(_joined, texts.values())
        texts.clear()
        if isinstance(event, TextArrived):
            texts[event.call] = [event]
        else:
            yield event
    yield from map(_joined, texts.values())
    yield events[-1]  # as it is: it says what time it is after the block


def _joined(texts: list[TextArrived]) -> TextArrived:
    return msgspec.structs.replace(texts[-1], text="".join(one.text for one in texts))


def _is_review(event: Event) -> bool:
    if isinstance(event, CallStarted):
        return event.call.author is not None
    return isinstance(event, ReviewEnded)
