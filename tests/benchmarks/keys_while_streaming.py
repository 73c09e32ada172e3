"""How soon a key shows its effect while eight models write sixty fragments a second.

    python -m tests.benchmarks.keys_while_streaming [SECONDS] [WIDTHxHEIGHT]

A real process, whose bytes are read through a pty. A key counts as seen when the bytes have come
that move the cursor's line in the pool; pyte finds them afterwards, its time does not count.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.fast_streams import FRAGMENTS_A_SECOND, MODELS
from tests.terminal.pty_app import PtyApp

PROGRAM = "runpy.run_module('tests.benchmarks.fast_streams', run_name='__main__', alter_sys=True)"
_BETWEEN_KEYS = 0.15, 0.25


def cursor_line(app: PtyApp) -> int:
    """The line of the pool that is highlighted, by its background; -1 where none is."""
    grounds = [app.screen.buffer[y][4].bg for y in range(2, 2 + MODELS)]
    odd = [i for i, ground in enumerate(grounds) if grounds.count(ground) == 1]
    return odd[0] if len(odd) == 1 else -1


def measured(app: PtyApp, seconds: float) -> list[float]:
    """Press a key again and again, and return how long each took to be seen, in seconds."""
    pressed: list[float] = []
    came: list[tuple[float, bytes]] = []
    end = time.monotonic() + seconds
    rhythm = random.Random(7)  # of its own, so as not to meet the frames at one point only
    while time.monotonic() < end:
        pressed.append(time.monotonic())
        app.press("up" if len(pressed) % 2 == 0 else "down")
        wait = time.monotonic() + rhythm.uniform(*_BETWEEN_KEYS)
        while (left := wait - time.monotonic()) > 0:
            if chunk := app.read(left):
                came.append((time.monotonic(), chunk))
    moved: list[float] = []
    line = cursor_line(app)
    for at, chunk in came:
        app.show(chunk)
        if cursor_line(app) not in (line, -1):
            line = cursor_line(app)
            moved.append(at)
    if len(moved) != len(pressed):
        raise SystemExit(f"{len(pressed)} keys were pressed, {len(moved)} seen")
    return [seen - key for key, seen in zip(pressed, moved, strict=True)]


def main(seconds: float, size: tuple[int, int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {"COLORTERM": "truecolor"}
        with PtyApp(name, str(seconds), code=PROGRAM, env=env, size=size) as app:
            app.wait_for("plan:")
            app.wait_for(lambda: cursor_line(app) >= 0)
            app.press("ctrl+r")
            app.wait_for("writing")
            times = sorted(measured(app, seconds - 2))
            app.wait_for((folder / "texts.json").exists, seconds + 30)
            written = len(app.written)
            app.press("q")
            app.wait_for_end()
        report = json.loads((folder / "texts.json").read_text())
    exact = sum(report["sent"][model] == report["shown"].get(model) for model in report["sent"])
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"{MODELS} streams, {FRAGMENTS_A_SECOND} fragments/s each, {seconds:g} s, "
        f"{size[0]}x{size[1]}: {len(times)} keys, median {statistics.median(times) * 1000:.0f} ms, "
        f"p95 {p95 * 1000:.0f} ms, worst {times[-1] * 1000:.0f} ms; "
        f"round took {report['elapsed']:.1f} s; {written / 1000:,.0f} KB painted; "
        f"{exact} of {MODELS} panes hold exactly what was sent"
    )


if __name__ == "__main__":
    shape = sys.argv[2] if len(sys.argv) > 2 else "120x40"
    wide, high = map(int, shape.split("x"))
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0, (wide, high))
