"""The same picture in a third of the bytes: over a slow line they are what a key waits for."""

from __future__ import annotations

import re
from functools import lru_cache

_STYLE = re.compile("\x1b\\[([0-9;:]*)m")
_MOVES = "(?:\x1b\\[[0-9;]*H|\r?\n)"
_MOVED_FROM = re.compile(f"{_MOVES}+(?=\x1b\\[[0-9;]*H)")
_ONLY_MOVES = re.compile(f"{_MOVES}*")
_ONLY_BLANKS = re.compile(f"(?: |{_MOVES})*")
_PARTS = re.compile(r"[34]8;(?:2;\d+;\d+;\d+|5;\d+)|[\d:]+")
_ATTRIBUTES = frozenset("123456789")
_OF_LETTERS = frozenset("123")  # bold, dim, italic
_REVERSE = "7"
_KINDS = ("38;", "48;")  # colours of text and of its ground: another one takes the place of the one


class Sparing:
    """Says less of what Textual writes, which begins and ends a style for every piece of text.

    A style is told where what is seen of it differs, of blanks the ground alone, and only as far
    as it does; of several moves of the cursor in a row the last is made. Between two writes the
    terminal is as it would be without.
    """

    def __init__(self) -> None:
        self._style = ""

    def spare(self, text: str) -> str:
        """Return what makes of the terminal the same as the text would."""
        shown = wanted = self._style
        said: list[str] = []
        for place, piece in enumerate(_STYLE.split(_MOVED_FROM.sub("", text))):
            if place % 2:  # the numbers of a style
                wanted = "" if piece in ("", "0") else f"{wanted};{piece}".lstrip(";")
            elif piece:
                if wanted != shown and not _looks_alike(piece, shown, wanted):
                    said.append(_change(shown, wanted))
                    shown = wanted
                said.append(piece)
        if wanted != shown:
            said.append(_change(shown, wanted))
        self._style = wanted
        return "".join(said)


def _looks_alike(text: str, style: str, other: str) -> bool:
    """Whether it cannot be seen in which of two styles a text is written."""
    if _ground(style) == _ground(other):
        return _ONLY_BLANKS.fullmatch(text) is not None
    return _ONLY_MOVES.fullmatch(text) is not None


@lru_cache(4096)
def _ground(style: str) -> frozenset[str] | str:
    """Return what is seen of a style where there is no letter."""
    parts = _PARTS.findall(style)
    if _REVERSE in parts or not _is_simple(parts):
        return style
    return frozenset(p for p in parts if p not in _OF_LETTERS and not p.startswith(_KINDS[0]))


@lru_cache(4096)
def _change(before: str, after: str) -> str:
    """Return the sequence that makes one style of another."""
    old, new = _PARTS.findall(before), _PARTS.findall(after)
    added = [part for part in new if part not in old]
    gone = [part[:3] for part in old if part not in new]
    kinds = [part[:3] for part in added]
    replaced = all(kind in _KINDS and kind in kinds for kind in gone)
    if replaced and _is_simple(old) and _is_simple(new):
        return f"\x1b[{';'.join(added)}m"
    return f"\x1b[0;{after}m" if after else "\x1b[0m"


def _is_simple(parts: list[str]) -> bool:
    """Whether no part undoes another, so that their order does not matter."""
    kinds = [part[:3] if part.startswith(_KINDS) else part for part in parts]
    return len(kinds) == len(set(kinds)) and _ATTRIBUTES.union(_KINDS).issuperset(kinds)
