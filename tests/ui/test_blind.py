"""Blind mode, and grades of one's own: names hidden until the end, and what the files get."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path

from textual.widgets import OptionList

from llmchem_tui.ui.screens.grading import GradeScreen
from llmchem_tui.ui.screens.replay import ReplayScreen
from llmchem_tui.ui.widgets.chemistry import Chemistry
from llmchem_tui.ui.widgets.grades import Grades
from llmchem_tui.ui.widgets.heat import HeatTable
from llmchem_tui.ui.widgets.streams import StreamPane
from tests.session.scripted import FOREVER, ScriptedProvider, answer_json, said
from tests.ui.app_under_test import NARROW, Bench, Driver, saved_rows, scripted_pool
from tests.ui.replays import open_history

NAMES = ("alpha", "beta", "gamma")


def everything(user: Driver) -> str:
    """What the streams, the grades, the result and the status say, titles included."""
    titles = [str(pane.border_title) for pane in user.screen.query(StreamPane)]
    titles.append(str(user.screen.query_one("#recommendation").border_title))
    rows = [
        str(cell)
        for key in user.screen.query_one(Grades).table.rows
        for cell in user.row(key.value or "")
    ]
    shown = [user.text(name) for name in ("StreamPane", "#grades", "#said", "#status")]
    return "\n".join([*titles, *rows, *shown])


def reviews(folder: Path) -> list[dict[str, str]]:
    """The rows of the one session's reviews.csv."""
    (path,) = (folder / "sessions").glob("*/reviews.csv")
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def grade(user: Driver, value: str, *, reason: str = "", concern: str = "") -> None:
    """Fill in the form that is open."""
    assert isinstance(user.app.screen, GradeScreen)
    await user.press(*value, "tab", *reason, "tab", *concern, "enter")


async def grade_all(user: Driver, value: str = "0.5") -> None:
    """Grade every answer, one after the other, from its pane."""
    for pane in user.screen.query(StreamPane):
        pane.focus()
        await user.press("u")
        await grade(user, value)


async def test_names_are_hidden_until_every_answer_is_graded(bench: Bench) -> None:
    scripts = {"beta": [said(answer_json(assessment="I am beta of the lab. It fits."))]}
    bench.open_pool = scripted_pool(ScriptedProvider(scripts), NAMES)
    async with bench.opened() as user:
        await user.press("b")
        await user.run_round()
        assert [name for name in NAMES if name in everything(user)] == [], everything(user)
        assert "It fits." in user.text("StreamPane")
        assert "u grades an answer, b shows names" in user.status
        assert not user.screen.query_one(Grades).table.display  # neither names nor verdict
        assert "grades are hidden" in user.text("#grades")
        assert "amoxicillin" not in user.text("#said")
        assert "u grades an answer" in user.text("#hint")
        await grade_all(user)
        assert user.screen.query_one(Grades).table.display
        assert "amoxicillin" in user.text("#said")
        assert all(name in everything(user) for name in NAMES)


async def test_the_key_shows_the_names_of_a_round_that_hides_them(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), NAMES)
    async with bench.opened() as user:
        await user.press("b")
        assert "next round hides" in user.told
        await user.run_round()
        await user.press("b")
        assert "alpha" in everything(user)
        assert not user.screen.desk.blind


async def test_a_failure_does_not_tell_whose_it_is(bench: Bench) -> None:
    scripts = {"beta": [said("beta cannot write JSON"), said("beta cannot write JSON")]}
    bench.open_pool = scripted_pool(ScriptedProvider(scripts), NAMES)
    async with bench.opened() as user:
        await user.press("b")
        await user.run_round()
        assert "the reason is shown once names are shown" in user.text("StreamPane")
        assert "beta" not in everything(user)


async def test_a_grade_of_ones_own_is_a_review_by_human_and_never_in_the_history(
    bench: Bench,
) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), NAMES)
    async with bench.opened() as user:
        await user.run_round()
        before = saved_rows(bench.folder)
        await user.press("o", "u")
        await grade(user, "0.3", reason="too much", concern="renal")
        own = [row for row in reviews(bench.folder) if row["reviewer"] == "human"]
        assert [(row["model"], row["grade"]) for row in own] == [("alpha", "0.3")]
        assert (own[0]["rationale"], own[0]["safety_concern"]) == ("too much", "renal")
        assert saved_rows(bench.folder) == before
        assert user.row("human")[:2] == ["○ you", "!.30"]


async def test_a_grade_given_while_the_round_runs_is_saved_at_its_end(bench: Bench) -> None:
    may_end = asyncio.Event()
    scripts = {"gamma": [(may_end, *said(answer_json()))]}
    bench.open_pool = scripted_pool(ScriptedProvider(scripts), NAMES)
    async with bench.opened() as user:
        await user.begin_round()
        await user.wait_until(lambda: user.screen.board.reading and user.screen.board.reading.ok)
        user.screen.query(StreamPane).first().focus()
        await user.press("u")
        await grade(user, "1")
        may_end.set()
        await user.wait_until(lambda: not user.screen.desk.busy)
        own = [row for row in reviews(bench.folder) if row["reviewer"] == "human"]
        assert [(row["model"], float(row["grade"])) for row in own] == [("alpha", 1.0)]


async def test_what_is_no_grade_is_said_and_nothing_typed_is_lost(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), NAMES)
    async with bench.opened() as user:
        await user.run_round()
        await user.press("o", "u")
        for wrong in ("7", "nan", "-1", "good"):
            await grade(user, wrong, reason="")
            assert f"{wrong} is no grade" in user.text("#problem")
            await user.press(*["backspace"] * len(wrong))
        await grade(user, "0,5")
        assert user.row("human")[1] == ".50"


async def test_the_answer_stands_above_the_form_and_the_list_says_what_is_graded(
    bench: Bench,
) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), NAMES)
    async with bench.opened(NARROW) as user:
        await user.run_round()
        await user.press("m", "u", "enter")
        assert "start amoxicillin 500 mg" in user.text("#graded")
        await grade(user, "0.4")
        await user.press("u")
        options = user.app.screen.query_one(OptionList)
        assert "your grade .40" in str(options.get_option_at_index(0).prompt)
        assert options.highlighted == 1
        await user.press("up", "enter")
        assert "replaces your grade of .40" in user.text("#about")


async def test_leaving_the_form_gives_no_grade_and_a_second_grade_replaces_the_first(
    bench: Bench,
) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), NAMES)
    async with bench.opened() as user:
        await user.run_round()
        await user.press("o", "u", "1", "escape")
        assert "human" not in [key.value for key in user.screen.query_one(Grades).table.rows]
        for value in ("0.2", "0.9"):
            await user.press("u", "end", *["backspace"] * 3)
            await grade(user, value)
        assert user.row("human")[1] == ".90"
        assert [row["grade"] for row in reviews(bench.folder) if row["reviewer"] == "human"] == [
            "0.2",
            "0.9",
        ]


async def test_outside_a_pane_the_answer_to_grade_is_picked(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), NAMES)
    async with bench.opened() as user:
        await user.run_round()
        await user.press("p", "u", "down", "enter")
        await grade(user, "0.4")
        assert user.row("human")[2] == ".40"
        await user.press("g", "right", "right", "right", "u")
        await grade(user, "0.6")
        assert user.row("human")[3] == ".60"


async def test_a_round_whose_names_are_hidden_is_not_replayed_and_teaches_nothing(
    bench: Bench,
) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), NAMES)
    async with bench.opened() as user:
        await user.press("b")
        await user.run_round()
        await user.press("r")
        assert "before it is replayed" in user.told
        await user.wait_until(lambda: "hidden until names are shown" in user.text("#next"))
        assert not any(table.display for table in user.screen.query_one(Chemistry).query(HeatTable))
        history = await open_history(user)
        user.app.clear_notifications()
        await user.press("enter")
        await user.wait_until(lambda: "before it is replayed" in user.told)
        assert user.app.screen is history
        await user.press("escape", "b")
        await user.wait_until(lambda: user.screen.query_one(Chemistry).query(HeatTable))
        await user.press("r")
        await user.wait_until(lambda: isinstance(user.app.screen, ReplayScreen))


async def test_a_cancelled_round_asks_for_no_grades(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider({"beta": [(FOREVER,)]}), NAMES)
    async with bench.opened() as user:
        assert not user.enabled("grade")
        await user.press("b")
        await user.begin_round()
        await user.press("escape")
        await user.wait_until(lambda: not user.screen.desk.busy)
        assert "grade the answers" not in user.status
