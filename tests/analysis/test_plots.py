"""What plots show: accuracy in the order in which rounds ended, and how long models took."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmchem_tui.analysis.evaluate import evaluate
from llmchem_tui.analysis.plots import Course, Courses, Latency, courses, latencies
from tests.analysis.test_evaluate import Row, answer, failure, history_of, of

ROUNDS = [
    answer("9 RANDOM", "a", 0.5, 5, created="2026-01-03 08:00:00"),
    answer("1 RANDOM", "a", 1.0, 9, created="2026-01-01 08:00:00"),
    answer("1 RANDOM", "b", 0.0, 2, created="2026-01-01 08:00:00"),
    answer("5 LOCAL", "b", 0.75, 7, created="2026-01-02 08:00:00"),
]


def course_of(found: Courses, strategy: str) -> Course:
    (own,) = (one for one in found.courses if one.strategy == strategy)
    return own


def test_rounds_stand_in_the_order_in_which_they_ended() -> None:
    found = courses(history_of(ROUNDS))
    assert [one.strategy for one in found.courses] == ["LOCAL", "RANDOM"]
    assert (found.rounds, found.days) == (3, ("2026-01-01", "2026-01-03"))
    assert course_of(found, "LOCAL").rounds.tolist() == [2]
    own = course_of(found, "RANDOM")
    assert own.rounds.tolist() == [1, 3]
    assert own.accuracy.tolist() == [0.5, 0.5]
    assert own.running.tolist() == [0.5, pytest.approx((1.0 + 0.0 + 0.5) / 3)]


def test_of_one_model_only_its_answers_count() -> None:
    found = courses(history_of(ROUNDS), model="a")
    assert [one.strategy for one in found.courses] == ["RANDOM"]
    assert found.courses[0].rounds.tolist() == [1, 3]
    assert found.courses[0].running.tolist() == [1.0, 0.75]
    assert found.models == ("a", "b")
    assert courses(history_of(ROUNDS), model="c").courses == ()


def test_a_former_name_is_the_same_model() -> None:
    found = courses(history_of(ROUNDS), model="a", aliases={"b": "a"})
    assert found.models == ("a",)
    assert course_of(found, "LOCAL").accuracy.tolist() == [0.75]


def test_what_cannot_be_drawn_is_counted() -> None:
    failed: Row = {**failure("7 RANDOM", "a"), "created": "2026-01-04 08:00:00"}
    undated = [answer("8 LOCAL", "a", 1.0, 9), answer("8 LOCAL", "b", 1.0, 9)]
    found = courses(history_of([*ROUNDS, failed, *undated]))
    assert (found.rounds, found.blank, found.undated) == (4, 1, 2)
    assert course_of(found, "RANDOM").rounds.tolist() == [1, 3]
    nothing = courses(history_of(undated))
    assert (nothing.courses, nothing.rounds, nothing.days) == ((), 0, ("", ""))


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["LOCAL", "RANDOM", ""]),
            st.integers(1, 6),
            st.sampled_from("abc"),
            st.floats(0, 1) | st.just(math.nan),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_the_running_mean_ends_at_the_mean_of_all_answers(
    rows: list[tuple[str, int, str, float]],
) -> None:
    history = history_of(
        [
            answer(f"{trial} {strategy}", model, accuracy, 5, created=f"2026-01-0{7 - trial}")
            for strategy, trial, model, accuracy in rows
        ]
    )
    ends = {one.strategy: one.running[-1] for one in courses(history).courses}
    known: dict[str, list[float]] = {}
    for strategy, _, _, accuracy in rows:
        if not math.isnan(accuracy):
            known.setdefault(strategy, []).append(accuracy)
    assert ends == {
        strategy: pytest.approx(sum(values) / len(values)) for strategy, values in known.items()
    }


def test_the_running_mean_ends_at_what_is_called_accuracy_elsewhere() -> None:
    history = history_of(ROUNDS)
    own = of(evaluate(history), "RANDOM").accuracy.mean
    assert course_of(courses(history), "RANDOM").running[-1] == pytest.approx(own)


def test_latencies_by_hand_the_quickest_median_first() -> None:
    slow = [answer("1 R", "slow", 1, 5, latency=seconds) for seconds in (10, 2, 4, 8, 6)]
    quick = [answer("1 R", "quick", 1, 5, latency=3), failure("2 R", "quick")]
    found = latencies(history_of([*slow, *quick, failure("3 R", "never")]))
    assert found[:2] == (
        Latency("quick", 1, 1, 3.0, 3.0, 3.0, 3.0, 3.0),
        Latency("slow", 5, 0, 2.0, 4.0, 6.0, 8.0, 10.0),
    )
    assert (found[2].model, found[2].answers, found[2].untold) == ("never", 0, 1)
    assert math.isnan(found[2].median)
    joined = latencies(history_of([*slow, *quick]), aliases={"slow": "quick"})
    assert [(one.model, one.answers) for one in joined] == [("quick", 6)]
