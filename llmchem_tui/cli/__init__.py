"""The command line: the one place where objects are built and joined. Heavy imports come late."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from types import TracebackType

import click

from llmchem_tui import __version__
from llmchem_tui.cli.commands import LateCommands
from llmchem_tui.cli.options import common, load_settings
from llmchem_tui.cli.output import CANCELLED, drop_output, flush, loading, tell
from llmchem_tui.domain.errors import InputError, LlmchemError
from llmchem_tui.logs import close_log, log, log_error, quiet_libraries


@click.group(
    cls=LateCommands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="llmchem")
@click.option("--simulated", is_flag=True, help="Use the simulated pool: no server, no key.")
@click.option("--theme", metavar="NAME", help="Start with this theme.")
@common
@click.pass_context
def llmchem(context: click.Context, simulated: bool, theme: str | None) -> int:
    """A terminal laboratory for multi-LLM medication recommendation.

    Without a command it opens the app. Research use only, not medical advice.
    """
    if context.invoked_subcommand is None:
        with loading():
            from llmchem_tui.cli.app import open_app

            settings = load_settings(context)
        return open_app(settings, simulated=simulated, theme=theme)
    if simulated or theme:
        raise click.UsageError("--simulated and --theme before a command belong to the app")
    return 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; ends the process with 0, 1 (failed), 2 (bad input) or 130 (cancelled)."""
    sys.excepthook = _uncaught
    quiet_libraries()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # is as good as Ctrl-C
    if not _open_streams():
        sys.exit(_fail("stdout is closed; send it to /dev/null if nobody is to read it", 2))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 shows ? for a sign
    try:
        code = run_command_line(arguments)
    finally:
        gc.freeze()  # all of it goes with the process: Python need not look it through for garbage
    sys.exit(code)


def _open_streams() -> bool:
    """Open again what the shell has closed, before a file gets its number; False: stdout was."""
    closed = [name for name in ("stdin", "stdout", "stderr") if getattr(sys, name) is None]
    for name in closed:
        nothing = os.open(os.devnull, os.O_RDWR)
        setattr(sys, name, os.fdopen(nothing, "r" if name == "stdin" else "w", encoding="utf-8"))
    return "stdout" not in closed


def run_command_line(arguments: Sequence[str] | None) -> int:
    """Run one command line; returns its exit code. Errors are one line on stderr."""
    try:
        code = _run(arguments)
        log("ended", code=code)
    except Exception as error:
        log_error(error, told=False)
        raise
    finally:
        if problem := close_log():
            tell(f"llmchem: the log is not complete ({problem})")
    return code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        result = llmchem.main(arguments, prog_name="llmchem", standalone_mode=False)
        flush()
    except (click.Abort, KeyboardInterrupt):
        return _fail("cancelled", CANCELLED)
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        hint = f" (see {context.command_path} --help)" if context else ""
        return _fail(error.format_message() + hint, 2)
    except LlmchemError as error:
        log_error(error, told=True)
        return _fail(str(error), 2 if isinstance(error, InputError) else 1)
    except (BrokenPipeError, SystemExit):  # click ends the process itself where a pipe breaks
        drop_output()  # the reader has left, which is no failure
        return 0
    return result if isinstance(result, int) else 0


def _fail(sentence: str, code: int) -> int:
    from llmchem_tui.domain.plain_text import plain_line

    tell(f"llmchem: {plain_line(sentence)}")
    return code


def _uncaught(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        _fail("cancelled", CANCELLED)
    else:
        from llmchem_tui.cli.bugs import tell_bug

        tell_bug(error, sys.argv[1:], llmchem.commands)
