"""Statistics of rounds: bootstrap intervals, correlation, analysis of variance, calibration.

Where a number is not defined it is None, with a note that says why; no library warns of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RESAMPLES = 1000

_LEVEL = 0.95
_FEWEST_ROUNDS = 2  # one round drawn again and again says nothing of the spread of rounds
_FEWEST_POINTS = 3  # any two points lie on a line
_FEWEST_GROUPS = 2
_CONSTANT = 1e-12  # relative to the values: below it r is made of rounding errors
_NO_SPREAD_WITHIN = 1e-6  # relative to the whole spread
_BINS = 10
_DRAWN_AT_ONCE = 2**17  # bounds the memory that resamples take


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval, over the ``n`` rounds that have a value.

    All three are None where there is no round; the interval is None also of a single one.
    """

    mean: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Pearson:
    """Pearson's r and its two-sided p over ``n`` rounds; ``note`` says why there are none."""

    r: float | None
    p: float | None
    n: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Anova:
    """A one-way analysis of variance of ``n`` rounds in ``groups``; ``note``: why there is no F."""

    f: float | None
    p: float | None
    groups: tuple[str, ...]
    n: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """The ``n`` recommendations of a tenth of the scale of confidence, and their means."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far the confidence in ``n`` recommendations is from their accuracy, all in [0, 1].

    ``difference`` is the mean of |confidence - accuracy| over recommendations;
    ``expected_error`` the same over the means of ``bins``, weighted by their numbers (the expected
    calibration error). Bins without a recommendation are left out.
    """

    n: int
    confidence: float | None
    accuracy: float | None
    difference: float | None
    expected_error: float | None
    bins: tuple[CalibrationBin, ...]


def known(value: float) -> float | None:
    """Return a number as the values of this module hold it: None where it is not finite."""
    return float(value) if np.isfinite(value) else None


def bootstrap_weights(rounds: int, *, resamples: int = RESAMPLES, seed: int = 0) -> Iterator[Array]:
    """Yield for each resample how often it holds each of the rounds, of which there is one or more.

    A resample has as many rounds as there are; the same seed gives the same ones.
    """
    for weights in _weights(rounds, resamples, seed):
        yield from weights


def _weights(rounds: int, resamples: int, seed: int) -> Iterator[Array]:
    """What ``bootstrap_weights`` yields, some at a time: of the shape (some, rounds)."""
    generator = np.random.default_rng(seed)
    block = max(1, _DRAWN_AT_ONCE // rounds)
    for begin in range(0, resamples, block):
        some = min(block, resamples - begin)
        drawn = generator.integers(rounds, size=(some, rounds))
        drawn += rounds * np.arange(some)[:, None]
        times = np.bincount(drawn.ravel(), minlength=some * rounds)
        yield times.reshape(some, rounds).astype(float)


def estimates(
    sums: Array,
    counts: Array,
    begins: Sequence[int] = (0,),
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = _LEVEL,
) -> list[tuple[Estimate, ...]]:
    """Estimate means over rounds that hold several values each: of all rounds, then of each part.

    ``sums`` and ``counts`` have the shape (rounds, columns): the sum of a round's values and how
    many it has. ``begins``: the lines at which the parts begin, the first being 0. A mean is that
    of all values; what is drawn again is rounds, since the values of a round depend on each other.
    All parts are read off the same draws, so how many rounds of a part are drawn varies. ``level``
    is that of the intervals.
    """
    held = counts.astype(float)
    totals = np.vstack([np.where(held > 0, sums, 0.0).T, held.T])
    parts = [slice(*ends) for ends in pairwise((*begins, len(sums)))]
    every_round_once = np.ones((1, len(sums)))
    with np.errstate(over="ignore", invalid="ignore"):  # sums of huge latencies may be infinite
        drawn = np.concatenate(
            [
                np.stack([times[:, part] @ totals[:, part].T for part in parts], axis=1)
                for times in chain([every_round_once], _weights(len(sums), resamples, seed))
            ]
        )
        drawn = np.concatenate([drawn.sum(axis=1, keepdims=True), drawn], axis=1)
        sums_drawn, counts_drawn = np.split(drawn, 2, axis=-1)
        means = sums_drawn / counts_drawn  # NaN where a resample has no value
    return [
        tuple(
            _estimate(mean, resampled, int(np.count_nonzero(values)), level)
            for mean, resampled, values in zip(
                means[0, i].tolist(), means[1:, i].T, held[part].T, strict=True
            )
        )
        for i, part in enumerate((slice(None), *parts))
    ]


def pearson(x: Array, y: Array, names: tuple[str, str]) -> Pearson:
    """Correlate two measures of rounds, over the rounds that have both; ``names`` are theirs.

    Constant input has no r: the published protocol, which reports 0 there, does so by itself.
    """
    both = np.isfinite(x) & np.isfinite(y)
    x, y, n = x[both], y[both], int(both.sum())
    if n < _FEWEST_POINTS:
        note = f"fewer than {_FEWEST_POINTS} rounds have both {names[0]} and {names[1]}"
        return Pearson(None, None, n, note)
    constant = [
        name
        for name, values in zip(names, (x, y), strict=True)
        if np.ptp(values) <= _CONSTANT * np.abs(values).max()
    ]
    if constant:
        return Pearson(None, None, n, f"{constant[0]} is the same in every round")
    return Pearson(*correlation(x, y), n)


def correlation(x: Array, y: Array) -> tuple[float, float]:
    """Pearson's r of two or more points, not all alike in x or in y, and its two-sided p."""
    from scipy.special import stdtr  # scipy.stats takes a second to be imported

    # On one scale, since squares of very large or small numbers would be lost.
    x, y = (values - values.mean() for values in (x, y))
    r = np.clip(np.corrcoef(x / np.abs(x).max(), y / np.abs(y).max())[0, 1], -1.0, 1.0)
    if len(x) < _FEWEST_POINTS:
        return float(r), 1.0
    with np.errstate(divide="ignore"):  # points on a line
        t = np.abs(r) * np.sqrt((len(x) - 2) / (1 - r**2))
    return float(r), float(2 * stdtr(len(x) - 2, -t))


def anova(samples: Mapping[str, Array]) -> Anova:
    """Test whether groups of rounds have one mean, given a value per round; NaN: missing."""
    from scipy.special import fdtrc  # as in correlation

    present = {name: values[np.isfinite(values)] for name, values in samples.items()}
    present = {name: present[name] for name in sorted(present) if len(present[name])}
    names, n = tuple(present), sum(map(len, present.values()))
    if len(names) < _FEWEST_GROUPS:
        return Anova(None, None, names, n, "fewer than two groups have a round")
    if n == len(names):
        return Anova(None, None, names, n, "no group has more than one round")
    everything = np.concatenate([*present.values()])
    if max(map(np.ptp, present.values())) <= _NO_SPREAD_WITHIN * np.ptp(everything):
        return Anova(None, None, names, n, "the rounds of each group are all alike")
    means = {name: values.mean() for name, values in present.items()}
    between = sum(
        len(values) * (means[name] - everything.mean()) ** 2 for name, values in present.items()
    )
    within = sum(((values - means[name]) ** 2).sum() for name, values in present.items())
    freedom = len(names) - 1, n - len(names)
    f = (between / freedom[0]) / (within / freedom[1])
    return Anova(float(f), float(fdtrc(*freedom, f)), names, n)


def calibration(confidence: Array, accuracy: Array) -> Calibration:
    """Compare confidence with accuracy, both in [0, 1], over recommendations that have both."""
    both = np.isfinite(confidence) & np.isfinite(accuracy)
    confidence, accuracy = confidence[both], accuracy[both]
    n = len(confidence)
    if not n:
        return Calibration(0, None, None, None, None, ())
    places = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    bins = tuple(
        CalibrationBin(
            low=place / _BINS,
            high=(place + 1) / _BINS,
            n=int(chosen.sum()),
            confidence=float(confidence[chosen].mean()),
            accuracy=float(accuracy[chosen].mean()),
        )
        for place in np.unique(places).tolist()
        for chosen in [places == place]
    )
    return Calibration(
        n=n,
        confidence=float(confidence.mean()),
        accuracy=float(accuracy.mean()),
        difference=float(np.abs(confidence - accuracy).mean()),
        expected_error=sum(own.n * abs(own.confidence - own.accuracy) for own in bins) / n,
        bins=bins,
    )


def _estimate(mean: float, resampled: Array, rounds: int, level: float) -> Estimate:
    finite = resampled[np.isfinite(resampled)]
    if rounds < _FEWEST_ROUNDS or not len(finite):
        return Estimate(known(mean), None, None, rounds)
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return Estimate(known(mean), low, high, rounds)
