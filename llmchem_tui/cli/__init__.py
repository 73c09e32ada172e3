"""The command line: the one place where objects are built and joined. Heavy imports come late."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from types import TracebackType

import click

from llmchem_tui import __version__
from llmchem_tui.cli.backtest import backtest
from llmchem_tui.cli.batch import batch
from llmchem_tui.cli.doctor import doctor
from llmchem_tui.cli.evaluate import evaluate
from llmchem_tui.cli.histories import chemistry, recommend
from llmchem_tui.cli.listings import config, models, sessions, vignettes
from llmchem_tui.cli.options import common, load_settings
from llmchem_tui.cli.report import report
from llmchem_tui.cli.run import run
from llmchem_tui.cli.simulate import simulate
from llmchem_tui.cli.sitting import CANCELLED
from llmchem_tui.domain.errors import InputError, LlmchemError


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="llmchem")
@click.option("--simulated", is_flag=True, help="Use the simulated pool: no server, no key.")
@click.option("--theme", metavar="NAME", help="Start with this theme.")
@common
@click.pass_context
def llmchem(context: click.Context, simulated: bool, theme: str | None) -> None:
    """A terminal laboratory for multi-LLM medication recommendation.

    Without a command it opens the app. Research use only, not medical advice.
    """
    if context.invoked_subcommand is None:
        from llmchem_tui.cli.app import open_app

        open_app(load_settings(context), simulated=simulated, theme=theme)
    elif simulated or theme:
        raise click.UsageError("--simulated and --theme before a command belong to the app")


for command in (
    run,
    batch,
    chemistry,
    recommend,
    evaluate,
    backtest,
    report,
    simulate,
    vignettes,
    models,
    sessions,
    doctor,
    config,
):
    llmchem.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; ends the process with 0, 1 (failed), 2 (bad input) or 130 (cancelled)."""
    sys.excepthook = _one_line
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 shows ? for a sign
    sys.exit(run_command_line(arguments))


def run_command_line(arguments: Sequence[str] | None) -> int:
    """Run one command line; returns its exit code. Errors are one line on stderr."""
    try:
        result = llmchem.main(arguments, prog_name="llmchem", standalone_mode=False)
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        return _fail("cancelled", CANCELLED)
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        hint = f" (see {context.command_path} --help)" if context else ""
        return _fail(error.format_message() + hint, 2)
    except LlmchemError as error:
        return _fail(str(error), 2 if isinstance(error, InputError) else 1)
    except (BrokenPipeError, SystemExit):  # click ends the process itself where a pipe breaks
        # The reader of our output has left, which is no failure; nothing more goes there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0


def _fail(sentence: str, code: int) -> int:
    from llmchem_tui.domain.plain_text import plain_line

    print(f"llmchem: {plain_line(sentence)}", file=sys.stderr)
    return code


def _one_line(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """A bug: one line, unless the traceback was asked for."""
    if "--debug" in sys.argv:
        sys.__excepthook__(kind, error, traceback)
    else:
        _fail(f"this is a bug: {kind.__name__}: {error}; --debug shows where", 1)
