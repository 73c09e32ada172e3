"""Strategies compared by what their rounds brought (P1 = arXiv 2510.03930 §5; SCIENCE.md §7).

P2 is arXiv 2512.05066. A round is one (trial, strategy), an answer is one row; the history has been
narrowed to one task, and to simulated or to real models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llmchem_tui.analysis.round_measures import (
    answers_of,
    chemistry_of_rounds,
    members_of,
    rounds_of,
    spread_of_rounds,
)
from llmchem_tui.analysis.statistics import (
    Anova,
    Array,
    Calibration,
    Estimate,
    Pearson,
    anova,
    calibration,
    estimates,
    known,
    pearson,
)
from llmchem_tui.domain.chemistry import EQUAL_PENALTIES, ChemistryTable, chemistry
from llmchem_tui.domain.cost import USAGE_THRESHOLD, penalty
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.strategies import Strategy
from llmchem_tui.domain.totals import PER_PRICE
from llmchem_tui.storage.history import History
from llmchem_tui.storage.profiles import profiles

if TYPE_CHECKING:
    import pandas

    from llmchem_tui.domain.model import Profile

_BY_ANSWER, _BY_ROUND = ("accuracy", "latency"), ("effectiveness", "complementarity")
_SUMS = [*(f"{name}_sum" for name in _BY_ANSWER), *_BY_ROUND]


@dataclass(frozen=True, slots=True)
class Tokens:
    """How many tokens ``answers`` of the answers took; None: no answer tells it."""

    total: int | None
    answers: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What ``answers`` of the answers cost: of known tokens and price; None: there is none."""

    total: float | None
    answers: int


@dataclass(frozen=True, slots=True)
class Measures:
    """What the rounds of a strategy brought; None: not known.

    ``strategy`` "" is the unknown one; ``size`` the number of distinct members, None: all sizes.
    ``accuracy`` and ``latency`` (seconds) are means over answers, ``effectiveness`` and
    ``complementarity`` over rounds, all with intervals over rounds. ``accuracy_variance`` is the
    sample variance over answers, ``variance`` the mean of the reviewers' variances, which P2 gives
    as its figure of calibration. ``failures``: answers that did not end well.
    """

    strategy: str
    size: int | None
    rounds: int
    answers: int
    accuracy: Estimate
    accuracy_variance: float | None
    variance: float | None
    effectiveness: Estimate
    complementarity: Estimate
    latency: Estimate
    median_latency: float | None
    failures: int
    tokens_in: Tokens
    tokens_out: Tokens
    cost: Cost
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Kind:
    """The rounds of homogeneous or of heterogeneous ensembles, and their means over rounds."""

    rounds: int
    accuracy: float | None
    effectiveness: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Strategies compared. ``strategies`` are over all sizes, ``sizes`` each size by itself.

    ``anova`` compares the mean accuracies of rounds between the known strategies, ``kinds_anova``
    between homogeneous and heterogeneous ensembles.

    Chemistry is that of the mean profiles of all rounds but those of CHEMISTRY; a round's is the
    mean over the pairs of its members. By the same profiles an ensemble is homogeneous where fewer
    than two members are used or their penalties differ by at most 1e-9 (P1 Theorem 1): by what is
    known of the models, since a round's own outcome would be compared with itself. Members without
    a profile are left out; a round with no other member is of neither kind.
    """

    strategies: tuple[Measures, ...]
    sizes: tuple[Measures, ...]
    anova: Anova
    chemistry_with_complementarity: Pearson
    chemistry_with_effectiveness: Pearson
    homogeneous: Kind
    heterogeneous: Kind
    kinds_anova: Anova
    calibration: Calibration


def evaluate(
    history: History,
    *,
    usage_threshold: float = USAGE_THRESHOLD,
    empty_cost: float = 0.0,
    aliases: Mapping[str, str] | None = None,
    prices: Mapping[str, tuple[float, float]] | None = None,
    seed: int = 0,
) -> Evaluation:
    """Compare the strategies of a history of one task.

    ``usage_threshold`` and ``empty_cost`` are those of chemistry; ``aliases`` maps models' former
    names to their present ones; ``prices`` are those of a model's million tokens in and out, by
    name; ``seed`` is that of the bootstrap. The order of the rows does not
    matter, and the measures of a strategy do not depend on the rounds of others.

    Raises:
        InputError: the history has no rows, or chemistry cannot be computed with this
            ``empty_cost``.
    """
    if history.frame.empty:
        raise InputError("There are no rounds to evaluate; give other files or fewer filters.")
    answers = answers_of(history.frame, aliases or {})
    answers["cost"] = _costs(answers, prices or {})
    members = members_of(answers)
    rounds = rounds_of(answers, members)
    taught = profiles(but_chemistry(answers))
    table = chemistry(list(taught.values()), usage_threshold=usage_threshold, empty_cost=empty_cost)
    names = answers["model"].cat.categories.tolist()
    rounds["chemistry"] = chemistry_of_rounds(members, values_between(table, names), len(rounds))
    spread = spread_of_rounds(members, _penalties(table, taught, names), len(rounds))
    alike, unlike = rounds[spread <= EQUAL_PENALTIES], rounds[spread > EQUAL_PENALTIES]
    strategies, sizes = _by_strategy(answers, rounds, seed)
    return Evaluation(
        strategies=strategies,
        sizes=sizes,
        anova=_anova(rounds),
        chemistry_with_complementarity=with_chemistry(rounds, "complementarity"),
        chemistry_with_effectiveness=with_chemistry(rounds, "effectiveness"),
        homogeneous=_kind(alike),
        heterogeneous=_kind(unlike),
        kinds_anova=anova(
            {
                "homogeneous": alike["accuracy"].to_numpy(),
                "heterogeneous": unlike["accuracy"].to_numpy(),
            }
        ),
        calibration=_calibration(rounds),
    )


def but_chemistry(answers: pandas.DataFrame) -> History:
    """The rounds that may teach, under the models' present names, as far as profiles read them.

    A round is named by its number here, which takes a tenth of the time.
    """
    taught = answers[answers["strategy"] != Strategy.CHEMISTRY]
    return History(taught.rename(columns={"round": "trial"}))


def values_between(table: ChemistryTable, names: list[str]) -> Array:
    """The chemistry of the models with these names, NaN beside those without a profile."""
    import pandas

    frame = pandas.DataFrame(table.values, index=table.names, columns=table.names)
    return frame.reindex(index=names, columns=names).to_numpy()


def _penalties(table: ChemistryTable, taught: Mapping[str, Profile], names: list[str]) -> Array:
    """The models' penalties, infinite where one is not used, NaN where it has no profile."""
    penalties = {
        name: penalty(profile) if name in table.used else np.inf for name, profile in taught.items()
    }
    return np.array([penalties.get(name, np.nan) for name in names])


def _by_strategy(
    answers: pandas.DataFrame, rounds: pandas.DataFrame, seed: int
) -> tuple[tuple[Measures, ...], tuple[Measures, ...]]:
    """The measures of each strategy, and of each of its sizes; the unknown strategy comes last."""
    # By their numbers, so that it does not matter for the draws in which order they came.
    order = np.lexsort(rounds[[*_SUMS, "size"]].to_numpy().T)
    ordered = rounds.iloc[order].groupby("strategy", observed=True)
    sizes = rounds["size"].to_numpy()[answers["round"]]
    answered = answers.assign(size=sizes).groupby("strategy", observed=True)
    strategies, each_size = [], []
    for name in sorted(rounds["strategy"].unique(), key=lambda name: (not name, name)):
        own, theirs = ordered.get_group(name), answered.get_group(name)
        means, *parts = _estimates(own, seed)
        strategies.append(_measures((name, None), theirs, own, means))
        for size, part in zip(own["size"].unique().tolist(), parts, strict=True):
            some, answers_there = own[own["size"] == size], theirs[theirs["size"] == size]
            each_size.append(_measures((name, size), answers_there, some, part))
    return tuple(strategies), tuple(each_size)


def _measures(
    of: tuple[str, int | None],
    answers: pandas.DataFrame,
    rounds: pandas.DataFrame,
    means: tuple[Estimate, ...],
) -> Measures:
    strategy, size = of
    accuracy, latency, effectiveness, complementarity = means
    with np.errstate(over="ignore", invalid="ignore"):  # of absurd numbers in a file
        return Measures(
            strategy=strategy,
            size=size,
            rounds=len(rounds),
            answers=len(answers),
            accuracy=accuracy,
            accuracy_variance=known(answers["accuracy"].var()),
            variance=known(answers["variance"].mean()),
            effectiveness=effectiveness,
            complementarity=complementarity,
            latency=latency,
            median_latency=known(answers["latency"].median()),
            failures=int(answers["failed"].sum()),
            tokens_in=_tokens(answers["tokens_in"]),
            tokens_out=_tokens(answers["tokens_out"]),
            cost=Cost(known(answers["cost"].sum(min_count=1)), int(answers["cost"].count())),
            calibration=_calibration(rounds),
        )


def _estimates(rounds: pandas.DataFrame, seed: int) -> list[tuple[Estimate, ...]]:
    """Estimate the means of the rounds, sorted by size: of all of them, then of each size."""
    several = rounds[[f"{name}_count" for name in _BY_ANSWER]].to_numpy()
    counts = np.hstack([several, rounds[[*_BY_ROUND]].notna().to_numpy()])
    _, begins = np.unique(rounds["size"], return_index=True)
    return estimates(rounds[_SUMS].to_numpy(), counts, begins.tolist(), seed=seed)


def _tokens(column: pandas.Series[float]) -> Tokens:
    total = known(column.sum(min_count=1))
    return Tokens(None if total is None else round(total), int(column.count()))


def _costs(answers: pandas.DataFrame, prices: Mapping[str, tuple[float, float]]) -> Array:
    """The cost of each answer, NaN where its tokens or its model's prices are not known."""
    unknown = (np.nan, np.nan)
    by_model = np.array([prices.get(name, unknown) for name in answers["model"].cat.categories])
    each = by_model.reshape(-1, 2)[answers["model"].cat.codes]
    tokens = answers[["tokens_in", "tokens_out"]].to_numpy()
    with np.errstate(over="ignore", invalid="ignore"):  # of absurd numbers in a file
        costs: Array = (each * tokens).sum(axis=1) / PER_PRICE
    return costs


def _kind(rounds: pandas.DataFrame) -> Kind:
    means = rounds[["accuracy", "effectiveness"]].mean()
    return Kind(len(rounds), known(means["accuracy"]), known(means["effectiveness"]))


def _anova(rounds: pandas.DataFrame) -> Anova:
    named = rounds[rounds["strategy"] != ""]
    groups = named["accuracy"].groupby(named["strategy"], observed=True)
    return anova({str(strategy): own.to_numpy() for strategy, own in groups})


def with_chemistry(rounds: pandas.DataFrame, name: str) -> Pearson:
    """Correlate the rounds' column ``chemistry`` with another one."""
    columns = rounds["chemistry"].to_numpy(), rounds[name].to_numpy()
    return pearson(*columns, ("chemistry", name))


def _calibration(rounds: pandas.DataFrame) -> Calibration:
    return calibration(rounds["confidence"].to_numpy(), rounds["recommended_accuracy"].to_numpy())
