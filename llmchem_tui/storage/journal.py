"""The journal of a session: its events, one JSON line each, durable before they are shown.

The first line names the format. A torn last line, as a crash leaves it, is dropped on reading.
"""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

import msgspec

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import AnswerResult, ReviewResult
from llmchem_tui.session.events import (
    AnswerEnded,
    Event,
    ReviewEnded,
)
from llmchem_tui.storage.files import read_bytes

JOURNAL_FILE = "journal.jsonl"

FORMAT = "llmchem-journal"
VERSION = 1
_RECENT = 20  # sessions: older ones tell of other hardware, and are slow to read


class Header(msgspec.Struct, frozen=True):
    """The first line."""

    format: str
    version: int
    session: str
    private: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Journal:
    """A journal as read: the events in order, and notes on the lines that could not be read.

    In a ``private`` one the texts are blank, and an answer is None whatever its status.
    """

    session: str
    private: bool
    events: tuple[Event, ...]
    notes: tuple[str, ...] = ()


def read_journal(path: Path) -> Journal:
    """The events of a journal, or of the journal in a session folder.

    Raises:
        InputError: the file is missing, is no journal, or has a newer format.
    """
    file = path / JOURNAL_FILE if path.is_dir() else path
    lines = read_bytes(file).split(b"\n")
    header = read_header(lines[0], file)
    decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
    events, notes = [], []
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        try:
            events.append(decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            torn = number == len(lines)
            notes.append(
                f"{file}: the torn last line was dropped."
                if torn
                else f"{file}, line {number} is damaged and was left out."
            )
    return Journal(header.session, header.private, tuple(events), tuple(notes))


def recent_calls(
    sessions: Path, *, exclude: str | None = None
) -> list[AnswerResult | ReviewResult]:
    """The calls in the journals of the newest sessions in a folder, oldest first.

    They tell how long calls take. A journal that cannot be read tells nothing.
    """
    files = [path for path in sessions.glob(f"*/{JOURNAL_FILE}") if path.parent.name != exclude]
    decoder: msgspec.json.Decoder[AnswerEnded | ReviewEnded] = msgspec.json.Decoder(
        AnswerEnded | ReviewEnded
    )
    calls: list[AnswerResult | ReviewResult] = []
    for file in sorted(files)[-_RECENT:]:
        with contextlib.suppress(InputError):
            for line in read_bytes(file).splitlines():
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                    calls.append(decoder.decode(line).result)
    return calls


def read_header(line: bytes, file: Path) -> Header:
    """The first line of a journal.

    Raises:
        InputError: it is none, or has a newer format.
    """
    no_journal = InputError(f"{file} is damaged, or no journal of llmchem: restore it from a copy.")
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise no_journal from None
    if header.format != FORMAT:
        raise no_journal
    if header.version > VERSION:
        raise InputError(
            f"{file} has journal format {header.version}, newer than the {VERSION} that this "
            "llmchem reads: update llmchem-tui."
        )
    return header
