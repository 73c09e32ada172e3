"""Which of a session's files is wrong, where several findings together tell it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from llmchem_tui.analysis.verify_cells import HISTORY, REVIEWS
from llmchem_tui.analysis.verify_findings import (
    RESTORE_JOURNAL,
    Finding,
    Kind,
    agreeing,
    blames_journal,
    other_program,
    restored,
    restored_first,
)
from llmchem_tui.analysis.verify_rounds import SavedSession
from llmchem_tui.analysis.verify_settings import Told
from llmchem_tui.storage.damaged_tables import UNTOLD
from llmchem_tui.storage.journal import JOURNAL_FILE, Journal
from llmchem_tui.storage.session_file import SESSION_FILE


def settled(
    found: Sequence[Finding], told: Told, saved: SavedSession, journal: Journal
) -> list[Finding]:
    """The findings of a session, causes first, after a look at all of them together."""
    found = _without_copy(_by_others(_seeds(found), saved), told, saved)
    names = {file: name for file, name in _sessions(told, saved, journal).items() if name}
    others = {file: name for file, name in names.items() if name != journal.session}
    if not others:
        return _torn(found, saved.resume)
    wrong, remedy = {*others}, restored(*others)
    if names.keys() == others.keys():
        wrong.add(JOURNAL_FILE)
        remedy = f"Restore {JOURNAL_FILE}, or {_listed(others)}, from a copy: they belong together."
    are, whose = "is" if len(others) == 1 else "are", _listed(sorted({*others.values()}))
    cause = Finding(
        Kind.FILE,
        f"{_listed(others)} {are} of the session {whose}, {JOURNAL_FILE} of {journal.session}.",
        file=next(iter(others)),
        remedy=remedy,
    )
    follows = (
        replace(one, follows=True, remedy=remedy) if one.file in wrong else one for one in found
    )
    return [cause, *follows]


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _sessions(told: Told, saved: SavedSession, journal: Journal) -> Mapping[str, str]:
    """The sessions that the other files are of, by the names of their rounds; blank: not known."""
    created = told.created  # it does not tell the sessions of one second apart
    near = f"{journal.session}-".startswith(f"{created}-")
    return {
        SESSION_FILE: _session(told.seeds, journal) or (journal.session if near else created),
        HISTORY.file: _session(saved.history.rounds, journal),
        REVIEWS.file: _session(saved.reviews.rounds, journal),
    }


def _session(rounds: Iterable[str], journal: Journal) -> str:
    """The session of rounds; the journal's if one of them is, for a name may have been changed."""
    sessions = {trial.rpartition(" ")[0] for trial in rounds}
    return journal.session if journal.session in sessions else min(sessions, default="")


def _by_others(found: Iterable[Finding], saved: SavedSession) -> list[Finding]:
    """What differs in a table that another program has saved is likely its doing."""
    foreign = {
        table.file: other_program(table.file)
        for table, rows in ((HISTORY, saved.history), (REVIEWS, saved.reviews))
        if not rows.ours
    }
    return [
        replace(one, remedy=foreign[one.file])
        if one.file in foreign and one.remedy == restored_first(one.file)
        else one
        for one in found
    ]


def _seeds(found: Sequence[Finding]) -> list[Finding]:
    """Where session.toml and history.csv have one seed, and the journal has another."""
    told = {one.trial: one.saved for one in found if one.kind is Kind.SEED}
    agreed = {
        one.trial
        for one in found
        if _is_seed_of_a_row(one) and one.saved is not None and one.saved == told.get(one.trial)
    }
    return [
        replace(one, follows=_is_seed_of_a_row(one), remedy=RESTORE_JOURNAL)
        if one.column == "seed" and one.trial in agreed
        else one
        for one in found
    ]


def _without_copy(found: Sequence[Finding], told: Told, saved: SavedSession) -> list[Finding]:
    """Where the journal is right as a whole, what it tells can be made again from it."""
    if told.problem or any(map(blames_journal, found)):
        return list(found)
    loses = {
        agreeing(right.file, wrong.file): UNTOLD[wrong.file]
        for right, wrong in ((REVIEWS, HISTORY), (HISTORY, REVIEWS))
        if not (saved.private and wrong is HISTORY)  # without texts no scores
    }
    return [
        replace(
            one,
            remedy=f"{one.remedy} Without a copy, delete it, and `{saved.resume}` makes it anew "
            f"from the journal, which does not tell {loses[one.remedy]}.",
        )
        if one.remedy in loses
        else one
        for one in found
    ]


def _is_seed_of_a_row(finding: Finding) -> bool:
    return finding.kind is Kind.CELL and finding.column == "seed"


def _torn(found: Sequence[Finding], resume: str) -> list[Finding]:
    """A torn last line is what a crash leaves, unless more of the journal is wrong."""
    wrong = [one for one in found if blames_journal(one)]
    if len(wrong) != 1 or "torn last line" not in wrong[0].text:
        return list(found)
    left = (
        "A crash leaves such a line: no call that was shown as done is lost, and the next "
        f"`{resume}` cuts it off."
    )
    return [replace(one, remedy=left) if one is wrong[0] else one for one in found]
