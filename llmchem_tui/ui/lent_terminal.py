"""Lends the terminal to a command of ours, and takes it back when that has ended."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

from llmchem_tui.ui.terminal import leave_on

if TYPE_CHECKING:
    from textual.app import App

_DEAF_SECONDS = 0.2
_STOPPED = 128 + signal.SIGINT  # the exit code of a command that was cancelled


def lend_terminal(app: App[Any], arguments: Sequence[str], afterwards: str) -> bool:
    """Run a command line of this program in the app's terminal; False: there is none to lend.

    ``afterwards``: what is said when the command was stopped.

    The app waits for it. Ctrl+C reaches both, and must end the command only.
    """
    loop = asyncio.get_running_loop()
    try:
        with app.suspend():
            loop.remove_signal_handler(signal.SIGINT)
            signal.signal(signal.SIGINT, lambda *_: None)  # not ignored: the command would inherit
            sys.stdout.write("Ctrl+C stops it; what has finished is kept.\n")
            sys.stdout.flush()
            command = [sys.executable, "-m", "llmchem_tui", *arguments]
            ended = subprocess.run(command, check=False).returncode
            input(f"\n{afterwards if ended == _STOPPED else ''}Enter leads back to the app. ")
    except SuspendNotSupported:
        return False
    finally:
        # The loop has yet to hear of a Ctrl+C that was meant for the command.
        loop.call_later(_DEAF_SECONDS, leave_on, app, signal.SIGINT)
    return True
