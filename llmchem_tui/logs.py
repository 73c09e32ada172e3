"""The log: one JSON object a line, about what the program did and how it went.

Only where it was asked for. A line has ``time`` (UTC), ``level``, ``logger``, ``event`` in words,
and what belongs to it. It never holds a key, and no text of a vignette, an answer, a review or a
prompt unless ``texts`` were asked for; of a private session not even then. What a server said is
left out as well, for it may quote what it was sent.

Of other libraries' loggers only warnings come through, as their bare patterns: what they fill in
can be headers and bodies.
"""

from __future__ import annotations

import errno
import json
import logging
import math
import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from llmchem_tui.crash_report import place
from llmchem_tui.domain.errors import InputError, LlmchemError
from llmchem_tui.redaction import cleaned, unquoted, without_keys

OWN = "llmchem_tui"
LEVELS = ("debug", "info", "warning")

_LONGEST_PATTERN = 200
_OURS = re.compile(rb'\{"time": "[^"]+", "level": "[a-z]+", "logger": "')
_BEGINNING = 200  # bytes, in which a line of ours is known


class Log(logging.Handler):
    """Writes the lines; ``texts``: with what models and vignettes say.

    ``problem``: why it gave up writing, blank as long as it did not.
    """

    def __init__(self, file: TextIO, *, texts: bool) -> None:
        super().__init__()
        self._file = file
        self.texts = texts
        self.problem = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line and send it on its way."""
        own = record.name.partition(".")[0] == OWN
        if self.problem or (record.levelno < logging.WARNING and not own):
            return
        try:
            self._file.write(_line(record))
            self._file.flush()
        except OSError as error:
            self.problem = error.strerror or type(error).__name__

    def close(self) -> None:
        """Close the file."""
        super().close()
        try:
            self._file.close()
        except OSError as error:
            self.problem = self.problem or error.strerror or type(error).__name__


def quiet_libraries() -> None:
    """Keep warnings of libraries off stderr: they may hold anything. They go to the log, if any."""
    logging.getLogger().addHandler(logging.NullHandler())


def open_log(path: Path, level: str = "info", *, texts: bool = False) -> None:
    """Begin to log: append to a log of ours, or make one; it is for its owner alone.

    A character device, such as a terminal, takes the lines as well.

    Raises:
        InputError: it cannot be opened, is another file, or the level is none of ``LEVELS``.
    """
    if level not in LEVELS:
        raise InputError(f"no log level {level!r}; choose one of {', '.join(LEVELS)}")
    try:
        file = _opened(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = getattr(error, "strerror", None) or error
        raise InputError(f"the log {path} cannot be opened ({why}); name another file") from None
    logging.getLogger(OWN).setLevel(level.upper())
    logging.getLogger().addHandler(Log(file, texts=texts))


def _opened(path: Path) -> TextIO:
    """Open a log to append to it; a file of anything else is left as it is.

    Raises:
        OSError: it cannot be opened, or is no log of ours.
        ValueError: there is a NUL in its name.
    """
    # a pipe would wait for its reader, and neither it nor a folder can be read first
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600)
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISREG(kind):
            beginning = os.pread(descriptor, _BEGINNING, 0)
            if beginning and not _OURS.match(beginning):
                raise OSError(errno.EEXIST, "it is there already and is no log of llmchem")
            os.fchmod(descriptor, 0o600)
            if beginning and os.pread(descriptor, 1, os.fstat(descriptor).st_size - 1) != b"\n":
                os.write(descriptor, b"\n")  # behind a line that a crash has cut off
        elif not stat.S_ISCHR(kind):
            raise OSError(errno.EINVAL, "it is not a regular file")
        os.set_blocking(descriptor, True)
    except OSError:
        os.close(descriptor)
        raise
    return open(descriptor, "a", encoding="utf-8")


def close_log() -> str:
    """End the log, if there is one; return why it is not complete, blank where it is."""
    own = present_log()
    if own is None:
        return ""
    logging.getLogger().removeHandler(own)
    logging.getLogger(OWN).setLevel(logging.NOTSET)
    own.close()
    return own.problem


def log(words: str, *, level: int = logging.INFO, name: str = OWN, **fields: object) -> None:
    """Log that something happened; ``words`` are ours, and no field is None in the line."""
    if present_log() is not None:
        logging.getLogger(name).log(level, words, extra={"fields": fields})


def log_error(error: BaseException, *, told: bool) -> None:
    """Log what ended the program: an error that the user was told in a sentence, or a bug.

    Type and place; the sentence only where it is ours and not about what the user typed.
    """
    ours = isinstance(error, LlmchemError) and not isinstance(error, InputError)
    log(
        "failed" if told else "this is a bug",
        level=logging.ERROR,
        error=type(error).__name__,
        place=place(error),
        message=unquoted(str(error)) if ours else None,
    )


def present_log() -> Log | None:
    """Return the log, if one was asked for."""
    return next((one for one in logging.getLogger().handlers if isinstance(one, Log)), None)


def _line(record: logging.LogRecord) -> str:
    fields: dict[str, object] = getattr(record, "fields", {})
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        fields = {**fields, "error": type(error).__name__, "place": place(error)}
    entry = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": str(record.msg).partition("\n")[0][:_LONGEST_PATTERN],
        **{name: value for name, value in fields.items() if value is not None},
    }
    return json.dumps(cleaned(_finite(entry), without_keys)) + "\n"


def _finite(entry: dict[str, object]) -> dict[str, object]:
    """Return the fields as JSON has them: rounded to milliseconds, and no number that is none."""
    return {
        name: (round(value, 3) if math.isfinite(value) else None)
        if isinstance(value, float)
        else value
        for name, value in entry.items()
    }
