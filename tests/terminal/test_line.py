"""A terminal that goes away while something is still to be written."""

from __future__ import annotations

import os
import subprocess
import sys

WRITES_TOO_LATE = """
import sys
from llmchem_tui.ui.terminal import Line
line = Line(sys.__stderr__, lambda: print("lost"))
sys.stdin.readline()
line.write("what nobody reads")
line.flush()
line.write("more")
"""


def test_what_nobody_can_read_any_more_is_no_error() -> None:
    master, slave = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", WRITES_TOO_LATE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=slave,
        text=True,
    )
    os.close(slave)
    os.close(master)
    told, _ = process.communicate("\n", timeout=30)
    assert told == "lost\n"
    assert process.returncode == 0
