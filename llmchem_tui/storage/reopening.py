"""Going on with a session that was ended or cut off: what is damaged or half written is mended.

A round that has ended in the journal gets its rows in history.csv and reviews.csv; any other whose
rows are not all there is not finished, and stays in the journal only. Nothing of a table is thrown
away: before something is taken out of it, the file is put beside it as it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from llmchem_tui.domain.errors import InputError, LlmchemError
from llmchem_tui.session.events import RoundStarted
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.files import StorageError, create, reason, replace
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
from llmchem_tui.storage.tables import Cell, csv_block, header_line, whole_rows, written
from llmchem_tui.toml_files import open_regular

_UNTOLD = {HISTORY_FILE: "when a round ended", REVIEWS_FILE: "what a person graded"}
"""What of a table is not in the journal."""

_REVIEW = ("trial", "reviewer", "model")  # what names a row of reviews.csv


def reopen_session(folder: Path) -> SessionWriter:
    """Return a writer that goes on with a session; its trials are numbered on.

    Raises:
        InputError: session.toml or the journal is missing, damaged or of a newer format; or a
            table is, and the journal does not have all that was in it.
        StorageError: it cannot be written, or another process is writing it.
    """
    settings = read_settings(folder / SESSION_FILE)
    writer = JournalWriter.reopen(folder / JOURNAL_FILE)
    try:
        return _reopened(folder, settings, writer)
    except LlmchemError:
        writer.close()
        raise
    except OSError as error:
        writer.close()
        raise StorageError(f"{folder} cannot be continued ({reason(error)}).") from error


def _reopened(folder: Path, settings: Settings, writer: JournalWriter) -> SessionWriter:
    """Mend the tables: first all that may be refused is read, and what is written last counts."""
    journal = read_journal(folder)
    rounds = by_trial(journal.events, (), [])
    states = {trial: RoundState.of(events) for trial, events in rounds.items()}
    ended = {trial: state for trial, state in states.items() if _is_whole(state)}
    history = _Table.read(folder / HISTORY_FILE, HISTORY_COLUMNS)
    finished = _finished(history, {trial: len(state.names) for trial, state in states.items()})
    kept = history.of_rounds(finished)
    # of a private session none: without its answers there is no score
    lost = {} if journal.private else {t: s for t, s in ended.items() if t not in finished}
    unknown = settings.seeds.keys() - finished - lost.keys()
    # A crash can keep the round that is being saved; what of it is in the journal goes on.
    may_lack_one = kept == history.content or (history.is_ours and not journal.private)
    if len(unknown) > may_lack_one:
        raise _not_in_journal(history.file, unknown, private=journal.private)
    reviews = _Table.read(folder / REVIEWS_FILE, REVIEW_COLUMNS)
    notes = [_mend_reviews(reviews, finished | lost.keys(), ended, private=journal.private)]

    tables = read_tables(folder / SESSION_FILE)
    tables["seeds"] = {t: seed for t, seed in settings.seeds.items() if t in finished}
    if lost:
        tables["seeds"] |= {trial: state.started.seed for trial, state in lost.items()}
        replace(folder / SESSION_FILE, session_toml(tables))
    rows = [row for state in lost.values() for row in _rows(state, settings.abstain_below)]
    notes.append(history.mend(kept, rows))
    if lost:
        notes.append(f"Put back in {HISTORY_FILE} from the journal: {_rounds(lost)}.")
    begun = [event.trial for event in journal.events if isinstance(event, RoundStarted)]
    session = SessionWriter(folder, tables, writer, _highest(begun), len(finished) + len(lost))
    session.notes = tuple(filter(None, notes))
    return session


def _mend_reviews(
    reviews: _Table, known: Collection[str], ended: Mapping[str, RoundState], *, private: bool
) -> str:
    """Leave in reviews.csv the rounds that are known, and add what is missing; as ``_Table.mend``.

    ``ended``: the rounds whose reviews are all in the journal.
    """
    there = {tuple(cells[name] for name in _REVIEW) for cells, _ in reviews.rows}
    unknown = set(known) - ended.keys() - {trial for trial, _, _ in there}
    if unknown and not reviews.is_whole:
        raise _not_in_journal(reviews.file, unknown)
    rows = [
        review_row(trial, state.names, review, private=private)
        for trial, state in ended.items()
        for review in state.reviews
        if trial in known
    ]
    more = [row for row in rows if tuple(written(row[name]) for name in _REVIEW) not in there]
    return reviews.mend(reviews.of_rounds(known), more)


def _finished(history: _Table, sizes: Mapping[str, int]) -> set[str]:
    """The rounds whose rows are all there. ``sizes``: of the ensembles."""
    rows = Counter(cells["trial"] for cells, _ in history.rows)
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
    return f"{len(rounds):,} round{'s' * (len(rounds) != 1)}"


def _not_in_journal(file: Path, rounds: Collection[str], *, private: bool = False) -> InputError:
    why = ", for texts were not saved" if private else ""
    return InputError(
        f"{file} is missing or damaged, and the journal does not have what was in it of "
        f"{_rounds(rounds)}{why}. Restore it from a copy."
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """A table as it is.

    ``content``: of its file, empty where there is none. ``rows``: those that can be read from its
    beginning on, each with the position at which it ends; none of a file that is not ours.
    """

    file: Path
    columns: Sequence[str]
    content: bytes
    rows: Sequence[tuple[Mapping[str, str], int]]

    @classmethod
    def read(cls, file: Path, columns: Sequence[str]) -> _Table:
        """Read it, as far as it is whole.

        Raises:
            OSError: it is there and cannot be read.
        """
        content = b""
        with suppress(FileNotFoundError), open_regular(file) as opened:
            content = opened.read()
        ours = content.startswith(header_line(columns))
        return cls(file, columns, content, list(whole_rows(content)) if ours else [])

    @property
    def is_ours(self) -> bool:
        """Whether it begins with our columns."""
        return self.content.startswith(header_line(self.columns))

    @property
    def is_whole(self) -> bool:
        """Whether all of it is rows of ours."""
        end = self.rows[-1][1] if self.rows else len(header_line(self.columns))
        return self.is_ours and end == len(self.content)

    def of_rounds(self, rounds: Container[str]) -> bytes:
        """What of it is whole and of these rounds."""
        begin = len(header_line(self.columns))
        kept = [header_line(self.columns)]
        for cells, end in self.rows:
            if cells["trial"] in rounds:
                kept.append(self.content[begin:end])
            begin = end
        return b"".join(kept)

    def mend(self, kept: bytes, rows: Sequence[Mapping[str, Cell]]) -> str:
        """Leave what is kept and add rows; say what it was like. Blank: all of it was kept.

        Raises:
            OSError: it cannot be written.
        """
        told = ""
        if kept != self.content:
            was = f"damaged, and is kept as {self._set_aside()}" if self.content else "missing"
            told = (
                f"{self.file} was {was}; it is made again from the journal, which does not tell "
                f"{_UNTOLD[self.file.name]}."
            )
        if (content := kept + csv_block(self.columns, rows)) != self.content:
            replace(self.file, content)
        return told

    def _set_aside(self) -> str:
        """Write the file as it is beside it, over nothing; returns the name."""
        for number in count(1):
            aside = self.file.with_name(f"{self.file.name}.damaged{f'-{number}' * (number > 1)}")
            with suppress(FileExistsError):
                create(aside, self.content)
                break
        return aside.name
