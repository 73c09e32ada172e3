"""Untrusted text made harmless for a terminal: no control sequence, nothing hidden or reordered."""

from __future__ import annotations

import re

_CONTROL_PICTURES = 0x2400
_DELETE = 0x7F

# C0 (but not tab and line feed), DEL, C1; the format characters that have no width (bidirectional
# controls, marks and tags that hide or reorder), but for the two joiners, which emoji and some
# scripts are written with; line and paragraph separators; lone surrogates, which no terminal and
# no file can take.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001-\U000e007f"
    "\u2028\u2029"
    "\ud800-\udfff]"
)

_JOINERS = re.compile("\u200d{2,}")


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < ord(" "):
        return chr(_CONTROL_PICTURES + code)
    return "\u2421" if code == _DELETE else "\ufffd"


def plain(text: str) -> str:
    """Return ``text`` with every control or hiding character replaced by a visible sign.

    Tabs and line feeds stay; CR LF and CR become line feeds. Of several zero-width joiners one
    stays: it joins as well, and more make Rich 15.0 fail where it cuts the text.
    """
    if text.replace("\n", " ").isprintable():  # nothing harmful is, and this is ten times as fast
        return text
    text = _JOINERS.sub("\u200d", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _HARMFUL.sub(_visible, text)


def plain_line(text: str) -> str:
    """Return ``text`` harmless and on one line: runs of white space become one blank."""
    return " ".join(plain(text).split())
