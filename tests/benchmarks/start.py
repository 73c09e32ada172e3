"""How soon the app's first full frame stands, beside that of a bare Textual app of the same size.

    python -m tests.benchmarks.start [TIMES] [WIDTHxHEIGHT]

Real processes by turns, whose bytes are read through a pty, from exec to the byte that completes
the frame: the one with which the words of the first, a middle and the last pane and the line of
keys have all come. Python finds compiled modules, as an installed program does, and the app an
empty data folder. The ratio of processor time is steadier than that of the clock where the
machine is shared.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import beside
from tests.benchmarks.measures import as_installed, cpu_seconds, load
from tests.terminal.pty_app import PROGRAM, PtyApp, Size

LIMIT = 1.6
_BARE = """
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static('\\n'.join(f'line {i} complete' for i in range(1, self.size.height + 1)))

Bare().run()
"""
_FRAME = "Pool", "year-old", "nothing has been run in this sitting yet", "Help"
"""What stands in a full frame of the app."""


@dataclass(frozen=True)
class Start:
    """How long the first full frame took, in seconds by the clock and of the processor."""

    clock: float
    processor: float


def first_frame(code: str, words: tuple[str, ...], folder: Path, size: Size) -> Start:
    """Start a program, and end it as soon as its first frame stands."""
    env = as_installed(folder) | {"COLORTERM": "truecolor"}
    began = time.monotonic()
    with PtyApp(code=code, env=env, size=size) as app:
        came = b""
        missing = [word.encode() for word in words]
        while missing:
            chunk = app.read(30.0)
            if not chunk:
                raise SystemExit(f"never seen: {missing}")
            at, used = time.monotonic() - began, cpu_seconds(app.process.pid)
            came += chunk
            missing = [word for word in missing if word not in came]
    return Start(at, used)


def main(times: int, size: Size) -> None:
    programs = {
        "bare": (_BARE, (f"line {size[1]} complete",)),
        "llmchem": (PROGRAM, _FRAME),
    }
    starts: dict[str, list[Start]] = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as name:
        for i in range(times + 1):
            for program, (code, words) in programs.items():
                start = first_frame(code, words, Path(name), size)
                if i:  # the first time Python compiles
                    starts[program].append(start)
    best = {
        program: Start(min(s.clock for s in all_), min(s.processor for s in all_))
        for program, all_ in starts.items()
    }
    for program, start in best.items():
        print(f"{program:8} {start.clock:.3f} s, processor {start.processor:.2f} s")
    bare, own = best["bare"], best["llmchem"]
    print(f"clock: {beside(own.clock / bare.clock, LIMIT, 'x bare')}")
    print(f"processor: {beside(own.processor / bare.processor, LIMIT, 'x bare')}")
    print(f"{size[0]}x{size[1]}, best of {times}; {load()}")


if __name__ == "__main__":
    shape = sys.argv[2] if len(sys.argv) > 2 else "120x40"
    wide, high = map(int, shape.split("x"))
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10, (wide, high))
