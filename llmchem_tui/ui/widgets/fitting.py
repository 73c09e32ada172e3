"""A widget that is as large as what it shows, whenever that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from textual.geometry import Region, Size

if TYPE_CHECKING:
    from textual.widget import Widget as _Mixed
else:
    _Mixed = object  # were it a widget, Textual would look for the styles of the others no further


class Fitting(_Mixed):
    """Is laid out for what it shows last, also where another widget's layout came in between.

    Textual 8.2.8 keeps a widget's size for as long as its styles and its number of layouts are the
    same, and counts a layout only where none is due yet. A text that changes after it was asked to
    show itself, and before its own turn, would keep the size of what was there before.
    """

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Draw anew; with ``layout`` nothing that is known of the size counts any longer."""
        if layout:
            self.styles.merge_rules({})  # no rule, but other styles than before
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:
        # A layout that gives a widget another size need not be followed by another of them all.
        return super()._size_updated(size, virtual_size, container_size, layout=False)
