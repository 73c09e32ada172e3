"""A small HTTP server that a test writes the replies of, byte by byte, over real TCP.

A script is a coroutine that gets an ``Exchange``: one request, and the means to answer it in any
pieces, to fall silent, to break off, and to see the client leave.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 30.0
"""Seconds after which a test that waits for an event has failed."""

SSE = "text/event-stream"
TLS_HANDSHAKE = b"\x16"
NDJSON = "application/x-ndjson"


@dataclass(frozen=True)
class Request:
    """What arrived; the names of ``headers`` are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Exchange:
    """One request and its answer; ``left`` is set when the client closes the connection."""

    request: Request
    writer: asyncio.StreamWriter
    left: asyncio.Event
    _chunked: bool = False

    async def start(
        self, content_type: str = SSE, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        """Send the headers of a reply whose body comes in pieces."""
        self._chunked = True
        lines = {"Content-Type": content_type, "Transfer-Encoding": "chunked", **(headers or {})}
        await self._write(_head(status, lines))

    async def send(self, piece: bytes) -> None:
        """Send one piece of the body, at once."""
        await self._write(b"%x\r\n%b\r\n" % (len(piece), piece))

    async def sse(self, *events: object, name: str = "") -> None:
        """Send server-sent events: their type is ``name``, or "type" in them, or none at all."""
        for event in events:
            kind = name or (event.get("type", "") if isinstance(event, dict) else "")
            line = f"event: {kind}\n" if kind else ""
            text = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
            await self.send(f"{line}data: {text}\n\n".encode())

    async def lines(self, *documents: object) -> None:
        """Send documents as lines of JSON."""
        for document in documents:
            await self.send(json.dumps(document, ensure_ascii=False).encode() + b"\n")

    async def end(self) -> None:
        """End the body as it should."""
        await self._write(b"0\r\n\r\n")

    async def reply(
        self,
        body: object,
        status: int = 200,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        """Send a whole reply; a body that is not text becomes JSON."""
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        lines = {"Content-Type": content_type, "Content-Length": str(len(content))}
        await self._write(_head(status, lines | (headers or {})) + content)

    def drop(self) -> None:
        """Break the connection off where it is."""
        self.writer.transport.abort()

    async def until_left(self) -> None:
        """Wait until the client has closed the connection."""
        async with asyncio.timeout(PATIENCE):
            await self.left.wait()

    async def _write(self, content: bytes) -> None:
        self.writer.write(content)
        await self.writer.drain()


Script = Callable[[Exchange], Awaitable[None]]


@dataclass
class Wire:
    """The server: what has arrived so far, and how often a client connected."""

    scripts: tuple[Script, ...]
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    failures: list[BaseException] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def bodies(self) -> list[Any]:
        """Return the JSON bodies of all requests that have one."""
        return [request.json for request in self.requests if request.body]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.connections += 1
        inbox, left = asyncio.StreamReader(), asyncio.Event()
        pump = asyncio.create_task(_pump(reader, inbox, left))
        try:
            first = await inbox.read(1)
            if first == TLS_HANDSHAKE:  # what a server without TLS does with one
                writer.write(_head(400, {"Content-Length": "0"}))
                await writer.drain()
                return
            while (request := await _request(inbox, first)) is not None:
                first = b""
                self.requests.append(request)
                script = self.scripts[min(len(self.requests), len(self.scripts)) - 1]
                await script(Exchange(request, writer, left))
        except ConnectionError:
            pass  # the client left in the middle of a reply: tests look at ``left``
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must hear of it
            self.failures.append(error)
        finally:
            pump.cancel()
            writer.transport.abort()


@asynccontextmanager
async def serving(*scripts: Script) -> AsyncGenerator[Wire, None]:
    """Run a server; the k-th request gets the k-th script, and all later ones the last."""
    wire = Wire(scripts)

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(wire.serve(reader, writer))
        wire.tasks.add(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    wire.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        server.close()
        for task in wire.tasks:
            task.cancel()
        await asyncio.gather(*wire.tasks, return_exceptions=True)
        await server.wait_closed()
    assert not wire.failures, wire.failures


async def _pump(
    reader: asyncio.StreamReader, inbox: asyncio.StreamReader, left: asyncio.Event
) -> None:
    # Reads all the time: that is how a server notices that its client has gone.
    try:
        while piece := await reader.read(65536):
            inbox.feed_data(piece)
    except ConnectionError:
        pass
    finally:
        left.set()
        inbox.feed_eof()


async def _request(inbox: asyncio.StreamReader, begun: bytes) -> Request | None:
    try:
        head = begun + await inbox.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    body = await inbox.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {headers[name]}" for name in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
