"""A history split by time: what was known at a split, and what a strategy would have chosen then.

Everything that a choice can see is made here, from the rounds before the split: no later one is
among them, nor a round of CHEMISTRY, nor one about the vignette that is chosen for (SCIENCE.md
section 6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.domain.recommendation import ChemistryParameters
from llmchem_tui.domain.strategies import Knowledge, Strategy, choose
from llmchem_tui.storage.history import History
from llmchem_tui.storage.profiles import ProfileMode, past_ensembles, profiles

if TYPE_CHECKING:
    import pandas

Array = NDArray[np.float64]
Numbers = NDArray[np.intp]
Names = NDArray[np.object_]

DRAWS = 20
"""How many ensembles stand for a strategy that draws: its result is their mean."""

DRAWING = {
    Strategy.LOCAL: Locality.LOCAL,
    Strategy.REMOTE: Locality.REMOTE,
    Strategy.RANDOM: None,
}
"""The strategies that draw, and from which models; None: from all."""

_FIRST, _LAST, _SPLITS = 0.3, 0.9, 10


@dataclass(frozen=True, slots=True)
class Choosing:
    """How is chosen: the weights of chemistry, how rounds become a profile, the seed of draws."""

    parameters: ChemistryParameters
    mode: ProfileMode
    seed: int


@dataclass(frozen=True, eq=False)
class Timeline:
    """The rounds with a date, in the order in which they ended; in one second in file order.

    ``frame``: their rows in this order, of a history's columns and ``round``, the round's number.
    ``rounds``: how many there are. ``undated``: rows left out, as nothing tells when they came.
    """

    frame: pandas.DataFrame
    rounds: int
    undated: int

    @classmethod
    def of(cls, frame: pandas.DataFrame) -> Timeline:
        """Order the rounds of a history's frame."""
        named = frame.groupby(["trial", "strategy"])
        rows = frame.assign(named=named.ngroup(), ended=named["created"].transform("max"))
        dated = rows[rows["ended"] != ""]
        order = dated.sort_values("ended", kind="stable")["named"].drop_duplicates()
        number = dated["named"].map({name: i for i, name in enumerate(order.tolist())})
        ordered = dated.drop(columns=["named", "ended"]).assign(round=number)
        ordered = ordered.sort_values("round", kind="stable", ignore_index=True)
        return cls(ordered, len(order), len(rows) - len(dated))

    @cached_property
    def models(self) -> list[str]:
        """The names of all models, sorted."""
        return sorted(self.frame["model"].unique())

    @cached_property
    def vignette_of_items(self) -> Names:
        """The vignette of each item, "" where the item is a round."""
        return np.array([vignette for vignette, _ in self._items[1]], dtype=np.object_)

    @cached_property
    def vignette_of_rounds(self) -> Names:
        """The vignette of each round, "" where it names none."""
        return self.frame.drop_duplicates("round")["vignette"].to_numpy(dtype=np.object_)

    @property
    def in_blocks(self) -> bool:
        """Whether there are several strategies, and each ended before the next one began."""
        rounds = self.frame.groupby("strategy")["round"]
        spans = rounds.agg(["min", "max"]).sort_values("min").to_numpy()
        return len(spans) > 1 and bool((spans[1:, 0] > spans[:-1, 1]).all())

    @cached_property
    def members(self) -> pandas.DataFrame:
        """The members of the rounds: ``round``, ``model`` (number) and their mean ``accuracy``."""
        own = self.frame["accuracy"].groupby([self.frame["round"], self._models]).mean()
        return own.rename_axis(["round", "model"]).reset_index()

    def splits(self, choosing: Choosing) -> Iterator[Split]:
        """The splits: after 30 % to 90 % of the rounds, at up to ten equally spaced points."""
        points = np.linspace(_FIRST, _LAST, _SPLITS) * self.rounds
        for learned in np.unique(np.round(points).astype(int)).tolist():
            before = self.frame[self.frame["round"] < learned]
            taught = before[before["strategy"] != Strategy.CHEMISTRY]
            yield Split(learned, taught.drop(columns="round"), choosing)

    def table(self, learned: int, pool: list[str]) -> tuple[Array, Numbers]:
        """The mean accuracy of a pool's models on each item, after the first ``learned`` rounds.

        Shape (models, items), NaN where a model did not answer; and the items' numbers. The mean
        is one of rounds. Items that none of the models answered are left out.
        """
        there = self._answers["round"] >= learned
        there &= self._answers["model"].isin([self.models.index(name) for name in pool])
        later = self._answers[there]
        means = later["accuracy"].groupby([later["model"], later["item"]]).mean().unstack()
        numbers = [self.models.index(name) for name in pool]
        return means.reindex(numbers).to_numpy(), means.columns.to_numpy(dtype=np.intp)

    @cached_property
    def _answers(self) -> pandas.DataFrame:
        """The accuracies that are known: means per ``round``, ``item`` and ``model`` (numbers)."""
        by = [self.frame["round"], self._items[0], self._models]
        means = self.frame["accuracy"].groupby(by).mean().dropna()
        return means.rename_axis(["round", "item", "model"]).reset_index()

    @cached_property
    def _models(self) -> Numbers:
        number = {name: i for i, name in enumerate(self.models)}
        return np.array([number[name] for name in self.frame["model"].tolist()], dtype=np.intp)

    @cached_property
    def _items(self) -> tuple[Numbers, list[tuple[str, int]]]:
        """The item of each row; of each item the vignette, and the round where it names none."""
        vignettes, rounds = self.frame["vignette"].tolist(), self.frame["round"].tolist()
        numbers: dict[tuple[str, int], int] = {}
        items = [
            numbers.setdefault((vignette, -1 if vignette else own), len(numbers))
            for vignette, own in zip(vignettes, rounds, strict=True)
        ]
        return np.array(items, dtype=np.intp), list(numbers)


@dataclass(frozen=True, eq=False)
class Split:
    """What the first ``learned`` rounds teach; ``taught``: their rows, those of CHEMISTRY not."""

    learned: int
    taught: pandas.DataFrame
    choosing: Choosing
    _known: dict[str, Knowledge] = field(default_factory=dict, init=False)

    @cached_property
    def pool(self) -> list[str]:
        """The models that had taken part by then, sorted."""
        return sorted(self.taught["model"].unique())

    def knowledge(self, vignette: str) -> Knowledge:
        """What may teach a choice for this vignette: the rounds about others; "": all rounds."""
        if vignette not in self._known:
            rows = self.taught
            if vignette:
                rows = rows[rows["vignette"] != vignette]
            history = History(rows)
            known = Knowledge(profiles(history, mode=self.choosing.mode), past_ensembles(history))
            self._known[vignette] = known
        return self._known[vignette]

    def drawn(self, strategy: Strategy, size: int) -> list[tuple[str, ...]]:
        """The ensembles that a strategy of ``DRAWING`` draws; none where it has too few models.

        Where a model ran a history tells only by the rounds of LOCAL and of REMOTE that it was
        in; one that was in both, or in neither, is drawn by neither strategy.
        """
        specs = self._specs(DRAWING[strategy])
        if len(specs) < size:
            return []
        first = self.choosing.seed * DRAWS
        nothing = Knowledge()
        return [
            choose(strategy, size, specs, nothing, seed=seed).ensemble
            for seed in range(first, first + DRAWS)
        ]

    def chosen(self, strategy: Strategy, size: int, vignette: str) -> tuple[str, ...]:
        """The ensemble that PERFORMANCE or CHEMISTRY chooses."""
        known, parameters = self.knowledge(vignette), self.choosing.parameters
        specs = self._specs(None)
        return choose(strategy, size, specs, known, seed=0, settings=parameters).ensemble

    def chemistry(self, vignette: str, models: list[str]) -> Array:
        """The chemistry of these models, shape (models, models), NaN beside an unknown one."""
        import pandas

        parameters = self.choosing.parameters
        table = chemistry(
            list(self.knowledge(vignette).profiles.values()),
            usage_threshold=parameters.usage_threshold,
            empty_cost=parameters.empty_cost,
        )
        frame = pandas.DataFrame(table.values, index=table.names, columns=table.names)
        return frame.reindex(index=models, columns=models).to_numpy()

    def accuracies(self, vignette: str, models: list[str]) -> Array:
        """The accuracies in the models' profiles, NaN of an unknown one."""
        known = self.knowledge(vignette).profiles
        return np.array([known[name].accuracy if name in known else np.nan for name in models])

    def _specs(self, locality: Locality | None) -> list[ModelSpec]:
        """The pool's models of a locality; of each is known no more than its name."""
        names = self.pool if locality is None else self._localities[locality]
        return [ModelSpec(name, "", name, locality or Locality.LOCAL) for name in names]

    @cached_property
    def _localities(self) -> dict[Locality, list[str]]:
        ran = {
            locality: set(self.taught.loc[self.taught["strategy"] == locality.upper(), "model"])
            for locality in Locality
        }
        both = ran[Locality.LOCAL] & ran[Locality.REMOTE]
        return {locality: sorted(names - both) for locality, names in ran.items()}
