"""Stopping a round, and leaving while one runs: no call stays open, nothing unfinished is saved."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from llmchem_tui.session.provider import Text
from llmchem_tui.storage.session_file import SessionInfo
from llmchem_tui.storage.sessions import begin_session
from llmchem_tui.ui.widgets.key_line import KeyLine
from tests.session.scripted import FOREVER, ScriptedProvider
from tests.ui.app_under_test import Bench, saved_rows, scripted_pool
from tests.ui.replays import listed, open_history

BEGINS = (Text('{"assessment": "It beg'), FOREVER)


async def test_escape_cancels_and_the_next_round_starts_at_once(bench: Bench) -> None:
    provider = ScriptedProvider({name: [BEGINS] for name in "abc"})
    bench.open_pool = scripted_pool(provider)
    async with bench.opened() as user:
        await user.begin_round()
        await user.wait_until(lambda: "It beg" in user.text("StreamPane"))
        assert len(provider.open) == 3
        await user.press("escape")
        await user.wait_until(lambda: not user.screen.desk.busy)
        assert provider.open == []
        assert user.result.startswith("cancelled; w goes on with it, or a new round can be run")
        assert saved_rows(bench.folder) == []
        await user.run_round()  # the scripts are used up: now they answer
        assert "confidence" in user.result
        assert len(saved_rows(bench.folder)) == 3


async def test_while_a_round_runs_only_stopping_and_looking_make_sense(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider({name: [BEGINS] for name in "abc"}))
    async with bench.opened() as user:
        assert not user.enabled("stop")
        await user.begin_round()
        greyed = {
            a
            for a in ("run", "stop", "adopt", "strategy", "size", "vignette")
            if not user.enabled(a)
        }
        assert greyed == {"run", "adopt", "strategy", "size", "vignette"}
        ensemble = user.ensemble
        await user.press("space")
        assert user.ensemble == ensemble
        assert "a round is running" in user.told
        assert "round 1 · stage 1: answers 0/3" in user.status
        await user.press("escape")
        await user.wait_until(lambda: not user.screen.desk.busy)
        assert user.enabled("vignette")


async def test_two_presses_start_one_round(bench: Bench) -> None:
    provider = ScriptedProvider({name: [BEGINS] for name in "abc"})
    bench.open_pool = scripted_pool(provider)
    async with bench.opened() as user:
        await user.press("ctrl+r", "ctrl+r")
        await user.wait_until(lambda: len(provider.open) == 3)
        assert len(provider.requests) == 3


async def test_leaving_while_a_round_runs_leaves_no_task(bench: Bench) -> None:
    provider = ScriptedProvider({name: [BEGINS] for name in "abc"})
    bench.open_pool = scripted_pool(provider)
    before = asyncio.all_tasks()
    app = bench.app()
    async with app.run_test() as pilot:
        await bench.wait_until(lambda: app.screen.query("PoolList") and bench.laboratories)
        await bench.wait_until(lambda: app.screen.check_action("run", ()))
        await pilot.press("ctrl+r")
        await bench.wait_until(lambda: len(provider.open) == 3)
        await pilot.press("q", "n")  # leaving in the middle of a round asks
        assert app.is_running and len(provider.open) == 3
        await pilot.press("q", "y")
        await bench.wait_until(lambda: not app.is_running)
    await bench.wait_until(lambda: asyncio.all_tasks() == before)
    assert provider.open == []
    assert app.return_code == 0


async def test_leaving_while_models_are_looked_for_is_possible(bench: Bench) -> None:
    async def open_pool() -> object:
        await asyncio.sleep(FOREVER)
        raise AssertionError

    bench.open_pool = open_pool  # type: ignore[assignment]
    before = asyncio.all_tasks()
    async with bench.started() as user:
        assert "looking for models" in user.status
        await user.press("ctrl+r", "a", "s", "n")  # nothing to do yet, and no harm
        await user.press("q")
        await user.wait_until(lambda: not user.app.is_running)
    await bench.wait_until(lambda: asyncio.all_tasks() == before)


async def test_a_stopped_round_goes_on_with_its_open_calls_only(bench: Bench) -> None:
    provider = ScriptedProvider({"c": [BEGINS]})
    bench.open_pool = scripted_pool(provider)
    async with bench.opened() as user:
        assert not user.enabled("resume")
        await user.begin_round()
        await user.wait_until(
            lambda: (state := user.screen.desk.state) is not None and len(state.reviews) == 2
        )
        await user.press("escape")
        await user.wait_until(lambda: not user.screen.desk.busy)
        assert user.result.startswith("cancelled; w goes on with it, or a new round can be run")
        asked = len(provider.requests)
        await user.press("w")
        await user.wait_until(lambda: "confidence" in user.result)
        assert len(provider.requests) - asked == 1 + 4  # c answers, and reviews with c
        assert len(saved_rows(bench.folder)) == 3
        await user.run_round()  # is saved in a session of its own
        assert [row["trial"][-2:] for row in saved_rows(bench.folder)] == [" 1"] * 6


async def test_an_interrupted_session_goes_on_from_the_list(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider({"c": [BEGINS]}))
    async with bench.opened() as user:
        await user.begin_round()
        await user.press("escape")
        await user.wait_until(lambda: not user.screen.desk.busy)
    bench.settings = replace(bench.settings, keymap={"history.resume": "f5"})
    (session,) = (bench.folder / "sessions").iterdir()
    (session / "reviews.csv").write_text("noise")
    async with bench.opened() as user:
        screen = await open_history(user)
        assert listed(user)[0].startswith("■ ") and " interrupted " in listed(user)[0]
        assert "1 round was interrupted: f5 goes on with it" in user.text("#details")
        assert {"Resume", "Compare"} <= {key.word for key in screen.query_one(KeyLine).keys}
        await user.press("f5")
        await user.wait_until(lambda: "confidence" in user.result)
        assert user.app.current_mode == "round"
        assert "reviews.csv was damaged, and is kept as reviews.csv.damaged" in user.told
        assert len(saved_rows(bench.folder)) == 3
        result = user.result
        await open_history(user)
        await user.wait_until(lambda: "was interrupted" not in user.text("#details"))
        await user.press("f5")
        await user.wait_until(lambda: "there is nothing to do" in user.told)
        assert user.app.current_mode == "history"
        await user.press("escape")
        assert user.result == result  # which stays


async def test_a_batch_goes_on_in_a_terminal_that_can_be_lent(bench: Bench) -> None:
    info = SessionInfo(datetime(2026, 1, 31, tzinfo=UTC), (), batch={"seed": 7})
    session = begin_session(bench.folder / "sessions", info)
    session.close()
    async with bench.opened() as user:
        await user.press("h")
        await user.wait_until(lambda: user.app.screen.check_action("resume", ()))
        await user.press("w")  # the terminal of a test cannot be lent
        await user.wait_until(lambda: f"llmchem resume {session.folder} goes on" in user.told)
