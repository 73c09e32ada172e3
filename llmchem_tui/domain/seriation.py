"""In which order to show models, so that those who interact stand beside each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def strongest_first(similarity: Array) -> tuple[int, ...]:
    """Positions by how much a member shares with all others together, the most first.

    Args:
        similarity: shape (n, n), symmetric; the diagonal is ignored. Of equals the first is first.
    """
    totals = _without_diagonal(similarity).sum(axis=1)
    return tuple(np.argsort(-totals, kind="stable").tolist())


def clustered(similarity: Array) -> tuple[int, ...]:
    """Positions in the order of a tree of clusters: what is alike stands side by side.

    The two clusters of the largest mean similarity are joined until one is left (average linkage,
    UPGMA: Sokal and Michener 1958); of equal ones those with the first members. Either of the two
    may be turned round, so that the most similar of their ends meet. The whole then begins with
    the end that has the smaller position: the order is the same at every run.

    Args:
        similarity: shape (n, n), symmetric, finite outside the diagonal, which is ignored.
    """
    pairs = _without_diagonal(similarity)
    orders: list[tuple[int, ...]] = [(member,) for member in range(len(pairs))]
    means = pairs.copy()
    np.fill_diagonal(means, -np.inf)
    while len(orders) > 1:
        first, second = divmod(int(np.argmax(means)), len(orders))  # first < second: symmetric
        left, right = orders[first], orders.pop(second)
        orders[first] = _joined(left, right, pairs)
        mean = (len(left) * means[first] + len(right) * means[second]) / (len(left) + len(right))
        means[first] = means[:, first] = mean
        means[first, first] = -np.inf
        means = np.delete(np.delete(means, second, axis=0), second, axis=1)
    whole = orders[0] if orders else ()
    return whole[::-1] if whole and whole[-1] < whole[0] else whole


def _joined(left: tuple[int, ...], right: tuple[int, ...], pairs: Array) -> tuple[int, ...]:
    """Both in a row, turned so that the most similar ends meet; as they are where that is equal."""
    turns = [(a, b) for a in (left, left[::-1]) for b in (right, right[::-1])]
    a, b = max(turns, key=lambda turn: pairs[turn[0][-1], turn[1][0]])
    return a + b


def _without_diagonal(similarity: Array) -> Array:
    pairs = similarity.copy()
    np.fill_diagonal(pairs, 0.0)
    return pairs
