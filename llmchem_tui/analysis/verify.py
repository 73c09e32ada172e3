"""Every derived number of a session, recomputed from its journal and compared with its tables.

A journal holds what the models sent; all else, from the consensus to the recommendation, follows
from it, and has to stand in history.csv and reviews.csv as it follows. Nothing is written.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from llmchem_tui.analysis.verify_cells import HISTORY, REVIEWS, Finding, Kind
from llmchem_tui.analysis.verify_rounds import SavedSession, verify_round
from llmchem_tui.analysis.verify_settings import Told, model_findings, read_told, seed_findings
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import AnswerResult, Status
from llmchem_tui.session.events import AnswerEnded, Call, Event, ReviewEnded, RoundStarted
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.journal import JOURNAL_FILE, Journal, read_journal
from llmchem_tui.storage.journal_rounds import by_trial
from llmchem_tui.storage.session_file import SESSION_FILE


@dataclass(frozen=True, slots=True)
class Verified:
    """What was compared, and what was found.

    ``rounds``: those whose rows were compared; ``cells``: of these rows. ``interrupted``: rounds
    that were cancelled or cut off, which is no fault. ``abstain_below``: the confidence below which
    nothing is recommended; ``abstain_said``: session.toml says it.
    """

    session: str
    abstain_below: float
    abstain_said: bool
    private: bool = False
    rounds: int = 0
    cells: int = 0
    interrupted: int = 0
    findings: tuple[Finding, ...] = ()


def verify_session(folder: Path, abstain_below: float) -> Verified:
    """Recompute a session's numbers from its journal; what cannot be read is a finding as well.

    A computed number may differ by 1e-9 of itself, as another version of NumPy may have it; all
    else must be equal. When a round ended (``created``) is not in the journal. Of a private session
    everything that follows from grades alone is compared, accuracy with the saved gen_accuracy.

    Args:
        abstain_below: the confidence below which nothing is recommended, where session.toml does
            not say it.
    """
    told, history, reviews = read_told(folder), HISTORY.read(folder), REVIEWS.read(folder)
    found = [
        Finding(Kind.FILE, f"{problem} {so}")
        for problem, so in (
            (told.problem, "Models and seeds are not compared with it."),
            (history.problem, "From there on it is not compared."),
            (reviews.problem, "From there on it is not compared."),
        )
        if problem
    ]
    said = told.abstain_below
    below = abstain_below if said is None else said
    verified = Verified(folder.name, below, said is not None, bool(told.private))
    try:
        journal = read_journal(folder)
    except InputError as error:
        found.append(Finding(Kind.FILE, f"{error} Without it nothing can be recomputed."))
    else:
        saved = SavedSession(history, reviews, journal.private, verified.abstain_below)
        verified = _compare(verified, told, saved, journal)
    found += verified.findings
    short = (replace(one, text=one.text.replace(f"{folder}{os.sep}", "")) for one in found)
    return replace(verified, findings=tuple(short))


def _compare(verified: Verified, told: Told, saved: SavedSession, journal: Journal) -> Verified:
    """Compare all with the journal."""
    notes = list(journal.notes)
    rounds = by_trial(journal.events, saved.history.rounds, notes)
    begun = [event for event in journal.events if isinstance(event, RoundStarted)]
    started = {event.trial: event for event in begun if event.trial in rounds}
    found = [Finding(Kind.LINE, note) for note in notes]
    found += _privacy(told, journal)
    found += seed_findings(told, started, saved.history.rounds)
    found += model_findings(told, begun)
    found += _begun_twice(begun)
    found += _not_begun(saved, started)
    verdicts = []
    for events in rounds.values():
        verdicts.append(verify_round(saved, RoundState.of(events)))
        found += _made_again(events)
        found += verdicts[-1].findings
    compared = [verdict.cells for verdict in verdicts if verdict.cells is not None]
    return replace(
        verified,
        private=journal.private,
        rounds=len(compared),
        cells=sum(compared),
        interrupted=sum(verdict.interrupted for verdict in verdicts),
        findings=tuple(found),
    )


def _privacy(told: Told, journal: Journal) -> Iterator[Finding]:
    if told.private is not None and told.private is not journal.private:
        which = SESSION_FILE if told.private else JOURNAL_FILE
        yield Finding(Kind.FILE, f"Only {which} says that the session is private.")


def _begun_twice(begun: Iterable[RoundStarted]) -> Iterator[Finding]:
    for trial, times in Counter(event.trial for event in begun).items():
        if times > 1:
            what = f"Round {trial} was begun {times} times; only the last time is compared."
            yield Finding(Kind.ROUND, what, trial)


def _not_begun(saved: SavedSession, started: Container[str]) -> Iterator[Finding]:
    for table, rows in ((HISTORY, saved.history), (REVIEWS, saved.reviews)):
        for trial in rows.rounds:
            if trial not in started:
                what = f"Round {trial} is in {table.file}, but its beginning is not in the journal."
                yield Finding(Kind.ROUND, what, trial)


def _made_again(events: Iterable[Event]) -> Iterator[Finding]:
    """Tell which calls of a round were made again although they had ended."""
    finished: set[Call] = set()
    for event in events:
        if not isinstance(event, AnswerEnded | ReviewEnded):
            continue
        result = event.result
        if isinstance(result, AnswerResult):
            call, whose = Call(result.model), f"the answer of {result.model}"
        else:
            call = Call(result.reviewer, result.author)
            whose = f"the review by {result.reviewer} of {result.author}"
        if call in finished:
            what = f"Round {event.trial}: {whose} has ended twice; only the last time counts."
            yield Finding(Kind.CALL, what, event.trial, call.author or call.model)
        if result.status is not Status.CANCELLED:
            finished.add(call)
