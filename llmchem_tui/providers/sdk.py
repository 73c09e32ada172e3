"""What the providers over a vendor's SDK share: one stream, one listing, errors in our words.

The SDKs, and the httpx2 that both bring, are imported in a thread at first use. We use their
connections and stream decoding, but read the events as plain JSON: a compatible server's may have
any shape. Their own retries are off: what is asked again is decided in one place for all servers.
"""

from __future__ import annotations

import importlib
import os
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.endpoints import hostname, is_loopback
from llmchem_tui.providers.connection import Connection
from llmchem_tui.providers.discreet import discreet
from llmchem_tui.providers.reading import at, complaint, text_at
from llmchem_tui.providers.server import Server
from llmchem_tui.session.provider import CallRequest, Delta, Ended, ProviderError, ResponseTimeout

if TYPE_CHECKING:
    import httpx2

_LIST_SECONDS = 30.0
"""How long a list of models may take; the engine has its own limits for calls."""

_PAGE_BYTES = 65536

_KINDS = {
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "timeout_error": 504,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "overloaded_error": 529,
}
"""Errors inside a stream have no status of their own; these kinds stand for one."""


class Reading(Protocol):
    """What one stream has said so far."""

    def take(self, event: object) -> Iterable[Delta]:
        """Return the pieces in an event, and keep what it says about the end."""
        ...

    def ended(self) -> Ended:
        """Return why the stream ended."""
        ...


class SdkProvider(ABC):
    """One endpoint. ``locality`` None: local where the server is this machine, else remote."""

    sdk_name: ClassVar[str]
    own_host: ClassVar[str]
    models_path: ClassVar[str]

    def __init__(
        self,
        endpoint: str,
        base_url: str,
        api_key: str = "",
        *,
        connect_seconds: float = 5.0,
        locality: Locality | None = None,
    ) -> None:
        self._server = Server(endpoint, base_url, api_key)
        self._own = hostname(base_url) == self.own_host
        self._connect_seconds = connect_seconds
        here = Locality.LOCAL if is_loopback(base_url) else Locality.REMOTE
        self._locality = locality or here
        self._learnt: dict[str, Any] = {}  # by model id, of parameters that were refused
        self._connection: Connection[Any] = Connection(self._build, lambda client: client.close())

    async def models(self) -> list[ModelSpec]:
        """The models that can chat, sorted by name.

        Raises:
            ProviderError: the endpoint cannot be asked.
        """
        client = await self._connection.opened()
        import httpx2

        timeout = httpx2.Timeout(_LIST_SECONDS, connect=self._connect_seconds)
        with self._told():
            listing: object = await client.get(
                self.models_path,
                cast_to=object,
                options={"headers": self._headers(), "timeout": timeout},
            )
        told = self._server.discreet(listing)
        entries = told if isinstance(told, list) else at(told, "data")
        if not isinstance(entries, list):
            raise self._server.bad_reply("no list of models")
        ids = {text_at(entry, "id") for entry in entries} - {""}
        return [
            ModelSpec(name=id_, endpoint=self._server.name, id=id_, locality=self._locality)
            for id_ in sorted(ids)
            if self._chats(id_.lower())
        ]

    def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model; yields pieces as they arrive and ``Ended`` last.

        Raises:
            ProviderError: the call failed.
        """
        return discreet(self._stream(request), self._server.key)

    async def _stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
        client = await self._connection.opened()
        model, reading, empty = request.model.id, self._reading(), True
        with self._told(model):
            async with await self._ask(client, request) as stream:
                await _refuse_unstreamed(stream.response, self._server)
                async for event in stream:
                    empty = False
                    if fault := self._fault_in(event):
                        raise _fault_error(fault, self._server, model)
                    for delta in reading.take(event):
                        yield delta
        if empty:
            raise self._server.bad_reply("an empty stream")
        yield replace(reading.ended(), refused=self._refused(request.model))

    async def loaded(self) -> frozenset[str] | None:
        """Not told by this kind of endpoint."""
        return None

    async def aclose(self) -> None:
        """Close all connections."""
        await self._connection.aclose()

    @abstractmethod
    def _client(self) -> Any:
        """Build the SDK's client."""

    @abstractmethod
    async def _ask(self, client: Any, request: CallRequest) -> Any:
        """Send the request; returns the SDK's stream of plain JSON events."""

    @abstractmethod
    def _refused(self, model: ModelSpec) -> tuple[str, ...]:
        """Return the parameters that the server is known not to take for a model."""

    @abstractmethod
    def _reading(self) -> Reading:
        """Return a fresh reading."""

    def _chats(self, id_: str) -> bool:
        return "embed" not in id_

    def _fault_in(self, event: object) -> object:
        """Return the error object that hides in an event, if any, where the SDK sees none."""
        return None

    def _build(self) -> Any:
        import httpx2

        try:
            return self._client()
        except httpx2.InvalidURL as error:
            raise self._server.unreachable(error) from error

    def _headers(self) -> dict[str, Any]:
        """Return the headers of every request: our key or none, and nothing that was not asked for.

        What the environment holds for the vendor, the SDK would send to whatever server this is.
        """
        omitted = importlib.import_module(self.sdk_name).Omit()
        headers = {} if self._own else dict.fromkeys(self._vendor_headers(), omitted)
        key = self._server.key
        return {**headers, "Authorization": f"Bearer {key}" if key else omitted}

    def _vendor_headers(self) -> list[str]:
        lines = os.environ.get(f"{self.sdk_name.upper()}_CUSTOM_HEADERS", "").split("\n")
        names = [
            name.strip() for name, colon, _ in (line.partition(":") for line in lines) if colon
        ]
        return [name for name in names if name.lower() != "authorization"]

    def _http_client(self) -> httpx2.AsyncClient:
        """Return a client that follows no redirect and uses no proxy to reach this machine.

        A redirect would carry a vignette to a server that nobody has configured. Only connecting
        has a time limit: how long a model may think is the engine's business.
        """
        import httpx2

        return httpx2.AsyncClient(
            timeout=httpx2.Timeout(None, connect=self._connect_seconds),
            trust_env=not is_loopback(self._server.url),
            follow_redirects=False,
        )

    @contextmanager
    def _told(self, model: str = "") -> Iterator[None]:
        """Turn what goes wrong inside into a ProviderError."""
        import httpx2

        sdk = importlib.import_module(self.sdk_name)
        try:
            yield
        except (sdk.APIConnectionError, httpx2.TransportError) as error:
            raise _connection_error(error, self._server) from error
        except sdk.APIStatusError as error:
            raise _status_error(error, self._server, model) from error
        except sdk.APIError as error:
            raise _fault_error(error.body or error.message, self._server, model) from error
        except (ValueError, RecursionError) as error:
            raise self._server.bad_reply("something that is not JSON") from error


def _connection_error(error: Exception, server: Server) -> ProviderError:
    import httpx2

    cause = error if isinstance(error, httpx2.TransportError) else error.__cause__ or error
    never = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol)
    if isinstance(cause, (*never, httpx2.ProxyError)):
        return server.unreachable(cause)
    if isinstance(cause, httpx2.TimeoutException):
        return ResponseTimeout(f"{server.name} did not answer in time: try again", transient=True)
    return server.broken(cause)


def _status_error(error: Any, server: Server, model: str) -> ProviderError:
    # Anthropic's errors inside a stream come as status errors with the status of the stream, 200.
    if error.response.is_success:
        return _fault_error(error.body, server, model)
    retry_after = error.response.headers.get("retry-after", "")
    return server.failed(error.status_code, complaint(error.body), model, retry_after)


def _fault_error(body: object, server: Server, model: str) -> ProviderError:
    """Return the error for an error object that came inside a stream."""
    inner = at(body, "error")
    fault = inner if isinstance(inner, dict) else body
    words = complaint(body)
    for name in ("code", "type"):
        if status := _KINDS.get(text_at(fault, name)) or _status_in(at(fault, name)):
            return server.failed(status, words, model)
    return server.broke_off(words)


def _status_in(code: object) -> int:
    text = str(code)
    return int(text) if re.fullmatch("[45][0-9]{2}", text) else 0


async def _refuse_unstreamed(response: httpx2.Response, server: Server) -> None:
    """Raise where a reply with status 200 is a web page or one JSON document, not a stream."""
    kind = response.headers.get("content-type", "").lower()
    if "html" not in kind and "json" not in kind:
        return
    page = b""
    async for piece in response.aiter_bytes():
        page += piece
        if len(page) > _PAGE_BYTES:
            break
    what = "a web page" if "html" in kind else "one document"
    raise server.bad_reply(f"{what} instead of a stream", complaint(page))
