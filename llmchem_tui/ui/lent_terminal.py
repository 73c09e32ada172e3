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


def lend_terminal(app: App[Any], arguments: Sequence[str]) -> bool:
    """Run a command line of this program in the app's terminal; False: there is none to lend.

    The app waits for it. Ctrl+C reaches both, and must end the command only.
    """
    loop = asyncio.get_running_loop()
    try:
        with app.suspend():
            loop.remove_signal_handler(signal.SIGINT)
            signal.signal(signal.SIGINT, lambda *_: None)  # not ignored: the command would inherit
            sys.stdout.write("Ctrl+C stops it; what has finished is kept.\n")
            sys.stdout.flush()
            subprocess.run([sys.executable, "-m", "llmchem_tui", *arguments], check=False)
            input("\nEnter leads back to the app. ")
    except SuspendNotSupported:
        return False
    finally:
        # The loop has yet to hear of a Ctrl+C that was meant for the command.
        loop.call_later(_DEAF_SECONDS, leave_on, app, signal.SIGINT)
    return True
