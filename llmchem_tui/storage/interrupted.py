"""The rounds of a session that were cancelled or cut off, as its journal tells them."""

from __future__ import annotations

from pathlib import Path

from llmchem_tui.domain.errors import InputError
from llmchem_tui.session.events import Event
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.journal import read_journal
from llmchem_tui.storage.journal_rounds import by_trial


def interrupted_rounds(folder: Path) -> list[tuple[Event, ...]]:
    """The events of each round that was cancelled or cut off, in the order in which they began.

    Raises:
        InputError: the journal is missing, damaged or of a newer format; or it is private, so that
            the answers which a reviewer would have to read are not in it.
    """
    journal = read_journal(folder)
    rounds = by_trial(journal.events, (), []).values()
    found = [tuple(events) for events in rounds if _interrupted(RoundState.of(events))]
    if found and journal.private:
        raise InputError(
            f"{folder} is private: its texts were not saved, so its round cannot go on. Run a new "
            "round."
        )
    return found


def _interrupted(state: RoundState) -> bool:
    return state.ended is None or state.ended.cancelled
