"""Files that the user asks for: copies, exports, pictures, pages, for the owner alone.

Nothing is written over but what this program can make again.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.files import StorageError, create, make_folder, reason, replace, storable
from llmchem_tui.toml_files import open_regular

COPIES, EXPORTS, SCREENSHOTS = "copies", "exports", "screenshots"
"""Folders: of a session's copies, and of what belongs to no session and of pictures."""

OWN_MARK = "llmchem-tui"
"""Stands near the beginning of the pages and pictures that may be written over."""

_MARKED_BYTES = 2048
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
        make_folder(folder)
        taken = (_NUMBERED.match(path.name) for path in folder.iterdir())
        highest = max((int(match[1]) for match in taken if match), default=0)
        stems = (f"{i:03d}-{safe_name(name)}" for i in count(highest + 1))
        (path,) = _create_first(folder, stems, {suffix: content})
    except OSError as error:
        raise _failure(folder, error) from error
    return path


def save_named(folder: Path, name: str, contents: Mapping[str, str]) -> list[Path]:
    """Write ``folder``/name.suffix for each suffix of ``contents``; name-2 where one is there.

    Raises:
        StorageError: they could not be written; none of them is left.
    """
    own = safe_name(name)
    try:
        make_folder(folder)
        return _create_first(folder, (own if i == 1 else f"{own}-{i}" for i in count(1)), contents)
    except OSError as error:
        raise _failure(folder, error) from error


def check_own(path: Path) -> None:
    """Look whether ``save_own`` may write there: work that takes long can ask before.

    Raises:
        InputError: something is there that this program cannot make again, or cannot be read.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file in it.")
    try:
        with open_regular(path) as file:
            ours = OWN_MARK.encode() in file.read(_MARKED_BYTES)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"{path} cannot be written over ({reason(error)}).") from None
    if not ours:
        raise InputError(f"{path} is there already and is not ours: name another file.")


def save_own(path: Path, content: bytes) -> None:
    """Write a file that has ``OWN_MARK`` near its beginning; over one that has it too.

    Raises:
        InputError: as in ``check_own``.
        StorageError: it could not be written; what was there is kept.
    """
    check_own(path)
    try:
        make_folder(path.parent)
        replace(path, content)
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({reason(error)}).") from error


def _create_first(folder: Path, stems: Iterator[str], contents: Mapping[str, str]) -> list[Path]:
    """Create a file for each suffix under the first stem that is free with all of them."""
    encoded = {suffix: storable(content).encode("utf-8") for suffix, content in contents.items()}
    for stem in stems:
        begun: list[Path] = []
        try:
            for suffix, content in encoded.items():
                begun.append(folder / f"{stem}{suffix}")
                create(begun[-1], content)
        except FileExistsError:
            _remove(begun[:-1])
        except OSError:
            _remove(begun)  # half a copy would pass for a whole one
            raise
        else:
            return begun
    raise AssertionError("names never end")


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _failure(folder: Path, error: OSError) -> StorageError:
    return StorageError(
        f"No file could be written in {folder} ({reason(error)}). Make room, or use another "
        "folder ($LLMCHEM_DATA)."
    )
