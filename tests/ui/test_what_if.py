"""What if a reviewer were left out, or it abstained sooner: the screen changes, no file does."""

from __future__ import annotations

from llmchem_tui.ui.widgets.grades import Grades
from tests.session.scripted import Script, ScriptedProvider, answer_json, review_json, said
from tests.ui.app_under_test import Bench, Driver, saved_rows, scripted_pool
from tests.ui.test_blind import grade_all

GRADES = {("a", "b"): 0.9, ("a", "c"): 0.1, ("b", "a"): 0.6, ("b", "c"): 0.5}
GRADES |= {("c", "a"): 0.2, ("c", "b"): 0.9}


def graded() -> ScriptedProvider:
    scripts: dict[object, list[Script]] = {
        pair: [said(review_json(grade))] for pair, grade in GRADES.items()
    }
    drugs = {"a": "amoxicillin", "b": "doxycycline", "c": "cefuroxime"}
    return ScriptedProvider(
        scripts | {name: [said(answer_json(drug))] for name, drug in drugs.items()}
    )


def consensus(user: Driver) -> list[str]:
    return user.row("consensus")[1:4]


async def on_row(user: Driver, letter: str) -> None:
    """Put the cursor on a reviewer's row."""
    grades = user.screen.query_one(Grades)
    grades.table.focus()
    grades.table.move_cursor(row=grades.table.get_row_index(letter), column=1)
    await user.pilot.pause()


async def test_a_reviewer_left_out_changes_consensus_result_and_chemistry_but_no_file(
    bench: Bench,
) -> None:
    bench.open_pool = scripted_pool(graded())
    async with bench.opened() as user:
        await user.run_round()
        saved, before = saved_rows(bench.folder), consensus(user)
        calls = len(user.laboratory.pool.endpoints["server"].provider.requests)  # type: ignore[attr-defined]
        await on_row(user, "C")
        await user.press("space")
        assert user.row("C")[0].startswith("○")
        assert consensus(user) != before
        assert consensus(user)[0] == "*.60"
        assert "without grades of C" in str(user.screen.query_one(Grades).border_subtitle)
        assert "what if" in user.result
        await user.wait_until(lambda: "not as it is saved" in user.text("#chemistry"))
        await user.press("space")
        assert consensus(user) == before
        assert "what if" not in user.result
        await user.wait_until(lambda: "not as it is saved" not in user.text("#chemistry"))
        assert saved_rows(bench.folder) == saved
        assert calls == len(user.laboratory.pool.endpoints["server"].provider.requests)  # type: ignore[attr-defined]


async def test_a_higher_threshold_makes_it_abstain_with_candidates(bench: Bench) -> None:
    bench.open_pool = scripted_pool(graded())
    async with bench.opened() as user:
        await user.run_round()
        saved = saved_rows(bench.folder)
        assert "abstain" not in user.result.lower()
        await user.press(*[">"] * 10)
        assert "abstain" in user.result.lower()
        assert "abstaining below 1.00" in str(user.screen.query_one(Grades).border_subtitle)
        await user.press(*["<"] * 10)
        assert "abstain" not in user.result.lower()
        assert not user.screen.query_one(Grades).border_subtitle
        assert saved_rows(bench.folder) == saved


async def test_the_users_grades_count_only_where_asked(bench: Bench) -> None:
    bench.open_pool = scripted_pool(graded())
    async with bench.opened() as user:
        await user.run_round()
        before = consensus(user)
        await grade_all(user, "1")
        assert consensus(user) == before
        await on_row(user, "human")
        await user.press("space")
        assert user.row("human")[0] == "you"
        assert consensus(user) != before
        assert "with your grades" in str(user.screen.query_one(Grades).border_subtitle)


async def test_a_review_is_read_whole_and_closed_again(bench: Bench) -> None:
    bench.open_pool = scripted_pool(graded())
    async with bench.opened() as user:
        await user.run_round()
        await on_row(user, "B")
        await user.press("enter")
        assert "B on A: Fits." in user.text("#dialog")
        for key in ("escape", "enter", "q"):
            await user.press(key)
            assert user.app.screen is user.screen
            await user.press("enter")
