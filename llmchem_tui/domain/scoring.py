"""A round's numbers: one consensus over its grades, everybody's score, the outcome."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from llmchem_tui.domain.final_recommendation import (
    Candidate,
    FinalRecommendation,
    rank_candidates,
    recommend,
)
from llmchem_tui.domain.model import (
    Answer,
    AnswerResult,
    Outcome,
    ReviewResult,
    Status,
    Vignette,
)

_GRADE_SCALE = 10.0
"""Stored grades are in [0, 1], quality and variance on the scale 0 to 10."""

_ROUNDING = 1e-9
"""What a confidence may miss the threshold by, when it equals it but for rounding."""


@dataclass(frozen=True, slots=True)
class Score:
    """A model's numbers in a round; None where missing, all None where its answer is not ok.

    ``quality`` [0, 10] and its variance belong to the model's answer, ``variance`` [0, 100] and
    ``review_accuracy`` [0, 1] to the model as a reviewer.
    """

    quality: float | None = None
    quality_variance: float | None = None
    variance: float | None = None
    review_accuracy: float | None = None
    gen_accuracy: float | None = None
    accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class RoundScore:
    """What a round amounts to.

    Attributes:
        scores: model → numbers, for the whole ensemble in its order.
        outcome: what the round ends with if it ends now.
        recommendation: None unless the outcome is ``recommended``.
        candidates: every ok answer, the best first.
    """

    scores: dict[str, Score]
    outcome: Outcome
    recommendation: FinalRecommendation | None
    candidates: tuple[Candidate, ...]


def score_round(
    vignette: Vignette,
    ensemble: Sequence[str],
    answers: Mapping[str, AnswerResult],
    reviews: Iterable[ReviewResult],
    *,
    abstain_below: float = 0.5,
    include: Collection[str] | None = None,
) -> RoundScore:
    """Score a finished or running round.

    Only ok answers are scored. A review counts where it has a usable grade, its author's answer is
    ok, and its reviewer is the author of another ok answer or somebody outside the ensemble (such
    as "human"). Of two reviews of one answer by one reviewer the last counts. The result does not
    depend on the order of the reviews otherwise.

    Args:
        vignette: for the generation accuracy.
        ensemble: the models of the round, in order, each once.
        answers: model → how its answer ended; models may be missing while the round runs.
        reviews: as they ended so far. The caller guarantees that every grade is None or a finite
            number in [0, 1]; it is not checked again.
        abstain_below: the confidence below which nothing is recommended.
        include: the reviewers that count, with their grades and their concerns; None for all.
    """
    ok = _ok_answers(ensemble, answers)
    counted = _counted(ok, ensemble, reviews, include)
    scores = dict.fromkeys(ensemble, Score()) | _scores(vignette, ok, counted)
    candidates = rank_candidates({model: scores[model].quality for model in ok}, ok)
    if len(ok) <= 1:
        alone = tuple(Candidate(one.model, one.quality) for one in candidates)
        return RoundScore(scores, Outcome.SINGLE if ok else Outcome.FAILED, None, alone)
    best = candidates[0]
    if best.quality is None:
        return RoundScore(scores, Outcome.NO_GRADES, None, candidates)
    if best.confidence is None or best.confidence < abstain_below - _ROUNDING:
        return RoundScore(scores, Outcome.NO_CONSENSUS, None, candidates)
    recommendation = recommend(candidates, ok, counted.values(), scores[best.model].gen_accuracy)
    return RoundScore(scores, Outcome.RECOMMENDED, recommendation, candidates)


def _ok_answers(ensemble: Sequence[str], answers: Mapping[str, AnswerResult]) -> dict[str, Answer]:
    """Return the ok answers in ensemble order."""
    results = {model: answers[model] for model in ensemble if model in answers}
    return {
        model: result.answer
        for model, result in results.items()
        if result.status is Status.OK and result.answer is not None
    }


def _counted(
    ok: Mapping[str, Answer],
    ensemble: Sequence[str],
    reviews: Iterable[ReviewResult],
    include: Collection[str] | None,
) -> dict[tuple[str, str], ReviewResult]:
    """Return (reviewer, author) → review for those that count, in a fixed order."""
    counted = {
        (result.reviewer, result.author): result
        for result in reviews
        if result.status is Status.OK
        and result.author in ok
        and result.reviewer != result.author
        and (result.reviewer in ok or result.reviewer not in ensemble)
        and (include is None or result.reviewer in include)
    }
    place = {model: position for position, model in enumerate(ensemble)}
    last = len(place)
    return dict(
        sorted(
            counted.items(),
            key=lambda one: (place.get(one[0][0], last), one[0][0], place[one[0][1]]),
        )
    )


def _scores(
    vignette: Vignette,
    ok: Mapping[str, Answer],
    counted: Mapping[tuple[str, str], ReviewResult],
) -> dict[str, Score]:
    """Return the scores of the authors of ok answers."""
    from llmchem_tui.domain.consensus import accuracy
    from llmchem_tui.domain.medication import generation_accuracy

    quality, quality_variance, variance, review_accuracy = _consensus(list(ok), counted)
    scores = {}
    for model, answer in ok.items():
        generated = generation_accuracy(answer, vignette)
        reviewed = review_accuracy.get(model)
        scores[model] = Score(
            quality=quality.get(model),
            quality_variance=quality_variance.get(model),
            variance=variance.get(model),
            review_accuracy=reviewed,
            gen_accuracy=generated,
            accuracy=accuracy(generated, reviewed),
        )
    return scores


def _consensus(
    authors: list[str], counted: Mapping[tuple[str, str], ReviewResult]
) -> tuple[dict[str, float], ...]:
    """Return quality, its variance, reviewer variance and review accuracy, missing ones left out.

    The first two belong to authors, the others to reviewers.
    """
    grades = {pair: one.grade for pair, one in counted.items() if one.grade is not None}
    if not grades:
        return {}, {}, {}, {}
    import numpy as np

    from llmchem_tui.domain import consensus

    reviewers = list(dict.fromkeys(reviewer for reviewer, _ in grades))
    table = np.full((len(reviewers), len(authors)), np.nan)
    for (reviewer, author), grade in grades.items():
        table[reviewers.index(reviewer), authors.index(author)] = _GRADE_SCALE * grade
    agreed = consensus.vancouver(table)
    accuracies = consensus.review_accuracy(agreed.reviewer_variance, table)
    return (
        _present(authors, agreed.quality.tolist()),
        _present(authors, agreed.quality_variance.tolist()),
        _present(reviewers, agreed.reviewer_variance.tolist()),
        _present(reviewers, accuracies.tolist()),
    )


def _present(names: list[str], values: list[float]) -> dict[str, float]:
    return {name: value for name, value in zip(names, values, strict=True) if math.isfinite(value)}
