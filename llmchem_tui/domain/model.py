"""The values everything else is made of: frozen, comparable, without behaviour of their own.

A missing number is ``None`` here, ``NaN`` inside arrays and blank in a file; never 0 by invention.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

TASK = "recommend medication for a clinical vignette"
"""The task statement of our rows: one constant, so that profiles collect over vignettes."""

SIMULATED_PREFIX = "sim/"

NOTICE = "research use only, not medical advice"
"""Stands wherever a recommendation is shown."""


class Action(StrEnum):
    """What an answer does with a drug."""

    START = "start"
    STOP = "stop"
    CHANGE = "change"
    CONTINUE = "continue"


class Locality(StrEnum):
    """Where a model runs, for the strategies LOCAL and REMOTE."""

    LOCAL = "local"
    REMOTE = "remote"


class Status(StrEnum):
    """How a call ended; every call ends in exactly one."""

    OK = "ok"
    TRUNCATED = "truncated"
    REFUSED = "refused"
    EMPTY = "empty"
    UNPARSED = "unparsed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    ERROR = "error"


class Outcome(StrEnum):
    """What a round ends with."""

    RECOMMENDED = "recommended"
    NO_CONSENSUS = "no_consensus"
    NO_GRADES = "no_grades"
    SINGLE = "single"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Medication:
    """One line of a regimen; blank text where the author gave none."""

    action: Action
    name: str
    dose: str = ""
    route: str = ""
    frequency: str = ""
    duration: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A stage 1 output, or a reference of a vignette. No medication is a legal answer."""

    assessment: str
    medications: tuple[Medication, ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """A stage 2 output: a grade in [0, 1] with its rationale; ``grade`` None: no usable grade."""

    rationale: str
    grade: float | None
    safety_concern: str | None = None


@dataclass(frozen=True, slots=True)
class Unacceptable:
    """An ingredient, or a dose of it, that makes an answer to the vignette wrong.

    With neither dose given the ingredient itself is unacceptable; otherwise only above
    ``dose_above`` (one administration, such as "500 mg") or ``daily_dose_above`` (per day).
    """

    ingredient: str
    reason: str
    actions: tuple[Action, ...] = (Action.START, Action.CHANGE, Action.CONTINUE)
    dose_above: str = ""
    daily_dose_above: str = ""


@dataclass(frozen=True, slots=True)
class Inferior:
    """A plausible but worse answer, for the simulated pool; ``merit`` in [0, 1]."""

    answer: Answer
    merit: float
    why: str
    unsafe: bool = False


@dataclass(frozen=True, slots=True)
class Patient:
    """The facts a dose can depend on. ``age`` in years, ``weight_kg`` None if not given."""

    age: float
    sex: str
    weight_kg: float | None = None
    allergies: tuple[str, ...] = ()
    medications: tuple[str, ...] = ()
    renal_function: str = ""
    pregnancy: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The guideline behind a reference regimen."""

    organisation: str
    title: str
    year: int


@dataclass(frozen=True, slots=True)
class Vignette:
    """A clinical case. Without ``acceptable`` answers it has no reference (a user's own note)."""

    id: str
    title: str
    text: str
    specialty: str = ""
    complexity: str = ""
    patient: Patient | None = None
    acceptable: tuple[Answer, ...] = ()
    unacceptable: tuple[Unacceptable, ...] = ()
    inferior: tuple[Inferior, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model of the pool. ``name`` is unique there; ``id`` is the server's own name for it.

    ``temperature`` None: the server's default, blank in the history. ``mirrors``: further
    endpoints that have the very same model under the same id. Prices are per million tokens, in
    whatever currency the user counts; None: not known.
    """

    name: str
    endpoint: str
    id: str
    locality: Locality
    temperature: float | None = None
    max_tokens: int = 2048
    aliases: tuple[str, ...] = ()
    digest: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
    mirrors: tuple[str, ...] = ()
    price_in: float | None = None
    price_out: float | None = None

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Every endpoint that can serve the model."""
        return (self.endpoint, *self.mirrors)

    @property
    def simulated(self) -> bool:
        """Whether the model is one of the simulated pool; such models never meet real ones."""
        return self.name.startswith(SIMULATED_PREFIX)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call consumed, as the server tells it; None where it does not.

    ``tokens_per_second``: while the model wrote, reading and loading not counted.
    """

    tokens_in: int | None = None
    tokens_out: int | None = None
    thinking_tokens: int | None = None
    load_seconds: float | None = None
    tokens_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """How a stage 1 call ended. ``latency``: seconds from request to last byte, our queue not.

    ``refused``: the parameters, such as temperature, that the server does not take.
    """

    model: str
    status: Status
    answer: Answer | None = None
    latency: float | None = None
    usage: Usage = Usage()
    message: str = ""
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewResult:
    """How a stage 2 call ended. ``label``: the letter in the prompt; ``position``: 1 is first."""

    reviewer: str
    author: str
    status: Status
    review: Review | None = None
    label: str = ""
    position: int = 0
    latency: float | None = None
    usage: Usage = Usage()
    message: str = ""

    @property
    def grade(self) -> float | None:
        """The usable grade, if any."""
        return self.review.grade if self.status is Status.OK and self.review else None


@dataclass(frozen=True, slots=True)
class Profile:
    """A model's mean quality [0, 10] and accuracy [0, 1] for a task, from histories.

    ``rounds`` counts the (trial, strategy) groups behind it, ``referenced`` those with a reference.
    """

    name: str
    quality: float
    accuracy: float
    rounds: int = 1
    referenced: int = 0
