"""Private files that survive a crash: for the owner alone, old or new but never a part, synced."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from pathlib import Path

from llmchem_tui.domain.errors import InputError, LlmchemError
from llmchem_tui.toml_files import open_regular, remedy

_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EACCES}  # network folders; those not to be read


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


def read_bytes(path: Path, most: int = -1) -> bytes:
    """The whole file, or the first ``most`` bytes of a longer one.

    Raises:
        InputError: it is missing, empty, no regular file, or cannot be read.
    """
    try:
        with open_regular(path) as file:
            content = file.read(most)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}: check the path.") from None
    except OSError as error:
        advice = remedy(error, "check the file and its permissions")
        raise InputError(f"{path} cannot be read ({reason(error)}): {advice}.") from error
    if not content or content.isspace():
        raise InputError(f"{path} is empty: choose a file that was written completely.")
    return content


def gone(path: Path) -> StorageError:
    """What to say where a session's folder, or its journal, is not there any more."""
    return StorageError(
        f"{path} is gone: it was deleted or moved while it was in use, with all that was saved in "
        "it. What comes is not saved: copy or export what you need of it. The next round begins a "
        "new session. If you bring it back, llmchem resume goes on with what is in it."
    )


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for their owner only.

    Raises:
        OSError: one cannot be made, or a file is in its place.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Have the names of a folder's files on the disk, without which a synced file can be lost.

    Raises:
        OSError: it is gone, or the disk has failed.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


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
    draft = _draft(path)
    try:
        create(draft, content)
        os.replace(draft, path)
        sync_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def append(blocks: dict[Path, bytes]) -> None:
    """Append to existing files: all blocks or none of them, each as ``replace`` does it.

    Raises:
        OSError: a file is gone or cannot be written; what was appended is taken back.
    """
    # read first: a deleted session must not come back as a fragment of itself
    before = {path: path.read_bytes() for path in blocks}
    drafts = {path: _draft(path) for path in blocks}
    try:
        for path, draft in drafts.items():
            create(draft, before[path] + blocks[path])
        for path, draft in drafts.items():  # now that there was room for all of them
            os.replace(draft, path)
        for folder in {path.parent for path in drafts}:
            sync_folder(folder)
    except OSError:
        for path, draft in drafts.items():
            with contextlib.suppress(OSError):
                os.truncate(path, len(before[path]))
            with contextlib.suppress(OSError):
                draft.unlink()
        raise


def _draft(path: Path) -> Path:
    """Where the new content of a file is written first; a crash may have left one there."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    return draft
