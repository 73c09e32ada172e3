"""The Vancouver algorithm, review accuracy and accuracy on cases worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from llmchem_tui.domain.consensus import accuracy, review_accuracy, vancouver

NONE = math.nan
BASIC = 1e-4


def grades(*rows: list[float]) -> NDArray[np.float64]:
    return np.array(rows)


def test_two_models_that_grade_each_other_have_the_one_grade_and_no_variance() -> None:
    round_grades = grades([NONE, 7.0], [4.0, NONE])
    consensus = vancouver(round_grades)
    assert consensus.quality.tolist() == [4.0, 7.0]
    assert consensus.quality_variance == pytest.approx([1 + BASIC, 1 + BASIC])
    assert np.isnan(consensus.reviewer_variance).all()
    assert np.isnan(review_accuracy(consensus.reviewer_variance, round_grades)).all()


def test_one_iteration_worked_by_hand() -> None:
    # Each answer has two reviewers, so the message to one is the grade of the other.
    round_grades = grades([NONE, 6.0, 8.0], [5.0, NONE, 4.0], [7.0, 6.0, NONE])
    consensus = vancouver(round_grades, iterations=1)
    # Squared differences at the answers: 0: 4, 1: 0, 2: 16. A reviewer's message about one answer
    # carries its difference at the other answer.
    variance = [[NONE, 16.0, 0.0], [16.0, NONE, 4.0], [0.0, 4.0, NONE]]
    weight = 1 / (BASIC + np.array(variance))
    expected = np.nansum(weight * round_grades, axis=0) / np.nansum(weight, axis=0)
    assert consensus.quality == pytest.approx(expected)
    assert consensus.quality_variance == pytest.approx(1 / np.nansum(weight, axis=0))
    residual = np.nanmean((round_grades - expected) ** 2, axis=1)
    assert consensus.reviewer_variance == pytest.approx(residual)


def test_a_reviewer_of_one_answer_has_the_prior_weight_and_a_variance() -> None:
    # Reviewer 2 graded answer 0 only: nothing else tells how good it is.
    consensus = vancouver(grades([NONE, 6.0], [5.0, NONE], [7.0, NONE]), iterations=3)
    assert consensus.quality == pytest.approx([6.0, 6.0])
    assert consensus.quality_variance == pytest.approx([(1 + BASIC) / 2, 1 + BASIC])
    # Reviewer 0 is the only one of answer 1: it learns nothing about itself.
    assert math.isnan(consensus.reviewer_variance[0])
    assert consensus.reviewer_variance[1:] == pytest.approx([1.0, 1.0])


def test_an_answer_with_one_reviewer_in_a_round_of_three_keeps_that_grade() -> None:
    round_grades = grades([NONE, 9.0, 3.0], [5.0, NONE, NONE], [5.0, 8.0, NONE])
    consensus = vancouver(round_grades)
    assert consensus.quality[2] == 3.0
    # The lone grade of answer 2 does not enter reviewer 0's variance.
    without = vancouver(grades([NONE, 9.0], [5.0, NONE], [5.0, 8.0]))
    assert consensus.reviewer_variance[0] == pytest.approx(without.reviewer_variance[0])


def test_an_answer_without_grades_has_no_quality() -> None:
    consensus = vancouver(grades([NONE, 6.0, NONE], [5.0, NONE, NONE], [5.0, 7.0, NONE]))
    assert np.isnan(consensus.quality).tolist() == [False, False, True]
    assert np.isnan(consensus.quality_variance).tolist() == [False, False, True]


def test_a_round_without_any_grade_has_nothing() -> None:
    empty = np.full((3, 3), NONE)
    consensus = vancouver(empty)
    assert np.isnan(consensus.quality).all()
    assert np.isnan(consensus.reviewer_variance).all()
    assert np.isnan(review_accuracy(consensus.reviewer_variance, empty)).all()


def test_an_outlier_counts_less_than_those_who_agree() -> None:
    agreed = np.array([2.0, 8.0, 5.0, 9.0])
    round_grades = np.stack([agreed, agreed + 0.1, agreed - 0.1, agreed[::-1]])
    consensus = vancouver(round_grades)
    assert consensus.quality == pytest.approx(agreed, abs=0.2)
    assert consensus.reviewer_variance[3] > 10 * consensus.reviewer_variance[:3].max()


grade_matrices = st.integers(1, 5).flatmap(
    lambda answers: st.lists(
        st.lists(
            st.one_of(st.just(NONE), st.integers(0, 100).map(lambda g: g / 10)),
            min_size=answers,
            max_size=answers,
        ),
        min_size=1,
        max_size=5,
    )
)


@given(grade_matrices)
def test_qualities_lie_among_the_grades_and_variances_are_missing_only_where_nothing_is_known(
    rows: list[list[float]],
) -> None:
    round_grades = np.array(rows)
    graded = ~np.isnan(round_grades)
    consensus = vancouver(round_grades)
    for answer, quality in enumerate(consensus.quality):
        given_grades = round_grades[graded[:, answer], answer]
        assert math.isnan(quality) == (len(given_grades) == 0)
        if len(given_grades):
            assert given_grades.min() <= quality <= given_grades.max()
    compared = graded & (graded.sum(axis=0) > 1)
    assert (np.isnan(consensus.reviewer_variance) == ~compared.any(axis=1)).all()
    skill = review_accuracy(consensus.reviewer_variance, round_grades)
    known = skill[~np.isnan(consensus.reviewer_variance)]
    assert ((known >= 0) & (known <= 1)).all()


def test_rounding_carries_no_quality_off_the_scale() -> None:
    # Without a limit the last answer has 10.000000000000002, which no reader accepts.
    round_grades = grades([NONE, 9.6, 10.0], [7.4, NONE, NONE], [8.4, 7.4, NONE])
    assert vancouver(round_grades).quality[2] == 10.0


@given(grade_matrices)
def test_stacked_rounds_give_what_each_gives_alone(rows: list[list[float]]) -> None:
    one = np.array(rows)
    other = one[::-1]
    stacked = vancouver(np.stack([one, other]))
    for place, alone in enumerate((vancouver(one), vancouver(other))):
        np.testing.assert_allclose(stacked.quality[place], alone.quality, rtol=1e-6)
        np.testing.assert_allclose(
            stacked.reviewer_variance[place], alone.reviewer_variance, rtol=1e-6, atol=1e-12
        )
    rounds = np.stack([one, other])
    skill = review_accuracy(stacked.reviewer_variance, rounds)
    assert skill.shape == (2, len(one))


def test_review_accuracy_is_one_minus_the_error_over_that_of_random_grades() -> None:
    # Grades 0, 10, 0, 10: the standard deviation is 5, s = 5 √2.
    round_grades = grades([NONE, 0.0, 10.0], [0.0, NONE, NONE], [NONE, 10.0, NONE])
    skill = review_accuracy(np.array([0.0, 12.5, 50.0]), round_grades)
    assert skill == pytest.approx([1.0, 0.5, 0.0])


def test_a_reviewer_worse_than_chance_has_accuracy_zero() -> None:
    assert review_accuracy(np.array([100.0]), grades([4.0, 5.0])).tolist() == [0.0]


def test_equal_grades_make_every_reviewer_with_a_variance_exact() -> None:
    # The mean of ten times 0.1 is not 0.1: equality must be judged on the grades themselves.
    round_grades = np.full((10, 10), 0.1)
    skill = review_accuracy(np.array([1e-34] * 9 + [NONE]), round_grades)
    assert skill[:9].tolist() == [1.0] * 9
    assert math.isnan(skill[9])


@pytest.mark.parametrize(
    ("generation", "review", "expected"),
    [
        (1.0, 0.846, 0.9615),  # P1 §2.1
        (0.0, 0.8, 0.2),
        (None, 0.8, 0.6),
        (0.4, None, 0.4),
        (None, None, None),
    ],
)
def test_accuracy_combines_generation_and_review(
    generation: float | None, review: float | None, expected: float | None
) -> None:
    assert accuracy(generation, review) == (
        None if expected is None else pytest.approx(expected, abs=1e-12)
    )
