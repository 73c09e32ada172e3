"""The Models screen: what is reachable and why not, what is loaded, and fetching more."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from textual.content import Content

from llmchem_tui.domain.errors import InputError
from llmchem_tui.providers.facts import ModelFacts
from llmchem_tui.providers.pool import Pool, simulated_pool
from llmchem_tui.ui.screens.models import ModelsScreen
from llmchem_tui.ui.screens.round import RoundScreen
from llmchem_tui.ui.widgets.models import ModelList
from llmchem_tui.ui.widgets.pool import PoolList
from tests.session.scripted import ScriptedProvider
from tests.ui.app_under_test import NARROW, WIDE, Bench, Driver, scripted_pool
from tests.ui.fetching import BOX, CLOUD, DOWN, fetching_pool, lines, open_models, spec
from tests.ui.test_stopping import BEGINS


def squeezed(line: str) -> str:
    return " ".join(line.split())


def pool_lines(user: Driver) -> list[str]:
    return [str(option.prompt) for option in user.screen.query_one(PoolList).options]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_every_endpoint_is_listed_with_its_models(
    bench: Bench, size: tuple[int, int]
) -> None:
    bench.open_pool = fetching_pool((BOX, DOWN, CLOUD))
    async with bench.started(size) as user:
        await open_models(user)
        box, llama, qwen, wanted, far, cloud, claude = lines(user)
        assert box.startswith("✓ reachable  box · ollama · http://127.0.0.1:11434 · trusted\n")
        assert box.endswith("not in the settings: gemma:270m")
        assert "llama 4.9 GB ● 100 % GPU 8,192 local no" in squeezed(llama)
        assert "qwen:32b 20.2 GB ● 38 % GPU 40,960 local ∴ yes" in squeezed(qwen)
        assert squeezed(wanted) == "✗ wanted missing – p fetches it"
        assert far.startswith("✗ unreachable  far")
        assert "asks first\nnothing answers: ollama serve" in far
        assert "key from $ANTHROPIC_API_KEY · asks first" in cloud
        assert squeezed(claude) == "claude – – – remote –"
        assert "4 models · 2 of 3 endpoints reachable" in user.status


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (ModelFacts("llama", loaded=False), "○ no"),
        (ModelFacts("llama", loaded=True), "● yes"),
        (ModelFacts("llama", loaded=True, gpu_share=0.0), "● CPU only"),
        (ModelFacts("llama", 291_554_930), "292 MB"),
        (ModelFacts("llama", 382, remote_host="https://ollama.com:443"), "at ollama.com"),
    ],
    ids=str,
)
async def test_what_a_server_tells_is_shown(bench: Bench, facts: ModelFacts, told: str) -> None:
    bench.open_pool = fetching_pool([replace(BOX, facts=(facts,))])
    async with bench.started() as user:
        await open_models(user)
        assert told in lines(user)[1]


@pytest.mark.parametrize("size", [NARROW, (80, 12)], ids=["fitting", "scrolling"])
async def test_columns_stay_under_their_titles_wherever_the_cursor_is(
    bench: Bench, size: tuple[int, int]
) -> None:
    long = spec("long" * 20)  # the columns share what is left of the width
    bench.open_pool = fetching_pool((replace(BOX, models=(*BOX.models, long)), DOWN, CLOUD))
    async with bench.started(size) as user:
        await open_models(user)
        titles = user.text("#titles")
        for _ in range(9):
            for line in (lines(user)[1], lines(user)[2]):
                assert line.index("●") == titles.index("in memory")
                assert line.index("local") == titles.index("runs")
            await user.press("down")


async def test_the_line_under_the_cursor_has_no_colours_of_its_own(bench: Bench) -> None:
    bench.open_pool = fetching_pool((BOX, DOWN, CLOUD))
    async with bench.started() as user:
        await open_models(user)
        models = user.app.screen.query_one(ModelList)
        coloured = {0, 3, 4, 5}  # the endpoints, and what is missing
        for cursor in (0, 1, 2, 3, 4):
            with_spans = {
                i
                for i, option in enumerate(models.options)
                if isinstance(option.prompt, Content) and option.prompt.spans
            }
            assert with_spans == coloured - {cursor}
            await user.press("down")


async def test_the_simulated_pool_says_that_no_server_is_asked(bench: Bench) -> None:
    async def open_pool() -> Pool:
        return replace(await simulated_pool(0), reports=(DOWN,))

    bench.open_pool = open_pool
    async with bench.opened() as user:
        await open_models(user)
        told = lines(user)
        assert "SIMULATED" in user.status
        assert told[0].startswith("SIMULATED  no server is asked")
        assert len(told) == 2 + len(user.laboratory.pool.models)
        assert "nothing answers" in told[-1]
        assert user.app.screen.check_action("pull", ()) is None
        await user.press("p")
        assert isinstance(user.app.screen, ModelsScreen)


@pytest.mark.parametrize(
    ("policy", "told"), [("allow", "allowed"), ("never", "gets no vignette"), ("ask", "asks first")]
)
async def test_the_settings_say_what_an_untrusted_endpoint_gets(
    bench: Bench, policy: str, told: str
) -> None:
    bench.open_pool = fetching_pool([CLOUD])
    bench.with_round(remote=policy)
    async with bench.started() as user:
        await open_models(user)
        assert lines(user)[0].endswith(told)


async def test_escape_goes_back_and_nothing_has_changed(bench: Bench) -> None:
    async with bench.opened() as user:
        before = user.screen.desk.setup.choice
        await open_models(user)
        await user.press("escape")
        assert isinstance(user.app.screen, RoundScreen)
        assert user.screen.desk.setup.choice is before


async def test_what_is_missing_names_the_key_that_fetches_it(bench: Bench) -> None:
    bench.settings = replace(bench.settings, keymap={"models.pull": "f5"})
    openai = replace(BOX, name="other", kind="openai")
    bench.open_pool = fetching_pool((BOX, openai))
    async with bench.started() as user:
        await open_models(user)
        missing = [squeezed(line) for line in lines(user) if "missing" in line]
        assert missing == ["✗ wanted missing – f5 fetches it", "✗ wanted missing on the server"]


# --- looking again --------------------------------------------------------------------------


async def test_looking_again_brings_new_models_to_the_round(bench: Bench) -> None:
    names = ("a", "b", "c")
    bench.open_pool = scripted_pool(ScriptedProvider(), names)
    async with bench.opened() as user:
        ensemble = user.ensemble
        await open_models(user)
        bench.open_pool = scripted_pool(ScriptedProvider(), (*names, "d"))
        await user.press("r")
        await user.wait_until(lambda: "4 models" in user.status)
        await user.press("escape")
        await user.wait_until(lambda: any("d" in line for line in pool_lines(user)))
        assert user.ensemble == ensemble
        await user.run_round()
        assert "confidence" in user.result


async def test_an_ensemble_that_lost_a_model_is_chosen_anew(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), ("a", "b", "c"))
    async with bench.opened() as user:
        await open_models(user)
        bench.open_pool = scripted_pool(ScriptedProvider(), ("b", "c", "d", "e"))
        await user.press("r")
        await user.wait_until(lambda: "4 models" in user.status)
        await user.press("escape")
        await user.wait_until(lambda: len(user.ensemble) == 3)
        assert "a" not in user.ensemble


async def test_a_pool_that_is_gone_leaves_no_ensemble_and_may_come_back(bench: Bench) -> None:
    there, gone = (scripted_pool(ScriptedProvider(), names) for names in (("a", "b"), ()))
    bench.open_pool = there
    bench.with_round(n=2)
    async with bench.opened() as user:
        for open_pool, status in ((gone, "no models"), (there, "n=2")):
            await open_models(user)
            bench.open_pool = open_pool
            await user.press("r")
            await user.press("escape")
            await user.wait_until(lambda status=status: status in user.status)
            assert user.enabled("run") == (open_pool is there)


async def test_looking_in_vain_is_told_and_the_pool_stays(bench: Bench) -> None:
    async def fail() -> Pool:
        raise InputError("config.toml: [providers.box] url is no address")

    async with bench.opened() as user:
        await open_models(user)
        bench.open_pool = fail
        before = user.laboratory.pool
        await user.press("r")
        await user.wait_until(lambda: "url is no address" in user.told)
        assert user.laboratory.pool is before
        await user.press("escape")
        assert isinstance(user.app.screen, RoundScreen)


async def test_while_looking_nothing_else_can_be_done_here(bench: Bench) -> None:
    found = asyncio.Event()
    now = bench.open_pool

    async def later() -> Pool:
        await found.wait()
        return await now()

    async with bench.opened() as user:
        await open_models(user)
        bench.open_pool = later
        await user.press("r")
        assert "looking for models" in user.status
        await user.press("p", "r")
        assert isinstance(user.app.screen, ModelsScreen)
        await user.press("escape")
        assert not user.enabled("run")  # the pool is half open
        found.set()
        await user.wait_until(lambda: user.enabled("run"))


async def test_while_a_round_runs_the_pool_stays(bench: Bench) -> None:
    provider = ScriptedProvider({name: [BEGINS] for name in "abc"})
    bench.open_pool = scripted_pool(provider)
    async with bench.opened() as user:
        await user.begin_round()
        await open_models(user)
        assert user.app.screen.check_action("look", ()) is None
        before = user.laboratory.pool
        await user.press("r", "escape")
        assert user.laboratory.pool is before
        assert len(provider.open) == 3
