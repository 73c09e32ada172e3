"""How a batch goes: a bar with the standings on a terminal, else a line for each round."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from llmchem_tui.analysis.evaluation_text import MISSING
from llmchem_tui.cli.output import number, tell
from llmchem_tui.domain.plain_text import plain_line

if TYPE_CHECKING:
    from rich.console import RenderableType

    from llmchem_tui.batch.standings import Standing
    from llmchem_tui.storage.rounds import FinishedRound

HEADINGS = ("strategy", ">rounds", ">accuracy", ">recommended", ">failed answers")
_PER_SECOND = 2.0  # redrawings: enough for rounds, and little over a slow line


class BatchProgress:
    """Shows on stderr how many of the rounds are done, and how the strategies stand.

    ``left``: the rounds that are still to be run, by strategy. Use it as a context.
    """

    def __init__(self, standings: dict[str, Standing], left: Mapping[str, Sequence[object]]):
        from rich.console import Console
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        self.standings = standings
        self._left = left
        self._done = 0
        self._total = sum(map(len, left.values()))
        columns = (BarColumn(), MofNCompleteColumn(), "rounds, time left", TimeRemainingColumn())
        self._bar = Progress(*columns)
        self._task = self._bar.add_task("", total=self._total)
        console = Console(stderr=True, highlight=False)
        self._live = Live(
            console=console,
            get_renderable=self._drawing,
            refresh_per_second=_PER_SECOND,
            transient=True,
        )
        self._lively = sys.stderr.isatty()

    def __enter__(self) -> Self:
        if self._lively:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._lively:
            self._live.stop()

    def add(self, finished: FinishedRound) -> None:
        """Show a round that has just been finished."""
        from llmchem_tui.batch.standings import Standing

        own = self.standings.setdefault(finished.strategy, Standing())
        own.add(finished)
        self._done += 1
        self._bar.update(self._task, completed=self._done)
        if not self._lively:
            known = [s.accuracy for s in finished.score.scores.values() if s.accuracy is not None]
            mean = number(sum(known) / len(known)) if known else MISSING
            tell(
                f"{self._done}/{self._total}  {finished.strategy} n={len(finished.ensemble)}  "
                f"{finished.vignette}: {finished.score.outcome}, accuracy {mean}"
            )

    def rows(self) -> list[tuple[str, ...]]:
        """Return the standings as cells of a table with ``HEADINGS``."""
        from llmchem_tui.batch.standings import Standing

        begun = {strategy: Standing() for strategy in self._left} | self.standings
        return [
            (
                strategy,
                f"{own.rounds}/{own.rounds + len(self._left.get(strategy, ()))}",
                number(own.accuracy, 3),
                f"{own.recommended}/{own.rounds}",
                f"{own.failures}/{own.answers}",
            )
            for strategy, own in begun.items()
        ]

    def _drawing(self) -> RenderableType:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False)
        for heading in HEADINGS:
            right = heading.startswith(">")
            table.add_column(heading.removeprefix(">"), justify="right" if right else "left")
        for row in self.rows():
            table.add_row(*(Text(plain_line(cell)) for cell in row))
        return Group(table, self._bar)
