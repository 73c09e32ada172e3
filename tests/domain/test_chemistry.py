"""Exact chemistry: worked cases, tie rules, and equality with an independent brute force."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmchem_tui.domain.chemistry import ChemistryTable, chemistry
from llmchem_tui.domain.chemistry_suffixes import tail_chemistry
from llmchem_tui.domain.cost import penalty
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Profile


def pool(*penalties: float) -> list[Profile]:
    """Models a, b, c … in rank order with exactly these penalties, all used."""
    letters = "abcdefghijkl"
    profiles = [
        Profile(letters[rank], quality, 1 - p / (1 - quality / 10))
        for rank, (p, quality) in enumerate(
            zip(penalties, np.linspace(1.0, 0.0, len(penalties)), strict=True)
        )
    ]
    return profiles


def brute_force(
    profiles: Sequence[Profile], a: str, b: str, empty_cost: float = 0.0
) -> tuple[Fraction, tuple[str, ...]]:
    """Definition 2 word for word, in exact fractions of the rounded penalties."""

    def exact_cost(names: tuple[str, ...]) -> Fraction:
        ranked = sorted(
            (p for p in profiles if p.name in names and p.accuracy >= 0.5),
            key=lambda p: (-p.quality, -p.accuracy, p.name),
        )
        if not ranked:
            return Fraction(empty_cost)
        return sum((Fraction(penalty(p)) / r for r, p in enumerate(ranked, 1)), Fraction(0))

    others = sorted(p.name for p in profiles if p.name not in (a, b))
    found = []
    for size in range(len(others) + 1):
        for x in itertools.combinations(others, size):
            both = exact_cost((*x, a, b))
            if both:
                change = exact_cost(x) - exact_cost((*x, a)) - exact_cost((*x, b)) + both
                found.append((abs(change) / both, x))
    if not found:
        return Fraction(0), ()
    best = max(value for value, _ in found)
    tied = [x for value, x in found if value >= best * (1 - Fraction(1e-12))]
    return best, min(tied, key=lambda x: (len(x), x))


def quick_brute_force(penalties: Sequence[float], a: int, b: int) -> float:
    """Definition 2 over positions in the rank order, vectorised over all X."""
    models = len(penalties)
    sets = np.array(list(itertools.product([False, True], repeat=models)))
    sets = sets[~sets[:, a] & ~sets[:, b]]

    def costs(*extra: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        members = sets.copy()
        members[:, list(extra)] = True
        ranks = np.cumsum(members, axis=1)
        return np.asarray((members * penalties / np.maximum(ranks, 1)).sum(axis=1))

    both = costs(a, b)
    change = np.abs(costs() - costs(a) - costs(b) + both)
    ratios = np.divide(change, both, out=np.zeros_like(both), where=both > 0)
    return float(ratios.max())


# Few distinct values make ties; 0 and tiny ones, unused models and perfect ones come up often.
qualities = st.one_of(st.sampled_from([0.0, 2.0, 5.0, 8.0, 10.0]), st.floats(0, 10))
accuracies = st.one_of(st.sampled_from([0.3, 0.5, 0.75, 0.999, 1.0]), st.floats(0.4, 1))


def pools(most: int) -> st.SearchStrategy[list[Profile]]:
    numbers = st.lists(st.tuples(qualities, accuracies), min_size=2, max_size=most)
    return numbers.flatmap(
        lambda drawn: st.permutations("abcdefghi"[: len(drawn)]).map(
            lambda names: [
                Profile(name, round(q, 6), round(a, 6))
                for name, (q, a) in zip(names, drawn, strict=True)
            ]
        )
    )


@settings(max_examples=40)
@given(pools(6))
def test_values_and_explaining_sets_equal_brute_force(profiles: list[Profile]) -> None:
    table = chemistry(profiles)
    for a, b in itertools.combinations(table.names, 2):
        explanation = table.explain(b, a)
        if table.homogeneous:
            assert (explanation.chemistry, explanation.at) == (0.0, ())
            continue
        value, at = brute_force(profiles, a, b)
        assert table.between(a, b) == pytest.approx(float(value), rel=1e-9, abs=1e-12)
        if value > 1e-12:
            assert explanation.at == at
        assert explanation.cost_xab * explanation.chemistry == pytest.approx(
            abs(
                explanation.cost_x
                - explanation.cost_xa
                - explanation.cost_xb
                + explanation.cost_xab
            ),
            abs=1e-12,
        )


@settings(max_examples=40)
@given(pools(5))
def test_values_and_explaining_sets_with_an_empty_cost_equal_brute_force(
    profiles: list[Profile],
) -> None:
    table = chemistry(profiles, empty_cost=1.0)
    for a, b in itertools.combinations(table.names, 2):
        value, at = brute_force(profiles, a, b, empty_cost=1.0)
        if table.homogeneous or not {a, b} <= table.used:
            assert table.between(a, b) == 0.0
            assert table.explain(a, b).at == ()
        else:
            assert table.between(a, b) == pytest.approx(float(value), rel=1e-9, abs=1e-12)
            # Where nothing interacts every set is as good, and the empty one the smallest.
            assert table.explain(a, b).at == (at if value > 1e-12 else ())


magnitudes = st.one_of(
    st.just(0.0), st.sampled_from([0.1, 0.2, 0.5]), st.floats(-9, 0).map(lambda e: 10**e)
)


@given(st.lists(magnitudes, min_size=2, max_size=9))
def test_the_polynomial_search_equals_brute_force_for_any_penalties(
    penalties: list[float],
) -> None:
    values = tail_chemistry(np.array(penalties))
    for a, b in itertools.combinations(range(len(penalties)), 2):
        assert values[a, b] == pytest.approx(
            quick_brute_force(penalties, a, b), rel=1e-9, abs=1e-12
        )


def dinkelbach(penalties: Sequence[float], a: int, b: int) -> float:
    """The pair's value by one fractional program of its own, with plain lists."""
    p_a, half = penalties[a], penalties[b] / 2
    value = half / (p_a + half) if p_a + half else 0.0
    while True:
        # best[j]: (worth, gain, spread) of the best choice from the models below, j chosen before
        best = [(0.0, 0.0, 0.0)] * (len(penalties) + 1)
        for p in reversed(penalties[b + 1 :]):
            for j in range(1, len(penalties)):
                gain, spread = 2 * p / (j * (j + 1) * (j + 2)), p / (j + 2)
                _, old_gain, old_spread = best[j + 1]
                new = (old_gain + gain, old_spread + spread)
                worth = new[0] - value * new[1]
                if worth > best[j][0]:
                    best[j] = (worth, *new)
        _, gain, spread = best[1]
        below = p_a + half + spread
        better = (gain - half) / below if below else 0.0
        if better <= value * (1 + 1e-15):
            return value
        value = better


@pytest.mark.parametrize("lowest", [0.5, 1e-2, 1e-7])
def test_pools_too_large_for_brute_force_equal_one_program_per_pair(lowest: float) -> None:
    rng = np.random.default_rng(11)
    penalties = np.exp(rng.uniform(math.log(lowest), 0.0, 36)).tolist()
    penalties[3] = 0.0
    values = tail_chemistry(np.array(penalties))
    for a in range(0, 35, 3):
        for b in range(a + 1, 36, 2):
            assert values[a, b] == pytest.approx(dinkelbach(penalties, a, b), rel=1e-13)


def test_a_best_set_that_no_shared_tangent_shows_is_found() -> None:
    penalties = [0.91, 0.1, 0.16, 0.46, 0.46, 0.56]
    expected = quick_brute_force(penalties, 0, 1)
    assert tail_chemistry(np.array(penalties))[0, 1] == pytest.approx(expected, rel=1e-13)


def test_very_weak_interactions_are_exact_too() -> None:
    # Far below the usual range: sixty almost perfect models under a bad one.
    penalties = [1.0, 0.0, *np.linspace(1e-5, 1e-6, 60)]
    expected = dinkelbach(penalties, 0, 1)
    assert 0 < expected < 1e-4
    assert tail_chemistry(np.array(penalties))[0, 1] == pytest.approx(expected, rel=1e-13)


def test_the_papers_interaction_graph_gives_fourteen_tenths() -> None:
    # P1 §4.1, at X = {c}.
    c, ac, bc, abc = 0.15, 0.07, 0.06, 0.05
    assert abs(c - ac - bc + abc) / abc == pytest.approx(1.4)
    # The same ratio is what an explanation is made of.
    explanation = chemistry(pool(0.1, 0.05, 0.6)).explain("a", "b")
    change = explanation.cost_x - explanation.cost_xa - explanation.cost_xb + explanation.cost_xab
    assert explanation.chemistry == pytest.approx(abs(change) / explanation.cost_xab)


def test_two_models_interact_through_the_second_ones_penalty() -> None:
    # X = ∅ is the only set: p_b / (2 p_a + p_b).
    table = chemistry(pool(0.1, 0.3))
    assert table.between("a", "b") == pytest.approx(0.3 / 0.5)
    explanation = table.explain("a", "b")
    assert explanation.at == ()
    assert explanation.cost_x == 0.0
    assert explanation.cost_xa == pytest.approx(0.1)
    assert explanation.cost_xb == pytest.approx(0.3)
    assert explanation.cost_xab == pytest.approx(0.1 + 0.15)


def test_a_weak_model_below_two_perfect_ones_lets_them_interact_fully() -> None:
    # cost(X+a+b) = p/3 and the change p (1 - 1/2 - 1/2 + 1/3): the ratio is 1 for any single X.
    table = chemistry(pool(0.0, 0.0, 0.4, 0.3, 0.0))
    assert table.between("a", "b") == pytest.approx(1.0)
    assert table.explain("a", "b").at == ("c",)
    # A third perfect model in X would leave nothing to divide by.
    assert chemistry(pool(0.0, 0.0, 0.0, 0.4)).explain("a", "b").at == ("d",)


def test_of_equal_sets_the_smallest_then_the_first_by_name_explains() -> None:
    # The names run against the rank order; either of the two equal models alone gives the value.
    p, q, x, y = (Profile(n, q, 0.5) for n, q in (("p", 10), ("q", 10), ("y", 5.0), ("x", 5.0)))
    assert chemistry([p, q, x, y]).explain("p", "q").at == ("x",)


@pytest.mark.parametrize("empty_cost", [0.0, 1.0])
def test_a_model_that_changes_nothing_is_left_out_of_the_explaining_set(empty_cost: float) -> None:
    idle = Profile("a", 0.0, 1.0)  # the last in rank, without a penalty
    perfect = [Profile("b", 10.0, 0.5), Profile("c", 10.0, 0.5)]
    table = chemistry([idle, *perfect, Profile("d", 5.0, 0.5)], empty_cost=empty_cost)
    assert table.explain("b", "c").at == ("d",)


def test_equal_sets_of_several_models_are_told_apart_by_their_names() -> None:
    equal = [Profile(name, 2.0, 0.5) for name in ("g", "e", "f", "d", "c")]
    profiles = [Profile("a", 5.0, 0.6), Profile("b", 9.99, 0.999), *equal]
    for pair in (("a", "b"), ("a", "c"), ("c", "d")):
        assert chemistry(profiles).explain(*pair).at == brute_force(profiles, *pair)[1]


def test_unused_models_have_no_chemistry() -> None:
    table = chemistry([*pool(0.1, 0.3), Profile("u", 10, 0.49), Profile("n", math.nan, 0.9)])
    assert table.names == ("a", "b", "n", "u")
    assert table.used == {"a", "b"}
    assert [table.between("u", other) for other in "abn"] == [0.0, 0.0, 0.0]
    assert table.between("n", "a") == 0.0
    explanation = table.explain("a", "u")
    assert explanation.at == ()
    assert explanation.cost_xb == 0.0
    assert explanation.cost_xa == explanation.cost_xab == pytest.approx(0.1)


def test_the_usage_threshold_decides_who_is_used() -> None:
    profiles = [Profile("a", 9, 0.6), Profile("b", 5, 0.4)]
    assert chemistry(profiles).homogeneous
    assert chemistry(profiles, usage_threshold=0.3).between("a", "b") > 0


def test_a_pool_of_equal_penalties_is_homogeneous_and_all_zero() -> None:
    alike = [Profile(name, 6.0, 0.7) for name in "abcd"]
    table = chemistry(alike)
    assert table.homogeneous
    assert table.pairs_above(0.0) == []
    assert {table.between(a, b) for a, b in itertools.combinations("abcd", 2)} == {0.0}
    # Eq. 1 taken literally would give 1/3.
    assert brute_force(alike, "a", "b")[0] == pytest.approx(Fraction(1, 3))
    explanation = table.explain("a", "b")
    assert (explanation.chemistry, explanation.at) == (0.0, ())
    assert explanation.cost_xab == pytest.approx(0.12 * 1.5)


@pytest.mark.parametrize(
    "profiles", [[], [Profile("a", 9, 0.9)], [Profile("a", 9, 0.9), Profile("b", 1, 0.1)]]
)
def test_fewer_than_two_used_models_are_homogeneous(profiles: list[Profile]) -> None:
    table = chemistry(profiles)
    assert table.homogeneous
    assert not table.saturated
    assert table.values.shape == (len(profiles), len(profiles))


def test_penalties_a_billionth_apart_are_homogeneous_and_a_little_more_are_not() -> None:
    def table(difference: float) -> ChemistryTable:
        return chemistry([Profile("a", 0, 0.5), Profile("b", 0, 0.5 + difference)])

    assert table(0.9e-9).homogeneous
    assert not table(1.2e-9).homogeneous


def test_the_table_is_symmetric_with_a_missing_diagonal_and_cannot_be_written() -> None:
    table = chemistry(pool(0.2, 0.1, 0.6, 0.3))
    assert np.isnan(np.diag(table.values)).all()
    np.testing.assert_array_equal(table.values, table.values.T)
    assert math.isnan(table.between("a", "a"))
    with pytest.raises(ValueError, match="read-only"):
        table.values[0, 1] = 2.0


def test_pairs_above_are_strictly_above_strongest_first_then_by_name() -> None:
    table = chemistry(pool(0.2, 0.1, 0.6, 0.3))
    pairs = table.pairs_above(-1.0)
    assert len(pairs) == 6
    assert pairs == sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))
    middle = pairs[2][2]
    assert [pair[2] > middle for pair in pairs].count(True) == len(table.pairs_above(middle))
    equal = chemistry([*pool(0.1, 0.3), Profile("u", 1, 0), Profile("v", 1, 0)]).pairs_above(-1)
    assert [pair[:2] for pair in equal[1:]] == [
        ("a", "u"),
        ("a", "v"),
        ("b", "u"),
        ("b", "v"),
        ("u", "v"),
    ]


def test_a_table_whose_pairs_mostly_share_the_largest_value_is_saturated() -> None:
    # Four perfect models over a weak one: every pair of them is at 1.
    assert chemistry(pool(0.0, 0.0, 0.0, 0.0, 0.4)).saturated
    assert not chemistry(pool(0.1, 0.2, 0.3, 0.4)).saturated
    # Two of three pairs are enough, three of six are not.
    assert chemistry(pool(0.0, 0.1, 0.1)).saturated
    assert not chemistry(pool(0.0, 0.0, 0.1, 0.0)).saturated
    # A single pair is always at the largest value and says nothing.
    assert not chemistry(pool(0.1, 0.3)).saturated


def test_an_empty_cost_is_enumerated_up_to_twenty_used_models() -> None:
    models = [Profile(f"m{i:02d}", i / 3, 0.5 + i / 50) for i in range(21)]
    with pytest.raises(InputError, match="at most 20 used models, not 21; set empty_cost to 0"):
        chemistry(models, empty_cost=1.0)
    assert chemistry(models[:10], empty_cost=1.0).between("m00", "m01") > 0


@pytest.mark.parametrize(
    ("profiles", "message"),
    [
        ([Profile("a", 1, 0.5), Profile("a", 2, 0.5)], "The model a has 2 profiles"),
        ([Profile("a", 12, 0.5)], "The model a has quality 12, outside 0 to 10"),
        ([Profile("a", 1, -0.5)], "The model a has accuracy -0.5, outside 0 to 1"),
    ],
)
def test_profiles_that_cannot_be_are_refused(profiles: list[Profile], message: str) -> None:
    with pytest.raises(InputError, match=message):
        chemistry(profiles)


def test_unknown_or_repeated_names_are_refused() -> None:
    table = chemistry(pool(0.1, 0.3))
    with pytest.raises(InputError, match="No profile of the model z; the table has a, b"):
        table.between("a", "z")
    with pytest.raises(InputError, match="no chemistry with itself"):
        table.explain("a", "a")
    with pytest.raises(InputError, match="the table has no model"):
        chemistry([]).between("a", "b")


def test_a_hundred_models_take_far_less_than_a_second() -> None:
    rng = np.random.default_rng(5)
    models = [
        Profile(f"m{i}", float(q), float(a))
        for i, (q, a) in enumerate(
            zip(rng.uniform(0, 10, 100), rng.uniform(0.5, 1, 100), strict=True)
        )
    ]
    started = time.process_time()
    table = chemistry(models)
    assert time.process_time() - started < 0.5
    assert len(table.pairs_above(0.0)) == 4950
    strongest = table.pairs_above(0.0)[0]
    assert table.explain(*strongest[:2]).chemistry == strongest[2]
