"""The same picture in a few of the bytes: over a slow line they are what a key waits for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from rich.cells import cell_len

Size = tuple[int, int]
"""Columns and rows."""

_Place = tuple[int, int]
"""Row and column, counted from 1."""
_Cell = tuple[str, object] | None
"""A character, and what is seen of its style; None: what stands there is not known."""

_NARROW = (
    r" -~\xa1-\xac\xae-\u024f\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u203b"
    r"\u2190-\u2193\u2200-\u22ff\u2500-\u25a1\u25b2-\u25b3\u25bc-\u25bd\u25c6-\u25cf"
    r"\u2713\u2717\u2800-\u28ff"
)
"""Characters of one cell, in every terminal: letters, punctuation, lines and marks."""

_DOUBTFUL = rf"[^{_NARROW}\0-\x1f\x7f-\x9f]"

_PIECE = re.compile(
    "\x1b\\[([0-9;:]*)m"  # a style
    "|\x1b\\[([0-9]+);([0-9]+)H"  # a place
    "|((?:\r?\n)+)(?=\x1b\\[[0-9]+;[0-9]+H)"  # a place that is left at once
    f"|([{_NARROW}]+(?!{_DOUBTFUL}))"
    "|(\x1b\\[\\?(?:25|2026)[hl])"  # whether the cursor is seen; a frame's begin and end
    f"|([{_NARROW}]?{_DOUBTFUL}+)"  # how wide it is nobody knows; what may join is kept together
    "|(.)",
    re.DOTALL,
)
_STYLE, _ROW, _COLUMN, _LEFT, _TEXT, _FRAME, _WIDE, _OTHER = range(1, 9)
_GAP = 4  # cells that are repeated rather than jumped over: a jump takes as many bytes

_PARTS = re.compile(r"[34]8;(?:2;\d+;\d+;\d+|5;\d+)|[\d:]+")
_ATTRIBUTES = frozenset("123456789")
_OF_LETTERS = frozenset("123")  # bold, dim, italic
_IN_COLOUR = frozenset("479")  # underlined, reversed, struck through: of blanks too it is seen
_KINDS = ("38;", "48;")  # colours of text and of its ground: another one takes the place of the one


class Sparing:
    """Says less of what Textual writes, which paints all of a line where any of it changes.

    Only cells are written that are not on the screen already. A style is told where what is seen of
    it differs, of blanks the ground alone, and only as far as it does. Between two writes the
    terminal is as it would be without.
    """

    def __init__(self) -> None:
        self._shown: dict[int, list[_Cell]] = {}
        self._size: Size | None = None
        self._style = self._wanted = ""
        self._at: _Place | None = None
        self._goal: _Place | None = None
        self._said: list[str] = []

    def forget(self) -> None:
        """Take nothing for granted that is on the screen."""
        self._shown.clear()

    def spare(self, text: str, size: Size | None = None) -> str:
        """Return what makes of the terminal the same as the text would.

        ``size``: the terminal's; without it nothing is known of what is on the screen.
        """
        if size != self._size or size is None:
            self._size = size
            self.forget()
        self._said = []
        for match in _PIECE.finditer(text):
            kind = match.lastindex
            if kind == _STYLE:
                codes = match[_STYLE]
                self._wanted = "" if codes in ("", "0") else f"{self._wanted};{codes}".lstrip(";")
            elif kind == _COLUMN:
                self._goal = int(match[_ROW]), int(match[_COLUMN])
            elif kind == _TEXT:
                self._write(match[_TEXT])
            elif kind == _FRAME:
                self._said.append(match[_FRAME])
            elif kind == _WIDE:
                self._write_wide(match[_WIDE])
            elif kind != _LEFT or self._scrolls(match[_LEFT]):
                self._pass_on(match[0])
        self._go_on()
        return "".join(self._said)

    def _write(self, text: str) -> None:
        """Write what of a text is not there yet."""
        if self._goal is None:  # nobody knows where
            self._say(text)
            return
        row, column = self._goal
        cells = _cells(text, self._wanted)
        line = self._shown.setdefault(row, [])
        line += [None] * (column - 1 + len(cells) - len(line))
        for start, end in _differing(line[column - 1 : column - 1 + len(cells)], cells):
            self._goal = row, column + start
            self._say(text[start:end])
            self._at = row, column + end
        line[column - 1 : column - 1 + len(cells)] = cells
        self._goal = row, column + len(cells)
        if self._ends_outside(row, column, len(cells)):
            self.forget()  # it was made for another size

    def _ends_outside(self, row: int, column: int, width: int) -> bool:
        return self._size is None or column - 1 + width > self._size[0] or row > self._size[1]

    def _scrolls(self, ends: str) -> bool:
        """Whether ends of lines may move all that is on the screen."""
        at_most = self._size[1] if self._size else 0
        return self._goal is None or self._goal[0] + ends.count("\n") > at_most

    def _write_wide(self, text: str) -> None:
        """Write what the terminal may take to be wider or narrower than Textual does.

        Nothing old shows beside it, and what follows stands where Textual has it.
        """
        width = cell_len(text)
        if self._goal is None or self._ends_outside(*self._goal, width):
            self._pass_on(text)
            return
        self._go_on()
        row, column = self._goal
        if width:
            self._said.append(f"{' ' * width}\x1b[{row};{column}H")
        self._said.append(text)
        self._shown.pop(row, None)
        self._goal, self._at = (row, column + width), None

    def _pass_on(self, text: str) -> None:
        """Write what may change anything: what is on the screen is not known any longer."""
        self._go_on()
        self.forget()
        self._said.append(text)
        self._at = self._goal = None

    def _say(self, text: str) -> None:
        self._move()
        if self._wanted != self._style and not _looks_alike(text, self._style, self._wanted):
            self._change()
        self._said.append(text)

    def _go_on(self) -> None:
        """Make place and style what they would be."""
        self._move()
        if self._wanted != self._style:
            self._change()

    def _move(self) -> None:
        if self._goal is None or self._goal == self._at:
            return
        row, column = self._goal
        if self._at is not None and self._at[0] == row and self._at[1] < column:
            steps = column - self._at[1]
            self._said.append(f"\x1b[{steps if steps > 1 else ''}C")
        else:
            self._said.append(f"\x1b[{row};{column}H")
        self._at = self._goal

    def _change(self) -> None:
        self._said.append(_change(self._style, self._wanted))
        self._style = self._wanted


def _cells(text: str, style: str) -> list[_Cell]:
    ground = _ground(style)
    return [(letter, ground if letter == " " else style) for letter in text]


def _differing(old: list[_Cell], new: list[_Cell]) -> Iterator[tuple[int, int]]:
    """Yield the spans in which two rows of cells differ, those that are close together as one."""
    if old == new:
        return
    places = [i for i, (one, other) in enumerate(zip(old, new, strict=True)) if one != other]
    start = end = places[0]
    for place in places:
        if place > end + _GAP:
            yield start, end
            start = place
        end = place + 1
    yield start, end


def _looks_alike(text: str, style: str, other: str) -> bool:
    """Whether it cannot be seen in which of two styles a text is written."""
    return text.isspace() and _ground(style) == _ground(other)


@lru_cache(4096)
def _ground(style: str) -> frozenset[str] | str:
    """Return what is seen of a style where there is no letter."""
    parts = _PARTS.findall(style)
    if not _IN_COLOUR.isdisjoint(parts) or not _is_simple(parts):
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
        return f"\x1b[{';'.join(added)}m" if added else ""
    return f"\x1b[0;{after}m" if after else "\x1b[0m"


def _is_simple(parts: list[str]) -> bool:
    """Whether no part undoes another, so that their order does not matter."""
    kinds = [part[:3] if part.startswith(_KINDS) else part for part in parts]
    return len(kinds) == len(set(kinds)) and _ATTRIBUTES.union(_KINDS).issuperset(kinds)
