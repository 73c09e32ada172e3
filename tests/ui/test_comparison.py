"""The comparison of strategies: from the History screen to four plots, and what their keys do."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from textual.widgets import OptionList

from llmchem_tui.ui.comparison import Comparison, Comparisons, Question, Unclear
from llmchem_tui.ui.screens.comparison import ComparisonScreen
from llmchem_tui.ui.screens.dialogs import PickScreen
from llmchem_tui.ui.screens.history import HistoryScreen
from tests.ui.app_under_test import NARROW, Bench, Driver
from tests.ui.painted import painted
from tests.ui.replays import import_csv, open_history
from tests.ui.test_comparing import HEADER, REAL, SIMULATED, csv, line
from tests.ui.test_untrusted_text import EVIL, assert_harmless

PLOTS = ("Strategies", "Over rounds", "Latency", "Calibration")


def screen_of(user: Driver) -> ComparisonScreen:
    (screen,) = (one for one in user.app.screen_stack if isinstance(one, ComparisonScreen))
    return screen


async def open_comparison(user: Driver, *keys: str) -> ComparisonScreen:
    """Go to the highlighted one of what is saved, or where keys lead, and compare."""
    await open_history(user)
    await user.press(*keys, "e")
    await user.wait_until(lambda: isinstance(user.app.screen, ComparisonScreen))
    await settled(user)
    return screen_of(user)


async def settled(user: Driver) -> None:
    """Let what is computed catch up with what was asked."""
    screen = screen_of(user)
    await user.wait_until(lambda: screen._asked and not screen._computing)
    await user.pilot.pause()


async def choose(user: Driver, key: str, *keys: str) -> list[str]:
    """Choose from the list that a key opens; return its lines."""
    await user.press(key)
    await user.wait_until(lambda: isinstance(user.app.screen, PickScreen))
    await user.pilot.pause()
    lines = [str(option.prompt) for option in user.app.screen.query_one(OptionList).options]
    await user.press(*keys)
    await user.wait_until(lambda: isinstance(user.app.screen, ComparisonScreen))
    await settled(user)
    return lines


def histories(bench: Bench, **files: list[str]) -> None:
    for name, lines in files.items():
        import_csv(bench, "\n".join([HEADER, *lines]), f"{name}.csv")


async def test_four_plots_side_by_side_tell_what_strategies_reach(bench: Bench) -> None:
    histories(bench, real=REAL)
    async with bench.started() as user:
        screen = await open_comparison(user)
        text = painted(user.app)
        assert all(f" {title} " in text for title in PLOTS)
        assert "Comparison · real.csv · 5 rounds · choose a drug" in user.status
        assert ".40 (.20–.60)" in user.text("#strategies")
        assert "The strategies" in user.text("#strategies")
        assert "REMOTE .90" in user.text("#courses")
        assert "1  2026-01-01" in user.text("#courses")
        assert "5.0" in user.text("#latency")
        assert "5 recommendations, on average more accurate than confident" in user.text(
            "#calibration"
        )
        for key, title in enumerate(PLOTS, start=1):
            await user.press(str(key))
            shown = [name for name in PLOTS if f" {name} ─" in painted(user.app)]
            assert shown == [title]
            assert screen.check_action("turn", ()) is True
        await user.press("right_square_bracket")
        assert " Strategies ─" in painted(user.app)
        await user.press("1")
        assert " Calibration ─" in painted(user.app)
        await user.press("2", "escape")
        assert " Calibration ─" in painted(user.app)
        assert user.app.focused is screen.query_one("#courses")
        await user.press("y")
        assert "courses" in user.told and "REMOTE .90" in user.app.clipboard
        await user.press("escape")
        assert isinstance(user.app.screen, HistoryScreen)


async def test_where_it_is_narrow_plots_are_tabs_and_hostile_names_harmless(bench: Bench) -> None:
    evil = EVIL.replace('"', "")
    rows = [
        f'{trial},"{evil}{trial}","{evil}",1,5,0.{trial},"{trial}{evil}","{trial}{evil}",.5,true'
        for trial in range(1, 9)
    ]
    histories(bench, evil=rows)
    async with bench.started(NARROW) as user:
        await open_comparison(user)
        seen = []
        for key in ("right_square_bracket", "left_square_bracket", "left_square_bracket", "3"):
            await user.press(key)
            seen.append([title for title in PLOTS if f" {title} ─" in painted(user.app)])
            assert_harmless(user)
        assert seen == [["Over rounds"], ["Strategies"], ["Calibration"], ["Latency"]]
        await user.press("m")
        assert_harmless(user)
        await user.press("escape", "escape")
        assert isinstance(user.app.screen, HistoryScreen)


async def test_a_strategy_and_a_model_can_be_followed(bench: Bench) -> None:
    histories(bench, real=REAL)
    async with bench.started() as user:
        await open_comparison(user)
        assert await choose(user, "m", "down", "enter") == ["● all models  ", "  a  ", "  b  "]
        assert "accuracy of a in rounds of all strategies" in user.text("#courses")
        assert "LOCAL .40" in user.text("#courses")
        assert "REMOTE" not in user.text("#courses")
        strategies = await choose(user, "s", "down", "down", "enter")
        assert strategies == ["● all strategies  ", "  LOCAL  ", "  REMOTE  "]
        assert "No accuracy of a is known in rounds of REMOTE." in user.text("#courses")
        await choose(user, "m", "up", "enter")
        assert "REMOTE .90" in user.text("#courses")
        await choose(user, "s", "escape")
        assert "accuracy of all models in rounds of REMOTE" in user.text("#courses")


async def test_all_that_is_listed_or_one_of_it_and_of_several_kinds_one(bench: Bench) -> None:
    histories(bench, real=REAL, more=[line(8, "c", 0.5, "RANDOM", "another")], simulated=SIMULATED)
    async with bench.started() as user:
        await open_comparison(user, "slash", *"csv", "tab")
        assert "real.csv · 5 rounds" in user.status
        await user.press("a")
        await user.wait_until(lambda: isinstance(user.app.screen, PickScreen))
        await user.press("escape")
        await settled(user)
        assert "all 3 listed" in user.status
        assert "There are 3 kinds of rounds" in user.text("#strategies")
        assert "w chooses" in user.text("#latency")
        parts = await choose(user, "w", "down", "down", "enter")
        assert [part.split() for part in parts] == [
            ["another", "1", "answer"],
            ["choose", "a", "drug", "5", "answers"],
            ["choose", "a", "drug", "·", "SIMULATED", "2", "answers"],
        ]
        assert "SIMULATED · Comparison · all 3 listed · 2 rounds" in user.status
        assert "sim/a" in user.text("#latency")
        assert "Not in it: 5 answers, choose a drug." in user.text("#strategies")
        await user.press("a")
        await settled(user)
        assert "real.csv · 5 rounds" in user.status and "SIMULATED" not in user.status


async def test_a_file_that_has_changed_is_compared_anew(bench: Bench) -> None:
    histories(bench, real=REAL)
    path = bench.folder / "real.csv"
    path.write_text("trial,model\n1,a\n", encoding="utf-8")
    async with bench.started() as user:
        screen = await open_comparison(user)
        assert "lacks task, quality, accuracy" in user.text("#strategies")
        keys = ("all", "strategy", "model", "part")
        assert not any(screen.check_action(key, ()) for key in keys)
        csv(path, [*REAL, line(9, "c", 0.5, "RANDOM")])
        await user.press("l", "h")
        await user.wait_until(lambda: "real.csv · 6 rounds" in user.status)
        assert "RANDOM .50" in user.text("#courses")


async def test_the_newest_question_is_answered_and_what_is_left_is_let_go(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    histories(bench, real=REAL, more=[line(8, "c", 0.5, "RANDOM")])
    go, own, asked = threading.Event(), Comparisons.of, list[int]()

    def slow(
        self: Comparisons, question: Question, superseded: Callable[[], bool]
    ) -> Comparison | Unclear | None:
        asked.append(len(question.paths))
        assert go.wait(30)
        found = own(self, question, superseded)
        asked[-1] *= -1 if found is None else 1
        return found

    async with bench.started() as user:
        await open_history(user)
        monkeypatch.setattr(Comparisons, "of", slow)
        await user.press("e")
        await user.wait_until(lambda: asked)
        await user.press("a", "a", "a")  # the keyboard waits for nothing
        assert "all 2 listed · computing …" in user.status
        assert "Computing …" in user.text("#courses")
        go.set()
        await settled(user)
        assert asked == [-1, 2]
        assert "all 2 listed · 6 rounds" in user.status
        go.clear()
        await user.press("a")
        await user.wait_until(lambda: len(asked) == 3)
        await user.press("escape")
        assert isinstance(user.app.screen, HistoryScreen)
        go.set()
        await user.wait_until(lambda: asked == [-1, 2, -1])
