"""The app around the five screens: its keys, leaving, the private session, signals, a crash."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.widgets import Input

from llmchem_tui.cli.app import open_app
from llmchem_tui.recorder import Recorder
from llmchem_tui.storage.files import StorageError
from llmchem_tui.ui.app import LlmchemApp
from llmchem_tui.ui.ascii import Ascii
from llmchem_tui.ui.screens.dialogs import LeaveScreen, PickScreen
from llmchem_tui.ui.screens.themes import ThemeScreen
from llmchem_tui.ui.widgets.keys import KeysPanel
from tests.session.scripted import FOREVER, ScriptedProvider
from tests.ui.app_under_test import NARROW, SETTINGS, Bench, Driver, saved_rows, scripted_pool

MODES = {
    "escape": "round",
    "c": "chemistry",
    "h": "history",
    "l": "models",
    "question_mark": "help",
}


@pytest.fixture
def endless(bench: Bench) -> Bench:
    """Return a bench on which a round never ends by itself."""
    bench.open_pool = scripted_pool(ScriptedProvider({name: [(FOREVER,)] for name in "abc"}))
    return bench


def has_left(user: Driver) -> bool:
    return user.app._exit


def panel_of_keys(user: Driver) -> str:
    """What the panel of keys says, wherever its lines break."""
    return " ".join(user.text("KeysPanel").split())


async def test_every_key_of_the_app_works_on_every_screen(bench: Bench) -> None:
    async with bench.opened(NARROW) as user:
        for to, mode in MODES.items():
            await user.press(to)
            assert user.app.current_mode == mode
            await user.press("k")
            assert user.app.screen.query(KeysPanel)
            await user.press("k")
            assert not user.app.screen.query(KeysPanel)
            await user.press("t")
            assert isinstance(user.app.screen, ThemeScreen)
            await user.press("escape", "ctrl+p")
            assert isinstance(user.app.screen, CommandPalette)
            await user.press("escape", "ctrl+o")
            assert "PRIVATE" in user.status
            await user.press("ctrl+o")
            assert "PRIVATE" not in user.status
            if mode != "round":
                await user.press("escape")
                assert user.app.current_mode == "round"
                await user.press(to)


async def test_the_panel_of_keys_says_what_has_the_keyboard_and_what_each_key_does(
    bench: Bench,
) -> None:
    async with bench.opened() as user:
        await user.press("k")
        await user.wait_until(lambda: "L runs locally" in panel_of_keys(user))
        panel = panel_of_keys(user)
        assert "^r Run a round" in panel
        assert "t Theme: other colours, seen at once" in panel
        await user.press("g")
        await user.wait_until(lambda: "L runs locally" not in panel_of_keys(user))


async def test_the_panel_of_keys_leaves_room_for_what_it_explains(bench: Bench) -> None:
    async with bench.opened(NARROW) as user:
        await user.press("k")
        await user.pilot.pause()
        panel = user.app.screen.query_one(KeysPanel)
        assert panel.region.y >= NARROW[1] // 2
        focused = user.app.focused
        assert focused is not None
        assert focused.region.height >= 5
        assert not focused.region.overlaps(panel.region)


# --- leaving --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_one_key_leaves_where_nothing_runs(bench: Bench, key: str) -> None:
    async with bench.opened() as user:
        await user.pilot.press(key)
        assert has_left(user)
    assert user.app.return_code == 0


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_leaving_asks_while_a_round_runs(endless: Bench, key: str) -> None:
    async with endless.opened() as user:
        await user.begin_round()
        await user.press(key)
        assert isinstance(user.app.screen, LeaveScreen)
        await user.press("n")
        assert user.screen.desk.busy
        assert not has_left(user)
        await user.press(key)
        await user.pilot.press("y")
        assert has_left(user)
    assert user.app.return_code == 0


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
async def test_the_second_time_is_an_answer(endless: Bench, key: str) -> None:
    async with endless.opened() as user:
        await user.begin_round()
        await user.press(key)
        await user.pilot.press(key)
        assert has_left(user)


async def test_leaving_does_not_ask_once_the_round_has_ended(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.run_round()
        await user.pilot.press("q")
        assert has_left(user)


async def test_a_dialog_does_not_keep_one_from_leaving(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("n")
        assert isinstance(user.app.screen, PickScreen)
        await user.press("q")  # a letter of the search
        assert not has_left(user)
        await user.pilot.press("ctrl+q")
        assert has_left(user)


async def test_a_dialog_does_not_keep_one_from_being_asked(endless: Bench) -> None:
    async with endless.opened() as user:
        await user.begin_round()
        await user.press("ctrl+p", "ctrl+q")
        assert isinstance(user.app.screen, LeaveScreen)


async def test_ctrl_c_copies_where_a_text_is_selected(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("n", *"abc")
        user.app.screen.query_one(Input).action_select_all()
        await user.press("ctrl+c")
        assert not has_left(user)
        assert user.app.clipboard == "abc"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_a_signal_leaves(bench: Bench, number: signal.Signals) -> None:
    missed: list[int] = []
    before = signal.signal(number, lambda *_: missed.append(number))
    try:
        async with bench.started() as user:
            os.kill(os.getpid(), number)
            await user.wait_until(lambda: has_left(user) or missed)
        assert missed == []
        assert user.app.return_code == 128 + number
    finally:
        signal.signal(number, before)


# --- a private session ----------------------------------------------------------------------


async def test_a_private_session_can_be_begun_and_ended(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("ctrl+o")
        assert "only numbers are saved" in user.told
        assert "PRIVATE" in user.status
        await user.run_round()
        await user.press("ctrl+o")
        assert "texts are saved again" in user.told
        assert "PRIVATE" not in user.status
        await user.run_round()
    private, public = sorted((bench.folder / "sessions").iterdir())
    assert "private = true" in (private / "session.toml").read_text()
    assert "private = false" in (public / "session.toml").read_text()
    assert len(saved_rows(bench.folder)) == 6


async def test_privacy_stays_as_it_is_while_a_round_runs(endless: Bench) -> None:
    async with endless.opened() as user:
        await user.begin_round()
        await user.press("ctrl+o")
        assert not user.laboratory.recorder.saving.private
        assert user.told == ""


async def test_a_session_that_cannot_be_ended_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Recorder, private: bool) -> None:
        raise StorageError("the journal cannot be written")

    async with bench.opened() as user:
        monkeypatch.setattr(Recorder, "keep_private", full)
        await user.press("ctrl+o")
        assert "the journal cannot be written" in user.told


# --- the terminal ---------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "ascii"), [("C", True), ("de_DE.UTF-8", False)])
async def test_a_locale_without_utf_8_gets_ascii(bench: Bench, lang: str, ascii: bool) -> None:
    bench.env = {"LANG": lang}
    async with bench.started() as user:
        filters = user.app.get_line_filters()
        assert any(isinstance(one, Ascii) for one in filters) is ascii


async def test_a_bug_ends_the_app_without_a_word_of_what_it_held(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    app = bench.app()

    def fail() -> None:
        secret = "sk-secret"
        raise ZeroDivisionError(f"{len(secret)} / 0")

    with pytest.raises(ZeroDivisionError):
        async with app.run_test():
            app.call_later(fail)
            await bench.wait_until(lambda: app.crash)
    assert isinstance(app.crash, ZeroDivisionError)
    assert app.return_code == 1
    told = capsys.readouterr()
    assert "secret" not in told.out + told.err


async def test_a_bug_in_the_background_is_the_bug_that_is_told(bench: Bench) -> None:
    app = bench.app()

    async def fail() -> None:
        raise ZeroDivisionError("in a worker")

    with pytest.raises(Exception, match="in a worker"):
        async with app.run_test():
            app.run_worker(fail())
            await bench.wait_until(lambda: app.crash)
    assert isinstance(app.crash, ZeroDivisionError)


def test_the_command_line_is_told_of_a_bug_in_the_app(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    def crash(self: LlmchemApp) -> None:
        self._exception = ZeroDivisionError("somewhere")

    monkeypatch.setenv("LLMCHEM_DATA", str(tmp_path))
    monkeypatch.setattr(sys, "__stdin__", Terminal())
    monkeypatch.setattr(sys, "__stderr__", Terminal())
    monkeypatch.setattr(LlmchemApp, "run", crash)
    with pytest.raises(ZeroDivisionError, match="somewhere"):
        open_app(SETTINGS, simulated=True, theme=None)
