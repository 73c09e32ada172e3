"""What happens in a plan, as frozen values. The journal stores them as they are.

Every event names its trial and its time, ``at``, in seconds since the plan began; the plan of a
round that goes on takes up its clock where it stopped. A call is queued from the start of its round
until its ``CallStarted``; it ends with ``AnswerEnded`` or
``ReviewEnded``. Reviews of, or by, a model whose answer is not ok do not take place and have no
event.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from llmchem_tui.domain.model import AnswerResult, ModelSpec, ReviewResult, Vignette


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a model: an answer, or with ``author`` the review of that model's answer."""

    model: str
    author: str | None = None


class Phase(StrEnum):
    """What a running call is doing; before the first one it waits for the server."""

    RETRYING = "retrying"
    LOADING = "loading model"
    THINKING = "thinking"
    WRITING = "writing"


class RoundStarted(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A round begins: all its answers are queued."""

    at: float
    trial: str
    vignette: Vignette
    ensemble: tuple[ModelSpec, ...]
    strategy: str
    seed: int
    order: str


class RoundResumed(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A round goes on that was cancelled or cut off: only its finished calls count.

    A finished call has ended, whatever its status, but for ``cancelled``. The others are queued.
    """

    at: float
    trial: str


class CallStarted(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A request goes out to an endpoint. The last three concern reviews only.

    ``label`` and ``position`` say under which letter and as the how-manyth the reviewer gets this
    answer; ``masked`` counts the sentences in which the author would have named itself.
    """

    at: float
    trial: str
    call: Call
    endpoint: str = ""
    label: str = ""
    position: int = 0
    masked: int = 0


class PhaseChanged(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A running call does something else now."""

    at: float
    trial: str
    call: Call
    phase: Phase


class TextArrived(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A piece of raw output; ``repair`` true where it belongs to the second, repairing, request."""

    at: float
    trial: str
    call: Call
    text: str
    thinking: bool = False
    repair: bool = False


class AnswerEnded(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A stage 1 call ended."""

    at: float
    trial: str
    result: AnswerResult


class ReviewEnded(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A stage 2 call ended."""

    at: float
    trial: str
    result: ReviewResult


class RoundEnded(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """A round is over; a cancelled one stays in the journal only.

    ``elapsed``: seconds from its first request to the end of its last call.
    """

    at: float
    trial: str
    elapsed: float
    cancelled: bool = False


Event = (
    RoundStarted
    | RoundResumed
    | CallStarted
    | PhaseChanged
    | TextArrived
    | AnswerEnded
    | ReviewEnded
    | RoundEnded
)
