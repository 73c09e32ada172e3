"""The Chemistry screen: the table, the reasons, the parameters, and what follows from them."""

from __future__ import annotations

import asyncio
import csv
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from llmchem_tui.config import ChemistrySettings, HistorySettings
from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import TASK, Profile
from llmchem_tui.domain.recommendation import Recommendation, RecommendationSettings, recommend
from llmchem_tui.domain.strategies import Strategy
from llmchem_tui.ui.screens import studying
from llmchem_tui.ui.screens.chemistry import ChemistryScreen
from llmchem_tui.ui.screens.round import RoundScreen
from llmchem_tui.ui.study import study
from llmchem_tui.ui.widgets.chemistry import Chemistry
from llmchem_tui.ui.widgets.heat import HeatTable
from llmchem_tui.ui.widgets.key_line import KeyLine
from llmchem_tui.ui.widgets.pair import figure
from llmchem_tui.ui.widgets.parameters import ParameterList
from tests.session.scripted import ScriptedProvider
from tests.ui.app_under_test import NARROW, WIDE, Bench, Driver, scripted_pool
from tests.ui.test_untrusted_text import EVIL, assert_harmless

NUMBERS = {"a": (9.0, 0.9), "b": (8.0, 0.8), "c": (6.0, 0.7), "d": (5.0, 0.6), "e": (9.5, 0.3)}
ROUNDS = ("ab", "ab", "cd", "ace")
PUBLISHED = (
    Path(__file__).resolve().parents[2].parent / "shared" / "data" / "published" / "runs.csv"
)
PUBLISHED_ENSEMBLE = ("claude-3-5-sonnet-latest", "claude-3-7-sonnet-20250219", "o4-mini")
"""What `llmchem recommend` names for three models."""

UP_TO_SIZE = 4
"""Key presses from the first parameter to the size."""


def teach(
    bench: Bench,
    numbers: Mapping[str, tuple[float, float]] = NUMBERS,
    rounds: Sequence[Sequence[str]] = ROUNDS,
    *,
    pool: Sequence[str] | None = None,
    n: int = 2,
    **settings: Any,
) -> None:
    """Give a bench a history in which every model always has the same quality and accuracy."""
    path = bench.folder / "past.csv"
    rows = ["trial,model,task,quality,gen_accuracy,accuracy,strategy,created"]
    for trial, names in enumerate(rounds, start=1):
        for name in names:
            quality, accuracy = numbers[name]
            rows.append(f'{trial},"{name}",{TASK},{quality},1,{accuracy},RANDOM,2026-01-0{trial}')
    path.write_text("\n".join(rows), encoding="utf-8")
    bench.open_pool = scripted_pool(ScriptedProvider(), pool or list(numbers))
    bench.settings = replace(
        bench.settings,
        history=HistorySettings(paths=(str(path),)),
        chemistry=ChemistrySettings(**settings),
    )
    bench.with_round(n=n)


def profiles_of(numbers: Mapping[str, tuple[float, float]] = NUMBERS) -> list[Profile]:
    return [Profile(name, *values) for name, values in numbers.items()]


def screen_of(user: Driver) -> ChemistryScreen:
    screen = user.app.screen
    assert isinstance(screen, ChemistryScreen)
    return screen


async def open_chemistry(user: Driver) -> ChemistryScreen:
    """Go to the screen and let it compute."""
    await user.press("c")
    await user.wait_until(lambda: isinstance(user.app.screen, ChemistryScreen))
    await settled(user)
    return screen_of(user)


async def settled(user: Driver) -> None:
    """Let what is computed catch up with the parameters."""
    screen = screen_of(user)
    await user.wait_until(lambda: screen.study and screen.study.parameters == screen.parameters)
    await user.wait_until(lambda: not screen._computing)
    await user.pilot.pause()


async def adjust(user: Driver, *keys: str) -> None:
    await user.press(*keys)
    await settled(user)


def parameters_of(user: Driver) -> dict[str, str]:
    """The lines of the parameters by name."""
    options = user.app.screen.query_one(ParameterList).options
    return {option.id or "": str(option.prompt) for option in options}


def row(user: Driver, name: str) -> list[str]:
    """The cells beside a model, in the order shown."""
    heat = user.app.screen.query_one(HeatTable)
    cells = [str(cell) for cell in heat.get_row(str(heat._names.index(name)))]
    return cells[1:]


def labels(user: Driver) -> list[str]:
    heat = user.app.screen.query_one(HeatTable)
    return [str(heat.get_cell_at((i, 0))) for i in range(heat.row_count)]  # type: ignore[arg-type]


# --- the table and its reasons --------------------------------------------------------------


async def test_the_table_reads_without_colour(bench: Bench) -> None:
    teach(bench)
    table = chemistry(profiles_of())
    async with bench.opened() as user:
        await open_chemistry(user)
        strongest = max(table.pairs_above(0), key=lambda pair: pair[2])
        cells = row(user, strongest[0])
        assert "█" in cells["abcde".index(strongest[1])]
        assert cells["abcde".index(strongest[0])].strip() == "–"
        for name, cell in zip("bcde", row(user, "a")[1:], strict=True):
            assert f"{table.between('a', name):.2f}".removeprefix("0") in cell
        assert [cell[-1] for cell in row(user, "b")] == [" ", "–", "?", "?", "?"]
        assert "? never tried together: 5" in user.text("#legend")
        assert f"above τ .00: {len(table.pairs_above(0))} pairs" in user.text("#legend")


async def test_the_pair_under_the_cursor_is_explained_with_its_numbers(bench: Bench) -> None:
    teach(bench)
    table = chemistry(profiles_of())
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        heat = screen.query_one(HeatTable)
        assert heat.pair == table.pairs_above(0)[0][:2]  # where it begins
        for a, b in (("a", "c"), ("b", "d"), ("c", "d")):
            heat.point(a, b)
            await user.pilot.pause()
            told, why = user.text("#pair"), table.explain(a, b)
            assert f"{'abcde'.index(a) + 1} {a} × {'abcde'.index(b) + 1} {b}" in told
            place = f"X = {{{', '.join(why.at)}}}" if why.at else "X = ∅"
            assert f"the largest value, reached at {place}" in told
            x, xa, xb, xab = map(figure, (why.cost_x, why.cost_xa, why.cost_xb, why.cost_xab))
            for cost in (f"(X) = {x}", f"(X+a) = {xa}", f"(X+b) = {xb}", f"(X+a+b) = {xab}"):
                assert f"cost{cost}" in told
            assert f"|{x} - {xa} - {xb} + {xab}| / {xab} = {figure(why.chemistry)}" in told


async def test_a_pair_has_the_profiles_and_the_meetings_of_its_models(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        heat = (await open_chemistry(user)).query_one(HeatTable)
        heat.point("a", "b")
        await user.pilot.pause()
        told = user.text("#pair")
        assert "tried together in 2 rounds" in told
        assert "quality 9.00  accuracy .900  penalty 0.01  rank 1 of 4\n" in told
        assert "  the mean of 3 rounds with a reference" in told
        heat.point("b", "e")
        await user.pilot.pause()
        told = user.text("#pair")
        assert "? never tried together" in told
        assert "0 because e is not used" in told
        assert "quality 9.50  accuracy .300  ✗ not used: below the threshold .50" in told


async def test_arrows_move_over_the_pairs_and_the_diagonal_is_one_model(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        heat = (await open_chemistry(user)).query_one(HeatTable)
        await user.press("ctrl+home", "home")
        assert heat.pair == ("a", "a")
        assert user.text("#pair").startswith("1 a\n\na\n  quality 9.00")
        await user.press("right", "right", "down")
        assert heat.pair == ("b", "b")
        await user.press("right")
        assert heat.pair == ("b", "c")
        assert user.text("#pair").startswith("2 b × 3 c  interaction")


async def test_the_models_are_ordered_by_name_by_strength_and_in_clusters(bench: Bench) -> None:
    teach(bench)
    table = chemistry(profiles_of())
    sums = {
        name: sum(table.between(name, other) for other in "abcde" if other != name)
        for name in "abcde"
    }
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        heat = screen.query_one(HeatTable)
        heat.point("b", "d")
        seen = []
        for order in ("by strength", "clustered", "by name"):
            await user.press("o")
            assert str(screen.query_one("#interaction").border_subtitle) == order
            assert heat.pair == ("b", "d")
            numbers = [label.split()[-1] for label in labels(user)]
            assert [str(column.label).strip() for column in heat.ordered_columns[1:]] == [
                str("abcde".index(name) + 1) for name in numbers
            ]
            seen.append("".join(numbers))
        assert seen[0] == "".join(sorted("abcde", key=lambda name: -sums[name]))
        assert sorted(seen[1]) == list("abcde")
        assert seen[2] == "abcde"


# --- parameters -----------------------------------------------------------------------------


async def test_the_recommendation_follows_every_parameter(bench: Bench) -> None:
    teach(bench)
    table = chemistry(profiles_of())
    past = [frozenset(names) for names in ROUNDS]

    def expected(**values: Any) -> Recommendation:
        wanted = RecommendationSettings(**({"size": 2} | values))
        return recommend(table, profiles_of(), past, wanted)

    async with bench.opened() as user:
        screen = await open_chemistry(user)
        assert screen.study is not None
        assert screen.study.advice == expected()
        screen.query_one(ParameterList).focus()
        await adjust(user, "down", *["right"] * 10)
        assert screen.study.advice == expected(alpha=1.0)
        assert f"loss {expected(alpha=1.0).loss:.3f}" in user.text("#advice")
        assert parameters_of(user)["alpha"] == "* α               1      setting 0.5"
        await adjust(user, "right")  # there is no more
        assert screen.parameters.alpha == 1.0
        await adjust(user, "backspace", "down", "down", "down", "right")
        assert screen.study.advice == expected(size=3)
        assert len(screen.study.members) == 3
        await adjust(user, "left", "left", "left")
        assert "any" in parameters_of(user)["size"]
        assert screen.study.advice == expected(size=None)
        await adjust(user, "up", *["right"] * 40)  # beta
        assert screen.parameters.beta == 0.5
        assert screen.parameters.usage_threshold == 1.0
        assert "Homogeneous: 0 of 5 models used" in user.text("#notes")


async def test_beta_decides_the_size_where_it_is_free(bench: Bench) -> None:
    teach(bench, beta=0.0)
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        screen.query_one(ParameterList).focus()
        await adjust(user, *["down"] * UP_TO_SIZE, "left", "left")
        assert screen.study is not None
        large = len(screen.study.members)
        await adjust(user, "up", "up", *["right"] * 60)
        assert screen.parameters.beta == 3.0
        assert len(screen.study.members) == 2 < large


async def test_pairs_at_or_below_tau_lose_their_shade(bench: Bench) -> None:
    teach(bench, tau=0.6)
    table = chemistry(profiles_of())
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        screen.query_one(ParameterList).focus()
        for key, tau in (("right", 0.65), ("left", 0.6), ("left", 0.55)):
            await adjust(user, key)
            assert screen.parameters.tau == tau
            above = table.pairs_above(tau)
            assert f"above τ .{tau * 100:.0f}: {len(above)} pair" in user.text("#legend")
            shaded = {
                (a, b)
                for a in "abcde"
                for b, cell in zip("abcde", row(user, a), strict=True)
                if a < b and {*cell} & {*"░▒▓█"}
            }
            assert shaded == {(a, b) for a, b, _ in above}
        assert screen.parameters.differing(screen.base) == {"tau"}
        await adjust(user, "backspace")
        assert screen.parameters == screen.base


async def test_the_usage_threshold_decides_who_is_used(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        assert "○ e .30 is not used: accuracy below .50" in user.text("#notes")
        assert [label[0] for label in labels(user)][-1] == "○"
        screen.query_one(ParameterList).focus()
        await adjust(user, "down", "down", "down", *["left"] * 4)
        assert "not used" not in user.text("#notes")
        await adjust(user, *["right"] * 7)
        assert "○ d .60, e .30 are not used: accuracy below .65" in user.text("#notes")


async def test_the_profile_decides_which_answers_count(bench: Bench) -> None:
    teach(bench)
    path = bench.folder / "past.csv"
    more = f"9,c,{TASK},9.9,1,0.99,RANDOM,2026-02-01\n10,c,{TASK},3,1,0.6,RANDOM,2026-02-02"
    path.write_text(f"{path.read_text()}\n{more}\n")
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        screen.query_one(ParameterList).focus()
        await user.press("end")
        assert screen.study is not None
        assert screen.study.profiles["c"].accuracy == pytest.approx((0.7 + 0.7 + 0.99 + 0.6) / 4)
        for accuracy in (0.6, 0.99, 0.99):  # latest, best, and there it ends
            await adjust(user, "right")
            assert screen.study.profiles["c"].accuracy == accuracy
        assert "best" in parameters_of(user)["profile"]
        await adjust(user, "backspace")
        assert screen.parameters.profile == "mean"


async def test_each_parameter_says_what_it_does(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        screen.query_one(ParameterList).focus()
        told = set()
        for _ in range(6):
            await user.press("down")
            told.add(user.text("#meaning"))
        assert len(told) == 6
        assert any("at .5 both count alike" in text for text in told)


async def test_a_size_that_the_models_do_not_make_says_so(bench: Bench) -> None:
    teach(bench, rounds=("ab",), n=3)
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        assert "An ensemble of 3 cannot be made from the 2 models" in user.text("#advice")
        assert not user.app.screen.check_action("adopt", ())
        screen.query_one(ParameterList).focus()
        await adjust(user, *["down"] * UP_TO_SIZE, "left")
        assert "● a" in user.text("#advice")
        assert "c, d, e: no profile yet, so not judged" in user.text("#advice")


async def test_the_newest_parameters_win_and_the_others_are_not_computed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        go, asked = threading.Event(), []

        def slow(laboratory: Any, parameters: Any, knowledge: Any = None) -> Any:
            asked.append(parameters.alpha)
            assert go.wait(30)
            return study(laboratory, parameters, knowledge)

        monkeypatch.setattr(studying, "study", slow)
        screen.query_one(ParameterList).focus()
        await user.press("down", *["right"] * 6)
        assert parameters_of(user)["alpha"].startswith("* α               0.8 ")  # at once
        assert screen.study is not None
        assert screen.study.parameters.alpha == 0.5
        go.set()
        await settled(user)
        assert asked == [0.55, 0.8]
        assert screen.study.parameters.alpha == 0.8


# --- what follows ---------------------------------------------------------------------------


async def test_adopting_takes_the_ensemble_to_the_round(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        screen.query_one(ParameterList).focus()
        await adjust(user, *["down"] * UP_TO_SIZE, "right")
        assert screen.study is not None
        members = screen.study.members
        await user.press("a")
        await user.wait_until(lambda: isinstance(user.app.screen, RoundScreen))
        choice = user.screen.desk.setup.choice
        assert choice is not None
        assert (choice.strategy, choice.ensemble) == (Strategy.CHEMISTRY, members)
        assert screen.study.advice is not None
        assert choice.loss == screen.study.advice.loss
        assert user.screen.desk.setup.n == 3
        await user.wait_until(lambda: "CHEMISTRY n=3" in user.status)


async def test_nothing_is_adopted_while_a_round_runs(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        before = user.screen.desk.setup.choice
        user.screen.desk.busy = True
        assert screen.check_action("adopt", ()) is None
        await user.press("a")
        assert user.app.screen is screen
        assert user.screen.desk.setup.choice is before
        user.screen.desk.busy = False


async def test_the_screen_keeps_its_state_and_learns_new_rounds(bench: Bench) -> None:
    bench.with_round(n=3)
    async with bench.opened() as user:
        await user.press("c")
        await user.wait_until(lambda: "No history yet" in user.text("#notes"))
        await user.press("escape")
        await user.run_round()
        screen = await open_chemistry(user)
        await user.wait_until(lambda: screen.study and len(screen.study.profiles) == 3)
        await settled(user)
        assert "3 of 8 models known" in user.status
        screen.query_one(ParameterList).focus()
        await adjust(user, "down", "right")
        await user.press("o")
        pair = screen.query_one(HeatTable).pair
        await user.press("escape")
        user.screen.desk.setup.adopt()
        await user.run_round()
        await open_chemistry(user)
        await user.wait_until(lambda: screen.study and len(screen.study.profiles) > 3)
        assert screen.parameters.alpha == 0.55
        assert str(screen.query_one("#interaction").border_subtitle) == "by strength"
        assert screen.query_one(HeatTable).pair == pair


async def test_a_round_that_ends_while_the_screen_is_in_front_is_learnt(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studying, "_LOOK_SECONDS", 0.01)
    async with bench.opened() as user:
        await user.press("ctrl+r", "c")
        await user.wait_until(lambda: isinstance(user.app.screen, ChemistryScreen))
        screen = screen_of(user)
        await user.wait_until(lambda: screen.study and len(screen.study.profiles) == 3)


async def test_a_size_chosen_for_the_round_is_the_size_here(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        assert screen.parameters.size == 2
        await user.press("escape")
        user.screen.desk.setup.n = 4
        await open_chemistry(user)
        assert screen.parameters.size == screen.base.size == 4


# --- what a table cannot tell ---------------------------------------------------------------


async def test_a_saturated_table_says_so_and_why(bench: Bench) -> None:
    perfect = {name: (10.0, 1.0) for name in "ab"}
    teach(bench, perfect | {"c": (8.0, 0.8), "d": (8.0, 0.8)}, ("abcd",))
    async with bench.opened() as user:
        await open_chemistry(user)
        told = user.text("#notes")
        assert "Saturated: 5 of the 6 pairs of used models stand at the maximum, 1.00" in told
        assert "a, b have next to no penalty, which gives 1 with nearly any other" in told


async def test_a_homogeneous_pool_says_so_and_its_pairs_too(bench: Bench) -> None:
    teach(bench, {name: (8.0, 0.8) for name in "abc"}, ("abc",))
    async with bench.opened() as user:
        await open_chemistry(user)
        assert "Homogeneous: all 3 used models have the penalty 0.04" in user.text("#notes")
        told = user.text("#pair")
        assert "0 by definition" in told
        assert "|0 - 0.04 - 0.04 + 0.06| / 0.06 = 0.3333" in told
        assert "The models do not differ enough" in user.text("#advice")


async def test_a_table_saturated_by_equal_models_names_them(bench: Bench) -> None:
    teach(bench, {"a": (8.0, 0.9), "b": (7.0, 0.8), "c": (7.0, 0.8)}, ("abc",))
    async with bench.opened() as user:
        await open_chemistry(user)
        told = user.text("#notes")
        assert "Saturated: 2 of the 3 pairs of used models stand at the maximum, .60" in told
        assert told.endswith("b, c have the same penalty.")


async def test_a_table_saturated_under_another_empty_cost_says_which(bench: Bench) -> None:
    teach(bench, {"a": (8.0, 0.9), "b": (7.0, 0.8), "c": (7.0, 0.8)}, ("abc",), empty_cost=1.0)
    async with bench.opened() as user:
        await open_chemistry(user)
        assert "The empty set costs 1 here, not 0." in user.text("#notes")


async def test_a_profile_says_which_rounds_it_is_made_from(bench: Bench) -> None:
    teach(bench, {name: NUMBERS[name] for name in "abc"}, ("ab",))
    path = bench.folder / "past.csv"
    more = [f"{trial},a,{TASK},3,,0.6,RANDOM,2026-01-1{trial}" for trial in (3, 4)]
    more += [f"3,c,{TASK},6,,0.7,RANDOM,2026-01-13", f"5,c,{TASK},,,,RANDOM,2026-01-15"]
    path.write_text("\n".join([path.read_text(), *more]))
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        screen.query_one(HeatTable).point("a", "c")
        await user.pilot.pause()
        told = user.text("#pair")
        assert "the mean of 1 round with a reference; 2 without one not counted" in told
        assert "the mean of 1 round without a reference; 1 more without a value" in told
        screen.query_one(ParameterList).focus()
        await adjust(user, "end", "right")
        assert "the latest of 1 round with a reference" in user.text("#pair")


async def test_one_model_or_none_is_no_table(bench: Bench) -> None:
    teach(bench, {"a": (8.0, 0.8), "b": (7.0, 0.7)}, ("a",))
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        assert "Only a has a profile; chemistry is between two models" in user.text("#notes")
        assert not screen.query_one(HeatTable).display
        assert "A pair of models is explained here" in user.text("#pair")


async def test_no_history_says_what_to_do(bench: Bench) -> None:
    async with bench.opened() as user:
        await open_chemistry(user)
        assert "No history yet" in user.text("#notes")
        assert "esc leads to the Round screen; run one there with two" in user.text("#notes")
        assert "no model has a profile yet" in user.text("#advice")
        await user.press("o", "a", "tab", "right", "backspace")
        assert screen_of(user)


async def test_the_key_in_a_hint_is_that_of_the_keymap(bench: Bench) -> None:
    bench.settings = replace(bench.settings, keymap={"app.round": "f9"})
    async with bench.opened() as user:
        await open_chemistry(user)
        assert "f9 leads to the Round screen" in user.text("#notes")


async def test_before_there_are_models_it_says_that_they_are_looked_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studying, "_LOOK_SECONDS", 0.01)
    found, open_pool = asyncio.Event(), bench.open_pool

    async def later() -> Any:
        await found.wait()
        return await open_pool()

    bench.open_pool = later
    async with bench.started() as user:
        await user.press("c")
        await user.wait_until(lambda: "Looking for models" in user.text("#notes"))
        assert "looking for models" in user.status
        await user.press("right", "o", "a")
        found.set()
        await user.wait_until(lambda: "No history yet" in user.text("#notes"))


async def test_no_models_at_all_is_told(bench: Bench) -> None:
    async def broken() -> Any:
        raise InputError("the settings are wrong")

    bench.open_pool = broken
    async with bench.started() as user:
        await user.wait_until(lambda: user.screen.desk.problem)
        await user.press("c")
        await user.wait_until(lambda: "no models" in user.text("#notes"))


async def test_a_history_that_cannot_be_read_is_told(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        (bench.folder / "past.csv").unlink()
        user.laboratory._past._history = None
        await user.press("c")
        await user.wait_until(lambda: "past.csv" in user.text("#notes"))


# --- any terminal, any name -----------------------------------------------------------------


async def test_in_a_narrow_terminal_the_panes_are_tabs(bench: Bench) -> None:
    teach(bench)
    async with bench.opened(NARROW) as user:
        screen = await open_chemistry(user)
        heat = screen.query_one(HeatTable)
        assert screen.focused is heat
        assert "interaction" in user.text("#brief")
        assert not screen.query_one("#pair").region
        await user.press("enter")
        assert screen.query_one("#pair").region
        assert not heat.region
        await user.press("right_square_bracket")
        assert isinstance(screen.focused, ParameterList)
        await adjust(user, "down", "right")
        assert screen.parameters.alpha == 0.55
        keys = screen.query_one(KeyLine).keys
        assert {"More", "Reset", "Adopt"} <= {key.word for key in keys}
        for key in keys:
            assert key.end <= NARROW[0], key.word
        await user.press("right_square_bracket")
        assert screen.focused is heat
        await user.press("left_square_bracket", "left_square_bracket")
        assert screen.query_one("#pair").region
        await user.pilot.resize_terminal(*WIDE)
        await user.pilot.pause()
        for name in ("#interaction", "#pair", "#weighing"):
            assert screen.query_one(name).region
        assert screen.check_action("turn", (1,)) is False


async def test_a_tab_is_clicked(bench: Bench) -> None:
    teach(bench)
    async with bench.opened(NARROW) as user:
        screen = await open_chemistry(user)
        await user.pilot.click("#tab-weighing")
        await user.pilot.pause()
        assert isinstance(screen.focused, ParameterList)


async def test_a_table_that_is_scrolled_shows_whole_columns(bench: Bench) -> None:
    names = [f"a-model-with-a-name-{i}" for i in range(30)]
    teach(bench, {name: (5 + i / 8, 0.5 + i / 70) for i, name in enumerate(names)}, (names,))
    async with bench.opened() as user:
        heat = (await open_chemistry(user)).query_one(HeatTable)
        for size in (NARROW, WIDE, (137, 41)):
            await user.pilot.resize_terminal(*size)
            await user.pilot.pause()
            beside = heat.scrollable_content_region.width - heat.ordered_columns[0].width
            assert heat.max_scroll_x > 0
            assert beside >= 2 * heat.ordered_columns[1].width
            assert beside % heat.ordered_columns[1].width == 0


async def test_a_title_is_whole_above_short_names(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        heat = (await open_chemistry(user)).query_one(HeatTable)
        assert heat.ordered_columns[0].width >= len("interaction")
        assert heat.max_scroll_x == 0


@pytest.mark.parametrize("size", [NARROW, WIDE, (200, 60)])
async def test_thirty_models_with_long_names_are_all_reached(
    bench: Bench, size: tuple[int, int]
) -> None:
    names = [f"vendor-{i % 4}/a-rather-long-name-of-a-model-{i}:70b-q4" for i in range(30)]
    numbers = {name: (5 + i / 8, 0.5 + i / 70) for i, name in enumerate(names)}
    teach(bench, numbers, (names,))
    async with bench.opened(size) as user:
        screen = await open_chemistry(user)
        heat = screen.query_one(HeatTable)
        ordered = sorted(names)
        await user.press("ctrl+home", "home", *["down"] * 29, "end")
        assert heat.pair == (ordered[-1], ordered[-1])
        await user.press("up")
        assert heat.pair == (ordered[-2], ordered[-1])
        assert ordered[-2] in user.text("#why").replace("\n", "")
        cursor = heat._get_cell_region(heat.cursor_coordinate)
        visible = cursor.translate(-heat.scroll_offset)
        assert visible.y >= 0 and visible.bottom <= heat.content_size.height
        assert heat.region.bottom <= screen.query_one("#legend").region.y
        for other in (NARROW, WIDE, size):
            await user.pilot.resize_terminal(*other)
            await user.pilot.pause()
            assert heat.pair == (ordered[-2], ordered[-1])


async def test_names_of_models_are_shown_harmlessly(bench: Bench) -> None:
    evil = EVIL.replace('"', "")
    numbers = {
        f"a {evil}": (9.0, 0.9),
        "模型" * 20: (8.0, 0.8),
        "name": (7.0, 0.7),
        f"d [/b]{'w' * 300}": (6.0, 0.2),
        f"perfect {evil}": (10.0, 1.0),
    }
    teach(bench, numbers, (list(numbers),), pool=[*numbers, f"unknown {evil}"])
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        for size in (WIDE, NARROW, (200, 60)):
            await user.pilot.resize_terminal(*size)
            for keys in (["o"], ["ctrl+home", "home"], ["right", "right"], ["down"], ["o"], ["o"]):
                await user.press(*keys)
                assert_harmless(user)
            for _ in range(3 if size == NARROW else 0):
                await user.press("right_square_bracket")
                assert_harmless(user)
        assert "[/b] [red]x[/]" in user.text("#advice") + user.text("#pair") + user.text("#notes")
        table = screen.query_one(HeatTable).copied()
        assert table is not None
        copied = table.text
        assert "\x1b" not in copied and "\u202e" not in copied
        assert len(copied.splitlines()) == 6


async def test_what_is_shown_can_be_copied(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        table = screen.query_one(HeatTable).copied()
        assert table is not None
        assert table.name == "interaction"
        assert table.text.splitlines()[0] == "interaction\ta\tb\tc\td\te"
        assert screen.query_one("#pair").copied().text.startswith("1 a × ")  # type: ignore[attr-defined]
        assert "loss" in screen.query_one("#weighing").copied().text  # type: ignore[attr-defined]


# --- a published history --------------------------------------------------------------------


def teach_published(bench: Bench) -> dict[tuple[str, str], set[str]]:
    """Give a bench the published history under our task; return the models of each round."""
    with open(PUBLISHED, encoding="utf-8", newline="") as file:
        rows = [one | {"task": TASK} for one in csv.DictReader(file)]
    rounds: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in rows:
        shifted = not one["created"]  # by a missing column: the strategy is unknown
        rounds[one["trial"], "" if shifted else one["strategy"]].add(one["model"])
    teach(bench, rounds=(), pool=sorted(set().union(*rounds.values())), n=3)
    with open(bench.folder / "past.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return rounds


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published history is not beside us")
async def test_a_published_history_is_shown_with_the_numbers_that_it_has(bench: Bench) -> None:
    rounds = teach_published(bench)
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        heat, shown = screen.query_one(HeatTable), screen.study
        assert shown is not None
        for a, b in combinations(shown.table.names, 2):
            assert shown.met(a, b) == sum({a, b} <= members for members in rounds.values())
        assert shown.members == PUBLISHED_ENSEMBLE
        assert "loss 17.478" in user.text("#advice")
        a, b = PUBLISHED_ENSEMBLE[1:]
        heat.point(a, b)
        await user.pilot.pause()
        told = user.text("#pair")
        assert f"tried together in {shown.met(a, b)} rounds" in told
        for name in (a, b):
            took_part = sum(name in members for members in rounds.values())
            assert f"the mean of {took_part} rounds with a reference" in told
        screen.query_one(ParameterList).focus()
        await adjust(user, "end", "right", "right")  # best: many answers are perfect
        assert "12 of 12 models known" in user.status
        assert "Saturated" in user.text("#notes")
        assert "next to no penalty" in user.text("#notes")


# --- the pane on the Round screen -----------------------------------------------------------


async def test_the_small_table_is_patched_and_marks_what_if(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        pane = user.screen.query_one(Chemistry)
        heat = pane.query_one(HeatTable)
        await user.wait_until(lambda: heat.display)
        heat.point("c", "d")
        before = {key: row for key, row in heat.rows.items()}
        other = chemistry(profiles_of(NUMBERS | {"d": (4.0, 0.95)}))
        pane.show(other, None, what_if=True)
        await user.pilot.pause()
        assert "what if" in str(pane.query_one("#next", Static).content)
        assert all(heat.rows[key] is row for key, row in before.items())
        assert heat.pair == ("c", "d")
        assert f"{other.between('c', 'd'):.2f}"[1:] in str(heat.get_cell("2", "3"))
        pane.show(chemistry(profiles_of()), None)
        await user.pilot.pause()
        assert "what if" not in str(pane.query_one("#next", Static).content)
        pane.show(chemistry(profiles_of()[:2]), None)  # fewer models
        assert heat.row_count == 2


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        (
            {"a": (8.0, 0.9), "b": (7.0, 0.4), "c": (7.0, 0.3)},
            "Homogeneous: 1 of 3 models used, so no pair.",
        ),
        (
            {"a": (8.0, 0.9), "b": (7.0, 0.8), "c": (7.0, 0.8), "d": (9.0, 0.1)},
            "Saturated: 2 of the 3 pairs of used models stand at the maximum, .60.",
        ),
        (dict.fromkeys("ab", (8.0, 0.8)), "Homogeneous: all 2 used models have the penalty 0.04."),
    ],
)
async def test_the_small_table_says_what_it_cannot_tell_as_the_screen_does(
    bench: Bench, numbers: Mapping[str, tuple[float, float]], told: str
) -> None:
    teach(bench, numbers, ("".join(numbers),))
    async with bench.opened() as user:
        pane = user.screen.query_one(Chemistry)
        pane.show(chemistry(profiles_of(numbers)), None)
        assert str(pane.query_one("#next", Static).content) == told
        await open_chemistry(user)
        assert user.text("#notes").startswith(told.rstrip("."))


async def test_a_recommended_model_that_is_not_used_is_explained(bench: Bench) -> None:
    numbers = {"a": (9.0, 0.9), "b": (8.0, 0.8), "c": (9.5, 0.3)}
    teach(bench, numbers, ("abc",))
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        assert "usage threshold" not in user.text("#advice")
        screen.query_one(ParameterList).focus()
        await adjust(user, *["down"] * UP_TO_SIZE, "right")  # all three
        told = user.text("#advice")
        assert "○ c is below the usage threshold .50: it adds no cost and no benefit" in told
