"""The order in which models are shown: by strength, and by clusters."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from llmchem_tui.domain.seriation import Array, clustered, strongest_first


@st.composite
def similarities(draw: st.DrawFn) -> Array:
    """Symmetric matrices with NaN on the diagonal, as a chemistry table has it."""
    n = draw(st.integers(0, 9))
    values = draw(arrays(float, (n, n), elements=st.floats(0, 2, width=16)))
    pairs: Array = np.maximum(values, values.T)
    np.fill_diagonal(pairs, np.nan)
    return pairs


def blocks(sizes: tuple[int, ...], shuffle: list[int]) -> Array:
    """Similarity 0.9 within blocks and 0.1 between them, in a shuffled order."""
    member = np.repeat(np.arange(len(sizes)), sizes)[shuffle]
    values = np.where(member[:, None] == member, 0.9, 0.1)
    np.fill_diagonal(values, np.nan)
    return values


@given(similarities())
def test_every_order_has_each_position_once_and_is_the_same_again(values: Array) -> None:
    before = values.copy()
    for order in (clustered, strongest_first):
        assert sorted(order(values)) == list(range(len(values)))
        assert order(values) == order(values.copy())
    np.testing.assert_array_equal(values, before)


@given(st.permutations(range(7)))
def test_clusters_stand_together_whatever_the_order_they_come_in(shuffle: list[int]) -> None:
    member = np.repeat([0, 1, 2], (3, 2, 2))[shuffle]
    seen = [int(member[i]) for i in clustered(blocks((3, 2, 2), shuffle))]
    changes = sum(a != b for a, b in pairwise(seen))
    assert changes == 2


def test_the_most_similar_ends_of_two_clusters_meet() -> None:
    values = np.zeros((4, 4))
    for a, b, value in ((0, 1, 0.9), (2, 3, 0.8), (0, 3, 0.5)):
        values[a, b] = values[b, a] = value
    assert clustered(values) == (1, 0, 3, 2)


@given(st.permutations(range(6)))
def test_distinct_values_give_one_order_up_to_its_direction(shuffle: list[int]) -> None:
    rng = np.random.default_rng(3)
    values = rng.random((6, 6))
    values += values.T
    plain = clustered(values)
    shuffled = tuple(shuffle[i] for i in clustered(values[np.ix_(shuffle, shuffle)]))
    assert shuffled in (plain, plain[::-1])


def test_equals_stay_as_they_are() -> None:
    assert clustered(np.ones((5, 5))) == (0, 1, 2, 3, 4)
    assert strongest_first(np.ones((5, 5))) == (0, 1, 2, 3, 4)


def test_the_one_with_the_largest_sum_is_first() -> None:
    values = np.array([[np.nan, 0.1, 0.2], [0.1, np.nan, 0.9], [0.2, 0.9, np.nan]])
    assert strongest_first(values) == (2, 1, 0)


@pytest.mark.parametrize("n", [0, 1])
def test_nothing_or_one_needs_no_order(n: int) -> None:
    assert clustered(np.zeros((n, n))) == strongest_first(np.zeros((n, n))) == tuple(range(n))
