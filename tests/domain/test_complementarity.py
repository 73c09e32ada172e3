"""Effectiveness, complementarity and the chemistry map: worked values and exact comparisons."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.domain.complementarity import (
    Array,
    complementarities,
    complementarity,
    effectiveness,
    gains,
    hypervolume,
    marginal_complementarity,
    profile_points,
    rao,
)
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Profile

NOBODY = np.empty((0, 2))
NAN = math.nan

coordinates = st.one_of(st.sampled_from((0.0, 0.25, 0.5, 1.0)), st.floats(0, 1, width=32))


@st.composite
def ensembles(draw: st.DrawFn, fewest: int = 0) -> Array:
    rows = draw(st.lists(st.tuples(coordinates, coordinates), min_size=fewest, max_size=6))
    return np.array(rows, dtype=float).reshape(-1, 2)


def at(*points: tuple[float, float]) -> Array:
    return np.array(points, dtype=float)


def exact_area(points: Array) -> Fraction:
    """The area of the union of the boxes from (0, 0), by inclusion and exclusion."""
    boxes = [(Fraction(a), Fraction(q)) for a, q in points.tolist()]
    area = Fraction(0)
    for size in range(1, len(boxes) + 1):
        for chosen in combinations(boxes, size):
            common = min(a for a, _ in chosen) * min(q for _, q in chosen)
            area += common if size % 2 else -common
    return area


@pytest.mark.parametrize(
    ("points", "area"),
    [
        (at((0.5, 0.4)), 0.2),
        (at((0.5, 0.8), (0.8, 0.5)), 0.4 + 0.15),
        (at((0.5, 0.8), (0.8, 0.5), (0.4, 0.4)), 0.55),
        (at((0.9, 0.0), (0.0, 0.9)), 0.0),
        (at((1.0, 1.0), (0.3, 0.3)), 1.0),
        (NOBODY, 0.0),
    ],
)
def test_the_dominated_area_is_the_one_worked_out_by_hand(points: Array, area: float) -> None:
    assert hypervolume(points) == pytest.approx(area)


@given(ensembles())
def test_the_dominated_area_is_that_of_the_union_of_boxes(points: Array) -> None:
    assert hypervolume(points) == pytest.approx(float(exact_area(points)), abs=1e-12)


def test_quality_out_of_ten_is_clipped_for_the_area_alone() -> None:
    published = at((0.5, 9.0), (0.8, 0.5))
    assert hypervolume(published) == pytest.approx(hypervolume(at((0.5, 1.0), (0.8, 0.5))))
    assert rao(published) == 1.0
    assert complementarity(published) == pytest.approx((0.65 + 1.0) / 2)
    assert rao(at((0.5, 1.5), (0.5, 0.5))) == pytest.approx(0.5 / math.sqrt(2))


def test_rao_averages_over_all_ordered_pairs_with_each_member_itself() -> None:
    # 3, 4 and 5 tenths apart: each pair twice, over nine pairs.
    points = at((0.2, 0.1), (0.5, 0.1), (0.2, 0.5))
    assert rao(points) == pytest.approx(2 * (0.3 + 0.4 + 0.5) / 9 / math.sqrt(2))
    assert rao(at((0.0, 0.0), (1.0, 1.0))) == pytest.approx(0.5)
    assert rao(at((0.7, 0.2))) == 0.0
    assert rao(NOBODY) == 0.0


def test_complementarity_weighs_area_and_distance() -> None:
    points = at((0.0, 0.0), (1.0, 1.0))
    assert complementarity(points) == pytest.approx(0.75)
    assert complementarity(points, weight=0.2) == pytest.approx(0.2 * 1 + 0.8 * 0.5)
    assert complementarity(at((0.5, 0.4))) == pytest.approx(0.1)


@given(ensembles(fewest=1), st.randoms(use_true_random=False))
def test_neither_the_order_of_members_nor_of_axes_matters(points: Array, random: Random) -> None:
    order = list(range(len(points)))
    random.shuffle(order)
    for other in (points[order], points[:, ::-1]):
        assert hypervolume(other) == pytest.approx(hypervolume(points), abs=1e-14)
        assert rao(other) == pytest.approx(rao(points), abs=1e-14)


@given(ensembles(fewest=1))
def test_a_member_twice_adds_no_area_and_all_twice_no_distance(points: Array) -> None:
    assert hypervolume(np.vstack([points, points[:1]])) == hypervolume(points)
    assert rao(np.vstack([points, points])) == pytest.approx(rao(points), abs=1e-14)


@given(ensembles())
def test_complementarity_stays_between_zero_and_one(points: Array) -> None:
    assert 0.0 <= complementarity(points) <= 1.0


@given(st.lists(ensembles(), min_size=1, max_size=4))
def test_many_ensembles_at_once_equal_one_after_the_other(found: list[Array]) -> None:
    members = min(len(points) for points in found)
    stack = np.stack([points[:members] for points in found])
    expected = [complementarity(points, weight=0.3) for points in stack]
    np.testing.assert_allclose(complementarities(stack, weight=0.3), expected, atol=1e-14)


def test_profiles_become_points_and_missing_numbers_stay_missing() -> None:
    points = profile_points([Profile("a", 8.0, 0.9), Profile("b", NAN, 0.5)])
    np.testing.assert_array_equal(points, at((0.9, 0.8), (0.5, NAN)))
    assert profile_points([]).shape == (0, 2)
    for measure in (hypervolume, rao, complementarity):
        assert math.isnan(measure(points))


@pytest.mark.parametrize(
    ("accuracies", "share"),
    [
        ([[1.0, 0.4, 0.2], [0.2, 0.4, 0.9]], 2 / 3),
        ([[0.5, 0.3], [0.5, 0.8]], 1 / 2),  # exactly half is not a majority
        ([[NAN, 0.9, NAN], [0.6, 0.0, NAN]], 1 / 2),  # only who answered, only what was answered
        ([[NAN], [NAN]], NAN),
        ([[], []], NAN),
    ],
)
def test_effectiveness_is_the_share_of_items_won_by_soft_voting(
    accuracies: list[list[float]], share: float
) -> None:
    assert effectiveness(np.array(accuracies)) == pytest.approx(share, nan_ok=True)


def test_an_ensemble_without_members_wins_nothing() -> None:
    assert math.isnan(effectiveness(np.empty((0, 4))))


@given(
    ensembles(), st.integers(2, 30), st.integers(0, 10**6), st.sampled_from((0.0, 0.3, 0.5, 1.0))
)
def test_every_cell_of_the_map_is_what_that_model_would_add(
    points: Array, grid: int, cell: int, weight: float
) -> None:
    chart = marginal_complementarity(points, grid, weight)
    row, column = divmod(cell % grid**2, grid)
    larger = np.vstack([points, (chart.axis[column], chart.axis[row])])
    for field, measure in (
        (chart.hypervolume, hypervolume),
        (chart.rao, rao),
        (chart.complementarity, lambda x: complementarity(x, weight)),
    ):
        assert field.shape == (grid, grid)
        assert field[row, column] == pytest.approx(measure(larger) - measure(points), abs=1e-12)


@given(ensembles(), st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=4))
def test_what_a_model_would_add_is_what_the_map_has_at_its_place(
    points: Array, places: list[tuple[int, int]]
) -> None:
    chart = marginal_complementarity(points, grid=5)
    members = [
        Profile(f"m{i}", 10 * quality, accuracy) for i, (accuracy, quality) in enumerate(points)
    ]
    others = [Profile(f"x{i}", 2.5 * row, column / 4) for i, (row, column) in enumerate(places)]
    found = gains(members, others)
    assert [gain.complementarity for gain in found] == sorted(
        (gain.complementarity for gain in found), reverse=True
    )
    assert {gain.name for gain in found} == {other.name for other in others}
    for gain in found:
        place = places[int(gain.name[1:])]
        assert gain.complementarity == pytest.approx(chart.complementarity[place], abs=1e-12)
        assert gain.hypervolume == pytest.approx(chart.hypervolume[place], abs=1e-12)
        assert gain.rao == pytest.approx(chart.rao[place], abs=1e-12)


def test_the_map_has_accuracy_across_and_quality_up_the_rows() -> None:
    # Beside a model of accuracy 1 and quality 2, only quality is left to gain.
    chart = marginal_complementarity(at((1.0, 0.2)), grid=6)
    np.testing.assert_allclose(chart.axis, (0, 0.2, 0.4, 0.6, 0.8, 1))
    assert chart.hypervolume[1, 5] == 0.0  # the model itself
    assert chart.hypervolume[5, 1] == pytest.approx(0.2 * 0.8)
    assert chart.rao[5, 5] == pytest.approx(0.4 / math.sqrt(2))


@pytest.mark.parametrize(
    ("lacking", "saturated", "uniform"),
    [(0.0, True, True), (1e-13, True, True), (1e-10, False, True), (1e-6, False, False)],
)
def test_a_map_is_saturated_or_uniform_by_what_is_left_to_gain(
    lacking: float, saturated: bool, uniform: bool
) -> None:
    chart = marginal_complementarity(at((1.0, 1.0 - lacking), (0.2, 0.3)), weight=1.0)
    assert chart.complementarity.shape == (150, 150)
    assert chart.complementarity.max() == pytest.approx(lacking, rel=1e-3)
    assert (chart.saturated, chart.uniform) == (saturated, uniform)


def test_a_weak_ensemble_is_neither_saturated_nor_uniform() -> None:
    chart = marginal_complementarity(at((0.1, 0.2), (0.2, 0.1)))
    assert not chart.saturated
    assert not chart.uniform


def test_an_ensemble_in_all_corners_is_saturated_though_not_uniform() -> None:
    corners = at((0, 0), (0, 1), (1, 0), (1, 1))
    chart = marginal_complementarity(corners, grid=9)
    assert chart.complementarity.max() < 0
    assert chart.saturated
    assert not chart.uniform


def test_a_map_of_a_model_without_a_profile_is_missing_and_judged_neither() -> None:
    chart = marginal_complementarity(at((NAN, NAN)), grid=3)
    assert np.isnan(chart.complementarity).all()
    assert not chart.saturated
    assert not chart.uniform


def test_a_map_of_one_cell_is_refused() -> None:
    with pytest.raises(InputError, match="of 1 cells a side has no two ends; ask for more"):
        marginal_complementarity(NOBODY, grid=1)
