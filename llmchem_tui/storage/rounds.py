"""A finished round as rows of history.csv and reviews.csv, and the reviews read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import (
    TASK,
    Answer,
    AnswerResult,
    ModelSpec,
    Review,
    ReviewResult,
    Status,
)
from llmchem_tui.session.protocol import answer_text
from llmchem_tui.storage.files import storable
from llmchem_tui.storage.tables import Cell, read_rows, unguarded

if TYPE_CHECKING:
    from llmchem_tui.domain.scoring import RoundScore
    from llmchem_tui.session.state import RoundState

HISTORY_COLUMNS = (
    "trial",
    "model",
    "task",
    "latency",
    "temperature",
    "id",
    "result",
    "quality",
    "gen_accuracy",
    "variance",
    "review_accuracy",
    "accuracy",
    "elapsed",
    "strategy",
    "created",
    # up to here arXiv 2510.03930, Table 5, and the published `strategy`; from here our own
    "vignette",
    "status",
    "medications",
    "recommended",
    "confidence",
    "seed",
    "tokens_in",
    "tokens_out",
)

REVIEW_COLUMNS = (
    "trial",
    "reviewer",
    "model",
    "id",
    "label",
    "position",
    "grade",
    "safety_concern",
    "rationale",
    "latency",
    "status",
)


_SHOWN = 100  # characters of a cell that a sentence quotes


@dataclass(frozen=True, slots=True)
class FinishedRound:
    """What the tables need to know of a round that has ended.

    ``created``: when it ended, with a time zone; None: not known. ``vignette``: its id.
    ``answers`` by model name. ``elapsed``: seconds from the first request to the end of the last
    call.
    """

    created: datetime | None
    trial: str
    vignette: str
    ensemble: tuple[ModelSpec, ...]
    strategy: str
    seed: int
    answers: Mapping[str, AnswerResult]
    reviews: Sequence[ReviewResult]
    score: RoundScore
    elapsed: float

    @classmethod
    def of(cls, state: RoundState, score: RoundScore, created: datetime | None) -> FinishedRound:
        """The round of a state that has ended."""
        started = state.started
        return cls(
            created=created,
            trial=state.trial,
            vignette=started.vignette.id,
            ensemble=started.ensemble,
            strategy=started.strategy,
            seed=started.seed,
            answers=state.answers,
            reviews=state.reviews,
            score=score,
            elapsed=state.elapsed,
        )


def history_rows(round_: FinishedRound, *, private: bool = False) -> list[dict[str, Cell]]:
    """One row of history.csv per member, in the ensemble's order.

    A member's numbers are blank unless its answer is ok; the seed, which names a draw, stands on
    every row. ``private`` leaves out the answers' texts,
    medications included.
    """
    return [
        _history_row(round_, spec, position, private)
        for position, spec in enumerate(round_.ensemble)
    ]


def review_rows(round_: FinishedRound, *, private: bool = False) -> list[dict[str, Cell]]:
    """One row of reviews.csv per review; ``private`` leaves out rationales and concerns."""
    names = [spec.name for spec in round_.ensemble]
    return [review_row(round_.trial, names, result, private=private) for result in round_.reviews]


def review_row(
    trial: str, ensemble: Sequence[str], result: ReviewResult, *, private: bool = False
) -> dict[str, Cell]:
    """A review's row; ``ensemble``: the names of the round's models, in order."""
    review = result.review
    return {
        "trial": trial,
        "reviewer": result.reviewer,
        "model": result.author,
        "id": item_id(ensemble.index(result.author)),
        "label": result.label,
        "position": result.position,
        "grade": result.grade,
        "safety_concern": review.safety_concern if review and not private else None,
        "rationale": review.rationale if review and not private else None,
        "latency": result.latency,
        "status": result.status.value,
    }


def read_reviews(path: Path) -> dict[str, tuple[ReviewResult, ...]]:
    """The reviews of a reviews.csv by trial, but for what it does not hold: usage and messages.

    Raises:
        InputError: the file is missing or damaged; the sentence says where.
    """
    rows = read_rows(path)
    missing = set(REVIEW_COLUMNS) - set(header := next(rows))
    if missing:
        raise InputError(
            f"{path} lacks {', '.join(sorted(missing))}: give the reviews.csv of a session."
        )
    reviews: dict[str, list[ReviewResult]] = {}
    for row in rows:
        cells = dict(zip(header, map(unguarded, row), strict=True))
        try:
            reviews.setdefault(cells["trial"], []).append(_review(cells))
        except ValueError as error:
            who, whose, where = (cells[name][:_SHOWN] for name in ("reviewer", "model", "trial"))
            raise InputError(
                f"{path}: the review by {who} of {whose} in {where} is damaged "
                f"({str(error)[:_SHOWN]}); repair or remove the row."
            ) from None
    return {trial: tuple(results) for trial, results in reviews.items()}


def item_id(position: int) -> str:
    """The ``id`` of the model at a position of the ensemble, the first being 0: ``Item_0``."""
    return f"Item_{position}"


def elapsed_text(seconds: float) -> str:
    """Seconds as the published files write them: ``26s``, ``4m``, ``7m 19s``."""
    minutes, rest = divmod(round(seconds), 60)
    parts = [f"{minutes}m"] * (minutes > 0) + [f"{rest}s"] * (rest > 0 or not minutes)
    return " ".join(parts)


def _review(cells: Mapping[str, str]) -> ReviewResult:
    grade = float(cells["grade"]) if cells["grade"] else None
    status = Status(cells["status"])
    review = Review(cells["rationale"], grade, cells["safety_concern"] or None)
    return ReviewResult(
        reviewer=cells["reviewer"],
        author=cells["model"],
        status=status,
        review=None if status is not Status.OK and review == Review("", None) else review,
        label=cells["label"],
        position=int(cells["position"]),
        latency=float(cells["latency"]) if cells["latency"] else None,
    )


def _history_row(
    round_: FinishedRound, spec: ModelSpec, position: int, private: bool
) -> dict[str, Cell]:
    result = round_.answers[spec.name]
    answer = None if private else result.answer
    recommendation = round_.score.recommendation
    return {
        "trial": round_.trial,
        "model": spec.name,
        "task": TASK,
        "id": item_id(position),
        "result": answer_text(answer) if answer else None,
        "elapsed": elapsed_text(round_.elapsed),
        "strategy": round_.strategy,
        "created": _time_text(round_.created),
        "vignette": round_.vignette,
        "status": result.status.value,
        "medications": _medications(answer) if answer else None,
        "recommended": recommendation is not None and spec.name in recommendation.rests_on,
        "seed": round_.seed,
        **_numbers(round_, spec),
    }


def _time_text(time: datetime | None) -> str | None:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if time else None


def _numbers(round_: FinishedRound, spec: ModelSpec) -> dict[str, Cell]:
    result, recommendation = round_.answers[spec.name], round_.score.recommendation
    usage = result.usage
    figures: dict[str, Cell] = {
        "temperature": None if "temperature" in result.refused else spec.temperature,
        "confidence": recommendation.confidence if recommendation else None,
        "latency": result.latency,
        "tokens_in": usage.tokens_in,
        "tokens_out": usage.tokens_out,
    }
    score = round_.score.scores.get(spec.name)
    figures |= {
        "quality": score.quality if score else None,
        "gen_accuracy": score.gen_accuracy if score else None,
        "variance": score.variance if score else None,
        "review_accuracy": score.review_accuracy if score else None,
        "accuracy": score.accuracy if score else None,
    }
    return figures if result.status is Status.OK else dict.fromkeys(figures)


def _medications(answer: Answer) -> str:
    lines = [
        {field: storable(text) for field, text in msgspec.to_builtins(line).items()}
        for line in answer.medications
    ]
    return msgspec.json.encode(lines).decode("utf-8")
