"""Options that several commands share, and what they lead to."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from llmchem_tui.cli.log_options import logged

if TYPE_CHECKING:
    from llmchem_tui.config import Settings

F = TypeVar("F", bound=Callable[..., Any])

_CONFIG = "llmchem.config"


class OutPath(click.Path):
    """Where to write: not blank, which is the working folder, nor ``-``, stdout elsewhere."""

    def __init__(self, *, file_okay: bool = True) -> None:
        super().__init__(path_type=Path, file_okay=file_okay)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path.

        Raises:
            click.BadParameter: it is none to write to.
        """
        if value in ("", "-"):
            self.fail(f"{value!r} is no name of a file or folder", param, ctx)
        return super().convert(value, param, ctx)


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document and nothing else."
)
histories_argument = click.argument(
    "histories", metavar="HISTORY...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
task_option = click.option("--task", metavar="T", help="The task, where a history holds several.")


def common(command: F) -> F:
    """Add --config, --debug and the log: they may stand before or after any command."""

    def remember(context: click.Context, _: click.Parameter, value: Path | None) -> None:
        if value is not None:
            context.find_root().meta[_CONFIG] = value

    config = click.option(
        "--config",
        metavar="F",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=remember,
        help="Read the settings from this file.",
    )
    debug = click.option(
        "--debug", is_flag=True, expose_value=False, help="Show a traceback if there is a bug."
    )
    return config(logged(debug(command)))


def finite(_: click.Context, option: click.Parameter, value: float | None) -> float | None:
    """Refuse NaN and infinity, which Python takes for numbers."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number", param=option)
    return value


def load_settings(context: click.Context) -> Settings:
    """Return the settings that --config, $LLMCHEM_CONFIG or the user's folder give.

    Raises:
        InputError: they cannot be read.
    """
    from llmchem_tui.config import load

    return load(explicit_config(context), os.environ)


def explicit_config(context: click.Context) -> Path | None:
    """Return the file that --config names."""
    path: Path | None = context.find_root().meta.get(_CONFIG)
    return path
