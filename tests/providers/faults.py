"""The faults of real servers: what each does, and what becomes of the call that meets it.

One row per fault. ``status`` and ``words`` are how the call ends and what its message says,
``requests`` how often the server was asked: 1 where asking again cannot help, 4 where it was asked
again to the end. ``kinds``: the APIs that know the fault.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from llmchem_tui.domain.model import Status
from tests.session.scripted import answer_json

from .wire import NDJSON, SSE, Exchange, Script

KINDS = ("openai", "anthropic", "ollama")
TYPES = {"openai": SSE, "anthropic": SSE, "ollama": NDJSON}
AGAIN = 4
ASSESSMENT = "Täglich 5 µg – “fine”."
TEXT = json.dumps(json.loads(answer_json(assessment=ASSESSMENT)), ensure_ascii=False)


def stream(kind: str, text: str = TEXT, *, end: bool = True) -> bytes:
    """Return the body of a streamed reply; without its ``end`` it does not say that it is whole."""
    halves = (text[: len(text) // 2], text[len(text) // 2 :])
    if kind == "ollama":
        lines: list[object] = [{"message": {"content": part}} for part in halves]
        documents = [*lines, *([{"done": True, "done_reason": "stop"}] if end else [])]
        return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in documents)
    if kind == "openai":
        events: list[object] = [{"choices": [{"delta": {"content": part}}]} for part in halves]
        events += [{"choices": [{"delta": {}, "finish_reason": "stop"}]}] if end else []
        return b"".join(map(sse, events))
    usage = {"input_tokens": 1, "output_tokens": 1}
    start = {"type": "message_start", "message": {"type": "message", "usage": usage}}
    parts = [
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": part},
        }
        for part in halves
    ]
    over = [
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
        {"type": "message_stop"},
    ]
    return b"".join(map(sse, [start, *parts, *(over if end else [])]))


def sse(event: object) -> bytes:
    """Return one server-sent event."""
    kind = event.get("type") if isinstance(event, dict) else None
    line = f"event: {kind}\n" if kind else ""
    return f"{line}data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def error_event(kind: str) -> bytes:
    """Return what a server sends in the middle of a stream when it gives up."""
    if kind == "ollama":
        return b'{"error": "the runner died"}\n'
    fault = {"type": "overloaded_error", "message": "the runner died"}
    return sse({"type": "error", "error": fault} if kind == "anthropic" else {"error": fault})


@dataclass(frozen=True)
class Fault:
    """A row of the table; ``act`` plays the server, or ``url`` leads somewhere else.

    ``limits``: seconds to the first byte and between two.
    """

    name: str
    status: Status
    words: str = ""
    requests: int = 1
    act: Callable[[Exchange, str], Awaitable[None]] | None = None
    url: Callable[[str], str] = lambda url: url
    kinds: tuple[str, ...] = KINDS
    limits: tuple[float, float] = (30.0, 30.0)
    then_fine: bool = False

    def scripts(self, kind: str) -> list[Script]:
        """Return the server's scripts: the fault for ever, or once and then a good reply."""

        async def bad(exchange: Exchange) -> None:
            assert self.act is not None
            await self.act(exchange, kind)

        async def good(exchange: Exchange) -> None:
            await whole(exchange, kind)

        return [bad, good] if self.then_fine else [bad]


async def whole(exchange: Exchange, kind: str) -> None:
    await exchange.start(TYPES[kind])
    await exchange.send(stream(kind))
    await exchange.end()


async def silence(exchange: Exchange, _: str) -> None:
    await exchange.until_left()


async def slow_body(exchange: Exchange, kind: str) -> None:
    await exchange.start(TYPES[kind])
    await exchange.send(stream(kind, end=False))
    await exchange.until_left()


async def bytewise(exchange: Exchange, kind: str) -> None:
    await exchange.start(TYPES[kind])
    for byte in stream(kind):
        await exchange.send(bytes([byte]))
    await exchange.end()


async def hang_up(exchange: Exchange, _: str) -> None:
    exchange.drop()


async def half_a_chunk(exchange: Exchange, kind: str) -> None:
    await exchange.start(TYPES[kind])
    await exchange.send(stream(kind, end=False)[:-20])
    exchange.writer.write(b"ff\r\nonly this")  # 255 bytes were announced
    await exchange.writer.drain()
    exchange.drop()


async def no_end(exchange: Exchange, kind: str) -> None:
    await exchange.start(TYPES[kind])
    await exchange.send(stream(kind, end=False))
    await exchange.end()


async def nothing(exchange: Exchange, kind: str) -> None:
    await exchange.start(TYPES[kind])
    await exchange.end()


async def garbage(exchange: Exchange, kind: str) -> None:
    await exchange.start(TYPES[kind])
    line = b"{oops\n" if kind == "ollama" else b"event: message_start\ndata: {oops\n\n"
    await exchange.send(line)
    await exchange.end()


async def error_first(exchange: Exchange, kind: str) -> None:
    await exchange.start(TYPES[kind])
    await exchange.send(error_event(kind))
    await exchange.end()


async def error_later(exchange: Exchange, kind: str) -> None:
    await exchange.start(TYPES[kind])
    await exchange.send(stream(kind, end=False) + error_event(kind))
    await exchange.end()


def saying(
    status: int, words: str = "so it is", **headers: str
) -> Callable[[Exchange, str], Awaitable[None]]:
    async def act(exchange: Exchange, kind: str) -> None:
        lines = {name.replace("_", "-"): value for name, value in headers.items()}
        error: object = words if kind == "ollama" else {"message": words}
        await exchange.reply({"error": error}, status, headers=lines)

    return act


async def redirect(exchange: Exchange, _: str) -> None:
    await exchange.reply("", 307, headers={"Location": "http://127.0.0.1:1/elsewhere"})


async def web_page(exchange: Exchange, _: str) -> None:
    await exchange.reply("<title>Log in</title>", content_type="text/html")


async def one_document(exchange: Exchange, _: str) -> None:
    await exchange.reply({"error": {"message": "upstream is gone"}})


SDK = ("openai", "anthropic")
OLLAMA = ("ollama",)

FAULTS = (
    Fault("slow headers, or a server that never answers", Status.TIMEOUT,
          "raise first_byte_seconds", act=silence, limits=(0.5, 30.0)),
    Fault("slow body", Status.TIMEOUT, "raise idle_seconds", act=slow_body,
          limits=(30.0, 0.1)),
    Fault("every byte and half character on its own", Status.OK, act=bytewise),
    Fault("disconnected before the headers", Status.ERROR, "broke", AGAIN, hang_up),
    Fault("disconnected once, then fine", Status.OK, "", 2, hang_up, then_fine=True),
    Fault("disconnected in half a chunk", Status.ERROR, "broke", act=half_a_chunk),
    Fault("stream without an end", Status.TRUNCATED, "stream ended before", act=no_end),
    Fault("empty stream", Status.ERROR, "empty stream", act=nothing, kinds=SDK),
    Fault("empty stream", Status.TRUNCATED, "stream ended before", act=nothing, kinds=OLLAMA),
    Fault("garbage instead of JSON", Status.ERROR, "JSON", act=garbage),
    Fault("error in the stream before any text", Status.ERROR, "overloaded", AGAIN, error_first,
          kinds=SDK),
    Fault("error in the stream before any text", Status.ERROR, "the runner died", act=error_first,
          kinds=OLLAMA),
    Fault("error in the stream after text", Status.ERROR, "the runner died", act=error_later),
    Fault("400", Status.ERROR, "change the options", act=saying(400, "the input is odd"),
          kinds=OLLAMA),
    Fault("401", Status.ERROR, "api_key_env", act=saying(401)),
    Fault("402", Status.ERROR, "add credit", act=saying(402)),
    Fault("403", Status.ERROR, "does not allow this", act=saying(403)),
    Fault("404 of the model", Status.ERROR, "does not know the model",
          act=saying(404, "model 'tiny-1' not found")),
    Fault("404 of the path", Status.ERROR, "no such API", act=saying(404, "nothing here")),
    Fault("408", Status.TIMEOUT, "took too long", AGAIN, saying(408), kinds=SDK),
    Fault("408", Status.TIMEOUT, "took too long", act=saying(408), kinds=OLLAMA),
    Fault("413", Status.ERROR, "too long", act=saying(413)),
    Fault("429 with a short Retry-After", Status.ERROR, "no more requests", AGAIN,
          saying(429, retry_after="0")),
    Fault("429 with a long Retry-After", Status.ERROR, "wait 3600 s",
          act=saying(429, retry_after="3600")),
    Fault("429 once, then fine", Status.OK, "", 2, saying(429), then_fine=True),
    Fault("500", Status.ERROR, "failed", AGAIN, saying(500), kinds=SDK),
    Fault("500", Status.ERROR, "failed", act=saying(500), kinds=OLLAMA),
    Fault("502", Status.ERROR, "failed", AGAIN, saying(502)),
    Fault("503", Status.ERROR, "overloaded or not ready", AGAIN, saying(503)),
    Fault("503 once, then fine", Status.OK, "", 2, saying(503), then_fine=True),
    Fault("504", Status.TIMEOUT, "took too long", AGAIN, saying(504), kinds=SDK),
    Fault("529", Status.ERROR, "overloaded", AGAIN, saying(529), kinds=SDK),
    Fault("redirect", Status.ERROR, "leads elsewhere", act=redirect),
    Fault("a web page with status 200", Status.ERROR, "Log in", act=web_page),
    Fault("an error with status 200", Status.ERROR, "upstream is gone", act=one_document),
    Fault("name that is not found", Status.ERROR, "nothing answers", 0,
          url=lambda _: "http://gpu.invalid:11434"),
    Fault("connection refused", Status.ERROR, "connection refused", 0,
          url=lambda _: "http://127.0.0.1:1"),
    Fault("no TLS where TLS is expected", Status.ERROR, "nothing answers", 0, act=silence,
          url=lambda url: url.replace("http://", "https://")),
)  # fmt: skip
