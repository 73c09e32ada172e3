"""The JSON documents of DESIGN.md section 8. Numbers are numbers, missing is null."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmchem_tui.analysis.stability import Stability
    from llmchem_tui.domain.chemistry import ChemistryTable
    from llmchem_tui.domain.cost_properties import CostProperties
    from llmchem_tui.domain.model import AnswerResult, Profile
    from llmchem_tui.domain.scoring import RoundScore, Score
    from llmchem_tui.domain.strategies import Choice
    from llmchem_tui.session.state import RoundState

SCHEMA = 1


def run_document(
    state: RoundState, score: RoundScore, following: Choice, files: Mapping[str, Path]
) -> dict[str, Any]:
    """Return the document of `run`."""
    from llmchem_tui.analysis.report import maskings

    started = state.started
    return {
        "schema": SCHEMA,
        "outcome": score.outcome,
        "simulated": any(spec.simulated for spec in started.ensemble),
        "trial": state.trial,
        "vignette": started.vignette.id,
        "strategy": started.strategy,
        "seed": started.seed,
        "ensemble": list(state.names),
        "answers": [_answer(result, score.scores[name]) for name, result in state.answers.items()],
        "grades": {
            reviewer: {
                author: _grade(state, reviewer, author)
                for author in state.names
                if author != reviewer
            }
            for reviewer in state.names
        },
        "masked": maskings(state),
        "recommendation": _recommendation(score),
        "candidates": [dataclasses.asdict(candidate) for candidate in score.candidates],
        "next": {
            "strategy": following.strategy,
            "ensemble": list(following.ensemble),
            "loss": following.loss,
        },
        "usage": dataclasses.asdict(state.totals()),
        "files": {name: str(path) for name, path in files.items()},
    }


def _answer(result: AnswerResult, score: Score) -> dict[str, Any]:
    medications = result.answer.medications if result.answer else ()
    return {
        "model": result.model,
        "status": result.status,
        "medications": [dataclasses.asdict(medication) for medication in medications],
        "quality": score.quality,
        "gen_accuracy": score.gen_accuracy,
        "variance": score.variance,
        "review_accuracy": score.review_accuracy,
        "accuracy": score.accuracy,
        "latency": result.latency,
        "usage": dataclasses.asdict(result.usage),
    }


def _grade(state: RoundState, reviewer: str, author: str) -> float | None:
    review = state.review(reviewer, author)
    return review.grade if review else None


def _recommendation(score: RoundScore) -> dict[str, Any] | None:
    if score.recommendation is None:
        return None
    own = dataclasses.asdict(score.recommendation)
    return {name: value for name, value in own.items() if name not in ("quality", "rests_on")}


def chemistry_document(
    profiles: Mapping[str, Profile],
    table: ChemistryTable,
    stability: Stability | None = None,
    properties: CostProperties | None = None,
) -> dict[str, Any]:
    """Return the document of `chemistry`, with "bootstrap" and "properties" where asked for."""
    document = {
        "schema": SCHEMA,
        "models": [
            {
                "name": profile.name,
                "quality": profile.quality,
                "accuracy": profile.accuracy,
                "rounds": profile.rounds,
                "used": profile.name in table.used,
            }
            for profile in profiles.values()
        ],
        "pairs": [
            {"a": a, "b": b, "chemistry": table.between(a, b), "at": table.strongest_at(a, b)}
            for a, b in combinations(table.names, 2)
        ],
        "homogeneous": table.homogeneous,
        "saturated": table.saturated,
    }
    if stability is not None:
        document["bootstrap"] = _bootstrap(stability)
    if properties is not None:
        document["properties"] = dataclasses.asdict(properties)
    return document


def _bootstrap(stability: Stability) -> dict[str, Any]:
    """Name the share of the resamples above tau, and the rounds together, by what they are."""
    renamed = {"above": "share_above_tau", "met": "rounds_together"}
    own = dataclasses.asdict(stability)
    own["pairs"] = [
        {renamed.get(name, name): value for name, value in pair.items() if name != "chemistry"}
        for pair in own["pairs"]
    ]
    return own | {"never_met": stability.never_met}
