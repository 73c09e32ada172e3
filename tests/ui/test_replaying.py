"""A replay: what was saved comes back in the same panes, as it happened, or as far as is known."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from llmchem_tui.config import HistorySettings
from llmchem_tui.session.events import TextArrived
from llmchem_tui.storage.journal import JOURNAL_FILE
from llmchem_tui.ui.screens.history import HistoryScreen
from llmchem_tui.ui.screens.replay import ReplayScreen
from llmchem_tui.ui.widgets.board import VignettePane
from llmchem_tui.ui.widgets.chemistry import Chemistry
from llmchem_tui.ui.widgets.grades import Grades
from llmchem_tui.ui.widgets.heat import HeatTable
from llmchem_tui.ui.widgets.rounds import RoundList
from llmchem_tui.ui.widgets.streams import StreamPane
from llmchem_tui.ui.widgets.transport import HERE, Transport
from tests.saved_sessions import NAME, change_lines, save_session
from tests.ui.app_under_test import NARROW, WIDE, Bench, Driver
from tests.ui.replays import import_csv, open_first, open_history, replay_of, stand_still


def grades(user: Driver, letter: str) -> list[str]:
    """A row of the grade matrix of the replay."""
    table = replay_of(user).query_one(Grades).table
    return [str(cell).strip() for cell in table.get_row(letter)]


def changed(user: Driver) -> bool:
    """Whether a number of the matrix is marked as another than the saved one."""
    rows = [grades(user, row) for row in ("A", "B", "C", "consensus")]
    return any(cell.startswith("*") for row in rows for cell in row)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a session."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def stream(user: Driver, number: int) -> str:
    """What a stream shows."""
    return replay_of(user).query(StreamPane)[number - 1].copied().text


def chemistry_models(user: Driver) -> int:
    """How many models the chemistry table shows."""
    tables = replay_of(user).query_one(Chemistry).query(HeatTable)
    return sum(table.row_count for table in tables if table.display)


@pytest.fixture
def folder(bench: Bench) -> Path:
    """Return a session of two rounds in the bench's folder."""
    return save_session(bench.folder / "sessions", 2, own_grade=0.1)


# --- a journal --------------------------------------------------------------------------------


async def test_a_replay_begins_to_play_by_itself(bench: Bench, folder: Path) -> None:
    async with bench.opened() as user:
        await open_history(user)
        await user.press("enter")
        await user.wait_until(lambda: isinstance(user.app.screen, ReplayScreen))
        player = replay_of(user).player
        await user.wait_until(lambda: player.time > 0)
        assert "▸ playing" in user.text("#transport")
        await user.press("space")
        time_then = player.time
        assert "▪ paused" in user.text("#transport")
        await user.pilot.pause(0.15)
        assert player.time == time_then
        assert "Replay" in user.status
        assert "research use only" in user.status


async def test_step_and_step_back_show_what_happened_next(bench: Bench, folder: Path) -> None:
    async with bench.opened() as user:
        screen = await open_first(user)
        words = []
        for _ in range(12):
            await user.press("full_stop")
            words.append(" ".join(str(p.border_subtitle) for p in screen.query(StreamPane)))
        assert any("✓ done" in word for word in words)
        before = screen.player.time
        await user.press("full_stop", "comma")
        assert screen.player.time == before


async def test_jumps_lead_to_stage_2_and_to_the_consensus(bench: Bench, folder: Path) -> None:
    async with bench.opened() as user:
        screen = await open_first(user)
        await user.press("s")
        assert any(call.author for call in screen.player.state.calls)
        assert not screen.player.state.reviews
        assert "the round is being replayed" in user.result
        await user.press("e")
        assert screen.player.at_end
        assert "start amoxicillin 500 mg" in user.result
        assert f"replayed from {folder}" in user.result
        assert grades(user, "B")[1] == "!.20"
        await user.press("e")
        assert (screen.player.index, screen.player.finished) == (1, True)
        assert "■ end" in user.text("#transport")
        await user.press("s")  # back into the round: there is no outcome yet
        assert "the round is being replayed" in user.result
        assert "■ end" not in user.text("#transport")


async def test_the_speed_goes_from_1_to_50_and_back(bench: Bench, folder: Path) -> None:
    async with bench.opened() as user:
        screen = await open_first(user)
        speeds = []
        for key in ["plus"] * 6 + ["minus"] * 6:
            await user.press(key)
            speeds.append(screen.player.speed)
        assert speeds == [2, 5, 10, 20, 50, 50, 20, 10, 5, 2, 1, 1]
        await user.press("equals_sign")  # the same key without shift
        assert "×2" in user.text("#transport")


async def test_the_bar_seeks_by_key_and_by_mouse(bench: Bench, folder: Path) -> None:
    async with bench.opened() as user:
        screen = await open_first(user)
        assert isinstance(user.app.focused, Transport)
        await user.press("right", "right", "left")
        assert screen.player.time == pytest.approx(screen.player.length * 0.05)
        bar = screen.query_one(Transport)
        await user.pilot.click(bar, offset=(bar.size.width - 2, 0))
        await user.pilot.pause()
        assert screen.player.index == 1
        assert user.text("#transport").rstrip().endswith(HERE) or screen.player.time > 0
        await user.press("0")
        assert (screen.player.index, screen.player.time) == (0, 0.0)
        await user.press("end")
        assert screen.player.finished
        await user.press("home")
        assert (screen.player.index, screen.player.time) == (0, 0.0)


def seen(rounds: RoundList) -> list[str]:
    return [rounds.render_line(y).text.strip() for y in range(rounds.option_count)]


async def test_rounds_are_gone_to_by_key_and_from_their_list(bench: Bench, folder: Path) -> None:
    async with bench.opened() as user:
        screen = await open_first(user)
        rounds = screen.query_one(RoundList)
        assert seen(rounds) == ["● 1 cough · RANDOM", "2 cough · RANDOM"]
        await user.press("n")
        assert screen.player.state.trial == f"{NAME} 2"
        await user.press("p")
        assert screen.player.state.trial == f"{NAME} 1"
        await user.press("r", "down", "enter")
        assert screen.player.index == 1
        assert seen(rounds) == ["1 cough · RANDOM", "● 2 cough · RANDOM"]
        assert rounds.copied().text == "  1 cough · RANDOM\n● 2 cough · RANDOM"


async def test_panes_zoom_and_vignette_are_as_in_a_live_round(bench: Bench, folder: Path) -> None:
    async with bench.opened(NARROW) as user:
        screen = await open_first(user)
        await user.press("v")
        assert screen.board.front == "vignette"
        assert "coughs" in user.text("#vignette")
        await user.press("2")
        assert screen.board.zoomed
        await user.press("escape")
        assert not screen.board.zoomed
        assert user.app.screen is screen
        await user.press("escape")
        await user.wait_until(lambda: isinstance(user.app.screen, HistoryScreen))


async def test_every_text_is_what_was_sent(bench: Bench, folder: Path) -> None:
    async with bench.opened() as user:
        screen = await open_first(user)
        await user.press("e")
        sent = "".join(
            event.text
            for event in screen.player.round.events
            if isinstance(event, TextArrived) and event.call.model == "b" and not event.call.author
        )
        assert "doxycycline" in sent
        assert "doxycycline" in stream(user, 2)
        assert "Probably bacterial." in stream(user, 2)


async def test_it_waits_while_another_screen_is_in_front(bench: Bench, folder: Path) -> None:
    async with bench.opened() as user:
        screen = await open_first(user)
        await user.press("space", "l")
        stood = screen.player.time
        await user.pilot.pause(0.3)
        assert screen.player.time == stood
        await user.press("h")
        assert user.app.screen is screen
        await user.wait_until(lambda: screen.player.time > stood)


# --- what if ----------------------------------------------------------------------------------


async def test_a_replayed_round_is_recomputed_and_what_changes_is_marked(
    bench: Bench, folder: Path
) -> None:
    files = contents(folder)
    async with bench.opened() as user:
        screen = await open_first(user)
        await user.press("e", "g", "down", "space")
        assert screen.board.reading is not None
        assert screen.board.reading.off == {"b"}
        assert changed(user)
        assert "what if: without" in user.result
        assert "the saved files keep:" in user.result
        await user.wait_until(lambda: "what if" in user.text("#chemistry"))
        await user.press("space")
        assert not changed(user)
        assert "what if" not in user.result
        await user.press(*["greater_than_sign"] * 10)
        assert "abstaining below 1.00" in user.result
        await user.press(*["less_than_sign"] * 10)
        assert "abstaining" not in user.result
    assert contents(folder) == files


async def test_a_round_without_its_journal_is_recomputed_from_its_reviews(
    bench: Bench, folder: Path
) -> None:
    (folder / "journal.jsonl").unlink()
    files = contents(folder)
    async with bench.opened() as user:
        await open_first(user)
        assert grades(user, "consensus")[1] == "–"  # nothing has ended yet
        await user.press("e")
        assert not changed(user)
        await user.press("g", "down", "space")
        assert changed(user)
        assert "what if: without" in user.result
        await user.press("space")
        assert not changed(user)
    assert contents(folder) == files


async def test_a_persons_grades_can_be_counted_in(bench: Bench, folder: Path) -> None:
    async with bench.opened() as user:
        await open_first(user)
        await user.press("e")
        assert grades(user, "human")[1] == ".10"
        assert grades(user, "human")[0] == "○ you"
        await user.press("g", *["down"] * 4, "space")
        assert "with your grades" in user.result
        assert grades(user, "human")[0] == "you"


# --- histories --------------------------------------------------------------------------------


async def test_a_history_is_replayed_trial_by_trial_and_unknowns_stay_unknown(
    bench: Bench,
) -> None:
    import_csv(bench)
    async with bench.opened() as user:
        screen = await open_first(user)
        assert screen.player.speed == 50
        assert "reviews unknown" in user.status
        assert not user.app.screen.check_action("stage_2", ())
        await user.press("e")
        assert "whether anything was recommended is not known" in user.result
        assert "not medical advice" in user.result
        assert grades(user, "consensus")[1:3] == [".90", ".80"]
        assert grades(user, "A")[2] == "–"
        assert stream(user, 2) == "half-true"
        assert "does not have the vignette's text" in user.text("#vignette")
        await user.press("g", "space", "greater_than_sign")
        assert "there are no grades to leave out" in user.told
        assert "what if" not in user.result


async def test_the_chemistry_evolves_as_rounds_are_added(bench: Bench) -> None:
    extra = "green owl,m3,classify,1,,Item_1,x,9,1,0.1,0.9,0.9,9s,2025-01-03 00:00:00,LOCAL\n"
    from tests.saved_sessions import PUBLISHED

    import_csv(bench, PUBLISHED + extra)
    async with bench.opened() as user:
        await open_first(user)
        assert chemistry_models(user) == 0
        await user.press("e")
        await user.wait_until(lambda: chemistry_models(user) == 2)
        await user.press("e", "e")
        await user.wait_until(lambda: chemistry_models(user) == 3)
        await user.press("0")
        await user.wait_until(lambda: chemistry_models(user) == 0)


@pytest.mark.integration
async def test_the_real_published_history_plays(bench: Bench, shared: Path) -> None:
    runs = shared / "data" / "published" / "runs.csv"
    bench.settings = replace(bench.settings, history=HistorySettings(paths=(str(runs),)))
    async with bench.opened() as user:
        screen = await open_first(user)
        assert "round 1 of 1,400" in user.text("#transport")
        assert "shifted rows repaired" in user.told
        for models in (5, 10):
            await user.press("e")
            await user.wait_until(lambda models=models: chemistry_models(user) == models)
        for _ in range(19):
            await user.press("right")
        await user.wait_until(lambda: chemistry_models(user) == 12)
        assert screen.player.index > 1_000


# --- private, damaged, large ------------------------------------------------------------------


async def test_a_private_session_is_replayed_in_numbers(bench: Bench) -> None:
    save_session(bench.folder / "sessions", 1, private=True)
    async with bench.opened() as user:
        screen = await open_first(user)
        await user.press("e")
        assert "PRIVATE" in user.status
        assert "not saved (private)" in user.text("#vignette")
        assert "not saved (private)" in stream(user, 1)
        assert "there was a recommendation" in user.result
        assert grades(user, "A")[2] == ".80"
        screen.query_one(VignettePane).focus()
        await user.press("y")
        assert "a private session writes no text" in user.told


async def test_a_round_that_was_broken_off_says_so(bench: Bench) -> None:
    folder = save_session(bench.folder / "sessions", 1)
    change_lines(folder, lambda lines: lines.__delitem__(slice(20, None)))
    (folder / "history.csv").unlink()
    async with bench.opened(NARROW) as user:
        await open_first(user)
        await user.press("e")
        assert "this round was broken off" in user.result
        assert "broken off" in user.status
        await user.press("0")
        assert "broken off" not in user.status


async def test_what_if_in_a_private_round_recomputes_all_that_grades_tell(bench: Bench) -> None:
    folder = save_session(bench.folder / "sessions", 1, private=True)
    files = contents(folder)
    async with bench.opened() as user:
        screen = await open_first(user)
        await user.press("e")
        saved = [grades(user, row) for row in ("A", "B", "C", "consensus")]
        await user.press("g", "down", "space")
        assert changed(user)
        assert "–" not in "".join(grades(user, "consensus")[1:4] + grades(user, "A")[-2:])
        assert "what if: without" in user.result
        assert "cannot be recomputed: this is the saved one" in user.result
        assert "there was a recommendation" in user.result
        await user.wait_until(lambda: "what if" in user.text("#chemistry"))
        assert chemistry_models(user) == 2  # b, whose grades are out, has no accuracy left
        await user.press("less_than_sign")
        assert screen.board.reading is not None
        assert not screen.board.reading.moved_threshold
        await user.press("space")
        assert [grades(user, row) for row in ("A", "B", "C", "consensus")] == saved
        assert "what if" not in user.result
    assert contents(folder) == files


async def test_a_private_round_without_its_journal_is_recomputed_too(bench: Bench) -> None:
    folder = save_session(bench.folder / "sessions", 1, private=True)
    (folder / "journal.jsonl").unlink()
    async with bench.opened() as user:
        await open_first(user)
        await user.press("e")
        assert not changed(user)
        await user.press("g", "down", "space")
        assert changed(user)
        assert "–" not in "".join(grades(user, "consensus")[1:4] + grades(user, "A")[-2:])
        assert "what if: without" in user.result


async def test_many_damaged_lines_are_told_in_few_words(bench: Bench, folder: Path) -> None:
    def tear(lines: list[bytes]) -> None:
        lines[5:5] = [b"{"] * 500

    change_lines(folder, tear)
    async with bench.opened() as user:
        await open_first(user)
        assert user.told.count("is damaged and was left out") == 3
        assert f"497 more of the kind in {folder}" in user.told


async def test_a_seek_in_a_journal_of_many_events_is_quick(bench: Bench) -> None:
    folder = save_session(bench.folder / "sessions", 1)

    def multiply(lines: list[bytes]) -> None:
        place, text = next((i, one) for i, one in enumerate(lines) if b"TextArrived" in one)
        lines[place:place] = [text] * 8_000

    change_lines(folder, multiply)
    async with bench.opened() as user:
        screen = await open_first(user)
        assert len(screen.player.round.events) > 8_000
        took = []
        for share in (1.0, 0.5, 0.9, 0.0, 0.99):
            begin = time.perf_counter()
            screen.player.seek_share(share)
            took.append(time.perf_counter() - begin)
        assert max(took) < 1.0  # 30 ms here; a slow machine must not fail
        await user.press("e")
        assert "start amoxicillin" in user.result


# --- ways in and out --------------------------------------------------------------------------


async def test_one_key_replays_the_round_that_has_just_ended(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.run_round()
        await user.run_round()
        await user.press("r")
        screen = await stand_still(user)
        assert screen.saved.path == user.screen.desk.saved_in
        await user.press("h", "escape")


async def test_it_begins_at_the_trial_that_is_asked_for(bench: Bench, folder: Path) -> None:
    async with bench.opened() as user:
        await user.app.replay(folder, f"{NAME} 2")
        await user.wait_until(lambda: isinstance(user.app.screen, ReplayScreen))
        assert replay_of(user).player.index == 1
        there = replay_of(user)
        await user.app.switch_mode("models")
        await user.app.replay(folder)  # once more: the same screen begins anew
        await user.wait_until(lambda: there.player.index == 0)
        assert user.app.get_screen_stack("history").count(there) == 1


async def test_escape_leads_back_to_where_the_replay_was_asked_for(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.run_round()
        await user.press("r")
        await stand_still(user)
        await user.press("escape")
        await user.wait_until(lambda: user.app.screen is user.screen)
        await open_first(user)
        await user.press("escape")
        await user.wait_until(lambda: isinstance(user.app.screen, HistoryScreen))


async def test_texts_and_reports_of_a_replay_go_into_its_own_session(
    bench: Bench, folder: Path
) -> None:
    async with bench.opened() as user:
        await open_first(user)
        await user.press("e", "v", "y")
        assert list((folder / "copies").iterdir())
        await user.press("x")
        assert (folder / "round-1.md").exists()


async def test_the_copy_of_a_history_does_not_go_beside_the_csv(bench: Bench) -> None:
    import_csv(bench)
    async with bench.opened() as user:
        await open_first(user)
        await user.press("e", "v", "y")
        assert str(bench.folder / "exports") in user.told


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_without_a_journal_a_session_still_has_its_texts(
    bench: Bench, folder: Path, size: tuple[int, int]
) -> None:
    (folder / JOURNAL_FILE).unlink()
    async with bench.opened(size) as user:
        await open_first(user)
        await user.press("e")
        assert "start amoxicillin 500 mg" in user.result
        assert "when things happened is not known" in user.told
        assert grades(user, "A")[2] == ".80"
