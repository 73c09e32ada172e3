"""What a saved round is reported as: what its history says, else what follows from its journal."""

from __future__ import annotations

import pytest

from llmchem_tui.domain.model import Outcome
from llmchem_tui.session.events import AnswerEnded, Event, ReviewEnded
from llmchem_tui.session.replay import ReplayRound
from llmchem_tui.session.state import RoundState
from llmchem_tui.ui.round_reports import saved_report
from tests.analysis.rounds import answer, ended, graded, ok


def round_of(state: RoundState) -> ReplayRound:
    trial = state.trial
    events: list[Event] = [state.started]
    events += [AnswerEnded(at=1.0, trial=trial, result=one) for one in state.answers.values()]
    events += [ReviewEnded(at=2.0, trial=trial, result=one) for one in state.reviews]
    return ReplayRound((*events, *([state.ended] if state.ended else [])))


def agreed(*, cancelled: bool = False) -> RoundState:
    """Two models agree with a confidence of 0.7."""
    reviews = [graded("a", "b", 0.7), graded("b", "a", 0.7)]
    return ended([ok("a", answer()), ok("b", answer())], reviews, cancelled=cancelled)


@pytest.mark.parametrize(
    ("abstain_below", "outcome"), [(0.5, Outcome.RECOMMENDED), (0.9, Outcome.NO_CONSENSUS)]
)
def test_a_round_that_no_history_has_is_judged_by_the_threshold(
    abstain_below: float, outcome: Outcome
) -> None:
    report = saved_report(round_of(agreed()), (), abstain_below)
    assert report is not None and report.score.outcome is outcome


def test_a_cancelled_or_broken_off_round_has_no_report() -> None:
    broken_off = agreed()
    broken_off.ended = None
    for state in (agreed(cancelled=True), broken_off):
        assert saved_report(round_of(state), (), 0.5) is None
