"""A terminal without UTF-8: every sign becomes an ASCII one that takes the same room.

A sign whose meaning would change (½, ≥) becomes ?, which is visibly not it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

COERCED = "C.UTF-8"
"""What Python itself sets LC_CTYPE to where it finds the locale C (PEP 538)."""

UNKNOWN = "?"

_SIGNS = {
    # states: each has a look of its own
    "●": "*", "○": "o", "◌": "o", "✓": "v", "✗": "X", "✎": "/", "↻": "@", "∴": ":", "…": "~",
    "·": ".", "–": "-",
    # shares and shades, from empty to full
    "░": "_", "▒": ":", "▓": "%", "▇": "=", "█": "#",
    # other heights and widths of blocks: edges and scrollbars
    "▁": "_", "▂": "_", "▃": ".", "▄": "_", "▅": "-", "▆": "=", "▀": "-", "▔": "-",
    "▏": "|", "▎": "|", "▍": "|", "▌": "|", "▋": "|", "▊": "|", "▉": "#", "▐": "|", "▕": "|",
    "▖": "+", "▗": "+", "▘": "+", "▙": "+", "▚": "+", "▛": "+", "▜": "+", "▝": "+", "▞": "+",
    "▟": "+",
    # ends of an interval
    "├": "[", "┤": "]",
    # arrows and geometry
    "←": "<", "↑": "^", "→": ">", "↓": "v", "↔": "-", "⇒": ">", "↵": "<", "⏎": "<", "↺": "@",
    "⟳": "@", "▶": ">", "▸": ">", "▷": ">", "►": ">", "◀": "<", "◂": "<", "◁": "<", "◄": "<",
    "▲": "^", "▴": "^", "△": "^", "▼": "v", "▾": "v", "▽": "v", "■": "#", "□": ".", "▪": "o",
    "▫": ".", "◆": "*", "◇": "o", "◈": "@", "◉": "@", "◎": "@", "◦": "o", "⭘": "o", "★": "*",
    "☆": "o", "•": "*", "‣": ">", "✔": "v", "✘": "X", "✕": "X", "⚠": "!", "†": "+",
    # typography
    "§": "S", "‐": "-", "‑": "-", "‒": "-", "—": "-", "―": "-", "−": "-", "‘": "'", "’": "'",  # noqa: RUF001
    "‚": ",", "‛": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‹": "<",  # noqa: RUF001
    "›": ">", "′": "'", "″": '"', "×": "x", "÷": "/", "⁄": "/", "∕": "/", "¦": "|",  # noqa: RUF001
    "¡": "!", "¿": "?", "°": "o", "≈": "~", "∼": "~", "∖": "\\", "∪": "u", "∅": "0", "√": "v",  # noqa: RUF001
    # letters that have no accent to lose
    "ß": "s", "ø": "o", "Ø": "O", "æ": "a", "Æ": "A", "œ": "o", "Œ": "O", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "t", "Þ": "T", "ı": "i",  # noqa: RUF001
    "α": "a", "β": "b", "γ": "y", "δ": "d", "ε": "e", "λ": "l", "μ": "u", "π": "p",  # noqa: RUF001
    "ρ": "r", "σ": "s", "τ": "t", "χ": "x", "ω": "w", "Δ": "D", "Σ": "S", "Ω": "O",  # noqa: RUF001
}  # fmt: skip

_KEYS = {"↑": "up", "↓": "down", "←": "left", "→": "right", "⌫": "bksp", "⏎": "enter"}
"""Keys in words: a sign of one cell would be that of another key, such as < or ?."""

_FIRST_BOX, _LAST_BOX = 0x2500, 0x257F
_FIRST_PICTURE, _LAST_PICTURE = 0x2400, 0x2426
"""Of control characters, which plain texts show in their place."""
_LEVEL = set("─┄┅┈┉╌╍╴╶╸╺╼╾")
_UPRIGHT = set("│┃║╵╷╹╻╽╿")
_BROKEN = set("┆┇┊┋╎╏")
_OTHER_BOX = {"═": "=", "━": "=", "╱": "/", "╲": "\\", "╳": "x"}  # noqa: RUF001


def wants_ascii(env: Mapping[str, str]) -> bool:
    """Tell whether the terminal's locale names another encoding than UTF-8.

    POSIX: the first of LC_ALL, LC_CTYPE, LANG that is not blank. An LC_CTYPE of C.UTF-8 beside a
    LANG is Python's own doing and says nothing about the terminal. With none of them set it is
    UTF-8, as it is on every system that does not use them.
    """
    overall, ctype, lang = (env.get(name, "").strip() for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    if ctype == COERCED and lang:
        ctype = ""
    locale = overall or ctype or lang
    return bool(locale) and re.search(r"utf-?8", locale, re.IGNORECASE) is None


class Ascii(LineFilter):
    """Paints every line in ASCII, cell for cell."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with each text in ASCII."""
        return [
            segment
            if segment.text.isascii() or segment.control
            else Segment(ascii_text(segment.text), segment.style)
            for segment in segments
        ]


def ascii_text(text: str) -> str:
    """Return a text in ASCII that takes as many cells."""
    plain, width = text.translate(_TABLE), cell_len(text)
    # Signs that join to one (emoji, for instance) are narrower together than one by one.
    return plain if len(plain) == width else plain[:width].ljust(width)


def ascii_key(display: str) -> str:
    """Return the name of a key, as the line of keys writes it, with words for its signs."""
    return "".join(_KEYS.get(sign, sign) for sign in display)


class _Table(dict[int, str]):
    """What str.translate looks in; each sign is worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = sign = _sign(chr(code))
        return sign


_TABLE = _Table()


def _sign(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() else ""
    if character in _SIGNS:
        return _SIGNS[character]
    if _FIRST_BOX <= ord(character) <= _LAST_BOX:
        return _box(character)
    if _FIRST_PICTURE <= ord(character) <= _LAST_PICTURE:
        return "^"
    width = cell_len(character)
    if unicodedata.category(character) == "Zs":
        return " " * width
    parts = unicodedata.normalize("NFKD", character)
    base = "".join(_SIGNS.get(c, c if c.isascii() else "") for c in parts)
    return base if len(base) == width else UNKNOWN * width


def _box(character: str) -> str:
    if character in _LEVEL:
        return "-"
    if character in _UPRIGHT:
        return "|"
    if character in _BROKEN:
        return ":"
    return _OTHER_BOX.get(character, "+")
