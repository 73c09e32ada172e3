"""Which of its claimed properties the cost has, on the sets of one pool.

P1 = arXiv 2510.03930, §3.1, claims three properties of the cost of Eq. 1 and proves them in its
A.1; a fourth is what the third proof and §3 assume. Here each is tried on every set of the used
models, and where it fails a set shows it. With S the used models, X a subset of S, and + adding a
model that X does not have:

- *monotonicity* (Property 1: cost falls as quality and accuracy rise), tried with the profiles that
  the pool has: cost(X + m) ≥ cost(X + n) for all m, n of S with q_n ≥ q_m and a_n ≥ a_m. It can
  fail where the model with the higher quality has the higher penalty: better by a little, it takes
  a rank of larger weight.
- *linearity* (Property 2: cost is a sum of terms that each depend on one model alone). On one
  model the term is its cost, so that cost(X) = Σ cost({m}) over the m in X. A weight depends on
  the rank, so it fails at {a, b} unless the lower of the two has the penalty 0.
- *submodularity* (Property 3, diminishing returns): cost(X) - cost(X + a) ≥ cost(Y) - cost(Y + a)
  for X ⊆ Y. By adding up, it holds if and only if it holds for Y = X + b, which is what is tried.
- *monotonicity in sets* (§3, and A.1 in the proof of Property 3): cost(X) ≥ cost(X + a).

Eq. 1 says nothing of the empty set, whose cost is a convention here (SCIENCE §4); a counter-example
without it is shown wherever there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.domain.chemistry import ChemistryTable
from llmchem_tui.domain.chemistry_subsets import subset_costs

Array = NDArray[np.float64]
Sets = NDArray[np.int64]

MOST_CHECKED = 16
"""Of more used models only the first in rank order are looked at: 2^16 sets, and more per pair."""

_ROUNDING = 1e-12

Cases = tuple[Array, tuple[Sets, ...]]
"""Cases tried at once: by how much each keeps the property (negative: it fails), and its sets,
of which no other is larger than the last."""


@dataclass(frozen=True, slots=True)
class PricedSet:
    """A set of models, in rank order, and its cost."""

    models: tuple[str, ...]
    cost: float


@dataclass(frozen=True, slots=True)
class CounterExample:
    """Where a property fails: both sides of its formula, and the sets in the order of the formula.

    ``penalties`` of all models that occur, in rank order: what the costs are made of.
    """

    left: float
    right: float
    sets: tuple[PricedSet, ...]
    penalties: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class PropertyCheck:
    """A property, its formula, how many cases were tried and in how many of them it fails.

    There are none where the pool is too small for the formula.
    """

    name: str
    formula: str
    cases: int
    failing: int
    counter_example: CounterExample | None

    @property
    def holds(self) -> bool:
        """It fails in none of the cases that were tried."""
        return self.failing == 0


@dataclass(frozen=True, slots=True)
class CostProperties:
    """The properties on every set of ``models``; used models ``left_out`` were not looked at.

    A counter-example is one for the whole pool; a property that holds, holds for ``models`` only.
    """

    models: tuple[str, ...]
    left_out: tuple[str, ...]
    checks: tuple[PropertyCheck, ...]


def cost_properties(table: ChemistryTable) -> CostProperties:
    """Try the properties on every set of the table's used models, or of the first 16 by rank.

    A counter-example has as few models as possible; of several the one that fails by most.
    """
    names = tuple(profile.name for profile in table.ranked)
    pool = _Pool(table)
    return CostProperties(names[:MOST_CHECKED], names[MOST_CHECKED:], tuple(pool.checks()))


Sides = Callable[[list[float]], tuple[float, float]]
"""From the costs of a case's sets to both sides of the formula."""


def _first_and_others(costs: list[float]) -> tuple[float, float]:
    return costs[0], sum(costs[1:])


def _differences(costs: list[float]) -> tuple[float, float]:
    return costs[0] - costs[1], costs[2] - costs[3]


class _Pool:
    """The costs of all sets; bit r of a set's number is the model at rank r."""

    def __init__(self, table: ChemistryTable) -> None:
        self._profiles = table.ranked[:MOST_CHECKED]
        self._penalties = table.penalties[:MOST_CHECKED]
        self._costs = subset_costs(self._penalties, table.empty_cost)
        self._sets = np.arange(len(self._costs))

    def checks(self) -> Iterator[PropertyCheck]:
        """Try one property after the other."""
        better = "cost(X + m) ≥ cost(X + n), n no worse than m"
        yield self._check("monotonicity", better, self._better_models())
        yield self._check("linearity", "cost(X) = Σ cost({m}) over m in X", self._sums())
        returns = "cost(X) - cost(X + a) ≥ cost(X + b) - cost(X + a + b)"
        yield self._check("submodularity", returns, self._returns(), _differences)
        yield self._check("monotonicity in sets", "cost(X) ≥ cost(X + a)", self._additions())

    def _better_models(self) -> Iterator[Cases]:
        """Every X with m, then with an n that is at least as good in both numbers."""
        for n, m in combinations(range(len(self._profiles)), 2):  # in rank order: q_n ≥ q_m
            if self._profiles[n].accuracy >= self._profiles[m].accuracy:
                x = self._without(n, m)
                with_m, with_n = x | 1 << m, x | 1 << n
                yield self._costs[with_m] - self._costs[with_n], (with_m, with_n)

    def _sums(self) -> Iterator[Cases]:
        sums = np.zeros(1)
        for penalty in self._penalties:
            sums = np.concatenate([sums, sums + penalty])
        yield -np.abs(self._costs - sums), (self._sets,)

    def _returns(self) -> Iterator[Cases]:
        for a, b in combinations(range(len(self._profiles)), 2):
            x = self._without(a, b)
            sets = x, x | 1 << a, x | 1 << b, x | 1 << a | 1 << b
            cost_x, cost_xa, cost_xb, cost_xab = (self._costs[one] for one in sets)
            yield (cost_x - cost_xa) - (cost_xb - cost_xab), sets

    def _additions(self) -> Iterator[Cases]:
        for a in range(len(self._profiles)):
            x = self._without(a)
            yield self._costs[x] - self._costs[x | 1 << a], (x, x | 1 << a)

    def _without(self, *ranks: int) -> Sets:
        bits = sum(1 << rank for rank in ranks)
        sets: Sets = self._sets[self._sets & bits == 0]
        return sets

    def _check(
        self, name: str, formula: str, tried: Iterable[Cases], sides: Sides = _first_and_others
    ) -> PropertyCheck:
        cases = failing = 0
        found = []
        for margins, sets in tried:
            wrong = np.flatnonzero(margins < -_ROUNDING)
            cases, failing = cases + len(margins), failing + len(wrong)
            if len(wrong):
                keys = margins[wrong], np.bitwise_count(sets[-1][wrong]), sets[0][wrong] == 0
                first = np.lexsort(keys)[0]
                order = [float(key[first]) for key in reversed(keys)]
                found.append((order, [int(one[wrong[first]]) for one in sets]))
        example = self._example(min(found)[1], sides) if found else None
        return PropertyCheck(name, formula, cases, failing, example)

    def _example(self, sets: list[int], sides: Sides) -> CounterExample:
        if len(sets) == 1:  # of linearity: the set, then each of its models alone
            sets = [*sets, *(1 << rank for rank in self._ranks(sets[0]))]
        priced = tuple(PricedSet(self._names(own), float(self._costs[own])) for own in sets)
        left, right = sides([own.cost for own in priced])
        occurring = self._ranks(int(np.bitwise_or.reduce(sets)))
        penalties = [(self._profiles[rank].name, self._penalties[rank]) for rank in occurring]
        return CounterExample(left, right, priced, tuple((own, float(p)) for own, p in penalties))

    def _ranks(self, of: int) -> list[int]:
        return [rank for rank in range(len(self._profiles)) if of >> rank & 1]

    def _names(self, of: int) -> tuple[str, ...]:
        return tuple(self._profiles[rank].name for rank in self._ranks(of))
