"""A sitting at the Round screen: round after round, saved, from the keyboard."""

from __future__ import annotations

from llmchem_tui.session.events import Call, Phase
from llmchem_tui.session.provider import Unreachable
from llmchem_tui.session.state import CallState
from llmchem_tui.ui.widgets.chemistry import Chemistry
from llmchem_tui.ui.widgets.pool import PoolList
from llmchem_tui.ui.widgets.streams import StreamPane
from llmchem_tui.ui.words import state_word
from tests.session.scripted import ScriptedProvider, answer_json, review_json, said
from tests.ui.app_under_test import Bench, saved_rows, scripted_pool


async def test_the_first_screen_shows_vignette_pool_and_ensemble(bench: Bench) -> None:
    async with bench.opened() as user:
        assert "SIMULATED" in user.status
        assert "cap-older-adult · EXPLORE n=3" in user.status
        assert "research use only" in user.status
        assert "72-year-old" in user.text("#vignette")
        pool = user.screen.query_one("#pool")
        assert user.app.focused is pool
        assert not (bench.folder / "sessions").exists()  # looking around leaves nothing


async def test_a_round_ends_with_a_recommendation_and_a_saved_session(bench: Bench) -> None:
    async with bench.opened() as user:
        ensemble = user.ensemble
        await user.run_round()
        assert "confidence" in user.result
        assert "research use only, not medical advice · saved in" in user.result
        assert str(bench.folder) in user.result
        saved = saved_rows(bench.folder)
        assert [row["model"] for row in saved] == list(ensemble)
        assert {row["strategy"] for row in saved} == {"EXPLORE"}
        (session,) = (bench.folder / "sessions").iterdir()
        names = {path.name for path in session.iterdir()}
        assert names == {"history.csv", "reviews.csv", "journal.jsonl", "session.toml"}


async def test_three_rounds_in_a_row_meet_every_model(bench: Bench) -> None:
    async with bench.opened() as user:
        ensembles = [set(user.ensemble)]
        await user.run_round()
        for _ in range(2):
            await user.press("a")
            ensembles.append(set(user.ensemble))
            await user.run_round()
        assert not ensembles[0] & ensembles[1]
        assert len(set.union(*ensembles)) == len(user.laboratory.pool.models)
        assert len(saved_rows(bench.folder)) == 9
        assert "CHEMISTRY" in user.text("#chemistry")  # nothing is left to explore
        assert user.screen.query_one(Chemistry).query_one("DataTable").display


async def test_adopting_shows_the_offered_ensemble_and_then_offers_nothing(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.run_round()
        assert user.enabled("adopt")
        await user.press("a")
        assert user.screen.desk.setup.offered is user.screen.desk.setup.choice
        lines = [str(option.prompt) for option in user.screen.query_one(PoolList).options]
        marked = tuple(line.split()[1] for line in lines if line.startswith("●"))
        assert marked == user.ensemble
        assert not user.enabled("adopt")


async def test_the_grades_show_who_gave_what_and_why(bench: Bench) -> None:
    provider = ScriptedProvider(
        {
            ("a", "b"): [said(review_json(0.9))],
            ("a", "c"): [said(review_json(0.3, "Not with warfarin."))],
            ("b", "a"): [said("nonsense"), said("nonsense")],
        }
    )
    bench.open_pool = scripted_pool(provider)
    async with bench.opened() as user:
        await user.run_round()
        assert user.row("A")[:4] == ["A a", "–", ".90", "!.30"]
        assert user.row("B")[1] == "✗"
        await user.press("g", "right", "right", "right")
        assert "A on C: ! Not with warfarin. Fits." in user.text("#grades")
        await user.press("left", "left", "down")
        assert "B on A: no grade, unparsed" in user.text("#grades")


async def test_a_pane_shows_the_answer_and_turns_to_the_latest_review(bench: Bench) -> None:
    provider = ScriptedProvider({"a": [said(answer_json("doxycycline"))]})
    bench.open_pool = scripted_pool(provider)
    async with bench.opened() as user:
        await user.run_round()
        await user.press("o")
        pane = user.app.focused
        assert isinstance(pane, StreamPane) and pane.model == "a"
        assert "doxycycline" in user.text("StreamPane")
        await user.press("enter")
        assert "Fits." in pane.text
        await user.press("enter")
        assert "doxycycline" in pane.text


async def test_one_failing_model_does_not_stop_the_round(bench: Bench) -> None:
    provider = ScriptedProvider({"b": [(Unreachable("the server is gone"),)]})
    bench.open_pool = scripted_pool(provider)
    async with bench.opened() as user:
        await user.run_round()
        assert "the server is gone" in user.text("StreamPane")
        assert "(2 of 2 reviews" in user.result
        assert user.row("B")[1:4] == ["–", "–", "–"]


def test_a_call_that_is_asked_again_says_so() -> None:
    state = CallState(Call("a"), began=1.0, phase=Phase.RETRYING)
    assert str(state_word(state, 3.0)) == "↻ retrying 2 s"


async def test_a_round_without_answers_says_that_it_failed(bench: Bench) -> None:
    failing = {name: [(Unreachable("no route"),)] for name in "abc"}
    bench.open_pool = scripted_pool(ScriptedProvider(failing))
    async with bench.opened() as user:
        await user.run_round()
        assert "the round failed: no model gave an answer" in user.result
        assert "confidence" not in user.result


async def test_the_result_keeps_its_vignette_when_another_is_chosen(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.run_round()
        await user.press("v", *"croup", "enter")
        assert "croup-toddler" in user.status
        title = user.screen.query_one("#recommendation").border_title
        assert "cap-older-adult" in str(title)
