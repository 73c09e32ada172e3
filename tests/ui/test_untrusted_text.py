"""Text from models, servers and files is shown harmlessly in every widget."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.providers.facts import EndpointReport, ModelFacts, PullProgress
from llmchem_tui.session.provider import ProviderError, Text, Thinking, Unreachable
from llmchem_tui.ui.widgets.board import PANES
from llmchem_tui.ui.widgets.pool import PoolList
from tests.session.scripted import FOREVER, Script, ScriptedProvider, medication, said
from tests.ui.app_under_test import NARROW, WIDE, Bench, Driver, scripted_pool
from tests.ui.fetching import Fetch, FetchStep, fetching_pool, lines

EVIL = (
    "[/b] [red]x[/] [@click=app.quit]q[/] \x1b[31m\x1b]0;t\x07 \x9b2J \u202egnilf\u2069 痛風患者 "
    "\u200d\u200d\u200d日 "
)
LONG = "w" * 3000
NAMES = ("a[/b]\x1b[31m\u202e", "consensus", "模型" * 20, "variance")

HARMFUL = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]")


def answer(text: str) -> str:
    drugs = [medication(f"drug {text}", dose=text, route=text, duration=LONG)]
    return json.dumps({"assessment": text + LONG, "medications": drugs, "cautions": [text]})


def review(text: str) -> str:
    return json.dumps({"rationale": text + LONG, "grade": 0.9, "safety_concern": text})


def assert_harmless(user: Driver) -> None:
    picture = user.app.export_screenshot()
    controls = {c for c in picture if unicodedata.category(c) == "Cc" and c != "\n"}
    assert not controls
    assert not HARMFUL.search(picture)


async def look_everywhere(user: Driver) -> None:
    for name in PANES:
        user.screen.action_show(name)
        await user.pilot.pause()
        assert_harmless(user)


async def test_a_whole_round_of_hostile_models_is_shown(bench: Bench) -> None:
    scripts: dict[Any, list[Script]] = {
        NAMES[0]: [said(answer(EVIL))],
        NAMES[1]: [said(EVIL + answer("plain"))],
        NAMES[2]: [said(answer(EVIL))],
        NAMES[3]: [(Unreachable(f"server: {EVIL}"),)],
        (NAMES[0], NAMES[1]): [said(review(EVIL))],
        (NAMES[0], NAMES[2]): [said(EVIL), said(EVIL)],
        (NAMES[1], NAMES[0]): [said(review(EVIL))],
    }
    bench.open_pool = scripted_pool(ScriptedProvider(scripts), NAMES)
    bench.with_round(n=4, abstain_below=0.0)
    async with bench.opened() as user:
        await user.wait_until(lambda: "A a[/b]" in user.text("PlanChart"))
        assert_harmless(user)
        await user.run_round()
        assert "is concerned about A: [/b] [red]x[/]" in user.result
        assert "server: [/b]" in user.text("StreamPane")
        assert "模型" in str(user.screen.query_one(PoolList).options[2].prompt)
        assert_harmless(user)
        await user.press("g", "right", "right")
        assert "A on B: ! [/b]" in user.text("#grades")
        await user.press("right")
        assert_harmless(user)
        await user.pilot.resize_terminal(*NARROW)
        await look_everywhere(user)
        assert user.app.is_running


async def test_hostile_text_is_harmless_while_it_streams(bench: Bench) -> None:
    scripts: dict[str, list[Script]] = {
        "a": [(Text(answer(EVIL)[:200]), FOREVER)],
        "b": [(Text(EVIL), FOREVER)],
        "c": [(Thinking(EVIL), FOREVER)],
    }
    bench.open_pool = scripted_pool(ScriptedProvider(scripts))
    async with bench.opened() as user:
        await user.begin_round()
        await user.wait_until(lambda: user.text("StreamPane").count("[/b]") == 2)
        assert "thinking …" in user.text("StreamPane")
        assert_harmless(user)


async def test_hostile_vignettes_and_endpoints_are_shown(bench: Bench) -> None:
    folder = bench.folder / "vignettes"
    folder.mkdir()
    (folder / "evil.toml").write_text(
        'title = "Gout [/b] 痛風 [@click=app.quit]q[/]"\ntext = "A man [/b] has gout. [red]"\n'
    )
    (folder / "bad\x1b[31m.toml").write_text("title = [/b]")
    places = dict.fromkeys("abc", (f"box {EVIL}", f"https://[/b]{EVIL}"))
    bench.open_pool = scripted_pool(
        ScriptedProvider(), foreign=places, unreachable={f"far {EVIL}": f"[/b] {EVIL}"}
    )
    async with bench.opened() as user:
        assert_harmless(user)  # the toast too
        await user.press("v")
        assert_harmless(user)
        await user.press(*"bad", "enter")
        assert_harmless(user)
        await user.press(*["backspace"] * len("bad"), *"gout [/b]", "enter")
        await user.wait_until(lambda: user.app.screen is user.screen)
        await user.pilot.pause()
        assert "A man [/b] has gout. [red]" in user.text("#vignette")
        assert_harmless(user)
        await user.press("ctrl+r")
        assert "https://[/b]" in user.text("#dialog")
        assert_harmless(user)
        await user.press("y")
        result = user.screen.query_one("#recommendation")
        await user.wait_until(lambda: "evil" in str(result.border_title))
        assert_harmless(user)


def hostile_reports() -> tuple[EndpointReport, ...]:
    spec = ModelSpec(NAMES[0], "server", EVIL, Locality.LOCAL)
    gone = ModelSpec(NAMES[2], "server", f"gone {EVIL}", Locality.LOCAL)
    facts = (
        ModelFacts(EVIL, 10**30, EVIL, LONG, 10**12, True, 0.5, f"https://[/b]{EVIL}", True),
        ModelFacts(f"other {EVIL}"),
    )
    return (
        EndpointReport(f"far {EVIL}", f"kind {EVIL}", f"https://[/b]{EVIL}", error=f"no {EVIL}"),
        EndpointReport("server", "ollama", EVIL, EVIL, False, "", (spec, gone), (NAMES[2],), facts),
    )


async def test_hostile_servers_and_models_are_listed_and_fetched(bench: Bench) -> None:
    steps: list[FetchStep] = [PullProgress(f"pulling {EVIL}{LONG}", -5, 10**40), FOREVER]
    bench.open_pool = fetching_pool(hostile_reports(), Fetch(steps))
    async with bench.started() as user:
        await user.wait_until(lambda: user.screen.desk.laboratory)
        for size in (NARROW, WIDE):
            await user.pilot.resize_terminal(*size)
            await user.press("l", "home")
            assert "no [/b] [red]x[/]" in lines(user)[0]
            assert "there too, but not in the settings: other [/b]" in lines(user)[1]
            assert_harmless(user)
            for _ in range(3):
                await user.press("down")
                assert_harmless(user)
            await user.press("p")
            await user.wait_until(lambda: "pulling [/b] [red]x[/]" in user.text("#dialog"))
            assert_harmless(user)
            await user.press("escape", "up", "p", *"x\\[/b]")
            assert_harmless(user)
            await user.press("enter")
            assert_harmless(user)
            await user.press("escape", "escape")


async def test_a_hostile_reason_for_a_failed_fetch_is_shown(bench: Bench) -> None:
    bench.open_pool = fetching_pool(hostile_reports(), Fetch([ProviderError(f"no: {EVIL}")]))
    async with bench.started() as user:
        await user.wait_until(lambda: user.screen.desk.laboratory)
        await user.press("l", "down", "down", "down", "p")
        await user.wait_until(lambda: "no: [/b] [red]x[/]" in user.text("#dialog"))
        assert_harmless(user)
