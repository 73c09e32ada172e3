"""The cost's claimed properties: by the definition on small pools, and cases worked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.cost import cost
from llmchem_tui.domain.cost_properties import (
    MOST_CHECKED,
    CostProperties,
    PropertyCheck,
    cost_properties,
)
from llmchem_tui.domain.model import Profile

Models = frozenset[Profile]

A, B, C = Profile("a", 9.0, 0.9), Profile("b", 8.0, 0.8), Profile("c", 7.0, 0.7)
PAPER = [A, B, C]
"""The worked example of P1 §2.1: penalties 0.01, 0.04, 0.09."""


def properties(profiles: list[Profile], empty_cost: float = 0.0) -> CostProperties:
    return cost_properties(chemistry(profiles, empty_cost=empty_cost))


def check(name: str, profiles: list[Profile], empty_cost: float = 0.0) -> PropertyCheck:
    (own,) = (one for one in properties(profiles, empty_cost).checks if one.name == name)
    return own


def subsets(models: Models) -> Iterator[Models]:
    sizes = range(len(models) + 1)
    return map(frozenset, chain.from_iterable(combinations(models, size) for size in sizes))


def failures(pool: Models, empty_cost: float) -> dict[str, int]:
    """In how many cases each property fails, by its formula and the cost of SCIENCE section 4."""

    def price(models: Models) -> float:
        return cost(models, empty_cost=empty_cost)

    def less(left: float, right: float) -> bool:
        return left < right - 1e-12

    return {
        "monotonicity": sum(
            less(price(x | {m}), price(x | {n}))
            for m in pool
            for n in pool - {m}
            if n.quality >= m.quality and n.accuracy >= m.accuracy
            for x in subsets(pool - {m, n})
        ),
        "linearity": sum(
            abs(price(x) - sum(price(frozenset({m})) for m in x)) > 1e-12 for x in subsets(pool)
        ),
        "submodularity": sum(
            less(price(x) - price(x | {a}), price(x | {b}) - price(x | {a, b}))
            for a, b in combinations(pool, 2)
            for x in subsets(pool - {a, b})
        ),
        "monotonicity in sets": sum(
            less(price(x), price(x | {a})) for a in pool for x in subsets(pool - {a})
        ),
    }


pools = st.lists(
    st.tuples(st.integers(0, 20), st.integers(10, 20)), min_size=1, max_size=5, unique=True
).map(lambda numbers: [Profile(f"m{i}", q / 2, a / 20) for i, (q, a) in enumerate(numbers)])


@settings(max_examples=60, deadline=None)
@given(pools, st.sampled_from([0.0, 0.3]))
def test_each_property_fails_as_often_as_by_its_formula(
    profiles: list[Profile], empty_cost: float
) -> None:
    found = {own.name: own.failing for own in properties(profiles, empty_cost).checks}
    assert found == failures(frozenset(profiles), empty_cost)


@settings(max_examples=60, deadline=None)
@given(pools)
def test_a_counter_example_can_be_checked_by_hand(profiles: list[Profile]) -> None:
    by_name = {profile.name: profile for profile in profiles}
    for own in properties(profiles).checks:
        example = own.counter_example
        assert (example is None) == own.holds
        if example is None:
            continue
        for priced in example.sets:
            assert priced.cost == pytest.approx(cost(by_name[name] for name in priced.models))
        assert example.right != pytest.approx(example.left, abs=1e-12)
        assert own.name == "linearity" or example.left < example.right
        occurring = {name for priced in example.sets for name in priced.models}
        assert {name for name, _ in example.penalties} == occurring


@settings(max_examples=40, deadline=None)
@given(pools)
def test_submodularity_by_neighbours_is_that_of_all_nested_sets(profiles: list[Profile]) -> None:
    pool = frozenset(profiles)
    nested = all(
        cost(x) - cost(x | {a}) >= cost(y) - cost(y | {a}) - 1e-12
        for y in subsets(pool)
        for x in subsets(y)
        for a in pool - y
    )
    assert check("submodularity", profiles).holds == nested


def test_the_papers_own_example_is_neither_linear_nor_submodular() -> None:
    linear = check("linearity", PAPER)
    assert (linear.cases, linear.failing) == (8, 4)
    assert linear.counter_example is not None
    assert [(one.models, round(one.cost, 12)) for one in linear.counter_example.sets] == [
        (("a", "c"), 0.055),
        (("a",), 0.01),
        (("c",), 0.09),
    ]
    assert linear.counter_example.right == pytest.approx(0.1)
    returns = check("submodularity", PAPER)
    assert returns.counter_example is not None
    # X = {a}: b lowers the cost by 0.01 - 0.03; where c stands beside it, by 0.055 - 0.06.
    assert [one.models for one in returns.counter_example.sets] == [
        *(("a",), ("a", "b"), ("a", "c"), ("a", "b", "c"))
    ]
    assert returns.counter_example.left == pytest.approx(-0.02)
    assert returns.counter_example.right == pytest.approx(-0.005)


def test_a_better_model_raises_the_cost_where_it_takes_the_rank_of_a_lower_penalty() -> None:
    profiles = [Profile("b", 8.0, 0.9), Profile("m", 7.9, 0.5), Profile("n", 8.1, 0.5)]
    own = check("monotonicity", profiles)
    assert (own.cases, own.failing) == (4, 1)  # b and n are both better than m, X is ∅ or one
    assert own.counter_example is not None
    assert [one.models for one in own.counter_example.sets] == [("b", "m"), ("n", "b")]
    assert own.counter_example.left == pytest.approx(0.02 + 0.105 / 2)
    assert own.counter_example.right == pytest.approx(0.095 + 0.02 / 2)
    assert check("monotonicity", PAPER).holds


def test_counter_examples_do_without_the_empty_set_where_they_can() -> None:
    assert check("monotonicity in sets", PAPER).counter_example is not None
    for own in properties(PAPER).checks:
        if own.counter_example is not None:
            assert all(one.models for one in own.counter_example.sets)
    alone = check("monotonicity in sets", [B]).counter_example
    assert alone is not None
    assert (alone.sets[0].models, alone.sets[0].cost) == ((), 0.0)


def test_perfect_models_below_the_first_keep_every_property() -> None:
    perfect = [Profile(name, 10.0, 1.0) for name in "ab"]
    assert all(own.holds for own in properties(perfect).checks)


def test_without_a_used_model_there_is_nothing_to_fail_but_the_empty_set() -> None:
    weak = [Profile("w", 9.0, 0.4)]
    assert properties(weak).models == ()
    assert all(own.holds for own in properties(weak).checks)
    assert check("linearity", weak, empty_cost=1.0).failing == 1  # an empty sum is 0


def test_of_more_models_the_first_by_rank_are_looked_at_and_the_others_named() -> None:
    profiles = [Profile(f"m{i:02}", 10 - i / 4, 0.9) for i in range(MOST_CHECKED + 2)]
    found = properties(profiles)
    assert found.models == tuple(f"m{i:02}" for i in range(MOST_CHECKED))
    assert found.left_out == ("m16", "m17")
    assert check("linearity", profiles).cases == 2**MOST_CHECKED
