"""What a batch asks for: vignettes × strategies × sizes × trials."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Annotated

import msgspec

from llmchem_tui.domain.model import Vignette

DRAWN = ("LOCAL", "REMOTE", "RANDOM")
"""The strategies that draw their ensembles and learn nothing."""

STRATEGIES = (*DRAWN, "PERFORMANCE", "CHEMISTRY")
"""In the order in which a batch runs them: each learns from those before it."""

MOST_TRIALS = 10_000


class Asked(msgspec.Struct, frozen=True):
    """What session.toml says that a batch asked for."""

    strategies: tuple[str, ...]
    sizes: tuple[Annotated[int, msgspec.Meta(ge=1)], ...]
    trials: Annotated[int, msgspec.Meta(ge=1, le=MOST_TRIALS)]


class Told(msgspec.Struct, frozen=True):
    """What session.toml says of a batch: its seed, and its vignettes by id."""

    seed: Annotated[int, msgspec.Meta(ge=0)]
    vignettes: dict[str, object]
    asked: Asked


def told_request(batch: Mapping[str, object]) -> Told | None:
    """What a session.toml says of its batch; None: it does not say all, or no batch asks so."""
    try:
        told = msgspec.convert(batch, Told)
    except (msgspec.ValidationError, ValueError):  # an endless number is the latter
        return None
    return told if set(STRATEGIES).issuperset(told.asked.strategies) else None


@dataclass(frozen=True, slots=True)
class BatchRound:
    """One round of a batch, to be run on ``seed``, which no other round of its strategy has."""

    strategy: str
    vignette: Vignette
    size: int
    seed: int

    @property
    def key(self) -> tuple[str, str, str]:
        """Strategy, vignette and seed, as a history has them: no other round has the same."""
        return self.strategy, self.vignette.id, str(self.seed)


@dataclass(frozen=True, slots=True)
class Request:
    """What a batch asks for. ``seed``: of the batch; each round's is drawn from it.

    By what rounds are expected to take, at most ``max_calls`` are made and ``max_cost`` is spent;
    None: no limit.
    """

    vignettes: tuple[Vignette, ...]
    strategies: tuple[str, ...]
    sizes: tuple[int, ...]
    trials: int
    seed: int
    max_calls: int | None = None
    max_cost: float | None = None

    def rounds(self, strategy: str) -> Iterator[BatchRound]:
        """Every round of a strategy. Cut off anywhere, they are spread evenly over vignettes."""
        for trial, size, vignette in product(range(self.trials), self.sizes, self.vignettes):
            name = f"{self.seed}/{strategy}/{size}/{vignette.id}/{trial}"
            digest = hashlib.sha256(name.encode()).digest()
            seed = int.from_bytes(digest[:4]) >> 1  # servers take 31 bits
            yield BatchRound(strategy, vignette, size, seed)
