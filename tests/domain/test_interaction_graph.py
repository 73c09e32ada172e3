"""The Model Interaction Graph, against a search of its own and the cost of every set."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.domain.cost import cost
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.interaction_graph import InteractionGraph, Node, interaction_graph
from llmchem_tui.domain.model import Profile

STRONG_AND_WEAK = [
    Profile("d", 9.0, 0.9),
    Profile("c", 2.0, 0.3),
    Profile("b", 8.0, 0.8),
    Profile("a", 9.5, 0.1),
]
"""d and b are used; c and a are not."""


def pools() -> st.SearchStrategy[list[Profile]]:
    numbers = st.sampled_from((0.0, 0.2, 0.5, 0.7, 0.9, 1.0))
    qualities = st.one_of(numbers.map(lambda x: 10 * x), st.just(float("nan")))
    names = st.lists(st.sampled_from("fbdaceg"), unique=True, max_size=5)
    return names.flatmap(
        lambda chosen: st.tuples(
            *(st.builds(Profile, st.just(n), qualities, numbers) for n in chosen)
        )
    ).map(list)


def all_sets(names: Iterable[str]) -> list[frozenset[str]]:
    members = sorted(names)
    sizes = range(len(members) + 1)
    return [frozenset(x) for x in chain.from_iterable(combinations(members, n) for n in sizes)]


def searched(profiles: list[Profile]) -> dict[frozenset[str], list[frozenset[str]]]:
    """The nodes in the order a breadth-first search meets them, each with where its edges go."""
    judged = {p.name for p in profiles if p.quality == p.quality and p.accuracy >= 0.5}
    root = frozenset(p.name for p in profiles)
    edges: dict[frozenset[str], list[frozenset[str]]] = {}
    waiting = deque([root])
    while waiting:
        models = waiting.popleft()
        if models not in edges:
            edges[models] = [models - {name} for name in sorted(models & judged or models)]
            waiting.extend(edges[models])
    return edges


def sets(nodes: Iterable[Node]) -> list[frozenset[str]]:
    return [node.models for node in nodes]


@given(pools())
def test_the_graph_is_what_a_breadth_first_search_finds(profiles: list[Profile]) -> None:
    graph, expected = interaction_graph(profiles), searched(profiles)
    nodes = list(chain.from_iterable(graph.levels()))
    assert sets(nodes) == list(expected)
    assert len(graph) == len(expected)
    assert nodes[0] == graph.root
    for node in nodes:
        assert sets(graph.edges(node)) == expected[node.models]
        assert graph.node(node.models) == node
        pointing = [models for models, targets in expected.items() if node.models in targets]
        assert set(sets(graph.edges_to(node))) == set(pointing)
        assert len(graph.edges_to(node)) == len(pointing)


@given(pools(), st.sampled_from((0.0, 1.0)))
def test_every_set_has_the_cost_of_a_node_that_covers_it(
    profiles: list[Profile], empty_cost: float
) -> None:
    graph = interaction_graph(profiles, empty_cost=empty_cost)
    for wanted in all_sets(graph.names):
        covering = graph.covering(wanted)
        assert covering == graph.node(covering.models)
        assert covering.used <= wanted <= covering.models
        members = [profile for profile in profiles if profile.name in wanted]
        assert covering.cost == pytest.approx(cost(members, empty_cost=empty_cost), rel=1e-12)


@given(pools())
def test_the_covering_node_is_the_first_from_the_root(profiles: list[Profile]) -> None:
    graph = interaction_graph(profiles)
    nodes = list(chain.from_iterable(graph.levels()))
    for wanted in all_sets(graph.names):
        first = next(node for node in nodes if node.used <= wanted <= node.models)
        assert graph.covering(wanted) == first


@given(pools())
def test_each_level_leaves_out_one_model_more(profiles: list[Profile]) -> None:
    levels = list(interaction_graph(profiles).levels())
    assert len(levels) == len(profiles) + 1
    for left_out, level in enumerate(levels):
        assert {len(profiles) - len(node.models) for node in level} == {left_out}


def test_a_node_tells_its_used_models_and_their_cost() -> None:
    graph = interaction_graph(STRONG_AND_WEAK)
    assert graph.names == ("a", "b", "c", "d")
    assert graph.root.used == {"b", "d"}
    assert graph.root.cost == pytest.approx(0.01 + 0.04 / 2)
    assert graph.node("abc").cost == pytest.approx(0.04)
    assert graph.node("ac") == Node(frozenset("ac"), frozenset(), 0.0)


def test_used_models_leave_first_and_the_others_once_none_is_used() -> None:
    graph = interaction_graph(STRONG_AND_WEAK)
    assert sets(graph.edges(graph.root)) == [frozenset("acd"), frozenset("abc")]
    assert sets(graph.edges(graph.node("ac"))) == [frozenset("c"), frozenset("a")]
    assert graph.edges(graph.node("")) == ()
    assert len(graph) == 4 + 3


def test_the_usage_threshold_decides_who_is_used() -> None:
    assert interaction_graph(STRONG_AND_WEAK, usage_threshold=0.85).root.used == {"d"}


def test_the_papers_example_reads_its_costs_from_covering_nodes() -> None:
    # Their figure gives the costs; no qualities and accuracies would make them.
    costs = np.zeros(8)
    for members, value in (("", 0.20), ("c", 0.15), ("ac", 0.07), ("bc", 0.06), ("abc", 0.05)):
        costs[sum(1 << "abc".index(name) for name in members)] = value
    graph = InteractionGraph(("a", "b", "c"), ("a", "b", "c"), costs)

    def cost_of(members: str) -> float:
        return graph.covering(members).cost

    without_b, with_b = cost_of("c") - cost_of("ac"), cost_of("bc") - cost_of("abc")
    assert [without_b, with_b] == pytest.approx([0.08, 0.01])
    assert abs(without_b - with_b) / cost_of("abc") == pytest.approx(1.4)


def test_a_pool_without_models_has_one_empty_node() -> None:
    graph = interaction_graph([], empty_cost=1.0)
    assert list(graph.levels()) == [(Node(frozenset(), frozenset(), 1.0),)]
    assert len(graph) == 1


def test_twenty_models_make_a_million_nodes_and_more_are_refused() -> None:
    profiles = [Profile(f"m{i:02}", 9.0 - i / 10, 0.9) for i in range(21)]
    graph = interaction_graph(profiles[:20])
    assert len(graph) == 2**20
    some = [profile.name for profile in profiles[1:20:3]]
    assert graph.covering(some).cost == pytest.approx(cost(profiles[1:20:3]))
    with pytest.raises(InputError, match="at most 20 models, not 21; choose fewer"):
        interaction_graph(profiles)


def test_a_set_that_is_no_node_and_a_name_that_is_unknown_are_told() -> None:
    graph = interaction_graph(STRONG_AND_WEAK)
    with pytest.raises(InputError, match="no node a, d; ask for the node that covers it"):
        graph.node("ad")
    with pytest.raises(InputError, match="No profile of z; the graph has a, b, c, d"):
        graph.covering("az")
    with pytest.raises(InputError, match="no node b"):
        graph.edges(Node(frozenset("b"), frozenset("b"), 0.04))


def test_two_profiles_of_one_model_are_refused() -> None:
    with pytest.raises(InputError, match="The model d has two profiles"):
        interaction_graph([*STRONG_AND_WEAK, STRONG_AND_WEAK[0]])
