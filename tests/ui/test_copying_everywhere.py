"""The copy, export and screenshot keys in the whole app: every pane has something to copy."""

from __future__ import annotations

import stat
from pathlib import Path

from textual.widgets import Input

from llmchem_tui.ui.copying import copied
from llmchem_tui.ui.screens.grading import ReviewScreen
from llmchem_tui.ui.screens.replay import ReplayScreen
from llmchem_tui.ui.widgets.grades import Grades
from tests.ui.app_under_test import NARROW, Bench, Driver


def session_of(bench: Bench) -> Path:
    (folder,) = (bench.folder / "sessions").iterdir()
    return folder


async def texts_of(user: Driver) -> dict[str, str]:
    """What there is to copy in every widget that takes the keyboard, by its name."""
    texts: dict[str, str] = {}
    for widget in user.app.screen.focus_chain:
        if not isinstance(widget, Input):  # where the key is a letter
            widget.focus()
            await user.pilot.pause()
            own = copied(user.app.screen)
            assert own is not None and own.text.strip(), widget
            texts[own.name] = own.text
    return texts


async def test_every_pane_of_a_round_has_something_to_copy(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.run_round()
        texts = await texts_of(user)
        answers = {"answer-A", "answer-B", "answer-C"}
        assert {"pool", "vignette-cap-older-adult", "grades", "interaction"} | answers <= {*texts}
        assert "research use only, not medical advice" in texts["result"]
        assert texts["grades"].startswith("reviewer\tA\tB\tC\tσ²\tacc\n")


async def test_a_narrow_terminal_copies_the_pane_in_front(bench: Bench) -> None:
    async with bench.opened(NARROW) as user:
        await user.run_round()
        for key, begins in (("p", "● sim/"), ("g", "reviewer\t"), ("i", "interaction\t")):
            await user.press(key, "y")
            assert user.app.clipboard.startswith(begins)


async def test_the_other_screens_have_something_to_copy(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.run_round()
        texts: dict[str, str] = {}
        for mode, ready in (
            ("chemistry", lambda: user.app.screen.query("#heat") and user.app.screen.focused),
            ("history", lambda: "EXPLORE" in user.text("#details")),
            ("models", lambda: user.app.screen.query("ModelList")),
            ("help", lambda: user.text("#help")),
        ):
            await user.app.switch_mode(mode)
            await user.wait_until(ready)
            await user.pilot.pause()
            texts |= await texts_of(user)
        named = {"pair", "recommended-ensemble", "interaction", "saved", "models", "help"}
        assert named <= {*texts}
        assert any(name.startswith("about-") for name in texts)
        assert "sim/alder-7b" in texts["models"]


async def test_the_plan_is_copied_before_there_is_a_result(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.wait_until(lambda: "plan:" in user.result)
        await user.press("m", "y")
        assert "plan:" in user.app.clipboard and "sim/" in user.app.clipboard


async def test_a_whole_review_is_copied_from_its_dialog(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.run_round()
        user.screen.query_one(Grades).table.move_cursor(row=0, column=2)
        await user.press("g", "enter")
        assert isinstance(user.app.screen, ReviewScreen)
        await user.press("y")
        (path,) = (session_of(bench) / "copies").iterdir()
        assert path.name == "001-review-A-on-B.txt"
        assert path.read_text().startswith("A on B: ")
        assert str(path) in user.told


async def test_grades_that_are_a_what_if_are_copied_with_that_word(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.run_round()
        user.screen.query_one(Grades).table.move_cursor(row=1, column=1)
        await user.press("g", "space", "y")
        assert user.app.clipboard.startswith("what if: without grades of B · * changed\n")
        await user.press("x")
        text = (session_of(bench) / "round-1.md").read_text()
        assert "- without grades of B\n" in text.split("## What if")[1]


async def test_a_private_round_leaves_no_copy_export_or_picture(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("ctrl+o")
        await user.run_round()
        before = {*bench.folder.rglob("*")}
        await user.press("m", "y", "x", "ctrl+s")
        assert {*bench.folder.rglob("*")} == before
        assert "confidence" in user.app.clipboard
        assert user.told.count("a private session writes no text") == 3


async def test_a_replayed_session_is_copied_and_exported_into_its_own_folder(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.run_round()
    folder = session_of(bench)
    async with bench.opened() as user:  # another sitting: nothing of its own is saved yet
        await user.app.replay(folder)
        await user.wait_until(lambda: isinstance(user.app.screen, ReplayScreen))
        await user.press("e")
        await user.wait_until(lambda: "confidence" in user.result)
        await user.press("m", "y", "x")
        (copy,) = (folder / "copies").iterdir()
        assert "confidence" in copy.read_text()
        exported = folder / "round-1.md"
        assert exported.read_text().startswith(f"# Round {folder.name} 1\n")
        assert [stat.S_IMODE(path.stat().st_mode) for path in (copy, exported)] == [0o600, 0o600]


async def test_a_picture_is_of_the_screen_in_front(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("question_mark", "ctrl+s")
        (picture,) = (bench.folder / "screenshots").iterdir()
        assert picture.name == "001-help.svg"
