"""A round's scores and outcome, finished and while it runs."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest

from llmchem_tui.domain.model import (
    Action,
    Answer,
    AnswerResult,
    Medication,
    Outcome,
    Review,
    ReviewResult,
    Status,
    Unacceptable,
    Vignette,
)
from llmchem_tui.domain.scoring import RoundScore, Score, score_round

GOOD = Answer("", (Medication(Action.START, "amoxicillin"),))
OTHER = Answer("", (Medication(Action.START, "doxycycline"),))
BAD = Answer("", (Medication(Action.START, "clarithromycin"),))
ENSEMBLE = ("a", "b", "c")
NOTE = Vignette("note", "Note", "text")
REFERENCED = Vignette(
    "v", "V", "text", acceptable=(GOOD,), unacceptable=(Unacceptable("clarithromycin", "QT"),)
)


def answered(*answers: Answer | Status) -> dict[str, AnswerResult]:
    return {
        model: AnswerResult(model, one)
        if isinstance(one, Status)
        else AnswerResult(model, Status.OK, one)
        for model, one in zip(ENSEMBLE, answers, strict=False)
    }


def graded(**grades: float | None) -> list[ReviewResult]:
    """Return reviews from names such as ``ab``: reviewer a grades b."""
    return [
        ReviewResult(pair[0], pair[1], Status.OK, Review("", grade))
        for pair, grade in grades.items()
    ]


FULL = graded(ab=0.8, ac=0.4, ba=0.9, bc=0.5, ca=0.7, cb=0.7)


def scored(
    answers: dict[str, AnswerResult], reviews: list[ReviewResult], vignette: Vignette = NOTE
) -> RoundScore:
    return score_round(vignette, ENSEMBLE, answers, reviews)


def test_a_round_with_agreement_is_recommended() -> None:
    score = scored(answered(GOOD, GOOD, OTHER), FULL, REFERENCED)
    assert score.outcome is Outcome.RECOMMENDED
    assert score.recommendation is not None
    assert score.recommendation.model == score.candidates[0].model == "a"
    assert score.recommendation.rests_on == ("a", "b")
    assert score.recommendation.gen_accuracy == 1
    assert list(score.scores) == list(ENSEMBLE)


def test_qualities_are_ten_times_the_grades_and_everything_is_in_its_range() -> None:
    score = scored(answered(GOOD, GOOD, OTHER), FULL, REFERENCED)
    for name, low, high in (("a", 7, 9), ("b", 7, 8), ("c", 4, 5)):
        one = score.scores[name]
        assert one.quality is not None
        assert low <= one.quality <= high
        assert one.variance is not None
        assert 0 <= one.variance <= 100
        assert one.review_accuracy is not None
        assert 0 <= one.review_accuracy <= 1
        assert one.quality_variance is not None


def test_accuracy_joins_the_reference_and_the_reviews() -> None:
    score = scored(answered(GOOD, OTHER, BAD), FULL, REFERENCED)
    a, b, c = (score.scores[name] for name in ENSEMBLE)
    assert (a.gen_accuracy, b.gen_accuracy, c.gen_accuracy) == (1, 0, 0)
    assert a.review_accuracy is not None
    assert a.accuracy == pytest.approx(0.75 + 0.25 * a.review_accuracy)
    without = scored(answered(GOOD, OTHER, BAD), FULL).scores["a"]
    assert without.gen_accuracy is None
    assert without.review_accuracy == a.review_accuracy
    assert without.accuracy == pytest.approx(0.75 * a.review_accuracy)


def test_two_models_that_grade_each_other_have_a_quality_and_no_reviewer_variance() -> None:
    score = score_round(NOTE, ("a", "b"), answered(GOOD, GOOD), graded(ab=0.8, ba=0.6))
    assert score.scores["a"].quality == pytest.approx(6)
    assert score.scores["b"].quality == pytest.approx(8)
    assert score.scores["a"].variance is None
    assert score.scores["a"].accuracy is None
    assert score.outcome is Outcome.RECOMMENDED


def test_disagreement_is_no_consensus_and_shows_the_candidates() -> None:
    score = scored(answered(GOOD, OTHER, BAD), FULL)
    assert score.outcome is Outcome.NO_CONSENSUS
    assert score.recommendation is None
    assert [one.model for one in score.candidates] == ["a", "b", "c"]
    assert score.candidates[0].confidence is not None


def test_a_confidence_equal_to_the_threshold_is_enough() -> None:
    answers, reviews = answered(GOOD, GOOD), graded(ab=0.6, ba=0.6)
    at = score_round(NOTE, ("a", "b"), answers, reviews, abstain_below=0.6)
    above = score_round(NOTE, ("a", "b"), answers, reviews, abstain_below=0.61)
    assert (at.outcome, above.outcome) == (Outcome.RECOMMENDED, Outcome.NO_CONSENSUS)


def test_grades_of_zero_are_no_consensus_even_without_a_threshold() -> None:
    reviews = graded(ab=0.0, ac=0.0, ba=0.0, bc=0.0, ca=0.0, cb=0.0)
    score = score_round(NOTE, ENSEMBLE, answered(GOOD, GOOD, GOOD), reviews, abstain_below=0)
    assert score.outcome is Outcome.NO_CONSENSUS
    assert score.candidates[0].quality == 0


@pytest.mark.parametrize(
    "reviews",
    [
        [],
        graded(ab=None, ba=None),
        [ReviewResult("a", "b", Status.UNPARSED), ReviewResult("b", "a", Status.TIMEOUT)],
    ],
)
def test_without_a_usable_grade_there_are_no_grades_and_no_numbers(
    reviews: list[ReviewResult],
) -> None:
    score = scored(answered(GOOD, OTHER, BAD), reviews, REFERENCED)
    assert score.outcome is Outcome.NO_GRADES
    assert [one.model for one in score.candidates] == ["a", "b", "c"]
    assert {one.confidence for one in score.candidates} == {None}
    assert score.scores["a"] == Score(gen_accuracy=1, accuracy=1)


def test_one_answer_is_shown_without_confidence() -> None:
    score = scored(answered(GOOD, Status.TIMEOUT, Status.REFUSED), [], REFERENCED)
    assert score.outcome is Outcome.SINGLE
    assert [(one.model, one.confidence) for one in score.candidates] == [("a", None)]
    alone = score_round(NOTE, ("a",), answered(GOOD), [])
    assert (alone.outcome, alone.recommendation) == (Outcome.SINGLE, None)
    human = score_round(NOTE, ("a",), answered(GOOD), [_human("a", 0.9)])
    assert human.outcome is Outcome.SINGLE
    assert human.candidates[0].quality == pytest.approx(9)
    assert human.candidates[0].confidence is None


def test_no_answer_is_a_failure() -> None:
    score = scored(answered(Status.ERROR, Status.EMPTY, Status.CANCELLED), [])
    assert (score.outcome, score.candidates) == (Outcome.FAILED, ())
    assert score.scores == dict.fromkeys(ENSEMBLE, Score())


def test_a_model_whose_answer_is_not_ok_has_no_numbers_and_its_reviews_do_not_count() -> None:
    answers = answered(GOOD, GOOD, Status.TRUNCATED)
    score = scored(answers, FULL, REFERENCED)
    assert score.scores["c"] == Score()
    assert score.scores == scored(answers, graded(ab=0.8, ba=0.9), REFERENCED).scores


def test_an_author_whose_reviews_fail_keeps_its_quality() -> None:
    reviews = [*graded(ba=0.9, ca=0.7, bc=0.5), ReviewResult("a", "b", Status.ERROR)]
    one = scored(answered(GOOD, GOOD, GOOD), reviews).scores["a"]
    assert one.quality is not None
    assert (one.variance, one.review_accuracy, one.accuracy) == (None, None, None)


def test_a_review_of_oneself_does_not_count() -> None:
    answers = answered(GOOD, GOOD, OTHER)
    assert scored(answers, [*FULL, *graded(aa=1.0)]) == scored(answers, FULL)


def test_the_last_of_two_reviews_of_one_answer_counts() -> None:
    answers = answered(GOOD, GOOD, OTHER)
    assert scored(answers, [*graded(ab=0.1), *FULL]) == scored(answers, FULL)


def test_the_order_in_which_reviews_arrive_does_not_matter() -> None:
    answers = answered(GOOD, GOOD, OTHER)
    reviews = [
        replace(one, review=Review("", one.grade, f"{one.reviewer} is concerned")) for one in FULL
    ]
    for seed in range(10):
        shuffled = random.Random(seed).sample(reviews, len(reviews))
        assert scored(answers, shuffled) == scored(answers, reviews)


def test_a_running_round_can_be_scored_after_every_answer_and_review() -> None:
    everything = answered(GOOD, GOOD, OTHER)
    for count in range(4):
        answers = dict(itertools.islice(everything.items(), count))
        assert list(scored(answers, []).scores) == list(ENSEMBLE)
    graded_by_one = scored(everything, FULL[:1])
    assert graded_by_one.scores["b"].quality == pytest.approx(8)
    assert graded_by_one.candidates[0].model == "b"
    for count in range(1, len(FULL) + 1):
        assert scored(everything, FULL[:count]).candidates[0].confidence is not None


def test_a_switched_off_reviewer_has_no_say_and_its_concerns_go_with_it() -> None:
    answers = answered(GOOD, GOOD, OTHER)
    worried = ReviewResult("c", "a", Status.OK, Review("", 0.7, "QT"))
    reviews = [*FULL, worried]
    off = score_round(NOTE, ENSEMBLE, answers, reviews, include={"a", "b"})
    assert off.scores == scored(answers, FULL[:4]).scores
    assert off.scores["c"].variance is None
    assert off.scores["c"].quality is not None
    everybody = scored(answers, reviews).recommendation
    assert everybody is not None
    assert everybody.concerns == (("c", "QT"),)
    assert off.recommendation is not None
    assert off.recommendation.concerns == ()
    assert score_round(NOTE, ENSEMBLE, answers, reviews, include=()).outcome is Outcome.NO_GRADES


def test_a_reviewer_from_outside_counts_and_is_no_model_of_the_round() -> None:
    answers = answered(GOOD, GOOD, OTHER)
    reviews = [*FULL, _human("a", 0.1), _human("b", 0.95), _human("c", 0.1)]
    score = scored(answers, reviews)
    assert list(score.scores) == list(ENSEMBLE)
    assert score.scores["a"].quality != scored(answers, FULL).scores["a"].quality
    only = score_round(NOTE, ENSEMBLE, answers, reviews, include={"human"})
    assert only.scores["b"].quality == pytest.approx(9.5)


def _human(author: str, grade: float) -> ReviewResult:
    return ReviewResult("human", author, Status.OK, Review("", grade))
