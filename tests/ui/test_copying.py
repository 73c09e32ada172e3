"""Copy, export and screenshot: where a text goes, where it must not go, and what is told."""

from __future__ import annotations

import base64
import re
import stat
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.app import App
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.pilot import Pilot
from textual.selection import SELECT_ALL
from textual.widget import Widget
from textual.widgets import OptionList, Static

from llmchem_tui.analysis.round_markdown import round_markdown
from llmchem_tui.config import Settings
from llmchem_tui.domain.final_recommendation import ABSTENTIONS
from llmchem_tui.domain.model import Outcome
from llmchem_tui.domain.plain_text import plain
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.providers.pool import simulated_pool
from llmchem_tui.recorder import Saving
from llmchem_tui.storage import copies
from llmchem_tui.storage.prompts import load_prompts
from llmchem_tui.storage.session_file import SessionInfo
from llmchem_tui.storage.sessions import begin_session
from llmchem_tui.ui.copying import (
    CLIPBOARD_BYTES,
    Copied,
    Place,
    copied,
    copy_focused,
    export_round,
    exports_place,
    save_screenshot,
    session_place,
)
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.reading import HUMAN, Reading
from llmchem_tui.ui.round_reports import round_report
from llmchem_tui.ui.screens.desk import DeskScreen
from llmchem_tui.ui.setup import Setup
from tests.analysis.rounds import VIGNETTE, answer, ended, graded, ok
from tests.ui.test_untrusted_text import EVIL

CREATED = datetime(2026, 1, 31, 9, 15, tzinfo=UTC)
NAME = "2026-01-31T09-15-00"
NO_TEXT = "a private session writes no text"


class Pane(Static, can_focus=True):
    """A widget that offers a text, unless it is None."""

    offered: Copied | None = None

    def copied(self) -> Copied | None:
        return self.offered


class Group(Vertical):
    """A pane around panes."""

    def copied(self) -> Copied | None:
        return Copied("group", "all of it")


class Bare(Static, can_focus=True):
    """A widget that knows of no copying."""


class CopyScreen(DeskScreen):
    """A screen with the three keys."""

    BINDINGS = [
        Binding("y", "copy"),
        Binding("x", "export"),
        Binding("ctrl+s", "photograph"),
    ]
    elsewhere: Place | None = None
    reading: Reading | None = None

    @property
    def place(self) -> Place:
        return self.elsewhere or super().place

    def content(self) -> Iterable[Widget]:
        yield Pane("the pane's own words", markup=False, id="pane")
        yield Group(Bare("in a group", id="inner"), Pane("mute", id="mute"))
        yield Bare("alone", id="alone")
        yield OptionList("one", None, Content("two [/b]"), id="list", markup=False)
        with VerticalScroll(id="pair"):
            yield Static(Content("a"))
            yield Static("[b]", markup=False, classes="hidden")
            yield Static("b", markup=False)

    def on_mount(self) -> None:
        self.query_one(".hidden").display = False

    def action_copy(self) -> None:
        copy_focused(self, self.place)

    def action_export(self) -> None:
        export_round(self, self.reading, self.place)

    def action_photograph(self) -> None:
        save_screenshot(self)


class Host(App[None]):
    """The smallest app around the screen; it keeps what is written to the terminal."""

    def __init__(self, screen: CopyScreen) -> None:
        super().__init__()
        self.own = screen
        self.written: list[str] = []

    async def on_mount(self) -> None:
        await self.push_screen(self.own)
        assert self._driver is not None
        self._driver.write = self.written.append  # type: ignore[method-assign, assignment]


@dataclass
class User:
    """Somebody at the keyboard."""

    app: Host
    pilot: Pilot[None]
    home: Path

    @property
    def screen(self) -> CopyScreen:
        return self.app.own

    async def press(self, key: str, focus: str = "") -> str:
        """Press a key, with the keyboard in a widget; return what is told."""
        if focus:
            self.screen.query_one(focus).focus()
            await self.pilot.pause()
        self.app.clear_notifications()
        await self.pilot.press(key)
        await self.pilot.pause()
        return " ".join(note.message for note in self.app._notifications)

    def offer(self, text: str, name: str = "answer-A") -> None:
        self.screen.query_one("#pane", Pane).offered = Copied(name, text)

    def files(self) -> list[str]:
        """Everything in the home folder but what a session begins with."""
        own = {"history.csv", "reviews.csv", "journal.jsonl", "session.toml"}
        found = (path for path in self.home.rglob("*") if path.is_file() and path.name not in own)
        return sorted(str(path.relative_to(self.home)) for path in found)


@dataclass
class Table:
    """A desk in a folder of the test's own."""

    home: Path
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        settings = Settings()
        setup = Setup(VIGNETTE, settings.round.strategy, 2)
        sessions = self.home / "sessions"
        self.desk = Desk(settings, sessions, self.home / "vignettes", 10, setup)

    async def sit_down(self, *, private: bool = False, write: bool = True) -> None:
        saving = Saving(self.desk.sessions, private=private, write=write)
        pool = await simulated_pool(0)
        self.desk.laboratory = Laboratory(self.desk.settings, pool, load_prompts(), saving)

    def session(self, *, private: bool = False) -> Path:
        """A saved session, which is that of the round on the screen."""
        writer = begin_session(self.desk.sessions, SessionInfo(CREATED, (), private=private))
        writer.close()
        self.desk.saved_in = writer.folder
        return writer.folder

    @asynccontextmanager
    async def shown(self) -> AsyncIterator[User]:
        app = Host(CopyScreen(self.desk))
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await pilot.pause()
            app.written.clear()
            yield User(app, pilot, self.home)


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def osc(text: str) -> str:
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\a"


def reading(**more: object) -> Reading:
    grades = [graded("a", "b", 0.8, "The dose is high."), graded("b", "a", 0.9)]
    state = ended([ok("a", answer()), ok("b", answer("1 g"))], grades)
    return Reading(state, **more)  # type: ignore[arg-type]


# --- what there is to copy ------------------------------------------------------------------


async def test_the_focused_widget_is_copied_or_else_the_nearest_around_it(table: Table) -> None:
    async with table.shown() as user:
        user.offer("mine")
        for focus, text in (("#pane", "mine"), ("#inner", "all of it"), ("#mute", "all of it")):
            user.screen.query_one(focus).focus()
            await user.pilot.pause()
            own = copied(user.screen)
            assert own is not None and own.text == text


async def test_a_widget_that_offers_nothing_is_copied_as_it_is_shown(table: Table) -> None:
    async with table.shown() as user:
        for focus, text in (("#alone", "alone"), ("#list", "one\ntwo [/b]"), ("#pair", "a\nb")):
            user.screen.query_one(focus).focus()
            await user.pilot.pause()
            assert copied(user.screen) == Copied(focus[1:], text)
        user.screen.set_focus(None)
        assert copied(user.screen) is None


async def test_what_the_mouse_has_selected_goes_first(table: Table) -> None:
    async with table.shown() as user:
        user.offer("mine")
        pane = user.screen.query_one("#pane")
        pane.focus()
        user.screen.selections = {user.screen.query_one("#alone"): SELECT_ALL}
        await user.pilot.pause()
        assert copied(user.screen) == Copied("selection", "alone")


@pytest.mark.parametrize("text", [None, "", " \n"])
async def test_nothing_to_copy_is_said_and_leaves_clipboard_and_folder_alone(
    table: Table, text: str | None
) -> None:
    table.session()
    async with table.shown() as user:
        if text is not None:
            user.offer(text)
        if text is None:
            user.screen.set_focus(None)
        told = await user.press("y", "" if text is None else "#pane")
        assert "nothing to copy here" in told
        assert not [words for words in user.app.written if "]52;" in words]
        assert user.files() == []


# --- where a copy goes ----------------------------------------------------------------------


async def test_a_copy_goes_to_the_clipboard_and_to_a_private_file_that_is_told(
    table: Table,
) -> None:
    folder = table.session()
    async with table.shown() as user:
        user.offer("the words\nof A")
        told = await user.press("y", "#pane")
        path = folder / "copies" / "001-answer-A.txt"
        assert path.read_text() == "the words\nof A\n"
        assert (mode(path), mode(path.parent)) == (0o600, 0o700)
        assert f"answer-A (14 characters) is in {path} and went to the clipboard" in told
        assert osc("the words\nof A") in user.app.written
        assert user.app.clipboard == "the words\nof A"
        await user.press("y", "#inner")
        assert user.files()[1].endswith("copies/002-group.txt")


async def test_outside_tmux_the_clipboard_gets_one_bare_sequence(table: Table) -> None:
    async with table.shown() as user:
        user.offer("x")
        assert "tmux" not in await user.press("y", "#pane")
        assert [words for words in user.app.written if "]52;" in words] == [osc("x")]


async def test_inside_tmux_it_gets_the_wrapped_form_too(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")
    async with table.shown() as user:
        user.offer("x")
        await user.press("y", "#pane")
        bare = osc("x")
        wrapped = f"\x1bPtmux;{bare.replace(chr(27), chr(27) * 2)}\x1b\\"
        assert [words for words in user.app.written if "]52;" in words] == [bare, wrapped]
        assert "tmux takes it with set-clipboard on" in await user.press("y", "#pane")


async def test_a_text_that_is_too_long_for_many_terminals_says_so(table: Table) -> None:
    folder = table.session()
    long = "é" * (CLIPBOARD_BYTES // 2)
    async with table.shown() as user:
        user.offer(long)
        assert "many terminals" not in await user.press("y", "#pane")
        user.offer(long + "x")
        assert "many terminals cut or refuse" in await user.press("y", "#pane")
        assert (folder / "copies" / "002-answer-A.txt").read_text() == f"{long}x\n"
        table.desk.saved_in = None
        told = await user.press("y", "#pane")
        assert "clipboard only" in told and "many terminals cut or refuse" in told


async def test_hostile_text_is_copied_as_it_is_shown(table: Table) -> None:
    folder = table.session()
    hostile = f"{EVIL}\ud800 \x07{'w' * 5000}\r\nend"
    async with table.shown() as user:
        user.offer(hostile, name=f"../{EVIL}")
        await user.press("y", "#pane")
        (path,) = (folder / "copies").iterdir()
        assert path.read_text("utf-8") == plain(hostile) + "\n"
        assert re.fullmatch(r"001-[A-Za-z0-9._-]{1,60}\.txt", path.name)
        assert user.app.clipboard == plain(hostile)
        picture = user.app.export_screenshot()  # the toast is in it
        assert "\x1b" not in picture and "\u202e" not in picture


async def test_before_the_first_round_a_copy_goes_to_the_clipboard_only(table: Table) -> None:
    async with table.shown() as user:
        user.offer("x")
        told = await user.press("y", "#pane")
        assert "went to the clipboard only: nothing is saved yet" in told
        assert osc("x") in user.app.written and user.files() == []


async def test_where_nothing_is_to_be_saved_a_copy_is_not_either(table: Table) -> None:
    await table.sit_down(write=False)
    async with table.shown() as user:
        user.offer("x")
        assert "clipboard only: nothing was to be saved" in await user.press("y", "#pane")
        assert user.files() == []


async def test_a_private_sitting_copies_to_the_clipboard_only(table: Table) -> None:
    await table.sit_down(private=True)
    table.session()  # one that a round on the screen was saved in before
    async with table.shown() as user:
        user.offer("x")
        assert f"went to the clipboard only: {NO_TEXT}" in await user.press("y", "#pane")
        assert osc("x") in user.app.written and user.files() == []


async def test_a_round_of_a_private_session_stays_private_when_the_sitting_no_longer_is(
    table: Table,
) -> None:
    await table.sit_down()
    table.session(private=True)
    async with table.shown() as user:
        user.offer("x")
        user.screen.reading = reading()
        assert NO_TEXT in await user.press("y", "#pane")
        assert NO_TEXT in await user.press("x")
        assert NO_TEXT in await user.press("ctrl+s")
        assert user.files() == []


async def test_a_session_that_was_deleted_does_not_come_back(table: Table) -> None:
    folder = table.session()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    async with table.shown() as user:
        user.offer("x")
        assert "clipboard only: There is no file" in await user.press("y", "#pane")
        assert not folder.exists()


async def test_a_full_disk_is_told_and_the_clipboard_has_the_text(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.session()

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies, "create", full)
    async with table.shown() as user:
        user.offer("x")
        user.screen.reading = reading()
        told = await user.press("y", "#pane")
        assert "went to the clipboard only. No file could be written in" in told
        assert osc("x") in user.app.written
        for key in ("x", "ctrl+s"):
            told = await user.press(key)
            assert "No file could be written in" in told and "No space left" in told
        assert user.files() == []


async def test_a_replayed_session_gets_its_own_copies_and_a_csv_those_of_the_data_folder(
    table: Table,
) -> None:
    table.session()
    other = table.session()
    table.desk.saved_in = None
    async with table.shown() as user:
        user.offer("x")
        user.screen.elsewhere = session_place(table.desk, other)
        assert str(other / "copies") in await user.press("y", "#pane")
        user.screen.elsewhere = exports_place(table.desk)
        await user.press("y", "#pane")
        path = table.home / "exports" / "001-answer-A.txt"
        assert (mode(path), mode(path.parent)) == (0o600, 0o700)


# --- a round as Markdown and as a page ------------------------------------------------------


async def test_a_round_is_exported_beside_its_session_and_never_over_another(
    table: Table,
) -> None:
    folder = table.session()
    async with table.shown() as user:
        user.screen.reading = reading()
        told = await user.press("x")
        assert f"the round is in {folder / 'round-3.md'}" in told
        assert mode(folder / "round-3.md") == 0o600
        text = (folder / "round-3.md").read_text()
        assert text.startswith(f"# Round {NAME} 3\n")
        assert "- A, B agree" in text and "## What if" not in text
        again = await user.press("x")
        assert "round-3-2.md" in again and "round-3-2.html" in again
        assert (folder / "round-3.md").read_text() == text


async def test_beside_the_markdown_of_a_round_is_its_page(table: Table) -> None:
    folder = table.session()
    async with table.shown() as user:
        user.screen.reading = reading()
        assert "as a page for a browser in round-3.html" in await user.press("x")
        assert mode(folder / "round-3.html") == 0o600
        page = (folder / "round-3.html").read_text()
        assert f"<h1>Round {NAME} 3</h1>" in page and "<li>A, B agree</li>" in page


async def test_what_the_reader_asks_is_exported_beside_what_is_saved(table: Table) -> None:
    folder = table.session()
    asked = reading(own_grades={"b": graded(HUMAN, "b", 0.4)}, with_human=True)
    asked.turn("a")
    asked.abstain_below = 0.3
    async with table.shown() as user:
        user.screen.reading = asked
        await user.press("x")
        text = (folder / "round-3.md").read_text()
        before, after = text.split("## What if")
        assert "| **consensus** | 0.90 | 0.80 |" in before
        for line in (
            "- without grades of A\n",
            "- with human grades\n",
            "- abstaining below 0.30\n",
            "| what if | 0.90 | 0.40 |",
        ):
            assert line in after
        assert "human (does not count)" in before


async def test_a_replayed_csv_is_exported_to_the_data_folder_with_its_trial(table: Table) -> None:
    async with table.shown() as user:
        user.screen.reading = reading()
        user.screen.elsewhere = exports_place(table.desk)
        await user.press("x")
        path = table.home / "exports" / f"round-{NAME}-3.md"
        assert path.read_text().startswith(f"# Round {NAME} 3\n")


@pytest.mark.parametrize(
    ("outcome", "reviews", "told"),
    [
        (Outcome.NO_CONSENSUS, False, "**whether anything was recommended is not known"),
        (Outcome.NO_CONSENSUS, True, f"**{ABSTENTIONS[Outcome.NO_CONSENSUS]}**"),
        (Outcome.RECOMMENDED, True, "**there was a recommendation, but the history"),
    ],
)
def test_a_history_claims_no_outcome_that_it_does_not_hold(
    outcome: Outcome, reviews: bool, told: str
) -> None:
    grades = [graded("a", "b", 0.8), graded("b", "a", 0.9)] if reviews else []
    state = ended([ok("a", answer()), ok("b", answer())], grades)
    given = replace(state.score(), outcome=outcome, recommendation=None)
    text = round_markdown(round_report(Reading(state, given=given, reviews_known=reviews)))
    assert told in text.split("## Recommendation")[1]
    assert ("the reviews are not known" in text) is not reviews


async def test_a_round_that_cannot_be_exported_says_why_in_a_sentence(table: Table) -> None:
    table.session()
    running = reading()
    running.state.ended = None
    cancelled = Reading(ended([ok("a", answer())], [], cancelled=True))
    async with table.shown() as user:
        for own, why in (
            (None, "there is no round to export yet"),
            (running, "the round is not over"),
            (cancelled, "a cancelled round has no result"),
            (reading(blind=True), "names are still hidden"),
        ):
            user.screen.reading = own
            assert why in await user.press("x")
        assert user.files() == []


async def test_a_private_or_unsaved_round_is_not_exported(table: Table) -> None:
    async with table.shown() as user:
        user.screen.reading = reading()
        assert "the round cannot be exported: nothing is saved yet" in await user.press("x")
        await table.sit_down(private=True)
        table.session()
        assert f"the round cannot be exported: {NO_TEXT}" in await user.press("x")
        user.screen.elsewhere = exports_place(table.desk)
        assert NO_TEXT in await user.press("x")
        assert user.files() == []


# --- a picture ------------------------------------------------------------------------------


async def test_a_screenshot_is_a_private_file_that_asks_no_server_for_fonts(table: Table) -> None:
    async with table.shown() as user:
        told = await user.press("ctrl+s")
        (path,) = (table.home / "screenshots").iterdir()
        assert f"the screenshot is in {path}" in told
        assert (mode(path), mode(path.parent)) == (0o600, 0o700)
        picture = path.read_text("utf-8")
        assert picture.startswith("<svg") and "own&#160;words" in picture
        assert "http" not in picture.split("</style>")[0].split("<style>")[1]
        assert 'local("FiraCode' in picture
        await user.press("ctrl+s")
        assert len(user.files()) == 2


async def test_a_private_sitting_makes_no_screenshot(table: Table) -> None:
    await table.sit_down(private=True)
    async with table.shown() as user:
        assert f"no screenshot: {NO_TEXT}" in await user.press("ctrl+s")
        assert user.files() == []
