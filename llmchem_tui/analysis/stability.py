"""How far chemistry and the recommended ensemble hang on the rounds that happen to be there.

The rounds of a history are drawn again with replacement, as many as there are; profiles, the
chemistry of all pairs and the best ensemble are computed anew from each such resample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.analysis.resampled_pools import (
    MOST_ENUMERATED,
    Pools,
    RoundValues,
    best_ensembles,
    round_values,
)
from llmchem_tui.analysis.statistics import RESAMPLES, bootstrap_weights
from llmchem_tui.domain.chemistry import ChemistryTable, chemistry
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.recommendation import (
    ChemistryParameters,
    Recommendation,
    RecommendationSettings,
    recommend,
)
from llmchem_tui.storage.profiles import past_ensembles, profiles, rounds_together

if TYPE_CHECKING:
    from llmchem_tui.storage.history import History

Array = NDArray[np.float64]

Ensemble = tuple[str, ...]

_INTERVAL = (0.025, 0.975)
_FEWEST_ROUNDS = 2
_OTHERS = 3
_WEIGHTS_AT_ONCE = 2**22  # bounds the memory that the weights of rounds take
_DEFAULTS = ChemistryParameters()


@dataclass(frozen=True, slots=True)
class PairStability:
    """A pair's chemistry on the whole history, and over resamples in which both have a profile.

    ``low`` to ``high``: the 95 % percentile interval. ``above``: the share of those resamples
    whose chemistry exceeds tau. All three are None where no resample has both; ``resamples``
    counts those that do. ``met``: in how many rounds of the history both took part.
    """

    a: str
    b: str
    chemistry: float
    low: float | None
    high: float | None
    above: float | None
    resamples: int
    met: int


@dataclass(frozen=True, slots=True)
class ModelStability:
    """In how many resamples a model has a profile, and the share of those that do not use it.

    ``unused`` is None where no resample has a profile of the model.
    """

    name: str
    resamples: int
    unused: float | None


@dataclass(frozen=True, slots=True)
class EnsembleShare:
    """The share of resamples in which an ensemble, sorted by name, is the recommended one."""

    ensemble: Ensemble
    share: float


@dataclass(frozen=True, slots=True)
class Stability:
    """What a bootstrap over the ``rounds`` of a history says.

    ``recommended`` is the ensemble of the whole history, ``others`` the most frequent of the
    others, three at most. Both are the best of all sets, which hill climbing can miss:
    ``climbed`` is what ``recommend`` gives for the whole history. Above 16 models not all sets
    are tried, so ``recommended`` is None.
    """

    resamples: int
    seed: int
    rounds: int
    tau: float
    pairs: tuple[PairStability, ...]
    models: tuple[ModelStability, ...]
    recommended: EnsembleShare | None
    others: tuple[EnsembleShare, ...]
    climbed: Ensemble

    @property
    def never_met(self) -> tuple[tuple[str, str], ...]:
        """The pairs that have no round in common: their chemistry rests on separate rounds."""
        return tuple((pair.a, pair.b) for pair in self.pairs if not pair.met)


def stability(
    history: History,
    parameters: ChemistryParameters = _DEFAULTS,
    *,
    tau: float = 0.0,
    resamples: int = RESAMPLES,
    seed: int = 0,
    aliases: Mapping[str, str] | None = None,
) -> Stability:
    """Bootstrap the chemistry and the recommended ensemble of a history of one task over rounds.

    Profiles are means, as ``storage.profiles.profiles`` computes them. A model that no round of a
    resample has a profile of is missing there: it has no chemistry, not one of 0. The same seed
    gives the same result, whatever the order of the rows.

    Raises:
        InputError: fewer than two rounds have values of models with a profile, or chemistry or
            a recommendation cannot be computed with these ``parameters``.
    """
    known = profiles(history, aliases=aliases)
    table = chemistry(
        list(known.values()),
        usage_threshold=parameters.usage_threshold,
        empty_cost=parameters.empty_cost,
    )
    values = round_values(history, table.names, aliases)
    if values.rounds_with_values < _FEWEST_ROUNDS:
        raise InputError(
            f"A bootstrap needs at least {_FEWEST_ROUNDS} rounds with values of models that have a "
            f"profile, the history has {values.rounds_with_values}; add rounds or leave out the "
            "bootstrap."
        )
    settings = RecommendationSettings(alpha=parameters.alpha, beta=parameters.beta)
    whole = recommend(
        table, list(known.values()), past_ensembles(history, aliases=aliases), settings
    )
    pools = _resampled(values, table.names, parameters, resamples, seed)
    chemistries = pools.chemistry()
    recommended, others = _ensembles(whole, pools, chemistries, settings)
    return Stability(
        resamples=resamples,
        seed=seed,
        rounds=len(values.means),
        tau=tau,
        pairs=_pairs(table, chemistries, tau, rounds_together(history, aliases=aliases)),
        models=_models(pools),
        recommended=recommended,
        others=others,
        climbed=whole.ensemble,
    )


def _resampled(
    values: RoundValues,
    names: Ensemble,
    parameters: ChemistryParameters,
    resamples: int,
    seed: int,
) -> Pools:
    rounds = len(values.means)
    weights = bootstrap_weights(rounds, resamples=resamples, seed=seed)
    parts = []
    while some := list(islice(weights, max(1, _WEIGHTS_AT_ONCE // rounds))):
        parts.append(values.profiles(np.array(some)))
    quality, accuracy = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Pools(names, quality, accuracy, parameters)


def _pairs(
    table: ChemistryTable, chemistries: Array, tau: float, met: Mapping[frozenset[str], int]
) -> tuple[PairStability, ...]:
    pairs = []
    for i, j in combinations(range(len(table.names)), 2):
        a, b = table.names[i], table.names[j]
        drawn = chemistries[:, i, j]
        drawn = drawn[~np.isnan(drawn)]
        low = high = above = None
        if len(drawn):
            low, high = np.quantile(drawn, _INTERVAL).tolist()
            above = float(np.mean(drawn > tau))
        together = met.get(frozenset({a, b}), 0)
        whole = float(table.values[i, j])
        pairs.append(PairStability(a, b, whole, low, high, above, len(drawn), together))
    return tuple(pairs)


def _models(pools: Pools) -> tuple[ModelStability, ...]:
    present = pools.present.sum(axis=0).tolist()
    used = pools.used.sum(axis=0).tolist()
    return tuple(
        ModelStability(name, there, 1 - counted / there if there else None)
        for name, there, counted in zip(pools.names, present, used, strict=True)
    )


def _ensembles(
    whole: Recommendation, pools: Pools, chemistries: Array, settings: RecommendationSettings
) -> tuple[EnsembleShare | None, tuple[EnsembleShare, ...]]:
    """The whole history's best ensemble and the most frequent others, with their shares."""
    if len(pools.names) > MOST_ENUMERATED:
        return None, ()
    counts = Counter(_best_of_each(pools, chemistries, settings))
    own = whole.optimum.ensemble if whole.optimum else whole.ensemble
    resamples = counts.total()
    recommended = EnsembleShare(own, counts.pop(own, 0) / resamples)
    frequent = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_OTHERS]
    return recommended, tuple(EnsembleShare(names, n / resamples) for names, n in frequent)


def _best_of_each(
    pools: Pools, chemistries: Array, settings: RecommendationSettings
) -> list[Ensemble]:
    alike = pools.homogeneous
    best = []
    for resample in np.flatnonzero(alike).tolist():
        known = pools.profiles(resample)
        threshold = pools.parameters.usage_threshold
        table = chemistry(known, usage_threshold=threshold)
        best.append(recommend(table, known, (), settings).ensemble)
    if alike.all():
        return best
    sizes = range(settings.min_size, settings.max_size + 1)
    found = best_ensembles(
        chemistries[~alike], pools.present[~alike], sizes, settings.alpha, settings.beta
    )
    return best + [tuple(pools.names[i] for i in members) for members in found]
