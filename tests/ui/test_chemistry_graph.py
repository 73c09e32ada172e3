"""The interaction graph: its sets, their edges, and the way from a pair to its explanation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.content import Content

from llmchem_tui.domain.cost import cost
from llmchem_tui.domain.interaction_graph import interaction_graph
from llmchem_tui.domain.model import Profile
from llmchem_tui.ui.screens.chemistry import ChemistryScreen
from llmchem_tui.ui.screens.graph import GraphScreen
from llmchem_tui.ui.study import FURTHER, MOST_IN_GRAPH, letters
from llmchem_tui.ui.widgets.graph import LEVEL_ORDERS, GraphList, set_text
from llmchem_tui.ui.widgets.heat import HeatTable
from llmchem_tui.ui.widgets.node import EdgeList, letters_text
from llmchem_tui.ui.widgets.pair import figure
from llmchem_tui.ui.widgets.parameters import ParameterList
from tests.ui.app_under_test import NARROW, Bench, Driver
from tests.ui.painted import painted
from tests.ui.test_chemistry_screen import NUMBERS, adjust, open_chemistry, profiles_of, teach

USED = "abcd"
"""All but e, whose accuracy is below the threshold."""


async def open_graph(user: Driver, pair: tuple[str, str] | None = None) -> GraphScreen:
    chemistry = await open_chemistry(user)
    if pair is not None:
        chemistry.query_one(HeatTable).point(*pair)
        await user.pilot.pause()
    await user.press("g")
    screen = user.app.screen
    assert isinstance(screen, GraphScreen)
    await user.wait_until(lambda: screen.graph)
    await user.pilot.pause()
    return screen


def here(user: Driver) -> str:
    """The models of the set under the cursor."""
    return "".join(sorted(user.app.screen.query_one(GraphList).node.models))


def cost_of(models: str) -> float:
    return cost([profile for profile in profiles_of() if profile.name in models])


def lines(user: Driver) -> list[str]:
    """The lines of the edges, without their bars."""
    return [
        " ".join(str(option.prompt).rstrip("▇ ").split())
        for option in user.app.screen.query_one(EdgeList).options
    ]


async def test_leaving_models_out_walks_down_the_cheapest_edge_and_back(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_graph(user)
        assert "5 models · 17 sets" in user.status
        assert here(user) == "abcde"
        seen = [here(user)]
        for key in ("right", "enter", "right", "right", "right"):
            before = here(user)
            await user.press(key)
            below = [before.replace(name, "") for name in USED if name in before]
            assert here(user) == (min(below, key=cost_of) if below else "")
            assert figure(cost_of(here(user))) in user.text("#set")
            assert screen.sets.level == str(screen.sets.border_title)
            seen.append(here(user))
        assert seen[-2:] == ["e", ""]
        await user.press("right")  # there is nothing below
        for key in ("left", "backspace", "left", "left", "left", "left"):
            await user.press(key)
            seen.pop()
            assert here(user) == (seen[-1] if seen else "abcde")
        await user.press("escape")
        assert isinstance(user.app.screen, ChemistryScreen)


async def test_an_edge_tells_what_a_model_costs_in_a_set_and_is_followed(bench: Bench) -> None:
    teach(bench)
    async with bench.opened(NARROW) as user:
        await open_graph(user)
        await user.press("right")
        start = here(user)
        (left_out,) = {*"abcde"} - {*start}
        edges = {name: cost_of(start.replace(name, "")) for name in USED if name in start}
        expected = ["leave out cost change"]
        letter = dict(zip("abcde", "ABCDE", strict=True))
        for name in sorted(edges, key=edges.__getitem__):
            change = f"{edges[name] - cost_of(start):+.3g}"
            told = "0" if "e-" in change else change  # an error of rounding
            expected.append(f"{letter[name]} {name} {figure(edges[name])} {told}")
        change = f"{cost_of('abcd') - cost_of(start):+.3g}"
        expected.append("put in cost change")
        expected.append(f"{letter[left_out]} {left_out} {figure(cost_of('abcd'))} {change}")
        assert lines(user) == expected
        assert "○ E e is not used and costs nothing" in user.text("#unused")
        await user.press("tab", "down", "enter")
        second = sorted(edges, key=edges.__getitem__)[1]
        assert here(user) == start.replace(second, "")
        await user.press("end", "enter")  # put one in
        assert len(here(user)) == len(start)
        copied = user.app.screen.query_one(GraphList).copied().text.splitlines()
        assert copied[0] == "set\tused\tcost"
        assert f"a, b, c, d, e\ta, b, c, d\t{cost_of('abcd')!r}" in copied
        assert len(copied) == 18


async def test_the_list_has_all_levels_and_marks_what_is_one_edge_away(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_graph(user)
        await user.press("down")
        best = here(user)
        shown = painted(user.app)
        for level in ("5 of 5 models: 1 set", "4 of 5 models: 4 sets", "3 of 5 models: 6 sets"):
            assert level in shown
        assert "no model" in shown
        assert "↑A B C D ○" in shown
        assert shown.count("↓") == 3
        mask = " ".join(n.upper() if n in best else "·" for n in USED) + " ○"
        assert f" {mask}" in shown
        await user.press("o")
        assert str(screen.sets.border_subtitle) == LEVEL_ORDERS[1]
        assert here(user) == best
        await user.press("home", "down")
        assert here(user) == "bcde"  # the first by its models
        await user.press("end")
        assert here(user) == ""
        await user.press("pageup", "up")
        assert here(user) != ""
        await user.pilot.click(GraphList, offset=(5, 3))
        assert here(user) == "abcde"
        await user.press("k")
        assert "A line is a set of models" in user.text("KeysPanel")


async def test_explaining_a_pair_goes_through_the_sets_of_its_interaction(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_graph(user, ("b", "c"))
        why = screen.study.table.explain("b", "c")
        told = user.text("#asked")
        assert "a = B, b = C" in told
        parts = (why.cost_x, why.cost_xa, why.cost_xb, why.cost_xab)
        for what, value in zip(("X", "X+a", "X+b", "X+a+b"), parts, strict=True):
            assert f"{what} {figure(value)}" in told
        for more, value in zip(("", "b", "c", "bc"), parts, strict=True):
            await user.press("e")
            # A node covers each: the models that are not used belong to it.
            assert here(user) == "".join(sorted({*why.at, *more, "e"}))
            assert screen.sets.node.cost == pytest.approx(value)
        await user.press("escape")
        user.app.screen.query_one(HeatTable).point("b", "e")
        await user.press("g", "e")
        assert screen is not user.app.screen
        assert not user.app.screen.check_action("explain", ())
        assert here(user) == "abcde"


async def test_other_parameters_and_rounds_change_the_graph_that_is_looked_at(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_graph(user)
        await user.press("right", "right")
        before = here(user)
        chemistry = user.app.get_screen_stack("chemistry")[0]
        assert isinstance(chemistry, ChemistryScreen)
        chemistry.ask(replace(chemistry.parameters, usage_threshold=0.2))
        await user.wait_until(lambda: screen.graph is not None and len(screen.graph) == 32)
        await user.pilot.pause()
        assert here(user) == before
        assert "E e" in "\n".join(lines(user))


async def test_of_many_models_the_used_ones_are_shown_or_a_sentence(bench: Bench) -> None:
    numbers = {f"m{i:02}": (5 + i / 10, 0.5 + i / 40) for i in range(MOST_IN_GRAPH + 2)}
    teach(bench, numbers, [list(numbers)])
    async with bench.opened(NARROW) as user:
        await open_chemistry(user)
        await user.press("g")
        told = user.text("#graph-note")
        assert "The interaction graph of 14 used models has 16,384 sets; it is shown of up" in told
        assert "Raise the usage threshold on the Chemistry screen" in told
        assert not user.app.screen.query_one("#graph-panes").display
        await user.press("e", "o", "right", "escape")
        user.app.screen.query_one(ParameterList).focus()
        await adjust(user, "down", "down", "down", "right")  # .55: two are below
        await user.press("g")
        await user.wait_until(lambda: "12 models · 4,096 sets" in user.status)
        assert "2 models are not used, cost nothing and are left out" in user.text("#graph-note")


# --- without a screen -----------------------------------------------------------------------


def test_letters_follow_the_names_and_end_with_a_sign() -> None:
    names = [f"m{i:02}" for i in range(28)]
    given = letters(reversed(names))
    assert [given[name] for name in (names[0], names[25], names[26], names[27])] == [
        *("A", "Z", FURTHER, FURTHER)
    ]


def test_a_set_is_written_with_a_place_for_each_model() -> None:
    graph = interaction_graph([Profile(name, *NUMBERS[name]) for name in "abe"])
    signs = letters("abe")
    assert [set_text(node, signs) for node in graph.edges(graph.root)] == ["·B○", "A·○"]
    assert letters_text(graph.root.models, signs) == "{A, B, C}"
    assert letters_text(frozenset(), signs) == "∅"
    assert Content(set_text(graph.root, signs)).cell_length == 3
