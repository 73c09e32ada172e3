"""How soon a key shows its effect while ten models write a hundred fragments a second each.

    python -m tests.benchmarks.keys_while_streaming [SECONDS] [WIDTHxHEIGHT] [ssh]

A real process, whose bytes are read through a pty. A key counts as seen when the bytes have come
that move the cursor's line in the pool; pyte finds them afterwards, its time does not count.
With ``ssh`` the program takes the line for a slow one.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import beside
from tests.benchmarks.fast_streams import FRAGMENTS_A_SECOND, MODELS
from tests.benchmarks.measures import cpu_seconds, load
from tests.terminal.pty_app import PtyApp

PROGRAM = "runpy.run_module('tests.benchmarks.fast_streams', run_name='__main__', alter_sys=True)"
_BETWEEN_KEYS = 0.15, 0.25

KEY_MILLISECONDS, CORE_PERCENT, KILOBYTES = 50, 60, 15


@dataclass(frozen=True, slots=True)
class Measured:
    """While all models write: how long each key took to be seen, sorted, in seconds; the share of
    a core that the program took; what it sent to the terminal, in bytes per second."""

    keys: list[float]
    core: float
    bytes_a_second: float


def cursor_line(app: PtyApp, models: int = MODELS) -> int:
    """The line of the pool that is highlighted, by its background; -1 where none is."""
    grounds = [app.screen.buffer[y][4].bg for y in range(2, 2 + models)]
    odd = [i for i, ground in enumerate(grounds) if grounds.count(ground) == 1]
    return odd[0] if len(odd) == 1 else -1


def measured(app: PtyApp, seconds: float) -> Measured:
    """Press a key again and again while everything is written."""
    pressed: list[float] = []
    came: list[tuple[float, bytes]] = []
    began, busy = time.monotonic(), cpu_seconds(app.process.pid)
    rhythm = random.Random(7)  # of its own, so as not to meet the frames at one point only
    while time.monotonic() < began + seconds:
        pressed.append(time.monotonic())
        app.press("up" if len(pressed) % 2 == 0 else "down")
        wait = time.monotonic() + rhythm.uniform(*_BETWEEN_KEYS)
        while (left := wait - time.monotonic()) > 0:
            if chunk := app.read(left):
                came.append((time.monotonic(), chunk))
    took = time.monotonic() - began
    busy = cpu_seconds(app.process.pid) - busy
    moved: list[float] = []
    line = cursor_line(app)
    for at, chunk in came:
        app.show(chunk)
        if cursor_line(app) not in (line, -1):
            line = cursor_line(app)
            moved.append(at)
    if len(moved) != len(pressed):
        raise SystemExit(f"{len(pressed)} keys were pressed, {len(moved)} seen")
    return Measured(
        sorted(seen - key for key, seen in zip(pressed, moved, strict=True)),
        busy / took,
        sum(len(chunk) for _, chunk in came) / took,
    )


def main(seconds: float, size: tuple[int, int], ssh: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {"COLORTERM": "truecolor", "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22" * ssh}
        with PtyApp(name, str(seconds), code=PROGRAM, env=env, size=size) as app:
            app.wait_for("plan:")
            app.wait_for(lambda: cursor_line(app) >= 0)
            app.press("ctrl+r")
            app.wait_for("writing")
            found = measured(app, seconds - 2)
            app.wait_for((folder / "texts.json").exists, seconds + 30)
            app.press("q")
            app.wait_for_end()
        report = json.loads((folder / "texts.json").read_text())
    exact = sum(report["sent"][model] == report["shown"].get(model) for model in report["sent"])
    middle, p95 = statistics.median(found.keys), statistics.quantiles(found.keys, n=20)[-1]
    rate = f"{found.bytes_a_second / 1000:.1f} KB/s to the terminal"
    print(
        f"{MODELS} streams, {FRAGMENTS_A_SECOND} fragments/s each, {seconds:g} s, "
        f"{size[0]}x{size[1]}{', over SSH' * ssh}; {load()}\n"
        f"{len(found.keys)} keys, p95 {beside(1000 * p95, KEY_MILLISECONDS, 'ms')}, "
        f"median {1000 * middle:.0f}, worst {1000 * found.keys[-1]:.0f} ms\n"
        f"core: {beside(100 * found.core, CORE_PERCENT, '%')}\n"
        f"{beside(found.bytes_a_second / 1000, KILOBYTES, 'KB/s') if ssh else rate}\n"
        f"{exact} of {MODELS} models: all that was sent came, and is shown; the round took "
        f"{report['elapsed']:.1f} s"
    )


if __name__ == "__main__":
    shape = sys.argv[2] if len(sys.argv) > 2 else "120x40"
    wide, high = map(int, shape.split("x"))
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0, (wide, high), "ssh" in sys.argv[3:])
