from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmchem_tui.analysis.resampled_pools import Candidates, Pools, round_values
from llmchem_tui.analysis.stability import Draws, PairStability, Stability, stability
from llmchem_tui.analysis.statistics import bootstrap_weights
from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.recommendation import (
    ChemistryParameters,
    RecommendationSettings,
    recommend,
)
from llmchem_tui.storage.history import History, history_of, read_history
from llmchem_tui.storage.profiles import past_ensembles, profiles

Row = tuple[str, str, float, float, float]
"""Trial, model, quality, accuracy and agreement with a reference answer."""

MISSING = math.nan
POOL = {"a": (9.0, 0.9), "b": (8.0, 0.8), "c": (7.0, 0.7)}


def history(rows: Sequence[Row]) -> History:
    empty = history_of([])
    blank = {
        name: math.nan if kind == "float64" else "" for name, kind in empty.frame.dtypes.items()
    }
    named = ("trial", "model", "quality", "accuracy", "gen_accuracy")
    lines = [blank | dict(zip(named, row, strict=True)) for row in rows]
    frame = pandas.DataFrame(lines, columns=list(blank)).astype(empty.frame.dtypes.to_dict())
    return dataclasses.replace(empty, frame=frame)


def alike(rounds: int, pool: dict[str, tuple[float, float]] = POOL) -> History:
    """Rounds in which every model does always the same."""
    return history(
        [(f"T {i}", name, *values, MISSING) for i in range(rounds) for name, values in pool.items()]
    )


def varied(rounds: int, models: int = 4) -> History:
    draw = np.random.default_rng(3)
    return history(
        [
            (f"T {i}", f"m{m:02}", float(draw.uniform(5, 9)), float(draw.uniform(0.4, 1)), MISSING)
            for i in range(rounds)
            for m in draw.choice(models, 3, replace=False).tolist()
        ]
    )


def pair_of(found: Stability, a: str, b: str) -> PairStability:
    return next(pair for pair in found.pairs if (pair.a, pair.b) == (a, b))


def drawn_weights(rounds: int, resamples: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(list(bootstrap_weights(rounds, resamples=resamples, seed=0)))


# --- worked by hand -----------------------------------------------------------------------------


def test_the_interval_of_two_rounds_spans_from_one_to_the_other() -> None:
    # Of two models chem = p_b / (2 p_a + p_b), p_a = .01; p_b is .04 in T 1 and .1 in T 2.
    rows = [("T 1", "a", 9.0, 0.9, MISSING), ("T 1", "b", 8.0, 0.8, MISSING)]
    rows += [("T 2", "a", 9.0, 0.9, MISSING), ("T 2", "b", 5.0, 0.8, MISSING)]
    found = stability(history(rows), tau=0.7, draws=Draws(400))
    (pair,) = found.pairs
    assert pair.chemistry == pytest.approx(0.07 / 0.09)
    assert pair.low == pytest.approx(0.04 / 0.06)
    assert pair.high == pytest.approx(0.1 / 0.12)
    only_the_first = (drawn_weights(2, 400)[:, 0] == 2).mean()
    assert pair.above == pytest.approx(1 - only_the_first)
    assert 0.7 < 1 - only_the_first < 0.8
    assert (pair.resamples, pair.met, found.rounds) == (400, 2, 2)


def test_a_model_that_a_resample_lacks_is_missing_there_and_not_without_chemistry() -> None:
    rows = [(f"T {i}", name, *POOL[name], MISSING) for i in range(3) for name in "ab"]
    found = stability(history([*rows, ("T 2", "c", *POOL["c"], MISSING)]), draws=Draws(200))
    there = int((drawn_weights(3, 200)[:, 2] > 0).sum())
    assert 0 < there < 200
    pair = pair_of(found, "b", "c")
    assert (pair.resamples, pair.met) == (there, 1)
    assert pair.low == pytest.approx(pair.chemistry)
    assert pair.above == 1
    assert [model.resamples for model in found.models] == [200, 200, there]
    assert [model.unused for model in found.models] == [0, 0, 0]


def test_the_share_of_resamples_without_a_model_below_the_threshold_is_told() -> None:
    rows = [(f"T {i}", name, *POOL[name], MISSING) for i in range(2) for name in "ab"]
    rows += [("T 0", "c", 7.0, 0.3, MISSING), ("T 1", "c", 7.0, 0.6, MISSING)]
    found = stability(history(rows), draws=Draws(200))
    not_used = float((drawn_weights(2, 200)[:, 0] > 0).mean())  # .3 and .45 are below .5
    assert found.models[2].unused == pytest.approx(not_used)
    # Unused is known: its chemistry is 0, and it counts.
    pair = pair_of(found, "a", "c")
    assert (pair.resamples, pair.low) == (200, 0)
    assert pair.above == pytest.approx(1 - not_used)


def test_other_ensembles_are_told_with_their_shares() -> None:
    found = stability(varied(12), draws=Draws(300))
    assert found.recommended is not None
    shares = [one.share for one in found.others]
    assert shares == sorted(shares, reverse=True)
    assert len(shares) == 3
    assert 0 < found.recommended.share + sum(shares) <= 1
    assert found.recommended.ensemble not in [one.ensemble for one in found.others]


def test_pairs_that_never_met_are_named() -> None:
    rounds = ["ab", "bc", "ab", "bc"]
    rows = [
        (f"T {i}", name, *POOL[name], MISSING) for i, pair in enumerate(rounds) for name in pair
    ]
    found = stability(history(rows), draws=Draws(100))
    assert found.never_met == (("a", "c"),)
    assert [pair.met for pair in found.pairs] == [2, 0, 2]


def test_a_model_counts_under_its_present_name() -> None:
    rows = [("T 1", "a", 9.0, 0.9, MISSING), ("T 1", "b", 8.0, 0.8, MISSING)]
    rows += [("T 2", "old a", 9.0, 0.9, MISSING), ("T 2", "b", 8.0, 0.8, MISSING)]
    found = stability(history(rows), draws=Draws(100), aliases={"old a": "a"})
    (pair,) = found.pairs
    assert (pair.a, pair.b, pair.resamples, pair.met) == ("a", "b", 100, 2)


# --- what always holds --------------------------------------------------------------------------


@pytest.mark.parametrize("pool", [POOL, {"a": (6.1, 0.7), "b": (8.7, 0.5), "c": (8.7, 0.9)}])
def test_identical_rounds_leave_no_doubt(pool: dict[str, tuple[float, float]]) -> None:
    same = alike(7, pool)
    found = stability(same, draws=Draws(200))
    assert found.recommended is not None
    assert (found.recommended.share, found.others) == (1, ())
    whole = recommend(chemistry([*profiles(same).values()]), [*profiles(same).values()], [])
    assert found.recommended.ensemble == whole.ensemble
    for pair in found.pairs:
        assert pair.low == pair.high == pytest.approx(pair.chemistry)
        assert pair.above == 1


def test_a_homogeneous_pool_keeps_its_best_single_model() -> None:
    found = stability(alike(3, {"a": (8.0, 0.8), "b": (8.0, 0.8)}), draws=Draws(100))
    assert found.recommended is not None
    assert (found.recommended.ensemble, found.recommended.share) == (("a",), 1)
    assert [(pair.low, pair.high, pair.above) for pair in found.pairs] == [(0, 0, 0)]


def test_equal_models_stay_equal_however_many_rounds_they_have() -> None:
    # The sum of three times 0.8, divided by three, is more than 0.8 in floating point.
    rows = [(f"T {i}", "a", 8.0, 0.8, MISSING) for i in range(4)]
    rows += [(f"T {i}", "b", 8.0, 0.8, MISSING) for i in range(3)]
    found = stability(history(rows), draws=Draws(100))
    assert found.recommended is not None
    assert (found.recommended.ensemble, found.climbed) == (("a",), ("a",))
    assert (found.recommended.share, found.others) == (1, ())


def test_equal_means_of_unequal_rounds_are_ties_in_a_resample_too() -> None:
    # What a model has in one round, the other has in the next, in another order of the sum.
    values = (0.64, 0.27, 0.04)
    rows = [(f"T {i}", "a", 8.0, value, MISSING) for i, value in enumerate(values)]
    rows += [(f"T {i}", "b", 8.0, value, MISSING) for i, value in enumerate(values[::-1])]
    _, accuracy = round_values(history(rows), ["a", "b"]).profiles(np.ones((1, 3)))
    known = profiles(history(rows))
    assert accuracy[0, 0] == accuracy[0, 1] == known["a"].accuracy == known["b"].accuracy


def test_the_same_seed_gives_the_same_whatever_the_order_of_the_rows() -> None:
    forward = varied(9)
    backward = dataclasses.replace(forward, frame=forward.frame[::-1])
    first = stability(forward, draws=Draws(150))
    assert stability(forward, draws=Draws(150)) == first
    again = stability(backward, draws=Draws(150))
    assert again.others == first.others
    assert [(pair.low, pair.high) for pair in again.pairs] == [
        (pair.low, pair.high) for pair in first.pairs
    ]
    assert stability(forward, draws=Draws(150, seed=1)) != first


def test_a_model_that_stands_thrice_in_a_round_has_one_mean_there() -> None:
    # The sum of these three depends on their order in floating point.
    rows = [("T 1", "a", 9.0, accuracy, MISSING) for accuracy in (0.64, 0.27, 0.04)]
    forward, backward = (round_values(history(some), ["a"]) for some in (rows, rows[::-1]))
    assert forward.means[0, 0, 1] == backward.means[0, 0, 1]
    assert forward.means[0, 0, 1] == pytest.approx(0.95 / 3)


def test_the_recommended_ensemble_is_that_of_the_whole_history() -> None:
    known = profiles(varied(20, 6))
    weights = RecommendationSettings(alpha=0.2, beta=0.1)
    past = past_ensembles(varied(20, 6))
    whole = recommend(chemistry([*known.values()]), [*known.values()], past, weights)
    found = stability(varied(20, 6), ChemistryParameters(alpha=0.2, beta=0.1), draws=Draws(100))
    assert whole.optimum is not None
    assert found.recommended is not None
    assert found.recommended.ensemble == whole.optimum.ensemble
    assert found.climbed == whole.ensemble


@settings(max_examples=40)  # each makes two data frames
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["T 1", "T 2", "T 3"]),
            st.sampled_from("abc"),
            st.sampled_from([0.1, 5.0, 9.3, MISSING]),
            st.sampled_from([0.0, 0.7, 1.0, MISSING]),
            st.sampled_from([1.0, MISSING, MISSING]),
        ),
        min_size=1,
        max_size=12,
    ),
    st.lists(st.integers(0, 3), min_size=3, max_size=3),
)
def test_a_resample_has_the_profiles_of_a_history_with_its_rounds(
    rows: list[Row], times: list[int]
) -> None:
    names = sorted({row[1] for row in rows})
    trials = sorted({row[0] for row in rows})
    repeated = [
        (f"{trial} again {i}", *row[1:])
        for trial, count in zip(trials, times, strict=False)
        for i in range(count)
        for row in rows
        if row[0] == trial
    ]
    weights = np.array([times[: len(trials)]], dtype=float)
    quality, accuracy = round_values(history(rows), names).profiles(weights)
    expected = profiles(history(repeated)) if repeated else {}
    found = {name: (quality[0, i], accuracy[0, i]) for i, name in enumerate(names)}
    assert {n for n, own in found.items() if not np.isnan(own).any()} == set(expected)
    for name, profile in expected.items():
        assert found[name] == pytest.approx((profile.quality, profile.accuracy))


PLACES = st.lists(
    st.tuples(st.sampled_from([0.0, 3.3, 8.0, 9.9, 10.0]) | st.floats(0, 10), st.floats(0, 1))
    | st.none(),
    min_size=2,
    max_size=7,
)


def pools_of(drawn: Sequence[tuple[float, float] | None], parameters: ChemistryParameters) -> Pools:
    """Two resamples: the models drawn, in this order and in the other; None is missing."""
    values = np.array([own or (MISSING, MISSING) for own in drawn])
    both = np.stack([values, values[::-1]])
    names = tuple(f"m{i}" for i in range(len(drawn)))
    return Pools(names, both[:, :, 0], both[:, :, 1], parameters)


@given(PLACES, st.sampled_from([0.0, 1.0]))
def test_the_chemistry_of_a_resample_is_that_of_its_profiles(
    drawn: list[tuple[float, float] | None], empty_cost: float
) -> None:
    pools = pools_of(drawn, ChemistryParameters(empty_cost=empty_cost))
    values = pools.chemistry()
    for resample in range(2):
        table = chemistry(pools.profiles(resample), empty_cost=empty_cost)
        assert pools.homogeneous[resample] == table.homogeneous
        for i, j in combinations(range(len(drawn)), 2):
            a, b = pools.names[i], pools.names[j]
            if a in table.names and b in table.names:
                assert values[resample, i, j] == pytest.approx(table.between(a, b), rel=1e-9)
                assert values[resample, j, i] == values[resample, i, j]
            else:
                assert math.isnan(values[resample, i, j])


@given(PLACES, st.floats(0, 1), st.floats(0, 1))
def test_the_best_ensemble_of_a_resample_is_the_exhaustive_optimum(
    drawn: list[tuple[float, float] | None], alpha: float, beta: float
) -> None:
    pools = pools_of(drawn, ChemistryParameters())
    values = pools.chemistry()
    for resample in np.flatnonzero(~pools.homogeneous).tolist():
        known = pools.profiles(resample)
        whole = recommend(chemistry(known), known, [], RecommendationSettings(alpha, beta))
        one = slice(resample, resample + 1)
        candidates = Candidates.of(len(drawn), RecommendationSettings(alpha, beta))
        (best,) = candidates.best(values[one], pools.present[one])
        assert whole.optimum is not None
        names = tuple(pools.names[i] for i in best)
        assert set(names) <= {profile.name for profile in known}
        if names != whole.optimum.ensemble:  # a tie that rounding decides
            assert _loss(values[resample], best, alpha, beta) == pytest.approx(
                _loss(values[resample], _numbers(pools, whole.optimum.ensemble), alpha, beta),
                abs=2e-9,
            )


def _numbers(pools: Pools, names: Sequence[str]) -> tuple[int, ...]:
    return tuple(pools.names.index(name) for name in names)


def _loss(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    members: Sequence[int],
    alpha: float,
    beta: float,
) -> float:
    loss = beta * len(members)
    for i, j in combinations(range(len(values)), 2):
        inside = (i in members) + (j in members)
        loss -= (0.0, alpha, 1 - alpha)[inside] * float(np.nan_to_num(values[i, j]))
    return loss


def test_equal_losses_go_to_the_first_names() -> None:
    equal = np.full((1, 3, 3), 0.5)
    equal[0, 1, 2] = equal[0, 2, 1] = 0.5 - 1e-11  # rounding errors decide nothing
    equal[0, 0, 2] = equal[0, 2, 0] = 0.5 + 1e-11
    present = np.ones((1, 3), dtype=bool)
    # With α = 1 only pairs across the border count: {0, 1}, {0, 2} and {1, 2} have two each.
    candidates = Candidates.of(3, RecommendationSettings(1.0, 0.0))
    assert candidates.best(equal, present) == [(0, 1)]
    present[0, 0] = False
    assert candidates.best(equal, present) == [(1, 2)]


def test_a_size_that_is_asked_for_is_kept_and_too_few_models_make_no_ensemble() -> None:
    rows = [(f"T {i}", name, *POOL[name], MISSING) for i in range(3) for name in "ab"]
    some = history([*rows, ("T 2", "c", *POOL["c"], MISSING)])
    found = stability(some, size=3, draws=Draws(200))
    there = found.models[2].resamples / 200
    assert found.recommended is not None
    assert (found.recommended.ensemble, found.recommended.share) == (("a", "b", "c"), there)
    assert [(other.ensemble, other.share) for other in found.others] == [((), 1 - there)]
    assert 0 < there < 1


def test_progress_is_told_and_can_end_it() -> None:
    told: list[int] = []
    stability(varied(9), draws=Draws(250, progress=told.append))
    assert told == [100, 200, 250]

    class Enough(Exception):
        """Somebody does not want to wait."""

    def stop(done: int) -> None:
        told.append(done)
        raise Enough

    with pytest.raises(Enough):
        stability(varied(9), draws=Draws(250, progress=stop))
    assert told[3:] == [100]


# --- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rows",
    [
        [("T 1", "a", 9.0, 0.9, MISSING), ("T 1", "b", 8.0, 0.8, MISSING)],
        [("T 1", "a", 9.0, 0.9, MISSING), ("T 2", "a", MISSING, MISSING, MISSING)],
        [("T 1", "a", 9.0, MISSING, MISSING), ("T 2", "a", 9.0, MISSING, MISSING)],
        [],
    ],
)
def test_fewer_than_two_rounds_with_values_have_no_bootstrap(rows: list[Row]) -> None:
    with pytest.raises(InputError, match="A bootstrap needs at least 2 rounds"):
        stability(history(rows))


def test_above_sixteen_models_there_are_intervals_but_no_recommended_set() -> None:
    found = stability(varied(60, 17), draws=Draws(5))
    assert len(found.models) == 17
    assert (found.recommended, found.others) == (None, ())
    assert pair_of(found, "m00", "m01").low is not None


def test_a_single_model_has_no_pairs() -> None:
    found = stability(alike(2, {"a": (9.0, 0.9)}), draws=Draws(10))
    assert found.pairs == ()
    assert found.recommended is not None
    assert (found.recommended.ensemble, found.recommended.share) == (("a",), 1)


def test_rounding_takes_no_profile_out_of_the_range_of_its_rounds() -> None:
    # 0.08 + 5 (1 - 0.08) / 5 is more than 1 in floating point.
    rounds = [("T 1", "a", 9.7, 0.08, MISSING), ("T 2", "a", 9.7, 1.0, MISSING)]
    quality, accuracy = round_values(history(rounds), ["a"]).profiles(np.array([[0.0, 5.0]]))
    assert (quality.tolist(), accuracy.tolist()) == ([[9.7]], [[1.0]])


@pytest.mark.integration
def test_the_published_history_has_a_bootstrap(shared: Path) -> None:
    published = read_history([shared / "data" / "published" / "runs.csv"])
    found = stability(published, draws=Draws(200))
    assert (len(found.models), len(found.pairs), found.rounds) == (12, 66, 1400)
    table = chemistry([*profiles(published).values()])
    for pair in found.pairs:
        assert pair.chemistry == table.between(pair.a, pair.b)
        assert pair.low is not None
        assert pair.high is not None
        assert pair.low <= pair.high
    assert found.recommended is not None
    assert found.recommended.ensemble == found.climbed
    assert found.never_met == ()
    never_used = [model.name for model in found.models if model.unused == 1]
    assert never_used == ["llama3.1:70b", "llama3.3:latest", "mixtral:8x22b"]
