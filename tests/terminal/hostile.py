"""A world in which every text is chosen by somebody else: server, files, names of files, cells.

With ``Text`` POISON each of them carries everything that a terminal could act on, with HARMLESS
nothing; the rest is the same, so that what the program itself sends can be told from what it lets
through.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import tomli_w

POISON = (
    *(f"{chr(code)}a" for code in (*range(0x20), *range(0x7F, 0xA0))),
    "\x1b[31337m", "\x1b[31337;1H", "\x1b[?31337h", "\x1bc", "\x1b7", "\x1b(0", "\x1b%G",
    "\x1b]0;poison\x07", "\x1b]2;poison\x1b\\", "\x1b]52;c;cG9pc29u\x07", "\x1b]8;;poison:\x07x",
    "\x1b]1337;File=poison\x07", "\x1bPpoison\x1b\\", "\x1b_poison\x1b\\", "\x1b^poison\x1b\\",
    "\x1bXpoison\x1b\\", "\x9b31337m", "\x9d0;poison\x9c", "\x90poison\x9c", "\x9fpoison\x9c",
    "\u202egnosiop\u202c", "\u202a\u202b\u202d", "\u2066\u2067\u2068\u2069", "\u200e\u200f\u061c",
    "\u200b\u2060\ufeff\u2028\u2029\x85", "\U000e0001\U000e0070",
)  # fmt: skip
HARMLESS = tuple(f"<{number}>" for number in range(20))

SEQUENCES_IN_A_NAME = 12
MODELS = 4
TASK, STRATEGY, RAW = "task", "OTHER", b"\x9b31337m\x9d0;poison\x9c\x1b[31337m\n"


class Text:
    """Makes texts of what is poisonous, or harmless: each begins with another piece of it."""

    def __init__(self, pieces: tuple[str, ...]) -> None:
        self._pieces = pieces
        self._made = 0

    def __call__(self, word: str, most: int | None = None) -> str:
        """Return a text that begins with a word; it has all pieces, or the next so many."""
        self._made += 7
        turned = self._made % len(self._pieces)
        return word + "".join((self._pieces[turned:] + self._pieces[:turned])[:most])

    def name(self, word: str, ending: str) -> str:
        """Return a name for a file."""
        made = self(word, SEQUENCES_IN_A_NAME)
        return "".join(sign for sign in made if sign not in "/\0") + ending


def write_world(folder: Path, text: Text, url: str) -> dict[str, Path]:
    """Write settings, themes, vignettes, a history and a session; return the paths by name."""
    data, own = folder / "data", folder / "config"
    for each in (data / "vignettes", own / "themes"):
        each.mkdir(parents=True)
    history = folder / text.name("history", ".csv")
    history.write_bytes(table(text))
    raw = folder / "raw.csv"
    raw.write_bytes(b"trial,model,task,quality,accuracy\n" + RAW)
    session = data / "sessions" / "2026-01-31T09-15-00"
    session.mkdir(parents=True)
    (session / "history.csv").write_bytes(table(text))
    (data / "sessions" / text.name("2026", "")).mkdir()
    vignette = data / "vignettes" / "evil.toml"
    vignette.write_text(
        tomli_w.dumps({"title": clean(text("A cough")), "text": clean(text("A man coughs."))}),
        encoding="utf-8",
    )
    (data / "vignettes" / text.name("broken", ".toml")).write_text("title = ", encoding="utf-8")
    (data / "vignettes" / "raw.txt").write_bytes(RAW)
    (own / "themes" / text.name("theme", ".toml")).write_text(
        tomli_w.dumps({"name": "mine", "primary": text("colour")}), encoding="utf-8"
    )
    settings = own / "config.toml"
    settings.write_text(
        tomli_w.dumps(
            {
                "round": {"n": 3, "strategy": "RANDOM", "seed": 7, "abstain_below": 0.0},
                "history": {"paths": [str(history)]},
                "ui": {"theme": text("theme")},
                "providers": {text("box", 20): {"kind": "openai", "url": url}},
            }
        ),
        encoding="utf-8",
    )
    return {"data": data, "settings": settings, "history": history, "raw": raw, "own": vignette}


def clean(words: str) -> str:
    """What a vignette may have: no control characters, all the others."""
    return "".join(sign for sign in words if sign >= " " and not "\x7f" <= sign <= "\x9f")


def table(text: Text) -> bytes:
    """Return a history whose cells are texts of others, in rounds of two models."""
    columns = "trial,model,task,quality,accuracy,strategy,result,id,elapsed,vignette,created"
    models = [text(f"m{number}") for number in range(3)]
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(columns.split(","))
    task, strategy = text(TASK), text(STRATEGY)
    for number in range(6):
        trial = text(f"t{number}")
        for model in (models[number % 3], models[(number + 1) % 3]):
            row = [trial, model, task, 5 + number % 3, 0.5, strategy, text("said")]
            writer.writerow([*row, text("id"), text("1s"), text("v"), "2026-01-31 09:15:00"])
    return file.getvalue().replace("\0", "").encode("utf-8")


@contextmanager
def hostile_server(text: Text) -> Iterator[str]:
    """Serve models with such names, which write such texts; one of them always fails."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/v1/models":
                self._json({"data": [{"id": text(f"model{n}")} for n in range(MODELS)]})
            else:
                self._json({"error": {"message": text("no such thing")}}, 404)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if body["model"].startswith("model0"):
                self._json({"error": {"message": text("I fail")}}, 400)
                return
            asked = body["messages"][-1]["content"]
            content = json.dumps(review(text) if "rationale" in asked else answer(text))
            choice = {"index": 0, "delta": {"content": content}, "finish_reason": None}
            end = {"index": 0, "delta": {}, "finish_reason": "stop"}
            self._head(200, "text/event-stream")
            for one in (choice, end):
                self.wfile.write(f"data: {json.dumps({'choices': [one]})}\n\n".encode())
            self.wfile.write(b"data: [DONE]\n\n")

        def _json(self, document: object, status: int = 200) -> None:
            self._head(status, "application/json")
            self.wfile.write(json.dumps(document).encode())

        def _head(self, status: int, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(text: Text) -> dict[str, object]:
    parts = ("dose", "route", "frequency", "duration")
    line = {"action": "start", "name": text("amoxicillin ")} | {part: text(part) for part in parts}
    return {"assessment": text("said"), "medications": [line], "cautions": [text("careful")]}


def review(text: Text) -> dict[str, object]:
    return {"rationale": text("because"), "grade": 0.9, "safety_concern": text("danger")}
