"""Weak, mid and strong ensembles: which rounds they are, and what is left out."""

from __future__ import annotations

import math

import pytest

from llmchem_tui.analysis.example_ensembles import SizeGroup, example_ensembles
from llmchem_tui.domain.complementarity import complementarity
from tests.analysis.test_evaluate import Row, answer, failure, history_of


def rounds(strategy: str, count: int, size: int = 2) -> list[Row]:
    """Rounds of rising complementarity: the better the members, the more they cover."""
    return [
        answer(f"{number} {strategy}", f"m{member}", number / 20, 5.0)
        for number in range(count)
        for member in range(size)
    ]


def chosen(rows: list[Row]) -> list[tuple[str, str, str]]:
    groups = example_ensembles(history_of(rows), {})
    return [(one.strategy, one.strength, one.trial) for own in groups for one in own.examples]


def test_the_rounds_nearest_to_the_quantiles_stand_for_their_strategy() -> None:
    assert chosen([*rounds("RANDOM", 11), *rounds("LOCAL", 3)][::-1]) == [
        ("LOCAL", "weak", "0"),
        ("LOCAL", "mid", "1"),
        ("LOCAL", "strong", "2"),
        ("RANDOM", "weak", "1"),
        ("RANDOM", "mid", "5"),
        ("RANDOM", "strong", "9"),
    ]


def test_ensembles_of_other_sizes_are_other_groups() -> None:
    rows = [*rounds("A", 3, 3), *rounds("B", 3, 4), *rounds("C", 3, 5), *rounds("D", 3, 9)]
    groups = example_ensembles(history_of(rows), {})
    assert [(own.sizes, own.strategies) for own in groups] == [
        ("2 to 3 models", ("A",)),
        ("4 to 5 models", ("B", "C")),
        ("6 or more models", ("D",)),
    ]


def test_an_example_has_the_points_and_the_complementarity_of_its_members() -> None:
    rows = [*rounds("A", 3), answer("9 A", "m0", 1.0, 8.0), answer("9 A", "m1", 0.5, 10.0)]
    rows += [failure("9 A", "m2")]
    (group,) = example_ensembles(history_of(rows), {"m1": "new name"})
    strong = group.examples[-1]
    assert (strong.trial, strong.points.tolist()) == ("9", [[1.0, 0.8], [0.5, 1.0]])
    assert strong.complementarity == pytest.approx(complementarity(strong.points))


@pytest.mark.parametrize(
    "rows",
    [
        rounds("TOO FEW", 2),
        rounds("", 5),  # the strategy is not known
        rounds("ALONE", 5, 1),
        [answer(f"{n} HALF", f"m{m}", 0.5, math.nan) for n in range(5) for m in range(3)],
    ],
)
def test_without_three_rounds_of_two_members_there_is_no_example(rows: list[Row]) -> None:
    assert chosen(rows) == []


def test_of_many_strategies_those_with_the_most_rounds_are_shown() -> None:
    rows = [row for place in range(12) for row in rounds(f"S{place:02}", 3 + (place > 8))]
    (group,) = example_ensembles(history_of(rows), {})
    assert isinstance(group, SizeGroup)
    assert group.strategies == tuple(f"S{place:02}" for place in (*range(7), 9, 10, 11))
