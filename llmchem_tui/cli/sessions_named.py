"""Sessions as a command line names them: by a folder, or by a name in the data folder."""

from __future__ import annotations

import os
from pathlib import Path

from llmchem_tui.domain.errors import InputError


def session_folder(named: Path) -> Path:
    """Return the folder that is meant: the path itself, or a session's name as `sessions` has it.

    Raises:
        InputError: there is none.
    """
    from llmchem_tui.config import data_folder

    if named.is_dir():
        return named
    sessions = data_folder(os.environ) / "sessions"
    if not named.exists() and len(named.parts) == 1 and (sessions / named).is_dir():
        return sessions / named
    what = "is a file" if named.exists() else f"is no folder, and no session in {sessions}"
    raise InputError(f"{named} {what}; name a session's folder, or one that `sessions` lists")


def sessions_named(named: Path) -> list[Path]:
    """Return the session that is meant, or all of a folder of sessions, the newest first.

    Raises:
        InputError: there is none.
    """
    from llmchem_tui.storage.outlines import entries_at

    folder = session_folder(named)
    if found := [entry.path for entry in entries_at([folder])]:
        return found
    raise InputError(f"{folder} holds no session; name a session's folder, or a folder of them")
