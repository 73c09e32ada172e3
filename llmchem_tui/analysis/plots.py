"""What plots show beside the measures of strategies: accuracy over rounds, latency by model.

The history has been narrowed to one task, and to simulated or to real models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.analysis.backtest_splits import Timeline

if TYPE_CHECKING:
    import pandas

    from llmchem_tui.storage.history import History

Array = NDArray[np.float64]

_QUARTILES = np.array([0.0, 0.25, 0.5, 0.75, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Accuracy over the rounds of a strategy, in the order in which they ended.

    All have the shape (rounds,). ``rounds``: the number of each among all dated rounds, from 1.
    ``accuracy``: the mean of its answers. ``running``: the mean of all answers up to it, so that
    the last one is the accuracy of the strategy.
    """

    strategy: str
    rounds: NDArray[np.intp]
    accuracy: Array
    running: Array


@dataclass(frozen=True, slots=True, eq=False)
class Courses:
    """The courses of all strategies, by name, the unknown one ("") last.

    ``rounds``: how many have a date. ``days``: those of the first and the last of them. ``blank``:
    how many of the rounds asked about have no known accuracy. ``undated``: rows left out, as
    nothing tells when they came. ``models``: all that can be asked about, sorted.
    """

    courses: tuple[Course, ...]
    rounds: int
    days: tuple[str, str]
    blank: int
    undated: int
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a model took: quartiles over its ``answers`` that tell it, in seconds.

    ``untold``: how many answers do not tell it, failed ones among them.
    """

    model: str
    answers: int
    untold: int
    fastest: float
    lower: float
    median: float
    upper: float
    slowest: float


def courses(
    history: History, *, model: str = "", aliases: Mapping[str, str] | None = None
) -> Courses:
    """Follow the strategies' accuracy over the rounds of a history.

    ``model``: only its answers count; "": those of all. ``aliases``: former names to present ones.
    """
    frame = _renamed(history.frame[["trial", "strategy", "model", "created", "accuracy"]], aliases)
    timeline = Timeline.of(frame)
    rows = timeline.frame
    days = rows["created"].str.slice(0, 10).iloc[[0, -1]].tolist() if timeline.rounds else ["", ""]
    own = rows[rows["model"] == model] if model else rows
    answers = own.groupby("round")["accuracy"]
    summed = answers.agg(["sum", "count"]).assign(strategy=own.groupby("round")["strategy"].first())
    known = summed[summed["count"] > 0]
    names = sorted(known["strategy"].unique(), key=lambda name: (not name, name))
    return Courses(
        courses=tuple(_course(name, known[known["strategy"] == name]) for name in names),
        rounds=timeline.rounds,
        days=(days[0], days[1]),
        blank=len(summed) - len(known),
        undated=timeline.undated,
        models=tuple(sorted(frame["model"].unique())),
    )


def latencies(history: History, *, aliases: Mapping[str, str] | None = None) -> tuple[Latency, ...]:
    """Tell how long each model took, the quickest median first; NaN where no answer tells it."""
    by_model = _renamed(history.frame[["model", "latency"]], aliases).groupby("model")["latency"]
    quartiles = by_model.quantile(_QUARTILES).unstack()
    told, answers = by_model.count(), by_model.size()
    found = [
        Latency(str(model), int(told[model]), int(answers[model] - told[model]), *seconds)
        for model, seconds in zip(quartiles.index, quartiles.to_numpy().tolist(), strict=True)
    ]
    return tuple(sorted(found, key=lambda one: (not one.answers, one.median, one.model)))


def _course(strategy: str, rounds: pandas.DataFrame) -> Course:
    totals, counts = rounds["sum"].to_numpy(), rounds["count"].to_numpy()
    return Course(
        strategy,
        rounds.index.to_numpy(dtype=np.intp) + 1,
        totals / counts,
        totals.cumsum() / counts.cumsum(),
    )


def _renamed(frame: pandas.DataFrame, aliases: Mapping[str, str] | None) -> pandas.DataFrame:
    names = frame["model"].map(lambda name: (aliases or {}).get(name, name))
    return frame.assign(model=names)
