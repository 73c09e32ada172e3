"""What the terminal is sent: the painted lines, after all filters."""

from __future__ import annotations

from collections.abc import Iterator

from rich.segment import Segment
from textual.app import App


def painted(app: App[None]) -> str:
    """The text on the screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def segments(app: App[None]) -> Iterator[Segment]:
    """Its pieces, with their styles."""
    for strip in app.screen._compositor.render_strips():
        yield from strip
