"""Recommendations under many settings: what each is, what it brought, what must not matter."""

from __future__ import annotations

import pytest

from llmchem_tui.analysis.evaluate import evaluate
from llmchem_tui.analysis.sweep import MOST_SETTINGS, Recommended, Setting, Sweep, sweep
from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.complementarity import complementarity, profile_points
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.recommendation import RecommendationSettings, recommend
from llmchem_tui.storage.history import History
from llmchem_tui.storage.profiles import past_ensembles, profiles
from tests.analysis.test_evaluate import Row, answer, failure, history_of

IN_FORCE = Setting(alpha=0.5, beta=0.5, usage_threshold=0.5)
SKILLS = {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6, "e": 0.45}
ENSEMBLES = ("abc", "ade", "bcd", "cde", "abe")


def rows(strategy: str = "RANDOM") -> list[Row]:
    """Rounds in which every model has its own accuracy and a quality that goes with it."""
    return [
        answer(f"{number} {strategy}", model, SKILLS[model], 10 * SKILLS[model] - 0.1 * number)
        for number, members in enumerate(ENSEMBLES)
        for model in members
    ]


HISTORY = history_of(rows())


def swept(history: History = HISTORY, **values: tuple[float, ...]) -> Sweep:
    return sweep(history, IN_FORCE, values)


def only(found: Sweep) -> Recommended:
    (own,) = found.settings
    return own


def test_every_combination_recommends_what_algorithm_2_does() -> None:
    found = swept(alpha=(0.0, 1.0), n=(2, 3), iters=(0, 10), usage_threshold=(0.4, 0.65))
    assert found.varied == ("alpha", "n", "iters", "usage_threshold")
    assert len(found.settings) == len({own.setting for own in found.settings}) == 16
    known = profiles(HISTORY)
    for own in (found.in_force, *found.settings):
        asked = own.setting
        table = chemistry(list(known.values()), usage_threshold=asked.usage_threshold)
        wanted = RecommendationSettings(asked.alpha, asked.beta, size=asked.n, iters=asked.iters)
        expected = recommend(table, list(known.values()), past_ensembles(HISTORY), wanted)
        assert (own.ensemble, own.loss) == (expected.ensemble, expected.loss)
        assert expected.optimum is not None
        assert expected.loss is not None
        assert own.gap == pytest.approx(expected.loss - expected.optimum.loss, abs=1e-12)


def test_a_gap_is_what_too_few_steps_leave() -> None:
    found = swept(iters=(0, 10))
    gaps = [own.gap for own in found.settings]
    assert gaps[0] is not None
    assert gaps[0] > 0
    assert gaps[1] == 0


def test_changes_count_the_steps_from_the_ensemble_in_force() -> None:
    found = swept(n=(1, 2, 3, 4, 5))
    base = set(found.in_force.ensemble)
    assert found.in_force.changes == 0
    for own in found.settings:
        inside, outside = set(own.ensemble) - base, base - set(own.ensemble)
        swaps = min(len(inside), len(outside))
        assert own.changes == swaps + (len(inside) - swaps) + (len(outside) - swaps)


def test_what_an_ensemble_brought_worked_by_hand() -> None:
    history = history_of(
        [
            answer("1 RANDOM", "a", 1.0, 9, vignette="v"),
            answer("1 RANDOM", "b", 0.2, 6, vignette="v"),
            answer("2 RANDOM", "a", 0.6, 9, vignette="v"),
            answer("2 RANDOM", "c", 0.9, 3, vignette="w"),
            answer("3 RANDOM", "b", 0.1, 6),
            failure("3 RANDOM", "c"),
            answer("4 RANDOM", "c", 0.9, 3, vignette="w"),
        ]
    )
    brought = only(sweep(history, Setting(0.5, 0.0, 0.0), {"n": (3,)})).brought
    # v: a has the mean 0.8 of two rounds and b 0.2; w: c alone; round 3: b alone.
    assert brought.items == 3
    assert brought.accuracy == pytest.approx((0.5 + 0.9 + 0.1) / 3)
    assert brought.effectiveness == pytest.approx(1 / 3)  # a mean of exactly 0.5 is not right
    assert brought.voters == pytest.approx(4 / 3)
    points = profile_points(profiles(history).values())
    assert brought.complementarity == pytest.approx(complementarity(points))


def test_rounds_of_chemistry_judge_but_do_not_teach() -> None:
    misleading = [answer("9 CHEMISTRY", model, 1 - SKILLS[model], 1.0) for model in SKILLS]
    found = swept(history_of([*rows(), *misleading]), n=(2, 3))
    plain = swept(n=(2, 3))
    assert [own.ensemble for own in found.settings] == [own.ensemble for own in plain.settings]
    assert [own.loss for own in found.settings] == [own.loss for own in plain.settings]
    assert found.items == plain.items + 1
    assert found.settings[0].brought != plain.settings[0].brought


@pytest.mark.parametrize("thresholds", [(), (0.3, 0.65, 1.0)])
def test_the_correlations_of_a_threshold_are_those_of_evaluate(
    thresholds: tuple[float, ...],
) -> None:
    found = swept(usage_threshold=thresholds) if thresholds else swept(n=(2,))
    assert [one.usage_threshold for one in found.thresholds] == list(thresholds or (0.5,))
    for own in found.thresholds:
        whole = evaluate(HISTORY, usage_threshold=own.usage_threshold)
        assert own.chemistry_with_complementarity == whole.chemistry_with_complementarity
        assert own.chemistry_with_effectiveness == whole.chemistry_with_effectiveness
        assert own.used == sum(skill >= own.usage_threshold for skill in SKILLS.values())


def test_models_under_former_names_are_one() -> None:
    renamed = [{**row, "model": "old"} if row["model"] == "a" else row for row in rows()]
    aliases = {"old": "a"}
    found = sweep(history_of(renamed), IN_FORCE, {"n": (2, 3)}, aliases=aliases)
    assert found.settings == swept(n=(2, 3)).settings


def test_above_sixteen_models_no_gap_is_known() -> None:
    many = [answer("1 RANDOM", f"m{i:02}", 0.5 + i / 40, 9 - i / 3) for i in range(17)]
    own = only(swept(history_of(many), n=(3,)))
    assert (own.gap, own.loss is not None) == (None, True)


def test_where_no_model_is_used_the_best_is_taken_and_there_is_no_loss() -> None:
    own = only(swept(usage_threshold=(1.0,)))
    assert (own.ensemble, own.loss, own.gap) == (("a",), None, None)
    assert own.reason.startswith("The models do not differ enough")


def test_without_anything_taught_nothing_is_recommended() -> None:
    found = swept(history_of(rows("CHEMISTRY")), alpha=(0.0,))
    own = only(found)
    assert (own.ensemble, found.models, found.items) == ((), 0, 0)
    assert (own.brought.accuracy, own.brought.voters, own.brought.complementarity) == (None,) * 3


def test_what_cannot_be_swept_is_refused_with_a_sentence() -> None:
    many = tuple(i / MOST_SETTINGS for i in range(MOST_SETTINGS + 1))
    with pytest.raises(InputError, match="has 1,001 combinations, and at most 1,000 are tried"):
        swept(alpha=many)
    with pytest.raises(InputError, match="An ensemble of 6 cannot be made from the 5 models"):
        swept(n=(2, 6))
    with pytest.raises(InputError, match="There are no rounds to sweep over"):
        swept(history_of([]), alpha=(0.5,))
