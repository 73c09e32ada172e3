"""What the app holds after hundreds of rounds of ten simulated models in one sitting.

    python -m tests.benchmarks.soak [ROUNDS] [MODELS]

Each round has a hundred calls and is saved, learnt from and shown. Memory may grow by 30 MB after
the first tenth of the rounds; open files, sockets and tasks not at all.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import beside
from tests.benchmarks.measures import load
from tests.soaking import soak

MOST_GROWTH = 30


def main(rounds: int, models: int) -> None:
    after = sorted({rounds // 10, rounds // 2, rounds})
    began, busy = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory() as name:
        held = asyncio.run(soak(Path(name), rounds, models, after))
    took, busy = time.monotonic() - began, time.process_time() - busy
    print(f"{rounds} rounds of {models}: {took:.0f} s, {busy / rounds:.2f} s CPU a round; {load()}")
    for number, own in held.items():
        print(
            f"after {number}: {own.memory / 1e6:.0f} MB, {own.descriptors} descriptors "
            f"({own.sockets} sockets), {own.tasks} tasks"
        )
    growth = (held[after[-1]].memory - held[after[0]].memory) / 1e6
    print(f"growth: {beside(growth, MOST_GROWTH, 'MB')}")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]), *(500, 10)[len(sys.argv) - 1 :])
