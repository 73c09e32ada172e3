"""A text that grows at its end: only what is new is laid out, only what is seen is painted."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

PLAIN, HEADING = "growing-text--plain", "growing-text--heading"
MUTED, WRONG = "growing-text--muted", "growing-text--wrong"
_WORD, _BLANKS = re.compile("[^ ]* *"), re.compile(" *")
_BAR, _THUMB = "growing-text--bar", "▐"
_WITHIN = -1


class Line(NamedTuple):
    """A line as it is written, however long; ``kind``: one of the component classes."""

    text: str
    kind: str = PLAIN


class _Row(NamedTuple):
    """A row of the screen: a piece of line number ``line`` that begins at ``start``.

    ``start`` negative: what follows cannot be laid out from here on as it is from the line's
    beginning, since the row begins within a word, or with blanks, or a wide character was cut off.
    ``text`` None: it is the line's up to the next row; no tab stands before it, and its characters
    take one cell each.
    """

    line: int
    start: int
    text: str | None


class _Rows:
    """The rows of all lines, held as numbers: a long text has many, and objects take long to make.

    Rows are added and cut off at the end.
    """

    def __init__(self) -> None:
        self._lines, self._starts = array("l"), array("l")
        self._texts: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, number: int) -> _Row:
        return _Row(self._lines[number], self._starts[number], self._texts.get(number))

    def first_of(self, line: int) -> int:
        """Which row is the first of a line, or would be."""
        return bisect_left(self._lines, line)

    def cut(self, kept: int) -> None:
        """Keep so many."""
        for number in range(kept, len(self)):
            self._texts.pop(number, None)
        del self._lines[kept:], self._starts[kept:]

    def add(self, line: int, starts: Sequence[int], texts: Sequence[str]) -> None:
        """Add rows of a line; without ``texts`` they are its own."""
        self._texts.update(enumerate(texts, len(self)))
        self._lines += array("l", [line]) * len(starts)
        self._starts.extend(starts)


class GrowingText(ScrollView, can_focus=True):
    """Shows lines, and with ``follow`` keeps to their end, unless the user has scrolled up.

    A frame costs what is new and what is in view, however long the text has become. The bar in the
    last column is painted with the text: a scrollbar's own widget would cost as much again.
    """

    # Hidden: a scrollbar that is shown, if only without a size, has the screen laid out anew.
    DEFAULT_CSS = "GrowingText { scrollbar-size: 0 0; overflow: hidden; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {PLAIN, HEADING, MUTED, WRONG, _BAR}

    def __init__(self) -> None:
        super().__init__()
        self.follow = False
        self._at_end = True
        self._lines: list[Line] = []
        self._rows = _Rows()
        self._width = 0
        self._looks: dict[str, Style] = {}

    @property
    def text(self) -> str:
        """What is shown, in full."""
        return "\n".join(line.text for line in self._lines)

    def say(self, lines: Sequence[Line]) -> None:
        """Show these lines in place of those before."""
        self._at_end = self.is_vertical_scroll_end
        before, self._lines = self._lines, list(lines)
        both = list(zip(before, self._lines, strict=False))
        same = next((i for i, (old, new) in enumerate(both) if old != new), len(both))
        kept = self._rows.first_of(same)
        if same < len(both) and _grew(*both[same]):
            # A row is final once another follows it: what is longer now would not have fitted.
            kept = max(kept, self._rows.first_of(same + 1) - 1)
            while kept and kept < len(self._rows) and not self._is_safe(kept):
                kept -= 1
        self._lay_out(kept)

    def _is_safe(self, number: int) -> bool:
        """Whether what follows can be laid out from this row on as from the line's beginning."""
        line, start, text = self._rows[number]
        if start <= 0 or text is not None:
            return start >= 0
        return _begins_word(self._lines[line].text, start)

    def _text(self, number: int) -> str:
        """What stands in a row."""
        line, start, text = self._rows[number]
        if text is not None:
            return text
        whole = self._lines[line].text
        if number + 1 == self._rows.first_of(line + 1):
            return whole[start:][: self._width]
        return whole[start : self._rows[number + 1].start].rstrip()

    def _lay_out(self, kept: int) -> None:
        """Lay out anew from row number ``kept`` on."""
        if not self._width:
            return
        before = len(self._rows)
        line, start = self._rows[before - 1].line + 1 if before else 0, 0
        if kept < before:
            line, start, _ = self._rows[kept]
        self._rows.cut(kept)
        for number in range(line, len(self._lines)):
            self._rows.add(number, *_cut(self._lines[number].text, max(0, start), self._width))
            start = 0
        # Not by assignment: that would lay out the whole screen for every new row.
        self.set_reactive(ScrollView.virtual_size, Size(self._width, len(self._rows)))
        self._paint(kept if len(self._rows) == before else 0)
        self._keep_to_the_end()

    def _paint(self, first: int) -> None:
        """Paint the rows from this one on, as far as they are in view; the bar is in all rows."""
        height = self.size.height
        if (top := max(0, first - self.scroll_offset.y)) < height:
            self.refresh(Region(0, top, self.size.width, height - top))

    def _keep_to_the_end(self) -> None:
        if self.follow and self._at_end:
            self.scroll_end(animate=False, immediate=True)

    def on_resize(self) -> None:
        """Lay the lines out for another width."""
        width = max(2, self.scrollable_content_region.width - 1)  # beside the bar
        if width != self._width:
            self._width = width
            self._lay_out(0)
        else:
            self._keep_to_the_end()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Remember whether the end is in view: another size alone does not say where one was."""
        # Not Textual's way: it would move the scrollbar, and arrange the screen anew for a widget
        # that is nowhere to be seen.
        if round(old_value) != round(new_value):
            self.refresh(self.size.region)
        self._at_end = self.is_vertical_scroll_end

    @property
    def allow_vertical_scroll(self) -> bool:
        """Whether there is more than fits: no scrollbar's widget says so."""
        return self.max_scroll_y > 0

    # --- painting and selecting -------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Return a row as it is in view, and its piece of the bar."""
        number = self.scroll_offset.y + y
        # One strip: to make another of it, wider or cut, takes as long as to write it.
        row = Segment.adjust_line_length(self._row(number), self._width, self._look(PLAIN))
        thumb = Segment(_THUMB if y in self._thumb() else " ", self._look(_BAR))
        return Strip([*row, thumb], self._width + 1).apply_offsets(0, number)

    def _row(self, number: int) -> list[Segment]:
        if number >= len(self._rows):
            return []
        plain = self._text(number)
        style = self._look(self._lines[self._rows[number].line].kind)
        selection = self.text_selection
        if selection is None or (span := selection.get_span(number)) is None:
            return [Segment(plain, style)]
        start, end = span
        text = Text(plain, end="")
        text.stylize(style)
        selected = self.screen.get_component_rich_style("screen--selection")
        text.stylize(selected, start, len(plain) if end == -1 else end)
        return list(text.render(self.app.console))

    def _look(self, kind: str) -> Style:
        """The style of a kind of line; Textual forgets what it is whenever anything is painted."""
        if kind not in self._looks:
            self._looks[kind] = self.get_component_rich_style(kind)
        return self._looks[kind]

    def notify_style_update(self) -> None:
        """Take other styles: the theme has changed, or what has the keyboard."""
        self._looks.clear()
        super().notify_style_update()

    def _thumb(self) -> range:
        """The rows of the view that the bar's thumb takes; none where everything is in view."""
        seen, all_rows = self.size.height, len(self._rows)
        if all_rows <= seen:
            return range(0)
        length = max(1, seen * seen // all_rows)
        top = round((seen - length) * self.scroll_offset.y / (all_rows - seen))
        return range(top, top + length)

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """Return what the mouse has selected."""
        return selection.extract("\n".join(map(self._text, range(len(self._rows))))), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Show what the mouse has selected."""
        self.refresh()


def _grew(old: Line, new: Line) -> bool:
    return old.kind == new.kind and new.text.startswith(old.text)


def _cut(text: str, start: int, width: int) -> tuple[list[int], list[str]]:
    """Lay out a line from a character on, as ``_Rows.add`` takes it; tabs count as blanks."""
    has_tabs = "\t" in text
    text = text.expandtabs() if has_tabs else text
    own = text[start:]
    if own.isascii() and own.isprintable() and not own.startswith(" "):
        begins = _begins(text, start, width)
        if not has_tabs:
            return begins, []
        starts = [a if a == start or _begins_word(text, a) else _WITHIN for a in begins]
        ends = [*begins[1:], begins[-1] + width]
        return starts, [text[a:b].rstrip() for a, b in zip(begins, ends, strict=True)]
    starts, texts = list[int](), list[str]()
    for row in Content(own).wrap(width):
        found = max(start, text.find(row.plain, start))  # wrapping takes away blanks
        safe = not texts or (row.plain != "" and text[0] != " " and _begins_word(text, found))
        starts.append(found if safe else _WITHIN)
        texts.append(row.plain)
        start = found + len(row.plain)
    return starts, texts


def _begins_word(text: str, place: int) -> bool:
    return text[place - 1 : place].isspace() and not text[place : place + 1].isspace()


def _begins(text: str, start: int, width: int) -> list[int]:
    """Where the rows of a line begin as Textual wraps it, many times faster: answers may be long.

    Every character takes one cell, and the first, at ``start``, is no blank.
    """
    begins, here, letters = [start], start, len(text.rstrip())
    while (end := here + width) < letters:
        if text[end] == " ":
            here = _end(_BLANKS, text, end)
        elif blank := text.rfind(" ", here, end) + 1:
            here = blank
        else:  # of a word that is too long for a row, blanks after it take up room
            *more, here = range(end, _end(_WORD, text, here), width)
            begins += more
        begins.append(here)
    return begins


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Where what begins here ends; both patterns are found anywhere."""
    found = pattern.match(text, start)
    return found.end() if found else start
