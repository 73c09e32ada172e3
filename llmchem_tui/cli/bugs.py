"""How a bug is told: one line, and a file that says where it is and nothing of what was at hand."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from llmchem_tui.cli.output import tell
from llmchem_tui.domain.errors import LlmchemError


def tell_bug(error: BaseException, arguments: Sequence[str], commands: Iterable[str]) -> None:
    """Tell of a bug on stderr; ``arguments`` are the command line's, ``commands`` all there are.

    A report goes to a file for the owner alone, unless nothing is to be saved. What the error says
    is told only with --debug: it may be anything that the program held.
    """
    from llmchem_tui.crash_report import crash_report, full_traceback

    debug = "--debug" in arguments
    if debug:
        for line in full_traceback(error).splitlines():
            tell(line)
    told = f"llmchem: this is a bug: {type(error).__name__}"
    if "--no-save" not in arguments:
        command = next((word for word in arguments if word in set(commands)), "the app")
        told += _saved(crash_report(error, command, messages=debug))
    tell(told if debug else f"{told}; --debug shows where")


def _saved(report: str) -> str:
    """Save a report, and return how that went as the end of a sentence."""
    from llmchem_tui.config import data_folder
    from llmchem_tui.storage.copies import save_named

    try:
        name = f"crash-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}"
        (path,) = save_named(data_folder(os.environ), name, {".txt": report})
    except (LlmchemError, OSError, RuntimeError):  # RuntimeError: there is no home folder
        return "; its report could not be saved"
    return f"; its report is {path}"
