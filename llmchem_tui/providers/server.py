"""A server as its faults are told: one clear sentence with the remedy, its own words quoted.

status              error                  transient, unless the server's kind says otherwise
3xx                 Unreachable
401, 403            AuthenticationFailed
404                 ModelMissing where it speaks of the model, else Unreachable
408, 504            ResponseTimeout        yes
429, 503, 529       RateLimited            yes
500, 502            ProviderError          yes
any other           ProviderError

A connection that is refused or lost is transient too; a name that is not found or a certificate
that does not hold is not.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urlsplit

from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.redaction import cleaned, is_secret, without_key
from llmchem_tui.session.provider import (
    AuthenticationFailed,
    BadReply,
    ModelMissing,
    ProviderError,
    RateLimited,
    ResponseTimeout,
    Unreachable,
)

_QUOTED = 200
"""Characters of a server's own words that fit into a sentence."""

_OVERLOADED = (RateLimited, "{name} is overloaded or not ready{said}: try again in a while")
_TOO_SLOW = (ResponseTimeout, "{name} took too long by its own measure{said}: try again")
_REDIRECTED = (
    Unreachable,
    "{address} leads elsewhere{said}: set the final url in [providers.{name}]",
)
_FAILED = (ProviderError, "{name} failed{said}: try again, and look at the server's log")
_REFUSED = (
    ProviderError,
    "{name} refused the request{said}: change the options of {model}, or choose another",
)

_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504, 529})

_FAULTS: dict[int, tuple[type[ProviderError], str]] = {
    HTTPStatus.UNAUTHORIZED: (
        AuthenticationFailed,
        "{name} {on_key}{said}: set api_key_env in [providers.{name}] to the variable that holds "
        "a valid key",
    ),
    HTTPStatus.PAYMENT_REQUIRED: (
        ProviderError,
        "{name} asks for payment{said}: add credit to the account",
    ),
    HTTPStatus.FORBIDDEN: (
        AuthenticationFailed,
        "{name} does not allow this{said}: use a key that may use {model}, or another model",
    ),
    HTTPStatus.REQUEST_TIMEOUT: _TOO_SLOW,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        ProviderError,
        "the request is too long for {name}{said}: shorten the vignette or the prompts",
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (
        RateLimited,
        "{name} takes no more requests now{said}: wait {wait}, or lower its slots",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: _OVERLOADED,
    HTTPStatus.GATEWAY_TIMEOUT: _TOO_SLOW,
    529: _OVERLOADED,  # Anthropic's own
}


@dataclass(frozen=True, slots=True)
class Server:
    """An endpoint's name, its address and its key, which no sentence ever shows.

    ``transient``: the statuses after which the same request may succeed in a while.
    """

    name: str
    url: str
    key: str = field(default="", repr=False)
    start: str = "start the server"
    fetch: str = "choose another model"
    transient: Collection[int] = _TRANSIENT

    @property
    def address(self) -> str:
        """The url without what may be secret in it: user, password and query."""
        try:
            parts = urlsplit(self.url)
        except ValueError:
            return f"the url of {self.name}"  # it cannot be told what of it is secret
        return self.words(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")

    def words(self, text: str) -> str:
        """Return a server's words fit for a sentence: harmless, without the key, clipped."""
        line = without_key(plain_line(text), self.key)
        return line if len(line) <= _QUOTED else line[: _QUOTED - 1].rstrip() + "…"

    def discreet(self, value: object) -> object:
        """Return what a server told, as JSON, without the key in any of its texts."""
        if not is_secret(self.key):
            return value
        return cleaned(value, lambda text: without_key(text, self.key))

    def quoted(self, text: str) -> str:
        """Return the words in quotation marks, or nothing where there are none."""
        words = self.words(text)
        return f'"{words}"' if words else ""

    def failed(
        self, status: int, text: str, model: str = "", retry_after: str = ""
    ) -> ProviderError:
        """Return the error for an HTTP status, or for a number that stands for one in a stream.

        ``text``: the server's words; ``retry_after``: its header of that name.
        """
        on_model = model and ("model" in text.lower() or model in text)
        said = f" ({': '.join(part for part in (str(status), self.quoted(text)) if part)})"
        if status == HTTPStatus.NOT_FOUND and on_model:
            return ModelMissing(
                f"{self.name} does not know the model {self.words(model)}{said}: {self.fetch}"
            )
        kind, sentence = _fault(status)
        wait = _seconds(retry_after)
        return kind(
            sentence.format(
                name=self.name,
                address=self.address,
                said=said,
                model=self.words(model) or "the model",
                wait="a while" if wait is None else f"{wait:.0f} s",
                on_key="refused the key" if self.key else "asks for a key",
            ),
            transient=status in self.transient,
            wait_seconds=wait,
        )

    def unreachable(self, cause: BaseException) -> Unreachable:
        """Return the error for a connection that could not be made."""
        return Unreachable(
            f"nothing answers at {self.address} ({self.words(_reason(cause))}): {self.start}, "
            f"or correct the url of {self.name}",
            transient=_passes(cause),
        )

    def broken(self, cause: BaseException) -> Unreachable:
        """Return the error for a connection that was lost on the way."""
        return Unreachable(
            f"the connection to {self.name} broke ({self.words(_reason(cause))}): try again, "
            "and look at the server's log if it stays",
            transient=_passes(cause),
        )

    def bad_reply(self, what: str, text: str = "") -> BadReply:
        """Return the error for a reply that is not the protocol; ``text``: the server's words."""
        return BadReply(
            f"{self.name} sent {what}{self._said(text)}: check that {self.address} is the right "
            "url and its kind the right kind"
        )

    def broke_off(self, text: str) -> BadReply:
        """Return the error for an error report in the middle of a reply."""
        return BadReply(
            f"{self.name} broke off with an error{self._said(text)}: try again, or choose "
            "another model"
        )

    def _said(self, text: str) -> str:
        quoted = self.quoted(text)
        return f" ({quoted})" if quoted else ""


def _fault(status: int) -> tuple[type[ProviderError], str]:
    if status == HTTPStatus.NOT_FOUND:
        return Unreachable, "{address} has no such API{said}: correct the url of {name}"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return _REDIRECTED
    usual = _FAILED if status >= HTTPStatus.INTERNAL_SERVER_ERROR else _REFUSED
    return _FAULTS.get(status, usual)


def _seconds(retry_after: str) -> float | None:
    """Return how long a Retry-After asks to wait: it is a number of seconds, or a date."""
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", retry_after):
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    now = datetime.now(UTC)
    return max(0.0, (until.astimezone(UTC) - now).total_seconds())


def _bottom(error: BaseException) -> BaseException:
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return error


def _passes(cause: BaseException) -> bool:
    """Tell whether what ails a connection may be over in a while."""
    return not isinstance(_bottom(cause), socket.gaierror | ssl.SSLError | ValueError)


def _reason(error: BaseException) -> str:
    """Return why a connection failed: the words at the bottom of the chain of causes."""
    error = _bottom(error)
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
