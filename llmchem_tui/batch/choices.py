"""Which ensemble each round of a batch gets."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from itertools import product
from typing import TYPE_CHECKING

from llmchem_tui.batch.request import DRAWN, STRATEGIES, BatchRound, Request
from llmchem_tui.past import read_configured, teaching

if TYPE_CHECKING:
    import pandas

    from llmchem_tui.domain.strategies import Choice, Knowledge
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.storage.history import History


class Choices:
    """The ensembles of a batch's rounds.

    LOCAL, REMOTE and RANDOM draw with the round's seed. PERFORMANCE and CHEMISTRY learn from the
    histories of the settings and from the batch's rounds of the strategies before them, and choose
    for a vignette from the rounds on others only; a CHEMISTRY round teaches nobody (SCIENCE.md §6).
    So a choice does not depend on where the batch was interrupted, and no round judges itself.

    ``notes``: which strategies have fewer models than are asked for.
    """

    def __init__(self, laboratory: Laboratory, request: Request) -> None:
        """Try every strategy once.

        Raises:
            InputError: one cannot choose an ensemble of a size that is asked for from the pool.
        """
        from llmchem_tui.domain.strategies import Knowledge

        self._laboratory = laboratory
        self._request = request
        self._learned: dict[tuple[str, str, int], Choice] = {}
        self.notes: list[str] = []
        for strategy, size in product(request.strategies, request.sizes):
            choice = self._choose(strategy, size, Knowledge())
            if len(choice.ensemble) < size:
                self.notes.append(f"{strategy}: {choice.note}")

    def of(self, one: BatchRound) -> Choice | None:
        """Return the choice for a round; None: its strategy has yet to learn."""
        if one.strategy not in DRAWN:
            return self._learned.get((one.strategy, one.vignette.id, one.size))
        from llmchem_tui.domain.strategies import Knowledge

        return self._choose(one.strategy, one.size, Knowledge(), seed=one.seed)

    def learn(self, strategy: str, batch: History) -> None:
        """Let PERFORMANCE or CHEMISTRY learn from what there is of the ``batch`` so far.

        Raises:
            InputError: a history of the settings cannot be read.
        """
        from llmchem_tui.storage.history import join
        from llmchem_tui.storage.profiles import knowledge

        settings, pool = self._laboratory.settings, self._laboratory.pool
        earlier = STRATEGIES[: STRATEGIES.index(strategy)]
        parts = [_of_strategies(batch, earlier)]
        parts += [_of_strategies(one, None) for one in read_configured(settings)]
        past = teaching(join(parts), simulated=pool.simulated)
        for vignette in self._request.vignettes:
            others = past.frame[past.frame["vignette"] != vignette.id]
            known = knowledge(
                dataclasses.replace(past, frame=others),
                mode=settings.chemistry.profile,
                aliases=settings.aliases,
            )
            for size in self._request.sizes:
                choice = self._choose(strategy, size, known)
                self._learned[strategy, vignette.id, size] = choice

    def _choose(self, strategy: str, size: int, known: Knowledge, seed: int = 0) -> Choice:
        from llmchem_tui.domain.strategies import Strategy, choose

        return choose(
            Strategy(strategy),
            size,
            self._laboratory.pool.models,
            known,
            seed=seed,
            settings=self._laboratory.settings.chemistry.parameters,
        )


def _of_strategies(history: History, strategies: Collection[str] | None) -> History:
    """The rows of these strategies; None: of all but CHEMISTRY."""
    column: pandas.Series[str] = history.frame["strategy"]
    rows = column != "CHEMISTRY" if strategies is None else column.isin(list(strategies))
    return dataclasses.replace(history, frame=history.frame[rows])
