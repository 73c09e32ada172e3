"""Which of Ollama's models think before they answer, and how a request asks for it.

A model that can think does so unless told not to; asked to think, one that cannot refuses (400).
The gpt-oss family always thinks and heeds levels only: a boolean changes nothing there.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

_FAMILIES_BY_LEVEL = ("gptoss", "gpt-oss")


class Thinks(Enum):
    """Whether a model reasons before it answers, and what turns that on and off."""

    NEVER = auto()
    BY_SWITCH = auto()
    BY_LEVEL = auto()
    UNTOLD = auto()  # the server is too old to say

    @property
    def told(self) -> bool | None:
        """Whether the server says that it can; None where it does not say."""
        return None if self is Thinks.UNTOLD else self is not Thinks.NEVER


def thinks(model: str, family: str, capabilities: Sequence[object]) -> Thinks:
    """Return what a server's words of a model mean; each may be blank."""
    if not capabilities:
        return Thinks.UNTOLD
    if "thinking" not in capabilities:
        return Thinks.NEVER
    by_level = family in _FAMILIES_BY_LEVEL if family else "gpt-oss" in model.lower()
    return Thinks.BY_LEVEL if by_level else Thinks.BY_SWITCH


def think_parameter(able: Thinks | None, wish: object) -> object:
    """Return what a request says about thinking; None: nothing.

    ``able`` None: nobody knows. ``wish``: the user's setting, None where there is none.
    """
    match able:
        case Thinks.NEVER:
            return None
        case Thinks.BY_SWITCH:
            return True if wish is None else wish
        case Thinks.BY_LEVEL if wish is None or isinstance(wish, bool):
            return "low" if wish is False else "medium"
        case _:
            return wish
