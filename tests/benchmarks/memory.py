"""How much memory the app takes after one simulated round.

    python -m tests.benchmarks.memory

A real process in a pty, with an empty data folder; the round is saved, and what it teaches is on
the screen. The bytes are those of the process that are in memory, libraries included. It is run
twice: the first time Python compiles, which takes 20 MB more.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.benchmarks import beside
from tests.benchmarks.measures import as_installed, load, memory
from tests.terminal.pty_app import PtyApp, settings_file

LIMIT = 110
_MEGABYTE = 1_000_000


def megabytes(folder: Path) -> dict[str, float]:
    """Return how much the app takes with the first frame, the first ensemble, and after a round."""
    shutil.rmtree(folder / "data", ignore_errors=True)
    env = as_installed(folder) | {"COLORTERM": "truecolor"}
    taken = {}
    with PtyApp("--config", str(settings_file(folder)), env=env) as app:
        pid = app.process.pid
        app.wait_for("looking for models")
        taken["first frame"] = memory(pid) / _MEGABYTE
        app.wait_for("plan:")
        taken["first ensemble"] = memory(pid) / _MEGABYTE
        app.press("ctrl+r")
        app.wait_for("saved in")
        app.wait_for("next sim")
        while app.read(1.0):
            pass
        taken["after a round"] = memory(pid) / _MEGABYTE
    return taken


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        megabytes(Path(name))
        taken = megabytes(Path(name))
    for when, size in taken.items():
        print(f"{when}: {beside(size, LIMIT, 'MB')}")
    print(load())


if __name__ == "__main__":
    main()
