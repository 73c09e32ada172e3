"""Ollama's own API, by plain HTTP: its client package drops fields that we need.

Ollama sends nothing, not even headers, until the model is loaded.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING

from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.endpoints import hostname, is_loopback
from llmchem_tui.providers.connection import Connection, knock
from llmchem_tui.providers.discovery import ollama_url
from llmchem_tui.providers.discreet import discreet
from llmchem_tui.providers.facts import ModelFacts, PullProgress, is_same_model
from llmchem_tui.providers.ollama_library import InMemory, OllamaLibrary, own_words, told
from llmchem_tui.providers.ollama_thinking import Thinks, think_parameter, thinks
from llmchem_tui.providers.ollama_wire import chat_body, deltas, ended, is_overflow, num_ctx
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
_LINE_BYTES = 2**23
_NO_THINKING = "does not support thinking"
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
        self._thinks: dict[str, Thinks] = {}
        host = hostname(base_url)
        self._in_cloud = host == "ollama.com" or host.endswith(".ollama.com")
        self._connect_seconds = connect_seconds
        self._connection = Connection(self._build, lambda client: client.aclose())

    async def models(self) -> list[ModelSpec]:
        """The models that can chat, sorted by name; those that it only passes on are remote.

        Raises:
            ProviderError: the server cannot be asked.
        """
        try:
            await knock(self._server.url)
        except ConnectionRefusedError as error:
            raise self._server.unreachable(error) from error
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
        able = {name: _thinks(name, entry) for name, entry in tags.items()}
        self._thinks |= {name: one for name, one in able.items() if one is not Thinks.UNTOLD}
        return tags

    def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model; yields pieces as they arrive and ``Ended`` last.

        Raises:
            ProviderError: the call failed.
        """
        return discreet(self._stream(request), self._server.key)

    async def _stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
        model = request.model
        last: object = None
        think = await self._think(model)
        if model.locality is Locality.LOCAL:
            loaded = await self.loaded()
            if loaded is not None and not any(is_same_model(model.id, one) for one in loaded):
                yield Loading()
        with told(self._server, model.id):
            async with aclosing(await self._reply(request, think)) as response:
                await self._refuse_status(response, request)
                async with aclosing(self._chunks(response)) as chunks:
                    async for last in chunks:
                        self._refuse_error(last, request)
                        for delta in deltas(last):
                            yield delta
        yield ended(last, request)

    async def _think(self, model: ModelSpec) -> object:
        """What the request says about thinking; None: nothing."""
        able = self._thinks.get(model.id)
        if able is None and (able := await self._library.thinks(model.id)) is not None:
            self._thinks[model.id] = able
        return think_parameter(able, model.options.get("think"))

    async def _reply(self, request: CallRequest, think: object) -> httpx.Response:
        """The beginning of a reply; a model that turns out not to think is not asked to again."""
        response = await self._posted(chat_body(request, think))
        if think is None or response.status_code != HTTPStatus.BAD_REQUEST:
            return response
        if _NO_THINKING not in own_words(await response.aread()):
            return response
        self._thinks[request.model.id] = Thinks.NEVER
        return await self._posted(chat_body(request, None))

    async def _posted(self, body: object) -> httpx.Response:
        client = await self._connection.opened()
        # In ASCII: a model's text may hold half a surrogate pair, which UTF-8 cannot.
        content, kind = json.dumps(body), {"Content-Type": "application/json"}
        post = client.build_request("POST", "/api/chat", content=content, headers=kind)
        return await client.send(post, stream=True)

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

    async def _refuse_status(
        self, response: httpx.Response, request: CallRequest | None = None
    ) -> None:
        if response.is_success:
            return
        words = own_words(await response.aread())
        if request is not None and is_overflow(words):
            raise self._overflow(words, request)
        model = request.model.id if request is not None else ""
        retry_after = response.headers.get("retry-after", "")
        raise self._server.failed(response.status_code, words, model, retry_after)

    def _refuse_error(self, line: object, request: CallRequest) -> None:
        if isinstance(line, dict) and "error" in line:
            words = own_words(line)
            if is_overflow(words):  # it sees only after thinking that there is no room to answer
                raise self._overflow(words, request)
            raise self._server.broke_off(words)

    def _overflow(self, words: str, request: CallRequest) -> ProviderError:
        name, model = self._server.name, self._server.words(request.model.id)
        return ProviderError(
            f"the prompt is longer than the context window of {model} "
            f"({num_ctx(request)} tokens; {self._server.quoted(words)}): raise num_ctx in "
            f"[providers.{name}] or in the model's options, or shorten the vignette"
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
            parsed = self._server.discreet(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise self._server.bad_reply(
                "sent something else than JSON", complaint(line)
            ) from error
        if not isinstance(parsed, dict):
            raise self._server.bad_reply("something that is not Ollama's", complaint(line))
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


def _thinks(name: str, entry: object) -> Thinks:
    return thinks(name, text_at(entry, "details", "family"), list_at(entry, "capabilities"))


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
        can_think=_thinks(name, entry).told,
    )
