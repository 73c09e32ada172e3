"""What a history teaches: profiles, past ensembles, rounds per model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import pytest

from llmchem_tui.domain.model import Profile
from llmchem_tui.storage.history import History, read_history, read_sessions
from llmchem_tui.storage.profiles import (
    past_ensembles,
    profiles,
    rounds_by_model,
    rounds_together,
)

HEADER = "trial,model,task,quality,gen_accuracy,accuracy,strategy,created\n"


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Return a history of four models; see the rows."""
    rows = [
        "1,a,t,8,1,0.8,RANDOM,2026-01-02",
        "1,a,t,6,1,0.6,RANDOM,2026-01-02",  # twice in one round: its mean is 7, 0.7
        "1,b,t,4,1,0.5,RANDOM,2026-01-02",
        "1,a,t,9,0,0.9,LOCAL,2026-01-01",  # another round of the same trial name
        "2,a,t,1,,0.1,RANDOM,2026-01-03",  # without a reference, so it does not count for a
        "2,c,t,5,,0.4,RANDOM,2026-01-03",
        "3,c,t,7,,,RANDOM,2026-01-04",  # no accuracy: counts for c's quality alone
        "3,d,t,7,,,RANDOM,2026-01-04",  # never any accuracy: no profile
        "4,b,t,,,,RANDOM,2026-01-05",  # failed
    ]
    path = tmp_path / "h.csv"
    path.write_text(HEADER + "\n".join(rows))
    return read_history([path])


def test_a_profile_is_the_mean_of_the_means_of_the_rounds(history: History) -> None:
    found = profiles(history)
    assert list(found) == ["a", "b", "c"]
    assert found["a"] == Profile("a", 8.0, (0.7 + 0.9) / 2, rounds=3, referenced=2)
    assert found["b"] == Profile("b", 4.0, 0.5, rounds=1, referenced=1)


def test_without_any_reference_the_other_rounds_count_and_missing_values_are_skipped(
    history: History,
) -> None:
    assert profiles(history)["c"] == Profile("c", 6.0, 0.4, rounds=2, referenced=0)


@pytest.mark.parametrize(
    ("mode", "quality", "accuracy"), [("latest", 6.0, 0.6), ("best", 9.0, 0.9)]
)
def test_latest_and_best_take_one_answer_of_the_rounds_that_count(
    history: History, mode: Literal["latest", "best"], quality: float, accuracy: float
) -> None:
    found = profiles(history, mode=mode)
    assert list(found) == ["a", "b", "c"]
    assert found["a"] == Profile("a", quality, accuracy, rounds=3, referenced=2)
    assert found["c"] == Profile("c", 5.0, 0.4, rounds=2, referenced=0)


def test_of_equally_good_answers_the_first_is_the_best_and_the_last_the_latest(
    tmp_path: Path,
) -> None:
    path = tmp_path / "h.csv"
    rows = [f"{trial},a,t,{quality},1,0.5,RANDOM,day" for trial, quality in enumerate(range(9))]
    path.write_text(HEADER + "\n".join(rows))
    history = read_history([path])
    assert profiles(history, mode="best")["a"].quality == 0.0
    assert profiles(history, mode="latest")["a"].quality == 8.0


def test_aliases_join_the_rounds_of_a_renamed_model(history: History) -> None:
    aliases = {"b": "a"}
    found = profiles(history, aliases=aliases)
    assert list(found) == ["a", "c"]
    assert found["a"].quality == pytest.approx((6.0 + 9.0) / 2)
    assert rounds_by_model(history, aliases=aliases) == {"a": 4, "c": 2, "d": 1}
    assert past_ensembles(history, aliases=aliases)[0] == {"a"}


def test_past_ensembles_are_distinct_and_hold_members_that_failed(history: History) -> None:
    assert past_ensembles(history) == tuple(
        map(frozenset, ({"a"}, {"a", "b"}, {"a", "c"}, {"b"}, {"c", "d"}))
    )


def test_rounds_are_counted_once_for_each_model_failures_included(history: History) -> None:
    assert rounds_by_model(history) == {"a": 3, "b": 2, "c": 2, "d": 1}


def test_two_models_met_in_each_round_that_both_took_part_in(history: History) -> None:
    together = {frozenset(pair): 1 for pair in ("ab", "ac", "cd")}
    assert rounds_together(history) == together
    assert frozenset("bc") not in together  # in no round, so it lacks
    aliases = {"c": "b"}
    assert rounds_together(history, aliases=aliases) == {
        frozenset("ab"): 2,
        frozenset("bd"): 1,
    }


def test_a_model_that_stands_twice_or_failed_in_a_round_still_met_the_others_once(
    tmp_path: Path,
) -> None:
    path = tmp_path / "h.csv"
    rows = ["1,a,t,8,1,0.8,,d", "1,a,t,6,1,0.6,,d", "1,b,t,,,,,d", "1,c,t,5,1,0.5,RANDOM,d"]
    path.write_text(HEADER + "\n".join(rows))
    assert rounds_together(read_history([path])) == {frozenset("ab"): 1}  # c: another strategy


def test_a_history_without_rows_teaches_nothing(tmp_path: Path) -> None:
    nothing = read_sessions(tmp_path)
    for mode in ("mean", "latest", "best"):
        assert profiles(nothing, mode=mode) == {}
    assert past_ensembles(nothing) == ()
    assert rounds_by_model(nothing) == {}
    assert rounds_together(nothing) == {}


def test_profiles_hold_plain_numbers(history: History) -> None:
    for profile in profiles(history).values():
        assert type(profile.quality) is float
        assert type(profile.rounds) is int
        assert not math.isnan(profile.accuracy)
