"""How far the values of the Chemistry screen hang on the rounds: the bootstrap and the coverage."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from llmchem_tui.analysis.stability import Stability
from llmchem_tui.analysis.stability_text import basis_line
from llmchem_tui.cli.stability import print_stability
from llmchem_tui.ui.screens import studying
from llmchem_tui.ui.study import Study, stability_of
from llmchem_tui.ui.widgets.heat import HeatTable
from llmchem_tui.ui.widgets.heat_views import TOGETHER, WIDTH
from llmchem_tui.ui.widgets.parameters import ParameterList
from tests.ui.app_under_test import NARROW, Bench, Driver
from tests.ui.test_chemistry_screen import ROUNDS, adjust, open_chemistry, row, screen_of, teach

FEW = 100
"""Resamples, where their number does not matter."""


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no more often than a test needs."""
    monkeypatch.setattr("llmchem_tui.ui.study.RESAMPLES", FEW)


async def bootstrapped(user: Driver) -> Stability:
    screen = screen_of(user)
    await user.press("b")
    await user.wait_until(lambda: screen.stable)
    await user.pilot.pause()
    assert screen.stable is not None
    return screen.stable


def subtitle(user: Driver) -> str:
    return str(user.app.screen.query_one("#interaction").border_subtitle)


@pytest.mark.usefixtures("few")
async def test_a_bootstrap_says_what_the_command_line_says(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    teach(bench, rounds=("abc", "bcd", "ab", "ace"))
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        assert "95 % interval" not in user.text("#pair")
        stable = await bootstrapped(user)
        assert (stable.resamples, stable.rounds) == (FEW, 4)
        screen.query_one(HeatTable).point("a", "b")
        await user.pilot.pause()
        told, brief, advice = map(user.text, ("#pair", "#brief", "#advice"))
        assert screen.check_action("bootstrap", ()) is None  # it is done
    pair = next(pair for pair in stable.pairs if (pair.a, pair.b) == ("a", "b"))
    interval = f"{pair.low:.3f} … {pair.high:.3f}".replace("0.", ".")
    assert f"95 % interval {interval}" in told
    assert f"above 0 in {pair.above:.1%}".replace("%", " %") in told
    assert f"both there in {pair.resamples}.0 % of resamples" in told
    assert f"({interval})" in brief
    print_stability(stable, [])
    lines = capsys.readouterr().out.splitlines()
    basis, recommended, *others = lines[lines.index(basis_line(stable)) :]
    assert f"recommended in {recommended.rpartition(' in ')[2]}" in advice
    for sentence in (basis, *others):
        assert sentence in advice


@pytest.mark.usefixtures("few")
async def test_a_bootstrap_is_kept_until_parameters_or_rounds_change(bench: Bench) -> None:
    teach(bench)
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        stable = await bootstrapped(user)
        assert {name for model in stable.models for name in model.name} == {*"abcde"}
        assert stable.recommended is not None
        assert stable.recommended.ensemble == screen.study.members if screen.study else ()
        screen.query_one(ParameterList).focus()
        await adjust(user, "down", "right")  # alpha
        assert screen.stable is None
        assert "resamples" not in user.text("#advice")
        await adjust(user, "left")
        assert screen.stable is stable
        await user.press("end", "right")
        await adjust(user)
        await user.press("b")
        await user.wait_until(lambda: user.told)
        assert 'means over rounds again, but the profile is "latest": set it to mean' in user.told
        assert screen.stable is None


async def test_a_bootstrap_counts_and_is_given_up_by_the_same_key(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(bench)
    monkeypatch.setattr(studying, "_LOOK_SECONDS", 0.1)
    go, ended = threading.Event(), threading.Event()

    def slow(laboratory: Any, asked: Study, progress: Callable[[int], object]) -> Stability:
        try:
            progress(300)
            assert go.wait(30)
            progress(400)
            return stability_of(laboratory, asked, progress)
        finally:
            ended.set()

    monkeypatch.setattr(studying, "stability_of", slow)
    async with bench.opened() as user:
        screen = await open_chemistry(user)
        await user.press("b")
        await user.wait_until(lambda: "computing … 300 of 1,000 resamples" in user.status)
        await user.press("b")
        go.set()
        await user.wait_until(lambda: ended.is_set() and "computing" not in user.status)
        assert screen.stable is None
        go.clear()
        await user.press("b")
        await user.wait_until(lambda: "computing … 300" in user.status)
        screen.query_one(ParameterList).focus()
        await adjust(user, "down", "right")
        assert "The bootstrap was given up" in user.told
        go.set()
        await user.wait_until(lambda: "computing" not in user.status)
        assert screen.stable is None


@pytest.mark.usefixtures("few")
async def test_the_table_turns_to_rounds_together_and_to_widths(bench: Bench) -> None:
    teach(bench)
    async with bench.opened(NARROW) as user:
        screen = await open_chemistry(user)
        interactions = row(user, "a")
        await user.press("v")
        assert subtitle(user) == f"{TOGETHER} · by name"
        together = {
            other: sum({"a", other} <= {*members} for members in ROUNDS) for other in "bcde"
        }
        cells = dict(zip("abcde", row(user, "a"), strict=True))
        for other, met in together.items():
            assert cells[other].strip(" ░▒▓█?") == str(met)
            assert ("?" in cells[other]) is (met == 0)
        assert "rounds together: 0 to 2 · ? never tried together: 5" in user.text("#legend")
        heat = screen.query_one(HeatTable)
        copied = heat.copied()
        assert copied is not None
        assert copied.text.splitlines()[:2] == ["rounds together\ta\tb\tc\td\te", "a\t\t2\t1\t0\t1"]
        await user.press("v")
        assert subtitle(user) == "by name"
        assert row(user, "a") == interactions
        stable = await bootstrapped(user)
        await user.press("v", "v", "o")
        assert subtitle(user) == f"{WIDTH} · by strength"
        pair = next(pair for pair in stable.pairs if (pair.a, pair.b) == ("a", "b"))
        assert pair.low is not None and pair.high is not None
        copied = heat.copied()
        assert copied is not None
        assert f"a\t\t{pair.high - pair.low!r}" in copied.text
        screen.query_one(ParameterList).focus()
        await adjust(user, "down", "right")  # without a bootstrap there are no widths
        assert subtitle(user) == "by strength"
