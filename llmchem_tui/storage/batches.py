"""The sessions of a batch: one for each of its strategies, found again by the batch's seed."""

from __future__ import annotations

import hashlib
import io
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Vignette
from llmchem_tui.storage.files import StorageError, make_folder, read_bytes, reason
from llmchem_tui.storage.journal_writer import lock
from llmchem_tui.storage.reopening import reopen_session
from llmchem_tui.storage.session_file import (
    SESSION_FILE,
    SessionInfo,
    check_format,
    read_settings,
    read_tables,
    session_toml,
)
from llmchem_tui.storage.sessions import SessionWriter, list_sessions

_FIRST, _BATCH, _LATER = b"format = ", b"\n[batch]", b"\n[seeds]"  # as a session.toml has them
_INSTEAD = "Use another --seed or --out to begin a new batch"


def batch_table(
    strategy: str,
    seed: int,
    vignettes: Iterable[Vignette],
    asked: Mapping[str, object],
    settings: Mapping[str, object],
) -> dict[str, Any]:
    """What session.toml says of a batch: its vignettes by id, each with the digest of all of it.

    ``asked``: its strategies, sizes and trials. ``settings``: those on which choices hang.
    """
    digests = {one.id: vignette_digest(one) for one in vignettes}
    own = {"strategy": strategy, "seed": seed, "vignettes": digests}
    return own | {"asked": dict(asked), "settings": dict(settings)}


def vignette_digest(vignette: Vignette) -> str:
    """The digest of all of a vignette, as session.toml has it."""
    return hashlib.sha256(msgspec.json.encode(vignette)).hexdigest()


def lock_batch(sessions: Path, seed: int) -> io.FileIO:
    """Keep others from running the batch of this seed in a folder until the file is closed.

    Raises:
        StorageError: the folder cannot be written, or somebody else runs the batch.
    """
    try:
        make_folder(sessions)
        path = sessions / f".batch-{seed}.lock"
        file = io.FileIO(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w")
    except OSError as error:
        raise StorageError(f"{sessions} cannot be written ({reason(error)}).") from error
    if not lock(file):
        file.close()
        raise StorageError(
            f"The batch with seed {seed} in {sessions} is being run by another llmchem: wait for "
            "it or stop it."
        )
    return file


@dataclass(frozen=True, slots=True)
class FoundBatch:
    """What a folder holds of a batch.

    ``sessions`` by strategy. ``nameless``: folders of sessions whose session.toml is missing or
    damaged, so that nothing says whether they are of this batch.
    """

    sessions: dict[str, Path]
    nameless: tuple[Path, ...]


def find_batch(folder: Path, seed: int) -> FoundBatch:
    """Return the sessions in a folder that a batch of this seed has begun.

    Raises:
        InputError: the folder cannot be read, a batch's session.toml has a newer format, or two
            sessions hold the same strategy.
    """
    found: dict[str, Path] = {}
    nameless = []
    for entry in list_sessions(folder):
        own = _batch_of(entry.path / SESSION_FILE)
        if own is None:
            nameless.append(entry.path)
        elif own.get("seed") == seed:
            strategy = str(own.get("strategy"))
            if strategy in found:
                raise InputError(
                    f"{entry.path} and {found[strategy]} both hold {strategy} of the batch with "
                    f"seed {seed}; move the one that does not count to another folder."
                )
            found[strategy] = entry.path
    return FoundBatch(found, tuple(nameless))


def continue_batch(folder: Path, info: SessionInfo) -> SessionWriter:
    """Go on with a session of a batch, which ran on the same models, prompts and vignettes.

    Raises:
        InputError: it did not; or a file is missing or damaged.
        StorageError: it cannot be written, or another process is writing it.
    """
    read_settings(folder / SESSION_FILE)  # says what is wrong with the file
    before = read_tables(folder / SESSION_FILE)
    now = tomllib.loads(session_toml(info.tables()).decode())  # as it would be read back
    _check_models(folder, before["models"], now["models"])
    if before.get("prompts") != now["prompts"]:
        raise InputError(f"The prompts have changed since {folder} was begun. {_INSTEAD}.")
    on_what = [(one.get("abstain_below"), one["batch"].get("settings")) for one in (before, now)]
    if on_what[0] != on_what[1]:
        raise InputError(
            f"The settings of chemistry or abstain_below have changed since {folder} was begun. "
            f"{_INSTEAD}."
        )
    known, wanted = before["batch"].get("vignettes"), now["batch"]["vignettes"]
    if not isinstance(known, dict):
        raise InputError(f"The {SESSION_FILE} of {folder} names no vignettes. {_INSTEAD}.")
    if changed := sorted(id for id in known.keys() & wanted.keys() if known[id] != wanted[id]):
        raise InputError(
            f"The vignette {changed[0]} has changed since {folder} was begun. {_INSTEAD}."
        )
    session = reopen_session(folder)
    session.tables["batch"] |= {"vignettes": known | wanted, "asked": now["batch"]["asked"]}
    return session


def _batch_of(file: Path) -> Mapping[str, Any] | None:
    """What a session.toml says of a batch; None: it is missing or damaged."""
    try:
        content = read_bytes(file)
    except InputError:
        return None
    if _BATCH not in content:  # of thousands of sessions only those of a batch are read whole
        return {} if content.startswith(_FIRST) and _LATER in content else None
    check_format(file)
    try:
        own: Mapping[str, Any] = read_tables(file).get("batch", {})
    except InputError:
        return None
    return own


def _check_models(folder: Path, before: list[dict[str, Any]], now: list[dict[str, Any]]) -> None:
    if before == now:
        return
    old, new = ({model["name"]: model for model in models} for models in (before, now))
    changes = [f"{name} is new" for name in sorted(new.keys() - old.keys())]
    changes += [f"{name} is gone" for name in sorted(old.keys() - new.keys())]
    changes += [
        f"{name} is another" for name in sorted(old) if name in new and old[name] != new[name]
    ]
    raise InputError(
        f"The pool has changed since {folder} was begun: {', '.join(changes)}. "
        f"Bring it back, or: {_INSTEAD[0].lower()}{_INSTEAD[1:]}."
    )
