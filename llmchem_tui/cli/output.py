"""What the commands print: one JSON document, or tables and lines without control characters."""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from llmchem_tui.analysis.evaluation_text import number_text
from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.plain_text import plain, plain_line

CANCELLED = 130
"""The exit code of what the user has broken off."""

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
    """Print a line on stderr: what is not the result. It is missed where stderr takes nothing."""
    with suppress(OSError):
        print(plain(text).replace("\n", " "), file=sys.stderr)


def flush() -> None:
    """Send off what was printed.

    Raises:
        BrokenPipeError: its reader has left.
        LlmchemError: it cannot be written.
    """
    with _writing():
        sys.stdout.flush()


def drop_output() -> None:
    """Let nothing more go to stdout, not even what is still held back."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def loading() -> Iterator[None]:
    """Load modules inside: they stay, and looking through them for garbage takes long."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _write(text: str) -> None:
    with _writing():
        print(text)


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_output()
        raise LlmchemError(f"the output cannot be written ({error.strerror})") from None


def number(value: float | None, digits: int = 2) -> str:
    """Return a number for a table; a missing one is visibly missing."""
    return number_text(value, digits)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, unless it has no rows; headings that begin with ">" are of numbers.

    Neither a number nor anything in the first column is ever broken.
    """
    cells = [[plain_line(cell) for cell in row] for row in rows]
    if not cells:
        return
    from llmchem_tui.cli.tables import drawn_table

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _FILE_WIDTH
    say(drawn_table(headings, cells, width))
