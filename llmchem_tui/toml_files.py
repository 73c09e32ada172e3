"""Text and TOML files of the user's: read with bounds, turned into frozen dataclasses.

Everything that is wrong with a file becomes one InputError: the file, the dotted key, what was
expected. A field says what it takes by its annotation, in words by ``Meta(description=...)``.
"""

from __future__ import annotations

import dataclasses
import errno
import functools
import os
import re
import stat
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import (
    Annotated,
    Any,
    BinaryIO,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from llmchem_tui.domain.errors import InputError

T = TypeVar("T")

LARGEST_FILE = 1_000_000
"""Bytes; a settings, theme or prompt file beyond that is something else."""

DEEPEST = 20
"""Tables and lists within each other; nothing that is meant needs more."""

NOT_A_KEY = {"key": False}
"""Metadata of a dataclass field that no file may set."""

_WORDS = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    tuple: "a list of texts",
}


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read its bytes; a pipe or a device may never come to an end.

    Raises:
        OSError: it cannot be read, or is not a regular file.
        ValueError: there is a NUL in its name.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe does not wait for its writer
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return open(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    raise OSError(errno.EINVAL, "it is not a regular file")


def remedy(error: Exception, otherwise: str) -> str:
    """What to do where ``open_regular`` has failed; ``otherwise``: where it was a regular file."""
    if getattr(error, "errno", None) == errno.EINVAL:
        return "save what it gives to a file first"
    return otherwise


def read_text(path: Path) -> str:
    """Return the text of a small UTF-8 file.

    Raises:
        InputError: the file cannot be read, is too large, or is not text.
    """
    try:
        with open_regular(path) as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; check the path") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or error
        advice = remedy(error, "check the path")
        raise InputError(f"{path}: cannot be read ({reason}); {advice}") from None
    if len(content) > LARGEST_FILE:
        raise InputError(f"{path}: larger than {LARGEST_FILE:,} bytes; is it the right file?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a text file in UTF-8; save it as one") from None
    if "\0" in text:
        raise InputError(f"{path}: not a text file in UTF-8; save it as one")
    return text


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises:
        InputError: the file cannot be read, or is not TOML; names the line.
    """
    import tomllib

    try:
        tables = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: broken TOML: {error}") from None
    except RecursionError:
        raise InputError(f"{path}: broken TOML: nested too deeply") from None
    except ValueError:  # Python refuses to read an integer of thousands of digits
        raise InputError(f"{path}: broken TOML: a number with too many digits") from None
    level: list[Any] = [tables]
    for _ in range(DEEPEST):
        inner = [item.values() if isinstance(item, dict) else item for item in level]
        level = [value for items in inner for value in items if isinstance(value, dict | list)]
    if level:
        raise InputError(f"{path}: tables or lists nested more than {DEEPEST} deep")
    return tables


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like ``word``, if one is; case does not count."""
    import difflib

    folded = {candidate.casefold(): candidate for candidate in known}
    found = difflib.get_close_matches(word.casefold(), folded, n=1)
    return folded[found[0]] if found else None


@functools.cache
def fields(cls: type) -> Mapping[str, Any]:
    """Return the keys that a file may set in a dataclass, with their annotations."""
    hints = get_type_hints(cls, include_extras=True)
    return {
        field.name: hints[field.name]
        for field in dataclasses.fields(cls)
        if field.metadata.get("key", True)
    }


def described(annotation: Any) -> str:
    """Return in words what a field of this annotation takes."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        for extra in arguments[1:]:
            if isinstance(extra, msgspec.Meta) and extra.description:
                return extra.description
        return described(arguments[0])
    if origin is Literal:
        return "one of " + ", ".join(arguments)
    if origin in (Union, types.UnionType):
        words = (described(argument) for argument in arguments if argument is not types.NoneType)
        return " or ".join(dict.fromkeys(words))
    return _WORDS.get(origin or annotation, "a table")


def typed(cls: type[T], table: object, file: object, key: str = "") -> T:
    """Return a TOML table as the dataclass ``cls``; ``key`` is its dotted place in ``file``.

    Fields that are dataclasses themselves, tuples or mappings of such are filled in turn.

    Raises:
        InputError: an unknown or missing key, a value of the wrong type or out of range.
    """
    if not isinstance(table, dict):
        raise InputError(f"{file}: {key} must be a table, not {_shown(table)}")
    known = fields(cls)  # type: ignore[arg-type] # a class can be hashed
    for name in table:
        if name not in known:
            raise InputError(f"{file}: {_unknown(name, known, key)}")
    for field in dataclasses.fields(cls):  # type: ignore[arg-type] # cls is a dataclass
        required = field.default is field.default_factory is dataclasses.MISSING
        if required and field.name not in table:
            expected = described(known[field.name])
            raise InputError(f"{file}: {_dotted(key, field.name)} is missing; give {expected}")
    return cls(
        **{name: _value(known[name], table[name], file, _dotted(key, name)) for name in table}
    )


def _value(annotation: Any, value: object, file: object, key: str) -> object:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if dataclasses.is_dataclass(annotation):
        return typed(annotation, value, file, key)  # type: ignore[arg-type] # a class, see fields()
    if origin is Mapping:
        if not isinstance(value, dict):
            raise InputError(f"{file}: {key} must be a table, not {_shown(value)}")
        return {k: _value(arguments[1], v, file, _dotted(key, k)) for k, v in value.items()}
    if origin is tuple and dataclasses.is_dataclass(arguments[0]):
        if not isinstance(value, list):
            raise InputError(f"{file}: write {key} as [[{key}]], once for each")
        return tuple(
            typed(arguments[0], item, file, f"{key}[{_label(item, place)}]")  # type: ignore[arg-type]
            for place, item in enumerate(value, start=1)
        )
    return _plain(annotation, value, file, key)


def _plain(annotation: Any, value: object, file: object, key: str) -> object:
    try:
        return msgspec.convert(value, annotation)
    except (msgspec.ValidationError, ValueError):  # ValueError: a number of thousands of digits
        expected = described(annotation)
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    if isinstance(value, str) and not choices:
        # A key pasted into the wrong field must not come out again in a message.
        raise InputError(f"{file}: {key} must be {expected}, not this text")
    hint = nearest(value, choices) if isinstance(value, str) else None
    suffix = f"; did you mean {hint}?" if hint else ""
    raise InputError(f"{file}: {key} must be {expected}, not {_shown(value)}{suffix}")


def _unknown(name: str, known: Iterable[str], key: str) -> str:
    hint = nearest(name, known)
    rest = f"did you mean {_dotted(key, hint)}?" if hint else f"known are {', '.join(known)}"
    return f"unknown key {_dotted(key, name)}; {rest}"


def _dotted(key: str, name: str) -> str:
    shown = name if re.fullmatch(r"[\w.-]+", name) else repr(name)
    return f"{key}.{shown}" if key else shown


def _label(item: object, place: int) -> str:
    name = item.get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) and name.isprintable() and name else f"#{place}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    try:
        return repr(value)[:60]
    except ValueError:  # Python refuses to write an integer of thousands of digits
        return "so large a number"
