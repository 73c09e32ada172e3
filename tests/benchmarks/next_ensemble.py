"""How long the next ensemble takes to be found among many models, from many past ensembles.

    python -m tests.benchmarks.next_ensemble [MODELS] [ENSEMBLES]

Timed with the chemistry that it needs, and without.
"""

from __future__ import annotations

import sys

import numpy as np

from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.recommendation import RecommendationSettings, recommend
from tests.benchmarks import beside, fastest
from tests.benchmarks.chemistry_values import pool
from tests.benchmarks.measures import load

LIMIT = 0.5
ALPHAS = 0.0, 0.5, 1.0


def main(models: int, ensembles: int) -> None:
    profiles = pool(models, 0.5)
    names = [profile.name for profile in profiles]
    draw = np.random.default_rng(7)
    sizes = draw.integers(2, 11, ensembles).tolist()
    past = [frozenset(draw.choice(names, size, replace=False).tolist()) for size in sizes]
    table = chemistry(profiles)
    for alpha in ALPHAS:
        settings = RecommendationSettings(alpha=alpha)

        def work(settings: RecommendationSettings = settings) -> object:
            return recommend(table, profiles, past, settings)

        alone = fastest(work)
        whole = alone + fastest(lambda: chemistry(profiles))
        print(
            f"{models} models, {ensembles} past ensembles, alpha {alpha:g}: "
            f"{beside(alone, LIMIT)}; with the chemistry {whole:.3f} s"
        )
    print(load())


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*given, *(100, 300)[len(given) :])
