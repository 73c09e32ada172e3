"""session.toml: what a session ran on: models, prompts, seeds, versions. Never a key."""

from __future__ import annotations

import contextlib
import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from llmchem_tui.config import RoundSettings, Share
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import ModelSpec
from llmchem_tui.session.protocol import Prompts
from llmchem_tui.storage.files import read_bytes, storable
from llmchem_tui.toml_files import open_regular

SESSION_FILE = "session.toml"

_FORMAT = 1
_ABSTAIN_BELOW = RoundSettings().abstain_below  # what a file that does not say it stands for
_FORMAT_LINE = re.compile(rb"format = (\d{1,9})\s")
_LINE = re.compile(r"\(at line (\d+)")
_MISSING = re.compile(r"missing required field `(\w+)`")
_KEY = re.compile(r"at `\$\.(\w+)")
_PACKAGES = ("llmchem-tui", "textual", "numpy", "pandas", "httpx", "ollama", "openai", "anthropic")


def package_versions() -> dict[str, str]:
    """The installed versions of this program and of what its results can depend on."""
    versions = {}
    for package in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return versions


def prompt_digests(prompts: Prompts) -> dict[str, str]:
    """The digest of each prompt's text, by its name."""
    return {
        name: "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()
        for name, text in asdict(prompts).items()
    }


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What session.toml says from the beginning.

    ``created`` with a time zone. ``models``: the pool, all simulated or all real. ``prompts``: the
    digest of each prompt file by its name. ``versions``: of packages, by name. ``batch``: which
    part of which batch it holds; empty: none. ``abstain_below``: the confidence below which its
    rounds recommend nothing.
    """

    created: datetime
    models: tuple[ModelSpec, ...]
    private: bool = False
    prompts: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=package_versions)
    batch: Mapping[str, object] = field(default_factory=dict)
    abstain_below: float = _ABSTAIN_BELOW

    @property
    def simulated(self) -> bool:
        """Whether the session runs on the simulated pool."""
        return any(model.simulated for model in self.models)

    def tables(self) -> dict[str, Any]:
        """What the file holds before the first round."""
        return {
            "format": _FORMAT,
            "created": self.created.astimezone(UTC).replace(microsecond=0),
            "simulated": self.simulated,
            "private": self.private,
            "abstain_below": self.abstain_below,
            "versions": dict(self.versions),
            "prompts": dict(self.prompts),
            **({"batch": dict(self.batch)} if self.batch else {}),
            "seeds": {},
            "models": [model_table(model) for model in self.models],
        }


class _Model(msgspec.Struct, frozen=True):
    name: str


class Settings(msgspec.Struct, frozen=True):
    """What is read back of a session.toml.

    ``seeds`` by trial. ``abstain_below``: where the file does not say it, the default of the
    settings.
    """

    format: int
    created: datetime
    simulated: bool
    private: bool
    models: list[_Model]
    prompts: dict[str, str] = {}
    seeds: dict[str, int] = {}
    abstain_below: Share = _ABSTAIN_BELOW
    batch: dict[str, Any] = {}


def session_toml(tables: Mapping[str, Any]) -> bytes:
    """The file's content, from what it holds."""
    import tomli_w

    return storable(tomli_w.dumps(tables)).encode("utf-8")


def check_format(file: Path) -> None:
    """Look at the first line of a session.toml, if there is one.

    Raises:
        InputError: its format is newer than ours.
    """
    with contextlib.suppress(OSError), open_regular(file) as content:
        match = _FORMAT_LINE.match(content.readline(100))
        if match and int(match[1]) > _FORMAT:
            raise _newer(file, int(match[1]))


def read_settings(file: Path) -> Settings:
    """The settings in a session.toml.

    Raises:
        InputError: the file is missing or damaged, or its format is newer.
    """
    try:
        return msgspec.convert(read_tables(file), Settings)
    except msgspec.ValidationError as error:
        raise damaged(file, error) from None


class _Head(msgspec.Struct, frozen=True):
    format: int
    private: bool


def read_privacy(file: Path) -> bool:
    """Whether a session holds numbers only, from the lines before the first table: it is quick.

    Raises:
        InputError: the file is missing, damaged in these lines, or its format is newer.
    """
    head = read_bytes(file).partition(b"\n[")[0]
    try:
        return msgspec.convert(_tables(head, file), _Head).private
    except msgspec.ValidationError as error:
        raise damaged(file, error) from None


def read_tables(file: Path) -> dict[str, Any]:
    """All that a session.toml holds, unchecked but for its format.

    Raises:
        InputError: the file is missing or damaged, or its format is newer.
    """
    return _tables(read_bytes(file), file)


def _tables(content: bytes, file: Path) -> dict[str, Any]:
    try:
        tables = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # an endless number, or nesting, too
        raise damaged(file, error) from None
    if isinstance(version := tables.get("format"), int) and version > _FORMAT:
        raise _newer(file, version)
    return tables


def _newer(file: Path, version: int) -> InputError:
    return InputError(
        f"{file} has session format {version}, newer than the {_FORMAT} that this llmchem "
        "reads: update llmchem-tui."
    )


def damaged(file: Path, error: Exception) -> InputError:
    """What to say of a session.toml that TOML, or our form of it, is not."""
    return InputError(f"{file} is damaged ({_fault(error)}): restore it from a copy.")


def _fault(error: Exception) -> str:
    """What a decoder has found, in words of ours."""
    if isinstance(error, UnicodeDecodeError):
        line = error.object.count(b"\n", 0, error.start) + 1
        return f"line {line} is not UTF-8 text"
    missing, key = _MISSING.search(str(error)), _KEY.search(str(error))
    if missing:
        return f"{missing[1]} is missing" + (f" in {key[1]}" if key else "")
    if key:
        return f"{key[1]} is not what it should be"
    if line_of := _LINE.search(str(error)):
        return f"line {line_of[1]} is not as TOML has it"
    return "it is not as TOML has it"


def model_table(model: ModelSpec) -> dict[str, object]:
    """A model as session.toml has it: without what is not known."""
    table = {
        "name": model.name,
        "provider": model.endpoint,
        "id": model.id,
        "locality": model.locality.value,
        "temperature": model.temperature,
        "max_tokens": model.max_tokens,
        "aliases": list(model.aliases),
        "mirrors": list(model.mirrors) or None,
        "price_in": model.price_in,
        "price_out": model.price_out,
        "digest": model.digest or None,
        "options": dict(model.options),
    }
    return {key: _toml(value) for key, value in table.items() if value is not None}


def _toml(value: object) -> object:
    """The value without its missing parts, for which TOML has no word."""
    if isinstance(value, Mapping):
        return {key: _toml(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_toml(item) for item in value if item is not None]
    return value
