"""Private files that survive a crash: created for the owner alone, appended whole, synced."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from llmchem_tui.domain.errors import InputError, LlmchemError

_SURROGATE = re.compile("[\ud800-\udfff]")


class StorageError(LlmchemError):
    """Something could not be saved: the sentence says what, where, and what is kept."""


def storable(text: str) -> str:
    """The text with U+FFFD for lone surrogates, which UTF-8 cannot hold."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def reason(error: OSError) -> str:
    """The operating system's own words, such as ``No space left on device``."""
    return error.strerror or type(error).__name__


def read_bytes(path: Path) -> bytes:
    """The whole file.

    Raises:
        InputError: it is missing, empty, or cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"There is no file {path}: check the path.") from None
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({reason(error)}): check the file and its permissions."
        ) from error
    if not content or content.isspace():
        raise InputError(f"{path} is empty: choose a file that was written completely.")
    return content


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for their owner only.

    Raises:
        OSError: one cannot be made, or a file is in its place.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def create(path: Path, content: bytes) -> None:
    """Write a new file, readable by its owner only.

    Raises:
        OSError: it exists already, or cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, content: bytes) -> None:
    """Put new content in the file's place; a reader sees the old or the new, never a part.

    Raises:
        OSError: it cannot be written; the old content is kept.
    """
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    try:
        create(draft, content)
        os.replace(draft, path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def append(blocks: dict[Path, bytes]) -> None:
    """Append to existing files and sync them: all blocks, or none of them.

    Raises:
        OSError: a file is gone or cannot be written; what was appended is taken back.
    """
    sizes = {path: path.stat().st_size for path in blocks}
    try:
        for path, block in blocks.items():
            # without O_CREAT: a deleted session must not come back as a fragment of itself
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
            with open(descriptor, "ab") as file:
                file.write(block)
                file.flush()
                os.fsync(file.fileno())
    except OSError:
        for path, size in sizes.items():
            with contextlib.suppress(OSError):
                os.truncate(path, size)
        raise
