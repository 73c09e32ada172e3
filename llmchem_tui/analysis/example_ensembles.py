"""Weak, mid and strong ensembles of each strategy, for chemistry maps (P1 = arXiv 2510.03930 A.4).

P1's Figures 3 to 5 do not say how theirs were chosen; its authors' published code takes, among a
strategy's rounds of similar size, those whose complementarity is nearest to its 10 %, 50 % and 90 %
quantiles. So does this, by our measures (SCIENCE.md section 7) and by rank, so that no round stands
for two.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.analysis.round_measures import answers_of, members_of, rounds_of
from llmchem_tui.domain.cost import QUALITY_SCALE

if TYPE_CHECKING:
    import pandas

    from llmchem_tui.storage.history import History

Array = NDArray[np.float64]

STRENGTHS = {"weak": 0.1, "mid": 0.5, "strong": 0.9}
"""The quantile of the complementarity by which an ensemble is chosen."""

FEWEST_ROUNDS = len(STRENGTHS)
"""Of a strategy, for it to have an example of each strength."""

MOST_STRATEGIES = 10
"""Of a size: those with the most rounds."""

_VALUES = ["accuracy", "quality"]
_GROUPS = ((2, 3), (4, 5), (6, None))


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One round's ensemble as points (accuracy, quality / 10) of the unit square, shape (n, 2)."""

    strategy: str
    strength: str
    trial: str
    complementarity: float
    points: Array


@dataclass(frozen=True, slots=True, eq=False)
class SizeGroup:
    """A weak, a mid and a strong example of each strategy, in alphabetical order.

    Their ensembles have ``least`` to ``most`` members; None: and more.
    """

    least: int
    most: int | None
    examples: tuple[Example, ...]

    @property
    def sizes(self) -> str:
        """The sizes in words, such as ``2 to 3 models``."""
        return f"{self.least} {'or more' if self.most is None else f'to {self.most}'} models"

    @property
    def strategies(self) -> tuple[str, ...]:
        """The strategies that have examples."""
        return tuple(dict.fromkeys(one.strategy for one in self.examples))


def example_ensembles(history: History, aliases: Mapping[str, str]) -> tuple[SizeGroup, ...]:
    """Choose from a history of one task; sizes without an example lack.

    Members without a quality or an accuracy are left out, rounds with fewer than two others, those
    of the unknown strategy, and strategies with fewer than three rounds of a size.
    """
    answers = answers_of(history.frame, aliases)
    members = members_of(answers)
    known = members.dropna(subset=_VALUES)
    rounds = _rounds(history, rounds_of(answers, members), known)
    groups = []
    for least, most in _GROUPS:
        own = rounds[rounds["members"].between(least, most or math.inf)]
        counts = own["strategy"].value_counts()
        enough = [str(name) for name in counts.index if counts[name] >= FEWEST_ROUNDS]
        largest = sorted(enough, key=lambda name: (-counts[name], name))[:MOST_STRATEGIES]
        examples = [
            example
            for strategy in sorted(largest)
            for example in _chosen(own[own["strategy"] == strategy], known)
        ]
        if examples:
            groups.append(SizeGroup(least, most, tuple(examples)))
    return tuple(groups)


def _rounds(
    history: History, measured: pandas.DataFrame, known: pandas.DataFrame
) -> pandas.DataFrame:
    """The rounds of known strategies by rising complementarity, and how many members count."""
    rounds = history.frame[["trial", "strategy"]].drop_duplicates(ignore_index=True)
    rounds["complementarity"] = measured["complementarity"]
    rounds["members"] = known.groupby("round").size()
    rounds = rounds[rounds["strategy"] != ""]
    return rounds.sort_values(["complementarity", "trial"], kind="stable")


def _chosen(rounds: pandas.DataFrame, known: pandas.DataFrame) -> Iterator[Example]:
    """One round of each strength; they come by rising complementarity."""
    for strength, quantile in STRENGTHS.items():
        own = rounds.iloc[round(quantile * (len(rounds) - 1))]
        members = known[known["round"] == own.name]
        points = members[_VALUES].to_numpy() / (1.0, QUALITY_SCALE)
        measure = float(own["complementarity"])
        yield Example(own["strategy"], strength, own["trial"], measure, points)
