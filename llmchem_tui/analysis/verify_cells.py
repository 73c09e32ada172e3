"""The rows of a session's tables against what they would be if they were written now."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path

from llmchem_tui.analysis.verify_findings import Finding, Kind, restored_first, why_unread
from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.history import HISTORY_FILE
from llmchem_tui.storage.history_columns import NUMBERS
from llmchem_tui.storage.rounds import HISTORY_COLUMNS, REVIEW_COLUMNS
from llmchem_tui.storage.sessions import REVIEWS_FILE
from llmchem_tui.storage.tables import Cell, header_line, read_rows, unguarded, written

Row = Mapping[str, str]
"""The cells of a row, as they stand in the file, by column."""

_COMPUTED = {"quality", "gen_accuracy", "variance", "review_accuracy", "accuracy", "confidence"}
DERIVED = _COMPUTED | {"recommended"}
"""The columns of history.csv that follow from answers and grades."""

_NUMBERS = NUMBERS.keys() | {"seed", "position", "grade"}
_RELATIVE, _ABSOLUTE = 1e-9, 1e-12  # what another version of NumPy may make of the same grades
_SHOWN, _BEFORE = 60, 20  # characters of a long text, and of those before its first difference


@dataclass(frozen=True, slots=True)
class SavedRows:
    """The rows of a table by round. ``problem``: why there are not more; blank: these are all.

    ``ours``: it begins as llmchem writes it; another program would have changed that.
    """

    rounds: Mapping[str, Sequence[Row]]
    problem: str = ""
    ours: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a session: its file, the columns that tell the rows of a round apart, and all."""

    file: str
    key: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def compared(self) -> frozenset[str]:
        """The columns of which a journal says what they hold, but for those that name the row."""
        return frozenset(self.columns) - {"trial", "created", *self.key}

    def read(self, folder: Path) -> SavedRows:
        """The rows of a session, up to the round in which the file cannot be read any more."""
        path = folder / self.file
        rounds: dict[str, list[Row]] = {}
        trial = ""
        try:
            rows = read_rows(path)
            header = next(rows)
            if problem := self._foreign(header):
                return SavedRows({}, f"{path} {problem}: restore it from a copy.")
            for cells in rows:
                row = dict(zip(header, cells, strict=True))
                trial = unguarded(row["trial"])
                rounds.setdefault(trial, []).append(row)
        except InputError as error:
            rounds.pop(trial, None)  # the damaged row may be one of its own
            return SavedRows(rounds, why_unread(path, error))
        with path.open("rb") as file:
            return SavedRows(rounds, ours=file.readline() == header_line(self.columns))

    def _foreign(self, header: Sequence[str]) -> str:
        """What is wrong with the first line; blank: all columns are in it."""
        missing = [column for column in self.columns if column not in header]
        if len(missing) == len(self.columns):
            divided = any(sign in header[0] for sign in ";\t")
            other = "divides its cells with another sign than a comma, as spreadsheets may"
            return other if divided else "does not begin with the names of our columns"
        return f"lacks {', '.join(missing)}" if missing else ""


HISTORY = Table(HISTORY_FILE, ("model",), HISTORY_COLUMNS)
REVIEWS = Table(REVIEWS_FILE, ("reviewer", "model"), REVIEW_COLUMNS)


def row_findings(
    table: Table,
    saved: Sequence[Row],
    expected: Sequence[Mapping[str, Cell]],
    columns: AbstractSet[str],
    put_back: str = "",
) -> tuple[int, list[Finding]]:
    """Compare the rows of a round with those expected; returns how many cells were, and findings.

    ``columns``: those that are compared. ``put_back``: the remedy for a missing row, if there is a
    better one than a copy.
    """
    rows: dict[tuple[str, ...], list[Row]] = {}
    for row in saved:
        rows.setdefault(tuple(row[column] for column in table.key), []).append(row)
    found, cells = [], 0
    for wanted in expected:
        own = rows.pop(tuple(written(wanted[column]) for column in table.key), [])
        if not own:
            missing = _finding(Kind.ROW, table, wanted, "the row is missing")
            found.append(replace(missing, remedy=put_back or missing.remedy))
        elif len(own) > 1:
            doubled = _finding(Kind.ROW, table, wanted, f"the row stands {len(own)} times")
            once = f"Leave each row once in {table.file}, or restore it from a copy."
            found.append(replace(doubled, remedy=once))
        if own:
            cells += len(columns)
            found += _cell_findings(table, own[0], wanted, columns)
    for strangers in rows.values():
        plain = {column: unguarded(cell) for column, cell in strangers[0].items()}
        found.append(_finding(Kind.ROW, table, plain, "the journal has nothing for this row"))
    return cells, found


def _cell_findings(
    table: Table, row: Row, wanted: Mapping[str, Cell], columns: AbstractSet[str]
) -> Iterator[Finding]:
    for column in table.columns:
        if column in columns and not _is_same(column, row[column], wanted[column]):
            numeric = column in _NUMBERS
            saved, recomputed = unguarded(row[column]), unguarded(written(wanted[column]))
            was, now = (saved, recomputed) if numeric else _excerpts(saved, recomputed)
            what = f"{column} is {was or 'blank'}, the journal gives {now or 'none'}"
            yield replace(
                _finding(Kind.CELL, table, wanted, what),
                column=column,
                saved=_value(saved, numeric),
                recomputed=_value(recomputed, numeric),
            )


def _is_same(column: str, saved: str, wanted: Cell) -> bool:
    cell = written(wanted)
    if saved.replace("\r\n", "\n") == cell.replace("\r\n", "\n"):  # as other programs end lines
        return True
    if isinstance(wanted, bool):
        return saved.lower() == cell  # spreadsheets and pandas write TRUE and True
    number = number_in(saved)
    if number is None or not isinstance(wanted, int | float):
        return False
    if column not in _COMPUTED:
        return number == wanted
    return math.isclose(number, wanted, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)


def number_in(cell: str) -> float | None:
    """The finite number in a cell; None: there is none."""
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _value(text: str, numeric: bool) -> object:
    number = number_in(text) if numeric else None
    return (text or None) if number is None else number


def _excerpts(saved: str, recomputed: str) -> tuple[str, str]:
    """Both texts, quoted, from shortly before the place where they begin to differ."""
    pairs = enumerate(zip(saved, recomputed, strict=False))
    alike = next((place for place, (one, other) in pairs if one != other), len(saved))
    start = max(0, min(alike, len(recomputed)) - _BEFORE)
    return _excerpt(saved, start), _excerpt(recomputed, start)


def _excerpt(text: str, start: int) -> str:
    if len(text) <= _SHOWN:
        return repr(text) if text else ""
    end = start + _SHOWN
    return "…" * (start > 0) + repr(text[start:end]) + "…" * (end < len(text))


def _finding(kind: Kind, table: Table, row: Mapping[str, Cell], what: str) -> Finding:
    trial, model = str(row["trial"]), str(row["model"])
    reviewer = str(row["reviewer"]) if "reviewer" in table.key else None
    whose = model if reviewer is None else f"the review by {reviewer} of {model}"
    return Finding(
        kind,
        f"{table.file}, round {trial}, {whose}: {what}.",
        trial,
        model,
        reviewer,
        file=table.file,
        remedy=restored_first(table.file),
    )
