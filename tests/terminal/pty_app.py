"""The program in a terminal: a real process, a real pty, and a screen that pyte keeps."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import pyte
import pytest

Size = tuple[int, int]

PROGRAM = "runpy.run_module('llmchem_tui', run_name='__main__', alter_sys=True)"
_TAKE_THE_TERMINAL = "import fcntl, runpy, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
_ANSWER_SECONDS = 30.0
_AT_ONCE = 65536

KEYS = {"enter": "\r", "escape": "\x1b", "tab": "\t", "down": "\x1b[B", "up": "\x1b[A"}
KEYS |= {f"ctrl+{letter}": chr(ord(letter) - 96) for letter in "abcdefghijklmnopqrstuvwxyz"}


class PtyApp:
    """A program that runs in a terminal of its own; as a context it is ended at the latest.

    ``arguments`` follow the program's name; ``env`` is added to the environment (an empty value
    takes a variable away). ``code`` is what runs instead of ``python -m llmchem_tui``.
    """

    def __init__(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        size: Size = (120, 40),
        code: str = PROGRAM,
    ) -> None:
        self.screen: Any = pyte.Screen(*size)
        self._stream: Any = pyte.ByteStream(self.screen)
        self.written = b""
        self._master, self._slave = os.openpty()
        self._tell_size(size)
        self.modes_before, self.attributes_before = self.modes, self.attributes
        merged = dict(os.environ) | dict(env or {})
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_THE_TERMINAL + code, *arguments],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env={name: value for name, value in merged.items() if value},
            start_new_session=True,
        )

    def __enter__(self) -> PtyApp:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._slave)
        if self._master >= 0:
            os.close(self._master)

    # --- the user ---------------------------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Type keys, by Textual's names or as they are."""
        for key in keys:
            os.write(self._master, KEYS.get(key, key).encode())

    def resize(self, *size: int) -> None:
        """Make the window larger or smaller; the kernel tells the program."""
        width, height = size
        self.screen.resize(height, width)
        self._tell_size((width, height))

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Close the window, or lose the line."""
        os.close(self._master)
        self._master = -1

    # --- what can be seen -------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The screen as lines."""
        return "\n".join(self.screen.display)

    @property
    def modes(self) -> frozenset[int]:
        """The terminal's modes that are on: alternate screen, cursor, mouse, paste, wrapping."""
        return frozenset(self.screen.mode)

    @property
    def attributes(self) -> list[Any]:
        """The attributes of the terminal: echo, line editing, signals."""
        return termios.tcgetattr(self._slave)

    def wait_for(
        self, condition: str | Callable[[], object], seconds: float = _ANSWER_SECONDS
    ) -> None:
        """Read on until a text stands on the screen, or a condition holds."""
        end = time.monotonic() + seconds
        while not (condition in self.text if isinstance(condition, str) else condition()):
            left = end - time.monotonic()
            if left <= 0 or (not self._read(min(left, 0.1)) and self.process.poll() is not None):
                self._read_all()
                if condition in self.text if isinstance(condition, str) else condition():
                    return
                code = self.process.poll()
                pytest.fail(f"never seen: {condition}; exit code {code}; the screen:\n{self.text}")

    def wait_for_end(self, seconds: float = _ANSWER_SECONDS) -> int:
        """Read on until the process has ended, and return its exit code."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > end:
                pytest.fail(f"the process has not ended; the screen:\n{self.text}")
            if self._master >= 0:
                self._read(0.1)
            else:
                try:
                    self.process.wait(seconds)
                except subprocess.TimeoutExpired:
                    pytest.fail("the process has not ended after its window was closed")
        self._read_all()
        return self.process.returncode

    def assert_restored(self) -> None:
        """The terminal is as it was: screen, cursor, mouse, paste, keyboard, attributes."""
        assert self.modes == self.modes_before
        assert self.attributes == self.attributes_before
        assert self.written.count(b"\x1b[>") == self.written.count(b"\x1b[<u")  # kitty's keys

    # --- the line ---------------------------------------------------------------------------

    def _tell_size(self, size: Size) -> None:
        width, height = size
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def read(self, seconds: float) -> bytes:
        """Return what comes within some seconds, without showing it; empty: nothing came."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        return os.read(self._master, _AT_ONCE) if ready else b""

    def show(self, came: bytes) -> None:
        """Put on the screen what was read."""
        self.written += came
        self._stream.feed(came)

    def _read(self, seconds: float) -> bool:
        came = self.read(seconds)
        self.show(came)
        return bool(came)

    def _read_all(self) -> None:
        while self._master >= 0 and self._read(0):
            pass


def settings_file(folder: Path, *, time_scale: float = 0.05) -> Path:
    """Write settings under which a simulated round takes about a second, always the same one."""
    path = folder / "config.toml"
    path.write_text(
        "[round]\nseed = 7\n\n"
        f'[providers.practice]\nkind = "simulated"\ntime_scale = {time_scale}\n',
        encoding="utf-8",
    )
    return path
