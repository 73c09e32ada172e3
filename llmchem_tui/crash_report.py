"""What is told of a bug: where it is, and never what the program held when it happened.

A traceback as Python prints it has no values of variables, but the message of an error may hold
any: the text of a vignette, a path, a key. So an error is told by its type and place; its message
only where it is a sentence of ours, or was asked for.
"""

from __future__ import annotations

import platform
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePath

from llmchem_tui import __version__
from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.plain_text import plain
from llmchem_tui.redaction import unquoted, without_keys

_OWN = "llmchem_tui"
_MOST_FRAMES = 100


def crash_report(error: BaseException, command: str, *, messages: bool = False) -> str:
    """Return the report of a bug as a text for a file: versions, and where it happened.

    ``messages``: with what the errors say, whatever it is.
    """
    head = [
        "llmchem crash report",
        "",
        f"time      {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        f"version   {__version__}",
        f"command   {command}",
        f"python    {platform.python_version()}",
        f"platform  {platform.platform()}",
        f"error     {_name(error, messages=messages)}",
        "",
        "No value of a variable stands below: only files, lines, functions and lines of code.",
    ]
    return plain(without_keys("\n".join([*head, *_traces(error, messages=messages)]))) + "\n"


def full_traceback(error: BaseException) -> str:
    """Return the traceback as Python prints it, without keys and control sequences."""
    return plain(without_keys("".join(traceback.format_exception(error)))).rstrip()


def place(error: BaseException) -> str:
    """Return the last line of ours that an error went through, or the last of all; or blank."""
    frames = list(_frames(error))
    ours = [frame for frame in frames if f"{_OWN}/" in frame.filename.replace("\\", "/")]
    if not frames:
        return ""
    last = (ours or frames)[-1]
    return f"{_short(last.filename)}:{last.lineno} in {last.name}"


def _traces(error: BaseException, *, messages: bool) -> Iterator[str]:
    for one in _chain(error):
        yield ""
        yield _name(one, messages=messages)
        frames = _frames(one)
        if len(frames) > _MOST_FRAMES:
            yield f"  ({len(frames) - _MOST_FRAMES} frames before these are left out)"
        for frame in frames[-_MOST_FRAMES:]:
            yield f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}"
            if frame.line:
                yield f"    {frame.line}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, those of a group, and what led to each, every one once."""
    left, seen = [error], set[int]()
    while left:
        one = left.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        before = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        left += [*inner, *([before] if before is not None else [])]


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    return list(traceback.extract_tb(error.__traceback__))


def _name(error: BaseException, *, messages: bool) -> str:
    name = type(error).__name__
    if messages:
        return f"{name}: {error}"
    return f"{name}: {unquoted(str(error))}" if isinstance(error, LlmchemError) else name


def _short(filename: str) -> str:
    """Return a file's path from where Python found it: the rest may tell who the user is."""
    path = PurePath(filename)
    roots = [PurePath(root) for root in sys.path if root and path.is_relative_to(root)]
    longest = max(roots, key=lambda root: len(root.parts), default=path.parent)
    return path.relative_to(longest).as_posix()
