"""Vignettes: the bundled ones, the user's own, any file, and a text without a file.

A user's vignette is TOML of the bundled form, of which only ``text`` is needed, or plain text.
"""

from __future__ import annotations

import os
import re
import tomllib
import unicodedata
from dataclasses import dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import BinaryIO

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Vignette
from llmchem_tui.storage.vignette_form import (
    LONGEST,
    LONGEST_ID,
    check_characters,
    check_text,
    title_of,
    vignette_from,
)
from llmchem_tui.toml_files import nearest, read_text, read_toml

NOTE = "note"
"""The id of a text that has no better one."""

ENDINGS = (".toml", ".txt", ".md")
_BYTES_PER_CHARACTER = 4


@dataclass(frozen=True, slots=True)
class VignetteHeader:
    """What a list of vignettes shows and searches.

    ``usable`` is False for a file of the user's that cannot be used; the title then says why.
    ``reference``: whether answers can be compared with an acceptable one. ``path``: the user's own
    file; None: a bundled vignette.
    """

    id: str
    title: str
    specialty: str = ""
    complexity: str = ""
    usable: bool = True
    text: str = ""
    reference: bool = False
    path: Path | None = None


def bundled() -> tuple[VignetteHeader, ...]:
    """Return the headers of the vignettes that come with the program, by id."""
    listed = []
    for id, file in sorted(_bundled_files().items()):
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        texts = (tables["title"], tables["specialty"], tables["complexity"])
        reference = bool(tables.get("acceptable"))
        listed.append(VignetteHeader(id, *texts, text=tables["text"], reference=reference))
    return tuple(listed)


def headers(user_folder: Path | None = None) -> tuple[VignetteHeader, ...]:
    """Return the bundled vignettes and then the user's, each by id.

    What cannot be used is listed as unusable: a broken file, an id that another vignette has, a
    folder that cannot be read.
    """
    listed = list(bundled())
    try:
        paths = _user_files(user_folder)
    except InputError as error:
        return (*listed, VignetteHeader(NOTE, str(error), usable=False))
    for path in paths:
        try:
            header = _header(read_file(path), path)
        except InputError as error:
            header = VignetteHeader(slug(path.stem), str(error), usable=False, path=path)
        if header.usable and any(header.id == other.id for other in listed if other.usable):
            problem = f"{path}: the id {header.id} is taken by another vignette; give it its own"
            header = VignetteHeader(header.id, problem, usable=False, path=path)
        listed.append(header)
    return tuple(listed)


def find(name: str, user_folder: Path | None = None) -> Vignette:
    """Return a vignette by id, bundled ones first, or by the path of its file.

    Raises:
        InputError: there is none, with the nearest id; or its file is not a vignette.
    """
    own = _with_id(name, user_folder)
    if own is not None:
        return own
    if name.endswith(ENDINGS) or "/" in name or os.sep in name or os.path.exists(name):
        return _own(read_file(Path(name)))
    raise _unknown(name, user_folder)


def find_by_id(id: str, user_folder: Path | None = None) -> Vignette:
    """Return a vignette by the id that a file gives, which is never taken for a path.

    Raises:
        InputError: there is none, with the nearest id; or its file is not a vignette.
    """
    own = _with_id(id, user_folder)
    if own is None:
        raise _unknown(id, user_folder)
    return own


def _with_id(id: str, user_folder: Path | None) -> Vignette | None:
    if id in _bundled_files():
        return _load_bundled(id)
    for path in _user_files(user_folder):
        if slug(path.stem) == id or _own_id(path) == id:
            return read_file(path)
    return None


def _unknown(name: str, user_folder: Path | None) -> InputError:
    known = [header.id for header in headers(user_folder) if header.usable]
    hint = nearest(name, known)
    return InputError(
        f"no vignette {name[:80]!r}; "
        + (f"did you mean {hint}? " if hint else "")
        + "llmchem vignettes lists them all"
    )


def load(header: VignetteHeader) -> Vignette:
    """Return the vignette that a list shows.

    Raises:
        InputError: it cannot be used, or its file can no longer be read.
    """
    if not header.usable:
        raise InputError(header.title)
    return _load_bundled(header.id) if header.path is None else read_file(header.path)


def load_file(name: str) -> Vignette:
    """Return the vignette in the file of this path, in which ``~`` is the home folder.

    Raises:
        InputError: it is no file, or not a vignette, as for ``read_file``; or nobody has that home.
    """
    try:
        path = Path(name).expanduser()
    except RuntimeError:
        raise InputError(f"{name}: nobody here has that home folder; write the path out") from None
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder; name a file in it")
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe may never end
        raise InputError(f"{path} is no ordinary file; save the vignette as one")
    return _own(read_file(path))


def nameless(vignette: Vignette) -> Vignette:
    """Return the vignette under an id that tells nobody's name: a file's name may hold one."""
    return vignette if vignette.id in _bundled_files() else replace(vignette, id=NOTE)


def _own(vignette: Vignette) -> Vignette:
    """Return the vignette under an id that is not that of another, bundled, one."""
    if vignette.id in _bundled_files() and vignette != _load_bundled(vignette.id):
        return replace(vignette, id=f"own-{vignette.id}")
    return vignette


def read_file(path: Path) -> Vignette:
    """Return the vignette in a file: TOML where its name ends so, else plain text.

    Raises:
        InputError: the file cannot be read, is empty, not text, too large, or not of the form.
    """
    if path.suffix.lower() != ".toml":
        return _from_text(read_text(path), slug(path.stem), str(path))
    tables = read_toml(path)
    if not tables:
        raise InputError(f'{path} is empty; write the vignette into it as text = """…"""')
    return vignette_from(tables, path, slug(path.stem))


def read_stdin(stream: BinaryIO, name: str = "standard input") -> str:
    """Return the text that a byte stream holds to its end.

    Raises:
        InputError: it is too long, or not text in UTF-8.
    """
    content = stream.read(LONGEST * _BYTES_PER_CHARACTER + 1)
    if len(content) > LONGEST * _BYTES_PER_CHARACTER:
        raise InputError(f"{name} is longer than {LONGEST:,} characters; is it the right text?")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{name} is not text in UTF-8") from None


def from_text(text: str, id: str = NOTE) -> Vignette:
    """Return a vignette given as mere text; it has no reference.

    Raises:
        InputError: the text is blank, too long, or has control characters.
    """
    return _from_text(text, id, "the text of the vignette")


def _from_text(text: str, id: str, where: str) -> Vignette:
    check_text(text, where)
    check_characters(text, where)
    return Vignette(id, title_of(text), text.strip().replace("\r\n", "\n").replace("\r", "\n"))


def _bundled_files() -> dict[str, Traversable]:
    folder = files("llmchem_tui") / "vignettes"
    return {
        file.name.removesuffix(".toml"): file
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    }


def _load_bundled(id: str) -> Vignette:
    file = _bundled_files()[id]
    return vignette_from(tomllib.loads(file.read_text(encoding="utf-8")), file.name, id, ours=True)


def _user_files(folder: Path | None) -> list[Path]:
    """Return the files of the user's folder that can be vignettes, by name; none without one.

    Raises:
        InputError: the folder cannot be read.
    """
    if folder is None or not folder.is_dir():
        return []
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(ENDINGS))
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror})") from None


def _own_id(path: Path) -> str | None:
    """Return the id that a file gives itself; None where it is not a vignette."""
    try:
        return read_file(path).id
    except InputError:
        return None


def _header(vignette: Vignette, path: Path) -> VignetteHeader:
    return VignetteHeader(
        vignette.id,
        vignette.title,
        vignette.specialty,
        vignette.complexity,
        text=vignette.text,
        reference=bool(vignette.acceptable),
        path=path,
    )


def slug(words: str) -> str:
    """Return an id made from a file's name or a title."""
    letters = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters)[:LONGEST_ID].strip("-") or NOTE
