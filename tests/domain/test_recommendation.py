"""Algorithm 2: loss, climbing, sizes, ties, the exhaustive optimum, homogeneous pools."""

from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmchem_tui.domain.chemistry import ChemistryTable, chemistry
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Profile
from llmchem_tui.domain.recommendation import (
    Recommendation,
    RecommendationSettings,
    recommend,
)

FIVE = [
    Profile("a", 8.0, 0.6),
    Profile("b", 7.0, 0.95),
    Profile("c", 5.0, 0.7),
    Profile("d", 4.0, 0.8),
    Profile("e", 2.0, 0.55),
]


def loss(table: ChemistryTable, members: Iterable[str], alpha: float, beta: float) -> float:
    """Eq. 3-5 word for word."""
    inside = set(members)
    intra = inter = total = 0.0
    for a, b in itertools.combinations(table.names, 2):
        value = table.between(a, b)
        total += value
        if a in inside and b in inside:
            intra += value
        elif a in inside or b in inside:
            inter += value
    return alpha * (2 * total - inter) + (1 - alpha) * (total - intra) + beta * len(inside)


def climb(
    table: ChemistryTable, start: frozenset[str], wanted: RecommendationSettings, sizes: range
) -> frozenset[str]:
    """Plain hill climbing: every neighbour's loss from scratch."""

    def value(members: frozenset[str]) -> float:
        return loss(table, members, wanted.alpha, wanted.beta)

    current = start
    for _ in range(wanted.iters):
        outside = set(table.names) - current
        neighbours = [current | {m} for m in outside] + [current - {m} for m in current]
        neighbours += [(current - {m}) | {n} for m in current for n in outside]
        better = [
            (value(x), x)
            for x in neighbours
            if len(x) in sizes and value(x) < value(current) - 1e-12
        ]
        if not better:
            break
        least = min(v for v, _ in better)
        current = min((x for v, x in better if v <= least + 1e-9), key=sorted)
    return current


def recommended(
    profiles: list[Profile],
    past: Iterable[Iterable[str]] = (),
    wanted: RecommendationSettings | None = None,
) -> Recommendation:
    rounds = [frozenset(x) for x in past]
    if wanted is None:
        return recommend(chemistry(profiles), profiles, rounds)
    return recommend(chemistry(profiles), profiles, rounds, wanted)


@st.composite
def distinct_pools(draw: st.DrawFn, most: int = 8) -> list[Profile]:
    numbers = draw(
        st.lists(
            st.tuples(st.integers(0, 1000), st.integers(450, 1000)),
            min_size=3,
            max_size=most,
            unique=True,
        )
    )
    return [Profile(f"m{i}", q / 100, a / 1000) for i, (q, a) in enumerate(numbers)]


weights = st.builds(
    RecommendationSettings,
    alpha=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    beta=st.sampled_from([0.0, 0.5, 2.0]),
    size=st.sampled_from([None, 1, 2, 3]),
    min_size=st.integers(1, 2),
    max_size=st.integers(2, 6),
    iters=st.sampled_from([0, 1, 10]),
)


@settings(max_examples=60)
@given(distinct_pools(), weights, st.lists(st.sets(st.integers(0, 9)), max_size=4))
def test_it_ends_where_plain_hill_climbing_ends(
    profiles: list[Profile], wanted: RecommendationSettings, rounds: list[set[int]]
) -> None:
    table = chemistry(profiles)
    past = [frozenset(f"m{i}" for i in members) for members in rounds]
    result = recommend(table, profiles, past, wanted)
    if table.homogeneous:
        assert result.loss is None
        return
    low, high = (wanted.size,) * 2 if wanted.size else (wanted.min_size, wanted.max_size)
    assert low is not None
    assert high is not None
    sizes = range(low, min(high, len(profiles)) + 1)
    by_accuracy = sorted(profiles, key=lambda p: (-p.accuracy, p.name))
    starts = set()
    for x in [x & set(table.names) for x in past] or [frozenset[str]()]:
        kept = [p.name for p in by_accuracy if p.name in x]
        kept = kept[: sizes.stop - 1]
        rest = [p.name for p in by_accuracy if p.name not in x]
        starts.add(frozenset(kept + rest[: max(0, sizes.start - len(kept))]))
    ends = [climb(table, start, wanted, sizes) for start in starts]
    least = min(loss(table, end, wanted.alpha, wanted.beta) for end in ends)
    assert result.loss == pytest.approx(least, abs=1e-9)
    assert result.loss == pytest.approx(
        loss(table, result.ensemble, wanted.alpha, wanted.beta), abs=1e-9
    )
    if result.optimum is None or result.ensemble != result.optimum.ensemble:
        assert frozenset(result.ensemble) in ends
    assert list(result.ensemble) == sorted(result.ensemble)


@settings(max_examples=60)
@given(distinct_pools(7), weights)
def test_the_optimum_and_the_ties_are_those_of_all_sets(
    profiles: list[Profile], wanted: RecommendationSettings
) -> None:
    table = chemistry(profiles)
    result = recommend(table, profiles, [], wanted)
    if table.homogeneous:
        assert result.optimum is None
        return
    low, high = (wanted.size,) * 2 if wanted.size else (wanted.min_size, wanted.max_size)
    assert low is not None
    assert high is not None
    losses = {
        members: loss(table, members, wanted.alpha, wanted.beta)
        for size in range(low, min(high, len(profiles)) + 1)
        for members in itertools.combinations(table.names, size)
    }
    least = min(losses.values())
    assert result.optimum is not None
    assert result.loss is not None
    assert result.optimum.loss == pytest.approx(least, abs=1e-9)
    assert result.optimum.ensemble == min(x for x, v in losses.items() if v <= least + 1e-9)
    equal = {x for x, v in losses.items() if abs(v - result.loss) <= 1e-9}
    assert set(result.ties) == equal - {result.ensemble}
    better = "no set within the size bounds has less" in result.reason
    assert better == (result.loss <= least + 1e-9)


def test_without_a_past_the_most_accurate_models_are_the_start() -> None:
    no_steps = RecommendationSettings(iters=0)
    assert recommended(FIVE, wanted=no_steps).ensemble == ("b", "d")
    assert recommended(FIVE, wanted=RecommendationSettings(size=3, iters=0)).ensemble == (
        "b",
        "c",
        "d",
    )
    assert "a climb from one start" in recommended(FIVE, wanted=no_steps).reason


def test_starts_are_cut_to_the_pool_and_brought_within_the_sizes_by_accuracy() -> None:
    def start(members: str, size: int | None = None, max_size: int = 10) -> str:
        wanted = RecommendationSettings(iters=0, size=size, max_size=max_size)
        return "".join(recommended(FIVE, [members], wanted).ensemble)

    assert start("aez") == "ae"
    assert start("ez") == "be"  # filled with the most accurate
    assert start("z") == "bd"
    assert start("abcde", max_size=3) == "bcd"  # the most accurate stay
    assert start("ae", size=1) == "a"


def test_equal_accuracies_are_ordered_by_name() -> None:
    alike = [Profile("d", 5, 0.7), Profile("c", 3, 0.7), Profile("b", 1, 0.7)]
    assert recommended(alike, wanted=RecommendationSettings(iters=0)).ensemble == ("b", "c")


def test_a_worse_local_optimum_names_the_better_set_and_the_gap() -> None:
    result = recommended(FIVE, ["ce"], RecommendationSettings(iters=0, size=2))
    assert result.optimum is not None
    assert result.loss is not None
    gap = result.loss - result.optimum.loss
    assert gap > 1e-9
    assert result.reason == (
        "The least loss that a climb from one start found; "
        f"{' + '.join(result.optimum.ensemble)} has {gap:.3g} less."
    )


def test_equal_losses_go_to_the_first_set_by_name_and_the_others_are_ties() -> None:
    # Only a and b interact; one of them in the set is as good as both at alpha 0.5.
    profiles = [Profile("a", 8, 0.8), Profile("b", 6, 0.6), Profile("y", 1, 0.1)]
    profiles.append(Profile("x", 2, 0.2))
    wanted = RecommendationSettings(size=2, iters=0)
    result = recommended(profiles, ["by", "ax", "xy"], wanted)
    assert result.ensemble == ("a", "b")
    assert result.ties == (("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"))
    assert result.optimum is not None
    assert result.optimum.ensemble == ("a", "b")
    assert "from 3 starts" in result.reason
    # The pair x, y gains most by a swap to any set with a or b in it: the first one is taken.
    assert recommended(profiles, ["xy"], RecommendationSettings(size=2)).ensemble == ("a", "b")


def test_above_sixteen_models_there_is_no_exhaustive_optimum() -> None:
    rng = np.random.default_rng(3)
    models = [
        Profile(f"m{i:02d}", float(q), float(a))
        for i, (q, a) in enumerate(
            zip(rng.uniform(0, 10, 17), rng.uniform(0.5, 1, 17), strict=True)
        )
    ]
    result = recommended(models)
    assert result.optimum is None
    assert result.loss is not None
    assert result.reason == "The least loss that a climb from one start found."
    sixteen = recommended(models[:16])
    assert sixteen.optimum is not None


STRONG = [Profile(name, 9.5, 0.95) for name in ("s2", "s1", "s3")]


def test_of_alike_strong_models_the_best_single_one_or_all_are_recommended() -> None:
    result = recommended(STRONG)
    assert result.ensemble == ("s1",)
    assert (result.loss, result.ties, result.optimum) == (None, (), None)
    assert "alike and all strong: the best single one is enough" in result.reason
    everything = recommended(STRONG, wanted=RecommendationSettings(all_if_strong=True))
    assert everything.ensemble == ("s1", "s2", "s3")
    assert "all of them are taken" in everything.reason


def test_of_weak_models_none_is_recommended_and_the_reason_says_so() -> None:
    result = recommended([Profile("a", 5, 0.5), Profile("b", 4, 0.2)])
    assert result.ensemble == ()
    assert "all weak, so none is recommended" in result.reason


def test_in_between_the_best_single_model_is_recommended_for_any_size() -> None:
    between = [Profile("b", 6, 0.7), Profile("a", 6, 0.7), Profile("c", 9.9, 0.4)]
    result = recommended(between, wanted=RecommendationSettings(size=2))
    assert result.ensemble == ("a",)
    assert "do not differ enough for chemistry" in result.reason
    # Weak and strong are judged over all models: one that is neither decides.
    assert recommended([*STRONG, Profile("w", 9, 0.2)]).ensemble == ("s1",)


def test_the_best_single_model_is_the_most_accurate_then_the_one_of_higher_quality() -> None:
    models = [Profile("a", 4.0, 0.45), Profile("b", 6.0, 0.45), Profile("c", 9.0, 0.3)]
    assert recommended(models).ensemble == ("b",)


def test_without_any_profile_nothing_is_recommended() -> None:
    result = recommended([])
    assert result.ensemble == ()
    assert result.reason == "No model has a profile yet."


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (RecommendationSettings(size=0), "An ensemble of 0 cannot be made from the 5 models"),
        (RecommendationSettings(size=6), "An ensemble of 6 .* ask for 1 to 5"),
        (RecommendationSettings(alpha=1.1), "alpha is 1.1; it must lie from 0 to 1"),
        (RecommendationSettings(beta=-1), "beta is -1; it must be a number, 0 or more"),
        (RecommendationSettings(alpha=math.nan), "alpha is nan"),
        (RecommendationSettings(min_size=0), "An ensemble of 0 to 10 models does not exist"),
        (RecommendationSettings(min_size=4, max_size=3), "An ensemble of 4 to 3 models"),
        (RecommendationSettings(min_size=6), "The smallest size, 6, exceeds the 5 models"),
    ],
)
def test_sizes_and_weights_out_of_range_are_refused(
    wanted: RecommendationSettings, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        recommended(FIVE, wanted=wanted)


def test_a_size_without_any_profile_asks_for_rounds() -> None:
    with pytest.raises(InputError, match=r"from the 0 models .* ask for rounds with them first"):
        recommended([], wanted=RecommendationSettings(size=2))


SCRIPT = """
from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.model import Profile
from llmchem_tui.domain.recommendation import RecommendationSettings, recommend
profiles = [Profile(n, 1 + i % 4, 0.4 + i % 5 / 10) for i, n in enumerate("qwertyuiop")]
past = {frozenset("qwe"), frozenset("rty"), frozenset("uio"), frozenset("pqw"), frozenset("op")}
table = chemistry(set(profiles))
for size in (None, 3):
    print(recommend(table, profiles, past, RecommendationSettings(size=size)))
"""


def test_the_hash_seed_changes_nothing() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).resolve().parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2", "3")
    }
    assert len(outputs) == 1
    assert "ensemble=" in outputs.pop()
