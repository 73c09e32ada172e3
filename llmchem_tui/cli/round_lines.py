"""A round in plain lines: what `run` says while it goes on and when it is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from llmchem_tui.analysis.report import masked, maskings, support
from llmchem_tui.cli.output import number, print_table, say
from llmchem_tui.domain.final_recommendation import ABSTENTIONS
from llmchem_tui.domain.model import NOTICE, Medication, Status
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.session.events import AnswerEnded, Event, Phase, PhaseChanged, ReviewEnded
from llmchem_tui.session.protocol import medication_text

if TYPE_CHECKING:
    from llmchem_tui.domain.final_recommendation import FinalRecommendation
    from llmchem_tui.domain.scoring import RoundScore
    from llmchem_tui.domain.strategies import Choice
    from llmchem_tui.session.state import RoundState


def progress_line(event: Event) -> str:
    """Return the line that an event deserves, or nothing."""
    if isinstance(event, PhaseChanged) and event.phase in (Phase.LOADING, Phase.RETRYING):
        return f"{event.at:6.1f} s  {plain_line(event.call.model)}: {event.phase}"
    if isinstance(event, AnswerEnded):
        answer = event.result
        ending = _ending(answer.status, answer.message)
        return f"{event.at:6.1f} s  {plain_line(answer.model)}: {ending}"
    if isinstance(event, ReviewEnded):
        review = event.result
        grade = review.grade
        ending = _ending(review.status, review.message) if grade is None else f"{grade:.2f}"
        names = f"{plain_line(review.reviewer)} on {plain_line(review.author)}"
        return f"{event.at:6.1f} s  {names}: {ending}"
    return ""


def print_round(state: RoundState, score: RoundScore, following: Choice) -> None:
    """Print the scores, the recommendation and the next ensemble of a finished round."""
    if any(spec.simulated for spec in state.started.ensemble):
        say("SIMULATED: no model was asked, the answers are invented.")
    answers = state.answers
    print_table(
        ("model", "status", ">quality", ">review acc.", ">gen. acc.", ">accuracy"),
        (
            (
                name,
                answers[name].status,
                number(s.quality, 1),
                number(s.review_accuracy),
                number(s.gen_accuracy),
                number(s.accuracy),
            )
            for name, s in score.scores.items()
        ),
    )
    if score.recommendation is None:
        _print_candidates(state, score)
    else:
        _print_recommendation(state, score.recommendation)
    say(f"{NOTICE}; no interaction check is made")
    if any(maskings(state).values()):
        say(plain_line(masked(state, str)))
    say(state.totals().text)
    loss = f" (loss {following.loss:.2f})" if following.loss is not None else ""
    say(plain_line(f"Next: {' + '.join(following.ensemble)}, by {following.strategy}{loss}"))
    if following.note:
        say(following.note)


def _print_candidates(state: RoundState, score: RoundScore) -> None:
    say(ABSTENTIONS[score.outcome])
    for candidate in score.candidates:
        answer = state.answers[candidate.model].answer
        _print_concerns(state, [candidate.model])
        name = plain_line(candidate.model)
        say(f"candidate {name}, confidence {number(candidate.confidence)}:")
        _print_regimen(answer.medications if answer else ())


def _print_concerns(state: RoundState, authors: Iterable[str]) -> None:
    for author in authors:
        for reviewer, concern in state.concerns(author):
            say(f"! {plain_line(f'{reviewer} is concerned about {author}: {concern}')}")


def _print_regimen(medications: Sequence[Medication]) -> None:
    for medication in medications:
        say(f"  {plain_line(medication_text(medication))}")
    if not medications:
        say("  no medication")


def _print_recommendation(state: RoundState, recommendation: FinalRecommendation) -> None:
    _print_concerns(state, recommendation.rests_on)
    _print_regimen(recommendation.medications)
    rests_on = plain_line(", ".join(recommendation.rests_on))
    say(
        f"confidence {recommendation.confidence:.2f} (agreement-weighted grade, not a "
        f"probability), rests on {rests_on}"
    )
    if recommendation.gen_accuracy is not None:
        say(f"agreement with the reference {recommendation.gen_accuracy:.2f}")
    say(f"support: {plain_line(support(recommendation)) or 'no medication'}")
    others = [n for n in state.names if n not in recommendation.rests_on and state.concerns(n)]
    if others:
        names = plain_line(", ".join(others))
        say(f"there are concerns about other answers: {names} (reviews.csv has them)")
    for difference in recommendation.differences:
        values = "; ".join(
            f"{name}: {value or 'not stated'}" for name, value in difference.values.items()
        )
        say(plain_line(f"differs in {difference.field} of {difference.ingredient}: {values}"))


def _ending(status: Status, message: str) -> str:
    return f"{status} ({message})" if message not in ("", status) else str(status)
