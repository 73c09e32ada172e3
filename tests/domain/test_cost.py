"""Rank order, penalty, cost and benefit, on the paper's example and small cases."""

from __future__ import annotations

import math

import pytest

from llmchem_tui.domain.cost import (
    benefit,
    by_accuracy,
    by_performance,
    cost,
    penalty,
    rank_order,
    used,
)
from llmchem_tui.domain.model import Profile

A = Profile("a", 9.0, 0.9)
B = Profile("b", 8.0, 0.8)
C = Profile("c", 7.0, 0.7)
WEAK = Profile("weak", 10.0, 0.4)


def test_the_papers_three_answers_cost_six_hundredths() -> None:
    assert cost([C, A, B]) == pytest.approx(0.01 + 0.02 + 0.03, abs=1e-15)


def test_penalty_is_the_product_of_both_shortfalls() -> None:
    assert penalty(C) == pytest.approx(0.09)
    assert penalty(Profile("perfect", 10.0, 0.5)) == 0.0


def test_models_rank_by_quality_then_accuracy_then_name() -> None:
    models = [Profile("z", 5, 0.6), Profile("y", 5, 0.6), Profile("x", 5, 0.9), Profile("w", 6, 0)]
    assert [m.name for m in rank_order(models)] == ["w", "x", "y", "z"]


def test_accuracy_orders_put_missing_numbers_last() -> None:
    models = [
        Profile("missing", 9, math.nan),
        Profile("d", math.nan, 0.7),
        Profile("c", 5, 0.7),
        Profile("b", 6, 0.7),
        Profile("a", 1, 0.2),
    ]
    assert [m.name for m in by_performance(models)] == ["b", "c", "d", "a", "missing"]
    assert [m.name for m in by_accuracy(models)] == ["b", "c", "d", "a", "missing"]
    assert [m.name for m in by_accuracy([B, Profile("a2", 0, 0.8)])] == ["a2", "b"]


def test_models_below_the_threshold_or_with_a_missing_number_are_not_used() -> None:
    edge = Profile("edge", 1.0, 0.5)
    missing = [Profile("no quality", math.nan, 0.9), Profile("no accuracy", 9.0, math.nan)]
    assert used([WEAK, edge, *missing]) == [edge]
    assert used([WEAK, edge], usage_threshold=0.4) == [WEAK, edge]
    assert cost([A, WEAK, *missing]) == cost([A])


def test_a_set_without_a_used_model_has_the_empty_cost() -> None:
    assert cost([]) == 0.0
    assert cost([WEAK], empty_cost=1.0) == 1.0
    assert cost([WEAK], usage_threshold=0.3, empty_cost=1.0) == 0.0


def test_benefit_is_the_drop_in_cost_and_counts_a_shared_model_once() -> None:
    assert benefit([A], [B, C]) == pytest.approx((0.04 + 0.045) - 0.06)
    assert benefit([A, B], [B]) == pytest.approx(0.04 - 0.03)
    assert benefit([A], [A]) == 0.0
    assert benefit([A], [], empty_cost=1.0) == pytest.approx(0.99)
