"""A terminal that goes away while something is still to be written."""

from __future__ import annotations

import os
import select
import subprocess
import sys

WRITES_MORE_THAN_IS_READ = """
import sys
from llmchem_tui.ui.terminal import Line
line = Line(sys.__stderr__, lambda: print("lost"))
for _ in range(10_000):
    line.write("what nobody reads ")
    line.flush()
"""


def test_what_nobody_can_read_any_more_is_no_error() -> None:
    master, slave = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", WRITES_MORE_THAN_IS_READ],
        stdout=subprocess.PIPE,
        stderr=slave,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        text=True,
    )
    os.close(slave)
    assert select.select([master], [], [], 30)[0]
    os.close(master)
    told, _ = process.communicate(timeout=30)
    assert told == "lost\n"
    assert process.returncode == 0
