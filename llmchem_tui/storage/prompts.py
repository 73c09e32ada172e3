"""The prompt texts: ours, or the user's own where a folder has them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from llmchem_tui.domain.errors import InputError
from llmchem_tui.toml_files import read_text

if TYPE_CHECKING:
    from llmchem_tui.session.protocol import Prompts

PLACEHOLDERS: dict[str, tuple[str, ...]] = {
    "system": (),
    "answer": ("vignette", "schema"),
    "review": ("vignette", "answer", "delimiter", "schema"),
    "repair": ("problem", "schema"),
}
"""The four texts and what each must have in braces; other braces are left alone."""


def load_prompts(folder: str = "") -> Prompts:
    """Return the prompt texts: NAME.md of ``folder`` where it has one, else the bundled text.

    Raises:
        InputError: the folder has none of the texts, or one is unreadable, empty, or lacks a
            placeholder.
    """
    from llmchem_tui.session.protocol import Prompts

    own = _own_files(Path(folder)) if folder else {}
    bundled = files("llmchem_tui") / "prompts"
    texts = {}
    for name, placeholders in PLACEHOLDERS.items():
        if name in own:
            texts[name] = _checked(own[name], placeholders)
        else:
            texts[name] = (bundled / f"{name}.md").read_text(encoding="utf-8").strip()
    return Prompts(**texts)


def _own_files(folder: Path) -> dict[str, Path]:
    paths = {name: folder / f"{name}.md" for name in PLACEHOLDERS}
    try:
        own = {name: path for name, path in paths.items() if path.exists()}
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror})") from None
    if not own:
        names = ", ".join(path.name for path in paths.values())
        raise InputError(f"{folder}: no such folder, or none of {names} in it (round.prompts)")
    return own


def _checked(path: Path, placeholders: tuple[str, ...]) -> str:
    text = read_text(path).strip()
    if not text:
        raise InputError(f"{path}: is empty; write the prompt, or remove the file to use ours")
    for name in placeholders:
        if f"{{{name}}}" not in text:
            raise InputError(f"{path}: the placeholder {{{name}}} is missing; put it where it goes")
    return text
