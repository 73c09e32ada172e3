"""From grades to qualities: the Vancouver algorithm, review accuracy, accuracy.

Sources: V = arXiv 1308.5273 (CrowdGrader, the Vancouver algorithm), P1 = arXiv 2510.03930 §2.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_GENERATION_WEIGHT = 0.75
_REVIEW_WEIGHT = 0.25
_REVIEW_WEIGHT_ALONE = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """What the reviewers agree on; NaN where the grades do not tell.

    ``quality`` and ``quality_variance`` have the shape (..., answers), ``reviewer_variance`` has
    (..., reviewers); scale and squared scale of the grades.
    """

    quality: Array
    quality_variance: Array
    reviewer_variance: Array


def vancouver(
    grades: Array,
    *,
    basic_variance: float = 1e-4,
    prior_variance: float = 1.0,
    iterations: int = 20,
) -> Consensus:
    """Weigh every reviewer by how well it agrees with the others (V, minimum variance estimate).

    Reviewers and answers exchange messages; a message to somebody is made from what all *others*
    said, so that no reviewer confirms itself.

    Args:
        grades: shape (..., reviewers, answers), NaN = no grade; leading dimensions are rounds.
        basic_variance: added to every variance, so that no weight is infinite.
        prior_variance: a reviewer's variance where there is nothing to judge it by.
        iterations: how many times the messages go both ways.
    """
    graded = ~np.isnan(grades)
    known = np.where(graded, grades, 0.0)
    reviewers, answers = grades.shape[-2:]
    # Products with these sum over all others directly: the total minus the own term loses digits.
    other_reviewers = np.ones((reviewers, reviewers)) - np.eye(reviewers)
    other_answers = np.ones((answers, answers)) - np.eye(answers)

    variance = np.full(known.shape, prior_variance)
    answer_weight = np.zeros(known.shape)
    for _ in range(iterations):
        weight = graded / (basic_variance + variance)
        precision = other_reviewers @ weight
        others_grade = _ratio(other_reviewers @ (weight * known), precision, 0.0)
        # Infinite where no other reviewer graded the answer: such a message weighs nothing.
        message_variance = _ratio(np.ones_like(precision), precision, np.inf)
        answer_weight = graded / (basic_variance + message_variance)
        squares = answer_weight * (known - others_grade) ** 2
        variance = _ratio(squares @ other_answers, answer_weight @ other_answers, prior_variance)

    weight = graded / (basic_variance + variance)
    precision = weight.sum(axis=-2)
    quality = _ratio((weight * known).sum(axis=-2), precision, np.nan)
    # A mean lies among its grades; rounding may carry it a last digit beyond, off the scale.
    lowest = np.min(grades, axis=-2, where=graded, initial=np.inf)
    quality = np.clip(quality, lowest, np.max(grades, axis=-2, where=graded, initial=-np.inf))
    residual = np.where(graded, known - quality[..., None, :], 0.0)
    return Consensus(
        quality=quality,
        quality_variance=_ratio(np.ones_like(precision), precision, np.nan),
        reviewer_variance=_ratio(
            (answer_weight * residual**2).sum(axis=-1), answer_weight.sum(axis=-1), np.nan
        ),
    )


def review_accuracy(reviewer_variance: Array, grades: Array) -> Array:
    """How much better than a random grade a reviewer is, in [0, 1]; NaN without a variance.

    r = 1 - √v / s, where s is the root mean square difference of two grades of the round drawn at
    random (√2 times their population standard deviation); 0 is no better than chance. Where all
    grades of the round are equal, every reviewer that has a variance agrees with all: 1.

    Args:
        reviewer_variance: shape (..., reviewers).
        grades: shape (..., reviewers, answers), the same scale, NaN = no grade.
    """
    graded = ~np.isnan(grades)
    count = graded.sum(axis=(-2, -1))
    known = np.where(graded, grades, 0.0)
    mean = _ratio(known.sum(axis=(-2, -1)), count, 0.0)
    deviation = np.where(graded, known - mean[..., None, None], 0.0)
    spread = np.sqrt(2.0 * _ratio((deviation**2).sum(axis=(-2, -1)), count, 0.0))
    # Equality is judged on the grades: the mean of equal numbers need not be that number.
    highest = np.max(grades, axis=(-2, -1), where=graded, initial=-np.inf)
    lowest = np.min(grades, axis=(-2, -1), where=graded, initial=np.inf)
    spread = np.where(highest > lowest, spread, 0.0)[..., None]
    error = _ratio(np.sqrt(reviewer_variance), spread, 0.0)
    return np.where(np.isnan(reviewer_variance), np.nan, np.clip(1.0 - error, 0.0, 1.0))


def accuracy(generation: float | None, review: float | None) -> float | None:
    """A model's accuracy in a round, in [0, 1], from generation and review accuracy (P1 §2.1).

    Without a reference answer (``generation`` None) the review alone counts, at 0.75; without a
    review accuracy the generation accuracy stands as it is; without both there is none.
    """
    if review is None:
        return generation
    if generation is None:
        return _REVIEW_WEIGHT_ALONE * review
    return _GENERATION_WEIGHT * generation + _REVIEW_WEIGHT * review


def _ratio(numerator: Array, denominator: Array, otherwise: float) -> Array:
    """Divide where the denominator is positive."""
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    quotient: Array = np.full(shape, otherwise)
    np.divide(numerator, denominator, out=quotient, where=denominator > 0)
    return quotient
