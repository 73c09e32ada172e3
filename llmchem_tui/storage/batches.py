"""The sessions of a batch: one for each of its strategies, found again by the batch's seed."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Vignette
from llmchem_tui.storage.reopening import reopen_session
from llmchem_tui.storage.session_file import SESSION_FILE, SessionInfo, read_tables, session_toml
from llmchem_tui.storage.sessions import SessionWriter, list_sessions

_INSTEAD = "Use another --seed or --out to begin a new batch"


def batch_table(strategy: str, seed: int, vignettes: Iterable[Vignette]) -> dict[str, Any]:
    """What session.toml says of a batch: the vignettes by id, each with its text's digest."""
    digests = {one.id: hashlib.sha256(one.text.encode()).hexdigest() for one in vignettes}
    return {"strategy": strategy, "seed": seed, "vignettes": digests}


def find_batch(sessions: Path, seed: int) -> dict[str, Path]:
    """The sessions in a folder that a batch of this seed has begun, by strategy.

    Raises:
        InputError: the folder or a batch's session.toml cannot be read, or two sessions hold the
            same strategy.
    """
    found: dict[str, Path] = {}
    for entry in list_sessions(sessions):
        own = _batch_of(entry.path / SESSION_FILE)
        if own.get("seed") != seed:
            continue
        strategy = str(own.get("strategy"))
        if strategy in found:
            raise InputError(
                f"{entry.path} and {found[strategy]} both hold {strategy} of the batch with seed "
                f"{seed}; move the one that does not count to another folder."
            )
        found[strategy] = entry.path
    return found


def continue_batch(folder: Path, info: SessionInfo) -> SessionWriter:
    """Go on with a session of a batch, which ran on the same models, prompts and vignettes.

    Raises:
        InputError: it did not; or a file is missing or damaged.
        StorageError: it cannot be written, or another process is writing it.
    """
    before = read_tables(folder / SESSION_FILE)
    now = tomllib.loads(session_toml(info.tables()).decode())  # as it would be read back
    _check_models(folder, before["models"], now["models"])
    if before["prompts"] != now["prompts"]:
        raise InputError(f"The prompts have changed since {folder} was begun. {_INSTEAD}.")
    known, wanted = before["batch"]["vignettes"], now["batch"]["vignettes"]
    if changed := sorted(id for id in known.keys() & wanted.keys() if known[id] != wanted[id]):
        raise InputError(
            f"The vignette {changed[0]} has changed since {folder} was begun. {_INSTEAD}."
        )
    session = reopen_session(folder)
    session.tables["batch"]["vignettes"] = known | wanted
    return session


def _batch_of(file: Path) -> Mapping[str, Any]:
    """What a session.toml says of a batch; nothing where it is damaged or says nothing."""
    try:
        content = file.read_bytes()
    except OSError:  # not a session, or of somebody else
        return {}
    # Of thousands of sessions only those of a batch are worth reading whole.
    return read_tables(file).get("batch", {}) if b"\n[batch]" in content else {}


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
