"""Profiles, chemistry and best ensembles of many resamples of a history's rounds at once.

Arrays begin with the axis of resamples (r), then that of the models (m) in the order of their
sorted names. A model without a profile in a resample is NaN there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.domain.chemistry import EQUAL_PENALTIES, chemistry
from llmchem_tui.domain.cost import QUALITY_SCALE
from llmchem_tui.domain.ensemble_search import EQUAL_LOSS, members_of
from llmchem_tui.domain.model import Profile
from llmchem_tui.domain.recommendation import ChemistryParameters, RecommendationSettings
from llmchem_tui.storage.profiles import MEAN_DECIMALS

if TYPE_CHECKING:
    from llmchem_tui.storage.history import History

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

MOST_ENUMERATED = 16
"""Of more models not all sets are tried, as in ``domain.recommendation.recommend``."""

_NUMBERS_AT_ONCE = 2**22  # bounds the memory of a step
_VALUES = ["quality", "accuracy"]


@dataclass(frozen=True, slots=True, eq=False)
class RoundValues:
    """What each round says of each model, to be weighed by how often a resample holds the round.

    ``means`` has the shape (rounds, m, 2): mean quality [0, 10] and accuracy [0, 1] of the model's
    answers, NaN where missing; ``referenced`` (rounds, m): whether there was a reference answer.
    Rounds are in the order of their (trial, strategy), whatever the order of the rows.
    """

    means: Array
    referenced: Mask

    @property
    def rounds_with_values(self) -> int:
        """How many rounds say anything of a model."""
        return int(np.isfinite(self.means).any(axis=(1, 2)).sum())

    def profiles(self, weights: Array) -> tuple[Array, Array]:
        """Mean quality and accuracy, both (r, m), by SCIENCE.md section 6, NaN where missing.

        ``weights`` has the shape (r, rounds). Rounds with a reference answer count if the
        resample has any of the model, else the others.
        """
        rounds, models = self.referenced.shape
        # Deviations from the least value: equal values then have exactly this mean, whatever
        # their weights. It is rounded as a profile is, so that ties stay ties in a resample too.
        low, high = np.fmin.reduce(self.means), np.fmax.reduce(self.means)
        known = ~np.isnan(self.means)
        deviations = np.where(known, self.means - low, 0.0)
        kinds = np.stack(
            [known & ~self.referenced[:, :, None], known & self.referenced[:, :, None]]
        )
        terms = np.stack([deviations * kinds, kinds])  # (sum or count, kind, rounds, m, 2)
        columns = np.moveaxis(terms, 2, 0).reshape(rounds, -1)
        sums, counts = np.moveaxis((weights @ columns).reshape(-1, 2, 2, models, 2), 1, 0)
        kind = (weights @ self.referenced > 0).astype(np.intp)[:, None, :, None]
        sums, counts = (np.take_along_axis(x, kind, axis=1)[:, 0] for x in (sums, counts))
        mean = low + np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
        mean = np.clip(mean, low, high).round(MEAN_DECIMALS)
        mean[np.isnan(mean).any(axis=2)] = np.nan
        return mean[:, :, 0], mean[:, :, 1]


def round_values(
    history: History, names: Sequence[str], aliases: Mapping[str, str] | None = None
) -> RoundValues:
    """Collect what the rounds of a history of one task say of these models."""
    frame = history.frame
    known_as = aliases or {}
    rows = frame[["gen_accuracy", *_VALUES]].assign(
        round=frame.groupby(["trial", "strategy"]).ngroup(),
        model=[known_as.get(name, name) for name in frame["model"].tolist()],
    )
    rounds = int(rows["round"].max()) + 1 if len(rows) else 0
    rows = rows[rows["model"].isin(names) & rows[_VALUES].notna().any(axis=1)]
    # Sorted, since a sum depends on the order of its terms.
    by_round = rows.sort_values(_VALUES).groupby(["round", "model"])
    of_round = by_round[_VALUES].mean()
    number = {name: i for i, name in enumerate(names)}
    at = (
        of_round.index.get_level_values("round").to_numpy(dtype=np.intp),
        np.array([number[name] for name in of_round.index.get_level_values("model")], np.intp),
    )
    means = np.full((rounds, len(names), len(_VALUES)), np.nan)
    means[at] = of_round.to_numpy()
    referenced = np.zeros((rounds, len(names)), dtype=bool)
    referenced[at] = by_round["gen_accuracy"].count().to_numpy() > 0
    return RoundValues(means, referenced)


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """The pool of each resample: its profiles, each (r, m)."""

    names: tuple[str, ...]
    quality: Array
    accuracy: Array
    parameters: ChemistryParameters

    @property
    def present(self) -> Mask:
        """Which models have a profile."""
        return ~np.isnan(self.quality)

    @property
    def used(self) -> Mask:
        """Which models count: their accuracy is at least the threshold."""
        used: Mask = self.accuracy >= self.parameters.usage_threshold
        return used

    @property
    def penalties(self) -> Array:
        """What each model falls short of: (1 - q/10)(1 - a)."""
        return (1.0 - self.quality / QUALITY_SCALE) * (1.0 - self.accuracy)

    @property
    def homogeneous(self) -> Mask:
        """Which pools (r) have used models with equal penalties, or fewer than two of them."""
        used = self.used
        highest = np.where(used, self.penalties, -np.inf).max(axis=1)
        lowest = np.where(used, self.penalties, np.inf).min(axis=1)
        homogeneous: Mask = highest - lowest <= EQUAL_PENALTIES
        return homogeneous

    def profiles(self, resample: int) -> list[Profile]:
        """The profiles that one resample has."""
        return [
            Profile(
                self.names[i], float(self.quality[resample, i]), float(self.accuracy[resample, i])
            )
            for i in np.flatnonzero(self.present[resample])
        ]

    def chemistry(self) -> Array:
        """Chemistry of every pair (r, m, m): NaN where one is missing, and on the diagonal.

        Raises:
            InputError: ``empty_cost`` is not 0 and more than 20 models are used.
        """
        resamples, models = self.quality.shape
        values = np.full((resamples, models, models), np.nan)
        if self.parameters.empty_cost == 0 and models <= MOST_ENUMERATED:
            step = max(1, _NUMBERS_AT_ONCE >> models)
            for begin in range(0, resamples, step):
                some = slice(begin, begin + step)
                values[some] = self._enumerated(some)
        else:
            for resample, present in enumerate(self.present):
                table = chemistry(
                    self.profiles(resample),
                    usage_threshold=self.parameters.usage_threshold,
                    empty_cost=self.parameters.empty_cost,
                )
                values[resample][np.ix_(present, present)] = table.values
        return values

    def _enumerated(self, some: slice) -> Array:
        used, present = self.used[some], self.present[some]
        order = np.lexsort((-self.accuracy[some], -self.quality[some], ~used), axis=-1)
        # Models that are not used come last, with penalty 0: they add nothing to any sum.
        penalties = np.where(used, self.penalties[some], 0.0)
        ranked = enumerated_chemistry(np.take_along_axis(penalties, order, axis=1))
        ranked[self.homogeneous[some]] = 0.0
        place = np.argsort(order, axis=1)
        values = np.take_along_axis(ranked, place[:, :, None], axis=1)
        values = np.take_along_axis(values, place[:, None, :], axis=2)
        values[~(present[:, :, None] & present[:, None, :])] = np.nan
        values[:, np.eye(len(self.names), dtype=bool)] = np.nan
        return values


def enumerated_chemistry(penalties: Array) -> Array:
    """Chemistry of every pair (r, m, m), from penalties (r, m) in rank order, for cost(∅) = 0.

    With a ranked above b the best X holds only models below b (SCIENCE.md section 4): all of those
    sets are tried, the j-th model of X having the penalty p_j,

        chem(a, b) = max |Σ c_j p_j - p_b / 2| / (p_a + p_b / 2 + Σ p_j / (j + 2)),

    c_j = 2 / (j (j + 1) (j + 2)). 0 on the diagonal, and where every denominator is 0.
    """
    resamples, models = penalties.shape
    values = np.zeros((resamples, models, models))
    for b in range(1, models):
        gain = spread = np.zeros((resamples, 1))
        sizes = np.zeros(1)
        for below in range(b + 1, models):
            share = penalties[:, [below]] / (sizes + 3)
            gain = np.hstack([gain, gain + share * 2 / ((sizes + 1) * (sizes + 2))])
            spread = np.hstack([spread, spread + share])
            sizes = np.concatenate([sizes, sizes + 1])
        half = penalties[:, [b]] / 2
        change, cost = np.abs(gain - half), half + spread
        for a in range(b):
            total = penalties[:, [a]] + cost
            ratio = np.divide(change, total, out=np.zeros_like(total), where=total > 0)
            values[:, a, b] = values[:, b, a] = ratio.max(axis=1)
    return values


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The sets of models to choose from, with what a loss weighs: made once for many resamples.

    ``sets`` in the order of their names, ``held`` (sets, m) their members, ``worth`` (pairs, sets)
    what a pair's chemistry takes off the loss, ``price`` (sets,) what the members cost.
    """

    sets: tuple[tuple[int, ...], ...]
    held: Array
    worth: Array
    price: Array

    @classmethod
    def of(cls, models: int, settings: RecommendationSettings) -> Candidates:
        """All sets of the sizes asked for.

        The loss is that of ``domain.ensemble_search`` (P1 = arXiv 2510.03930, Eq. 3-5) less its
        constants.
        """
        low, high = settings.min_size, settings.max_size
        if settings.size is not None:
            low = high = settings.size
        sets = sorted(s for s in members_of(range(2**models)) if low <= len(s) <= high)
        held = np.array([[m in s for m in range(models)] for s in sets], dtype=float)
        held = held.reshape(-1, models)
        first, second = np.triu_indices(models, k=1)
        inside, across = held[:, first] * held[:, second], held[:, first] != held[:, second]
        worth = ((1 - settings.alpha) * inside + settings.alpha * across).T
        return cls(tuple(sets), held, worth, settings.beta * held.sum(axis=1))

    def best(self, chemistries: Array, present: Mask) -> list[tuple[int, ...]]:
        """The set of least loss of each resample's models, as ``recommend`` has it.

        Sets whose loss is within 1e-9 of the least are ties: the first by its names is taken. A
        resample without models enough for any of the sets has the empty one.
        """
        first, second = np.triu_indices(present.shape[1], k=1)
        pairs = np.nan_to_num(chemistries[:, first, second])
        chosen: list[tuple[int, ...]] = []
        step = max(1, _NUMBERS_AT_ONCE // max(1, len(self.sets)))
        for begin in range(0, len(pairs), step):
            some = slice(begin, begin + step)
            losses = self.price - pairs[some] @ self.worth
            losses[(~present[some]).astype(float) @ self.held.T > 0] = np.inf
            least = losses.min(axis=1, keepdims=True, initial=np.inf)
            ties = losses <= least + EQUAL_LOSS
            possible = np.isfinite(least[:, 0]).tolist()
            chosen += [
                self.sets[place] if there else ()
                for place, there in zip(ties.argmax(axis=1).tolist(), possible, strict=True)
            ]
        return chosen
