"""Three models that each answer with a megabyte, and review with one: what is lost, what it takes.

    python -m tests.benchmarks.megabyte_answers [SECONDS] [line]

The answers come in pieces of sixty characters within SECONDS, in paragraphs, or with ``line`` in a
single line; of the reviews, all by the first model are as long. A real process in a pty, as in
``keys_while_streaming``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from functools import partial
from pathlib import Path

from llmchem_tui.session.provider import CallRequest, Delta, Ended, Finish, Text
from tests.benchmarks import beside
from tests.benchmarks.fast_streams import FastProvider, run
from tests.benchmarks.keys_while_streaming import cursor_line
from tests.benchmarks.measures import cpu_seconds, load, memory
from tests.session.scripted import answer_json, review_json
from tests.terminal.pty_app import PtyApp

MODELS, MEGABYTE, PIECE = 3, 1_000_000, 60
KEY_MILLISECONDS = 200
PROGRAM = "runpy.run_module('tests.benchmarks.megabyte_answers', run_name='__main__')"
_PARAGRAPH = 60  # words


class LongProvider(FastProvider):
    """Answers with a megabyte; the first model's rationales are as long."""

    def __init__(self, seconds: float, *, single_line: bool) -> None:
        super().__init__(seconds)
        self._seconds = seconds
        self._gap = " " if single_line else "\n"

    async def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
        """Send it in small pieces, as many a second as the time demands."""
        name = request.model.name
        if request.author is None:
            reply = self.sent[name] = answer_json(assessment=self._words())
        elif name == "model-1":
            reply = json.dumps(json.loads(review_json()) | {"rationale": self._words()})
        else:
            reply = review_json()
        loop = asyncio.get_running_loop()
        began, each = loop.time(), self._seconds * PIECE / MEGABYTE
        for place in range(0, len(reply), PIECE):
            yield Text(reply[place : place + PIECE])
            if (early := began + place / PIECE * each - loop.time()) > 0:
                await asyncio.sleep(early)
        yield Ended(Finish.STOP)

    def _words(self) -> str:
        words = [f"word{i}" for i in range(MEGABYTE // 10)]
        gaps = [self._gap if i % _PARAGRAPH == 0 else " " for i in range(1, len(words) + 1)]
        return "".join(word + gap for word, gap in zip(words, gaps, strict=True))


def answered(app: PtyApp, end: Path) -> list[float]:
    """Press a key again and again until a file is there; return how long each took to be seen."""
    took = []
    while not end.exists():
        line, began = cursor_line(app, MODELS), time.monotonic()
        app.press("up" if line else "down")
        app.wait_for(partial(_moved, app, line), 120)
        took.append(time.monotonic() - began)
        pause = began + took[-1] + 0.2
        while (left := pause - time.monotonic()) > 0:
            app.show(app.read(left))
    return took


def _moved(app: PtyApp, line: int) -> bool:
    return cursor_line(app, MODELS) not in (line, -1)


def main(seconds: float, shape: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {"COLORTERM": "truecolor"}
        with PtyApp("app", name, str(seconds), shape, code=PROGRAM, env=env) as app:
            pid = app.process.pid
            app.wait_for("plan:")
            app.wait_for(lambda: cursor_line(app, MODELS) >= 0)
            before, busy, began = memory(pid), cpu_seconds(pid), time.monotonic()
            app.press("ctrl+r")
            app.wait_for("writing")
            keys = sorted(answered(app, folder / "texts.json"))
            took, busy = time.monotonic() - began, cpu_seconds(pid) - busy
            after = memory(pid)
            app.press("q")
            app.wait_for_end()
        report = json.loads((folder / "texts.json").read_text())
        sizes = {
            file.name: file.stat().st_size for file in folder.glob("sessions/*/*") if file.is_file()
        }
    exact = sum(report["sent"][model] == report["shown"].get(model) for model in report["sent"])
    p95 = keys[int(0.95 * len(keys))]
    print(
        f"{MODELS} answers and 2 rationales of {MEGABYTE / 1e6:g} MB in pieces of {PIECE}, "
        f"{shape}; {load()}\n"
        f"{exact} of {MODELS} models: all that was sent came, and is shown\n"
        f"round took {took:.1f} s for {2 * seconds:g} s of streaming, CPU {busy:.1f} s\n"
        f"{len(keys)} keys, p95 {beside(1000 * p95, KEY_MILLISECONDS, 'ms')}, "
        f"worst {1000 * keys[-1]:.0f} ms\n"
        f"memory {before / 1e6:.0f} MB before, {after / 1e6:.0f} MB after the round\n"
        + ", ".join(f"{file} {size / 1e6:.1f} MB" for file, size in sorted(sizes.items()))
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["app"]:
        provider = LongProvider(float(sys.argv[3]), single_line=sys.argv[4] == "line")
        run(Path(sys.argv[2]), provider, MODELS)
    else:
        given = sys.argv[1:]
        main(float(given[0]) if given else 30.0, "line" if "line" in given else "paragraphs")
