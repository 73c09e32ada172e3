"""Parts of a history: of one task, of real or simulated models, of some strategies or dates."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import SIMULATED_PREFIX

if TYPE_CHECKING:
    import pandas

    from llmchem_tui.storage.history import History

UNKNOWN_STRATEGY = "UNKNOWN"
"""How rows without a strategy are called where one is typed."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What rows must have; blank: anything. ``since`` and ``until`` are days, both included.

    ``models``: a round counts with all its rows where one of these took part.
    """

    models: Sequence[str] = ()
    strategies: Sequence[str] = ()
    since: datetime.date | None = None
    until: datetime.date | None = None


def tasks(history: History) -> dict[str, int]:
    """The rows of each task, by its statement, in alphabetical order."""
    counts = history.frame["task"].value_counts()
    return {str(task): int(counts[task]) for task in sorted(counts.index)}


def is_simulated(history: History) -> bool:
    """Whether the rows are of simulated models; a history of both is none of them."""
    models = history.frame["model"]
    return bool(len(models)) and bool(models.str.startswith(SIMULATED_PREFIX).all())


def select_task(history: History, task: str | None) -> History:
    """The rows of one task; without ``task`` of the only one.

    Raises:
        InputError: the task is not in the history, or none is named and there are several; the
            sentence lists them with their rows.
    """
    rows = tasks(history)
    if task is None and len(rows) <= 1:
        return history
    known = "; ".join(
        f'"{name}" ({count:,} row{"s" * (count > 1)})' for name, count in rows.items()
    )
    if task is None:
        raise InputError(f"The history holds several tasks, name one of them: {known}.")
    if task not in rows:
        near = difflib.get_close_matches(task, rows, 1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise InputError(
            f'There is no task "{task}" in the history.{hint} It has: {known or "no rows"}.'
        )
    return replace(history, frame=history.frame[history.frame["task"] == task])


def only(history: History, *, simulated: bool) -> History:
    """The rows of simulated models or those of real ones; the two never share a statistic."""
    is_simulated = history.frame["model"].str.startswith(SIMULATED_PREFIX)
    return replace(history, frame=history.frame[is_simulated == simulated])


def of_models(history: History, names: Collection[str], aliases: Mapping[str, str]) -> History:
    """The rows of some models under their present names; ``aliases``: former names to present."""
    frame = history.frame
    frame = frame.assign(model=[aliases.get(name, name) for name in frame["model"].tolist()])
    return replace(history, frame=frame[frame["model"].isin(names)])


def exclude_repeats(history: History, vignette: str, seed: int) -> History:
    """The history without simulated rounds of this vignette and seed.

    A simulated round that is run again is the same draw: it would be its own teacher, and the same
    command would choose differently the second time.
    """
    frame = history.frame
    repeats = (
        (frame["vignette"] == vignette)
        & (frame["seed"] == str(seed))
        & frame["model"].str.startswith(SIMULATED_PREFIX)
    )
    return replace(history, frame=frame[~repeats])


def without_trial(history: History, trial: str) -> History:
    """The history without the rows of one trial."""
    return replace(history, frame=history.frame[history.frame["trial"] != trial])


def select_rounds(history: History, filters: Filters) -> History:
    """The rounds that pass; a row without a date of creation passes no filter of dates.

    Raises:
        InputError: a model or strategy is not in the history, or no round passes.
    """
    frame = history.frame
    _check_known("model", filters.models, frame["model"])
    strategies = frame["strategy"].where(frame["strategy"] != "", UNKNOWN_STRATEGY)
    _check_known("strategy", filters.strategies, strategies)
    passes = frame["strategy"].eq(frame["strategy"])
    if filters.strategies:
        passes &= strategies.isin(filters.strategies)
    if filters.models:
        has = frame["model"].isin(filters.models)
        passes &= has.groupby([frame["trial"], frame["strategy"]]).transform("any")
    days = frame["created"].str.slice(0, 10)
    if filters.since:
        passes &= days >= filters.since.isoformat()
    if filters.until:
        passes &= (days <= filters.until.isoformat()) & (days != "")
    if not passes.any():
        first, last = _span(days)
        raise InputError(
            f"No row of the history passes the filters: its {len(frame):,} rows were created "
            f"from {first} to {last}. Widen the dates, or leave out a model or strategy."
        )
    return replace(history, frame=frame[passes])


def _check_known(what: str, wanted: Iterable[str], column: pandas.Series[str]) -> None:
    known = sorted(column.unique())
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            raise InputError(
                f'There is no {what} "{name}" in the history.{hint} It has: {", ".join(known)}.'
            )


def _span(days: pandas.Series[str]) -> tuple[str, str]:
    known = days[days != ""]
    return (known.min(), known.max()) if len(known) else ("an unknown day", "an unknown day")
