"""Every derived number of a session, recomputed from its journal and compared with its tables.

A journal holds what the models sent; all else, from the grades to the recommendation, follows
from it, and has to stand in history.csv and reviews.csv as it follows. Nothing is written.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from llmchem_tui.analysis.verify_cells import HISTORY, REVIEWS, SavedRows
from llmchem_tui.analysis.verify_files import settled
from llmchem_tui.analysis.verify_findings import (
    RESTORE_JOURNAL,
    Finding,
    Kind,
    other_program,
    restored_first,
    why_unread,
)
from llmchem_tui.analysis.verify_journal import (
    SecondReading,
    Vignettes,
    begun_twice,
    made_again,
    read_again,
)
from llmchem_tui.analysis.verify_rounds import SavedSession, verify_round
from llmchem_tui.analysis.verify_settings import (
    Told,
    model_findings,
    own_findings,
    prompt_note,
    read_told,
    seed_findings,
)
from llmchem_tui.domain.errors import InputError
from llmchem_tui.session.events import Event, RoundStarted
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.damaged_tables import UNTOLD
from llmchem_tui.storage.journal import JOURNAL_FILE, Journal, read_journal
from llmchem_tui.storage.journal_rounds import by_trial
from llmchem_tui.storage.journal_writer import is_written
from llmchem_tui.storage.session_file import SESSION_FILE


@dataclass(frozen=True, slots=True)
class Verified:
    """What was compared, and what was found.

    ``rounds``: those whose rows were compared; ``cells``: of these rows. ``interrupted``: rounds
    that were cancelled or cut off, which is no fault. ``abstain_below``: the confidence below which
    nothing is recommended; ``abstain_said``: session.toml says it. ``notes``: sentences on what is
    no fault, but good to know.
    """

    session: str
    abstain_below: float
    abstain_said: bool
    private: bool = False
    rounds: int = 0
    cells: int = 0
    interrupted: int = 0
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


def verify_session(
    folder: Path,
    abstain_below: float,
    *,
    named: str | None = None,
    prompts: Iterable[Mapping[str, str]] | None = None,
) -> Verified:
    """Recompute a session's numbers from its journal; what cannot be read is a finding as well.

    A computed number may differ by 1e-9 of itself, as another version of NumPy may have it; all
    else must be equal. When a round ended (``created``) is not in the journal. Of a private session
    everything that follows from grades alone is compared, accuracy with the saved gen_accuracy.
    Replies are read again, and our vignettes compared, where this version began the session.

    Args:
        abstain_below: the confidence below which nothing is recommended, where session.toml does
            not say it.
        named: how a command line names the session; None: by its folder.
        prompts: the digests of the prompts that are known here, by name; None: not compared.
    """
    told, history, reviews = read_told(folder), HISTORY.read(folder), REVIEWS.read(folder)
    resume = f"llmchem resume {shlex.quote(str(folder) if named is None else named)}"
    said = told.abstain_below
    below = abstain_below if said is None else said
    verified = Verified(folder.name, below, said is not None, bool(told.private))
    try:
        journal = read_journal(folder)
    except InputError as error:
        why = why_unread(folder / JOURNAL_FILE, error)
        found = [Finding(Kind.FILE, f"{why} Without it nothing can be recomputed.")]
        anew = ""
    else:
        anew = "" if told.problem else resume
        saved = SavedSession(history, reviews, journal.private, below, resume)
        verified = _compare(verified, told, saved, journal)
        found = list(verified.findings)
        notes = _notes(folder, told, saved, verified, prompts)
        verified = replace(verified, notes=tuple(notes))
    found = [*_unread(folder, told, history, reviews, anew), *found]
    if told.problem:
        found = [replace(one, remedy=_after_settings(one.remedy)) for one in found]
    short = (replace(one, text=one.text.replace(f"{folder}{os.sep}", "")) for one in found)
    return replace(verified, findings=tuple(short))


def _after_settings(remedy: str) -> str:
    """A remedy that may begin with a command, where this would refuse without session.toml."""
    return f"Once {SESSION_FILE} is restored, {remedy}" if remedy.startswith("`") else remedy


def _unread(
    folder: Path, told: Told, history: SavedRows, reviews: SavedRows, resume: str
) -> Iterator[Finding]:
    """Tell which files cannot be read, or not to their end; ``resume`` blank: it would not help."""
    if told.problem:
        what = f"{told.problem} Models, seeds and prompts are not compared with it."
        yield Finding(Kind.FILE, what, file=SESSION_FILE)
    for table, rows in ((HISTORY, history), (REVIEWS, reviews)):
        if rows.problem:
            what = f"{rows.problem} {'From there on it' if rows.rounds else 'It'} is not compared."
            may = resume and not (told.private and table is HISTORY)  # without texts no scores
            anew = _anew(folder / table.file, resume) if may else ""
            yield Finding(Kind.FILE, what, file=table.file, remedy=anew)


def _anew(file: Path, resume: str) -> str:
    """The remedy for a table that cannot be read, where the journal can."""
    move = ""
    if file.exists() and not file.is_file():
        move = "move it away: "
    elif file.exists() and not os.access(file, os.R_OK):
        return ""
    kept = ""
    if file.is_file() and file.stat().st_size:
        kept = f"; what cannot be read of it is then only in {file.name}.damaged"
    return (
        f"If there is no copy, {move}`{resume}` makes it anew from the journal, which does not "
        f"tell {UNTOLD[file.name]}{kept}."
    )


def _compare(verified: Verified, told: Told, saved: SavedSession, journal: Journal) -> Verified:
    """Compare all with the journal."""
    lines = list(journal.notes)
    rounds = by_trial(journal.events, saved.history.rounds, lines)
    begun = [event for event in journal.events if isinstance(event, RoundStarted)]
    started = {event.trial: event for event in begun if event.trial in rounds}
    found = [Finding(Kind.LINE, line, file=JOURNAL_FILE, remedy=RESTORE_JOURNAL) for line in lines]
    found += own_findings(told, journal)
    found += seed_findings(told, started, saved.history.rounds)
    found += model_findings(told, begun)
    found += begun_twice(begun)
    found += _not_begun(saved, started, told, journal)
    verdicts = []
    for events, state, second in _read_twice(rounds.values(), told, journal):
        verdicts.append(verify_round(saved, events, state, second))
        found += made_again(events)
        found += verdicts[-1].findings
    compared = [verdict.cells for verdict in verdicts if verdict.cells is not None]
    return replace(
        verified,
        private=journal.private,
        rounds=len(compared),
        cells=sum(compared),
        interrupted=sum(verdict.interrupted for verdict in verdicts),
        findings=tuple(settled(found, told, saved, journal)),
    )


def _read_twice(
    rounds: Iterable[Sequence[Event]], told: Told, journal: Journal
) -> Iterator[tuple[Sequence[Event], RoundState, SecondReading]]:
    """Each round, its state at its end, and what other places say of it, if it is not private."""
    vignettes = Vignettes(told.vignettes, ours=told.ours)
    for events in rounds:
        state, second = RoundState.of(events), SecondReading()
        if not journal.private:
            if told.ours and not journal.notes:  # a damaged line may have held a part of a reply
                second = read_again(state)
            second = vignettes.look(state.started, second)
        yield events, state, second


def _not_begun(
    saved: SavedSession, started: Container[str], told: Told, journal: Journal
) -> Iterator[Finding]:
    seen: set[str] = set()
    for table, rows in ((HISTORY, saved.history), (REVIEWS, saved.reviews)):
        for trial in rows.rounds:
            if trial not in started and trial not in seen:
                seen.add(trial)
                what = f"Round {trial} is in {table.file}, but its beginning is not in the journal."
                remedy = f"{RESTORE_JOURNAL[:-1]}; if that changes nothing, {table.file}."
                both = trial in saved.history.rounds and trial in saved.reviews.rounds
                if not both and trial not in told.seeds:  # no other file knows such a round
                    remedy = restored_first(table.file)
                    damaged = trial.rpartition(" ")[0] != journal.session
                    if damaged and not (told.problem or journal.private):
                        remedy += f" Without a copy, `{saved.resume}` puts such rows aside."
                yield Finding(Kind.ROUND, what, trial, file=table.file, remedy=remedy)


def _notes(
    folder: Path,
    told: Told,
    saved: SavedSession,
    verified: Verified,
    prompts: Iterable[Mapping[str, str]] | None,
) -> Iterator[str]:
    """What is no fault, but good to know."""
    if number := verified.interrupted:
        rounds = "1 round has" if number == 1 else f"{number:,} rounds have"
        with_it = "its batch" if told.batch else "it" if number == 1 else "the last of them"
        on = f"`{saved.resume}` goes on with {with_it}"
        if told.problem:
            on = f"once {SESSION_FILE} is restored, {on}"
        elif not told.simulated:
            on += ", if its models are there"
        if verified.private:
            on = "nothing can go on without texts, so run a new round"
        elif is_written(folder / JOURNAL_FILE):
            on = "another llmchem is writing the session now"
        yield f"{rounds} not ended: {on}."
    for table, rows in ((HISTORY, saved.history), (REVIEWS, saved.reviews)):
        told_already = any(one.remedy == other_program(table.file) for one in verified.findings)
        if not rows.ours and not told_already:
            yield (
                f"{table.file} was saved by another program: what it may have changed is told "
                "here, but llmchem adds no row to such a file."
            )
    if prompts is not None and (note := prompt_note(told, prompts)):
        yield note
    if verified.findings and told.version and not told.ours:
        yield f"The session was begun with llmchem {told.version}, which may compute otherwise."
