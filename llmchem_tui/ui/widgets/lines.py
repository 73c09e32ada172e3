"""A list that may have thousands of lines: only those that are seen are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widgets import OptionList
from textual.widgets.option_list import Option


class Line(Option):
    """An option whose text is asked for when it is seen."""

    def __init__(self, text: Callable[[], Content]) -> None:
        super().__init__("")
        self._text = text

    @property
    def prompt(self) -> Content:
        """The text as it is now."""
        return self._text()


class LineList(OptionList):
    """Options of one line each, never wrapped."""

    @property
    def seen(self) -> range:
        """The places of the options that are on the screen."""
        top = self.scroll_offset.y
        return range(top, min(self.option_count, top + self.scrollable_content_region.height))

    def remake(self, places: Sequence[int]) -> None:
        """Ask for the texts of these options again when they are seen."""
        for place in places:
            self._options[place]._set_prompt("")
        self._option_render_cache.clear()
        if any(place in self.seen for place in places):
            self.refresh()

    def _update_lines(self) -> None:
        # Textual would make every option to measure it; here each is known to be one line high.
        if not self.scrollable_content_region:
            return
        cache = self._line_cache
        new = range(len(cache.lines), self.option_count)
        cache.lines += [(place, 0) for place in new]
        cache.heights.update(dict.fromkeys(new, 1))
        cache.index_to_line.update(zip(new, new, strict=True))
        size = Size(self.scrollable_content_region.width, len(cache.lines))
        if size != self.virtual_size:
            self.virtual_size = size
            self._scroll_update(size)
