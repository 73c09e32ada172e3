"""Real files made wrong: bytes, lines, columns and values changed by a chance that repeats."""

from __future__ import annotations

import codecs
import json
import random
import re
from collections.abc import Callable, Sequence

Mutation = Callable[[random.Random, bytes], bytes]

ODD_NUMBERS = [
    b"NaN", b"-nan", b"inf", b"-Infinity", b"1e308", b"-1e308", b"1e999", b"4e18148482", b"-0.0",
    b"0", b"-1", b"1e-320", b"9" * 400, b"9" * 5000, b"9223372036854775808", b"0x1F", b"1_000",
    b"+1e 5", "٣".encode(), b"1,5", b"",
]  # fmt: skip

ODD_PIECES = [
    b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\x1b[31m", b"\x9b2J", b"\x7f",
    b'"', b'""', b"'", b"'=1+1", b",", b";", b"\t", b"\r", b"\n", b"\r\n", b"\n\n\n", b"\\",
    b"\\ud800", b"\\u0000", "\u2028".encode(), "\u202e".encode(), "\x85".encode(), b"[", b"]",
    b"{", b"}", b"[" * 3000, b'{"a":' * 3000, b"[a." * 500, b"\n" + b"a." * 1500 + b"a=1\n",
    b"x" * 70_000, b"=", b"#", b'"""', b"null", b"true", b"nan",
]  # fmt: skip

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD = re.compile(rb"\w+")
_ODD_VALUES: list[object] = [
    None, True, -1, 0, 2**70, -0.0, 1e308, "", "x", "\x1b]0;t\x07", "\u202e", "NaN", [], {},
    [[]], [None], {"a": 1}, [["x"] * 50], "y" * 50_000,
]  # fmt: skip


def mutated(content: bytes, mutations: Sequence[Mutation], seed: int) -> bytes:
    """Return the content after one to four of the mutations; the same for the same seed."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 4)):
        content = rng.choice(mutations)(rng, content)
    return content


# --- bytes ------------------------------------------------------------------------------------


def flip(rng: random.Random, content: bytes) -> bytes:
    """Change single bytes."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 5)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def put_in(rng: random.Random, content: bytes) -> bytes:
    """Put something odd somewhere."""
    at = rng.randint(0, len(content))
    return content[:at] + rng.choice(ODD_PIECES) + content[at:]


def cut_out(rng: random.Random, content: bytes) -> bytes:
    """Leave out a piece."""
    start, end = _span(rng, content)
    return content[:start] + content[end:]


def double(rng: random.Random, content: bytes) -> bytes:
    """Give a piece twice."""
    start, end = _span(rng, content)
    return content[:end] + content[start:]


def cut_off(rng: random.Random, content: bytes) -> bytes:
    """End too early, as a power cut does."""
    return content[: rng.randint(0, len(content))]


def other_number(rng: random.Random, content: bytes) -> bytes:
    """Put an odd number where one stands."""
    return _replaced(rng, content, _NUMBER, rng.choice(ODD_NUMBERS))


def other_word(rng: random.Random, content: bytes) -> bytes:
    """Put another word of the file, or something odd, where a word stands."""
    words = _WORD.findall(content[:100_000])
    return _replaced(rng, content, _WORD, rng.choice([*words, *ODD_PIECES]))


def other_encoding(rng: random.Random, content: bytes) -> bytes:
    """Save the text as another program would."""
    text = content.decode("utf-8", "replace")
    return rng.choice(
        [
            codecs.BOM_UTF8 + content,
            codecs.BOM_UTF8 * 2 + content,
            content.replace(b"\n", b"\r\n"),
            content.replace(b"\n", b"\r"),
            content.replace(b"\n", b"\n\r"),
            text.encode("utf-16"),
            text.encode("utf-16-le"),
            text.encode("latin-1", "replace"),
        ]
    )


BYTES: tuple[Mutation, ...] = (
    flip,
    put_in,
    cut_out,
    double,
    cut_off,
    other_number,
    other_word,
    other_encoding,
)


def _span(rng: random.Random, content: bytes) -> tuple[int, int]:
    start = rng.randint(0, len(content))
    return start, min(len(content), start + int(2 ** rng.uniform(0, 14)))


def _replaced(rng: random.Random, content: bytes, what: re.Pattern[bytes], other: bytes) -> bytes:
    found = list(what.finditer(content[:100_000]))
    if not found:
        return content
    match = rng.choice(found)
    return content[: match.start()] + other + content[match.end() :]


# --- lines, columns, values -------------------------------------------------------------------


def other_lines(rng: random.Random, content: bytes) -> bytes:
    """Swap, double, drop or tear lines."""
    lines = content.split(b"\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(4):
        case 0:
            lines[i], lines[j] = lines[j], lines[i]
        case 1:
            lines.insert(j, lines[i])
        case 2:
            del lines[i]
        case 3:
            lines[i] = lines[i][: rng.randint(0, len(lines[i]))]
    return b"\n".join(lines)


def other_columns(rng: random.Random, content: bytes) -> bytes:
    """Drop, double, swap or rename a column, in the header alone or in every row."""
    lines = content.split(b"\n")
    width = lines[0].count(b",") + 1
    i, j = rng.randrange(width), rng.randrange(width)
    kind, everywhere = rng.randrange(4), rng.random() < 0.5
    for number, line in enumerate(lines):
        cells = line.split(b",")
        if (number and not everywhere) or len(cells) <= max(i, j):
            continue
        if kind == 0:
            del cells[i]
        elif kind == 1:
            cells.insert(j, cells[i])
        elif kind == 2:
            cells[i], cells[j] = cells[j], cells[i]
        else:
            cells[i] = rng.choice([b"", b"x", b" " + cells[i] + b" ", cells[i].upper(), cells[j]])
        lines[number] = b",".join(cells)
    return b"\n".join(lines)


def other_values(rng: random.Random, content: bytes) -> bytes:
    """Put a value of another kind into a line of JSON."""
    lines = content.split(b"\n")
    number = rng.randrange(len(lines))
    try:
        document = json.loads(lines[number])
    except (ValueError, RecursionError):
        return content
    lines[number] = json.dumps(_changed(rng, document)).encode()
    return b"\n".join(lines)


def _changed(rng: random.Random, value: object) -> object:
    if rng.random() < 0.2:
        return rng.choice(_ODD_VALUES)
    if isinstance(value, dict) and value:
        key = rng.choice(list(value))
        if rng.random() < 0.1:
            return {name: own for name, own in value.items() if name != key}
        return value | {key: _changed(rng, value[key])}
    if isinstance(value, list) and value:
        i = rng.randrange(len(value))
        return [*value[:i], _changed(rng, value[i]), *value[i + 1 :]]
    return rng.choice(_ODD_VALUES)


TABLE = (*BYTES, other_lines, other_columns)
JOURNAL = (*BYTES, other_lines, other_values, other_values)
