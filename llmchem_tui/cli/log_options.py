"""The options of the log, and its beginning."""

from __future__ import annotations

import functools
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from llmchem_tui import __version__
from llmchem_tui.domain.errors import InputError
from llmchem_tui.logs import LEVELS, log, open_log

F = TypeVar("F", bound=Callable[..., Any])


def logged(command: F) -> F:
    """Add --log, --log-level and --log-texts, and begin the log before the command does a thing."""

    @functools.wraps(command)
    def begun(*arguments: Any, **values: Any) -> Any:
        context = click.get_current_context()
        if context.invoked_subcommand is None:
            _begin_log(context)
        return command(*arguments, **values)

    def remember(context: click.Context, option: click.Parameter, value: object) -> None:
        if value:
            context.find_root().meta[f"llmchem.{option.name}"] = value

    file = click.option(
        "--log",
        metavar="FILE",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=remember,
        help="Append what happens to this file, as JSON lines without texts ($LLMCHEM_LOG).",
    )
    level = click.option(
        "--log-level",
        type=click.Choice(LEVELS),
        expose_value=False,
        callback=remember,
        help="How much: info unless said ($LLMCHEM_LOG_LEVEL).",
    )
    texts = click.option(
        "--log-texts",
        is_flag=True,
        expose_value=False,
        callback=remember,
        help="Log vignettes, answers and reviews too.",
    )
    return cast(F, file(level(texts(begun))))


def _begin_log(context: click.Context) -> None:
    """Open the log that options or environment ask for.

    Raises:
        InputError: it cannot be opened, its level is none, or there is none to set.
    """
    own = context.find_root().meta
    named = own.get("llmchem.log") or os.environ.get("LLMCHEM_LOG")
    if not named:
        if own.keys() & {"llmchem.log_level", "llmchem.log_texts"}:
            raise InputError("--log-level and --log-texts need a log; name its file with --log")
        return
    level = own.get("llmchem.log_level") or os.environ.get("LLMCHEM_LOG_LEVEL") or "info"
    open_log(Path(named), level, texts="llmchem.log_texts" in own)
    log(
        "started",
        version=__version__,
        command=context.command_path,
        python=platform.python_version(),
        platform=platform.platform(),
    )
