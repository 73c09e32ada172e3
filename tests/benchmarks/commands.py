"""How long the quickest commands take, from exec to exit, beside Python that does nothing.

    python -m tests.benchmarks.commands [TIMES]

Python finds compiled modules, as an installed program does, and `run` an empty data folder.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import beside
from tests.benchmarks.measures import as_installed, load

_COMMANDS: dict[tuple[str, ...], float] = {
    ("-m", "llmchem_tui", "--version"): 0.2,
    ("-m", "llmchem_tui", "--help"): 0.2,
    (
        *("-m", "llmchem_tui", "run", "cap-older-adult"),
        *("--simulated", "--time-scale", "0"),
    ): 0.8,
}
"""What Python is called with, and the limit in seconds."""


def seconds(arguments: tuple[str, ...], env: dict[str, str]) -> tuple[float, float]:
    """Return how long a process took, by the clock and of the processor."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([sys.executable, *arguments], env=env, check=True, capture_output=True)
    took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main(times: int) -> None:
    nothing = ("-c", "")
    with tempfile.TemporaryDirectory() as name:
        merged = dict(os.environ) | as_installed(Path(name))
        env = {key: value for key, value in merged.items() if value}
        taken: dict[tuple[str, ...], list[tuple[float, float]]] = {}
        for i in range(times + 1):
            for arguments in (nothing, *_COMMANDS):
                shutil.rmtree(env["LLMCHEM_DATA"], ignore_errors=True)
                took = seconds(arguments, env)
                if i:  # the first time Python compiles
                    taken.setdefault(arguments, []).append(took)
    for arguments, limit in ((nothing, 0.0), *_COMMANDS.items()):
        clock, processor = (min(figures) for figures in zip(*taken[arguments], strict=True))
        told = beside(clock, limit) if limit else f"{clock:.4g} s"
        print(f"{' '.join(arguments[1:]) or 'nothing'}: {told}; processor {processor:.3f} s")
    print(f"best of {times}; {load()}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
