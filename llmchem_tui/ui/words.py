"""How states and numbers look on a screen: the glyph and the word carry it, colour repeats it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from llmchem_tui.domain.plain_text import plain_line

if TYPE_CHECKING:
    from llmchem_tui.session.state import CallState

MISSING = "✗"
PENDING = "·"
NOT_APPLICABLE = "–"

_LOADING = "loading model"
_STATES = {
    "queued": ("·", "$muted"),
    "waiting": ("…", "$muted"),
    "retrying": ("↻", "$warning"),
    _LOADING: ("◌", "$warning"),
    "thinking": ("∴", "$secondary"),
    "writing": ("✎", "$primary"),
    "ok": ("✓", "$success"),
}
_FAILED = (MISSING, "$error")

_GIGABYTE, _MEGABYTE = 1_000_000_000, 1_000_000


def state_word(state: CallState, now: float, load_seconds: float | None = None) -> Content:
    """Return a call's state in glyph and word, with its seconds while it runs.

    ``load_seconds``: what loading the model took so far, if that is known.
    """
    glyph, colour = state_glyph(state.word)
    word = "done" if state.word == "ok" else state.word
    timing = ""
    if state.result is not None:
        timing = "" if state.result.latency is None else f" {state.result.latency:.1f} s"
    elif state.began is not None:  # a slow line gets it once a second
        timing = f" {max(0, int(now - state.began))} s"
    if state.result is None and word == _LOADING and load_seconds is not None:
        timing += f" (last {load_seconds:.0f} s)"
    return Content.styled(f"{glyph} {word}{timing}", colour)


def state_glyph(word: str) -> tuple[str, str]:
    """Return the glyph of a call's state, and its colour."""
    return _STATES.get(word, _FAILED)


def name_text(name: str) -> str:
    """Return a model's name, which a server or a file has chosen, harmless and on one line."""
    return plain_line(name)


def number(value: float | None, digits: int = 2) -> str:
    """Return a number without its leading zero; a missing one is visibly missing."""
    if value is None:
        return NOT_APPLICABLE
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("0.") else text


def bar(share: float, width: int = 10) -> str:
    """Return a share in [0, 1] as a bar."""
    full = round(share * width)
    return "▇" * full + "░" * (width - full)


def clock(seconds: float) -> str:
    """Return seconds as 00:14."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes:02d}:{rest:02d}"


def gigabytes(size: int | None) -> str:
    """Return bytes as 4.7 GB, small ones as 274 MB; a missing size is visibly missing."""
    if size is None:
        return NOT_APPLICABLE
    if size < _GIGABYTE:
        return f"{size / _MEGABYTE:.0f} MB"
    return f"{size / _GIGABYTE:,.1f} GB"


def percent(share: float) -> str:
    """Return a share in [0, 1] as 43 %."""
    return f"{share * 100:.0f} %"


def count(number: int, what: str) -> str:
    """Return 1 model, 2 models."""
    return f"{number} {what}{'s' * (number != 1)}"
