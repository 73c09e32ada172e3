"""How an ensemble of N is chosen from the pool: the strategies of P1 §5, and exploration."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.cost import by_accuracy, by_performance
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Locality, ModelSpec, Profile
from llmchem_tui.domain.recommendation import (
    ChemistryParameters,
    RecommendationSettings,
    recommend,
)


class Strategy(StrEnum):
    """How an ensemble came about, as written in a history.

    The first five choose; EXPLORE is what ``next_ensemble`` does while models are untried, MANUAL
    an ensemble that somebody picked.
    """

    LOCAL = "LOCAL"
    REMOTE = "REMOTE"
    RANDOM = "RANDOM"
    PERFORMANCE = "PERFORMANCE"
    CHEMISTRY = "CHEMISTRY"
    EXPLORE = "EXPLORE"
    MANUAL = "MANUAL"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What earlier rounds of the task tell.

    ``past`` holds their ensembles, ``rounds`` the number of rounds that a model took part in,
    failed ones included, ``met`` the number of rounds in which two models met; a pair that never
    did is missing.
    """

    profiles: Mapping[str, Profile] = field(default_factory=dict)
    past: Collection[frozenset[str]] = ()
    rounds: Mapping[str, int] = field(default_factory=dict)
    met: Mapping[frozenset[str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choice:
    """An ensemble, sorted by name, and how it came about.

    ``strategy`` is the one that really decided. ``loss`` is None where no loss was compared.
    ``filled`` are the members that the strategy could not judge and that only make up the number;
    ``note`` is a sentence for the user, blank where there is nothing to say.
    """

    strategy: Strategy
    ensemble: tuple[str, ...]
    loss: float | None = None
    filled: tuple[str, ...] = ()
    note: str = ""


_TRIES = 3
"""Rounds after which a model without a profile is not explored any longer."""

_DEFAULTS = ChemistryParameters()


def choose(
    strategy: Strategy,
    n: int,
    pool: Sequence[ModelSpec],
    knowledge: Knowledge,
    *,
    seed: int,
    settings: ChemistryParameters = _DEFAULTS,
) -> Choice:
    """Choose n models of the pool; the same seed gives the same ones in whatever order they come.

    LOCAL and REMOTE make do with fewer models where the pool has no more. Profiles of models
    outside the pool take no part.

    Raises:
        InputError: n is below 1 or above the pool's size, no model has the locality asked for, or
            MANUAL is asked for, which is nobody's choice but the user's.
    """
    names = sorted(spec.name for spec in pool)
    _check_size(n, names, strategy)
    match strategy:
        case Strategy.LOCAL:
            return _of_locality(strategy, Locality.LOCAL, n, pool, seed)
        case Strategy.REMOTE:
            return _of_locality(strategy, Locality.REMOTE, n, pool, seed)
        case Strategy.RANDOM:
            return Choice(strategy, _draw(names, n, seed))
        case Strategy.PERFORMANCE:
            return _by_performance(n, names, knowledge)
        case Strategy.CHEMISTRY:
            return _by_chemistry(n, names, knowledge, settings)
        case Strategy.EXPLORE:
            return _explore(n, names, knowledge)
        case _:
            raise InputError(f"{strategy} names an ensemble picked by hand; choose a strategy.")


def next_ensemble(
    n: int,
    pool: Sequence[ModelSpec],
    knowledge: Knowledge,
    *,
    seed: int,
    settings: ChemistryParameters = _DEFAULTS,
) -> Choice:
    """What to run next: models that are still unknown, then what chemistry recommends.

    While a model of the pool has no profile, the n models with the fewest rounds are offered, as
    EXPLORE. A model that has failed three times is not waited for any longer: the loop would never
    get past one that is broken.

    Raises:
        InputError: n is below 1 or above the pool's size.
    """
    untried = _untried([spec.name for spec in pool], knowledge)
    strategy = Strategy.EXPLORE if untried else Strategy.CHEMISTRY
    return choose(strategy, n, pool, knowledge, seed=seed, settings=settings)


def _check_size(n: int, names: Sequence[str], strategy: Strategy) -> None:
    if n < 1:
        raise InputError(f"An ensemble of {n} models does not exist; choose 1 or more.")
    if n > len(names) and strategy not in (Strategy.LOCAL, Strategy.REMOTE):
        raise InputError(
            f"An ensemble of {n} models cannot be made from a pool of {len(names)}; choose a "
            "smaller one or add models."
        )


def _draw(names: Sequence[str], n: int, seed: int) -> tuple[str, ...]:
    return tuple(sorted(random.Random(seed).sample(names, n)))


def _of_locality(
    strategy: Strategy, locality: Locality, n: int, pool: Sequence[ModelSpec], seed: int
) -> Choice:
    names = sorted(spec.name for spec in pool if spec.locality is locality)
    if not names:
        raise InputError(
            f"The pool has no {locality} model; choose another strategy or add such a model."
        )
    if len(names) < n:
        note = f"The pool has only {len(names)} {locality} of the {n} models asked for."
        return Choice(strategy, tuple(names), note=note)
    return Choice(strategy, _draw(names, n, seed))


def _by_performance(n: int, names: Sequence[str], knowledge: Knowledge) -> Choice:
    top = [profile.name for profile in by_performance(_profiles(names, knowledge))][:n]
    return _fill(Choice(Strategy.PERFORMANCE, tuple(top)), n, names, knowledge)


def _by_chemistry(
    n: int, names: Sequence[str], knowledge: Knowledge, settings: ChemistryParameters
) -> Choice:
    profiles = _profiles(names, knowledge)
    table = chemistry(
        profiles, usage_threshold=settings.usage_threshold, empty_cost=settings.empty_cost
    )
    wanted = RecommendationSettings(alpha=settings.alpha, beta=settings.beta)
    if table.homogeneous:
        advice = recommend(table, profiles, knowledge.past, wanted)
        choice = Choice(Strategy.CHEMISTRY, advice.ensemble[:n], note=advice.reason)
    elif len(table.used) < n:
        choice = Choice(Strategy.CHEMISTRY, tuple(sorted(table.used)))
    else:
        advice = recommend(table, profiles, knowledge.past, replace(wanted, size=n))
        return Choice(Strategy.CHEMISTRY, advice.ensemble, loss=advice.loss, note=advice.reason)
    return _fill(choice, n, names, knowledge)


def _explore(n: int, names: Sequence[str], knowledge: Knowledge) -> Choice:
    untried = _untried(names, knowledge)
    fewest = sorted(names, key=lambda name: (knowledge.rounds.get(name, 0), name))[:n]
    note = f"Models without a profile yet: {len(untried)} of {len(names)}."
    return Choice(Strategy.EXPLORE, tuple(sorted(fewest)), note=note)


def _untried(names: Sequence[str], knowledge: Knowledge) -> list[str]:
    return sorted(
        name
        for name in names
        if name not in knowledge.profiles and knowledge.rounds.get(name, 0) < _TRIES
    )


def _profiles(names: Sequence[str], knowledge: Knowledge) -> list[Profile]:
    return [knowledge.profiles[name] for name in names if name in knowledge.profiles]


def _fill(choice: Choice, n: int, names: Sequence[str], knowledge: Knowledge) -> Choice:
    """Make up the number: first by accuracy, then by name."""
    known = [profile.name for profile in by_accuracy(_profiles(names, knowledge))]
    order = known + [name for name in names if name not in knowledge.profiles]
    filled = [name for name in order if name not in choice.ensemble][: n - len(choice.ensemble)]
    if filled:
        how = f"Filled up by accuracy, then by name: {', '.join(filled)}."
        choice = replace(choice, filled=tuple(filled), note=f"{choice.note} {how}".lstrip())
    return replace(choice, ensemble=tuple(sorted({*choice.ensemble, *filled})))
