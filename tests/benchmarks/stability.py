"""How long a bootstrap of chemistry and of the recommended ensemble takes.

    python -m tests.benchmarks.stability [RESAMPLES] [MODELS] [ROUNDS]

The issue's figure: 1,000 resamples over 12 models and 1,000 rounds in at most 3 s.
"""

from __future__ import annotations

import dataclasses
import sys
import time
import warnings

import numpy as np
import pandas

from llmchem_tui.analysis.stability import Draws, stability
from llmchem_tui.storage.history import History, history_of

REPEATS = 3


def history(models: int, rounds: int) -> History:
    """Make rounds of 2 to 5 models, two thirds with a reference answer."""
    draw = np.random.default_rng(7)
    skill = draw.uniform(0.4, 0.95, models)
    rows = []
    for number in range(rounds):
        reference = draw.random() < 2 / 3
        for model in draw.choice(models, int(draw.integers(2, 6)), replace=False):
            accuracy = float(np.clip(draw.normal(skill[model], 0.2), 0, 1))
            rows.append(
                {
                    "trial": f"trial {number}",
                    "strategy": "RANDOM",
                    "model": f"model-{model:02}",
                    "quality": 10 * float(np.clip(draw.normal(skill[model], 0.1), 0, 1)),
                    "accuracy": accuracy,
                    "gen_accuracy": accuracy if reference else np.nan,
                }
            )
    frame = pandas.DataFrame(rows)
    empty = history_of([])
    return dataclasses.replace(empty, frame=frame.reindex(columns=empty.frame.columns))


def main(resamples: int, models: int, rounds: int) -> None:
    warnings.simplefilter("error")
    made = history(models, rounds)
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        found = stability(made, draws=Draws(resamples))
        seconds.append(time.perf_counter() - began)
    share = found.recommended.share if found.recommended else None
    print(
        f"{resamples:,} resamples over {models} models and {rounds:,} rounds, {REPEATS} times: "
        f"best {min(seconds):.2f} s, worst {max(seconds):.2f} s; share of the recommended set "
        f"{share}"
    )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*given, *(1000, 12, 1000)[len(given) :])
