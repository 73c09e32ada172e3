"""Which ensemble to use next: P1 = arXiv 2510.03930, Algorithm 2 and Eq. 3-5; SCIENCE §6."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from llmchem_tui.domain.chemistry import ChemistryTable
from llmchem_tui.domain.cost import USAGE_THRESHOLD, by_accuracy, by_performance
from llmchem_tui.domain.ensemble_search import EQUAL_LOSS, LossSurface, Members, members_of
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Profile

_MOST_EXHAUSTIVE = 16
_MOST_BETA = 1e9  # that of the settings; losses overflow with much more
_STRONG_ACCURACY, _STRONG_QUALITY = 0.9, 9.0
_WEAK_ACCURACY, _WEAK_QUALITY = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class ChemistryParameters:
    """How chemistry and loss are weighed.

    ``alpha`` in [0, 1] weighs the pairs across an ensemble's border against those inside it (at
    0.5 both count alike); ``beta`` is the price of one more model. A model below
    ``usage_threshold`` in accuracy is not used; ``empty_cost`` is the cost of a set without one.
    """

    alpha: float = 0.5
    beta: float = 0.5
    usage_threshold: float = USAGE_THRESHOLD
    empty_cost: float = 0.0


@dataclass(frozen=True, slots=True)
class RecommendationSettings:
    """What to look for: ``alpha`` and ``beta`` as in ``ChemistryParameters``, and the sizes.

    ``size`` fixes the number of models; otherwise it lies from ``min_size`` to ``max_size``.
    ``iters`` is the most steps of one climb. ``all_if_strong``: of a homogeneous pool of strong
    models recommend all instead of the best.
    """

    alpha: float = 0.5
    beta: float = 0.5
    size: int | None = None
    min_size: int = 2
    max_size: int = 10
    iters: int = 10
    all_if_strong: bool = False


_DEFAULTS = RecommendationSettings()


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best of all sets of the sizes asked for."""

    ensemble: tuple[str, ...]
    loss: float


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The next ensemble, sorted by name, and why.

    ``loss`` is None where it did not decide (a homogeneous pool). ``ties`` are other sets of equal
    loss: up to 16 models all there are, above 16 those at which other climbs ended. ``optimum`` is
    known up to 16 models. ``reason`` is one plain sentence.
    """

    ensemble: tuple[str, ...]
    loss: float | None
    ties: tuple[tuple[str, ...], ...]
    optimum: Optimum | None
    reason: str


def recommend(
    table: ChemistryTable,
    profiles: Sequence[Profile],
    past: Iterable[frozenset[str]],
    settings: RecommendationSettings = _DEFAULTS,
) -> Recommendation:
    """The ensemble with the least loss that hill climbing finds (P1 Algorithm 2).

    It climbs from every distinct past ensemble, cut to the table's models and brought within the
    size bounds by accuracy, or without a past from the most accurate models. Of equal losses the
    lexicographically first set wins. A homogeneous pool has no chemistry to go by: if all its
    models are weak there is no recommendation, otherwise it is the best single model.

    Args:
        table: chemistry of the models to choose from.
        profiles: the profiles that the table is made from.
        past: the ensembles of the task's earlier rounds.
        settings: weights and sizes.

    Raises:
        InputError: alpha, beta or a size is out of its range.
    """
    _check(settings, len(table.names))
    if table.homogeneous:
        return _homogeneous(profiles, settings.all_if_strong)
    sizes = _sizes(settings, len(table.names))
    surface = LossSurface(table.values, settings.alpha, settings.beta)
    starts = _starts(table.names, profiles, past, sizes)
    losses = {end: surface.loss(end) for end in surface.climb(starts, sizes, settings.iters)}
    least = min(losses.values())
    equal = {end for end, loss in losses.items() if loss <= least + EQUAL_LOSS}
    ensemble, optimum = min(equal), None
    if len(table.names) <= _MOST_EXHAUSTIVE:
        sets, all_losses = surface.all_sets(sizes)
        best = min(members_of(sets[all_losses <= all_losses.min() + EQUAL_LOSS].tolist()))
        optimum = Optimum(_named(table, best), surface.loss(best))
        equal.update(members_of(sets[np.abs(all_losses - least) <= EQUAL_LOSS].tolist()))
        if best in equal:  # the climbs got there: of all the best sets the first by name
            ensemble = best
    loss = surface.loss(ensemble)
    return Recommendation(
        ensemble=_named(table, ensemble),
        loss=loss,
        ties=tuple(_named(table, members) for members in sorted(equal - {ensemble})),
        optimum=optimum,
        reason=_reason(len(starts), loss, optimum),
    )


def _named(table: ChemistryTable, members: Members) -> tuple[str, ...]:
    return tuple(table.names[i] for i in members)


def _starts(
    names: Sequence[str],
    profiles: Sequence[Profile],
    past: Iterable[frozenset[str]],
    sizes: range,
) -> set[Members]:
    number = {name: i for i, name in enumerate(names)}
    order = [number[profile.name] for profile in by_accuracy(profiles)]
    starts = {frozenset(number[name] for name in x if name in number) for x in past}
    return {_sized(start, order, sizes) for start in starts or {frozenset()}}


def _sized(start: frozenset[int], order: Sequence[int], sizes: range) -> Members:
    """Bring a start within the bounds: the most accurate stay, or come in."""
    ranked = [m for m in order if m in start] + [m for m in order if m not in start]
    return tuple(sorted(ranked[: min(max(len(start), sizes.start), sizes.stop - 1)]))


def _homogeneous(profiles: Sequence[Profile], all_if_strong: bool) -> Recommendation:
    ensemble: list[str] = []
    best = [profile.name for profile in by_performance(profiles)]
    if not best:
        reason = "No model has a profile yet."
    elif all(p.accuracy <= _WEAK_ACCURACY and p.quality <= _WEAK_QUALITY for p in profiles):
        reason = "The models are alike and all weak, so none is recommended."
    elif all(p.accuracy >= _STRONG_ACCURACY and p.quality >= _STRONG_QUALITY for p in profiles):
        ensemble = sorted(best) if all_if_strong else best[:1]
        kept = "all of them are taken" if all_if_strong else "the best single one is enough"
        reason = f"The models are alike and all strong: {kept}."
    else:
        ensemble = best[:1]
        reason = "The models do not differ enough for chemistry: the best single one is taken."
    return Recommendation(tuple(ensemble), None, (), None, reason)


def _reason(starts: int, loss: float, optimum: Optimum | None) -> str:
    climbs = "a climb from one start" if starts == 1 else f"climbs from {starts} starts"
    if optimum is None:
        return f"The least loss that {climbs} found."
    if loss <= optimum.loss + EQUAL_LOSS:
        return f"The least loss that {climbs} found; no set within the size bounds has less."
    return (
        f"The least loss that {climbs} found; {' + '.join(optimum.ensemble)} has "
        f"{loss - optimum.loss:.3g} less."
    )


def _check(settings: RecommendationSettings, models: int) -> None:
    if not 0 <= settings.alpha <= 1:
        raise InputError(f"alpha is {settings.alpha:g}; it must lie from 0 to 1.")
    if not 0 <= settings.beta <= _MOST_BETA:
        raise InputError(
            f"beta is {settings.beta:g}; it must be a number, 0 or more, at most {_MOST_BETA:g}."
        )
    if settings.size is not None and not 1 <= settings.size <= models:
        raise InputError(
            f"An ensemble of {settings.size} cannot be made from the {models} models that have a "
            f"profile; ask for {f'1 to {models}' if models else 'rounds with them first'}."
        )
    if not 1 <= settings.min_size <= settings.max_size:
        raise InputError(
            f"An ensemble of {settings.min_size} to {settings.max_size} models does not exist; "
            "the smallest size must be 1 or more and at most the largest."
        )


def _sizes(settings: RecommendationSettings, models: int) -> range:
    if settings.size is not None:
        return range(settings.size, settings.size + 1)
    if settings.min_size > models:
        raise InputError(
            f"The smallest size, {settings.min_size}, exceeds the {models} models that have a "
            "profile; lower it."
        )
    return range(settings.min_size, min(settings.max_size, models) + 1)
