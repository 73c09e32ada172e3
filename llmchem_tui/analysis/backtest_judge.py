"""What later rounds tell of the ensembles chosen at a split, and of the best in hindsight."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from llmchem_tui.analysis.backtest_splits import DRAWING, Array, Names, Numbers, Split, Timeline
from llmchem_tui.analysis.ensemble_votes import accuracy, as_lines, best_ensemble, correct, votes
from llmchem_tui.analysis.statistics import RESAMPLES, Estimate, estimates
from llmchem_tui.domain.strategies import Strategy

SIZES = (2, 3, 5, 10)
HINDSIGHT, DIFFERENCE = "hindsight", "difference"
ALL_SIZES = 0

Key = tuple[str, int]
"""A strategy, HINDSIGHT or DIFFERENCE (CHEMISTRY less PERFORMANCE), and a size or ALL_SIZES."""

_FEWEST_PROFILES = 2
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Chosen:
    """An ensemble chosen after ``learned`` rounds; ``vignette`` "": for rounds that name none."""

    learned: int
    vignette: str
    strategy: Strategy
    size: int
    ensemble: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """Means over splits with intervals over items; ``voters``: members that answered an item."""

    effectiveness: Estimate
    accuracy: Estimate
    voters: Estimate


@dataclass(frozen=True, slots=True)
class Shares:
    """What a strategy brought as a share of what the best in hindsight did.

    Both on the items that both answered, so that a share may exceed 1: the best is it on all of its
    own. None where the best has 0, or there is no such item.
    """

    effectiveness: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class _Votes:
    """What ensembles brought on the later items of a split: each of shape (ensembles, items)."""

    effectiveness: Array
    accuracy: Array
    voters: Array

    @classmethod
    def of(cls, lines: Array, table: Array) -> _Votes:
        means, voters = votes(lines, table)
        return cls(correct(means), means, np.where(voters > 0, voters, np.nan))

    def less(self, other: _Votes) -> _Votes:
        effectiveness = self.effectiveness - other.effectiveness
        return _Votes(effectiveness, self.accuracy - other.accuracy, self.voters - other.voters)


@dataclass(frozen=True, slots=True)
class _Later:
    """The items after a split: their numbers, vignettes, and the accuracy of the pool's models."""

    table: Array
    items: Numbers
    vignettes: Names


class Judge:
    """Adds up, item by item, what the choices of every split brought.

    ``choices`` are those of PERFORMANCE and CHEMISTRY so far; ``exhaustive`` tells of each size
    whether the best ensemble in hindsight is the best of all sets.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.choices: list[Chosen] = []
        self.exhaustive: dict[int, bool] = {}
        self._timeline = timeline
        # Sums, then weights; of each the rows effectiveness, accuracy, voters.
        shape = (2, 3, len(timeline.vignette_of_items))
        self._totals: dict[Key, Array] = defaultdict(lambda: np.zeros(shape))
        # Of effectiveness and accuracy the sums of a strategy's means and of the best's.
        self._beside_best: dict[Key, Array] = defaultdict(lambda: np.zeros((2, 2)))

    def add(self, split: Split) -> bool:
        """Judge the choices at a split; False where there is nothing to choose or to judge by."""
        table, items = self._timeline.table(split.learned, split.pool)
        vignettes = self._timeline.vignette_of_items[items]
        taught = {
            one: len(split.knowledge(one).profiles) >= _FEWEST_PROFILES
            for one in np.unique(vignettes)
        }
        kept = np.array([taught[one] for one in vignettes], dtype=bool)
        later = _Later(table[:, kept], items[kept], vignettes[kept])
        if np.isnan(later.table).all():
            return False
        for size in SIZES:
            if size <= len(split.pool):
                self._add_size(split, size, later)
        return True

    def estimates(self, seed: int) -> dict[Key, Told]:
        """What the strategies and the best in hindsight brought."""
        return self._estimates([key for key in self._totals if key[0] != DIFFERENCE], seed=seed)

    def differences(self, seed: int, level: float, resamples: int) -> dict[int, Told]:
        """What CHEMISTRY brought more than PERFORMANCE, by size; with intervals of this level."""
        keys = [key for key in self._totals if key[0] == DIFFERENCE]
        found = self._estimates(keys, seed=seed, level=level, resamples=resamples)
        return {size: told for (_, size), told in found.items()}

    def shares(self) -> dict[Key, Shares]:
        """What each strategy brought beside the best in hindsight of its size."""
        return {
            key: Shares(*(own / best if best else None for own, best in sums.tolist()))
            for key, sums in self._beside_best.items()
        }

    def _estimates(
        self, keys: list[Key], *, seed: int, level: float = _LEVEL, resamples: int = RESAMPLES
    ) -> dict[Key, Told]:
        """The means over splits, with intervals over items, all from the same draws."""
        totals = np.stack([self._totals[key] for key in keys], axis=1)
        sums, weights = totals.reshape(2, 3 * len(keys), -1)
        ever = weights.any(axis=0)
        columns = sums[:, ever].T, weights[:, ever].T
        found = estimates(*columns, seed=seed, level=level, resamples=resamples)[0]
        return {key: Told(*found[3 * i : 3 * i + 3]) for i, key in enumerate(keys)}

    def _add_size(self, split: Split, size: int, later: _Later) -> None:
        rivals, brought = [], {}
        for strategy in DRAWING:
            ensembles = split.drawn(strategy, size)
            if ensembles:
                rivals.append(_lines(ensembles, split.pool))
                brought[strategy] = _Votes.of(rivals[-1], later.table)
        for strategy in (Strategy.PERFORMANCE, Strategy.CHEMISTRY):
            lines, brought[strategy] = self._informed(split, strategy, size, later)
            rivals.append(lines)
        best = self._best(size, later.table, np.vstack(rivals))
        self._count((HINDSIGHT, size), best, later.items)
        for strategy, own in brought.items():
            self._count((strategy, size), own, later.items)
            self._compare((strategy, size), own, best)
        difference = brought[Strategy.CHEMISTRY].less(brought[Strategy.PERFORMANCE])
        for key in ((DIFFERENCE, size), (DIFFERENCE, ALL_SIZES)):
            self._count(key, difference, later.items)

    def _informed(
        self, split: Split, strategy: Strategy, size: int, later: _Later
    ) -> tuple[Array, _Votes]:
        """The ensembles that are chosen, and what each brings on the items that it is for."""
        brought = _Votes(*np.full((3, 1, len(later.items)), np.nan))
        chosen = []
        for vignette in np.unique(later.vignettes).tolist():
            ensemble = split.chosen(strategy, size, vignette)
            self.choices.append(Chosen(split.learned, vignette, strategy, size, ensemble))
            chosen.append(_lines([ensemble], split.pool))
            there = later.vignettes == vignette
            own = _Votes.of(chosen[-1], later.table[:, there])
            brought.effectiveness[:, there] = own.effectiveness
            brought.accuracy[:, there] = own.accuracy
            brought.voters[:, there] = own.voters
        return np.vstack(chosen), brought

    def _best(self, size: int, table: Array, rivals: Array) -> _Votes:
        most_effective, exhaustive = best_ensemble(table, size, correct, rivals)
        most_accurate, _ = best_ensemble(table, size, accuracy, rivals)
        self.exhaustive[size] = exhaustive and self.exhaustive.get(size, True)
        effectiveness = _Votes.of(most_effective[None], table).effectiveness
        return replace(_Votes.of(most_accurate[None], table), effectiveness=effectiveness)

    def _compare(self, key: Key, brought: _Votes, best: _Votes) -> None:
        """Add the means over the items that an ensemble and the best both answered."""
        both = (brought.effectiveness, best.effectiveness), (brought.accuracy, best.accuracy)
        for row, (own, most) in enumerate(both):
            told = ~np.isnan(own + most)
            shares = told / np.maximum(told.sum(axis=1, keepdims=True), 1)
            for column, values in enumerate((own, most)):
                self._beside_best[key][row, column] += (np.where(told, values, 0.0) * shares).sum()

    def _count(self, key: Key, brought: _Votes, items: Numbers) -> None:
        """Give a split the weight 1, shared by its ensembles, and each one's by its items."""
        sums, weights = self._totals[key]
        for row, values in enumerate((brought.effectiveness, brought.accuracy, brought.voters)):
            told = ~np.isnan(values)
            answered = told.sum(axis=1, keepdims=True)
            shares = told / np.maximum(answered, 1) / len(values)
            sums[row, items] += (np.where(told, values, 0.0) * shares).sum(axis=0)
            weights[row, items] += shares.sum(axis=0)


def _lines(ensembles: Iterable[tuple[str, ...]], pool: list[str]) -> Array:
    number = {name: i for i, name in enumerate(pool)}
    chosen = [tuple(number[name] for name in ensemble) for ensemble in ensembles]
    return as_lines(chosen, len(pool))
