"""The rounds of a session that were cancelled or cut off, as its journal tells them."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from llmchem_tui.domain.errors import InputError
from llmchem_tui.session.events import Event
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.files import read_bytes
from llmchem_tui.storage.journal import JOURNAL_FILE, read_header, read_journal
from llmchem_tui.storage.journal_rounds import by_trial
from llmchem_tui.storage.journal_writer import is_written
from llmchem_tui.storage.session_file import SESSION_FILE
from llmchem_tui.toml_files import open_regular

_OF_A_ROUND = b'\n{"type":"Round'  # how the lines begin on which a round begins, goes on or ends
_TRIAL = re.compile(rb'"trial":"[^"\\]* (\d{1,9})"')
_SEED_OF = re.compile(rb'^"([^"\\]+)" = ', re.MULTILINE)
_END = 2**12  # bytes, in which a round ends


class _Line(msgspec.Struct, frozen=True):
    type: str
    trial: str
    cancelled: bool = False


def count_interrupted(folder: Path) -> int:
    """How many rounds of a session were cancelled or cut off: of thousands within seconds.

    A round that is being run now is not one of them.

    Raises:
        InputError: the journal is missing, is none, or has a newer format.
    """
    file = folder / JOURNAL_FILE
    saved, in_turn = _saved(folder)
    if in_turn and 0 < len(saved) == _last(file):
        return 0
    content = read_bytes(file)
    read_header(content.partition(b"\n")[0], file)
    cut_off, cancelled = set[str](), set[str]()
    for line in _lines_of_rounds(content):
        if line.type == "RoundEnded":
            cut_off.discard(line.trial)
            if line.cancelled:
                cancelled.add(line.trial)
        else:
            cancelled.discard(line.trial)
            cut_off.add(line.trial)
    if cut_off and is_written(file):
        cut_off.clear()
    return len((cut_off | cancelled) - saved)


def _saved(folder: Path) -> tuple[set[str], bool]:
    """The rounds that are saved, and whether each began when the one before had ended.

    Those of a batch run together. As far as session.toml tells, which takes long to read as TOML.
    """
    try:
        with open_regular(folder / SESSION_FILE) as file:
            settings = file.read()
    except OSError:
        return set(), False
    seeds = settings.partition(b"\n[seeds]\n")[2].partition(b"\n\n")[0]
    saved = {trial.decode("utf-8", "replace") for trial in _SEED_OF.findall(seeds)}
    return saved, b"\n[batch]" not in settings


def _last(journal: Path) -> int:
    """The number of the round that a journal tells of last, of which only the end is read.

    0: it is not there to be found.
    """
    with suppress(OSError), open_regular(journal) as file:
        file.seek(-min(_END, os.fstat(file.fileno()).st_size), os.SEEK_END)
        return max(map(int, _TRIAL.findall(file.read())), default=0)
    return 0


def _lines_of_rounds(content: bytes) -> Iterator[_Line]:
    decoder = msgspec.json.Decoder(_Line)
    place = content.find(_OF_A_ROUND)
    while place >= 0:
        end = content.find(b"\n", place + 1)
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield decoder.decode(content[place : end if end >= 0 else len(content)])
        place = content.find(_OF_A_ROUND, place + 1)


def interrupted_rounds(folder: Path, saved: Container[str] = ()) -> list[tuple[Event, ...]]:
    """The events of each round that was cancelled or cut off, in the order in which they began.

    ``saved``: rounds that are finished, even if the end of one is lost in the journal.

    Raises:
        InputError: the journal is missing, damaged or of a newer format; or it is private, so that
            the answers which a reviewer would have to read are not in it.
    """
    journal = read_journal(folder)
    rounds = by_trial(journal.events, (), [])
    found = [
        tuple(events)
        for trial, events in rounds.items()
        if trial not in saved and _interrupted(RoundState.of(events))
    ]
    if found and journal.private:
        raise InputError(
            f"{folder} is private: its texts were not saved, so its round cannot go on. Run a new "
            "round."
        )
    return found


def _interrupted(state: RoundState) -> bool:
    return state.ended is None or state.ended.cancelled
