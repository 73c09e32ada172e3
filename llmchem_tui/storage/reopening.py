"""Going on with a session that was ended or cut off: what is damaged or half written is mended.

A round that has ended in the journal gets its rows in history.csv and reviews.csv; any other whose
rows are not all there is not finished, and stays in the journal only. Nothing of a table is thrown
away: before something is taken out of it, the file is put beside it as it was.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

from llmchem_tui.domain.errors import InputError, LlmchemError
from llmchem_tui.session.events import RoundStarted
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.damaged_tables import DamagedTable, review_key
from llmchem_tui.storage.files import StorageError, reason, replace
from llmchem_tui.storage.history import HISTORY_FILE
from llmchem_tui.storage.journal import JOURNAL_FILE, read_journal
from llmchem_tui.storage.journal_rounds import by_trial
from llmchem_tui.storage.journal_writer import JournalWriter
from llmchem_tui.storage.rounds import (
    HISTORY_COLUMNS,
    REVIEW_COLUMNS,
    FinishedRound,
    history_rows,
    review_row,
)
from llmchem_tui.storage.session_file import (
    SESSION_FILE,
    Settings,
    read_settings,
    read_tables,
    session_toml,
)
from llmchem_tui.storage.sessions import REVIEWS_FILE, SessionWriter
from llmchem_tui.storage.tables import Cell, written


def reopen_session(folder: Path) -> SessionWriter:
    """Return a writer that goes on with a session; its trials are numbered on.

    Raises:
        InputError: session.toml or the journal is missing, damaged or of a newer format; or a
            table is, and the journal does not have all that was in it.
        StorageError: it cannot be written, or another process is writing it.
    """
    check_files(folder)
    settings = read_settings(folder / SESSION_FILE)
    writer = JournalWriter.reopen(folder / JOURNAL_FILE)
    try:
        return _reopened(folder, settings, writer)
    except LlmchemError:
        writer.close()
        raise
    except OSError as error:
        writer.close()
        raise StorageError(
            f"{folder} cannot be continued ({reason(error)}): make room there, or see to its "
            "permissions."
        ) from error


def check_files(folder: Path) -> None:
    """Tell which file a session cannot go on without.

    Raises:
        InputError: one is missing.
    """
    for name in (SESSION_FILE, JOURNAL_FILE):
        if not os.path.lexists(folder / name):
            raise InputError(f"{folder / name} is missing: restore it from a copy.")


def _reopened(folder: Path, settings: Settings, writer: JournalWriter) -> SessionWriter:
    """Mend the tables: first all that may be refused is read, and what is written last counts."""
    journal = read_journal(folder)
    rounds = by_trial(journal.events, (), [])
    states = {trial: RoundState.of(events) for trial, events in rounds.items()}
    ended = {trial: state for trial, state in states.items() if _is_whole(state)}
    history = DamagedTable.read(folder / HISTORY_FILE, HISTORY_COLUMNS, states)
    finished = {
        trial
        for trial in _finished(history, {t: len(state.names) for t, state in states.items()})
        # else its name is damaged
        if trial in settings.seeds or trial.rpartition(" ")[0] == journal.session
    }
    # of a private session none: without its answers there is no score
    lost = {} if journal.private else {t: s for t, s in ended.items() if t not in finished}
    unknown = settings.seeds.keys() - finished - lost.keys()
    # A crash can keep the round that is being saved; what of it is in the journal goes on.
    may_lack_one = history.has_only(finished) or (history.is_ours and not journal.private)
    if len(unknown) > may_lack_one:
        raise _not_in_journal(history.file, unknown, private=journal.private)
    reviews = DamagedTable.read(folder / REVIEWS_FILE, REVIEW_COLUMNS, states)
    notes = _mend_reviews(reviews, finished | lost.keys(), states, private=journal.private)

    tables = read_tables(folder / SESSION_FILE)
    tables["seeds"] = {t: seed for t, seed in settings.seeds.items() if t in finished}
    if lost:
        tables["seeds"] |= {trial: state.started.seed for trial, state in lost.items()}
        replace(folder / SESSION_FILE, session_toml(tables))
    rows = [row for state in lost.values() for row in _rows(state, settings.abstain_below)]
    notes.append(history.mend(finished, rows))
    if lost:
        notes.append(f"Put back in {HISTORY_FILE} from the journal: {_rounds(lost)}.")
    begun = [event.trial for event in journal.events if isinstance(event, RoundStarted)]
    session = SessionWriter(folder, tables, writer, _highest(begun), len(finished) + len(lost))
    session.notes = tuple(filter(None, notes))
    return session


def _mend_reviews(
    reviews: DamagedTable,
    known: Collection[str],
    states: Mapping[str, RoundState],
    *,
    private: bool,
) -> list[str]:
    """Leave in reviews.csv the rounds that are known, and add what is missing; say so."""
    there = {review_key(cells) for cells, _, _ in reviews.rows}
    ended = {trial: state for trial, state in states.items() if _is_whole(state)}
    unknown = set(known) - ended.keys() - {trial for trial, _, _ in there}
    if unknown and not reviews.is_whole:
        raise _not_in_journal(reviews.file, unknown)
    rows = [
        review_row(trial, state.names, review, private=private)
        for trial, state in ended.items()
        for review in state.reviews
        if trial in known
    ]
    named = ({name: written(row[name]) for name in REVIEW_COLUMNS[:3]} for row in rows)
    more = [row for row, cells in zip(rows, named, strict=True) if review_key(cells) not in there]
    journals = {
        (trial, review.reviewer, review.author)
        for trial, state in states.items()
        for review in state.reviews
    }
    lost = sum(review not in journals for review in reviews.left_out(known, states))
    told = reviews.mend(known, more)
    if told and lost:
        told += (
            f" {_counted(lost, 'row')} of it that the journal does not have can only be found in "
            "the file that is kept, as what a person graded: copy what can be read of it by hand."
        )
    back = f"Put back in {REVIEWS_FILE} from the journal: {_counted(len(more), 'row')}."
    return [told, back if more else ""]


def _finished(history: DamagedTable, sizes: Mapping[str, int]) -> set[str]:
    """The rounds whose rows are all there. ``sizes``: of the ensembles."""
    rows = Counter(cells["trial"] for cells, _, _ in history.rows)
    return {trial for trial, number in rows.items() if number >= sizes.get(trial, 1)}


def _is_whole(state: RoundState) -> bool:
    """Whether a round has ended, and no call of it stood on a damaged line."""
    if state.ended is None or state.ended.cancelled:
        return False
    answered = len(state.answers) == len(state.names)
    return answered and len(state.reviews) == state.expected_reviews


def _highest(trials: Collection[str]) -> int:
    """The highest number of a session's trials; 0: there is none."""
    numbers = (trial.rpartition(" ")[2] for trial in trials)
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


def _rows(state: RoundState, abstain_below: float) -> list[dict[str, Cell]]:
    """The rows of a round in the history. When it ended is not known: each plan counts anew."""
    return history_rows(FinishedRound.of(state, state.score(abstain_below=abstain_below), None))


def _rounds(rounds: Collection[str]) -> str:
    return _counted(len(rounds), "round")


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _not_in_journal(file: Path, rounds: Collection[str], *, private: bool = False) -> InputError:
    why = ", for texts were not saved" if private else ""
    return InputError(
        f"{file} is missing or damaged, and the journal does not have what was in it of "
        f"{_rounds(rounds)}{why}. Restore it from a copy."
    )
