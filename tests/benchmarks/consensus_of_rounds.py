"""How long the consensus of a thousand rounds takes, stacked and one after the other.

python -m tests.benchmarks.consensus_of_rounds [ROUNDS] [MODELS]
"""

from __future__ import annotations

import sys

import numpy as np

from llmchem_tui.domain.consensus import review_accuracy, vancouver
from tests.benchmarks import beside, fastest
from tests.benchmarks.measures import load

LIMIT = 0.1
MISSING = 0.05


def main(rounds: int, models: int) -> None:
    draw = np.random.default_rng(7)
    grades = draw.uniform(0, 10, (rounds, models, models))
    grades[:, np.arange(models), np.arange(models)] = np.nan  # nobody reviews itself
    grades[draw.random(grades.shape) < MISSING] = np.nan

    def stacked() -> object:
        agreed = vancouver(grades)
        return review_accuracy(agreed.reviewer_variance, grades)

    def one_by_one() -> object:
        return [review_accuracy(vancouver(own).reviewer_variance, own) for own in grades]

    together, apart = fastest(stacked), fastest(one_by_one, 2)
    print(
        f"{rounds:,} rounds of {models} x {models} reviews: {beside(together, LIMIT)} stacked, "
        f"{apart:.2f} s one by one; {load()}"
    )


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*given, *(1000, 10)[len(given) :])
