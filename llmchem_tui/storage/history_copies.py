"""Rounds that were given twice: in a session, say, and in a copy of its history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas

_ROUND = ["trial", "strategy"]
_ANSWER = [*_ROUND, "task", "model", "id", "created"]
_SCORES = ["quality", "gen_accuracy", "accuracy"]
COMPARED = frozenset([*_ANSWER, *_SCORES])
"""The columns that tell a copy; profiles, chemistry and the recommendation need no others."""

_DIGITS = 6  # which every spreadsheet keeps


def copies(frame: pandas.DataFrame, source: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which rows of a history's frame are of rounds that an earlier source has as well.

    ``source`` numbers the sources of the rows, ascending. A round is a copy where every row of it
    has its equal in an earlier source: the same model's answer of the same second with the same
    scores, as far as spreadsheets keep the digits. What a program may have dropped, such as the
    seed, is not compared. Without a date nothing tells a copy from another round.
    """
    found = np.zeros(len(frame), dtype=bool)
    trials = frame["trial"].factorize()[0]
    first, last = np.empty((2, len(frame)), dtype=np.intp)
    first[trials[::-1]], last[trials] = source[::-1], source  # of several the last one stays
    doubtful = first[trials] != last[trials]
    if doubtful.any():
        rows = frame.loc[doubtful, [*_ANSWER, *_SCORES]].round(dict.fromkeys(_SCORES, _DIGITS))
        rows = rows.assign(source=source[doubtful])
        earliest = rows.groupby([*_ANSWER, *_SCORES], dropna=False)["source"].transform("min")
        again = (earliest < rows["source"]) & (rows["created"] != "")
        rounds = [rows[name] for name in ("source", *_ROUND)]
        found[doubtful] = again.groupby(rounds).transform("all")
    return found
