"""Rounds of models with known skills: what they teach, who chooses, what they are made of."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from llmchem_tui.analysis.synthetic import Experiment, synthetic_pool, synthetic_rounds
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Locality, Status
from llmchem_tui.domain.strategies import Knowledge, Strategy, choose
from llmchem_tui.providers.simulated import simulated_spec
from llmchem_tui.storage.history import History, history_of
from llmchem_tui.storage.profiles import past_ensembles, profiles
from llmchem_tui.storage.rounds import FinishedRound

CHOOSING = (
    *(Strategy.LOCAL, Strategy.REMOTE, Strategy.RANDOM),
    *(Strategy.PERFORMANCE, Strategy.CHEMISTRY),
)
VIGNETTES = 20
BY_ALL = Experiment(synthetic_pool(6), 120, 3, CHOOSING, seed=3)
AT_RANDOM = Experiment(synthetic_pool(5), 300, 3, (Strategy.RANDOM,), seed=1)


@pytest.fixture(scope="module")
def by_all() -> list[FinishedRound]:
    return list(synthetic_rounds(BY_ALL))


@pytest.fixture(scope="module")
def at_random() -> History:
    return history_of(synthetic_rounds(AT_RANDOM))


def test_estimated_accuracy_and_quality_order_the_models_by_skill(at_random: History) -> None:
    estimated = [profiles(at_random)[own.name] for own in AT_RANDOM.pool]
    skills = [own.skill for own in AT_RANDOM.pool]
    assert skills == sorted(skills) == [0.3, 0.462, 0.625, 0.787, 0.95]
    assert all(worse.accuracy < better.accuracy for worse, better in pairwise(estimated))
    assert all(worse.quality < better.quality for worse, better in pairwise(estimated))


def test_a_skill_is_the_chance_of_an_acceptable_answer(at_random: History) -> None:
    accepted = at_random.frame["gen_accuracy"].dropna() == 1
    shares = accepted.groupby(at_random.frame["model"]).mean()
    for own in AT_RANDOM.pool:
        assert shares[own.name] == pytest.approx(own.skill, abs=0.1)


def test_accuracy_is_made_as_in_any_round(at_random: History) -> None:
    rows = at_random.frame
    whole = rows[rows["review_accuracy"].notna()]
    made = 0.75 * whole["gen_accuracy"] + 0.25 * whole["review_accuracy"]
    assert whole["accuracy"].to_numpy() == pytest.approx(made.to_numpy())
    assert len(whole) > len(rows) / 2


def test_calls_fail_now_and_then_and_a_failure_has_no_numbers(at_random: History) -> None:
    failed = at_random.frame[at_random.frame["status"] == Status.ERROR]
    assert 0 < len(failed) < 0.1 * len(at_random.frame)
    assert failed[["quality", "accuracy", "latency", "tokens_out"]].isna().all(axis=None)


def test_the_same_seed_draws_the_same_rounds_and_another_one_others(
    by_all: list[FinishedRound],
) -> None:
    again = list(synthetic_rounds(replace(BY_ALL, rounds=10)))
    assert again == by_all[:10]
    other = list(synthetic_rounds(replace(BY_ALL, rounds=10, seed=4)))
    assert [own.score for own in other] != [own.score for own in again]


def test_different_experiments_share_no_trial(by_all: list[FinishedRound]) -> None:
    others = (
        replace(BY_ALL, rounds=1, seed=4),
        replace(BY_ALL, rounds=1, n=2),
        replace(BY_ALL, rounds=1, pool=synthetic_pool(7)),
        replace(BY_ALL, rounds=1, strategies=CHOOSING[:3]),
    )
    trials = {own.trial for other in others for own in synthetic_rounds(other)}
    assert len(trials) == len(others)
    assert by_all[0].trial not in trials


def test_every_strategy_meets_every_vignette(by_all: list[FinishedRound]) -> None:
    met = {(own.strategy, own.vignette) for own in by_all}
    assert len(met) == len(CHOOSING) * VIGNETTES


def test_local_takes_local_models_and_remote_remote_ones(by_all: list[FinishedRound]) -> None:
    for own in by_all:
        places = {spec.locality for spec in own.ensemble}
        if own.strategy in (Strategy.LOCAL, Strategy.REMOTE):
            assert places == {Locality(own.strategy.lower())}


def test_a_choice_knows_the_earlier_rounds_about_other_vignettes_but_those_of_chemistry(
    by_all: list[FinishedRound],
) -> None:
    specs = [simulated_spec(own) for own in BY_ALL.pool]
    compared = set()
    for number, own in list(enumerate(by_all))[60:]:
        strategy = Strategy(own.strategy)
        if strategy not in (Strategy.PERFORMANCE, Strategy.CHEMISTRY):
            continue
        taught = history_of(
            one
            for one in by_all[:number]
            if one.vignette != own.vignette and one.strategy != Strategy.CHEMISTRY
        )
        known = Knowledge(profiles(taught), past_ensembles(taught))
        expected = choose(strategy, BY_ALL.n, specs, known, seed=own.seed)
        assert [spec.name for spec in own.ensemble] == list(expected.ensemble)
        compared.add(expected.ensemble)
    assert len(compared) > 1


def test_more_models_than_there_are_cannot_be_chosen() -> None:
    with pytest.raises(InputError, match="An ensemble of 7 models cannot be made from a pool of 6"):
        list(synthetic_rounds(replace(BY_ALL, n=7, strategies=(Strategy.RANDOM,))))


@pytest.mark.parametrize("models", [2, 200])
def test_the_models_of_a_pool_have_different_names_that_tell_their_skills(models: int) -> None:
    pool = synthetic_pool(models)
    assert len({own.name for own in pool}) == models
    assert all(own.name == f"sim/skill-{own.skill:.3f}" for own in pool)
    assert (pool[0].skill, pool[-1].skill) == (0.3, 0.95)
