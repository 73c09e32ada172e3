"""Choosing the next round: models, strategy, size and vignette, all from the keyboard."""

from __future__ import annotations

from textual.widgets import Input, OptionList

from llmchem_tui.storage.vignettes import find
from llmchem_tui.ui.screens.dialogs import PickScreen
from llmchem_tui.ui.widgets.pool import PoolList
from tests.session.scripted import ScriptedProvider
from tests.ui.app_under_test import Bench, Driver, saved_rows, scripted_pool


def dialog_lines(user: Driver) -> list[str]:
    assert isinstance(user.app.screen, PickScreen)
    return [str(option.prompt) for option in user.app.screen.query_one(OptionList).options]


async def test_space_takes_models_out_and_in_and_the_ensemble_is_then_manual(
    bench: Bench,
) -> None:
    async with bench.opened() as user:
        await user.press("space")  # the first model is in
        assert list(user.ensemble) == ["sim/birch-13b", "sim/cedar-32b"]
        assert "MANUAL n=2" in user.status
        await user.press("end", "space")
        assert user.ensemble[-1:] == ("sim/osprey-max",)
        pool = user.screen.query_one(PoolList)
        assert pool.highlighted == 7
        await user.run_round()
        assert user.screen.desk.state is not None
        assert user.screen.desk.state.names == user.ensemble
        assert user.screen.desk.state.started.strategy == "MANUAL"


async def test_adopting_brings_the_offered_size_back(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("space")
        assert user.screen.desk.setup.n == 2
        await user.press("a")
        assert user.screen.desk.setup.n == 3
        assert "EXPLORE n=3" in user.status


async def test_an_ensemble_of_none_cannot_be_run(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("space", "down", "space", "down", "space")
        assert user.ensemble == ()
        assert not user.enabled("run")
        assert "CHEMISTRY n=1" in user.status
        await user.press("ctrl+r")
        assert user.screen.desk.state is None


async def test_a_strategy_is_chosen_and_chooses_the_ensemble(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("s")
        assert len(dialog_lines(user)) == 5
        await user.press(*"remo", "enter")
        await user.wait_until(lambda: "REMOTE n=3" in user.status)
        remote = {"sim/falcon-mini", "sim/heron-pro", "sim/kestrel", "sim/osprey-max"}
        assert set(user.ensemble) < remote


async def test_a_strategy_with_too_few_models_says_so(bench: Bench) -> None:
    bench.with_round(n=5)
    async with bench.opened() as user:
        await user.press("s", *"local", "enter")
        await user.wait_until(lambda: "LOCAL n=4" in user.status)
        assert "The pool has only 4 local of the 5 models" in user.told


async def test_the_size_changes_this_ensemble_and_the_offered_one(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("n")
        assert dialog_lines(user)[1].strip() == "2 models  2 answers, 2 reviews"
        assert dialog_lines(user)[2].startswith("● 3 models")  # the present one
        await user.press("down", "down", "enter")
        await user.wait_until(lambda: "EXPLORE n=5" in user.status)
        setup = user.screen.desk.setup
        await user.wait_until(lambda: setup.offered and len(setup.offered.ensemble) == 5)


async def test_the_vignette_that_is_chosen_is_shown_and_run(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("v", *"parkins", "enter")
        await user.wait_until(lambda: "vomiting-parkinson" in user.status)
        assert "Parkinson" in user.text("#vignette")
        await user.run_round()
        assert user.screen.desk.state is not None
        assert user.screen.desk.state.started.vignette == find("vomiting-parkinson")


async def test_a_vignette_that_is_written_is_shown_and_run(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("v", "ctrl+n", *"Fever.", "ctrl+s")
        await user.wait_until(lambda: "fever" in user.status)
        assert "Fever." in user.text("#vignette")
        await user.run_round()
        assert {row["vignette"] for row in saved_rows(bench.folder)} == {"fever"}


async def test_escape_leaves_a_dialog_and_everything_as_it_was(bench: Bench) -> None:
    async with bench.opened() as user:
        before = user.screen.desk.setup.vignette
        await user.press("v", "down", "down", "escape")
        assert user.app.screen is user.screen
        assert user.screen.desk.setup.vignette == before


async def test_a_search_without_result_says_so_and_enter_does_nothing(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("s", *"zzz", "enter", "down")
        assert dialog_lines(user) == ["nothing found"]
        await user.press("backspace", "backspace", "backspace")
        assert len(dialog_lines(user)) == 5
        assert isinstance(user.app.focused, Input)


async def test_the_list_moves_while_the_field_has_the_keyboard(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("s")
        options = user.app.screen.query_one(OptionList)
        await user.wait_until(lambda: options.size.height > 0)  # a page has a height only then
        await user.press("pageup")
        places = [options.highlighted]
        for key in ("down", "down", "up", "pagedown", "pageup"):
            await user.press(key)
            places.append(options.highlighted)
        assert places == [0, 1, 2, 1, 4, 0]
        assert isinstance(user.app.focused, Input)


async def test_a_pool_smaller_than_the_usual_size_is_used_as_it_is(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), ("a", "b"))
    async with bench.opened() as user:
        assert user.ensemble == ("a", "b")
        assert "only 2 models" in user.told
        await user.run_round()
        assert "confidence" in user.result
