"""How far chemistry and the recommended ensemble hang on the rounds that happen to be there.

The rounds of a history are drawn again with replacement, as many as there are; profiles, the
chemistry of all pairs and the best ensemble are computed anew from each such resample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.analysis.resampled_pools import (
    MOST_ENUMERATED,
    Candidates,
    Pools,
    RoundValues,
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
_RESAMPLES_AT_ONCE = 100  # between two looks at whether to go on
_DEFAULTS = ChemistryParameters()


def _go_on(done: int) -> None:
    """Nobody waits for it."""


@dataclass(frozen=True, slots=True)
class Draws:
    """How many ``resamples`` are drawn, and from which seed.

    ``progress`` is told now and then how many are done; what it raises ends the computation.
    """

    resamples: int = RESAMPLES
    seed: int = 0
    progress: Callable[[int], object] = _go_on


_DRAWS = Draws()


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
    """The share of resamples in which an ensemble, sorted by name, is the recommended one.

    Of sets whose losses are within 1e-9 of the least that is the first by name, as ``recommend``
    has it; a resample in which another one is as good, and comes first, does not count.
    """

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
    size: int | None = None,
    draws: Draws = _DRAWS,
    aliases: Mapping[str, str] | None = None,
) -> Stability:
    """Bootstrap the chemistry and the recommended ensemble of a history of one task over rounds.

    Profiles are means, as ``storage.profiles.profiles`` computes them. A model that no round of a
    resample has a profile of is missing there: it has no chemistry, not one of 0. ``size`` fixes
    the number of models recommended; a resample with fewer has no ensemble. The same seed gives
    the same result, whatever the order of the rows.

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
    settings = RecommendationSettings(alpha=parameters.alpha, beta=parameters.beta, size=size)
    whole = recommend(
        table, list(known.values()), past_ensembles(history, aliases=aliases), settings
    )
    drawn = _drawn(_Sought(values, table.names, parameters, settings), draws)
    recommended, others = _ensembles(whole, drawn.best, table.names)
    return Stability(
        resamples=draws.resamples,
        seed=draws.seed,
        rounds=len(values.means),
        tau=tau,
        pairs=_pairs(table, drawn.chemistries, tau, rounds_together(history, aliases=aliases)),
        models=_models(drawn.pools),
        recommended=recommended,
        others=others,
        climbed=whole.ensemble,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Sought:
    """What each resample is asked for."""

    values: RoundValues
    names: Ensemble
    parameters: ChemistryParameters
    settings: RecommendationSettings


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """What all resamples say; ``best`` is empty above 16 models."""

    pools: Pools
    chemistries: Array
    best: list[Ensemble]


def _drawn(sought: _Sought, draws: Draws) -> _Drawn:
    rounds, models = len(sought.values.means), len(sought.names)
    weights = bootstrap_weights(rounds, resamples=draws.resamples, seed=draws.seed)
    at_once = max(1, min(_RESAMPLES_AT_ONCE, _WEIGHTS_AT_ONCE // rounds))
    enumerated = models <= MOST_ENUMERATED
    candidates = Candidates.of(models, sought.settings) if enumerated else None
    profiles_of, chemistries, best = [], [], list[Ensemble]()
    while some := list(islice(weights, at_once)):
        pools = Pools(sought.names, *sought.values.profiles(np.array(some)), sought.parameters)
        profiles_of.append((pools.quality, pools.accuracy))
        chemistries.append(pools.chemistry())
        if candidates is not None:
            best += _best_of_each(pools, chemistries[-1], candidates, sought.settings)
        draws.progress(sum(map(len, chemistries)))
    quality, accuracy = (np.concatenate(part) for part in zip(*profiles_of, strict=True))
    pools = Pools(sought.names, quality, accuracy, sought.parameters)
    return _Drawn(pools, np.concatenate(chemistries), best)


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
    whole: Recommendation, best: list[Ensemble], names: Ensemble
) -> tuple[EnsembleShare | None, tuple[EnsembleShare, ...]]:
    """The whole history's best ensemble and the most frequent others, with their shares."""
    if len(names) > MOST_ENUMERATED:
        return None, ()
    counts = Counter(best)
    own = whole.optimum.ensemble if whole.optimum else whole.ensemble
    resamples = counts.total()
    recommended = EnsembleShare(own, counts.pop(own, 0) / resamples)
    frequent = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_OTHERS]
    return recommended, tuple(EnsembleShare(names, n / resamples) for names, n in frequent)


def _best_of_each(
    pools: Pools, chemistries: Array, candidates: Candidates, settings: RecommendationSettings
) -> list[Ensemble]:
    alike = pools.homogeneous
    best = []
    for resample in np.flatnonzero(alike).tolist():
        known = pools.profiles(resample)
        threshold = pools.parameters.usage_threshold
        table = chemistry(known, usage_threshold=threshold)
        best.append(recommend(table, known, (), replace(settings, size=None)).ensemble)
    found = candidates.best(chemistries[~alike], pools.present[~alike])
    return best + [tuple(pools.names[i] for i in members) for members in found]
