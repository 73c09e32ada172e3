"""A table of a session that may be damaged: what is whole of it, and the rest put beside it."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from llmchem_tui.domain.model import Status
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.files import StorageError, create, reason, replace
from llmchem_tui.storage.history import HISTORY_FILE
from llmchem_tui.storage.rounds import REVIEW_COLUMNS
from llmchem_tui.storage.sessions import REVIEWS_FILE
from llmchem_tui.storage.tables import (
    Cell,
    csv_block,
    header_line,
    unguarded,
    whole_rows,
    written,
)
from llmchem_tui.toml_files import open_regular

UNTOLD = {HISTORY_FILE: "when a round ended", REVIEWS_FILE: "what a person graded"}
"""What of a table is not in the journal."""

ReviewKey = tuple[str, str, str]
"""The trial, the reviewer and the model."""

_DIVIDED = re.compile("[,;\t]")


@dataclass(frozen=True, slots=True)
class DamagedTable:
    """A table as it is.

    ``content``: of its file, empty where there is none. ``rows``: those that can be read, each
    with where it begins and ends; none of a file that is not ours.
    """

    file: Path
    columns: Sequence[str]
    content: bytes
    rows: Sequence[tuple[Mapping[str, str], int, int]]

    @classmethod
    def read(
        cls, file: Path, columns: Sequence[str], states: Mapping[str, RoundState]
    ) -> DamagedTable:
        """Read what is whole of it. ``states``: the rounds of the session.

        Raises:
            StorageError: it is there and cannot be read.
        """
        content = b""
        try:
            with suppress(FileNotFoundError), open_regular(file) as opened:
                content = opened.read()
        except OSError as error:
            remedy = "see to its permissions" if file.is_file() else "move it away"
            raise StorageError(
                f"{file} cannot be read ({reason(error)}): {remedy}, and resume again."
            ) from error
        if not content.startswith(header_line(columns)):
            return cls(file, columns, content, [])
        rows = list(whole_rows(content, {trial.encode() for trial in states}))
        if rows and not content[: rows[-1][2]].endswith(b"\n") and _may_lack(rows[-1][0], states):
            del rows[-1]
        return cls(file, columns, content, rows)

    @property
    def is_ours(self) -> bool:
        """Whether it begins with our columns."""
        return self.content.startswith(header_line(self.columns))

    @property
    def is_whole(self) -> bool:
        """Whether all of it is rows of ours."""
        return self.is_ours and not any(piece.strip() for piece in self._between())

    def has_only(self, rounds: Container[str]) -> bool:
        """Whether all of it is rows of ours, and of these rounds."""
        return self.is_whole and all(cells["trial"] in rounds for cells, _, _ in self.rows)

    def _between(self) -> Iterator[bytes]:
        """What of it is no row that can be read."""
        place = len(header_line(self.columns)) if self.is_ours else 0
        for _, begin, end in self.rows:
            yield self.content[place:begin]
            place = end
        yield self.content[place:]

    def left_out(self, rounds: Container[str], states: Container[str]) -> Iterator[ReviewKey]:
        """What of reviews.csv is not of these rounds, or damaged, as far as it can be told."""
        yield from (review_key(cells) for cells, _, _ in self.rows if cells["trial"] not in rounds)
        for piece in self._between():
            for line in piece.splitlines():
                cells = [cell.strip('"') for cell in _DIVIDED.split(line.decode(errors="replace"))]
                trial, reviewer, model = map(unguarded, [*cells, "", ""][:3])
                if trial in states:
                    yield trial, reviewer, model

    def mend(self, rounds: Container[str], rows: Sequence[Mapping[str, Cell]]) -> str:
        """Leave these rounds and add rows; say what it was like. Blank: all of it was kept.

        Raises:
            OSError: it cannot be written.
        """
        told = ""
        if not self.has_only(rounds):
            was = f"damaged, and is kept as {self._set_aside()}" if self.content else "missing"
            told = (
                f"{self.file} was {was}; it is made again from the journal, which does not tell "
                f"{UNTOLD[self.file.name]}."
            )
        kept = [
            self.content[begin:end] for cells, begin, end in self.rows if cells["trial"] in rounds
        ]
        if kept and not kept[-1].endswith(b"\n"):
            kept[-1] += b"\n"
        content = b"".join([header_line(self.columns), *kept, csv_block(self.columns, rows)])
        if content != self.content:
            replace(self.file, content)
        return told

    def _set_aside(self) -> str:
        """Write the file as it is beside it, over nothing; returns the name."""
        for number in count(1):
            aside = self.file.with_name(f"{self.file.name}.damaged{f'-{number}' * (number > 1)}")
            with suppress(FileExistsError):
                create(aside, self.content)
                break
        return aside.name


def _may_lack(cells: Mapping[str, str], states: Mapping[str, RoundState]) -> bool:
    """Whether the last cell of a row without an end may once have been longer."""
    if "tokens_out" not in cells:
        return cells["status"] not in set(Status)
    state = states.get(cells["trial"])
    answer = state.answers.get(unguarded(cells["model"])) if state else None
    return answer is None or cells["tokens_out"] != written(answer.usage.tokens_out)


def review_key(cells: Mapping[str, str]) -> ReviewKey:
    """What names a row of reviews.csv, of which these are cells as they are written."""
    trial, reviewer, model = (unguarded(cells[name]) for name in REVIEW_COLUMNS[:3])
    return trial, reviewer, model
