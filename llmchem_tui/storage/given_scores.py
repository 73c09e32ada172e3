"""The numbers and the outcome of a round as its rows in a history tell them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from llmchem_tui.domain.final_recommendation import (
    ABSTENTIONS,
    Candidate,
    rank_candidates,
    recommend,
)
from llmchem_tui.domain.model import Answer, AnswerResult, Outcome, ReviewResult, Status
from llmchem_tui.domain.scoring import RoundScore, Score
from llmchem_tui.session.protocol import medication_text

if TYPE_CHECKING:
    from llmchem_tui.storage.history import History

_TRUE = "true"


class Row(NamedTuple):
    """What a row of a history tells of one member; None and blank where it does not."""

    trial: str
    strategy: str
    model: str
    task: str
    vignette: str
    status: str
    result: str
    medications: str
    recommended: str
    elapsed: str
    created: str
    seed: str
    latency: float | None
    temperature: float | None
    quality: float | None
    gen_accuracy: float | None
    variance: float | None
    review_accuracy: float | None
    accuracy: float | None
    confidence: float | None
    tokens_in: float | None
    tokens_out: float | None


def rows_of(history: History) -> Iterator[Row]:
    """The rows in file order."""
    columns = (history.frame[name].tolist() for name in Row._fields)
    for cells in zip(*columns, strict=True):
        yield Row._make(map(_known, cells))


def _known(cell: Any) -> Any:
    return None if isinstance(cell, float) and math.isnan(cell) else cell


def given_score(
    rows: Mapping[str, Row],
    answers: Mapping[str, AnswerResult],
    reviews: Sequence[ReviewResult] = (),
) -> RoundScore:
    """The numbers as the rows have them, by member, and what follows from them and the regimens.

    The recommendation is there where the rows say that there was one and the regimens are known.
    Rows that say nothing of it, as the published ones, have no outcome: that of the score then
    counts for nothing (see ``says_outcome``).
    """
    scores = {name: _score(row) for name, row in rows.items()}
    regimens = _regimens(answers)
    qualities = {name: scores[name].quality for name in regimens}
    known = {name: answer for name, answer in regimens.items() if answer is not None}
    whole = len(known) == len(regimens)
    candidates = rank_candidates(qualities, known) if whole else _by_quality(qualities)
    outcome = _outcome(rows, qualities)
    recommendation = None
    if outcome is Outcome.RECOMMENDED and whole and candidates:
        best = scores[candidates[0].model].gen_accuracy
        recommendation = recommend(candidates, known, reviews, best)
    return RoundScore(scores, outcome, recommendation, candidates)


def says_outcome(rows: Mapping[str, Row]) -> bool:
    """Whether rows tell if something was recommended."""
    return any(row.recommended for row in rows.values())


def knows_regimens(answers: Mapping[str, AnswerResult]) -> bool:
    """Whether the regimen of every usable answer is known."""
    return None not in _regimens(answers).values()


def outcome_in_words(score: RoundScore, rows: Mapping[str, Row], *, private: bool) -> str:
    """The outcome of a round of which too little is known for a pane to show it as usual."""
    lines = [*_what(score, says_outcome(rows)), *_basis(rows)]
    graded = [one for one in score.candidates if one.quality is not None]
    if graded:
        ranking = ", ".join(f"{one.model} {(one.quality or 0.0) / 10:.2f}" for one in graded)
        lines.append(f"consensus grades: {ranking}")
    lines.append("its texts are not saved (private)" if private else "its reviews are not known")
    return "\n".join(lines)


def _what(score: RoundScore, told: bool) -> list[str]:
    if not told:
        return ["whether anything was recommended is not known: the history does not say it"]
    if score.outcome is not Outcome.RECOMMENDED:
        return [ABSTENTIONS[score.outcome]]
    if score.recommendation is None:
        return ["there was a recommendation"]
    return [medication_text(line) for line in score.recommendation.medications] or ["no medication"]


def _basis(rows: Mapping[str, Row]) -> Iterator[str]:
    resting = {name: row for name, row in rows.items() if row.recommended == _TRUE}
    known = (row.confidence for row in resting.values() if row.confidence is not None)
    confidence = next(known, None)
    if confidence is not None:
        yield f"confidence {confidence:.2f}, an agreement-weighted grade, not a probability"
    if resting:
        yield f"it rests on {', '.join(resting)}"


def _regimens(answers: Mapping[str, AnswerResult]) -> dict[str, Answer | None]:
    return {n: result.answer for n, result in answers.items() if result.status is Status.OK}


def _by_quality(qualities: Mapping[str, float | None]) -> tuple[Candidate, ...]:
    """The answers as far as they can be ranked without their regimens."""
    ranked = sorted(qualities.items(), key=lambda one: 1.0 if one[1] is None else -one[1])
    return tuple(Candidate(name, quality) for name, quality in ranked)


def _outcome(rows: Mapping[str, Row], qualities: Mapping[str, float | None]) -> Outcome:
    if any(row.recommended == _TRUE for row in rows.values()):
        return Outcome.RECOMMENDED
    if len(qualities) <= 1:
        return Outcome.SINGLE if qualities else Outcome.FAILED
    graded = any(quality is not None for quality in qualities.values())
    return Outcome.NO_CONSENSUS if graded else Outcome.NO_GRADES


def _score(row: Row) -> Score:
    return Score(
        quality=row.quality,
        variance=row.variance,
        review_accuracy=row.review_accuracy,
        gen_accuracy=row.gen_accuracy,
        accuracy=row.accuracy,
    )
