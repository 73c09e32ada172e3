"""Intervals, correlation, analysis of variance and calibration, and where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import stats

from llmchem_tui.analysis.statistics import (
    Array,
    Calibration,
    CalibrationBin,
    Estimate,
    anova,
    bootstrap_weights,
    calibration,
    correlation,
    estimates,
    pearson,
)

NAMES = ("chemistry", "effectiveness")
SHARES = st.floats(0, 1, width=16)


def one_each(values: list[float]) -> tuple[Estimate, ...]:
    """Return the estimate of rounds that hold one value each; NaN: none."""
    column = np.array(values)[:, None]
    return estimates(column, ~np.isnan(column))[0]


def test_a_resample_has_as_many_rounds_as_there_are_and_the_seed_decides_which() -> None:
    weights = np.array(list(bootstrap_weights(7, resamples=50, seed=3)))
    assert weights.shape == (50, 7)
    assert (weights.sum(axis=1) == 7).all()
    assert 1 < weights.max() < 7
    again = np.array(list(bootstrap_weights(7, resamples=50, seed=3)))
    other = np.array(list(bootstrap_weights(7, resamples=50, seed=4)))
    assert (weights == again).all()
    assert (weights != other).any()


def test_the_interval_is_about_that_of_the_normal_distribution_where_rounds_are_many() -> None:
    values = np.random.default_rng(1).normal(5.0, 2.0, 2000)
    (own,) = one_each(values.tolist())
    error = values.std() / math.sqrt(2000)
    assert own.mean == pytest.approx(values.mean())
    assert own.low == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
    assert own.high == pytest.approx(values.mean() + 1.96 * error, abs=0.15 * error)


def test_the_mean_is_over_values_and_the_interval_over_rounds() -> None:
    # A round of seven zeros and one of a single 1: 1 in 4 resamples holds the one, or the other.
    (own,) = estimates(np.array([[0.0], [1.0]]), np.array([[7.0], [1.0]]))[0]
    assert own == Estimate(0.125, 0.0, 1.0, 2)


def test_parts_are_estimated_by_themselves_beside_the_whole() -> None:
    values = np.array([[0.0], [0.5], [1.0], [1.0]])
    (whole,), (first,), (second,) = estimates(values, np.ones((4, 1)), [0, 2])
    assert (whole.mean, whole.n) == (0.625, 4)
    assert (first.mean, first.low, first.high, first.n) == (0.25, 0.0, 0.5, 2)
    assert second == Estimate(1.0, 1.0, 1.0, 2)


def test_one_round_has_a_mean_without_an_interval_and_none_has_nothing() -> None:
    assert one_each([0.25]) == (Estimate(0.25, None, None, 1),)
    assert one_each([0.25, math.nan]) == (Estimate(0.25, None, None, 1),)
    assert one_each([math.nan, math.nan]) == (Estimate(None, None, None, 0),)


def test_a_mean_too_large_for_a_number_is_none() -> None:
    assert one_each([1.5e308, 1.5e308])[0].mean is None


@given(st.lists(SHARES, min_size=2, max_size=9))
def test_an_interval_lies_within_the_values_and_is_about_the_mean(values: list[float]) -> None:
    (own,) = one_each(values)
    assert own.mean is not None and own.low is not None and own.high is not None
    low, mean, high = own.low, own.mean, own.high
    assert min(values) - 1e-9 <= low <= mean + 1e-9 <= high + 2e-9 <= max(values) + 3e-9


def test_a_correlation_is_that_of_the_rounds_that_have_both() -> None:
    x = np.array([1.0, 2.0, 3.0, math.nan, 4.0])
    y = np.array([1.0, 3.0, 2.0, 9.0, math.nan])
    own = pearson(x, y, NAMES)
    assert own.r == pytest.approx(0.5)
    assert (own.n, own.note) == (3, "")
    assert own.p == pytest.approx(2 / 3)  # t = 1 / √3 with one degree of freedom


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_a_correlation_does_not_depend_on_the_scale(scale: float) -> None:
    x, y = np.array([1.0, 2.0, 3.0, 5.0]), np.array([1.0, 3.0, 2.0, 5.0])
    assert correlation(x * scale, y) == pytest.approx(correlation(x, y))


@given(st.lists(st.tuples(SHARES, SHARES), min_size=2, max_size=8))
def test_a_correlation_is_that_of_scipy(pairs: list[tuple[float, float]]) -> None:
    x, y = np.array(pairs).T
    assume(min(np.ptp(x), np.ptp(y)) > 0.01)
    expected = stats.pearsonr(x, y)
    assert correlation(x, y) == pytest.approx((expected.statistic, expected.pvalue), abs=1e-6)


@pytest.mark.parametrize(
    ("x", "y", "note"),
    [
        ([], [], "fewer than 3 rounds have both chemistry and effectiveness"),
        ([0.1, 0.2], [1.0, 0.0], "fewer than 3 rounds have both chemistry and effectiveness"),
        ([0.1] * 4, [0.0, 1.0, 1.0, 0.0], "chemistry is the same in every round"),
        ([0.1, 0.2, 0.3], [0.7] * 3, "effectiveness is the same in every round"),
        ([0.1, 0.2, 0.3], [0.7, 0.7 + 1e-16, 0.7], "effectiveness is the same in every round"),
        ([0.0, 0.2, 0.3], [0.0] * 3, "effectiveness is the same in every round"),
    ],
)
def test_where_there_is_no_correlation_a_note_says_why(
    x: list[float], y: list[float], note: str
) -> None:
    own = pearson(np.array(x), np.array(y), NAMES)
    assert (own.r, own.p, own.n, own.note) == (None, None, len(x), note)


@given(st.lists(st.tuples(SHARES, SHARES), max_size=8))
def test_a_correlation_lies_between_its_bounds_or_is_none(pairs: list[tuple[float, float]]) -> None:
    x, y = np.array(pairs).reshape(-1, 2).T
    own = pearson(x, y, NAMES)
    assert (own.r is None) == bool(own.note)
    assert own.r is None or -1 <= own.r <= 1


def test_an_analysis_of_variance_worked_by_hand() -> None:
    # Means 2 and 5, grand mean 3.5: between 6 · 1.5² = 13.5 on 1, within 2 + 2 on 4.
    own = anova({"B": np.array([4.0, 5.0, 6.0]), "A": np.array([1.0, 2.0, 3.0, math.nan])})
    assert own.f == pytest.approx(13.5)
    assert (own.groups, own.n, own.note) == (("A", "B"), 6, "")
    assert own.p == pytest.approx(0.0213, abs=1e-4)


@given(st.lists(st.lists(SHARES, min_size=2, max_size=5), min_size=2, max_size=4))
def test_an_analysis_of_variance_is_that_of_scipy(samples: list[list[float]]) -> None:
    assume(max(map(np.ptp, samples)) > 0.01)
    own = anova({str(i): np.array(values) for i, values in enumerate(samples)})
    expected = stats.f_oneway(*samples)
    assume(expected.statistic >= 0)  # SciPy's is less, by rounding, where means are equal
    assert (own.f, own.p) == pytest.approx((expected.statistic, expected.pvalue), abs=1e-6)


@pytest.mark.parametrize(
    ("samples", "note"),
    [
        ({}, "fewer than two groups have a round"),
        ({"A": [0.1, 0.2], "B": []}, "fewer than two groups have a round"),
        ({"A": [0.1, 0.2], "B": [math.nan]}, "fewer than two groups have a round"),
        ({"A": [0.1], "B": [0.2]}, "no group has more than one round"),
        ({"A": [0.1, 0.1], "B": [0.2]}, "the rounds of each group are all alike"),
        ({"A": [0.1, 0.1], "B": [0.1]}, "the rounds of each group are all alike"),
        ({"A": [0.1, 0.1 + 1e-15], "B": [0.9]}, "the rounds of each group are all alike"),
    ],
)
def test_where_variances_cannot_be_compared_a_note_says_why(
    samples: dict[str, list[float]], note: str
) -> None:
    own = anova({name: np.array(values) for name, values in samples.items()})
    assert (own.f, own.p, own.note) == (None, None, note)


@example({"A": [0.0, 0.0, 0.0, 0.0, 1.0], "B": [0.0, 0.0, 1.0, 0.0, 0.0]})
@given(st.dictionaries(st.sampled_from("ABC"), st.lists(SHARES, max_size=5)))
def test_an_f_is_never_negative_nor_infinite(samples: dict[str, list[float]]) -> None:
    own = anova({name: np.array(values) for name, values in samples.items()})
    assert (own.f is None) == bool(own.note)
    assert own.f is None or 0 <= own.f < math.inf
    assert own.p is None or 0 <= own.p <= 1


def test_calibration_worked_by_hand() -> None:
    confidence: Array = np.array([0.9375, 1.0, 0.25, 0.3125, 0.5, math.nan])
    accuracy: Array = np.array([1.0, 0.0, 0.5, 0.25, math.nan, 1.0])
    assert calibration(confidence, accuracy) == Calibration(
        n=4,
        confidence=0.625,
        accuracy=0.4375,
        difference=(0.0625 + 1.0 + 0.25 + 0.0625) / 4,
        expected_error=(0.25 + 0.0625 + 2 * 0.46875) / 4,
        bins=(
            CalibrationBin(0.2, 0.3, 1, 0.25, 0.5),
            CalibrationBin(0.3, 0.4, 1, 0.3125, 0.25),
            CalibrationBin(0.9, 1.0, 2, 0.96875, 0.5),
        ),
    )


def test_without_a_recommendation_there_is_no_calibration() -> None:
    nothing = np.array([])
    assert calibration(nothing, nothing) == Calibration(0, None, None, None, None, ())


@given(st.lists(st.tuples(SHARES, SHARES), min_size=1, max_size=30))
def test_the_expected_error_is_at_most_the_mean_difference(
    pairs: list[tuple[float, float]],
) -> None:
    confidence, accuracy = np.array(pairs).T
    own = calibration(confidence, accuracy)
    assert own.expected_error is not None and own.difference is not None
    assert 0 <= own.expected_error <= own.difference + 1e-12
    assert sum(one.n for one in own.bins) == own.n
