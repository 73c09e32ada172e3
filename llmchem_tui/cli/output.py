"""What the commands print: one JSON document, or tables and lines without control characters."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress

from llmchem_tui.analysis.evaluation_text import number_text
from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.plain_text import plain, plain_line

_FILE_WIDTH = 120  # of a table that goes to a file or a pipe


def print_json(document: object) -> None:
    """Print a document of DESIGN.md section 8. NaN has no place in it: missing is null.

    ASCII only: whatever is in a text, no terminal takes a part of it for a control sequence.
    """
    _write(json.dumps(document, allow_nan=False, indent=2))


def say(text: str = "") -> None:
    """Print text on stdout."""
    _write(plain(text))


def tell(text: str) -> None:
    """Print a line on stderr: what is not the result. A reader who has left misses it."""
    with suppress(BrokenPipeError):
        print(plain(text).replace("\n", " "), file=sys.stderr)


def _write(text: str) -> None:
    try:
        print(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise LlmchemError(f"the output cannot be written ({error.strerror})") from None


def number(value: float | None, digits: int = 2) -> str:
    """Return a number for a table; a missing one is visibly missing."""
    return number_text(value, digits)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, unless it has no rows; headings that begin with ">" are right-aligned.

    The first column is what one types again: it is never broken.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, heading in enumerate(headings):
        table.add_column(
            Text(heading.removeprefix(">")),
            justify="right" if heading.startswith(">") else "left",
            overflow="fold",
            no_wrap=i == 0,
        )
    for row in rows:
        table.add_row(*(Text(plain_line(cell)) for cell in row))
    if not table.row_count:
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _FILE_WIDTH
    drawn = io.StringIO()
    Console(width=width, file=drawn, color_system=None).print(table)
    say("\n".join(line.rstrip() for line in drawn.getvalue().splitlines()))
