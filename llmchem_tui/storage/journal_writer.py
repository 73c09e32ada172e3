"""Writing the journal of a session, each event durable before it is shown."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import io
import os
from pathlib import Path

import msgspec

from llmchem_tui.domain.model import Review, Vignette
from llmchem_tui.session.events import (
    AnswerEnded,
    Call,
    Event,
    ReviewEnded,
    RoundEnded,
    RoundResumed,
    RoundStarted,
    TextArrived,
)
from llmchem_tui.storage.files import (
    StorageError,
    create,
    gone,
    read_bytes,
    reason,
    storable,
)
from llmchem_tui.storage.journal import FORMAT, VERSION, Header, read_header

_TEXT_SECONDS = 0.1  # text of a call is joined over this time: ten lines a second at most
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}  # some network folders have none
_DURABLE = (RoundStarted, RoundResumed, AnswerEnded, ReviewEnded, RoundEnded)


class JournalWriter:
    """Appends the events of one session to its file, which nobody else can write meanwhile.

    Consecutive text of a call is joined to at most ten lines a second, by the events' own times;
    a call's events keep their order, and the times of a plan never run backwards. The start of a
    round and the end of a call or a round are on the disk when ``append`` returns.
    """

    def __init__(self, path: Path, *, private: bool) -> None:
        self._path = path
        self._private = private
        self._file = io.FileIO(path, "a")
        self._size = os.fstat(self._file.fileno()).st_size
        self._latest = 0.0
        self._pending: dict[tuple[str, Call | None], TextArrived] = {}

    @classmethod
    def create(cls, path: Path, session: str, *, private: bool = False) -> JournalWriter:
        """Begin a new file.

        Raises:
            OSError: it exists, or cannot be written.
        """
        create(path, _line(Header(FORMAT, VERSION, session, private)))
        writer = cls(path, private=private)
        lock(writer._file)
        return writer

    @classmethod
    def reopen(cls, path: Path) -> JournalWriter:
        """Go on with a file; a torn last line is cut off.

        Raises:
            InputError: the file is missing, is no journal, or has a newer format.
            StorageError: it cannot be written, or somebody else is writing it.
        """
        header = read_header(read_bytes(path).partition(b"\n")[0], path)
        try:
            writer = cls(path, private=header.private)
            if not lock(writer._file):
                writer._file.close()
                raise StorageError(
                    f"{path.parent} is being written by another llmchem: wait for it or stop it."
                )
            writer._size = read_bytes(path).rfind(b"\n") + 1  # may have grown before the lock
            os.ftruncate(writer._file.fileno(), writer._size)
        except OSError as error:
            raise StorageError(f"{path} cannot be continued ({reason(error)}).") from error
        return writer

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
        own = _call(event)
        due = [
            key
            for key, text in self._pending.items()
            if _must_precede(text, event, same_call=key == own)
        ]
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
                if block and os.fstat(self._file.fileno()).st_nlink == 0:  # it was deleted
                    folder = self._path.parent
                    raise gone(self._path if folder.is_dir() else folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file.fileno(), self._size)
            raise StorageError(
                f"The journal {self._path} could not be written ({reason(error)}); it is kept up "
                "to here. Make room, or use another folder ($LLMCHEM_DATA, or --out of a command)."
            ) from error
        self._size += len(block)


def is_written(path: Path) -> bool:
    """Whether somebody is writing a journal now, as far as locks tell."""
    with (
        contextlib.suppress(OSError),
        io.FileIO(path) as file,
    ):  # some lock no file that is only read
        return not lock(file)
    return False


def lock(file: io.FileIO) -> bool:
    """Keep others from locking the file until it is closed; False: somebody else has done so."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


def _line(value: Event | Header) -> bytes:
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


def _must_precede(text: TextArrived, event: Event, *, same_call: bool) -> bool:
    """Whether held back text has to be written now that the event comes."""
    if not text.at <= event.at < text.at + _TEXT_SECONDS:
        return True
    if isinstance(event, RoundEnded):
        return text.trial == event.trial
    if not same_call:
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
        case RoundStarted() | RoundResumed() | RoundEnded():
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
