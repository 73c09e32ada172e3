"""How far a recommendation hangs on its parameters: the papers' open questions on sensitivity.

Each setting recommends an ensemble from the mean profiles and the ensembles of all rounds but those
of CHEMISTRY (SCIENCE.md section 6), and the history tells what its members brought. That is no test
of the choice: the rounds that judge it are those that taught it, and the ensemble may never have
run. On each item the members that answered it vote with their mean accuracies there, as in the
backtest, which splits by time and is the test. An item is a vignette, or a round that names none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from llmchem_tui.analysis.ensemble_votes import as_lines, correct, votes
from llmchem_tui.analysis.evaluate import but_chemistry, values_between, with_chemistry
from llmchem_tui.analysis.round_measures import (
    answers_of,
    chemistry_of_rounds,
    members_of,
    rounds_of,
)
from llmchem_tui.analysis.statistics import Array, Pearson
from llmchem_tui.domain.chemistry import ChemistryTable, chemistry
from llmchem_tui.domain.complementarity import complementarity, profile_points
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.recommendation import RecommendationSettings, recommend
from llmchem_tui.storage.profiles import past_ensembles, profiles

if TYPE_CHECKING:
    import pandas

    from llmchem_tui.storage.history import History

MOST_SETTINGS = 1000
"""More would take minutes, and nobody reads them."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is asked of a recommendation (SCIENCE.md section 6); ``n`` None: of 2 to 10 models."""

    alpha: float
    beta: float
    usage_threshold: float
    iters: int = 10
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Brought:
    """What the members of an ensemble brought, together or not; None: nothing is known.

    ``accuracy`` is the mean over the ``items`` that a member answered, ``effectiveness`` the share
    of them that is right by soft voting, ``voters`` the mean number of members that answered one.
    ``complementarity`` is that of the members' profiles.
    """

    accuracy: float | None
    effectiveness: float | None
    items: int
    voters: float | None
    complementarity: float | None


@dataclass(frozen=True, slots=True)
class Recommended:
    """What a setting recommends, sorted by name; None: not known.

    ``gap``: its loss above that of the best of all sets, known up to 16 models. ``changes``: the
    additions, removals and swaps that lead to it from what the setting in force recommends.
    """

    setting: Setting
    ensemble: tuple[str, ...]
    loss: float | None
    gap: float | None
    changes: int
    brought: Brought
    reason: str


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """The chemistry of a usage threshold: how many models are used, and what it goes with.

    The correlations are those of ``Evaluation``, over rounds.
    """

    usage_threshold: float
    used: int
    homogeneous: bool
    saturated: bool
    chemistry_with_complementarity: Pearson
    chemistry_with_effectiveness: Pearson


@dataclass(frozen=True, slots=True)
class Sweep:
    """What the setting in force recommends, and every combination of the ``varied`` parameters.

    ``models`` have a profile; ``items``: how many of the history have an accuracy of one of them.
    """

    varied: tuple[str, ...]
    models: int
    items: int
    in_force: Recommended
    settings: tuple[Recommended, ...]
    thresholds: tuple[AtThreshold, ...]


def sweep(
    history: History,
    in_force: Setting,
    values: Mapping[str, Sequence[Any]],
    *,
    empty_cost: float = 0.0,
    aliases: Mapping[str, str] | None = None,
) -> Sweep:
    """Recommend with every combination of some parameters' values.

    Args:
        history: rounds of one task.
        in_force: the values of the parameters that do not vary.
        values: of each parameter that varies, by its name in ``Setting``.
        empty_cost: the cost of a set without a used model.
        aliases: models' former names to their present ones.

    Raises:
        InputError: there are too many combinations, a value is out of its range, the history has
            too few models, or no rows.
    """
    settings = _combinations(in_force, values)
    if history.frame.empty:
        raise InputError("There are no rounds to sweep over; give other files or fewer filters.")
    past = _Past(history, empty_cost, aliases or {})
    own = past.recommended(in_force)
    return Sweep(
        varied=tuple(values),
        models=len(past.profiles),
        items=int(np.count_nonzero(~np.isnan(past.accuracies).all(axis=0))),
        in_force=own,
        settings=tuple(past.recommended(setting, own.ensemble) for setting in settings),
        thresholds=tuple(
            past.at_threshold(one) for one in dict.fromkeys(own.usage_threshold for own in settings)
        ),
    )


def _combinations(in_force: Setting, values: Mapping[str, Sequence[Any]]) -> list[Setting]:
    count = math.prod(map(len, values.values()))
    if count > MOST_SETTINGS:
        raise InputError(
            f"The sweep has {count:,} combinations, and at most {MOST_SETTINGS:,} are tried; give "
            "fewer values."
        )
    return [
        replace(in_force, **dict(zip(values, own, strict=True)))
        for own in product(*values.values())
    ]


class _Past:
    """What the history teaches, and what its models brought on each item."""

    def __init__(self, history: History, empty_cost: float, aliases: Mapping[str, str]) -> None:
        answers = answers_of(history.frame, aliases)
        taught = but_chemistry(answers)
        self.profiles = profiles(taught)
        self._ensembles = past_ensembles(taught)
        self._empty_cost = empty_cost
        self.accuracies = _on_items(answers, history.frame["vignette"], list(self.profiles))
        self._models = answers["model"].cat.categories.tolist()
        self._members = members_of(answers)
        self._rounds = rounds_of(answers, self._members)
        self._tables: dict[float, ChemistryTable] = {}
        self._brought: dict[tuple[str, ...], Brought] = {}

    def recommended(self, setting: Setting, other: tuple[str, ...] | None = None) -> Recommended:
        """What a setting recommends; ``other``: the ensemble that it is compared with."""
        advice = recommend(
            self._chemistry(setting.usage_threshold),
            list(self.profiles.values()),
            self._ensembles,
            RecommendationSettings(
                setting.alpha, setting.beta, size=setting.n, iters=setting.iters
            ),
        )
        own, best = advice.ensemble, advice.optimum
        if own not in self._brought:
            self._brought[own] = self._judged(own)
        return Recommended(
            setting=setting,
            ensemble=own,
            loss=advice.loss,
            gap=max(0.0, advice.loss - best.loss) if best and advice.loss is not None else None,
            changes=0 if other is None else _changes({*other}, {*own}),
            brought=self._brought[own],
            reason=advice.reason,
        )

    def at_threshold(self, usage_threshold: float) -> AtThreshold:
        """Correlate the rounds' chemistry, at this threshold, with their measures."""
        table = self._chemistry(usage_threshold)
        values = values_between(table, self._models)
        score = chemistry_of_rounds(self._members, values, len(self._rounds))
        rounds = self._rounds.assign(chemistry=score)
        return AtThreshold(
            usage_threshold=usage_threshold,
            used=len(table.used),
            homogeneous=table.homogeneous,
            saturated=table.saturated,
            chemistry_with_complementarity=with_chemistry(rounds, "complementarity"),
            chemistry_with_effectiveness=with_chemistry(rounds, "effectiveness"),
        )

    def _chemistry(self, usage_threshold: float) -> ChemistryTable:
        if usage_threshold not in self._tables:
            self._tables[usage_threshold] = chemistry(
                list(self.profiles.values()),
                usage_threshold=usage_threshold,
                empty_cost=self._empty_cost,
            )
        return self._tables[usage_threshold]

    def _judged(self, ensemble: tuple[str, ...]) -> Brought:
        names = list(self.profiles)
        line = as_lines([tuple(names.index(name) for name in ensemble)], len(names))
        (means,), (voters,) = votes(line, self.accuracies)
        told = voters > 0
        points = profile_points(self.profiles[name] for name in ensemble)
        return Brought(
            accuracy=_mean(means[told]),
            effectiveness=_mean(correct(means[told])),
            items=int(told.sum()),
            voters=_mean(voters[told]),
            complementarity=complementarity(points) if ensemble else None,
        )


def _on_items(
    answers: pandas.DataFrame, vignettes: pandas.Series[str], names: Sequence[str]
) -> Array:
    """The mean accuracy of each of these models on each item, over rounds: (models, items)."""
    rounds = answers["round"].to_numpy()
    codes, _ = vignettes.factorize()
    items = np.where(vignettes.eq(""), rounds, -1 - codes)  # no vignette has a round's number
    by = [answers["model"], items, rounds]
    by_round = answers["accuracy"].groupby(by, observed=True).mean().dropna()
    means = by_round.groupby(level=[0, 1], observed=True).mean().unstack()
    return np.asarray(means.reindex(list(names)), dtype=float)


def _changes(one: Set[str], other: Set[str]) -> int:
    return max(len(one - other), len(other - one))


def _mean(values: Array) -> float | None:
    return float(values.mean()) if len(values) else None
