"""What is on an Ollama host and in its memory, and fetching more: by Ollama's own package.

Chat and the list of models go without it (see ``ollama``): it drops fields that we need there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmchem_tui.endpoints import is_loopback
from llmchem_tui.providers.connection import Connection
from llmchem_tui.providers.facts import PullProgress
from llmchem_tui.providers.ollama_thinking import Thinks, thinks
from llmchem_tui.providers.reading import complaint
from llmchem_tui.providers.server import Server
from llmchem_tui.session.provider import BadReply, ModelMissing, ProviderError, ResponseTimeout

if TYPE_CHECKING:
    import httpx
    import ollama

_PULLED = "success"
_SECONDS = 1.0
"""How long looking into the memory may take, and asking what a model can do: calls wait for it."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """A loaded model: the share of it on a GPU, in [0, 1], and its context window in tokens."""

    gpu_share: float | None
    context: int | None


class OllamaLibrary:
    """The models of one Ollama host."""

    def __init__(self, server: Server, connect_seconds: float) -> None:
        self._server = server
        self._connect_seconds = connect_seconds
        self._connection = Connection(self._build, _close)

    async def in_memory(self) -> dict[str, InMemory] | None:
        """The loaded models, by the names that the host has for them.

        None where the host does not tell within a second.
        """
        try:
            async with asyncio.timeout(_SECONDS):
                with told(self._server):
                    listing = await (await self._connection.opened()).ps()
        except (ProviderError, TimeoutError):
            return None
        loaded: dict[str, InMemory] = {}
        for entry in listing.models:
            share = entry.size_vram / entry.size if entry.size and entry.size_vram else None
            if entry.size and entry.size_vram == 0:
                share = 0.0
            name = str(self._server.discreet(entry.model or entry.name or ""))
            loaded[name] = InMemory(share, entry.context_length)
        return loaded

    async def thinks(self, model: str) -> Thinks | None:
        """Whether a model reasons before it answers; None where the host does not say in time."""
        try:
            async with asyncio.timeout(_SECONDS):
                with told(self._server, model):
                    shown = await (await self._connection.opened()).show(model)
        except (ProviderError, TimeoutError):
            return None
        family = (shown.details and shown.details.family) or ""
        return thinks(model, family, shown.capabilities or ())

    async def pull(self, model: str) -> AsyncGenerator[PullProgress, None]:
        """Fetch a model; closing the generator breaks the connection off, and a later pull goes on.

        Raises:
            ProviderError: the host cannot be reached, knows no such model, or gave up.
        """
        status = ""
        with told(self._server, model):
            client = await self._connection.opened()
            lines = await client.pull(model, stream=True)
            async with aclosing(lines) as progress:  # type: ignore[type-var]
                async for line in progress:
                    status = str(self._server.discreet(line.status or ""))
                    yield PullProgress(status, line.completed, line.total)
        if status != _PULLED:
            raise BadReply(
                f"{self._server.name} stopped before {self._server.words(model)} was whole: "
                "fetch it again, it goes on from there"
            )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._connection.aclose()

    def _build(self) -> ollama.AsyncClient:
        import httpx
        import ollama

        key = self._server.key
        url = httpx.URL(self._server.url)
        auth = httpx.BasicAuth(url.username, url.password) if url.userinfo else None

        async def only_our_key(request: httpx.Request) -> None:
            # The package sends $OLLAMA_API_KEY to whatever host this is.
            if not (key or auth):
                request.headers.pop("authorization", None)

        return ollama.AsyncClient(
            self._server.url,
            headers={"authorization": f"Bearer {key}"} if key else None,
            timeout=httpx.Timeout(None, connect=self._connect_seconds),
            follow_redirects=False,
            trust_env=not is_loopback(self._server.url),
            auth=auth,  # the package forgets a user and a password in the url
            event_hooks={"request": [only_our_key]},
        )


async def _close(client: ollama.AsyncClient) -> None:
    await client.close()  # type: ignore[no-untyped-call]


def own_words(body: object) -> str:
    """Return the words of a host's error; those of its runner are JSON within the JSON."""
    return complaint(complaint(body))


@contextmanager
def told(server: Server, model: str = "") -> Iterator[None]:
    """Turn what goes wrong with an Ollama host inside into a ProviderError."""
    import httpx
    import ollama

    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, ConnectionError) as error:
        raise server.unreachable(error) from error
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise server.unreachable(error) from error
    except httpx.TimeoutException as error:
        sentence = f"{server.name} did not answer in time: try again"
        raise ResponseTimeout(sentence, transient=True) from error
    except httpx.TransportError as error:
        raise server.broken(error) from error
    except ollama.ResponseError as error:
        raise _refusal(server, error, model) from error
    except (
        httpx.DecodingError,
        ValueError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        # What httpx, the package and pydantic raise where a reply is not what they expect.
        raise server.bad_reply("something that is not Ollama's") from error


def _refusal(server: Server, error: ollama.ResponseError, model: str) -> ProviderError:
    words = own_words(error.error)
    if "file does not exist" in words:
        return ModelMissing(
            f"{server.words(model)} is not in Ollama's library ({server.quoted(words)}): look up "
            "its name and tag at ollama.com"
        )
    if error.status_code > 0:
        return server.failed(error.status_code, words, model)
    return server.broke_off(words)
