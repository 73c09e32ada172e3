"""How soon History shows its first page where ten thousand sessions are saved.

    python -m tests.benchmarks.history_list [SESSIONS] [FOLDER]

A real process, whose bytes are read through a pty: from the key to the bytes that show the newest
session's line. FOLDER is where the sessions are, or are made if it does not exist; without it they
are made and removed again.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from llmchem_tui.storage.sessions import list_sessions
from tests.benchmarks import beside
from tests.benchmarks.many_sessions import make_sessions
from tests.benchmarks.measures import cpu_seconds, load
from tests.terminal.pty_app import PtyApp

LIMIT = 0.3
_QUIET, _LITTLE = 1.0, 0.1
"""Seconds, and how much is computed in them at most when all is done."""


def until(app: PtyApp, text: str, seconds: float = 120.0) -> float:
    """Read on until a text is shown; return how long it took, in seconds."""
    began = at = time.monotonic()
    while text not in app.text:
        if at - began > seconds:
            raise SystemExit(f"{text} has not come within {seconds:g} s")
        chunk = app.read(0.5)
        at = time.monotonic()  # what pyte takes for it does not count
        app.show(chunk)
    return at - began


def main(sessions: int, data: Path) -> None:
    folder = data / "sessions"
    if not folder.exists():
        make_sessions(folder, sessions)
    saved = list_sessions(folder)
    first, last = (f"{saved[place].created:%Y-%m-%d %H:%M:%S}" for place in (0, -1))
    env = {"LLMCHEM_DATA": str(data), "COLORTERM": "truecolor"}
    with PtyApp("--simulated", env=env) as app:
        pid = app.process.pid
        began = time.monotonic()
        app.wait_for("Vignette")
        frame = time.monotonic() - began
        app.wait_for("plan:", 300)
        ready, busy = time.monotonic() - began, cpu_seconds(pid)
        print(f"{len(saved):,} sessions; {load()}")
        print(f"first frame {frame:.2f} s; the first ensemble {ready:.2f} s, CPU {busy:.2f} s")
        before = cpu_seconds(pid)
        app.press("h")
        took = until(app, first)
        print(f"first page: {beside(took, LIMIT)}, CPU {cpu_seconds(pid) - before:.2f} s")
        before, began = cpu_seconds(pid), time.monotonic()
        app.wait_for(f"{len(saved)} sessions")
        print(f"all are listed: {time.monotonic() - began:.2f} s later")
        app.press("\x1b[F")
        print(f"last page: {until(app, last):.3f} s")
        busy = before
        while busy + _LITTLE < (busy := cpu_seconds(pid)):
            end = time.monotonic() + _QUIET
            while (left := end - time.monotonic()) > 0:
                app.show(app.read(left))
        print(f"all outlines: {time.monotonic() - began:.1f} s, CPU {busy - before:.1f} s")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    if len(sys.argv) > 2:
        main(count, Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as name:
            main(count, Path(name))
