"""What an endpoint tells of itself and its models, for people to look at."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from llmchem_tui.domain.model import ModelSpec
from llmchem_tui.logs import log

_GIGABYTE = 1e9
_LATEST = ":latest"


def is_same_model(one: str, other: str) -> bool:
    """Tell whether two ids mean one tag of an Ollama host: ``latest`` need not be written."""
    return one.removesuffix(_LATEST) == other.removesuffix(_LATEST)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a server tells of one of its models; None or blank where it does not.

    ``size``: bytes on its disk. ``context``: tokens, the window it is loaded with or trained for.
    ``gpu_share``: of a loaded model's memory, in [0, 1]. ``remote_host``: where the server only
    passes the model on to. ``can_think``: whether it reasons before it answers.
    """

    id: str
    size: int | None = None
    parameters: str = ""
    quantization: str = ""
    context: int | None = None
    loaded: bool | None = None
    gpu_share: float | None = None
    remote_host: str = ""
    can_think: bool | None = None

    @property
    def size_text(self) -> str:
        """The size in gigabytes."""
        return "–" if self.size is None else f"{self.size / _GIGABYTE:.1f} GB"

    @property
    def memory_text(self) -> str:
        """Whether it is loaded, and how much of it is on a GPU."""
        if not self.loaded:
            return "–" if self.loaded is None else "no"
        return "yes" if self.gpu_share is None else f"{self.gpu_share:.0%} GPU"


@runtime_checkable
class TellsFacts(Protocol):
    """A provider that tells more of its models than their names."""

    async def facts(self) -> list[ModelFacts]:
        """What the server tells of each of its models, sorted by name.

        Raises:
            ProviderError: the server cannot be asked.
        """
        ...


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far the fetching of a model is: the server's word for it, and bytes where it counts."""

    status: str
    completed: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class EndpointReport:
    """An endpoint as it was found.

    ``key``: where its key comes from, blank where it has none; never the key. ``trusted``:
    vignettes may go there unasked (loopback, or by the settings). ``error``: why it did not tell
    its models, and what to do; blank: it is reachable. ``models``: as far as the pool has them.
    ``missing``: names of configured models that the server does not have.
    """

    name: str
    kind: str
    url: str
    key: str = ""
    trusted: bool = False
    error: str = ""
    models: tuple[ModelSpec, ...] = ()
    missing: tuple[str, ...] = ()
    facts: tuple[ModelFacts, ...] = ()

    def fact(self, spec: ModelSpec) -> ModelFacts | None:
        """What the endpoint tells of a model, if anything."""
        return next((fact for fact in self.facts if is_same_model(fact.id, spec.id)), None)


def log_endpoints(reports: Iterable[EndpointReport]) -> None:
    """Log what was found when models were looked for."""
    for report in reports:
        log(
            "endpoint does not answer" if report.error else "endpoint found",
            level=logging.WARNING if report.error else logging.INFO,
            name=__name__,
            endpoint=report.name,
            kind=report.kind,
            url=report.url,
            key=report.key or "none",
            trusted=report.trusted,
            models=len(report.models),
            missing=list(report.missing) or None,
            message=report.error or None,
        )
