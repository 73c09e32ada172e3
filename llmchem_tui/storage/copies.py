"""Files that the user asks for: copies, exports, pictures. New ones only, for the owner alone."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from llmchem_tui.storage.files import StorageError, create, reason, storable

COPIES, EXPORTS, SCREENSHOTS = "copies", "exports", "screenshots"
"""Folders: of a session's copies, and of what belongs to no session and of pictures."""

_LONGEST_NAME = 60
_UNSAFE = re.compile(r"[^A-Za-z0-9._]+")
_NUMBERED = re.compile(r"(\d{3,})-")


def safe_name(name: str) -> str:
    """Return a file's name that any system takes, without a path; ``text`` where nothing is left.

    A letter, digit, dot or underscore stays; whatever else becomes a dash.
    """
    return _UNSAFE.sub("-", name)[:_LONGEST_NAME].strip("-._") or "text"


def save_numbered(folder: Path, name: str, suffix: str, content: str) -> Path:
    """Write ``folder``/007-name.suffix, with the number after the highest there is.

    Raises:
        StorageError: it could not be written.
    """
    try:
        _make(folder)
        taken = (_NUMBERED.match(path.name) for path in folder.iterdir())
        highest = max((int(match[1]) for match in taken if match), default=0)
        names = (f"{i:03d}-{safe_name(name)}{suffix}" for i in count(highest + 1))
        return _create_first(folder, names, content)
    except OSError as error:
        raise _failure(folder, error) from error


def save_named(folder: Path, name: str, suffix: str, content: str) -> Path:
    """Write ``folder``/name.suffix, or name-2.suffix where there is one.

    Raises:
        StorageError: it could not be written.
    """
    own = safe_name(name)
    names = (f"{own}{'' if i == 1 else f'-{i}'}{suffix}" for i in count(1))
    try:
        _make(folder)
        return _create_first(folder, names, content)
    except OSError as error:
        raise _failure(folder, error) from error


def _make(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def _create_first(folder: Path, names: Iterator[str], content: str) -> Path:
    """Create the file under the first name that is free: nothing is ever written over."""
    encoded = storable(content).encode("utf-8")
    for name in names:
        path = folder / name
        try:
            create(path, encoded)
        except FileExistsError:
            continue
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)  # half a copy would pass for a whole one
            raise
        return path
    raise AssertionError("names never end")


def _failure(folder: Path, error: OSError) -> StorageError:
    return StorageError(
        f"No file could be written in {folder} ({reason(error)}). Make room, or use another "
        "folder ($LLMCHEM_DATA)."
    )
