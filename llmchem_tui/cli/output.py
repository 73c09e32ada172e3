"""What the commands print: one JSON document, or tables and lines without control characters."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

from llmchem_tui.domain.plain_text import plain, plain_line

_FILE_WIDTH = 120  # of a table that goes to a file or a pipe

NOTICE = "Research use only, not medical advice."


def print_json(document: object) -> None:
    """Print a document of DESIGN.md section 8. NaN has no place in it: missing is null."""
    print(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2))


def say(text: str = "") -> None:
    """Print text on stdout."""
    print(plain(text))


def tell(text: str) -> None:
    """Print a line on stderr: what is not the result."""
    print(plain_line(text), file=sys.stderr)


def number(value: float | None, digits: int = 2) -> str:
    """Return a number for a table; a missing one is visibly missing."""
    return "–" if value is None else f"{value:.{digits}f}"


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; headings that begin with ">" are aligned to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        right = heading.startswith(">")
        table.add_column(
            Text(heading.removeprefix(">")), justify="right" if right else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(plain_line(cell)) for cell in row))
    width = None if sys.stdout.isatty() else _FILE_WIDTH
    Console(highlight=False, width=width).print(table)
