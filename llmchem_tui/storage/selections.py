"""Parts of a history: of one task, of real or simulated models, of some strategies or dates."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import SIMULATED_PREFIX
from llmchem_tui.storage.history_columns import DATE_FORM

if TYPE_CHECKING:
    import pandas

    from llmchem_tui.storage.history import History

UNKNOWN_STRATEGY = "unknown"
"""How rows without a strategy are called."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What rows must have; blank: anything. ``since`` and ``until`` are days, both included.

    ``models``: a round counts with all its rows where one of these took part. ``strategies`` in
    upper or lower case, ``UNKNOWN_STRATEGY`` for rows that have none.
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


@dataclass(frozen=True, slots=True)
class Part:
    """Rounds that share a statistic: of one task, and of simulated models or of real ones.

    ``rows``: how many answers there are.
    """

    task: str
    simulated: bool
    rows: int


def parts_of(history: History) -> dict[Part, History]:
    """The parts of a history: those of real models first, and then as the tasks are called."""
    kinds = {simulated: only(history, simulated=simulated) for simulated in (False, True)}
    return {
        Part(task, simulated, rows): select_task(kind, task)
        for simulated, kind in kinds.items()
        for task, rows in tasks(kind).items()
    }


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
    """The rounds that pass; rows without a date of creation pass no filter of dates, with a note.

    Raises:
        InputError: a model or strategy is not in the history, or no round passes.
    """
    frame, notes = history.frame, list(history.notes)
    if filters.models:
        models = _named("model", filters.models, frame["model"])
        has = frame["model"].isin(models)
        frame = frame[has.groupby([frame["trial"], frame["strategy"]]).transform("any")]
    if filters.strategies:
        strategies = history.frame["strategy"].replace("", UNKNOWN_STRATEGY)
        named = _named("strategy", filters.strategies, strategies, str.casefold)
        frame = frame[frame["strategy"].replace("", UNKNOWN_STRATEGY).isin(named)]
    if filters.since or filters.until:
        days = frame["created"].str.slice(0, 10)
        since, until = filters.since or datetime.date.min, filters.until or datetime.date.max
        frame = frame[(days >= since.isoformat()) & (days <= until.isoformat())]
        if undated := int((days == "").sum()):
            notes.append(
                f"Rows left out by the dates, as they have no date of creation: {undated:,}."
            )
    if frame.empty:
        raise InputError(
            f"No row of the history passes the filters: {_span(history.frame['created'])}. "
            "Widen the dates, or leave out a model or strategy."
        )
    return replace(history, frame=frame, notes=tuple(notes))


def _named(
    what: str, wanted: Iterable[str], column: pandas.Series[str], key: Callable[[str], str] = str
) -> list[str]:
    """The texts of a column that are wanted; two are the same where ``key`` of both is."""
    known = sorted(column.unique())
    by_key = {key(name): name for name in known}
    for name in wanted:
        if key(name) not in by_key:
            near = difflib.get_close_matches(key(name), by_key, 1)
            hint = f' Did you mean "{by_key[near[0]]}"?' if near else ""
            raise InputError(
                f'There is no {what} "{name}" in the history.{hint} It has: {", ".join(known)}.'
            )
    keys = {key(name) for name in wanted}
    return [name for name in known if key(name) in keys]


def _span(created: pandas.Series[str]) -> str:
    """When a history's rows were created."""
    count, known = f"{len(created):,} row{'s' * (len(created) != 1)}", created[created != ""]
    if known.empty:
        return f"none of its {count} has a date of creation, as {DATE_FORM}"
    return f"its {count} were created from {known.min()[:10]} to {known.max()[:10]}"
