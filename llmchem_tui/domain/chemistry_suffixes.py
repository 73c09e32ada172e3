"""Exact chemistry in polynomial time, for cost(∅) = 0: the search over tails of the rank order.

With a ranked above b the best X holds only models below b (proof: SCIENCE §4), so chemistry is
the larger of p_b / (2 p_a + p_b), from X = ∅, and the maximum, over the sub-sequences of the
models below b, the j-th chosen one with penalty p_j, of

    (Σ c_j p_j - p_b / 2) / (p_a + p_b / 2 + Σ p_j / (j + 2)),    c_j = 2 / (j (j + 1) (j + 2)).

That maximum is the λ at which F_b(λ) = max Σ w_j p_j, w_j = c_j - λ / (j + 2), meets the line
p_b / 2 + λ (p_a + p_b / 2). F_b is convex, falls and does not depend on a: one pass over the
models, from the last one up and with a whole grid of λ at once, gives its value and a tangent at
every grid point for every b. That settles most pairs; Newton's method settles the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]

TIE = 1e-12
"""Values within this relative distance of each other count as equal."""

_GRID = np.concatenate([np.geomspace(1e-3, 0.1, 24, endpoint=False), np.linspace(0.1, 1.0, 72)])
_HALVES = 2 ** np.arange(len(_GRID).bit_length())[::-1]
_PRECISION = 1e-14
_ROUNDING = 1e-15
_PAIRS_AT_ONCE = 2**16
_OPEN_PAIRS_AT_ONCE = 4096


def tail_chemistry(penalties: Array) -> Array:
    """Chemistry of every pair, from the penalties in rank order.

    Returns:
        Shape (n, n): at [a, b] the value for a ranked above b; 0 on and below the diagonal.
    """
    models = len(penalties)
    values = np.zeros((models, models))
    tails = _GridOfTails(penalties)
    pairs = np.stack(np.triu_indices(models, k=1))
    open_pairs = [np.zeros((2, 0), dtype=np.intp)]
    for start in range(0, pairs.shape[1], _PAIRS_AT_ONCE):
        above, below = some = pairs[:, start : start + _PAIRS_AT_ONCE]
        values[above, below], settled = tails.chemistry(above, below)
        open_pairs.append(some[:, ~settled])
    above, below = np.concatenate(open_pairs, axis=1)
    for start in range(0, len(above), _OPEN_PAIRS_AT_ONCE):
        part = slice(start, start + _OPEN_PAIRS_AT_ONCE)
        _by_newton(values, penalties, above[part], below[part])
    return values


class _Tails:
    """The best sub-sequence of the models added so far, lowest rank first, for many λ at once.

    Row j of ``value`` and ``spread`` is for a sub-sequence that begins at rank j + 1; columns are
    the λ. ``value`` is max Σ w_j p_j, ``spread`` the Σ p_j / (j + 2) of the one that reaches it.
    """

    def __init__(self, lambdas: Array, models: int) -> None:
        # From this rank on no weight is positive, so no model is worth choosing.
        ranks = min(models, int(np.sqrt(2.0 / lambdas.min())) + 1)
        rank = np.arange(1, ranks + 1)[:, None]
        self._share = 1.0 / (rank + 2)
        self._weight = (2.0 / (rank * (rank + 1)) - lambdas) * self._share
        self.value = np.zeros((ranks + 1, len(lambdas)))
        self.spread = np.zeros((ranks + 1, len(lambdas)))

    def add(self, penalty: float) -> None:
        """Let sub-sequences begin with a model that ranks above all that were added before."""
        value = self._weight * penalty + self.value[1:]
        chosen = value > self.value[:-1]
        np.copyto(self.value[:-1], value, where=chosen)
        np.copyto(self.spread[:-1], self._share * penalty + self.spread[1:], where=chosen)

    def drop(self, columns: int) -> None:
        """Forget the last λ."""
        self._weight = self._weight[:, :-columns]
        self.value = self.value[:, :-columns]
        self.spread = self.spread[:, :-columns]


class _GridOfTails:
    """The best tail below each model, for every λ of the grid: arrays of shape (n, λ)."""

    def __init__(self, penalties: Array) -> None:
        self._penalties = penalties
        tails = _Tails(_GRID, len(penalties))
        self._value, self._spread = np.zeros((2, len(penalties), len(_GRID)))
        for b in range(len(penalties) - 1, 0, -1):
            self._value[b], self._spread[b] = tails.value[0], tails.spread[0]
            tails.add(penalties[b])
        # F_b > line where height > p_a; it falls with λ. Beyond the grid it is below any p_a.
        half = penalties[:, None] / 2
        self._height = np.full((len(penalties), _HALVES.sum()), -np.inf)
        crossing = np.where(self._value > half, (self._value - half) / _GRID - half, -np.inf)
        self._height[:, : len(_GRID)] = crossing

    def chemistry(self, a: Indices, b: Indices) -> tuple[Array, Mask]:
        """Chemistry of these pairs as far as the grid tells, and whether it is exact.

        The value is that of a real X, so never too large. A chord of the convex F_b lies above it:
        where the chord does not exceed the line, no X does better.
        """
        above, half = self._penalties[a], self._penalties[b] / 2
        right = self._first_below(a, b)
        left = np.maximum(right - 1, 0)
        best = _ratio(half, above + half)
        for nearest in (left, right):
            spread = self._spread[b, nearest]
            gain = self._value[b, nearest] + _GRID[nearest] * spread - half
            best = np.maximum(best, _ratio(gain, above + half + spread))
        chord = self._value[b, left] + (best - _GRID[left]) * self._slope(b, left, right)
        excess = chord - half - best * (above + half)
        exact = excess <= _PRECISION * best * (above + half + self._spread[b, right])
        return best, (exact & (best >= _GRID[0])) | (best == 0)

    def _first_below(self, a: Indices, b: Indices) -> Indices:
        """The first λ of the grid at which F_b does not exceed the line: by halving."""
        first = np.zeros_like(a)
        for step in _HALVES:
            further = first + step
            first = np.where(self._height[b, further - 1] > self._penalties[a], further, first)
        return first

    def _slope(self, b: Indices, left: Indices, right: Indices) -> Array:
        return _ratio(self._value[b, right] - self._value[b, left], _GRID[right] - _GRID[left])


def _by_newton(values: Array, penalties: Array, above: Indices, below: Indices) -> None:
    """Raise the values of these pairs to their maximum: go to the best X for λ, take its ratio."""
    while len(above):
        order = np.argsort(below, kind="stable")
        above, below = above[order], below[order]
        current = values[above, below]
        value, spread = _best_tails(penalties, current, below)
        half = penalties[below] / 2
        gain = value + current * spread - half
        better = _ratio(gain, penalties[above] + half + spread)
        improved = better > current * (1.0 + _PRECISION)
        above, below = above[improved], below[improved]
        values[above, below] = better[improved]


def _best_tails(penalties: Array, lambdas: Array, below: Indices) -> tuple[Array, Array]:
    """Value and spread of the best tail for each (λ, b); ``below``, the b, ascend."""
    tails = _Tails(lambdas, len(penalties))
    value, spread = np.zeros_like(lambdas), np.zeros_like(lambdas)
    rows = np.searchsorted(below, np.arange(len(penalties) + 1))
    for b in range(len(penalties) - 1, 0, -1):
        if rows[b + 1] > rows[b]:
            done = slice(rows[b], rows[b + 1])
            value[done], spread[done] = tails.value[0, done], tails.spread[0, done]
            tails.drop(rows[b + 1] - rows[b])
        tails.add(penalties[b])
    return value, spread


def smallest_tail(
    penalties: Array, names: Sequence[str], pair: tuple[int, int], chemistry: float
) -> list[int]:
    """The X at which a pair reaches its chemistry: the smallest, then the first by its names.

    Args:
        penalties: in rank order, ``names`` beside them.
        pair: the positions of a and b, a above b.
        chemistry: their value; sets within ``TIE`` of it, relatively, count as equal.

    Returns:
        The positions of X's models. A model without penalty is never among them: leaving it out
        gives a smaller set that does no worse.
    """
    p_a, half = penalties[pair[0]], penalties[pair[1]] / 2
    floor = chemistry * (1.0 - TIE)
    if chemistry == 0 or 0 < floor * (p_a + half) <= half:
        return []
    below = [i for i in range(pair[1] + 1, len(penalties)) if penalties[i] > 0]
    tail = penalties[below]
    rank = np.arange(1, min(len(tail), int(np.sqrt(2.0 / floor)) + 1) + 1)
    worth = np.outer((2.0 / (rank * (rank + 1)) - floor) / (rank + 2), tail)
    enough = half + floor * (p_a + half)
    by_size = (_best_before(worth) + worth).max(axis=1)
    worth = worth[: 1 + int(np.argmax(by_size >= enough))]
    by_name = sorted(range(len(tail)), key=lambda i: names[below[i]])
    return [below[i] for i in _first_by_name(worth, enough, by_name)]


def _first_by_name(worth: Array, enough: float, by_name: Sequence[int]) -> list[int]:
    """Of the sets of len(worth) models that are worth enough, the first by its sorted names."""
    size, bonus = len(worth), 2.0 * worth.max(axis=1).sum()
    required: list[int] = []
    while True:
        # A hair less than enough: the two directions add up in another order.
        floor = (enough + len(required) * bonus) * (1.0 - _ROUNDING)
        reaching = np.flatnonzero(_best_with_each(worth) >= floor).tolist()
        if len(reaching) <= size:
            return reaching
        # Every model left is in some set that is worth enough, together with those required.
        first = next(i for i in by_name if i in reaching and i not in required)
        required.append(first)
        # So large that no set without a required model can make up for it.
        worth[:, first] += bonus
        passed = by_name[: by_name.index(first)]
        worth[:, [i for i in passed if i not in required]] = -np.inf


def _best_with_each(worth: Array) -> Array:
    """For each model the largest Σ worth of a set of len(worth) models that contains it."""
    after = _best_before(worth[::-1, ::-1])[::-1, ::-1]
    best: Array = (_best_before(worth) + worth + after).max(axis=0)
    return best


def _best_before(worth: Array) -> Array:
    """At [j, i] the largest Σ worth of j models before i; -inf where there are not so many.

    ``worth`` at [j, i] is what model i adds as the one chosen after j others.
    """
    best = np.full_like(worth, -np.inf)
    best[0] = 0.0
    for j in range(1, len(worth)):
        best[j, 1:] = np.maximum.accumulate(best[j - 1] + worth[j - 1])[:-1]
    return best


def _ratio(numerator: Array, denominator: Array) -> Array:
    """Divide; a set whose denominator is 0 contributes nothing."""
    quotient = np.zeros_like(denominator)
    return np.divide(numerator, denominator, out=quotient, where=denominator > 0)
