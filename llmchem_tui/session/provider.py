"""What the engine asks of a provider, and the errors a provider may raise.

ProviderError           a server or a model failed; the call ends as `error`
├── Unreachable         no connection: refused, DNS, TLS, reset
├── AuthenticationFailed
├── RateLimited
├── ModelMissing        the server does not know the model
├── ResponseTimeout     the server's own timeout; the call ends as `timeout`
└── BadReply            anything that is not the protocol
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.model import Answer, ModelSpec, Usage, Vignette


class ProviderError(LlmchemError):
    """A call failed at the server's side; the message says what and what to do.

    ``transient``: the same request may succeed in a while. ``wait_seconds``: how long the server
    asks to be left alone first; None where it does not say.
    """

    def __init__(
        self, message: str, *, transient: bool = False, wait_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.transient = transient
        self.wait_seconds = wait_seconds


class Unreachable(ProviderError):
    """No connection could be made, or it broke."""


class AuthenticationFailed(ProviderError):
    """The key is missing, wrong, or not allowed to use the model."""


class RateLimited(ProviderError):
    """Too many requests, or the server is overloaded."""


class ModelMissing(ProviderError):
    """The server does not know the model."""


class ResponseTimeout(ProviderError):
    """The server did not answer in time."""


class BadReply(ProviderError):
    """The reply is not what the protocol says."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation; ``role`` is user or assistant."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class CallRequest:
    """One request to a model.

    Real providers send ``system``, ``messages`` and ``schema``. ``vignette``, ``author`` and
    ``subject`` (the answer under review; None in stage 1) are for the simulated pool, which acts
    on the case itself; they must never reach a wire.
    """

    model: ModelSpec
    system: str
    messages: Sequence[Message]
    schema: Mapping[str, Any]
    seed: int
    vignette: Vignette
    author: str | None = None
    subject: Answer | None = None


class Finish(StrEnum):
    """Why a stream ended."""

    STOP = "stop"
    LENGTH = "length"
    REFUSAL = "refusal"
    BROKEN = "broken"  # the stream ended without saying that it was complete
    UNREAD = "unread"  # the server shortened the prompt: the model has not read all of it


@dataclass(frozen=True, slots=True)
class Loading:
    """The server is loading the model."""


@dataclass(frozen=True, slots=True)
class Thinking:
    """A piece of the model's reasoning, outside its answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Always the last delta of a stream that did not raise.

    ``refused``: the parameters that the request went out without, because the server takes none.
    ``detail``: the server's word for why it ended so, if it has one.
    """

    finish: Finish
    usage: Usage = Usage()
    refused: tuple[str, ...] = ()
    detail: str = ""


Delta = Loading | Thinking | Text | Ended


class Provider(Protocol):
    """One endpoint. Cancelling the consumer of ``stream`` closes the connection."""

    async def models(self) -> list[ModelSpec]:
        """The models that can be used, sorted by name.

        Raises:
            ProviderError: the endpoint cannot be asked.
        """
        ...

    def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
        """Ask the model; yields pieces as they arrive and ``Ended`` last.

        Raises:
            ProviderError: the call failed.
        """
        ...

    async def loaded(self) -> frozenset[str] | None:
        """The ids of the models that are in the endpoint's memory now.

        None where it does not tell, or not within a second: nobody waits for this.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...
