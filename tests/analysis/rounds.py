"""Finished rounds to report, built from events as the engine makes them."""

from __future__ import annotations

from llmchem_tui.domain.model import (
    Action,
    Answer,
    AnswerResult,
    Locality,
    Medication,
    ModelSpec,
    Review,
    ReviewResult,
    Status,
    Vignette,
)
from llmchem_tui.session.events import AnswerEnded, ReviewEnded, RoundEnded, RoundStarted
from llmchem_tui.session.state import RoundState

TRIAL = "2026-01-31T09-15-00 3"
VIGNETTE = Vignette("cough", "A cough", "A 40-year-old man coughs.\nNo allergies.")


def answer(dose: str = "500 mg", drug: str = "amoxicillin") -> Answer:
    line = Medication(Action.START, drug, dose, "oral", "q8h", "5 days")
    return Answer("Probably bacterial.", (line,), ("Check the kidneys.",))


def ok(model: str, own: Answer) -> AnswerResult:
    return AnswerResult(model, Status.OK, own, 4.13)


def graded(reviewer: str, author: str, grade: float, concern: str | None = None) -> ReviewResult:
    return ReviewResult(reviewer, author, Status.OK, Review("Fits.", grade, concern))


def ended(
    answers: list[AnswerResult],
    reviews: list[ReviewResult],
    *,
    vignette: Vignette = VIGNETTE,
    trial: str = TRIAL,
    prefix: str = "",
    cancelled: bool = False,
) -> RoundState:
    """A round of these answers and reviews; ``prefix`` of all names, such as that of simulated."""
    specs = tuple(ModelSpec(one.model, "server", one.model, Locality.LOCAL) for one in answers)
    state = RoundState(
        RoundStarted(
            at=0.0,
            trial=trial,
            vignette=vignette,
            ensemble=specs,
            strategy="CHEMISTRY",
            seed=7,
            order="pipelined",
        )
    )
    for result in answers:
        state.apply(AnswerEnded(at=1.0, trial=trial, result=result))
    for review in reviews:
        state.apply(ReviewEnded(at=2.0, trial=trial, result=review))
    state.apply(RoundEnded(at=3.0, trial=trial, elapsed=3.0, cancelled=cancelled))
    return state
