"""What an endpoint tells of itself and its models, for people to look at."""

from __future__ import annotations

from dataclasses import dataclass

from llmchem_tui.domain.model import ModelSpec


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


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far the fetching of a model is: the server's word for it, and bytes where it counts."""

    status: str
    completed: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class EndpointReport:
    """An endpoint as it was found.

    ``url``: without what may be secret. ``key``: where its key comes from, blank where it has
    none. ``trusted``: vignettes may go there unasked (loopback, or by the settings). ``error``:
    why it cannot be used and what to do; blank: it is reachable. ``missing``: the names of
    configured models that the server does not have. ``facts`` by model id.
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
