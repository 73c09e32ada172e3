"""What `verify` finds: a sentence on what is wrong, another on what to do, and the values."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.journal import JOURNAL_FILE


class Kind(StrEnum):
    """What a finding is about."""

    FILE = "file"
    """A file, or the rest of it, cannot be read, or two files contradict each other as a whole."""
    LINE = "line"
    """A line of the journal is damaged, torn, or of no round."""
    ROUND = "round"
    """A round is not whole, stands in one file only, or was begun twice."""
    CALL = "call"
    """A call was made again that had finished, or the journal says two things of it."""
    ROW = "row"
    """A row is missing, stands twice, or is of nobody."""
    CELL = "cell"
    """A cell is not what the journal makes of it."""
    SEED = "seed"
    """session.toml has another seed, none, or one of an unknown round."""
    MODEL = "model"
    """A model is another one than before, or than session.toml has it."""
    VIGNETTE = "vignette"
    """A vignette is another one than before, than ours, or than session.toml has it."""
    PROMPT = "prompt"
    """session.toml has no digest of a prompt, or something else in its place."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    ``text``: a sentence. ``remedy``: what to do, in another one; blank where ``text`` says it.
    ``follows``: it would not be there but for another finding of the same remedy. ``saved``: what
    stands in ``file`` (of a model: what it was before); ``recomputed``: what the journal makes of
    it; both None where they do not apply or are blank.
    """

    kind: Kind
    text: str
    trial: str | None = None
    model: str | None = None
    reviewer: str | None = None
    column: str | None = None
    saved: object = None
    recomputed: object = None
    file: str | None = None
    remedy: str = ""
    follows: bool = False


def restored(*files: str) -> str:
    """The remedy where it is known which files are wrong."""
    return f"Restore {' and '.join(files)} from a copy."


def restored_first(file: str) -> str:
    """The remedy where a file and the journal differ, and nothing tells which of them is right."""
    return f"Restore {file} from a copy; if that changes nothing, {JOURNAL_FILE}."


def agreeing(right: str, wrong: str) -> str:
    """The remedy where a table bears out the journal, and the other one does not."""
    return f"{right} agrees with the journal: {and_then(restored(wrong))}"


def and_then(sentence: str) -> str:
    """A remedy as the second half of a sentence."""
    return sentence[0].lower() + sentence[1:]


def other_program(file: str) -> str:
    """The remedy where a table does not begin as we write it, and differs in this and that."""
    return (
        f"Another program has saved {file}, which may have changed this: {and_then(restored(file))}"
    )


RESTORE_JOURNAL = restored(JOURNAL_FILE)


def blames_journal(finding: Finding) -> bool:
    """Whether the remedy begins with the journal, so that nothing can be made again from it."""
    return f"estore {JOURNAL_FILE}" in finding.remedy


def why_unread(path: Path, error: InputError) -> str:
    """Why a file of a session cannot be read, and what to do."""
    if not os.path.lexists(path):
        return f"{path} is missing: restore it from a copy."
    if os.path.isfile(path) and os.path.getsize(path) == 0:
        return f"{path} is empty: restore it from a copy."
    return str(error)
