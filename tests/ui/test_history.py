"""The History screen: everything that is saved in one list, searched, told about, replayed."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Input

from llmchem_tui.storage.history import HISTORY_FILE
from llmchem_tui.storage.journal import JOURNAL_FILE
from llmchem_tui.storage.session_file import SESSION_FILE
from llmchem_tui.ui.screens.replay import ReplayScreen
from llmchem_tui.ui.widgets.saved import Details, SavedList, Search
from tests.saved_sessions import NAME, save_session
from tests.ui.app_under_test import NARROW, Bench
from tests.ui.replays import history_of, import_csv, listed, open_history, replay_of
from tests.ui.test_untrusted_text import EVIL, assert_harmless


def save_several(bench: Bench) -> list[Path]:
    """A real session, a simulated one, a private one: newest last; and a history."""
    sessions = bench.folder / "sessions"
    import_csv(bench)
    return [
        save_session(sessions, 1),
        save_session(sessions, 2, prefix="sim/"),
        save_session(sessions, 1, private=True),
    ]


async def test_where_nothing_is_saved_it_says_what_to_press(bench: Bench) -> None:
    async with bench.opened() as user:
        await open_history(user)
        (line,) = listed(user)
        assert "Nothing is saved yet. esc goes back to run a round" in line
        assert "o opens a CSV history" in line
        assert "0 sessions" in user.status
        await user.press("enter", "slash", "enter")
        assert history_of(user).query_one(SavedList).entry is None
        await user.press("escape", "e")
        assert history_of(user).check_action("compare", ()) is None
        await user.press("escape")
        assert user.app.current_mode == "round"


async def test_sessions_and_histories_are_in_one_list(bench: Bench) -> None:
    save_several(bench)
    async with bench.opened() as user:
        await open_history(user)
        lines = listed(user)
        assert len(lines) == 4
        assert "2026-01-31 09:15:00 (3) 1 round" in lines[0]
        assert "PRIVATE" in lines[0]
        assert "2 rounds" in lines[1]
        assert "SIMULATED sim/a, sim/b, sim/c" in lines[1]
        assert "runs.csv" in lines[3]
        assert "m1, m2, m3" in lines[3]
        assert "3 sessions · 1 history file" in user.status


async def test_it_tells_of_the_highlighted_one_without_opening_it(bench: Bench) -> None:
    folders = save_several(bench)
    async with bench.opened() as user:
        await open_history(user)
        assert "numbers only: its texts are not saved" in user.text("#details")
        await user.press("down", "down")
        told = user.text("#details")
        assert "models a, b, c" in told
        assert "vignettes cough" in told
        assert "1 of 1 round with a recommendation" in told
        assert str(folders[0]) in told
        assert "1 cough  RANDOM n=3 · confidence .53" in told
        await user.press("down")
        told = user.text("#details")
        assert "tasks classify" in told
        assert "outcome not known" in told
        assert "blue fox  LOCAL n=2" in told
        history_of(user).query_one(Details).focus()
        await user.press("y")
        assert "about-runs.csv" in user.told


async def test_search_narrows_by_name_model_vignette_and_label(bench: Bench) -> None:
    save_several(bench)
    async with bench.opened() as user:
        screen = await open_history(user)
        found = {}
        for typed in ("sim/", "private", "COUGH rounds", "m3", "2026 cough", "nothing such"):
            await user.press("slash")
            screen.query_one(Search).value = typed
            await user.pilot.pause()
            found[typed] = len(listed(user)) if "nothing found" not in listed(user)[0] else 0
        assert found == {
            "sim/": 1,
            "private": 1,
            "COUGH rounds": 0,
            "m3": 1,
            "2026 cough": 2,
            "nothing such": 0,
        }
        await user.press("escape")
        assert len(listed(user)) == 4
        assert user.app.focused is screen.query_one(SavedList)


async def test_the_list_is_moved_in_from_the_search_field(bench: Bench) -> None:
    save_several(bench)
    async with bench.opened() as user:
        screen = await open_history(user)
        saved = screen.query_one(SavedList)
        await user.press("slash", "down", "down")
        places = [saved.highlighted]
        for key in ("up", "pagedown", "pageup"):
            await user.press(key)
            places.append(saved.highlighted)
        assert places == [2, 1, 3, 0]
        assert isinstance(user.app.focused, Input)
        await user.press(*"runs", "enter")
        await user.wait_until(lambda: isinstance(user.app.screen, ReplayScreen))
        assert replay_of(user).saved.path.name == "runs.csv"


async def test_what_is_damaged_stays_in_the_list_and_says_why(bench: Bench) -> None:
    folders = save_several(bench)
    (folders[0] / HISTORY_FILE).unlink()
    (folders[1] / SESSION_FILE).write_text("format = 9\n", encoding="utf-8")
    (bench.folder / "runs.csv").write_text("", encoding="utf-8")
    async with bench.started() as user:  # such a history leaves no laboratory
        screen = await open_history(user)
        assert [line.startswith("✗") for line in listed(user)] == [False, True, True, True]
        assert "3 damaged" in user.status
        await user.press("down")
        assert "newer" in user.text("#details")
        await user.press("enter")
        await user.wait_until(lambda: "newer" in user.told)
        assert history_of(user) is screen
        await user.press("down", "down")
        assert "is empty" in user.text("#details")
        await user.press("up", "enter")  # its journal is whole
        await user.wait_until(lambda: isinstance(user.app.screen, ReplayScreen))
        assert str(folders[0] / HISTORY_FILE) in user.told


async def test_a_file_that_is_not_in_the_list_is_opened_and_stays_there(bench: Bench) -> None:
    async with bench.opened() as user:
        import_csv(bench, name="other.csv")
        await open_history(user)
        await user.press("o")
        user.app.screen.query_one(Input).value = str(bench.folder / "other.csv")
        await user.press("enter")
        await user.wait_until(lambda: isinstance(user.app.screen, ReplayScreen))
        await user.press("escape")
        await user.wait_until(lambda: "other.csv" in listed(user)[0])
        await user.press("o", "escape")
        assert "other.csv" in listed(user)[0]


async def test_a_path_without_a_file_is_told_in_one_sentence(bench: Bench) -> None:
    async with bench.opened() as user:
        screen = await open_history(user)
        await user.press("o", *"none.csv", "enter")
        await user.wait_until(lambda: "There is no file none.csv" in user.told)
        assert history_of(user) is screen


async def test_a_round_that_has_just_ended_is_in_the_list(bench: Bench) -> None:
    async with bench.opened() as user:
        await open_history(user)
        await user.press("escape")
        await user.run_round()
        await open_history(user)
        await user.wait_until(lambda: "1 round" in listed(user)[0])


async def test_the_list_keeps_its_place_while_another_screen_is_in_front(bench: Bench) -> None:
    save_several(bench)
    async with bench.opened(NARROW) as user:
        screen = await open_history(user)
        await user.press("down", "down", "l", "h")
        await user.pilot.pause()
        assert history_of(user) is screen
        assert screen.query_one(SavedList).highlighted == 2


async def test_hostile_names_are_shown_harmlessly(bench: Bench) -> None:
    cell = '"' + EVIL.replace('"', "") + '"'
    rows = f"trial,model,task,quality,accuracy,strategy\n{cell},{cell},{cell},5,0.5,{cell}\n"
    import_csv(bench, rows, name="[b] evil.csv")
    folder = save_session(bench.folder / "sessions", 1)
    (folder / JOURNAL_FILE).write_text("[/b]\x1b[31m\n", encoding="utf-8")
    async with bench.opened(NARROW) as user:
        await open_history(user)
        assert "[b] evil.csv" in listed(user)[1]
        await user.press("down")
        assert_harmless(user)
        await user.press("enter")
        await user.wait_until(lambda: isinstance(user.app.screen, ReplayScreen))
        await user.pilot.pause()
        assert_harmless(user)
    assert NAME in folder.name
