"""A text of ours or of others: never markup, and sent over a slow line only when it changes."""

from __future__ import annotations

from textual.content import Content
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
