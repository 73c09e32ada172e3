"""What if a reviewer were left out, or it abstained sooner: the screen changes, no file does."""

from __future__ import annotations

import pytest

from llmchem_tui.domain.final_recommendation import Candidate
from llmchem_tui.ui.outcome import shortfall
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
        assert user.row("C")[0].startswith("○ C")
        assert consensus(user) != before
        assert consensus(user)[0] == "*.60"
        assert (
            str(user.screen.query_one(Grades).border_subtitle) == "what if: without C · * changed"
        )
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
        assert "abstain < 1.00 ·" in str(user.screen.query_one(Grades).border_subtitle)
        await user.press(*["<"] * 10)
        assert "abstain" not in user.result.lower()
        assert not user.screen.query_one(Grades).border_subtitle
        assert saved_rows(bench.folder) == saved


async def test_what_was_asked_of_a_round_ends_with_it(bench: Bench) -> None:
    bench.open_pool = scripted_pool(graded())
    async with bench.opened() as user:
        await user.run_round()
        await on_row(user, "C")
        await user.press("space")
        await user.wait_until(lambda: "not as it is saved" in user.text("#chemistry"))
        await user.press("ctrl+r")
        await user.wait_until(lambda: "not as it is saved" not in user.text("#chemistry"))
        await user.wait_until(lambda: not user.screen.desk.busy)


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
        assert "with yours" in str(user.screen.query_one(Grades).border_subtitle)


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


def labels(user: Driver) -> list[str]:
    """The names of the rows as they stand in the matrix, blanks included."""
    table = user.screen.query_one(Grades).table
    return [str(table.get_row(key)[0]) for key in table.rows]


async def test_a_reviewers_name_does_not_move_when_it_is_left_out(bench: Bench) -> None:
    bench.open_pool = scripted_pool(graded())
    async with bench.opened() as user:
        await user.run_round()
        assert labels(user) == ["  A a", "  B b", "  C c", "  consensus"]
        await on_row(user, "B")
        await user.press("space")
        assert labels(user) == ["  A a", "○ B b", "  C c", "  consensus"]


async def test_a_long_name_ends_in_an_ellipsis_and_has_all_the_room_there_is(
    bench: Bench,
) -> None:
    long = "a-model-with-a-name-longer-than-any-pane-has-room-for-" * 3
    bench.open_pool = scripted_pool(ScriptedProvider(), ("a", "b", long))
    async with bench.opened() as user:
        await user.run_round()
        grades = user.screen.query_one(Grades)
        label = next(label for label in labels(user) if "a-model" in label)
        assert label.endswith("…")
        columns = sum(column.width for column in grades.table.columns.values())
        assert columns == grades.content_size.width - 1  # of the scrollbar
        await user.pilot.resize_terminal(200, 50)
        await user.pilot.pause()
        assert len(next(one for one in labels(user) if "a-model" in one)) > len(label)


async def test_what_the_columns_of_a_reviewer_mean_is_told_under_the_cursor(bench: Bench) -> None:
    bench.open_pool = scripted_pool(graded())
    async with bench.opened() as user:
        await user.run_round()
        await user.press("g", *["right"] * 4)
        assert "0-10 scale" in user.text("#grades")
        await user.press("right")
        assert "review accuracy" in user.text("#grades")


async def test_only_the_matrix_has_stars_and_says_what_they_mean(bench: Bench) -> None:
    bench.open_pool = scripted_pool(graded())
    async with bench.opened() as user:
        await user.run_round()
        await on_row(user, "C")
        await user.press("space")
        assert "what if: without grades of C\n" in user.result
        assert "changed" not in user.result


async def test_an_abstention_has_the_confidence_that_missed_and_each_regimen_once(
    bench: Bench,
) -> None:
    scripts: dict[object, list[Script]] = {pair: [said(review_json(0.4))] for pair in GRADES}
    drugs = {"a": "amoxicillin", "b": "amoxicillin", "c": "cefuroxime"}
    bench.open_pool = scripted_pool(
        ScriptedProvider(
            scripts | {name: [said(answer_json(drug))] for name, drug in drugs.items()}
        )
    )
    async with bench.opened() as user:
        await user.run_round()
        assert "abstains: best confidence 0.27 is below 0.50" in user.result
        assert user.result.count("amoxicillin") == 1
        assert "A a 0.27, B b 0.27  start amoxicillin" in user.result
        assert "C c 0.13  start cefuroxime" in user.result


@pytest.mark.parametrize(
    ("confidence", "told"),
    [
        (0.4321, "0.43 is below 0.50"),
        (0.4996, "0.4996 is below 0.5000"),
        (0.5, ""),
        (None, ""),
    ],
)
def test_a_confidence_just_missed_has_the_digits_that_show_it(
    confidence: float | None, told: str
) -> None:
    assert shortfall([Candidate("a", 8.0, 0.5, confidence)], 0.5).endswith(told)
    assert bool(shortfall([Candidate("a", 8.0, 0.5, confidence)], 0.5)) == bool(told)


async def test_the_shares_of_support_say_of_what_they_are(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider())
    async with bench.opened() as user:
        await user.run_round()
        assert "100% (each: share of the weighted answers that name it)" in user.result
