"""Fetching a model to a host: which, where to, how far it is, and breaking it off."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from llmchem_tui.providers.facts import EndpointReport, PullProgress
from llmchem_tui.providers.pool import Pool
from llmchem_tui.session.provider import ModelMissing
from llmchem_tui.ui.screens.models import ModelsScreen
from llmchem_tui.ui.screens.pull import PullScreen
from tests.session.scripted import FOREVER, ScriptedProvider
from tests.ui.app_under_test import NARROW, Bench
from tests.ui.fetching import BOX, CLOUD, DOWN, Fetch, fetching_pool, lines, open_models
from tests.ui.test_stopping import BEGINS


async def test_a_missing_model_is_fetched_and_then_there(bench: Bench) -> None:
    fetch = Fetch([PullProgress("success")])
    bench.open_pool = fetching_pool([BOX], fetch)
    async with bench.opened() as user:
        await open_models(user)
        bench.open_pool = fetching_pool([replace(BOX, missing=())], fetch)
        await user.press("down", "down", "down", "p")
        await user.wait_until(lambda: "box has wanted now" in user.told)
        await user.wait_until(lambda: "missing" not in "".join(lines(user)))
        assert fetch.asked == [("box", "wanted")]
        assert fetch.closed == 1


async def test_any_model_can_be_fetched_to_the_host_that_is_chosen(bench: Bench) -> None:
    fetch = Fetch([FOREVER])
    other = EndpointReport("other", "ollama", "http://127.0.0.1:1")
    bench.open_pool = fetching_pool([BOX, other, DOWN, CLOUD], fetch)
    async with bench.opened() as user:
        await open_models(user)
        await user.press("p", "down", "enter", *" phi4 ", "enter")
        assert fetch.asked == [("other", "phi4")]


async def test_a_blank_name_fetches_nothing_and_escape_leaves(bench: Bench) -> None:
    fetch = Fetch([FOREVER])
    bench.open_pool = fetching_pool([BOX], fetch)
    async with bench.opened() as user:
        await open_models(user)
        await user.press("p", "space", "enter", "escape")
        assert isinstance(user.app.screen, ModelsScreen)
        assert fetch.asked == []


async def test_a_fetch_shows_how_far_it_is(bench: Bench) -> None:
    more = asyncio.Event()
    first = PullProgress("pulling abc", 2_100_000_000, 4_200_000_000)
    fetch = Fetch([PullProgress("pulling manifest"), first, more, PullProgress("verifying")])
    bench.open_pool = fetching_pool([BOX], fetch)
    async with bench.opened(NARROW) as user:
        await open_models(user)
        await user.press("end", "p")
        await user.wait_until(lambda: "50 %" in user.text("#dialog"))
        assert "pulling abc\n" in user.text("#dialog")
        assert "▇▇░░" in user.text("#dialog")
        assert "2.1 GB of 4.2 GB" in user.text("#dialog")
        more.set()
        await user.wait_until(lambda: isinstance(user.app.screen, ModelsScreen))


async def test_escape_breaks_a_fetch_off(bench: Bench) -> None:
    fetch = Fetch([PullProgress("pulling", 1, 10), FOREVER])
    bench.open_pool = fetching_pool([BOX], fetch)
    async with bench.opened() as user:
        await open_models(user)
        await user.press("end", "p")
        await user.wait_until(lambda: "10 %" in user.text("#dialog"))
        await user.press("escape")
        await user.wait_until(lambda: fetch.closed == 1)
        await user.wait_until(lambda: isinstance(user.app.screen, ModelsScreen))
        assert "missing" in lines(user)[3]
        assert user.told == ""


async def test_leaving_the_program_breaks_a_fetch_off(bench: Bench) -> None:
    fetch = Fetch([PullProgress("pulling", 1, 10), FOREVER])
    bench.open_pool = fetching_pool([BOX], fetch)
    before = asyncio.all_tasks()
    async with bench.opened() as user:
        await open_models(user)
        await user.press("end", "p")
        await user.wait_until(lambda: fetch.asked)
        await user.press("ctrl+q")
        await user.wait_until(lambda: not user.app.is_running)
    await bench.wait_until(lambda: asyncio.all_tasks() == before)
    assert fetch.closed == 1


async def test_a_fetch_that_fails_says_why_until_it_is_left(bench: Bench) -> None:
    error = ModelMissing("wanted is not in Ollama's library: look up its name at ollama.com")
    bench.open_pool = fetching_pool([BOX], Fetch([PullProgress("pulling manifest"), error]))
    async with bench.opened() as user:
        await open_models(user)
        await user.press("end", "p")
        await user.wait_until(lambda: "look up its name at ollama.com" in user.text("#dialog"))
        assert isinstance(user.app.screen, PullScreen)
        await user.press("escape")
        assert isinstance(user.app.screen, ModelsScreen)


async def test_a_host_without_models_can_be_told_to_fetch_its_first(bench: Bench) -> None:
    fetch = Fetch([FOREVER])
    bench.open_pool = fetching_pool([EndpointReport("box", "ollama", "http://127.0.0.1:1")], fetch)
    async with bench.started() as user:
        await open_models(user)
        assert lines(user)[0].endswith("it has no model that can be used; p fetches one")
        await user.press("p", *"phi4", "enter")
        assert fetch.asked == [("box", "phi4")]


async def test_what_is_fetched_while_a_round_runs_is_found_later(bench: Bench) -> None:
    provider = ScriptedProvider({"llama": [BEGINS]})
    opened = fetching_pool([BOX], Fetch([PullProgress("success")]))

    async def open_pool() -> Pool:
        pool = await opened()
        return replace(pool, endpoints={"box": replace(pool.endpoints["box"], provider=provider)})

    bench.open_pool = open_pool
    async with bench.opened() as user:
        await user.begin_round()
        await open_models(user)
        before = user.laboratory.pool
        await user.press("end", "p")
        await user.wait_until(lambda: "look again when it is over" in user.told)
        assert user.laboratory.pool is before
        assert len(provider.open) == 1
