"""From graded answers to the one that is recommended, with its confidence (SCIENCE §3).

What reads drugs and doses is imported late: its many patterns take long, and screens and lists
need the words of this module only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmchem_tui.domain.model import Action, Answer, Medication, Outcome, ReviewResult, Status

if TYPE_CHECKING:
    from llmchem_tui.domain.medication import Difference

ABSTENTIONS = {
    Outcome.NO_CONSENSUS: "no consensus: the answers agree too little or are graded too low",
    Outcome.NO_GRADES: "no usable grade: the answers stand beside each other without one",
    Outcome.SINGLE: "a single answer: nobody could review it, so it has no confidence",
    Outcome.FAILED: "the round failed: no model gave an answer",
}
"""Why a round ends without a recommendation."""

_TIE = 9
"""Decimals in which two candidates must differ: less is rounding, not rank."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer that could be recommended; None where it was not graded.

    ``quality`` in [0, 10]; ``support``: the quality-weighted share of the graded answers that say
    the same, in [0, 1]; ``confidence`` = quality / 10 · support, an agreement-weighted grade and
    not a probability.
    """

    model: str
    quality: float | None = None
    support: float | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class IngredientSupport:
    """The quality-weighted share, in [0, 1], of the graded answers that give an ingredient.

    The shares of a round can sum to more than 1: an answer gives as many as its regimen holds.

    ``recommended``: whether the recommendation is among them.
    """

    action: Action
    ingredient: str
    share: float
    recommended: bool


@dataclass(frozen=True, slots=True)
class FinalRecommendation:
    """What a round recommends.

    Attributes:
        model: whose answer it is.
        medications: that answer's regimen, as its author wrote it.
        confidence: in [0, 1]; agreement-weighted grade, not a probability.
        quality: the answer's consensus grade, in [0, 10].
        gen_accuracy: its agreement with the reference; None without one.
        rests_on: the graded answers with the same regimen, itself included, in ensemble order.
        agreement: every ingredient that a graded answer gives; the recommendation's first.
        differences: of dose, route, frequency and duration among the answers it rests on.
        concerns: (reviewer, text) of every safety concern raised on one of those answers.
    """

    model: str
    medications: tuple[Medication, ...]
    confidence: float
    quality: float
    gen_accuracy: float | None
    rests_on: tuple[str, ...]
    agreement: tuple[IngredientSupport, ...]
    differences: tuple[Difference, ...]
    concerns: tuple[tuple[str, str], ...]


def rank_candidates(
    qualities: Mapping[str, float | None], answers: Mapping[str, Answer]
) -> tuple[Candidate, ...]:
    """Return every answer as a candidate, the best first, ungraded ones last.

    support(i) = Σ_j q_j · similarity(i, j) / Σ_j q_j over the graded answers j, i included; missing
    where all qualities are 0. Ties go to the higher quality, then to the place in the ensemble.

    Args:
        qualities: model → consensus grade in [0, 10] or None, in ensemble order.
        answers: model → answer, for at least the models of ``qualities``.
    """
    from llmchem_tui.domain.medication import similarity

    graded = {model: quality for model, quality in qualities.items() if quality is not None}
    total = sum(graded.values())
    candidates = []
    for model in qualities:
        quality = graded.get(model)
        if quality is None or total <= 0:
            candidates.append(Candidate(model, quality))
            continue
        agreeing = sum(
            weight * similarity(answers[model], answers[other]) for other, weight in graded.items()
        )
        support = agreeing / total
        candidates.append(Candidate(model, quality, support, quality / 10 * support))
    return tuple(sorted(candidates, key=_rank, reverse=True))


def recommend(
    candidates: tuple[Candidate, ...],
    answers: Mapping[str, Answer],
    reviews: Iterable[ReviewResult],
    gen_accuracy: float | None,
) -> FinalRecommendation | None:
    """Return the recommendation of the first candidate, None where it has no confidence.

    Args:
        candidates: as ``rank_candidates`` returns them.
        answers: model → answer, in ensemble order.
        reviews: those that count; only their safety concerns are used here.
        gen_accuracy: the first candidate's generation accuracy, None without a reference.
    """
    from llmchem_tui.domain.medication import differences, regimen

    best = candidates[0] if candidates else None
    if best is None or best.quality is None or best.confidence is None:
        return None
    weights = {one.model: one.quality for one in candidates if one.quality is not None}
    chosen = regimen(answers[best.model].medications)
    resting = {
        model: answer
        for model, answer in answers.items()
        if model in weights and regimen(answer.medications) == chosen
    }
    return FinalRecommendation(
        model=best.model,
        medications=answers[best.model].medications,
        confidence=best.confidence,
        quality=best.quality,
        gen_accuracy=gen_accuracy,
        rests_on=tuple(resting),
        agreement=_agreement(best.model, weights, answers),
        differences=differences(resting),
        concerns=concerns(reviews, resting),
    )


def _rank(candidate: Candidate) -> tuple[float, float]:
    """Order by confidence, then quality; missing values lowest."""
    missing = -1.0
    confidence = missing if candidate.confidence is None else candidate.confidence
    quality = missing if candidate.quality is None else candidate.quality
    return round(confidence, _TIE), round(quality, _TIE)


def _agreement(
    model: str, weights: Mapping[str, float], answers: Mapping[str, Answer]
) -> tuple[IngredientSupport, ...]:
    from llmchem_tui.domain.medication import regimen

    regimens = {name: regimen(answers[name].medications) for name in weights}
    total = sum(weights.values())
    shares = [
        IngredientSupport(
            action=action,
            ingredient=ingredient,
            share=sum(
                weight for name, weight in weights.items() if (action, ingredient) in regimens[name]
            )
            / total,
            recommended=(action, ingredient) in regimens[model],
        )
        for action, ingredient in frozenset().union(*regimens.values())
    ]
    return tuple(
        sorted(
            shares, key=lambda one: (not one.recommended, -one.share, one.ingredient, one.action)
        )
    )


def concerns(
    reviews: Iterable[ReviewResult], authors: Collection[str]
) -> tuple[tuple[str, str], ...]:
    """Return the safety concerns about these authors' answers, as (reviewer, text), each once."""
    return tuple(
        dict.fromkeys(
            (result.reviewer, result.review.safety_concern.strip())
            for result in reviews
            if result.author in authors and result.status is Status.OK and result.review
            if result.review.safety_concern and result.review.safety_concern.strip()
        )
    )
