"""What the next round will be: chosen by a strategy, picked by hand, or adopted. No widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmchem_tui.domain.model import Vignette

if TYPE_CHECKING:
    from llmchem_tui.domain.chemistry import ChemistryTable
    from llmchem_tui.domain.strategies import Choice
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.session.scheduler import Plan, RoundPlan
    from llmchem_tui.storage.rounds import FinishedRound

STRATEGIES = {
    "LOCAL": "draws from the local models",
    "REMOTE": "draws from the remote models",
    "RANDOM": "draws from all models",
    "PERFORMANCE": "takes the most accurate models",
    "CHEMISTRY": "explores models without a profile first (EXPLORE), then by interaction",
}
"""The strategies that choose, with what they do."""


@dataclass(slots=True)
class Setup:
    """The next round's vignette, strategy, size and ensemble, and the one ``offered`` to adopt."""

    vignette: Vignette
    strategy: str
    n: int
    choice: Choice | None = None
    offered: Choice | None = None

    @property
    def label(self) -> str:
        """What decided about the ensemble, and its size."""
        if self.choice is None:
            return f"{self.strategy} n={self.n}"
        return f"{self.choice.strategy} n={len(self.choice.ensemble)}"

    @property
    def ensemble(self) -> tuple[str, ...]:
        """The models that are in; none while nothing is chosen."""
        return self.choice.ensemble if self.choice else ()

    def choose(self, laboratory: Laboratory) -> None:
        """Let the strategy choose the ensemble. May read files; call it in a thread.

        Raises:
            InputError: the pool is empty or too small, or has no model of the locality.
        """
        self.choice = laboratory.choose(self.strategy, self.n, laboratory.draw_seed())

    def plan(self, laboratory: Laboratory) -> Plan:
        """Return the plan of the next round.

        Raises:
            StorageError: the session's folder could not be made.
        """
        assert self.choice is not None
        return laboratory.plan(self.vignette, self.choice, laboratory.draw_seed())

    def repeat(self, plan: RoundPlan) -> None:
        """Take the vignette and the ensemble of a round, as if they had been picked."""
        from llmchem_tui.domain.strategies import Choice, Strategy

        names = tuple(spec.name for spec in plan.ensemble)
        self.vignette, self.n = plan.vignette, len(names)
        self.choice = Choice(Strategy.MANUAL, names)

    def learn(self, laboratory: Laboratory, instead: FinishedRound | None = None) -> ChemistryTable:
        """Make an offer and return the chemistry behind it. Reads files; call it in a thread.

        ``instead``: a round with other numbers than those that are saved of it (what if).

        Raises:
            InputError: a history cannot be read, or the chemistry cannot be computed.
        """
        table = laboratory.chemistry(laboratory.knowledge(instead=instead))
        n, seed = min(self.n, len(laboratory.pool.models)), laboratory.draw_seed()
        self.offered = laboratory.next_ensemble(n, seed, instead=instead) if n else None
        return table

    def toggle(self, name: str, laboratory: Laboratory) -> None:
        """Put a model in or take it out; from then on it is the user's own ensemble."""
        names = (
            tuple(other for other in self.ensemble if other != name)
            if name in self.ensemble
            else (*self.ensemble, name)
        )
        self.n = len(names) or self.n
        self.choice = (
            laboratory.choose(self.strategy, self.n, laboratory.draw_seed(), models=names)
            if names
            else None
        )

    def adopt(self) -> None:
        """Take the offered ensemble."""
        if self.offered is not None:
            self.choice = self.offered
            self.n = len(self.offered.ensemble)
