"""Backtests of the strategies: what teaches a choice, and what judges it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from random import Random

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmchem_tui.analysis.backtest import Backtest, backtest
from llmchem_tui.analysis.backtest_judge import Judge
from llmchem_tui.analysis.backtest_splits import Choosing, Timeline
from llmchem_tui.analysis.backtest_verdicts import Correction
from llmchem_tui.analysis.ensemble_votes import accuracy, as_lines, best_ensemble, correct, votes
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.recommendation import ChemistryParameters
from llmchem_tui.domain.strategies import Strategy
from llmchem_tui.storage.history import History, history_of

Skills = Mapping[str, tuple[float, float]]

SKILLS: Skills = {"a": (9.0, 0.9), "b": (6.0, 0.8), "c": (8.0, 0.7), "d": (5.0, 0.6)}
"""Quality and accuracy of each model."""

FIRST_SPLIT, LAST_SPLIT = 6, 18  # of 20 rounds


def history(rounds: Iterable[Skills], **columns: Sequence[str]) -> History:
    """One round a day; ``columns`` hold text, one value per round."""
    kinds = history_of([]).frame.dtypes.to_dict()
    blank = {name: math.nan if kind.kind == "f" else "" for name, kind in kinds.items()}
    rows = [
        {
            **blank,
            "trial": f"T{number:04}",
            "strategy": "RANDOM",
            "created": f"2026-{1 + number // 28:02}-{1 + number % 28:02} 10:00:00",
            **{name: values[number] for name, values in columns.items()},
            "model": model,
            "quality": quality,
            "accuracy": value,
        }
        for number, members in enumerate(rounds)
        for model, (quality, value) in members.items()
    ]
    return History(pandas.DataFrame(rows).astype(kinds))


def with_numbers(of: History, rounds: range, skills: Skills) -> History:
    """The history with other numbers in some rounds."""
    frame = of.frame.copy()
    there = frame["trial"].isin([f"T{number:04}" for number in rounds])
    for model, (quality, value) in skills.items():
        frame.loc[there & (frame["model"] == model), ["quality", "accuracy"]] = quality, value
    return replace(of, frame=frame)


def choices(tested: Backtest, learned: int | None = None) -> set[object]:
    return {one for one in tested.choices if learned in (None, one.learned)}


def mean_accuracy(tested: Backtest, strategy: Strategy, size: int) -> float:
    (found,) = [
        one.accuracy.mean for one in tested.outcomes if (one.strategy, one.size) == (strategy, size)
    ]
    assert found is not None
    return found


REVERSED: Skills = dict(zip(SKILLS, reversed([*SKILLS.values()]), strict=True))


# --- what teaches -------------------------------------------------------------------------------


@pytest.mark.parametrize("split", [FIRST_SPLIT, LAST_SPLIT])
def test_no_later_round_reaches_a_choice(split: int) -> None:
    """A single round like those that are planted would change every pair, if it were known."""
    close: Skills = {"a": (7.3, 0.73), "b": (7.0, 0.72), "c": (7.2, 0.71), "d": (6.9, 0.7)}
    extreme: Skills = {"a": (0.0, 0.0), "b": (1.0, 0.1), "c": (10.0, 0.9), "d": (9.0, 1.0)}
    plain = history([close] * 20)
    expected = choices(backtest(plain), split)
    assert len(expected) == 4  # two strategies, two sizes
    planted = backtest(with_numbers(plain, range(split, 20), extreme))
    assert choices(planted, split) == expected
    known = backtest(with_numbers(plain, range(split - 1, split), extreme))
    pairs = {one for one in known.choices if (one.learned, one.size) == (split, 2)}
    assert len(pairs) == 2
    assert not pairs & expected


def test_a_model_that_comes_later_is_in_no_pool() -> None:
    late = {**SKILLS, "z": (10.0, 1.0)}
    tested = backtest(history([SKILLS] * 18 + [late] * 2))
    assert choices(tested) == choices(backtest(history([SKILLS] * 20)))


@pytest.mark.parametrize(("strategy", "teaches"), [("CHEMISTRY", False), ("RANDOM", True)])
def test_rounds_of_chemistry_teach_no_choice(strategy: str, teaches: bool) -> None:
    named = {"strategy": [strategy if number % 2 else "LOCAL" for number in range(20)]}
    plain = history([SKILLS] * 20, **named)
    other = plain
    for number in range(1, 20, 2):
        other = with_numbers(other, range(number, number + 1), {"a": (0.0, 0.0), "d": (10.0, 1.0)})
    assert (choices(backtest(plain)) != choices(backtest(other))) is teaches


def test_rounds_about_a_vignette_do_not_teach_the_choice_for_it() -> None:
    asked = [f"v{number % 2}" for number in range(20)]
    plain = history([SKILLS] * 20, vignette=asked)
    other = plain
    for number in range(0, 20, 2):
        other = with_numbers(other, range(number, number + 1), REVERSED)

    def of(tested: Backtest, vignette: str) -> set[object]:
        return {one for one in tested.choices if one.vignette == vignette}

    before, after = backtest(plain), backtest(other)
    assert of(before, "v0") == of(after, "v0")
    assert of(before, "v1") != of(after, "v1")


def test_rounds_are_ordered_by_their_dates_and_undated_ones_left_out() -> None:
    """Neither the order in the file nor the names of the trials, here turned around, matter."""
    plain = history([SKILLS] * 8 + [REVERSED] * 12)
    frame = plain.frame.sample(frac=1, random_state=1).reset_index(drop=True)
    frame["trial"] = [f"T{9999 - int(trial[1:])}" for trial in frame["trial"]]
    undated = frame.tail(1).assign(trial="later", created="", model="z")
    tested = backtest(replace(plain, frame=pandas.concat([frame, undated], ignore_index=True)))
    expected = backtest(plain)
    assert choices(tested) == choices(expected) != choices(backtest(history([SKILLS] * 20)))
    for own, other in zip(tested.verdicts, expected.verdicts, strict=True):
        assert own.accuracy.mean == pytest.approx(other.accuracy.mean, abs=1e-12)
    assert tested.notes[0].startswith("1 row without a date of creation left out")


def test_former_names_count_for_the_present_model() -> None:
    plain = history([SKILLS] * 20)
    frame = plain.frame.copy()
    frame.loc[frame.index < 20, "model"] = frame["model"].replace("a", "old")
    renamed = backtest(replace(plain, frame=frame), aliases={"old": "a"})
    assert renamed == backtest(plain)


# --- what judges --------------------------------------------------------------------------------


def test_the_members_means_on_later_items_judge_a_choice() -> None:
    tested = backtest(history([SKILLS] * 20))
    assert tested.splits == (6, 7, 9, 10, 11, 13, 14, 15, 17, 18)
    assert mean_accuracy(tested, Strategy.PERFORMANCE, 2) == pytest.approx(0.85)
    assert mean_accuracy(tested, Strategy.PERFORMANCE, 3) == pytest.approx(0.8)
    (pair, three) = [one for one in tested.outcomes if one.strategy is Strategy.PERFORMANCE]
    assert (pair.effectiveness.mean, pair.voters, pair.accuracy.n) == (1.0, 2.0, 14)
    assert pair.accuracy_share == pytest.approx(1.0)
    assert three.voters == 3.0


def test_every_split_counts_alike() -> None:
    pair: Skills = {"a": (9.0, 0.9), "b": (6.0, 0.8)}
    tested = backtest(history([pair] * 19 + [{"a": (9.0, 0.3), "b": (6.0, 0.1)}]))
    left = [20 - learned for learned in tested.splits]
    expected = np.mean([(0.85 * (rounds - 1) + 0.2) / rounds for rounds in left])
    assert mean_accuracy(tested, Strategy.PERFORMANCE, 2) == pytest.approx(expected)


def test_an_item_is_a_vignette_and_each_member_has_one_mean_on_it() -> None:
    """After up to nine rounds v0 has a twice (0 and 1) and b once (0.8): 0.65, not 0.6."""
    before: list[Skills] = [{"a": (9.0, 0.9), "b": (6.0, 0.8)}] * 9
    later: list[Skills] = [{"a": (9.0, 0.0)}, {"a": (9.0, 1.0), "b": (6.0, 0.8)}]
    tested = backtest(history([*before, *later], vignette=["other"] * 9 + ["v0", "v0"]))
    assert tested.splits == (3, 4, 5, 6, 7, 8, 9, 10)
    assert {one.vignette for one in tested.choices} == {"v0"}  # nothing teaches for the other
    expected = (7 * 0.65 + 0.9) / 8
    assert mean_accuracy(tested, Strategy.PERFORMANCE, 2) == pytest.approx(expected)


def test_a_mean_of_one_half_is_not_correct() -> None:
    even: Skills = {"a": (9.0, 0.4), "b": (6.0, 0.6)}
    tested = backtest(history([even] * 20))
    assert {one.effectiveness.mean for one in tested.outcomes} == {0.0}
    assert {one.effectiveness_share for one in tested.outcomes} == {None}


def test_a_share_of_the_best_is_one_on_the_items_that_both_answered() -> None:
    """The best, c and d, answered every other round; there a and b, the best known, had 0.3."""
    known: list[Skills] = [SKILLS] * FIRST_SPLIT
    later: list[Skills] = [
        {"a": (9.0, 0.6), "b": (6.0, 0.6)},
        {"a": (9.0, 0.3), "c": (8.0, 0.9), "d": (5.0, 0.9)},
    ]
    named = ["RANDOM"] * FIRST_SPLIT + ["CHEMISTRY"] * 14  # of which nothing is learnt
    tested = backtest(history([*known, *later * 7], strategy=named))
    assert mean_accuracy(tested, Strategy.PERFORMANCE, 2) == pytest.approx(0.45, abs=0.02)
    assert tested.hindsight[0].accuracy.mean == pytest.approx(0.9)
    (own,) = [one for one in tested.outcomes if (one.strategy, one.size) == ("PERFORMANCE", 2)]
    assert own.accuracy_share == pytest.approx(0.3 / 0.9)


@settings(max_examples=8)
@given(st.integers(0, 10_000), st.integers(2, 14))
def test_no_strategy_beats_hindsight_and_intervals_hold_their_means(seed: int, models: int) -> None:
    chance = Random(seed)
    names = [f"m{number:02}" for number in range(models)]
    rounds = [
        {
            name: (chance.uniform(0, 10), chance.choice([0.2, 0.5, 0.8, float("nan")]))
            for name in chance.sample(names, chance.randint(1, models))
        }
        for _ in range(24)
    ]
    tested = backtest(history(rounds, strategy=chance.choices(["LOCAL", "REMOTE"], k=24)))
    best = {one.size: one for one in tested.hindsight}
    assert tested.outcomes
    for one in tested.outcomes:
        for own, most in (
            (one.effectiveness, best[one.size].effectiveness),
            (one.accuracy, best[one.size].accuracy),
        ):
            assert own.mean is not None
            assert most.mean is not None
            assert own.mean <= most.mean + 1e-9
            if own.low is not None and own.high is not None:
                assert own.low - 1e-9 <= own.mean <= own.high + 1e-9


def test_the_same_seed_draws_the_same_and_another_one_others() -> None:
    rounds = [
        {name: (5.0, Random(f"{name} {number}").random()) for name in "abcdefghijkl"}
        for number in range(20)
    ]
    first, again, other = (backtest(history(rounds), seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert mean_accuracy(first, Strategy.RANDOM, 3) != mean_accuracy(other, Strategy.RANDOM, 3)
    assert choices(first) == choices(other)


def test_where_models_ran_is_read_from_rounds_of_local_and_remote() -> None:
    halves: list[Skills] = [
        {"a": SKILLS["a"], "b": SKILLS["b"]},
        {"c": (8.0, 0.7), "d": (5.0, 0.6)},
    ]
    tested = backtest(history(halves * 10, strategy=["LOCAL", "REMOTE"] * 10))
    assert mean_accuracy(tested, Strategy.LOCAL, 2) == pytest.approx(0.85)
    assert mean_accuracy(tested, Strategy.REMOTE, 2) == pytest.approx(0.65)
    assert tested.notes == ()
    unknown = backtest(history([SKILLS] * 20))
    assert {one.strategy for one in unknown.outcomes} == {
        *(Strategy.RANDOM, Strategy.PERFORMANCE, Strategy.CHEMISTRY)
    }
    assert any("LOCAL and REMOTE left out" in note for note in unknown.notes)


@pytest.mark.parametrize(("moved", "told"), [(0, True), (1, False)])
def test_strategies_that_ran_one_after_the_other_are_told(moved: int, told: bool) -> None:
    named = [*["LOCAL"] * 8, *["RANDOM"] * 6, *["PERFORMANCE"] * (6 - moved), *["LOCAL"] * moved]
    notes = backtest(history([SKILLS] * 20, strategy=named)).notes
    assert any("ran one after the other" in note for note in notes) is told


# --- verdicts and predictions -------------------------------------------------------------------


@pytest.mark.parametrize(("winner", "word"), [("CHEMISTRY", "better"), ("PERFORMANCE", "worse")])
def test_the_verdict_says_who_chose_better(winner: str, word: str) -> None:
    plain = history([SKILLS] * 60)
    sets = {one.strategy: set(one.ensemble) for one in backtest(plain).choices if one.size == 2}
    chosen = sets[Strategy(winner)]
    (other,) = {*sets} - {winner}
    assert chosen != sets[other]
    after = {name: (5.0, 1.0 if name in chosen else 0.0) for name in SKILLS}
    verdict = backtest(with_numbers(plain, range(54, 60), after)).verdicts[0]  # the last split: 54
    assert (verdict.size, verdict.alike, verdict.word) == (2, 0.0, word)
    assert verdict.measure == "effectiveness"
    assert verdict.accuracy.mean is not None
    assert (verdict.accuracy.mean > 0) is (word == "better")


def test_strategies_that_choose_alike_do_not_differ() -> None:
    tested = backtest(history([{"a": (9.0, 0.9), "b": (6.0, 0.8)}] * 20))
    assert [(one.size, one.alike, one.word) for one in tested.verdicts] == [
        (2, 1.0, "not better"),
        (None, 1.0, "not better"),
    ]
    assert tested.verdicts[0].effectiveness.high == 0.0


def test_accuracy_is_judged_where_effectiveness_is_saturated() -> None:
    """With 0.9 to 0.6 every ensemble is right on every item, and a and b, the best, are better."""
    tested = backtest(history([SKILLS] * 20))
    first, second, overall = tested.verdicts
    assert first.effectiveness.mean == 0.0
    assert [(one.measure, one.word) for one in (first, overall)] == [("accuracy", "worse")] * 2
    assert (second.alike, second.measure, second.word) == (1.0, "effectiveness", "not better")


def test_intervals_are_corrected_for_the_comparisons_that_were_made() -> None:
    chance = Random(7)
    rounds = [{m: (chance.uniform(0, 10), chance.random()) for m in "abcde"} for _ in range(30)]
    tested = backtest(history(rounds))
    assert [one.alike < 1 for one in tested.verdicts] == [True, True, False, True]
    assert tested.correction == Correction.of(3)
    assert tested.correction.level == pytest.approx(1 - 0.05 / 3)
    timeline = Timeline.of(history(rounds).frame)
    judge = Judge(timeline)
    for split in timeline.splits(Choosing(ChemistryParameters(), "mean", 0)):
        judge.add(split)
    plain, own = judge.differences(0, 0.95, 10_000)[2].accuracy, tested.verdicts[0].accuracy
    assert plain.mean == own.mean
    assert None not in (own.low, own.high, plain.low, plain.high)
    assert own.low < plain.low < plain.high < own.high  # type: ignore[operator]


@pytest.mark.parametrize(("comparisons", "items"), [(0, 6), (1, 6), (2, 7), (4, 8), (5, 8)])
def test_differences_of_one_sign_are_evidence_from_some_number_of_items_on(
    comparisons: int, items: int
) -> None:
    correction = Correction.of(comparisons)
    error = 1 - correction.level
    assert correction.items_needed == items
    assert 2 / 2**items <= error + 1e-12 < 2 / 2 ** (items - 1)


def test_fewer_items_than_needed_are_no_evidence() -> None:
    few = backtest(history([SKILLS] * 20, vignette=[f"v{number % 6}" for number in range(20)]))
    assert few.correction.items_needed == 7
    assert {one.word for one in few.verdicts} == {"unknown"}
    more = backtest(history([SKILLS] * 20, vignette=[f"v{number % 7}" for number in range(20)]))
    assert "unknown" not in {one.word for one in more.verdicts}


def test_members_accuracy_foretells_rounds_that_go_by_it() -> None:
    pairs = [{a: SKILLS[a], b: SKILLS[b]} for a, b in combinations(SKILLS, 2)] * 5
    tested = backtest(history(pairs))
    assert tested.accuracy_predicts.r == pytest.approx(1.0)
    assert tested.accuracy_predicts.n == tested.chemistry_predicts.n == 30 - tested.splits[0]
    alike = backtest(history([SKILLS] * 20))
    assert alike.accuracy_predicts.r is None
    assert alike.accuracy_predicts.note


def test_rounds_are_foretold_by_the_last_split_before_them() -> None:
    chance = Random(4)
    rounds = [{m: (5.0, chance.random()) for m in chance.sample("abc", 2)} for _ in range(30)]
    tested = backtest(history(rounds))
    foretold = []
    for number in range(tested.splits[0], 30):
        learned = max(split for split in tested.splits if split <= number)
        means = [
            np.mean([known[model][1] for known in rounds[:learned] if model in known])
            for model in rounds[number]
        ]
        foretold.append(np.mean(means))
    actual = [np.mean([value for _, value in one.values()]) for one in rounds[tested.splits[0] :]]
    assert tested.accuracy_predicts.r == pytest.approx(np.corrcoef(foretold, actual)[0, 1])


# --- what cannot be tested ----------------------------------------------------------------------


NAN = float("nan")


@pytest.mark.parametrize(
    ("given_history", "said"),
    [
        (
            history([SKILLS] * 9),
            "at least 10 rounds with a date of creation, and the history has 9",
        ),
        (
            history([SKILLS] * 12, created=[""] * 12),
            "has 0 (48 rows without a date); give more rounds, or dates as 2026",
        ),
        (history([{"a": (9.0, 0.9)}] * 12), "Only a takes part in the history"),
        (history([SKILLS] * 12, vignette=["v"] * 12), "No choice can be tested"),
        (history([SKILLS] * 12, strategy=["CHEMISTRY"] * 12), "No choice can be tested"),
        (history([{"a": (NAN, NAN), "b": (NAN, NAN)}] * 12), "No choice can be tested"),
        (history([SKILLS] * 3 + [{"a": (9.0, NAN)}] * 8), "No choice can be tested"),
    ],
    ids=["few", "undated", "one model", "one vignette", "chemistry only", "no numbers", "no later"],
)
def test_what_cannot_be_tested_is_one_sentence(given_history: History, said: str) -> None:
    with pytest.raises(InputError) as caught:
        backtest(given_history)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


# --- votes --------------------------------------------------------------------------------------


TABLE = np.array([[0.9, NAN, 0.2, NAN], [0.1, 0.6, NAN, NAN], [0.5, 0.4, 0.8, NAN]])


def test_members_that_did_not_answer_do_not_vote() -> None:
    means, voters = votes(as_lines([(0, 1), (0, 1, 2)], 3), TABLE)
    assert means == pytest.approx(
        np.array([[0.5, 0.6, 0.2, NAN], [0.5, 0.5, 0.5, NAN]]), nan_ok=True
    )
    assert voters.tolist() == [[2, 1, 1, 0], [3, 2, 2, 0]]
    assert np.array_equal(correct(means[0]), [0.0, 1.0, 0.0, NAN], equal_nan=True)


@pytest.mark.parametrize("measure", [accuracy, correct])
def test_hindsight_knows_the_best_of_all_sets(measure: object) -> None:
    table = np.random.default_rng(5).random((9, 12))
    of = accuracy if measure is accuracy else correct
    line, exhaustive = best_ensemble(table, 3, of, np.zeros((0, 9)))
    every = [of(table[list(some)].mean(axis=0)).mean() for some in combinations(range(9), 3)]
    assert exhaustive
    assert of(table[line == 1].mean(axis=0)).mean() == pytest.approx(max(every))


def test_beyond_a_thousand_sets_it_is_no_worse_than_the_rivals() -> None:
    table = np.zeros((16, 2))  # three specialists that a greedy search never puts together
    table[:3], table[3] = [[1.0, 0.0], [0.0, 1.0], [0.4, 0.4]], 0.45
    rival = as_lines([(0, 1, 3, 4)], 16)
    line, exhaustive = best_ensemble(table, 4, accuracy, rival)
    assert not exhaustive
    assert line.sum() == 4
    assert votes(line[None], table)[0].mean() >= votes(rival, table)[0].mean()
