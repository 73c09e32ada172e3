"""Ollama's own API, by plain HTTP: its client package drops fields that we need.

Ollama sends nothing, not even headers, until the model is loaded.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING

from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.endpoints import hostname, is_loopback
from llmchem_tui.providers.connection import Connection
from llmchem_tui.providers.discovery import ollama_url
from llmchem_tui.providers.facts import ModelFacts, PullProgress, is_same_model
from llmchem_tui.providers.ollama_library import InMemory, OllamaLibrary, told
from llmchem_tui.providers.ollama_wire import chat_body, deltas, ended
from llmchem_tui.providers.reading import at, complaint, count_at, list_at, text_at
from llmchem_tui.providers.server import Server
from llmchem_tui.session.provider import (
    CallRequest,
    Delta,
    Loading,
    ProviderError,
)

if TYPE_CHECKING:
    import httpx

_LIST_SECONDS = 30.0
_OVERFLOW = re.compile(r"context[ _](length|size|window)")

_LINE_BYTES = 2**23
_TRANSIENT = frozenset({429, 502, 503})
"""Not 500: asking again could make a host that ran out of memory load the model again."""


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
            transient=_TRANSIENT,
        )
        self._library = OllamaLibrary(self._server, connect_seconds)
        self._can_think: dict[str, bool | None] = {}
        host = hostname(base_url)
        self._in_cloud = host == "ollama.com" or host.endswith(".ollama.com")
        self._connect_seconds = connect_seconds
        self._connection = Connection(self._build, lambda client: client.aclose())

    async def models(self) -> list[ModelSpec]:
        """The models that can chat, sorted by name; those that it only passes on are remote.

        Raises:
            ProviderError: the server cannot be asked.
        """
        return [self._spec(name, entry) for name, entry in (await self._tags()).items()]

    async def facts(self) -> list[ModelFacts]:
        """What the server tells of each of its models, sorted by name.

        Raises:
            ProviderError: the server cannot be asked.
        """
        tags, loaded = await asyncio.gather(self._tags(), self._library.in_memory())
        return [_facts(name, entry, loaded) for name, entry in tags.items()]

    async def _tags(self) -> dict[str, object]:
        listing = await self._listing("/api/tags", _LIST_SECONDS)
        entries = at(listing, "models")
        if not isinstance(entries, list):
            raise self._server.bad_reply("no list of models")
        models = {text_at(entry, "name"): entry for entry in entries if _chats(entry)}
        tags = {name: models[name] for name in sorted(models) if name}
        self._can_think.update(
            {name: told for name, entry in tags.items() if (told := _can_think(entry)) is not None}
        )
        return tags

    async def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model; yields pieces as they arrive and ``Ended`` last.

        Raises:
            ProviderError: the call failed.
        """
        client = await self._connection.opened()
        model = request.model
        last: object = None
        body = chat_body(request, await self._think(model))
        if model.locality is Locality.LOCAL:
            loaded = await self.loaded()
            if loaded is not None and not any(is_same_model(model.id, one) for one in loaded):
                yield Loading()
        with told(self._server, model.id):
            async with client.stream("POST", "/api/chat", json=body) as response:
                await self._refuse_status(response, model.id)
                async with aclosing(self._chunks(response)) as chunks:
                    async for last in chunks:
                        for delta in deltas(last):
                            yield delta
        yield ended(last, request)

    async def _think(self, model: ModelSpec) -> object:
        """What the request says about thinking; None: nothing."""
        if model.id not in self._can_think:
            self._can_think[model.id] = await self._library.can_think(model.id)
        wish, can = model.options.get("think"), self._can_think[model.id]
        if can is None:  # the server does not tell: the user has to know
            return wish
        if not can:
            return None
        if "gpt-oss" in model.id.lower():  # takes levels only
            return {None: "medium", True: "medium", False: "low"}.get(wish, wish)  # type: ignore[call-overload]
        return True if wish is None else wish

    async def loaded(self) -> frozenset[str] | None:
        """The ids of the models in memory; None where the server does not tell within a second."""
        models = await self._library.in_memory()
        return None if models is None else frozenset(models)

    def pull(self, model: str) -> AsyncGenerator[PullProgress, None]:
        """Fetch a model; see ``OllamaLibrary.pull``."""
        return self._library.pull(model)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._connection.aclose()
        await self._library.aclose()

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

        with told(self._server):
            timeout = httpx.Timeout(seconds, connect=min(seconds, self._connect_seconds))
            response = await client.get(path, timeout=timeout)
            await self._refuse_status(response)
        return self._parsed(response.content)

    async def _refuse_status(self, response: httpx.Response, model: str = "") -> None:
        if not response.is_success:
            words = complaint(await response.aread())
            if response.status_code == HTTPStatus.BAD_REQUEST and _OVERFLOW.search(words.lower()):
                raise self._overflow(words, model)
            retry_after = response.headers.get("retry-after", "")
            raise self._server.failed(response.status_code, words, model, retry_after)

    def _overflow(self, words: str, model: str) -> ProviderError:
        name = self._server.name
        return ProviderError(
            f"the prompt does not fit into the context window of {self._server.words(model)} "
            f"({self._server.quoted(words)}): raise num_ctx in [providers.{name}], or shorten the "
            "vignette"
        )

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


def _can_think(entry: object) -> bool | None:
    """Tell whether a listed model can think; None: the server is too old to say."""
    capabilities = list_at(entry, "capabilities")
    return "thinking" in capabilities if capabilities else None


def _facts(name: str, entry: object, loaded: Mapping[str, InMemory] | None) -> ModelFacts:
    memory = (loaded or {}).get(name)
    context = memory.context if memory else None
    return ModelFacts(
        id=name,
        size=count_at(entry, "size"),
        parameters=text_at(entry, "details", "parameter_size"),
        quantization=text_at(entry, "details", "quantization_level"),
        context=context or count_at(entry, "details", "context_length"),
        loaded=None if loaded is None else memory is not None,
        gpu_share=memory.gpu_share if memory else None,
        remote_host=text_at(entry, "remote_host"),
        can_think=_can_think(entry),
    )
