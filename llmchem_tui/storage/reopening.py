"""Going on with a session that was ended or cut off: what a crash left half written is mended.

A round that has ended in the journal gets its rows in history.csv and reviews.csv; any other whose
rows are not all there is not finished, and stays in the journal only.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from pathlib import Path

from llmchem_tui.domain.errors import InputError, LlmchemError
from llmchem_tui.session.events import RoundStarted
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.files import StorageError, read_bytes, reason
from llmchem_tui.storage.history import HISTORY_FILE
from llmchem_tui.storage.journal import JOURNAL_FILE, Journal, read_journal
from llmchem_tui.storage.journal_rounds import by_trial
from llmchem_tui.storage.journal_writer import JournalWriter
from llmchem_tui.storage.rounds import HISTORY_COLUMNS, REVIEW_COLUMNS, FinishedRound
from llmchem_tui.storage.session_file import SESSION_FILE, read_settings, read_tables
from llmchem_tui.storage.sessions import REVIEWS_FILE, SessionWriter
from llmchem_tui.storage.tables import header_line

_Row = tuple[dict[str, str], int]
"""The cells of a row by column, and the position in the file at which it ends."""


def reopen_session(folder: Path) -> SessionWriter:
    """Return a writer that goes on with a session; its trials are numbered on.

    Raises:
        InputError: a file is missing or damaged, or of a newer format.
        StorageError: it cannot be written, or another process is writing it.
    """
    settings = read_settings(folder / SESSION_FILE)
    tables = read_tables(folder / SESSION_FILE)
    writer = JournalWriter.reopen(folder / JOURNAL_FILE)
    try:
        journal = read_journal(folder)
        started = [event for event in journal.events if isinstance(event, RoundStarted)]
        sizes = {event.trial: len(event.ensemble) for event in started}
        finished = _cut(folder, sizes, set(settings.seeds))
        tables["seeds"] = {t: seed for t, seed in settings.seeds.items() if t in finished}
        numbers = (trial.rpartition(" ")[2] for trial in sizes)
        begun = max((int(number) for number in numbers if number.isdecimal()), default=0)
        session = SessionWriter(folder, tables, writer, begun, len(finished))
        for round_ in _lost_rounds(journal, finished, settings.abstain_below):
            session.append_round(round_)
            session.put_back += 1
    except LlmchemError:
        writer.close()
        raise
    return session


def _lost_rounds(
    journal: Journal, finished: Container[str], abstain_below: float
) -> Iterator[FinishedRound]:
    """The rounds that have ended, as the journal tells, and are not among the finished ones.

    None of a private session: without its answers there is no score. When a round ended is not
    known, for the times of a journal begin anew with each plan.
    """
    if journal.private:
        return
    for trial, events in by_trial(journal.events, finished, []).items():
        state = RoundState.of(events)
        if trial not in finished and _is_whole(state):
            yield FinishedRound.of(state, state.score(abstain_below=abstain_below), None)


def _is_whole(state: RoundState) -> bool:
    """Whether a round has ended, and no call of it stood on a damaged line."""
    if state.ended is None or state.ended.cancelled:
        return False
    answered = len(state.answers) == len(state.names)
    return answered and len(state.reviews) == state.expected_reviews


def _cut(folder: Path, sizes: Mapping[str, int], begun: set[str]) -> set[str]:
    """Cut what is half written off history.csv and reviews.csv; returns the rounds that are left.

    ``sizes``: of the ensembles. ``begun``: the rounds that were being saved.
    """
    try:
        finished = _cut_history(folder / HISTORY_FILE, sizes, begun)
        reviews = folder / REVIEWS_FILE
        content, end = _end(reviews, REVIEW_COLUMNS, lambda cells: cells["trial"] in finished)
        _truncate(reviews, content, end)
    except OSError as error:
        raise StorageError(f"{folder} cannot be continued ({reason(error)}).") from error
    return finished


def _cut_history(file: Path, sizes: Mapping[str, int], begun: set[str]) -> set[str]:
    """Cut history.csv behind its last whole round; returns the rounds that are left.

    ``begun``: the rounds that were being saved. A crash tears the last of them at most.
    """
    rows = Counter[str]()
    finished = set[str]()

    def ends_a_round(cells: Mapping[str, str]) -> bool:
        trial = cells["trial"]
        rows[trial] += 1
        if rows[trial] < sizes.get(trial, 1):
            return False
        finished.add(trial)
        return True

    content, end = _end(file, HISTORY_COLUMNS, ends_a_round)
    if len(begun - finished) > 1:
        raise InputError(
            f"{file} is damaged: {len(begun - finished)} rounds that were saved cannot be read. "
            "Restore it from a copy."
        )
    _truncate(file, content, end)
    return finished


def _end(
    file: Path, columns: Sequence[str], may_be_last: Callable[[Mapping[str, str]], bool]
) -> tuple[bytes, int]:
    """The content of a table, and where the last of its whole rows ends that may be the last."""
    content = read_bytes(file)
    if not content.startswith(header_line(columns)):
        raise InputError(f"{file} does not begin with our columns: restore it from a copy.")
    end = len(header_line(columns))
    for cells, position in _whole_rows(content):
        if may_be_last(cells):
            end = position
    return content, end


def _truncate(file: Path, content: bytes, end: int) -> None:
    if end < len(content):
        os.truncate(file, end)


def _whole_rows(content: bytes) -> Iterator[_Row]:
    """The rows of a table of ours, up to one that is torn."""
    lines = content.splitlines(keepends=True)
    reader = csv.reader((line.decode("utf-8", "replace") for line in lines), strict=True)
    header = next(reader)
    position, line = len(lines[0]), 1
    try:
        for cells in reader:
            position += sum(map(len, lines[line : reader.line_num]))
            line = reader.line_num
            if len(cells) != len(header) or not lines[line - 1].endswith(b"\n"):
                return
            yield dict(zip(header, cells, strict=True)), position
    except csv.Error:  # a quoted cell that has no end
        return
