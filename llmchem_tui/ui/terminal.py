"""The terminal itself: one that is lost in mid-sentence, and one that must show no colour."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, TextIO

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter

from llmchem_tui.ui.sparing import Sparing

_SIGNALLED = 128  # plus the signal's number: the exit code, as a shell has it
_TRUSTED_SECONDS = 30.0
"""What is on the screen is taken to stay for so long."""


def leave_on(app: App[Any], number: int) -> None:
    """Let a signal end the app as a user does, with the exit code that it has in a shell."""
    leave = partial(app.exit, return_code=_SIGNALLED + number)
    asyncio.get_running_loop().add_signal_handler(number, leave)


class Terminal(LinuxDriver):
    """Textual's driver, but the program ends when the window is closed or the line is lost.

    Then Textual's thread that writes dies of the first error, and all that paints waits for it
    without end. The kernel sends SIGCONT with the hang-up besides, which Textual takes for the
    end of a suspension that never was: it starts a second pair of threads.
    """

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        hung_up = partial(app.exit, return_code=_SIGNALLED + signal.SIGHUP)
        self._file: Any = Line(self._file, lambda: app.call_later(hung_up))

    def _sigcont_application(self, *_: object) -> None:
        if self._must_signal_resume:  # it was suspended
            super()._sigcont_application()


class Line:
    """What is written to a terminal until that fails; then ``lost`` is called, and no more sent."""

    def __init__(self, file: TextIO, lost: Callable[[], object]) -> None:
        self._file = file
        self._sparing = Sparing()
        self._since = 0.0
        self._lost = lost
        self._open = True

    def fileno(self) -> int:
        """Return the number of the file."""
        return self._file.fileno()

    def write(self, text: str) -> None:
        """Write a text, if somebody can still read it."""
        if time.monotonic() > self._since + _TRUSTED_SECONDS:  # somebody else may write here too
            self._sparing.forget()
            self._since = time.monotonic()
        spared = self._sparing.spare(text, self._size())
        self._try(lambda: self._file.write(spared))

    def _size(self) -> tuple[int, int] | None:
        try:
            return os.get_terminal_size(self.fileno())
        except OSError:
            return None

    def flush(self) -> None:
        """Send what was written."""
        self._try(self._file.flush)

    def _try(self, send: Callable[[], object]) -> None:
        if not self._open:
            return
        try:
            send()
        except OSError:
            self._open = False
            # What the file still holds has to go somewhere, or Python ends with an error for it.
            with open(os.devnull, "w", encoding="utf-8") as nowhere:
                os.dup2(nowhere.fileno(), self._file.fileno())
            self._lost()


class Colourless(LineFilter):
    """Paints every line without colours, as NO_COLOR asks; bold, underline and reverse stay."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with no colour of their own."""
        return [
            Segment(text, _colourless(style) if style else None, control)
            for text, style, control in segments
        ]


@lru_cache(1024)
def _colourless(style: Style) -> Style:
    # Rich drops the meta with the colours, and with it what a click on a table's cell means.
    return style.without_color + Style.from_meta(style.meta)
