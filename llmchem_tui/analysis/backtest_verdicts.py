"""The verdicts of a backtest: does CHEMISTRY choose better than PERFORMANCE?

Each size of the ensembles is a comparison, and all sizes together are one more. Of so many, one
would soon look significant by chance: their intervals are corrected by Bonferroni.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from llmchem_tui.analysis.backtest_judge import ALL_SIZES, Chosen, Judge, Told
from llmchem_tui.analysis.statistics import Estimate

Word = Literal["better", "worse", "not better", "unknown"]
Measure = Literal["effectiveness", "accuracy"]

_ERROR = 0.05
_RESAMPLES = 10_000  # a corrected interval ends far out, where few draws are
_ROUNDING = 1e-9  # a sum of differences that cancel is not quite 0


@dataclass(frozen=True, slots=True)
class Correction:
    """How ``comparisons`` are judged together, those left out in which all choices are alike.

    ``level`` is that of each interval: 1 - 0.05 / comparisons, so that all of them hold with 95 %
    (Bonferroni). With fewer than ``items_needed`` items, differences of one sign throughout would
    be no evidence at this level.
    """

    comparisons: int
    level: float
    items_needed: int

    @classmethod
    def of(cls, comparisons: int) -> Correction:
        """The correction for so many comparisons."""
        error = _ERROR / max(comparisons, 1)
        return cls(comparisons, 1 - error, math.ceil(math.log2(2 / error)))


@dataclass(frozen=True, slots=True)
class Verdict:
    """CHEMISTRY less PERFORMANCE, on the items that both tell of; ``size`` None: over all sizes.

    The intervals are those of the ``Correction``. ``alike``: the share of the choices in which both
    took the same ensemble. ``word`` goes by the interval of ``measure``: effectiveness, the measure
    of P1 (arXiv 2510.03930), or accuracy where effectiveness is saturated, the same for both on
    every item though they chose differently. "unknown": of too few items.
    """

    size: int | None
    effectiveness: Estimate
    accuracy: Estimate
    alike: float
    measure: Measure
    word: Word


def verdicts(judge: Judge, sizes: Iterable[int], seed: int) -> tuple[Correction, list[Verdict]]:
    """One verdict per size, then the one over all, in which every split and size counts alike."""
    alike = _alike(judge.choices)
    correction = Correction.of(sum(share < 1 for share in alike.values()))
    told = judge.differences(seed, correction.level, _RESAMPLES)
    found = [
        _verdict(size, told[size], alike[size], correction)
        for size in (*sizes, ALL_SIZES)
        if size in told
    ]
    return correction, found


def _alike(choices: Iterable[Chosen]) -> dict[int, float]:
    """The share of the choices in which both strategies took the same ensemble, by size."""
    sets = defaultdict(set)
    for one in choices:
        sets[one.size, one.learned, one.vignette].add(one.ensemble)
    same = defaultdict(list)
    for (size, *_), ensembles in sets.items():
        for among in (size, ALL_SIZES):
            same[among].append(len(ensembles) == 1)
    return {size: float(np.mean(shares)) for size, shares in same.items()}


def _verdict(size: int, told: Told, alike: float, correction: Correction) -> Verdict:
    saturated = alike < 1 and _is_nothing(told.effectiveness)
    judged = told.accuracy if saturated else told.effectiveness
    return Verdict(
        size=size or None,
        effectiveness=told.effectiveness,
        accuracy=told.accuracy,
        alike=alike,
        measure="accuracy" if saturated else "effectiveness",
        word=_word(judged, correction.items_needed),
    )


def _is_nothing(difference: Estimate) -> bool:
    ends = difference.low, difference.high
    return all(end is not None and abs(end) <= _ROUNDING for end in ends)


def _word(difference: Estimate, needed: int) -> Word:
    low, high = difference.low, difference.high
    if low is None or high is None or difference.n < needed:
        return "unknown"
    if low > _ROUNDING:
        return "better"
    return "worse" if high < -_ROUNDING else "not better"
