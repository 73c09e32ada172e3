"""A text of ours or of others: never markup, and sent over a slow line only when it changes."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from llmchem_tui.ui.widgets.fitting import Fitting


class Said(Fitting, Static):
    """Shows ``Content``; ``said`` is what it shows."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)
        self.said = Content()

    def say(self, content: Content) -> bool:
        """Show a text; tells whether it is another one."""
        if content.is_same(self.said):
            return False
        self.said = content
        # A text that takes as much room as before moves nothing else.
        width, height = self.content_size
        fits = width > 0 and content.get_height(self.styles.get_rules(), width) == height
        self.update(content, layout=not fits)
        return True


def say_on_border(
    widget: Widget, *, title: Content | None = None, subtitle: Content | None = None
) -> None:
    """Put words on a pane's border where others stand: Textual paints the pane even for the same.

    They are one line without tabs. None: what stands there stays.
    """
    if title is not None and title.markup != widget.border_title:
        widget.border_title = title
    if subtitle is not None and subtitle.markup != widget.border_subtitle:
        widget.border_subtitle = subtitle
