"""The exact table of pairwise chemistry, each value with the set that explains it.

Source: P1 = arXiv 2510.03930, Definition 2, Problem 1 and Theorem 1; SCIENCE §4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.domain.chemistry_subsets import MOST_MODELS, smallest_subset, subset_chemistry
from llmchem_tui.domain.chemistry_suffixes import smallest_tail, tail_chemistry
from llmchem_tui.domain.cost import QUALITY_SCALE, USAGE_THRESHOLD, cost, penalty, rank_order, used
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Profile

Array = NDArray[np.float64]

EQUAL_PENALTIES = 1e-9
"""Penalties that differ by no more make a pool homogeneous."""
_SATURATION = 1e-4
_FEWEST_PAIRS = 3
_ACCURACY_SCALE = 1.0


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a pair has its chemistry: the set X at which it is reached, and the four costs there.

    chemistry = |cost_x - cost_xa - cost_xb + cost_xab| / cost_xab, except in a homogeneous pool,
    where it is 0 by definition. ``at`` holds the names of X, sorted: of several the smallest, then
    the lexicographically first.
    """

    a: str
    b: str
    chemistry: float
    at: tuple[str, ...]
    cost_x: float
    cost_xa: float
    cost_xb: float
    cost_xab: float


@dataclass(frozen=True, slots=True, eq=False)
class ChemistryTable:
    """How strongly each two models interact: unsigned, symmetric.

    ``values`` has the shape (n, n) in the order of ``names`` (sorted), NaN on the diagonal and 0
    beside a model that is not in ``used``. ``homogeneous``: all used models are alike, so every
    value is 0. ``saturated``: at least three pairs of used models, and more than half of them
    within 1e-4 of the largest value: such a table cannot tell pairs apart. ``ranked`` are the used
    models in rank order, ``penalties`` theirs.
    """

    names: tuple[str, ...]
    values: Array
    used: frozenset[str]
    homogeneous: bool
    saturated: bool
    ranked: tuple[Profile, ...]
    penalties: Array
    empty_cost: float

    def between(self, a: str, b: str) -> float:
        """The chemistry of two models; NaN of a model with itself.

        Raises:
            InputError: a name is not in the table.
        """
        return float(self.values[self._position(a), self._position(b)])

    def pairs_above(self, tau: float) -> list[tuple[str, str, float]]:
        """All pairs whose chemistry exceeds tau (LLMCP, P1 Problem 1): strongest first."""
        pairs = [
            (self.names[a], self.names[b], float(self.values[a, b]))
            for a, b in combinations(range(len(self.names)), 2)
            if self.values[a, b] > tau
        ]
        return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))

    def strongest_at(self, a: str, b: str) -> tuple[str, ...]:
        """The set at which a pair reaches its chemistry: sorted names, empty where none helps.

        Raises:
            InputError: a name is not in the table, or both are the same.
        """
        if a == b:
            raise InputError(f"A model has no chemistry with itself; name a second one beside {a}.")
        chemistry = self.between(a, b)
        if self.homogeneous or not {a, b} <= self.used:
            return ()
        names = [profile.name for profile in self.ranked]
        first, second = sorted((names.index(a), names.index(b)))
        if self.empty_cost == 0:
            best = smallest_tail(self.penalties, names, (first, second), chemistry)
        else:
            best = smallest_subset(self.penalties, names, (first, second), self.empty_cost)
        return tuple(sorted(names[i] for i in best))

    def explain(self, a: str, b: str) -> Explanation:
        """The set at which a pair reaches its chemistry, and the four costs.

        Raises:
            InputError: a name is not in the table, or both are the same.
        """
        at = self.strongest_at(a, b)
        members = [profile for profile in self.ranked if profile.name in {*at, a, b}]

        def cost_without(*names: str) -> float:
            rest = [profile for profile in members if profile.name not in names]
            return cost(rest, usage_threshold=0.0, empty_cost=self.empty_cost)

        return Explanation(
            a=a,
            b=b,
            chemistry=self.between(a, b),
            at=at,
            cost_x=cost_without(a, b),
            cost_xa=cost_without(b),
            cost_xb=cost_without(a),
            cost_xab=cost_without(),
        )

    def _position(self, name: str) -> int:
        try:
            return self.names.index(name)
        except ValueError:
            known = ", ".join(self.names) or "no model"
            raise InputError(f"No profile of the model {name}; the table has {known}.") from None


def chemistry(
    profiles: Sequence[Profile],
    *,
    usage_threshold: float = USAGE_THRESHOLD,
    empty_cost: float = 0.0,
) -> ChemistryTable:
    """Chemistry of every pair: the largest change that one model makes to the other's benefit.

    chem(a, b) is the largest |cost(X) - cost(X+a) - cost(X+b) + cost(X+a+b)| / cost(X+a+b) over
    the sets X without a and b whose denominator is not 0 (P1 Definition 2). A model that is not
    used has chemistry 0 with every other.

    A pool with fewer than two used models, or whose penalties differ by at most 1e-9, is
    *homogeneous*: its chemistry is 0 (P1 Theorem 1). Taken literally, Eq. 1 gives 1/3 there for
    equal penalties p > 0: at X = ∅ it is |0 - p - p + 3p/2| / (3p/2), since a benefit also depends
    on rank and the second of two equal answers counts half.

    Raises:
        InputError: a name occurs twice, a number is out of its range, or ``empty_cost`` is not 0
            and more than 20 models are used.
    """
    _check(profiles)
    names = tuple(sorted(profile.name for profile in profiles))
    ranked = rank_order(used(profiles, usage_threshold))
    penalties = np.array([penalty(profile) for profile in ranked])
    homogeneous = not ranked or bool(np.ptp(penalties) <= EQUAL_PENALTIES)
    values = np.zeros((len(names), len(names)))
    position = {name: i for i, name in enumerate(names)}
    places = np.array([position[profile.name] for profile in ranked], dtype=np.intp)
    if not homogeneous:
        upper = _search(penalties, empty_cost)
        values[np.ix_(places, places)] = upper + upper.T
    saturated = _saturated(values[np.ix_(places, places)])
    np.fill_diagonal(values, np.nan)
    for array in (values, penalties):
        array.setflags(write=False)
    return ChemistryTable(
        names=names,
        values=values,
        used=frozenset(profile.name for profile in ranked),
        homogeneous=homogeneous,
        saturated=saturated,
        ranked=tuple(ranked),
        penalties=penalties,
        empty_cost=empty_cost,
    )


def _search(penalties: Array, empty_cost: float) -> Array:
    if empty_cost == 0:
        return tail_chemistry(penalties)
    if len(penalties) > MOST_MODELS:
        raise InputError(
            f"With an empty_cost of {empty_cost:g} chemistry can be computed for at most "
            f"{MOST_MODELS} used models, not {len(penalties)}; set empty_cost to 0."
        )
    return subset_chemistry(penalties, empty_cost)


def _saturated(values: Array) -> bool:
    pairs = values[np.triu_indices(len(values), k=1)]
    if len(pairs) < _FEWEST_PAIRS:
        return False
    return bool(np.mean(pairs >= pairs.max() - _SATURATION) > 1 / 2)


def _check(profiles: Sequence[Profile]) -> None:
    for name, times in Counter(profile.name for profile in profiles).items():
        if times > 1:
            raise InputError(f"The model {name} has {times} profiles; give each model one.")
    for profile in profiles:
        for what, value, scale in (
            ("quality", profile.quality, QUALITY_SCALE),
            ("accuracy", profile.accuracy, _ACCURACY_SCALE),
        ):
            if value < 0 or value > scale:
                raise InputError(
                    f"The model {profile.name} has {what} {value:g}, outside 0 to {scale:g}; "
                    "correct its history."
                )
