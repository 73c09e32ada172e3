"""How soon a key shows its effect while eight models write sixty fragments a second.

    python -m tests.benchmarks.keys_while_streaming [SECONDS] [WIDTHxHEIGHT]

In a real terminal: a real process, its bytes read through a pty and put on a screen by pyte, whose
time counts too. A key counts as seen when the cursor's line of the pool has moved on the screen.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tests.benchmarks.fast_streams import FRAGMENTS_A_SECOND, MODELS
from tests.terminal.pty_app import PtyApp

PROGRAM = "runpy.run_module('tests.benchmarks.fast_streams', run_name='__main__', alter_sys=True)"
_BETWEEN_KEYS = 0.1


def cursor_line(app: PtyApp) -> int:
    """The line of the pool that is highlighted, by its background; -1 where none is."""
    grounds = [app.screen.buffer[y][4].bg for y in range(2, 2 + MODELS)]
    odd = [i for i, ground in enumerate(grounds) if grounds.count(ground) == 1]
    return odd[0] if len(odd) == 1 else -1


def moved(app: PtyApp, before: int) -> bool:
    """Whether another line of the pool is highlighted."""
    return cursor_line(app) not in (before, -1)


def measured(app: PtyApp, seconds: float) -> list[float]:
    """Press a key again and again, and note how long each took to be seen, in seconds."""
    times = []
    end = time.monotonic() + seconds
    down = True
    while time.monotonic() < end:
        before = cursor_line(app)
        began = time.monotonic()
        app.press("down" if down else "up")
        app.wait_for(partial(moved, app, before), 10)
        times.append(time.monotonic() - began)
        down = not down
        pause = time.monotonic() + _BETWEEN_KEYS
        while (left := pause - time.monotonic()) > 0:
            app._read(left)
    return times


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
