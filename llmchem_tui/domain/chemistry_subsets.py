"""Chemistry by enumeration of every subset: only needed where cost(∅) is not 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MOST_MODELS = 20
"""More used models than this cannot be enumerated: 2^20 costs, and as much again per pair."""

_TIE = 1e-12


def subset_chemistry(penalties: Array, empty_cost: float) -> Array:
    """Chemistry of every pair, from the penalties in rank order (SCIENCE §4).

    Returns:
        Shape (n, n): at [a, b] the value for a ranked above b; 0 on and below the diagonal.
    """
    models = len(penalties)
    costs = subset_costs(penalties, empty_cost)
    values = np.zeros((models, models))
    for a in range(models):
        for b in range(a + 1, models):
            values[a, b] = _interactions(costs, a, b).max()
    return values


def smallest_subset(
    penalties: Array, names: Sequence[str], pair: tuple[int, int], empty_cost: float
) -> list[int]:
    """The X at which a pair reaches its chemistry: the smallest, then the first by its names.

    ``penalties`` and ``names`` are in rank order, ``pair`` holds positions there, a above b; so do
    the positions returned. Values within 1e-12 of the largest, relatively, count as equal to it.
    """
    interactions = _interactions(subset_costs(penalties, empty_cost), *pair).ravel()
    best = np.flatnonzero(interactions >= interactions.max() * (1.0 - _TIE))
    sizes = np.bitwise_count(best)
    others = [i for i in range(len(penalties)) if i not in pair]
    candidates = (
        [model for bit, model in enumerate(others) if subset >> bit & 1]
        for subset in best[sizes == sizes.min()].tolist()
    )
    return min(candidates, key=lambda members: sorted(names[i] for i in members))


def subset_costs(penalties: Array, empty_cost: float) -> Array:
    """The cost of each of the 2^n subsets; bit r of an index stands for the model at rank r."""
    costs, sizes = np.zeros(1), np.zeros(1)
    for penalty in penalties:
        costs = np.concatenate([costs, costs + penalty / (sizes + 1.0)])
        sizes = np.concatenate([sizes, sizes + 1.0])
    costs[0] = empty_cost
    return costs


def _interactions(costs: Array, a: int, b: int) -> Array:
    """The ratio of Definition 2 for every X; bits of X are the ranks without a and b."""
    by_bit = costs.reshape(-1, 2, 2 ** (b - a - 1), 2, 2**a)
    x, xa = by_bit[:, 0, :, 0], by_bit[:, 0, :, 1]
    xb, xab = by_bit[:, 1, :, 0], by_bit[:, 1, :, 1]
    difference = np.abs((x - xa) - (xb - xab))
    return np.divide(difference, xab, out=np.zeros_like(xab), where=xab > 0)
