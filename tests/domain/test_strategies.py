"""Every strategy's choice, and what comes next while models are untried."""

from __future__ import annotations

import itertools

import pytest

from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Locality, ModelSpec, Profile
from llmchem_tui.domain.recommendation import (
    ChemistryParameters,
    RecommendationSettings,
    recommend,
)
from llmchem_tui.domain.strategies import Choice, Knowledge, Strategy, choose, next_ensemble


def spec(name: str) -> ModelSpec:
    """Capital letters are remote models."""
    locality = Locality.REMOTE if name.isupper() else Locality.LOCAL
    return ModelSpec(name, "server", name, locality)


POOL = [spec(name) for name in "abcdXYZ"]
PROFILES = {
    profile.name: profile
    for profile in (
        Profile("a", 8.0, 0.6),
        Profile("b", 7.0, 0.95),
        Profile("c", 5.0, 0.7),
        Profile("d", 4.0, 0.8),
        Profile("X", 2.0, 0.55),
    )
}
KNOWN = Knowledge(
    profiles=PROFILES,
    past=(frozenset("abc"), frozenset("cdX")),
    rounds=dict.fromkeys("abcdX", 1),
)
NOTHING = Knowledge()


def chosen(
    strategy: Strategy, n: int = 3, knowledge: Knowledge = KNOWN, names: str = "abcdXYZ"
) -> Choice:
    return choose(strategy, n, [spec(name) for name in names], knowledge, seed=7)


def test_local_and_remote_draw_from_their_own_models_only() -> None:
    local = chosen(Strategy.LOCAL)
    assert set(local.ensemble) < set("abcd")
    assert len(local.ensemble) == 3
    remote = chosen(Strategy.REMOTE, n=2)
    assert set(remote.ensemble) < set("XYZ")
    assert (remote.strategy, remote.note) == ("REMOTE", "")


def test_local_and_remote_make_do_with_fewer_and_say_so() -> None:
    choice = chosen(Strategy.REMOTE, n=5)
    assert choice.ensemble == ("X", "Y", "Z")
    assert choice.note == "The pool has only 3 remote of the 5 models asked for."
    assert chosen(Strategy.LOCAL, n=9).ensemble == ("a", "b", "c", "d")
    assert chosen(Strategy.REMOTE, n=3).note == ""


def test_without_a_model_of_the_locality_there_is_no_choice() -> None:
    with pytest.raises(InputError, match="The pool has no local model; choose another"):
        chosen(Strategy.LOCAL, names="XYZ")


def test_draws_depend_on_the_seed_and_not_on_the_order_of_the_pool() -> None:
    draws = [choose(Strategy.RANDOM, 3, POOL, KNOWN, seed=seed) for seed in range(30)]
    again = [choose(Strategy.RANDOM, 3, POOL[::-1], KNOWN, seed=seed) for seed in range(30)]
    assert draws == again
    assert len({draw.ensemble for draw in draws}) > 10
    assert {name for draw in draws for name in draw.ensemble} == set("abcdXYZ")
    assert all(list(draw.ensemble) == sorted(draw.ensemble) for draw in draws)


def test_performance_takes_the_most_accurate_then_the_better_then_the_first() -> None:
    profiles = {
        name: Profile(name, quality, accuracy)
        for name, quality, accuracy in (
            ("a", 1.0, 0.9),
            ("b", 5.0, 0.7),
            ("c", 6.0, 0.7),
            ("d", 5.0, 0.7),
        )
    }
    knowledge = Knowledge(profiles)
    assert chosen(Strategy.PERFORMANCE, 2, knowledge, "abcd").ensemble == ("a", "c")
    assert chosen(Strategy.PERFORMANCE, 3, knowledge, "dcba").ensemble == ("a", "b", "c")


def test_performance_is_filled_up_by_name_where_profiles_are_missing() -> None:
    choice = chosen(Strategy.PERFORMANCE, n=6)
    assert choice.ensemble == ("X", "Y", "a", "b", "c", "d")
    assert choice.filled == ("Y",)
    assert choice.note == "Filled up by accuracy, then by name: Y."


def test_chemistry_is_the_recommendation_of_that_size() -> None:
    choice = chosen(Strategy.CHEMISTRY)
    profiles = list(PROFILES.values())
    advice = recommend(chemistry(profiles), profiles, KNOWN.past, RecommendationSettings(size=3))
    assert choice.ensemble == advice.ensemble
    assert (choice.loss, choice.note) == (advice.loss, advice.reason)
    assert (choice.strategy, choice.filled) == ("CHEMISTRY", ())


def test_chemistry_follows_its_settings() -> None:
    def loss(settings: ChemistryParameters) -> float | None:
        return choose(Strategy.CHEMISTRY, 2, POOL, KNOWN, seed=1, settings=settings).loss

    plain = loss(ChemistryParameters())
    others = [
        loss(ChemistryParameters(alpha=0.25)),
        loss(ChemistryParameters(beta=1.0)),
        loss(ChemistryParameters(usage_threshold=0.65)),
        loss(ChemistryParameters(empty_cost=1.0)),
    ]
    assert plain is not None
    assert plain not in others
    assert None not in others


def test_chemistry_ignores_profiles_of_models_outside_the_pool() -> None:
    foreign = PROFILES | {"gone": Profile("gone", 6.0, 0.99)}
    choice = chosen(Strategy.CHEMISTRY, knowledge=Knowledge(foreign, KNOWN.past))
    assert choice == chosen(Strategy.CHEMISTRY)


def test_chemistry_is_filled_up_by_accuracy_then_by_name() -> None:
    unused = {"Y": Profile("Y", 9.0, 0.2), "Z": Profile("Z", 1.0, 0.45)}
    some = {name: PROFILES[name] for name in "ab"} | unused
    four = chosen(Strategy.CHEMISTRY, 4, Knowledge(some))
    assert (four.ensemble, four.filled) == (("Y", "Z", "a", "b"), ("Z", "Y"))
    assert four.loss is None
    five = chosen(Strategy.CHEMISTRY, 5, Knowledge(some))
    assert five.filled == ("Z", "Y", "X")
    assert five.note == "Filled up by accuracy, then by name: Z, Y, X."


def test_a_homogeneous_pool_gives_the_best_single_model_filled_up() -> None:
    alike = {name: Profile(name, 6.0, 0.7) for name in "bcd"}
    choice = chosen(Strategy.CHEMISTRY, 3, Knowledge(alike))
    assert (choice.ensemble, choice.filled) == (("b", "c", "d"), ("c", "d"))
    assert "do not differ enough" in choice.note
    assert choice.note.endswith("Filled up by accuracy, then by name: c, d.")


def test_a_pool_of_weak_models_is_filled_up_whole() -> None:
    weak = {"a": Profile("a", 4.0, 0.3), "b": Profile("b", 3.0, 0.4)}
    choice = chosen(Strategy.CHEMISTRY, 2, Knowledge(weak))
    assert (choice.ensemble, choice.filled) == (("a", "b"), ("b", "a"))
    assert "all weak" in choice.note


def test_without_any_profile_chemistry_goes_by_name() -> None:
    choice = chosen(Strategy.CHEMISTRY, 2, NOTHING)
    assert (choice.ensemble, choice.filled) == (("X", "Y"), ("X", "Y"))
    assert choice.note.startswith("No model has a profile yet.")


@pytest.mark.parametrize(
    "strategy",
    [Strategy.RANDOM, Strategy.PERFORMANCE, Strategy.CHEMISTRY, Strategy.EXPLORE],
)
def test_more_models_than_the_pool_has_are_refused(strategy: Strategy) -> None:
    with pytest.raises(InputError, match=r"An ensemble of 8 models .* a pool of 7"):
        chosen(strategy, n=8)
    assert len(chosen(strategy, n=7).ensemble) == 7


@pytest.mark.parametrize("strategy", list(Strategy))
def test_an_ensemble_of_none_is_refused(strategy: Strategy) -> None:
    with pytest.raises(InputError, match="An ensemble of 0 models does not exist"):
        chosen(strategy, n=0)


def test_manual_is_not_a_choice() -> None:
    with pytest.raises(InputError, match="MANUAL names an ensemble picked by hand"):
        chosen(Strategy.MANUAL)


def following(n: int, knowledge: Knowledge) -> Choice:
    return next_ensemble(n, POOL, knowledge, seed=7)


def test_untried_models_come_first_those_with_the_fewest_rounds_by_name() -> None:
    knowledge = Knowledge(PROFILES, rounds={"a": 3, "b": 1, "c": 2, "d": 1, "X": 5})
    choice = following(4, knowledge)
    assert choice.strategy == "EXPLORE"
    assert choice.ensemble == ("Y", "Z", "b", "d")
    assert choice.note == "Models without a profile yet: 2 of 7."
    assert (choice.loss, choice.filled) == (None, ())


def test_a_model_that_keeps_failing_does_not_hold_up_chemistry_for_ever() -> None:
    for failures, strategy in ((1, "EXPLORE"), (2, "EXPLORE"), (3, "CHEMISTRY")):
        tried = Knowledge(PROFILES, KNOWN.past, dict.fromkeys("abcdXYZ", failures))
        assert following(3, tried).strategy == strategy
    assert following(3, tried) == chosen(Strategy.CHEMISTRY, knowledge=tried)


def test_a_profile_from_elsewhere_counts_as_tried() -> None:
    everything = {name: PROFILES.get(name, Profile(name, 3.0, 0.65)) for name in "abcdXYZ"}
    assert following(3, Knowledge(everything)).strategy == "CHEMISTRY"


def test_exploring_reaches_every_model_and_then_ends() -> None:
    rounds: dict[str, int] = {}
    profiles: dict[str, Profile] = {}
    ensembles = []
    for _ in itertools.repeat(None, 5):
        choice = following(3, Knowledge(profiles, (), rounds))
        ensembles.append(choice.ensemble)
        if choice.strategy is not Strategy.EXPLORE:
            break
        for name in choice.ensemble:
            rounds[name] = rounds.get(name, 0) + 1
            profiles[name] = PROFILES.get(name, Profile(name, 3.0, 0.65))
    assert len(ensembles) == 4
    assert set(rounds) == set("abcdXYZ")


def test_the_next_ensemble_must_fit_the_pool_too() -> None:
    with pytest.raises(InputError, match="a pool of 7"):
        following(8, NOTHING)
