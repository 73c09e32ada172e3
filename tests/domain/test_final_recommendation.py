"""Support, confidence, and what is shown with a recommendation."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.domain.final_recommendation import (
    Candidate,
    FinalRecommendation,
    rank_candidates,
    recommend,
)
from llmchem_tui.domain.model import Action, Answer, Medication, Review, ReviewResult, Status


def answer(*names: str, dose: str = "") -> Answer:
    return Answer("", tuple(Medication(Action.START, name, dose) for name in names))


def review(
    reviewer: str, author: str, concern: str | None, status: Status = Status.OK
) -> ReviewResult:
    return ReviewResult(reviewer, author, status, Review("", 0.5, concern))


def recommended(
    qualities: dict[str, float | None],
    answers: dict[str, Answer],
    *reviews: ReviewResult,
) -> FinalRecommendation:
    found = recommend(rank_candidates(qualities, answers), answers, reviews, 1.0)
    assert found is not None
    return found


THREE = {"a": answer("amoxicillin"), "b": answer("doxycycline"), "c": answer("Amoxil")}


def test_support_is_the_quality_weighted_similarity_and_confidence_its_product() -> None:
    best, *rest = rank_candidates({"a": 8, "b": 9, "c": 3}, THREE)
    assert (best.model, best.quality) == ("a", 8)
    assert best.support == pytest.approx(11 / 20)
    assert best.confidence == pytest.approx(0.8 * 11 / 20)
    assert [one.model for one in rest] == ["b", "c"]
    assert rest[0].support == pytest.approx(9 / 20)


def test_ties_go_to_the_place_in_the_ensemble() -> None:
    models = [one.model for one in rank_candidates({"c": 7, "b": 7, "a": 7}, THREE)]
    assert models == ["c", "a", "b"]
    rounded = rank_candidates({"c": 3.0, "a": 3.0000000000000004}, THREE)
    assert [one.model for one in rounded] == ["c", "a"]


def test_ties_of_confidence_go_to_the_higher_quality() -> None:
    answers = {"a": answer("aspirin"), "b": answer("heparin"), "c": answer("aspirin")}
    # of 15: a has 4 · (4 + 5) and b has 6 · 6, both 36; c has 5 · 9
    ranked = rank_candidates({"a": 4, "b": 6, "c": 5}, answers)
    assert ranked[1].confidence == pytest.approx(ranked[2].confidence)
    assert [one.model for one in ranked] == ["c", "b", "a"]


def test_an_ungraded_answer_is_a_candidate_without_numbers_and_supports_nobody() -> None:
    ranked = rank_candidates({"c": None, "a": 8, "b": 8}, THREE)
    assert ranked[-1] == Candidate("c")
    assert ranked[0].support == pytest.approx(0.5)


def test_where_all_qualities_are_zero_there_is_no_support_and_no_recommendation() -> None:
    ranked = rank_candidates({"a": 0, "b": 0}, THREE)
    assert [(one.quality, one.confidence) for one in ranked] == [(0, None), (0, None)]
    assert recommend(ranked, THREE, [], None) is None
    assert recommend((), {}, [], None) is None


qualities = st.lists(st.floats(0, 10), min_size=1, max_size=5)


@given(qualities, st.lists(st.sampled_from(["aspirin", "heparin"]), min_size=5, max_size=5))
def test_confidence_is_between_zero_and_the_quality(values: list[float], names: list[str]) -> None:
    answers = {str(place): answer(name) for place, name in enumerate(names)}
    ranked = rank_candidates({str(place): q for place, q in enumerate(values)}, answers)
    for one in ranked:
        if one.confidence is not None and one.quality is not None:
            assert 0 <= one.confidence <= one.quality / 10 * (1 + 1e-12)
    graded = [one.confidence for one in ranked if one.confidence is not None]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(graded))


def test_agreement_says_how_much_support_every_ingredient_has_the_recommended_first() -> None:
    answers = {
        "a": answer("aspirin", "heparin"),
        "b": answer("aspirin", "ticagrelor"),
        "c": answer("aspirin", "ticagrelor"),
    }
    found = recommended({"a": 9, "b": 5, "c": 5}, answers)
    assert found.model == "a"
    shares = [(one.action, one.ingredient, one.recommended) for one in found.agreement]
    assert shares == [
        (Action.START, "aspirin", True),
        (Action.START, "heparin", True),
        (Action.START, "ticagrelor", False),
    ]
    assert [one.share for one in found.agreement] == pytest.approx([1, 9 / 19, 10 / 19])


def test_it_rests_on_the_graded_answers_with_the_same_regimen() -> None:
    found = recommended({"a": 8, "b": 3, "c": 7}, THREE)
    assert found.rests_on == ("a", "c")
    assert recommended({"a": 8, "b": 3, "c": None}, THREE).rests_on == ("a",)


def test_a_recommendation_carries_its_answer_and_its_numbers() -> None:
    found = recommended({"a": 8, "c": 8}, THREE)
    assert found.medications == THREE["a"].medications
    assert found.confidence == pytest.approx(0.8)
    assert (found.quality, found.gen_accuracy) == (8, 1)


def test_differences_of_dose_are_shown_among_the_answers_it_rests_on_only() -> None:
    answers = {
        "a": answer("amoxicillin", dose="1 g"),
        "b": answer("amoxicillin", dose="500 mg"),
        "c": answer("amoxicillin", "aspirin", dose="250 mg"),
    }
    (difference,) = recommended({"a": 9, "b": 8, "c": 1}, answers).differences
    assert difference.values == {"a": "1 g", "b": "500 mg"}


def test_every_concern_about_an_answer_it_rests_on_is_shown_once() -> None:
    found = recommended(
        {"a": 8, "b": 2, "c": 7},
        THREE,
        review("b", "a", " rash "),
        review("c", "a", None),
        review("b", "c", "rash"),
        review("a", "c", "renal function"),
        review("a", "b", "photosensitivity"),
        review("c", "a", "cut off", Status.TRUNCATED),
        review("c", "a", "  "),
    )
    assert found.concerns == (("b", "rash"), ("a", "renal function"))
