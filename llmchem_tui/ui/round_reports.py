"""What a report of a round is made from, as it is read or as it is saved. No widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from llmchem_tui.analysis.report import RoundReport, WhatIf
from llmchem_tui.domain.model import Outcome
from llmchem_tui.session.state import RoundState
from llmchem_tui.ui.reading import HUMAN, Reading

if TYPE_CHECKING:
    from llmchem_tui.session.replay import ReplayRound
    from llmchem_tui.storage.given_scores import Row

_NOT_KNOWN = "whether anything was recommended is not known: the history does not say it"
_NO_REGIMENS = "there was a recommendation, but the history does not have every regimen"


def round_report(reading: Reading) -> RoundReport:
    """Return a round with the saved numbers, and with what the reader asks besides."""
    asked = None
    if reading.asks_what_if:
        asked = WhatIf(reading.changes(HUMAN), reading.score(), tuple(reading.reviews))
    return RoundReport(
        reading.state,
        reading.saved_score(),
        reading.order,
        own_reviews=tuple(reading.own_grades.values()),
        untold=_untold(reading),
        reviews_known=reading.reviews_known,
        what_if=asked,
    )


def saved_report(
    saved: ReplayRound, rows: Sequence[Row], abstain_below: float
) -> RoundReport | None:
    """Return a saved round; None: it was cancelled or broken off, and has no result.

    ``rows``: what its history has of it; its numbers and its outcome are those. Where there are
    none, ``abstain_below`` is the confidence below which nothing is recommended.
    """
    from llmchem_tui.storage.given_scores import given_score

    state = RoundState(saved.started)
    for event in saved.events:
        state.apply(event)
    if state.ended is None or state.ended.cancelled:
        return None
    given = saved.given
    if given is None and rows:
        given = given_score({row.model: row for row in rows}, state.answers, state.reviews)
    reading = Reading(
        state,
        abstain_below,
        given=given,
        reviews_known=saved.reviews_known,
        regimens_known=saved.regimens_known,
        own_grades=dict(saved.own_grades),
    )
    report = round_report(reading)
    return replace(report, untold=saved.untold) if saved.untold else report


def _untold(reading: Reading) -> str:
    """What to say instead of an outcome that a history does not hold; blank: it does."""
    given = reading.given
    if given is None:
        return "" if reading.regimens_known else _NOT_KNOWN
    if given.recommendation is not None:
        return ""
    if given.outcome is Outcome.RECOMMENDED:
        return _NO_REGIMENS
    return "" if reading.reviews_known else _NOT_KNOWN
