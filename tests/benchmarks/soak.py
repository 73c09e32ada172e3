"""What the app holds after hundreds of rounds of ten simulated models in one sitting.

    python -m tests.benchmarks.soak [ROUNDS] [MODELS]

Each round has a hundred calls and is saved, learnt from and shown. Memory may grow by 30 MB after
the first tenth of the rounds; open files, sockets and tasks not at all. A line is printed after
every tenth of the rounds, with what a round took since the last: that may not grow either.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import beside
from tests.benchmarks.measures import load
from tests.soaking import Held, soak

MOST_GROWTH = 30
PARTS = 10


class Log:
    """Prints what is held after some rounds, and the processor's time that a round took."""

    def __init__(self) -> None:
        self._before = 0
        self._busy = time.process_time()

    def tell(self, number: int, held: Held) -> None:
        """Print a line."""
        busy = time.process_time()
        each = (busy - self._busy) / (number - self._before)
        self._before, self._busy = number, busy
        print(
            f"after {number}: {held.memory / 1e6:.1f} MB, {held.descriptors} descriptors "
            f"({held.sockets} sockets), {held.tasks} tasks, {each:.2f} s CPU a round",
            file=sys.__stdout__,
            flush=True,
        )


def main(rounds: int, models: int) -> None:
    after = sorted({max(1, rounds * part // PARTS) for part in range(1, PARTS + 1)})
    began, busy = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory() as name:
        held = asyncio.run(soak(Path(name), rounds, models, after, Log().tell))
    took, busy = time.monotonic() - began, time.process_time() - busy
    print(f"{rounds} rounds of {models}: {took:.0f} s, {busy / rounds:.2f} s CPU a round; {load()}")
    growth = (held[after[-1]].memory - held[after[0]].memory) / 1e6
    print(f"growth: {beside(growth, MOST_GROWTH, 'MB')}")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]), *(500, 10)[len(sys.argv) - 1 :])
