"""How long the exact chemistry of all pairs takes.

    python -m tests.benchmarks.chemistry_values [REPEATS]

Pools of even skills, and of models that hardly differ, which need the most steps.
"""

from __future__ import annotations

import sys

import numpy as np

from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.model import Profile
from tests.benchmarks import beside, fastest
from tests.benchmarks.measures import load

LIMITS = {15: 0.001, 100: 0.02, 300: 0.2, 1000: 2.0}
"""Seconds, by the number of models."""


def pool(models: int, spread: float) -> list[Profile]:
    """Models that are all used, their qualities and accuracies within ``spread`` of the scale."""
    draw = np.random.default_rng(7)
    qualities = 10 * (0.75 + spread * draw.uniform(-0.5, 0.5, models))
    accuracies = 0.75 + spread * draw.uniform(-0.5, 0.5, models)
    both = zip(qualities.tolist(), accuracies.tolist(), strict=True)
    return [Profile(f"model-{i:04}", *values) for i, values in enumerate(both)]


def main(repeats: int) -> None:
    for what, spread in (("even skills", 0.5), ("almost alike", 1e-3)):
        for models, limit in LIMITS.items():
            profiles = pool(models, spread)

            def work(profiles: list[Profile] = profiles) -> object:
                return chemistry(profiles)

            print(f"{models} models, {what}: {beside(fastest(work, repeats), limit)}")
    print(load())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
