"""The Model Interaction Graph: which sets of models cost what, and how they follow each other.

Source: P1 = arXiv 2510.03930, §3.2 and Figure 1; SCIENCE §5.

Whether a model is used does not depend on the set it stands in. So the used models leave the root
one by one, in every order, before any other does; the graph has 2^u + 2^(n-u) - 1 nodes for u used
models of n. Their costs lie in one array and a node is made when it is looked at: a graph of a
million nodes is no larger than that array.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.domain.chemistry_subsets import MOST_MODELS, subset_costs
from llmchem_tui.domain.cost import USAGE_THRESHOLD, penalty, rank_order, used
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Profile

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Node:
    """A set of models, those of them that are used, and its cost."""

    models: frozenset[str]
    used: frozenset[str]
    cost: float


@dataclass(frozen=True, slots=True, eq=False)
class InteractionGraph:
    """A directed acyclic graph over sets of models, each set at most once; ``len`` counts them.

    The root holds all models. An edge leaves a node for each used model, or for each model where
    none is used, to the node without that model.

    ``names`` are all models, sorted; ``ranked`` the used ones in rank order. ``costs`` has the
    shape (2^used,): bit r of an index stands for the used model at rank r. Models that are not used
    cost nothing, so no other sets need a place there.
    """

    names: tuple[str, ...]
    ranked: tuple[str, ...]
    costs: Array

    def __len__(self) -> int:
        return (1 << len(self.ranked)) + (1 << len(self._unused)) - 1

    @property
    def root(self) -> Node:
        """The node of all models."""
        return self._node(frozenset(self.names))

    def node(self, models: Iterable[str]) -> Node:
        """The node of exactly these models.

        Raises:
            InputError: a name is not in the graph, or the set is not a node; ``covering`` finds the
                node that tells its cost.
        """
        wanted = self._known(models)
        if not (wanted >= self._unused or wanted.isdisjoint(self.ranked)):
            raise InputError(
                f"The graph has no node {_listed(wanted)}; ask for the node that covers it."
            )
        return self._node(wanted)

    def covering(self, models: Iterable[str]) -> Node:
        """The first node Y, from the root down, with used(Y) ⊆ Z ⊆ Y for the set Z of these models.

        It has the cost of Z.

        Raises:
            InputError: a name is not in the graph.
        """
        return self._node(self._known(models) | self._unused)

    def edges(self, node: Node) -> tuple[Node, ...]:
        """The nodes that a node points to, in the order of the name of the model that is left out.

        Raises:
            InputError: the node is not of this graph.
        """
        found = self.node(node.models)
        leaving = found.used or found.models
        return tuple(self._node(found.models - {name}) for name in sorted(leaving))

    def edges_to(self, node: Node) -> tuple[Node, ...]:
        """The nodes that point to a node, in the order of the name of the model they have more.

        Raises:
            InputError: the node is not of this graph.
        """
        found = self.node(node.models)
        missing = (self._unused - found.models) or frozenset(self.ranked) - found.models
        return tuple(self._node(found.models | {name}) for name in sorted(missing))

    def levels(self) -> Iterator[tuple[Node, ...]]:
        """The nodes by the number of models left out, breadth first.

        The root stands alone in the first level. With 20 models a level has up to 184,756 nodes.
        """
        yield from self._leaving(frozenset(self.names), sorted(self.ranked), fewest=0)
        yield from self._leaving(self._unused, sorted(self._unused), fewest=1)

    @property
    def _unused(self) -> frozenset[str]:
        return frozenset(self.names).difference(self.ranked)

    def _leaving(
        self, models: frozenset[str], names: Sequence[str], *, fewest: int
    ) -> Iterator[tuple[Node, ...]]:
        """The levels below some models, from ``fewest`` to all of the names left out."""
        for left_out in range(fewest, len(names) + 1):
            yield tuple(self._node(models.difference(x)) for x in combinations(names, left_out))

    def _node(self, models: frozenset[str]) -> Node:
        present = [rank for rank, name in enumerate(self.ranked) if name in models]
        cost = float(self.costs[sum(1 << rank for rank in present)])
        return Node(models, frozenset(self.ranked[rank] for rank in present), cost)

    def _known(self, models: Iterable[str]) -> frozenset[str]:
        wanted = frozenset(models)
        if unknown := wanted.difference(self.names):
            raise InputError(
                f"No profile of {_listed(unknown)}; the graph has {_listed(self.names)}."
            )
        return wanted


def interaction_graph(
    profiles: Sequence[Profile],
    *,
    usage_threshold: float = USAGE_THRESHOLD,
    empty_cost: float = 0.0,
) -> InteractionGraph:
    """The Model Interaction Graph of a pool (P1 §3.2); ``empty_cost`` of a set with none used.

    Raises:
        InputError: there are more than 20 models, or a name occurs twice.
    """
    names = tuple(sorted(profile.name for profile in profiles))
    for name, following in pairwise(names):
        if name == following:
            raise InputError(f"The model {name} has two profiles; give each model one.")
    if len(names) > MOST_MODELS:
        raise InputError(
            f"An interaction graph can have at most {MOST_MODELS} models, not {len(names)}; choose "
            "fewer."
        )
    ranked = rank_order(used(profiles, usage_threshold))
    costs = subset_costs(np.array([penalty(profile) for profile in ranked]), empty_cost)
    costs.setflags(write=False)
    return InteractionGraph(names, tuple(profile.name for profile in ranked), costs)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no model"
