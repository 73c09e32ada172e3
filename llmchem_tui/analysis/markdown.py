"""Markdown in which untrusted text stays what it is: data, never a heading, a link or a tag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from llmchem_tui.domain.plain_text import plain, plain_line

_SHORTEST_FENCE = 3

# What a backslash alone does not tame everywhere: viewers look for links, addresses, mentions,
# issue numbers, formulas and emoji names in the text that is left after Markdown is done.
_NOT_AS_IT_STANDS = re.compile(r"[@#$`{}\\]|://|\S\.[^\W\d_]{2}|:\w+:")
_ESCAPED = re.compile(r"[][*<>&~^]|(?<![^\W_])_|_(?![^\W_])")
_BEGINS_A_BLOCK = re.compile(r"^(\d*)([-+=.):|])")
_LAID_OUT = re.compile(r"\t|   |^ ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a document that begins with a heading of its own.

    ``level``: how many levels its headings stand below those that ``markdown`` has. ``anchor``:
    under which name links find it. ``folded``: it is long, and whoever wants it opens it.
    """

    markdown: str
    level: int = 0
    anchor: str = ""
    folded: bool = False


def quoted(text: str) -> list[str]:
    """Return the lines of a quotation; where blanks lay ``text`` out, of a block that keeps them.

    Prose is wrapped by viewers, which a block of code is not.
    """
    harmless = plain(text)
    if _LAID_OUT.search(harmless):
        return fenced(text)
    lines = [_BEGINS_A_BLOCK.sub(r"\1\\\2", inline(line)) for line in harmless.split("\n")]
    last = len(lines) - 1
    # A backslash at the end of a line breaks it; before a blank line it would be seen.
    return [
        f"> {line}\\" if line and i < last and lines[i + 1] else f"> {line}".rstrip()
        for i, line in enumerate(lines)
    ]


def fenced(text: str) -> list[str]:
    """Return the lines of a block that holds ``text``, which cannot end it."""
    harmless = plain(text)
    fence = "`" * _longer_than_any(harmless, _SHORTEST_FENCE - 1)
    return [f"{fence}text", *harmless.split("\n"), fence]


def inline(text: str) -> str:
    """Return ``text`` on one line for a paragraph, a heading or a list; odd text as code."""
    line = plain_line(text)
    if _NOT_AS_IT_STANDS.search(line):
        return code(line)
    return _ESCAPED.sub(r"\\\g<0>", line)


def code(text: str) -> str:
    """Return ``text`` on one line as code, whatever it holds; blank text stays blank."""
    line = plain_line(text)
    if not line:
        return ""
    marks = "`" * _longer_than_any(line, 0)
    room = " " if "`" in (line[0], line[-1]) else ""
    return f"{marks}{room}{line}{room}{marks}"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table of cells that are Markdown already; ``>title`` aligns right."""
    rule = ["--:" if title.startswith(">") else "---" for title in titles]
    heads = [title.removeprefix(">") for title in titles]
    return [_row(heads), _row(rule), *(_row(row) for row in rows)]


def _row(cells: Iterable[str]) -> str:
    # A bar ends a cell even inside code, unless it is escaped.
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _longer_than_any(text: str, least: int) -> int:
    """Return how many backticks are more than any run of them in ``text``."""
    return 1 + max([least, *map(len, re.findall("`+", text))])
