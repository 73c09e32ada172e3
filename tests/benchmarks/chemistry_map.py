"""How long a chemistry map with its three fields takes.

    python -m tests.benchmarks.chemistry_map [MODELS] [GRID]

The issue's figure: 10 models on a grid of 150 x 150 in at most 20 ms.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np

from llmchem_tui.domain.complementarity import marginal_complementarity

REPEATS = 200


def main(models: int, grid: int) -> None:
    points = np.random.default_rng(7).random((models, 2))
    milliseconds: list[float] = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        marginal_complementarity(points, grid)
        milliseconds.append((time.perf_counter() - began) * 1000)
    print(
        f"Map of {models} models on {grid} x {grid}, {REPEATS} times: "
        f"median {statistics.median(milliseconds):.2f} ms, worst {max(milliseconds):.2f} ms"
    )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*given, *(10, 150)[len(given) :])
