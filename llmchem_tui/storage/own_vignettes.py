"""The user's own vignettes: checked, saved, and deleted."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from itertools import count
from pathlib import Path

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Vignette
from llmchem_tui.storage import files
from llmchem_tui.storage.files import StorageError, reason, storable
from llmchem_tui.storage.vignette_form import (
    COMPLEXITIES,
    FORMAT,
    LONGEST_ID,
    LONGEST_TITLE,
    check_characters,
)
from llmchem_tui.storage.vignettes import from_text, headers, slug

_ENDING = ".toml"


def written(title: str, text: str, specialty: str = "", complexity: str = "") -> Vignette:
    """Return the vignette that somebody wrote; without a title it has its first line.

    Raises:
        InputError: the text is blank or too long, another text is too long, complexity is none
            of the known ones, or something has control characters.
    """
    lines = {"title": " ".join(title.split()), "specialty": " ".join(specialty.split())}
    for name, line in lines.items():
        check_characters(line, f"the {name}")
        if len(line) > LONGEST_TITLE:
            raise InputError(f"the {name} is longer than {LONGEST_TITLE} characters; shorten it")
    if complexity and complexity not in COMPLEXITIES:
        raise InputError(f"the complexity must be one of {', '.join(COMPLEXITIES)}")
    vignette = from_text(storable(text))
    return replace(
        vignette,
        title=lines["title"] or vignette.title,
        specialty=lines["specialty"],
        complexity=complexity,
    )


def rewritable(vignette: Vignette, path: Path | None) -> bool:
    """Tell whether ``save`` over the user's own file would keep all that the vignette has."""
    kept = Vignette(
        vignette.id, vignette.title, vignette.text, vignette.specialty, vignette.complexity
    )
    return path is not None and path.suffix.lower() == _ENDING and vignette == kept


def save(vignette: Vignette, folder: Path, over: Path | None = None) -> Vignette:
    """Write title, text, specialty and complexity as the user's own vignette; return it.

    Without ``over`` the id is made from the title, and a taken one gets ``-2``, …: nothing is
    overwritten unasked. With it the user's own file is replaced; the vignette keeps its id.

    Raises:
        StorageError: it could not be written; what is there stays as it is.
    """
    try:
        files.make_folder(folder)
        if over is not None:
            files.replace(over, _toml(vignette, slug(over.stem)))
            return vignette
        path = _reserve(folder, slug(vignette.title))
        try:
            files.replace(path, _toml(vignette, vignette.id))
        except OSError:
            path.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StorageError(
            f"The vignette could not be saved in {folder} ({reason(error)}); it is only here."
        ) from error
    return replace(vignette, id=path.stem)


def delete(path: Path) -> None:
    """Delete the user's own vignette.

    Raises:
        StorageError: it could not be deleted.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path} could not be deleted ({reason(error)}).") from error


def _toml(vignette: Vignette, own_id: str) -> bytes:
    """The file's content; ``own_id``: the id that the file's name gives it."""
    import tomli_w

    texts = {
        "id": "" if vignette.id == own_id else vignette.id,
        "title": vignette.title,
        "specialty": vignette.specialty,
        "complexity": vignette.complexity,
        "text": vignette.text,
    }
    tables = {"format": FORMAT, **{name: text for name, text in texts.items() if text}}
    return storable(tomli_w.dumps(tables, multiline_strings=True)).encode("utf-8")


def _reserve(folder: Path, id: str) -> Path:
    """Create an empty file under the first free id, so that nobody else takes it."""
    taken = {header.id for header in headers(folder)}
    taken |= {slug(path.stem) for path in folder.iterdir()}
    for number in count(1):
        ending = "" if number == 1 else f"-{number}"
        own_id = id[: LONGEST_ID - len(ending)].rstrip("-") + ending
        path = folder / f"{own_id}{_ENDING}"
        if own_id not in taken:
            with contextlib.suppress(FileExistsError):
                path.touch(0o600, exist_ok=False)
                return path
    raise AssertionError("the numbers do not end")
