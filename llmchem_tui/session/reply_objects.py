"""The JSON objects in a reply: what its author says, told from what it quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from json import JSONDecoder
from typing import Any, Literal

import jiter

_LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_CONTROLS_TO_BLANKS = bytes(max(code, ord(" ")) for code in range(256))
_MARKS = {'"': '"', "'": "'", "`": "`", "\u201c": "\u201d", "\u201e": "\u201c", "\u00ab": "\u00bb"}
_FENCE = "```"
_BEGINNING = re.compile(r'\{(?=\s*["}])')
_MOST_BEGINNINGS = 100
_DECODER = JSONDecoder(strict=False)  # of the two parsers this one says where an object ends


def own_object(reply: str, keys: Sequence[str], quotable: str = "") -> Mapping[str, Any] | None:
    """Return the JSON object in which a reply says something; None: there is none.

    It is the whole reply, or of the objects in it the one with most of ``keys``, and of several
    such the last: what was said last counts. What is quoted does not count: an object in quotation
    marks or on a line of a block quote, or one that stands in ``quotable`` word for word.
    """
    reply = _LONE_SURROGATE.sub(r"\\ufffd", reply)  # JSON has them, no text can hold them
    quotable = _squeezed(quotable)
    for whole in (reply.strip(), reply.strip("` \t\r\n")):
        try:
            value = parse_json(whole)
        except ValueError:
            continue
        if isinstance(value, dict) and _squeezed(whole) not in quotable:
            return value
    said = [
        own
        for start, end, own in _objects(reply)
        if not _is_quoted(reply, start, end) and _squeezed(reply[start:end]) not in quotable
    ]
    return max(reversed(said), key=lambda own: sum(key in own for key in keys), default=None)


def parse_json(text: str, *, partial: bool = False) -> Any:
    """Parse JSON; line feeds inside its texts, which models write and JSON forbids, are let pass.

    Raises:
        ValueError: it is not JSON.
    """
    encoded = text.encode("utf-8", errors="replace")
    mode: Literal["trailing-strings", "off"] = "trailing-strings" if partial else "off"
    try:
        return jiter.from_json(encoded, partial_mode=mode)
    except ValueError:
        return jiter.from_json(encoded.translate(_CONTROLS_TO_BLANKS), partial_mode=mode)


def _objects(text: str) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Yield where each outermost object begins and ends, and the object."""
    position = 0
    for _ in range(_MOST_BEGINNINGS):  # a text of nothing but braces must not take for ever
        match = _BEGINNING.search(text, position)
        if not match:
            return
        start = match.start()
        try:
            _, end = _DECODER.raw_decode(text, start)
            found = parse_json(text[start:end])
        except (ValueError, RecursionError):
            position = start + 1
            continue
        yield start, end, found
        position = end


def _squeezed(text: str) -> str:
    """The text without its white space: who copies an object may set it in other lines."""
    return "".join(text.split())


def _is_quoted(text: str, start: int, end: int) -> bool:
    line = text[text.rfind("\n", 0, start) + 1 : start]
    if line.lstrip().startswith(">"):
        return True
    closing = _MARKS.get(text[max(start - 1, 0) : start])
    return text[end : end + 1] == closing and not text[:start].endswith(_FENCE)
