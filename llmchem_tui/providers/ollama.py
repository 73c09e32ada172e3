"""Ollama's own API, by plain HTTP: its client package drops fields that we need.

Ollama sends nothing, not even headers, until the model is loaded.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING

from llmchem_tui.domain.model import Locality, ModelSpec, Usage
from llmchem_tui.endpoints import hostname, is_loopback
from llmchem_tui.providers.connection import Connection
from llmchem_tui.providers.discovery import ollama_url
from llmchem_tui.providers.reading import at, complaint, count_at, list_at, text_at
from llmchem_tui.providers.server import Server
from llmchem_tui.session.provider import (
    CallRequest,
    Delta,
    Ended,
    Finish,
    Loading,
    ProviderError,
    ResponseTimeout,
    Text,
    Thinking,
)

if TYPE_CHECKING:
    import httpx

_LIST_SECONDS = 30.0
_LOADED_SECONDS = 1.0
"""How long the question may take whether a model is loaded; it must not hold up the call."""

_LINE_BYTES = 2**23
_NANOSECONDS = 1e9
_SEEDS = 2**31
_BESIDE_OPTIONS = ("keep_alive", "think")
"""What of a model's options Ollama wants beside its own "options", not in them."""


class OllamaProvider:
    """One Ollama server; ``base_url`` is what comes before ``/api/chat``.

    A model's options go to the server as they are, such as ``num_ctx`` and ``keep_alive``.
    """

    def __init__(
        self,
        endpoint: str,
        base_url: str = ollama_url(None),
        api_key: str = "",
        *,
        connect_seconds: float = 5.0,
    ) -> None:
        self._server = Server(
            endpoint,
            base_url.rstrip("/"),
            api_key,
            start='start Ollama with "ollama serve"',
            fetch='fetch it with "ollama pull", or choose another',
        )
        host = hostname(base_url)
        self._in_cloud = host == "ollama.com" or host.endswith(".ollama.com")
        self._connect_seconds = connect_seconds
        self._connection = Connection(self._build, lambda client: client.aclose())

    async def models(self) -> list[ModelSpec]:
        """The models that can chat, sorted by name; those that it only passes on are remote.

        Raises:
            ProviderError: the server cannot be asked.
        """
        listing = await self._listing("/api/tags", _LIST_SECONDS)
        entries = at(listing, "models")
        if not isinstance(entries, list):
            raise self._server.bad_reply("no list of models")
        models = {text_at(entry, "name"): entry for entry in entries if _chats(entry)}
        return [self._spec(name, models[name]) for name in sorted(models) if name]

    async def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model; yields pieces as they arrive and ``Ended`` last.

        Raises:
            ProviderError: the call failed.
        """
        client = await self._connection.opened()
        model = request.model
        last: object = None
        if model.locality is Locality.LOCAL and not await self._is_loaded(model.id):
            yield Loading()
        with self._told():
            async with client.stream("POST", "/api/chat", json=_body(request)) as response:
                await self._refuse_status(response, model.id)
                async with aclosing(self._chunks(response)) as chunks:
                    async for last in chunks:
                        for delta in _deltas(last):
                            yield delta
        yield _ended(last)

    async def loaded(self) -> frozenset[str] | None:
        """The ids of the models in memory; None where the server does not tell within a second."""
        try:
            async with asyncio.timeout(_LOADED_SECONDS):
                listing = await self._listing("/api/ps", _LOADED_SECONDS)
        except (ProviderError, TimeoutError):
            return None
        return frozenset(text_at(entry, "name") for entry in list_at(listing, "models"))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._connection.aclose()

    def _build(self) -> httpx.AsyncClient:
        import httpx

        key = self._server.key
        try:
            return httpx.AsyncClient(
                base_url=self._server.url,
                headers={"Authorization": f"Bearer {key}"} if key else None,
                timeout=httpx.Timeout(None, connect=self._connect_seconds),
                # A proxy cannot reach this machine. Redirects are not followed: one would carry a
                # vignette to a server that nobody has configured.
                trust_env=not is_loopback(self._server.url),
            )
        except httpx.InvalidURL as error:
            raise self._server.unreachable(error) from error

    async def _listing(self, path: str, seconds: float) -> object:
        client = await self._connection.opened()
        import httpx

        with self._told():
            timeout = httpx.Timeout(seconds, connect=min(seconds, self._connect_seconds))
            response = await client.get(path, timeout=timeout)
            await self._refuse_status(response)
        return self._parsed(response.content)

    async def _is_loaded(self, model: str) -> bool:
        """Tell whether the model is known to be loaded; no answer means that it is not known."""
        try:
            async with asyncio.timeout(_LOADED_SECONDS):
                listing = await self._listing("/api/ps", _LOADED_SECONDS)
        except (ProviderError, TimeoutError):
            return False
        loaded = {text_at(entry, "name") for entry in list_at(listing, "models")}
        return bool(loaded & {model, f"{model}:latest"})

    async def _refuse_status(self, response: httpx.Response, model: str = "") -> None:
        if not response.is_success:
            words = complaint(await response.aread())
            retry_after = response.headers.get("retry-after", "")
            raise self._server.failed(response.status_code, words, model, retry_after)

    async def _chunks(self, response: httpx.Response) -> AsyncGenerator[object, None]:
        # Lines end at line feeds only: a text may hold other characters that Python counts as one.
        rest = b""
        async for piece in response.aiter_bytes():
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                if line.strip():
                    yield self._parsed(line)
            if len(rest) > _LINE_BYTES:
                raise self._server.bad_reply("a line without an end")
        if rest.strip():
            yield self._parsed(rest)

    def _parsed(self, line: bytes) -> object:
        try:
            parsed: object = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise self._server.bad_reply(
                "sent something else than JSON", complaint(line)
            ) from error
        if not isinstance(parsed, dict):
            raise self._server.bad_reply("something that is not Ollama's", complaint(line))
        if "error" in parsed:
            raise self._server.broke_off(complaint(parsed))
        return parsed

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what goes wrong with the connection inside into a ProviderError."""
        import httpx

        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise self._server.unreachable(error) from error
        except httpx.UnsupportedProtocol as error:
            raise self._server.unreachable(error) from error
        except httpx.TimeoutException as error:
            name = self._server.name
            raise ResponseTimeout(f"{name} did not answer in time: try again") from error
        except httpx.TransportError as error:
            raise self._server.broken(error) from error

    def _spec(self, name: str, entry: object) -> ModelSpec:
        remote = self._in_cloud or bool(text_at(entry, "remote_host"))
        return ModelSpec(
            name=name,
            endpoint=self._server.name,
            id=name,
            locality=Locality.REMOTE if remote else Locality.LOCAL,
            digest=text_at(entry, "digest"),
        )


def _chats(entry: object) -> bool:
    """Tell whether a listed model can chat; older servers do not say, their names and kind do."""
    capabilities = list_at(entry, "capabilities")
    if capabilities:
        return "completion" in capabilities
    told = f"{text_at(entry, 'name')} {text_at(entry, 'details', 'family')}".lower()
    return "embed" not in told and "bert" not in told


def _body(request: CallRequest) -> dict[str, object]:
    model = request.model
    messages = [{"role": one.role, "content": one.text} for one in request.messages]
    if request.system:
        messages.insert(0, {"role": "system", "content": request.system})
    options = {
        **{name: value for name, value in model.options.items() if name not in _BESIDE_OPTIONS},
        "num_predict": model.max_tokens,
        "seed": request.seed % _SEEDS,
    }
    if model.temperature is not None:
        options["temperature"] = model.temperature
    body: dict[str, object] = {
        "model": model.id,
        "messages": messages,
        "stream": True,
        "options": options,
    }
    if request.schema:
        body["format"] = dict(request.schema)
    for name in _BESIDE_OPTIONS:
        if name in model.options:
            body[name] = _duration(model.options[name])
    return body


def _duration(value: object) -> object:
    """Return a keep_alive as Ollama reads it: digits alone are seconds only as a number."""
    is_number = isinstance(value, str) and value.removeprefix("-").isdigit()
    return int(str(value)) if is_number else value


def _deltas(chunk: object) -> Iterator[Delta]:
    if thought := text_at(chunk, "message", "thinking"):
        yield Thinking(thought)
    if text := text_at(chunk, "message", "content"):
        yield Text(text)


def _ended(last: object) -> Ended:
    """Return why the stream ended, from its last line; only "done" means that it is complete."""
    if at(last, "done") is not True:
        return Ended(Finish.BROKEN)
    load = count_at(last, "load_duration")
    usage = Usage(
        tokens_in=count_at(last, "prompt_eval_count"),
        tokens_out=count_at(last, "eval_count"),
        load_seconds=None if load is None else load / _NANOSECONDS,
    )
    finish = Finish.LENGTH if text_at(last, "done_reason") == "length" else Finish.STOP
    return Ended(finish, usage)
