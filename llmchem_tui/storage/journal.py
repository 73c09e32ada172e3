"""The journal of a session: its events, one JSON line each, durable before they are shown.

The first line names the format. A torn last line, as a crash leaves it, is dropped on reading.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
from pathlib import Path

import msgspec

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import AnswerResult, Review, ReviewResult, Vignette
from llmchem_tui.session.events import (
    AnswerEnded,
    Call,
    Event,
    ReviewEnded,
    RoundEnded,
    RoundStarted,
    TextArrived,
)
from llmchem_tui.storage.files import StorageError, create, read_bytes, reason, storable

JOURNAL_FILE = "journal.jsonl"

_FORMAT = "llmchem-journal"
_VERSION = 1
_TEXT_SECONDS = 0.1  # text of a call is joined over this time: ten lines a second at most
_RECENT = 20  # sessions: older ones tell of other hardware, and are slow to read
_DURABLE = (RoundStarted, AnswerEnded, ReviewEnded, RoundEnded)


class _Header(msgspec.Struct, frozen=True):
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


class JournalWriter:
    """Appends the events of one session to a new file.

    Consecutive text of a call is joined to at most ten lines a second, by the events' own times;
    a call's events keep their order, and the times of a plan never run backwards. The start of a
    round and the end of a call or a round are on the disk when ``append`` returns.
    """

    def __init__(self, path: Path, session: str, *, private: bool = False) -> None:
        """Begin the file.

        Raises:
            OSError: it exists, or cannot be written.
        """
        header = _line(_Header(_FORMAT, _VERSION, session, private))
        create(path, header)
        self._path = path
        self._private = private
        self._file = io.FileIO(path, "a")
        self._size = len(header)
        self._latest = 0.0
        self._pending: dict[tuple[str, Call | None], TextArrived] = {}

    def append(self, event: Event) -> None:
        """Write an event, or hold its text back to be joined.

        Raises:
            StorageError: it could not be written; the journal up to the event before is kept.
        """
        if self._private:
            event = _without_texts(event)
        ready = self._due(event)
        if isinstance(event, TextArrived):
            self._join(event)
        else:
            ready.append(event)
        self._latest = event.at
        self._write(ready, durable=isinstance(event, _DURABLE))

    def close(self) -> None:
        """Write the text held back, and close the file.

        Raises:
            StorageError: the text could not be written.
        """
        try:
            self._write([*map(self._in_order, self._pending.values())], durable=True)
        finally:
            self._pending.clear()
            self._file.close()

    def _due(self, event: Event) -> list[Event]:
        """The held back texts that have to be written before the event."""
        due = [key for key, text in self._pending.items() if _must_precede(text, event)]
        return [self._in_order(self._pending.pop(key)) for key in due]

    def _join(self, event: TextArrived) -> None:
        key = _call(event)
        earlier = self._pending.get(key)
        if earlier:
            event = msgspec.structs.replace(earlier, text=earlier.text + event.text)
        self._pending[key] = event

    def _in_order(self, text: TextArrived) -> TextArrived:
        """The text, not earlier than what is already written."""
        return msgspec.structs.replace(text, at=max(text.at, self._latest))

    def _write(self, events: list[Event], *, durable: bool) -> None:
        block = b"".join(map(_line, events))
        try:
            rest = memoryview(block)
            while rest:
                rest = rest[self._file.write(rest) :]
            if durable:
                os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file.fileno(), self._size)
            raise StorageError(
                f"The journal {self._path} could not be written ({reason(error)}); it is kept up "
                "to here. Make room, or use another folder ($LLMCHEM_DATA, or --out of a command)."
            ) from error
        self._size += len(block)


def read_journal(path: Path) -> Journal:
    """The events of a journal, or of the journal in a session folder.

    Raises:
        InputError: the file is missing, is no journal, or has a newer format.
    """
    file = path / JOURNAL_FILE if path.is_dir() else path
    lines = read_bytes(file).split(b"\n")
    header = _read_header(lines[0], file)
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


def _read_header(line: bytes, file: Path) -> _Header:
    no_journal = InputError(f"{file} is damaged, or no journal of llmchem: restore it from a copy.")
    try:
        header = msgspec.json.decode(line, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise no_journal from None
    if header.format != _FORMAT:
        raise no_journal
    if header.version > _VERSION:
        raise InputError(
            f"{file} has journal format {header.version}, newer than the {_VERSION} that this "
            "llmchem reads: update llmchem-tui."
        )
    return header


def _line(value: Event | _Header) -> bytes:
    try:
        return msgspec.json.encode(value) + b"\n"
    except UnicodeEncodeError:  # a lone surrogate somewhere in a model's text
        return msgspec.json.encode(_storable(msgspec.to_builtins(value))) + b"\n"


def _storable(value: object) -> object:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value


def _must_precede(text: TextArrived, event: Event) -> bool:
    """Whether held back text has to be written now that the event comes."""
    if not text.at <= event.at < text.at + _TEXT_SECONDS:
        return True
    if isinstance(event, RoundEnded):
        return text.trial == event.trial
    if _call(event) != _call(text):
        return False
    same_stream = isinstance(event, TextArrived) and (
        (event.thinking, event.repair) == (text.thinking, text.repair)
    )
    return not same_stream


def _call(event: Event) -> tuple[str, Call | None]:
    """The trial and call that an event is about; the call is None for a round's own events."""
    match event:
        case AnswerEnded(result=result):
            return event.trial, Call(result.model)
        case ReviewEnded(result=review):
            return event.trial, Call(review.reviewer, review.author)
        case RoundStarted() | RoundEnded():
            return event.trial, None
        case _:
            return event.trial, event.call


def _without_texts(event: Event) -> Event:
    """The event as a private session stores it: numbers and names, nobody's words."""
    replace = msgspec.structs.replace
    match event:
        case RoundStarted(vignette=vignette):
            return replace(event, vignette=Vignette(id=vignette.id, title="", text=""))
        case TextArrived():
            return replace(event, text="")
        case AnswerEnded(result=result):
            return replace(event, result=dataclasses.replace(result, answer=None, message=""))
        case ReviewEnded(result=review):
            return replace(
                event,
                result=dataclasses.replace(
                    review, review=_without_words(review.review), message=""
                ),
            )
        case _:
            return event


def _without_words(review: Review | None) -> Review | None:
    if review is None:
        return None
    return Review("", review.grade, None if review.safety_concern is None else "")
