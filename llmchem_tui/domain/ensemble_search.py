"""The loss of an ensemble, and the sets with the least of it: by climbing, or among all sets.

Models are numbered in the order of their sorted names, ensembles are ascending tuples of numbers:
so the least tuple is the lexicographically first set of names.

    loss(X) = alpha (maxI - inter) + (1 - alpha) (maxT - intra) + beta |X|    (P1 Eq. 3-5)

with intra the chemistry of the pairs inside X, inter that of the pairs across its border, maxT
that of all pairs and maxI twice maxT.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Members = tuple[int, ...]

EQUAL_LOSS = 1e-9
"""Losses this close together are ties."""

_SMALLEST_GAIN = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class LossSurface:
    """Losses of the ensembles of a pool; ``chemistry`` is (n, n), its diagonal is ignored."""

    chemistry: Array
    alpha: float
    beta: float
    _totals: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        pairs = self.chemistry.copy()
        np.fill_diagonal(pairs, 0.0)
        object.__setattr__(self, "chemistry", pairs)
        object.__setattr__(self, "_totals", pairs.sum(axis=1))

    def loss(self, members: Members) -> float:
        """The loss of one ensemble."""
        chosen = list(members)
        everything = float(self.chemistry.sum())
        inside = float(self.chemistry[np.ix_(chosen, chosen)].sum()) / 2
        across = float(self.chemistry[chosen].sum()) - 2 * inside
        return (
            self.alpha * (everything - across)
            + (1 - self.alpha) * (everything / 2 - inside)
            + self.beta * len(members)
        )

    def climb(self, starts: Iterable[Members], sizes: range, steps: int) -> set[Members]:
        """Where the climbs end that take the best addition, removal or swap until none gains.

        Each takes at most ``steps``. Many pass the same sets, whose best step is looked for once.
        """
        following: dict[Members, Members | None] = {}
        ends = set()
        for start in starts:
            members = start
            for _ in range(steps):
                if members not in following:
                    following[members] = self._best_step(members, sizes)
                better = following[members]
                if better is None:
                    break
                members = better
            ends.add(members)
        return ends

    def _best_step(self, members: Members, sizes: range) -> Members | None:
        """The neighbour with the least loss, of equal ones the first; None where none gains."""
        inside = list(members)
        free = np.ones(len(self.chemistry), dtype=bool)
        free[inside] = False
        outside = np.flatnonzero(free)
        bonds = self.chemistry[inside]
        worth = self._worth(self._totals, bonds.sum(axis=0))
        # Rows: who leaves, columns: who comes; the last of each: nobody.
        gain = np.zeros((len(inside) + 1, len(outside) + 1))
        gain[:-1] -= worth[inside][:, None]
        gain[:, :-1] += worth[outside]
        gain[:-1, :-1] += (3 * self.alpha - 1) * bonds[:, outside]
        gain[-1, -1] = -np.inf
        if len(members) + 1 not in sizes:
            gain[-1] = -np.inf
        if len(members) - 1 not in sizes:
            gain[:, -1] = -np.inf
        best = (gain > _SMALLEST_GAIN) & (gain >= gain.max() - EQUAL_LOSS)
        others = outside.tolist()
        return min(
            (
                tuple(sorted({*inside, *others[column : column + 1]} - {*inside[row : row + 1]}))
                for row, column in np.argwhere(best).tolist()
            ),
            default=None,
        )

    def _worth(self, total: Array | float, bond: Array) -> Array:
        """How much a model lowers the loss: its chemistry with all, and with the members."""
        worth: Array = self.alpha * (total - 2 * bond) + (1 - self.alpha) * bond - self.beta
        return worth

    def all_sets(self, sizes: range) -> tuple[NDArray[np.int64], Array]:
        """Every set of these sizes, as the bits of a number (bit m: model m), with its loss."""
        models = len(self.chemistry)
        losses = np.array([self.loss(())])
        bonds = np.zeros((models, 1))
        for model in range(models):
            losses = np.concatenate(
                [losses, losses - self._worth(self._totals[model], bonds[model])]
            )
            bonds = np.concatenate([bonds, bonds + self.chemistry[:, [model]]], axis=1)
        sets = np.arange(2**models)
        members = np.bitwise_count(sets)
        allowed = (members >= sizes.start) & (members < sizes.stop)
        return sets[allowed], losses[allowed]


def members_of(sets: Iterable[int]) -> list[Members]:
    """The ensembles that the bits of these numbers stand for."""
    return [tuple(bit for bit in range(s.bit_length()) if s >> bit & 1) for s in sets]
