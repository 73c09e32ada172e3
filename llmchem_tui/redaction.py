"""Keys are taken out of whatever is shown, written or sent on.

Every form of a key counts that an honest server may echo: as it is, within an address, within
JSON. A key of fewer than 8 characters is no secret but a placeholder ("EMPTY", "none"), such as
local servers ask for: it is taken out of sentences where it stands as a word of its own, and never
out of a model's text, which it would falsify.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from urllib.parse import quote

REMOVED = "[key]"

SHORTEST_SECRET = 8

_QUOTED = re.compile('".*"', re.DOTALL)

_known: set[str] = set()


def remember_key(key: str) -> None:
    """Note a key that this process holds: ``without_keys`` takes it out from now on."""
    _known.add(key)


def without_keys(text: str) -> str:
    """Return a text without any of the keys that this process holds."""
    for key in sorted(_known, key=len, reverse=True):  # one may be the beginning of another
        text = without_key(text, key)
    return text


def without_key(text: str, key: str) -> str:
    """Return a text without this key; a blank key is in no text."""
    return _pattern(key).sub(REMOVED, text) if key else text


def unquoted(message: str) -> str:
    """Return a sentence of ours without what somebody else said in it, which may be anything."""
    return _QUOTED.sub('"…"', message)


def cleaned(value: object, clean: Callable[[str], str]) -> object:
    """Return a value of JSON with every text in it cleaned; the names of its fields stay."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {name: cleaned(inner, clean) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(inner, clean) for inner in value]
    return value


def is_secret(key: str) -> bool:
    """Tell whether a key is long enough to be one."""
    return len(key) >= SHORTEST_SECRET


@cache
def _forms(key: str) -> tuple[str, ...]:
    forms = {key, quote(key, safe=""), json.dumps(key)[1:-1]}
    return tuple(sorted(forms, key=len, reverse=True))


@cache
def _pattern(key: str) -> re.Pattern[str]:
    either = "|".join(map(re.escape, _forms(key)))
    return re.compile(either if is_secret(key) else rf"(?<!\w)(?:{either})(?!\w)")


class KeyFilter:
    """Takes a text in pieces and gives it on without a key, however the pieces cut it.

    What may be the beginning of the key is kept back until the next piece, or ``rest``.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._kept = ""

    def take(self, piece: str) -> str:
        """Return what can be given on after this piece."""
        text = without_key(self._kept + piece, self._key)
        begun = max(_begun(text, form) for form in _forms(self._key))
        self._kept = text[len(text) - begun :]
        return text[: len(text) - begun]

    def rest(self) -> str:
        """Return what was kept back: no more follows."""
        kept, self._kept = self._kept, ""
        return kept


def _begun(text: str, form: str) -> int:
    """Return how many characters at the end of a text are the beginning of ``form``."""
    lengths: Iterable[int] = range(min(len(text), len(form) - 1), 0, -1)
    return next((n for n in lengths if text.endswith(form[:n])), 0)
