"""The authors' protocol: Tables 1 to 4 of arXiv 2510.03930 from their published histories.

It is kept whole in one module because it differs from our own measures on purpose, in the cost of
the empty set, the cap on chemistry and the scale of quality among others (SCIENCE.md section 8).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from llmchem_tui.analysis.statistics import correlation
from llmchem_tui.domain.chemistry_subsets import MOST_MODELS, subset_costs
from llmchem_tui.domain.complementarity import complementarity
from llmchem_tui.domain.cost import penalty, rank_order
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Profile

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

    from llmchem_tui.storage.history import History

CHEMISTRY = "CHEMISTRY"
PERFORMANCE = "PERFORMANCE"
BASELINES = ("RANDOM", PERFORMANCE, "REMOTE", "LOCAL")
SIZES = (3, 5, 10)
"""The size groups, by the rows of a round: up to 3, 4 and 5, 6 and more."""

_ROUND = ["trial", "strategy"]
_MEMBER = ["model", "quality", "accuracy", "trial"]
_LEAST_ACCURACY, _USED_ABOVE = 0.1, 0.5
_EFFECTIVE_ABOVE, _CORRECT_ABOVE = 0.7, 0.5
_EMPTY_COST, _CAP = 1.0, 1.0
_NEAR_THE_CAP = 1e-4
_CONSTANT = 1e-12  # relative to the values: r of less would be made of rounding errors


@dataclass(frozen=True, slots=True)
class Comparison:
    """A row of Table 1: mean effectiveness in [0, 1]; None: no round of the kind.

    ``improvement``: of CHEMISTRY over the best baseline, in percent of it.
    """

    size: int
    chemistry: float | None
    best_baseline: float | None
    best_strategy: str | None
    improvement: float | None


@dataclass(frozen=True, slots=True)
class Correlation:
    """Pearson's r and its two-sided p over ``n`` ensembles; None: there are none.

    Where one of the two is ``constant``, as it is of a single ensemble, r is not defined: the
    authors' protocol has r = 0 and p = 1 there.
    """

    r: float | None
    p: float | None
    n: int
    constant: bool = False


@dataclass(frozen=True, slots=True)
class Association:
    """A row of Tables 2 and 3: how chemistry goes with complementarity and with effectiveness.

    ``all_sizes`` is Table 2, which counts ensembles of one member; the others are Table 3.
    """

    size: int
    all_sizes: Correlation
    complementarity: Correlation
    effectiveness: Correlation


@dataclass(frozen=True, slots=True)
class BestEnsemble:
    """A row of Table 4: the ensembles that reached a strategy's largest effectiveness.

    ``ensembles``: their models, each in alphabetical order; the ensembles as well.
    """

    size: int
    strategy: str
    effectiveness: float
    ensembles: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class PublishedTables:
    """The tables of one task. ``pairs``: of all models; how many stand near the cap, and at it."""

    comparisons: tuple[Comparison, ...]
    associations: tuple[Association, ...]
    best: tuple[BestEnsemble, ...]
    pairs: int
    near_the_cap: int
    at_the_cap: int
    incomplete: int
    """Rows without a quality or an accuracy: they are in no profile, nor in Tables 2 and 3."""


def published_tables(history: History) -> PublishedTables:
    """Compute the tables from a history of one task.

    Raises:
        InputError: no row has both a quality and an accuracy, or too many models are used.
    """
    frame = history.frame
    whole = frame.dropna(subset=["quality", "accuracy"])
    if whole.empty:
        raise InputError(
            "The published protocol needs rows with a quality and an accuracy, and there are none."
        )
    rounds = _rounds(frame)
    values = _chemistry(_best_profiles(whole))
    pairs = [values[pair] for pair in values]
    return PublishedTables(
        tuple(_comparisons(rounds)),
        tuple(_associations(whole, values)),
        tuple(_best(rounds)),
        pairs=len(pairs),
        near_the_cap=sum(value >= _CAP - _NEAR_THE_CAP for value in pairs),
        at_the_cap=sum(value == _CAP for value in pairs),
        incomplete=len(frame) - len(whole),
    )


# --- Tables 1 and 4 -------------------------------------------------------------------------------


def _rounds(frame: pandas.DataFrame) -> pandas.DataFrame:
    """Every round of Table 1: strategy, size, effectiveness, and the ensemble's models."""
    import pandas

    # Trials of one word are other experiments of the authors.
    own = frame[frame["trial"].str.contains(r"\S\s+\S")]
    items = frame.drop_duplicates(["model", "id"], keep="last")
    table = items.pivot(index="model", columns="id", values="accuracy")
    members = own.drop_duplicates([*_ROUND, *_MEMBER])
    counts = pandas.crosstab([members["trial"], members["strategy"]], members["model"])
    table = table.reindex(counts.columns)
    answered = counts.to_numpy() @ table.notna().to_numpy().astype(float)
    total = counts.to_numpy() @ table.fillna(0.0).to_numpy()
    correct = (total > _CORRECT_ABOVE * answered) & (answered > 0)
    asked = (answered > 0).sum(axis=1)
    return pandas.DataFrame(
        {
            "strategy": counts.index.get_level_values("strategy"),
            "rows": own.groupby(_ROUND).size().reindex(counts.index).to_numpy(),
            "effectiveness": correct.sum(axis=1) / np.where(asked, asked, np.nan),
            "ensemble": [tuple(counts.columns[row > 0]) for row in counts.to_numpy()],
        }
    ).dropna(subset="effectiveness")


def _of_size(rounds: pandas.DataFrame, size: int) -> pandas.DataFrame:
    low, high = {3: (2, 3), 5: (4, 5), 10: (6, np.inf)}[size]
    return rounds[rounds["rows"].between(low, high)]


def _comparisons(rounds: pandas.DataFrame) -> Iterator[Comparison]:
    for size in SIZES:
        means = _of_size(rounds, size).groupby("strategy")["effectiveness"].mean().to_dict()
        own = means.get(CHEMISTRY)
        # The larger mean first; of equals the first in the order of BASELINES.
        best = max((name for name in BASELINES if name in means), key=means.__getitem__, default="")
        baseline = means.get(best)
        improvement = None
        if own is not None and baseline:
            improvement = (own - baseline) / baseline * 100.0
        yield Comparison(size, own, baseline, best or None, improvement)


def _best(rounds: pandas.DataFrame) -> Iterator[BestEnsemble]:
    for size in SIZES:
        for strategy in (CHEMISTRY, PERFORMANCE):
            of_size = _of_size(rounds, size)
            own = of_size[of_size["strategy"] == strategy]
            if own.empty:
                continue
            largest = own["effectiveness"].max()
            reached = own[own["effectiveness"] == largest]["ensemble"]
            yield BestEnsemble(size, strategy, float(largest), tuple(sorted({*reached})))


# --- Tables 2 and 3 -------------------------------------------------------------------------------


def _best_profiles(whole: pandas.DataFrame) -> list[Profile]:
    """Each model's best row that no CHEMISTRY round made; of equals the first in file order."""
    rows = whole[whole["strategy"] != CHEMISTRY]
    floored = rows["accuracy"].clip(lower=_LEAST_ACCURACY)
    first = rows.loc[floored.sort_values(ascending=False, kind="stable").index]
    chosen = first.drop_duplicates("model").sort_values("model")
    columns = (chosen[name].tolist() for name in ("model", "quality", "accuracy"))
    return [Profile(*row) for row in zip(*columns, strict=True)]


def _chemistry(profiles: list[Profile]) -> dict[frozenset[str], float]:
    """The chemistry of all pairs: cost(∅) = 1, capped at 1, no X with a cost of 0 among its four.

    Raises:
        InputError: more models are used than can be enumerated.
    """
    values = {frozenset((a.name, b.name)): 0.0 for a, b in combinations(profiles, 2)}
    ranked = rank_order(profile for profile in profiles if profile.accuracy > _USED_ABOVE)
    if len(ranked) > MOST_MODELS:
        raise InputError(
            f"The published protocol tries every set of models, which is possible up to "
            f"{MOST_MODELS} of them; {len(ranked)} are used here. Give a history of fewer models."
        )
    costs = subset_costs(np.array([penalty(profile) for profile in ranked]), _EMPTY_COST)
    for (i, a), (j, b) in combinations(enumerate(ranked), 2):
        by_bit = costs.reshape(-1, 2, 2 ** (j - i - 1), 2, 2**i)
        x, with_a = by_bit[:, 0, :, 0], by_bit[:, 0, :, 1]
        with_b, with_both = by_bit[:, 1, :, 0], by_bit[:, 1, :, 1]
        counts = (x != 0) & (with_a != 0) & (with_b != 0) & (with_both != 0)
        difference = np.abs((x - with_a) - (with_b - with_both))
        ratios = np.divide(difference, with_both, out=np.zeros_like(difference), where=counts)
        values[frozenset((a.name, b.name))] = min(_CAP, float(ratios.max()))
    return values


def _associations(
    whole: pandas.DataFrame, values: Mapping[frozenset[str], float]
) -> Iterator[Association]:
    """Score, complementarity and effectiveness of every distinct ensemble of the baselines."""
    ensembles: dict[int, set[frozenset[tuple[str, float, float, str]]]] = {n: set() for n in SIZES}
    rows = whole[whole["strategy"].isin(BASELINES)]
    for _, own in rows.groupby(_ROUND, sort=False):
        size = next((n for n in SIZES[:2] if len(own) <= n), SIZES[-1])
        columns = (own[name].tolist() for name in _MEMBER)
        ensembles[size].add(frozenset(zip(*columns, strict=True)))
    for size, found in ensembles.items():
        # Sums of floats depend on the order, and the order of a set on the process.
        measures = sorted(_measures(sorted(members), values) for members in found)
        measured = np.array(measures, dtype=float).reshape(-1, 4)
        several = measured[measured[:, 0] > 1]
        yield Association(
            size,
            _correlation(measured[:, 1], measured[:, 2]),
            _correlation(several[:, 1], several[:, 2]),
            _correlation(several[:, 1], several[:, 3]),
        )


def _measures(
    members: list[tuple[str, float, float, str]], values: Mapping[frozenset[str], float]
) -> tuple[int, float, float, float]:
    """The number of members, and their score, complementarity and effectiveness."""
    points = np.array([(accuracy, quality) for _, quality, accuracy, _ in members])
    effectiveness = float((points[:, 0] > _EFFECTIVE_ABOVE).mean())
    pairs = [values.get(frozenset((a[0], b[0])), 0.0) for a, b in combinations(members, 2)]
    if not pairs:
        return 1, 0.0, 1.0, effectiveness
    return len(members), sum(pairs) / len(pairs), complementarity(points), effectiveness


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> Correlation:
    if not len(x):
        return Correlation(None, None, 0)
    if any(np.ptp(values) <= _CONSTANT * np.abs(values).max() for values in (x, y)):
        return Correlation(0.0, 1.0, len(x), constant=True)
    return Correlation(*correlation(x, y), len(x))
