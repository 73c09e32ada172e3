"""How ensembles that never ran as such would have voted, told by what their members answered.

An ensemble is a line of zeros and ones over the models; a ``table`` holds the mean accuracy of
each model on each item, shape (models, items), NaN where it did not answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.domain.complementarity import MAJORITY

Array = NDArray[np.float64]
Measure = Callable[[Array], Array]

_MOST_SETS = 1000  # all sets of any one size from 12 models are at most 924
_VOTES_AT_ONCE = 2**21  # bounds the memory that the votes of many sets take
_ROUNDING = 1e-9  # a mean of exactly 0.5 is not correct, in whatever order it was added up


def as_lines(ensembles: Iterator[tuple[int, ...]] | list[tuple[int, ...]], models: int) -> Array:
    """Ensembles of model numbers as lines, shape (ensembles, models)."""
    sets = list(ensembles)
    lines = np.zeros((len(sets), models))
    for line, members in zip(lines, sets, strict=True):
        line[list(members)] = 1.0
    return lines


def votes(lines: Array, table: Array) -> tuple[Array, Array]:
    """The mean accuracy of the members that answered each item, and how many did.

    Both have the shape (ensembles, items); the mean is NaN where no member answered.
    """
    answered = ~np.isnan(table)
    voters = lines @ answered.astype(float)
    totals = lines @ np.where(answered, table, 0.0)
    means = np.divide(totals, voters, out=np.full_like(totals, np.nan), where=voters > 0)
    return means, voters


def accuracy(means: Array) -> Array:
    """The mean accuracies themselves."""
    return means


def correct(means: Array) -> Array:
    """Soft voting (SCIENCE.md section 7): 1 where the mean accuracy exceeds 0.5, NaN of NaN."""
    return np.where(np.isnan(means), np.nan, means > MAJORITY + _ROUNDING)


def best_ensemble(table: Array, size: int, measure: Measure, rivals: Array) -> tuple[Array, bool]:
    """The ensemble of ``size`` with the largest mean of a measure over its items, as a line.

    Also whether all sets were compared. Where there are more than 1,000 it is the best of the
    ``rivals`` (lines of the same size) and of a greedy search, which adds the best model again
    and again.
    """
    models = len(table)
    exhaustive = comb(models, size) <= _MOST_SETS
    if exhaustive:
        lines = as_lines(combinations(range(models), size), models)
    else:
        lines = np.vstack([rivals, _greedy(table, size, measure)])
    return lines[int(np.argmax(_worths(lines, table, measure)))], exhaustive


def _greedy(table: Array, size: int, measure: Measure) -> Array:
    line = np.zeros(len(table))
    for _ in range(size):
        outside = np.flatnonzero(line == 0)
        grown = line + np.eye(len(table))[outside]
        line = grown[int(np.argmax(_worths(grown, table, measure)))]
    return line


def _worths(lines: Array, table: Array, measure: Measure) -> Array:
    """The mean of the measure over the items that each ensemble answered; -inf where none."""
    block = max(1, _VOTES_AT_ONCE // max(1, table.shape[1]))
    worths = np.full(len(lines), -np.inf)
    for begin in range(0, len(lines), block):
        some = slice(begin, begin + block)
        values = measure(votes(lines[some], table)[0])
        told = ~np.isnan(values)
        counts = told.sum(axis=1)
        sums = np.where(told, values, 0.0).sum(axis=1)
        np.divide(sums, counts, out=worths[some], where=counts > 0)
    return worths
