"""Histories: the rows of finished rounds, our own and the authors' published ones, in CSV.

A history.csv of ours begins with the columns of arXiv 2510.03930, Table 5, so that the authors'
scripts read it unchanged; theirs are read with ``generation_accuracy`` as an alias.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.rounds import HISTORY_COLUMNS, FinishedRound, history_rows
from llmchem_tui.storage.session_file import SESSION_FILE, check_format
from llmchem_tui.storage.tables import read_rows, unguarded, written

if TYPE_CHECKING:
    import numpy as np
    import pandas
    from numpy.typing import NDArray

HISTORY_FILE = "history.csv"

_NUMBERS = {
    "latency": (0.0, math.inf),
    "temperature": (0.0, math.inf),
    "quality": (0.0, 10.0),
    "gen_accuracy": (0.0, 1.0),
    "variance": (0.0, math.inf),
    "review_accuracy": (0.0, 1.0),
    "accuracy": (0.0, 1.0),
    "confidence": (0.0, 1.0),
    "tokens_in": (0.0, math.inf),
    "tokens_out": (0.0, math.inf),
}
"""The columns of numbers, each with the range that it can have."""

_NEEDED = ("trial", "model", "task", "quality", "accuracy")
_OURS = {"vignette", "status"}
_ALIASES = {"generation_accuracy": "gen_accuracy"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_BLOCK = 10_000  # rows turned into columns at a time: bounds the memory that the cells take


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Rows of finished rounds, in file order.

    ``frame`` has exactly the columns of ``HISTORY_COLUMNS``. Measurements are float64 with NaN for
    missing; everything else is text with "" for missing, ``seed`` too: it is an identifier.
    ``repaired`` counts shifted rows of the published files that were put right (their strategy is
    unknown, ""). ``notes`` are sentences on what was repaired, left out or not readable.
    """

    frame: pandas.DataFrame
    repaired: int = 0
    notes: tuple[str, ...] = ()


def read_history(paths: Sequence[Path]) -> History:
    """The rows of CSV files, session folders or folders of sessions; each path counts once.

    A file or a session that is named must be whole; in a folder of sessions a damaged one is left
    out, as in ``read_sessions``.

    Raises:
        InputError: a file is missing, damaged or without the needed columns, or there are no rows
            in any of them.
    """
    histories = []
    for path, given in {_whole(path).resolve(): path for path in paths}.items():
        if path.is_dir() and not any(path.glob(f"*/{HISTORY_FILE}")):
            raise InputError(
                f"The folder {given} has no {HISTORY_FILE}, nor has a folder in it: "
                "give a session folder, a folder of sessions, or a CSV file."
            )
        histories.append(read_sessions(given) if path.is_dir() else _read_session(_whole(given)))
    history = join(histories)
    if paths and history.frame.empty:
        named = ", ".join(str(path) for path in paths)
        raise InputError(f"{named}: no rows yet; give a history of finished rounds.")
    return history


def read_sessions(folder: Path, *, exclude: str | None = None) -> History:
    """The rows of all sessions in a folder, oldest first, but for the one named ``exclude``.

    A session without a history or without a finished round adds nothing; a damaged one, or one of
    a newer format, is left out and reported in ``notes``. A folder that does not exist holds none.
    """
    histories = []
    for path in sorted(folder.glob(f"*/{HISTORY_FILE}")):
        if path.parent.name == exclude:
            continue
        try:
            histories.append(_read_session(path))
        except InputError as error:
            histories.append(History(_empty_frame(), notes=(f"Left out: {error}",)))
    return join(histories)


def join(histories: Iterable[History]) -> History:
    """All rows of several histories, one after the other; of none, a history without rows."""
    import pandas

    parts = list(histories)
    frames = [part.frame for part in parts if not part.frame.empty]
    frame = pandas.concat(frames, ignore_index=True) if frames else _empty_frame()
    notes = tuple(note for part in parts for note in part.notes)
    return History(frame, sum(part.repaired for part in parts), notes)


def history_of(rounds: Iterable[FinishedRound]) -> History:
    """Rounds of this sitting as a history, the same as if they were saved and read back."""
    rows = [row for finished in rounds for row in history_rows(finished)]
    cells = {name: [written(row[name]) for row in rows] for name in HISTORY_COLUMNS}
    frame, _ = _block_frame(cells)
    return History(_complete(frame))


def _whole(path: Path) -> Path:
    """The history of a session folder; any other path as it is."""
    own = path / HISTORY_FILE
    return own if own.is_file() else path


def _read_session(path: Path) -> History:
    check_format(path.with_name(SESSION_FILE))
    return _read_file(path)


def _read_file(path: Path) -> History:
    rows = read_rows(path)
    positions = _positions([name.strip() for name in next(rows)], path)
    blocks, unreadable = [], 0
    while block := list(islice(rows, _BLOCK)):
        cells = list(zip(*block, strict=True))
        columns = {name: cells[position] for name, position in positions.items()}
        frame, wrong = _block_frame(columns)
        blocks.append(History(frame))
        unreadable += wrong
    frame = _complete(join(blocks).frame)
    named = (frame["trial"] != "") & (frame["model"] != "")
    frame = frame if named.all() else frame[named]
    undated = frame.index[frame["created"] == ""]
    shifted = undated[frame.loc[undated, "strategy"].str.fullmatch(_DATE)]
    frame.loc[shifted, "created"] = frame.loc[shifted, "strategy"]
    frame.loc[shifted, "strategy"] = ""
    counts = {
        "shifted rows repaired (strategy unknown)": len(shifted),
        "rows without a trial or a model left out": int((~named).sum()),
        "numbers not readable or out of range, taken as missing": unreadable,
    }
    notes = tuple(f"{path}: {what}: {count:,}." for what, count in counts.items() if count)
    return History(frame, len(shifted), notes)


def _positions(header: Sequence[str], path: Path) -> dict[str, int]:
    """Where each of our columns stands in the file; others are ignored."""
    names = [_ALIASES.get(name, name) for name in header]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise InputError(
            f"{path} lacks {', '.join(missing)}: a history needs the columns "
            f"{', '.join(_NEEDED)}, as a session's {HISTORY_FILE} has them."
        )
    known = [name for name in HISTORY_COLUMNS if name in names]
    twice = [name for name in known if names.count(name) > 1]
    if twice:
        raise InputError(f"{path} has the column {twice[0]} twice: remove or rename one of them.")
    return {name: names.index(name) for name in known}


def _block_frame(columns: Mapping[str, Sequence[str]]) -> tuple[pandas.DataFrame, int]:
    """The cells as a frame, and how many numbers in it are not usable."""
    import pandas

    ours = columns.keys() >= _OURS
    series: dict[str, pandas.Series[float] | pandas.Series[str]] = {}
    unusable = 0
    for name, cells in columns.items():
        if name in _NUMBERS:
            figures, wrong = _figures(cells, *_NUMBERS[name])
            series[name] = pandas.Series(figures)
            unusable += wrong
        else:
            texts = map(unguarded, cells) if ours else cells
            series[name] = pandas.Series(list(texts), dtype="str")
    return pandas.DataFrame(series), unusable


def _complete(frame: pandas.DataFrame) -> pandas.DataFrame:
    """The frame with all our columns in their order, those that it lacks blank."""
    import pandas

    missing = {
        name: pandas.Series(math.nan if name in _NUMBERS else "", frame.index, kind)
        for name in HISTORY_COLUMNS
        if name not in frame.columns
        for kind in ("float64" if name in _NUMBERS else "str",)
    }
    return frame.assign(**missing)[list(HISTORY_COLUMNS)]


def _figures(cells: Sequence[str], low: float, high: float) -> tuple[NDArray[np.float64], int]:
    """The numbers of a column, NaN for missing, and how many were not numbers of this range."""
    import numpy as np

    try:
        figures = np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        figures = np.array([_figure(cell) for cell in cells])
    wrong = ~np.isnan(figures) & ~(np.isfinite(figures) & (figures >= low) & (figures <= high))
    figures[wrong] = math.nan
    return figures, int(wrong.sum())


def _figure(cell: str) -> float:
    """The number in a cell, NaN where it is blank, infinite where it is no number at all."""
    if not cell or cell.isspace():
        return math.nan
    try:
        return float(cell)
    except ValueError:
        return math.inf


def _empty_frame() -> pandas.DataFrame:
    import pandas

    return _complete(pandas.DataFrame())
