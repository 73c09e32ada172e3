"""Strategies compared: worked by hand, what must not matter, and what is missing."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmchem_tui.analysis.evaluate import Cost, Evaluation, Measures, Tokens, evaluate
from llmchem_tui.analysis.round_measures import ANSWERED
from llmchem_tui.analysis.statistics import Estimate
from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.complementarity import complementarity
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Profile
from llmchem_tui.storage.history import History, read_history
from llmchem_tui.storage.rounds import HISTORY_COLUMNS

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
NUMBERS = {
    *("latency", "temperature", "quality", "gen_accuracy", "variance", "review_accuracy"),
    *("accuracy", "confidence", "tokens_in", "tokens_out"),
}
NOTHING = Estimate(None, None, None, 0)

Row = dict[str, str | float]


def history_of(rows: Sequence[Row]) -> History:
    """Return rows as a history; what they do not name is missing."""
    return History(
        pandas.DataFrame(
            {
                name: pandas.Series([row.get(name, math.nan) for row in rows], dtype="float64")
                if name in NUMBERS
                else pandas.Series([row.get(name, "") for row in rows], dtype="str")
                for name in HISTORY_COLUMNS
            }
        )
    )


def answer(round_: str, model: str, accuracy: float, quality: float, **more: str | float) -> Row:
    """Return a row of a round such as "1 RANDOM"."""
    trial, _, strategy = round_.partition(" ")
    own: Row = {"trial": trial, "strategy": strategy, "model": model, "status": "ok"}
    return {**own, "accuracy": accuracy, "quality": quality, **more}


def failure(round_: str, model: str) -> Row:
    """Return the row of a member whose answer never came."""
    return {**answer(round_, model, math.nan, math.nan), "status": "timeout"}


def of(evaluation: Evaluation, strategy: str, size: int | None = None) -> Measures:
    """Return the measures of a strategy, over all sizes or of one."""
    among = evaluation.strategies if size is None else evaluation.sizes
    (found,) = (one for one in among if (one.strategy, one.size) == (strategy, size))
    return found


ROWS = [
    answer("1 RANDOM", "a", 1.0, 10, latency=2, variance=0.5, tokens_in=100, tokens_out=10),
    answer("1 RANDOM", "b", 0.25, 5, latency=4, variance=1.5, tokens_in=50),
    answer("2 RANDOM", "a", 0.5, 8, latency=6),
    answer("2 RANDOM", "c", 0.5, 2, latency=12),
    failure("2 RANDOM", "b"),
    answer("1 LOCAL", "c", 0.75, 6, latency=1),
    answer("3 CHEMISTRY", "a", 1.0, 10),
    answer("3 CHEMISTRY", "b", 1.0, 10),
]


def test_a_small_history_worked_by_hand() -> None:
    evaluation = evaluate(history_of(ROWS))
    assert [one.strategy for one in evaluation.strategies] == ["CHEMISTRY", "LOCAL", "RANDOM"]
    own = of(evaluation, "RANDOM")
    assert (own.size, own.rounds, own.answers, own.failures) == (None, 2, 5, 1)
    # Rounds: 1 + 0.25 of two answers and 0.5 + 0.5 of two.
    assert own.accuracy == Estimate(0.5625, 0.5, 0.625, 2)
    assert own.accuracy_variance == pytest.approx((0.4375**2 + 0.3125**2 + 2 * 0.0625**2) / 3)
    assert own.variance == 1.0
    assert own.effectiveness == Estimate(0.5, 0.0, 1.0, 2)  # a mean of 0.5 is not above 0.5
    assert (own.latency.mean, own.latency.low, own.latency.high) == (6.0, 3.0, 9.0)
    assert own.median_latency == 5.0
    assert (own.tokens_in, own.tokens_out) == (Tokens(150, 2), Tokens(10, 1))
    first = complementarity(np.array([[1.0, 1.0], [0.25, 0.5]]))
    second = complementarity(np.array([[0.5, 0.8], [0.5, 0.2]]))
    assert own.complementarity.mean == pytest.approx((first + second) / 2)


def test_sizes_are_counted_in_distinct_members_those_included_that_failed() -> None:
    again = answer("1 RANDOM", "a", 1.0, 10)
    evaluation = evaluate(history_of([*ROWS, again]))
    sizes = [(one.strategy, one.size, one.rounds) for one in evaluation.sizes]
    assert sizes == [("CHEMISTRY", 2, 1), ("LOCAL", 1, 1), ("RANDOM", 2, 1), ("RANDOM", 3, 1)]
    two = of(evaluation, "RANDOM", 2)
    assert (two.answers, two.accuracy) == (3, Estimate(0.75, None, None, 1))


def test_former_names_are_the_same_member() -> None:
    rows = [answer("1 RANDOM", "a", 1, 10), answer("1 RANDOM", "old", 0, 0)]
    assert [one.size for one in evaluate(history_of(rows)).sizes] == [2]
    assert [one.size for one in evaluate(history_of(rows), aliases={"old": "a"}).sizes] == [1]


def test_a_member_that_stands_twice_has_one_vote() -> None:
    rows = [
        *(answer("1 RANDOM", "a", 0.75, 5) for _ in range(3)),
        answer("1 RANDOM", "b", 0.0, 5),
    ]
    assert of(evaluate(history_of(rows)), "RANDOM").effectiveness.mean == 0.0


def test_vignettes_that_share_a_trial_name_are_voted_on_apart() -> None:
    rows = [
        answer("1 RANDOM", "a", 1.0, 5, vignette="x", id="Item_0"),
        answer("1 RANDOM", "b", 0.5, 5, vignette="x", id="Item_1"),
        answer("1 RANDOM", "a", 0.0, 5, vignette="y", id="Item_0"),
        answer("1 RANDOM", "b", 0.5, 5, vignette="y", id="Item_1"),
        failure("1 RANDOM", "c") | {"vignette": "z"},  # nobody answered: no item
    ]
    assert of(evaluate(history_of(rows)), "RANDOM").effectiveness.mean == 0.5


def test_published_answers_have_no_status_and_fail_where_nothing_is_known_of_them(
    tmp_path: Path,
) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text(
        "trial,model,task,quality,accuracy,result\n"
        "1,a,t,,,\n"  # the only one
        "1,b,t,,,an answer\n"
        "1,c,t,0.0,,\n"
    )
    assert of(evaluate(read_history([path], ANSWERED)), "").failures == 1


def test_an_answer_of_a_status_that_is_not_ok_has_failed() -> None:
    odd: Row = {"trial": "1", "strategy": "", "model": "d", "result": "an answer", "status": "odd"}
    assert of(evaluate(history_of([odd])), "").failures == 1


def test_the_unknown_strategy_comes_last_and_is_not_compared() -> None:
    unknown = [answer("9 ", "a", 0.1, 1), answer("8 ", "a", 0.2, 1)]
    evaluation = evaluate(history_of([*unknown, *ROWS]))
    assert [one.strategy for one in evaluation.strategies][-1] == ""
    assert evaluation.anova.groups == ("CHEMISTRY", "LOCAL", "RANDOM")
    assert evaluation.anova == evaluate(history_of(ROWS)).anova


def test_strategies_are_compared_by_the_mean_accuracies_of_their_rounds() -> None:
    rows = [
        answer(f"{trial} {strategy}", model, accuracy + shift, 5)
        for strategy, level in (("LOCAL", 1), ("REMOTE", 4))
        for trial, accuracy in enumerate((level, level + 1, level + 2))
        for model, shift in (("a", -0.5), ("b", 0.5))
    ]
    scaled = [{**row, "accuracy": float(row["accuracy"]) / 10} for row in rows]
    own = evaluate(history_of(scaled)).anova
    assert own.f == pytest.approx(13.5)
    assert own.n == 6


# --- chemistry ------------------------------------------------------------------------------------


def test_chemistry_goes_with_what_rounds_bring_and_learns_from_none_of_its_own() -> None:
    known = {"a": (0.9, 9.0), "b": (0.75, 7.0), "c": (0.6, 6.0), "d": (0.55, 1.0)}
    rows = [
        answer(f"{trial} RANDOM", model, *known[model])
        for trial, pair in enumerate(("ab", "ac", "ad", "bcd"))
        for model in pair
    ]
    # Were it to teach, CHEMISTRY would turn the order of the models round.
    taught = [answer("9 CHEMISTRY", model, 1 - known[model][0], 5) for model in "abcd"]
    evaluation = evaluate(history_of([*rows, *taught]))
    table = chemistry([Profile(name, q, a) for name, (a, q) in known.items()])
    pairs = ["ab", "ac", "ad", "bcd", "abcd"]
    scores = [np.mean([table.between(x, y) for x in pair for y in pair if x < y]) for pair in pairs]
    points = [np.array([(known[x][0], known[x][1] / 10) for x in pair]) for pair in pairs[:4]]
    points.append(np.array([(1 - known[x][0], 0.5) for x in "abcd"]))
    expected = np.corrcoef(scores, [complementarity(own) for own in points])[0, 1]
    found = evaluation.chemistry_with_complementarity
    assert found.r == pytest.approx(expected)
    assert found.n == 5
    expected = np.corrcoef(scores, [own[:, 0].mean() > 0.5 for own in points])[0, 1]
    assert evaluation.chemistry_with_effectiveness.r == pytest.approx(expected)


def test_members_without_a_profile_are_left_out_of_a_rounds_chemistry() -> None:
    rows = [answer(f"{i} RANDOM", m, 0.6 + i / 10, 2 * i) for i in (1, 2, 3) for m in "ab"]
    rows += [answer("4 RANDOM", "a", 0.9, 9), answer("4 RANDOM", "b", 0.6, 1)]
    before = evaluate(history_of(rows)).chemistry_with_complementarity
    broken = [failure("1 RANDOM", "x"), failure("5 RANDOM", "x"), failure("5 RANDOM", "a")]
    after = evaluate(history_of([*rows, *broken])).chemistry_with_complementarity
    assert before.n == after.n == 4


def test_ensembles_are_homogeneous_by_what_is_known_of_their_models() -> None:
    rows = [
        answer("1 RANDOM", "a", 0.9, 9),
        answer("1 RANDOM", "twin", 0.9, 9),
        answer("2 RANDOM", "a", 0.9, 9),
        answer("2 RANDOM", "weak", 0.1, 1),  # not used, so that only one is
        answer("3 RANDOM", "a", 0.9, 9),
        answer("3 RANDOM", "b", 0.6, 5),
        answer("4 CHEMISTRY", "new", 0.6, 5),  # of which nothing was known
        failure("5 RANDOM", "broken"),
        answer("6 RANDOM", "weak", 0.1, 1),  # none is used
    ]
    evaluation = evaluate(history_of(rows))
    alike, unlike = evaluation.homogeneous, evaluation.heterogeneous
    assert alike.accuracy == pytest.approx(0.5)
    assert alike.effectiveness == pytest.approx(1 / 3)
    assert alike.rounds == 3
    assert (unlike.rounds, unlike.accuracy, unlike.effectiveness) == (1, 0.75, 1.0)
    assert evaluation.kinds_anova.n == 4
    low = evaluate(history_of(rows), usage_threshold=0.05)
    assert (low.homogeneous.rounds, low.heterogeneous.rounds) == (2, 2)


# --- calibration ----------------------------------------------------------------------------------


def test_confidence_is_compared_with_what_the_recommendation_rests_on() -> None:
    rows = [
        # with a reference: the agreement with it, over the answers that it rests on
        answer("1 RANDOM", "a", 0.9, 9, gen_accuracy=1.0, confidence=0.75, recommended="true"),
        answer("1 RANDOM", "b", 0.9, 9, gen_accuracy=0.5, confidence=0.75, recommended="true"),
        answer("1 RANDOM", "c", 0.1, 9, gen_accuracy=0.0, confidence=0.75, recommended="false"),
        # without: the accuracy
        answer("2 RANDOM", "a", 0.5, 9, confidence=0.75, recommended="true"),
        # nothing recommended
        answer("3 RANDOM", "a", 0.5, 9, recommended="false"),
        answer("1 LOCAL", "a", 1.0, 9, confidence=0.25, recommended="true"),
    ]
    evaluation = evaluate(history_of(rows))
    own = of(evaluation, "RANDOM").calibration
    assert (own.n, own.confidence, own.accuracy) == (2, 0.75, 0.625)
    assert (own.difference, own.expected_error) == (0.125, 0.125)
    assert evaluation.calibration.n == 3
    assert evaluation.calibration.difference == pytest.approx(1.0 / 3)


# --- what must not matter -------------------------------------------------------------------------

EIGHTHS = st.integers(0, 8).map(lambda n: n / 8)
ANSWERS = st.builds(
    lambda round_, model, accuracy, more: (
        answer(round_, model, accuracy, 10 * more, latency=more, confidence=accuracy)
        | {"recommended": "true" if more > 0.5 else "false"}
    ),
    st.sampled_from(["1 RANDOM", "2 RANDOM", "3 RANDOM", "1 LOCAL", "2 CHEMISTRY", "4 "]),
    st.sampled_from("abc"),
    EIGHTHS | st.just(math.nan),
    EIGHTHS,
)


def almost(evaluation: object) -> str:
    """Return what is in an evaluation, rounded beyond what the order of a sum can change."""
    document = json.loads(
        json.dumps(evaluation, default=dataclasses.asdict), parse_float=lambda n: round(float(n), 9)
    )
    return json.dumps(document)


@settings(deadline=None, max_examples=12)
@given(st.lists(ANSWERS, min_size=1, max_size=9), st.data())
def test_the_order_of_the_rows_does_not_matter(rows: list[Row], chance: st.DataObject) -> None:
    shuffled = chance.draw(st.permutations(rows))
    assert almost(evaluate(history_of(rows))) == almost(evaluate(history_of(shuffled)))


def test_the_intervals_of_many_rounds_do_not_depend_on_their_order() -> None:
    rows = [answer(f"{i} RANDOM", "a", i * i % 61 / 64, i / 8) for i in range(40)]
    there, back = (evaluate(history_of(some)) for some in (rows, rows[::-1]))
    assert of(there, "RANDOM").accuracy.low == of(back, "RANDOM").accuracy.low
    assert of(there, "RANDOM").accuracy == evaluate(history_of(rows), seed=0).sizes[0].accuracy
    assert of(there, "RANDOM").accuracy != evaluate(history_of(rows), seed=1).sizes[0].accuracy


@settings(deadline=None, max_examples=12)
@given(st.lists(ANSWERS, min_size=1, max_size=9))
def test_a_strategys_measures_do_not_depend_on_the_others(rows: list[Row]) -> None:
    together = evaluate(history_of(rows))
    for strategy in {str(row["strategy"]) for row in rows}:
        alone = evaluate(history_of([row for row in rows if row["strategy"] == strategy]))
        assert alone.strategies == (of(together, strategy),)
        assert alone.sizes == tuple(one for one in together.sizes if one.strategy == strategy)


def test_the_cost_is_that_of_answers_with_known_tokens_and_prices() -> None:
    rows = [
        answer("1 RANDOM", "a", 0.5, 5, tokens_in=1_000_000, tokens_out=100_000),
        answer("1 RANDOM", "renamed", 0.5, 5, tokens_in=200_000, tokens_out=0),
        answer("2 RANDOM", "a", 0.5, 5, tokens_in=5_000),
        answer("2 RANDOM", "b", 0.5, 5, tokens_in=5_000, tokens_out=5_000),
        answer("3 LOCAL", "b", 0.5, 5, tokens_in=5_000, tokens_out=5_000),
    ]
    own = evaluate(
        history_of(rows), aliases={"renamed": "a"}, prices={"a": (3.0, 15.0), "c": (1.0, 1.0)}
    )
    assert of(own, "RANDOM").cost.total == pytest.approx(3.0 + 1.5 + 0.6)
    assert of(own, "RANDOM").cost.answers == 2
    assert of(own, "LOCAL").cost == Cost(None, 0)
    assert of(evaluate(history_of(rows)), "RANDOM").cost == Cost(None, 0)


# --- what is missing ------------------------------------------------------------------------------


def test_one_row_has_means_and_nothing_else() -> None:
    evaluation = evaluate(history_of([answer("1 RANDOM", "a", 0.75, 8)]))
    own = of(evaluation, "RANDOM", 1)
    assert own.accuracy == Estimate(0.75, None, None, 1)
    assert own.latency == NOTHING
    assert (own.accuracy_variance, own.variance, own.median_latency) == (None, None, None)
    assert own.tokens_in == Tokens(None, 0)
    assert own.cost == Cost(None, 0)
    assert evaluation.anova.note and evaluation.chemistry_with_effectiveness.note
    assert (evaluation.heterogeneous.rounds, evaluation.heterogeneous.accuracy) == (0, None)
    json.dumps(dataclasses.asdict(evaluation), allow_nan=False)


def test_rounds_that_all_failed_leave_everything_unknown() -> None:
    evaluation = evaluate(history_of([failure(f"{i} RANDOM", "a") for i in range(3)]))
    own = of(evaluation, "RANDOM")
    assert (own.rounds, own.answers, own.failures) == (3, 3, 3)
    assert own.accuracy == own.effectiveness == own.complementarity == own.latency == NOTHING
    assert evaluation.homogeneous.rounds == evaluation.heterogeneous.rounds == 0


def test_absurd_numbers_become_unknown_not_warnings() -> None:
    rows = [
        answer(f"{i} RANDOM", "a", 0.5, 5, latency=1.7e308, variance=1.7e308, tokens_in=1.7e308)
        for i in range(3)
    ]
    own = of(evaluate(history_of(rows)), "RANDOM")
    assert (own.latency.mean, own.variance, own.tokens_in.total) == (None, None, None)


def test_without_rows_a_sentence_says_so() -> None:
    with pytest.raises(InputError, match="no rounds to evaluate"):
        evaluate(history_of([]))


@pytest.mark.integration
def test_the_published_history_is_evaluated_within_seconds() -> None:
    path = SHARED / "data" / "published" / "runs.csv"
    if not path.is_file():
        pytest.skip("the authors' published history is not beside this checkout")
    history = read_history([path])
    began = time.perf_counter()
    evaluation = evaluate(history)
    assert time.perf_counter() - began < 5
    names = ["CHEMISTRY", "LOCAL", "PERFORMANCE", "RANDOM", "REMOTE", ""]
    assert [one.strategy for one in evaluation.strategies] == names
    assert sum(one.answers for one in evaluation.strategies) == 8170
    assert sum(one.rounds for one in evaluation.sizes) == 1400
    assert of(evaluation, "REMOTE").accuracy.mean == pytest.approx(0.616220, abs=1e-6)
    assert evaluation.anova.p is not None and evaluation.anova.p < 0.001
    assert evaluation.calibration.n == 0  # their files have no confidence
    json.dumps(dataclasses.asdict(evaluation), allow_nan=False)
