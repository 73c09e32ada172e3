"""Choosing, writing, loading and deleting vignettes, all from the keyboard."""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.binding import Binding
from textual.widgets import Input, Select, TextArea

from llmchem_tui.domain.model import Vignette
from llmchem_tui.storage.vignettes import find, headers
from llmchem_tui.ui.app import LlmchemApp
from llmchem_tui.ui.screens.dialogs import AskScreen, LeaveScreen
from llmchem_tui.ui.screens.editor import EditorScreen, at_home
from llmchem_tui.ui.screens.load import LoadScreen, completed
from llmchem_tui.ui.screens.vignettes import VignetteScreen
from llmchem_tui.ui.widgets.vignettes import VignetteList
from llmchem_tui.ui.widgets.writing import Line, Note, Told
from tests.ui.app_under_test import NARROW, WIDE, Bench, Driver
from tests.ui.painted import painted

GOUT = 'title = "Gout"\nspecialty = "rheumatology"\ntext = "A man with gout takes warfarin."\n'


@pytest.fixture
def folder(bench: Bench) -> Path:
    """The folder of the user's own vignettes, which nothing has made yet."""
    return bench.folder / "vignettes"


@pytest.fixture
def own(folder: Path) -> Path:
    """That folder with two vignettes that can be used and one that cannot."""
    put(folder, "broken.toml", "text = ")
    put(folder, "gout.toml", GOUT)
    put(folder, "note.txt", "A 30-year-old man asks for advice.")
    return folder


def put(folder: Path, name: str, content: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(content)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*"))


class Picker(Driver):
    """A user who has opened the picker; ``chosen`` is what came back, once something has."""

    def __init__(self, app: LlmchemApp, user: Driver) -> None:
        super().__init__(app, user.pilot, user.wait_until)
        self.chosen: list[Vignette | None] = []

    async def paste(self, text: str) -> None:
        """Paste: as fast for a long text as for a short one, which keys are not."""
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()
        await self.pilot.pause()

    async def until(self, screen: type[object]) -> None:
        await self.wait_until(lambda: isinstance(self.app.screen, screen))
        await self.pilot.pause()

    @property
    def options(self) -> VignetteList:
        return self.app.screen.query_one(VignetteList)

    @property
    def lines(self) -> list[str]:
        return [str(option.prompt) for option in self.options.options]

    @property
    def titles(self) -> list[str]:
        return [line.splitlines()[0].strip(" ●") for line in self.lines]

    @property
    def filters(self) -> str:
        return self.text("#filters")

    @property
    def look(self) -> str:
        return self.text("#look")

    @property
    def problem(self) -> str:
        told = self.app.screen.query_one(Told)
        return str(told.content) if told.display else ""

    @property
    def terms(self) -> str:
        return self.text("#terms")

    @property
    def note(self) -> str:
        return self.app.screen.query_one(Note).text

    async def edit(self, key: str = "ctrl+n") -> None:
        """Open the editor."""
        await self.press(key)
        await self.until(EditorScreen)

    async def load(self, path: object) -> None:
        """Ask for a file."""
        await self.press("ctrl+l")
        await self.until(LoadScreen)
        await self.paste(str(path))
        await self.press("enter")

    async def save(self) -> Vignette:
        """Save, and see that the vignette is chosen at once."""
        await self.press("ctrl+s")
        return await self.choice()

    async def choice(self) -> Vignette:
        """What came back."""
        await self.wait_until(lambda: self.chosen)
        (vignette,) = self.chosen
        assert vignette is not None
        return vignette


class _Host(LlmchemApp):
    """The app without its five screens."""

    DEFAULT_MODE = "_default"


@asynccontextmanager
async def picking(bench: Bench, size: tuple[int, int] = WIDE) -> AsyncIterator[Picker]:
    """The picker, and models so that a private session can begin."""
    sessions, vignettes = bench.folder / "sessions", bench.folder / "vignettes"
    app = _Host(bench.settings, bench.open_laboratory, sessions=sessions, vignettes=vignettes)
    app.desk.laboratory = await bench.open_laboratory()
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        picker = Picker(app, Driver(app, pilot, bench.wait_until))
        app.push_screen(VignetteScreen(app.desk), picker.chosen.append)
        await picker.until(VignetteScreen)
        await bench.wait_until(lambda: picker.look)
        yield picker


# --- finding ------------------------------------------------------------------------------------


async def test_all_vignettes_are_listed_and_the_present_one_is_under_the_cursor(
    bench: Bench, own: Path
) -> None:
    async with picking(bench) as picker:
        assert len(picker.lines) == len(headers(own)) == 23
        assert "23 of 23" in picker.filters
        (present,) = (line for line in picker.lines if line.startswith("●"))
        assert "cap-older-adult" in present
        assert picker.look.startswith("Community-acquired pneumonia in an older adult")
        assert "✓ with a reference answer" in picker.look
        assert find("cap-older-adult").text in picker.look
        await picker.press("escape")
        assert picker.chosen == [None]


async def test_typing_narrows_and_enter_chooses(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.press(*"PARK vomit")  # in any order, in any case
        (line,) = picker.lines
        assert "vomiting-parkinson" in line
        assert "1 of 20" in picker.filters
        await picker.press("enter")
        assert picker.chosen == [find("vomiting-parkinson")]


async def test_words_of_the_text_find_a_vignette_too_after_those_of_the_titles(
    bench: Bench, own: Path
) -> None:
    async with picking(bench) as picker:
        await picker.paste("asthma")
        titles = [title for title in picker.titles if "asthma" in title.casefold()]
        assert 0 < len(titles) < len(picker.titles)
        assert picker.titles[: len(titles)] == titles
        assert picker.options.highlighted == 0
        await picker.press("home", "ctrl+k")
        await picker.paste("own gout")  # another title has gout, and its text "known"
        assert picker.titles[0] == "Gout"
        assert len(picker.titles) > 1
        assert picker.options.highlighted == 0
        assert "– without a reference answer" in picker.look
        assert str(own / "gout.toml") in picker.look


async def test_nothing_found_says_what_to_press_and_enter_does_nothing(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.press(*"zzz", "enter", "down", "ctrl+t", "f8")
        assert picker.lines == ["nothing found"]
        assert "^n writes one, ^l loads one" in picker.look
        assert picker.chosen == []
        await picker.press("backspace", "backspace", "backspace")
        assert len(picker.lines) == 20


async def test_a_filter_goes_through_the_values_there_are_and_back_to_all(bench: Bench) -> None:
    async with picking(bench) as picker:
        assert "^g complexity: any of 3" in picker.filters
        seen = []
        for _ in range(4):
            await picker.press("ctrl+g")
            seen.append(re.sub(r".*complexity: ", "", picker.filters))
        assert seen == [
            "low · 8 of 20",
            "moderate · 6 of 20",
            "high · 6 of 20",
            "any of 3 · 20 of 20",
        ]


async def test_filters_and_words_narrow_together(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.press("ctrl+g", "ctrl+g")
        await picker.paste("pregnancy")
        await picker.press("ctrl+f")
        assert "specialty: obstetrics" in picker.filters
        assert "complexity: moderate" in picker.filters
        assert picker.lines
        assert all("obstetrics · moderate" in line for line in picker.lines)
        while "specialty: any" not in picker.filters:
            assert "nothing found" not in picker.lines  # only what is there is offered
            await picker.press("ctrl+f")


async def test_vignettes_without_a_specialty_are_a_value_of_their_own(
    bench: Bench, own: Path
) -> None:
    async with picking(bench) as picker:
        await picker.paste("asks advice")
        await picker.press("ctrl+f")
        assert "specialty: not given" in picker.filters
        assert picker.titles == ["A 30-year-old man asks for advice."]


async def test_the_list_moves_while_the_search_has_the_keyboard(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.press("pageup", "pageup")
        places = [picker.options.highlighted]
        for key in ("down", "down", "up", "pagedown", "pageup"):
            await picker.press(key)
            places.append(picker.options.highlighted)
        assert places == [0, 1, 2, 1, 11, 1]
        await picker.press("pagedown", "pagedown", "pagedown")
        assert picker.options.highlighted == 19
        assert picker.titles[19] in picker.look
        assert isinstance(picker.app.focused, Input)


async def test_a_click_chooses(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.paste("croup")
        await picker.pilot.click(VignetteList, offset=(5, 0))
        assert picker.chosen == [find("croup-toddler")]


async def test_a_broken_file_says_why_and_cannot_be_chosen(bench: Bench, own: Path) -> None:
    async with picking(bench) as picker:
        await picker.paste("broken")
        (line,) = picker.lines
        assert line.startswith("✗ broken")
        why = f"{own / 'broken.toml'}: broken TOML"
        assert why in picker.look
        for key in ("enter", "ctrl+t"):
            assert picker.problem == ""
            await picker.press(key)
            assert why in picker.problem
            await picker.press("backspace")  # the list is made anew
        assert picker.chosen == []
        assert isinstance(picker.app.screen, VignetteScreen)


async def test_a_file_that_has_gone_is_said_and_the_picker_stays(bench: Bench, own: Path) -> None:
    async with picking(bench) as picker:
        await picker.paste("own warfarin")
        (own / "gout.toml").unlink()
        await picker.press("enter")
        await picker.pilot.pause()  # the sentence takes a line from the list
        assert "gout.toml: there is no such file" in picker.problem
        assert picker.chosen == []


# --- writing ------------------------------------------------------------------------------------


async def test_a_new_vignette_is_written_saved_and_chosen(bench: Bench, folder: Path) -> None:
    async with picking(bench) as picker:
        await picker.edit()
        assert "No identifiable patient data" in picker.terms
        assert f"Will be saved in {folder}; ^o private session" in picker.terms
        await picker.press(*"A.", "enter", *"B.", "tab", *"My case", "tab", *"respi")
        await picker.press("right", "tab", "down", "down", "down", "enter")
        vignette = await picker.save()
        assert vignette == Vignette(
            "my-case", "My case", "A.\nB.", "respiratory medicine", "moderate"
        )
        assert find("my-case", folder) == vignette


async def test_a_copy_of_a_bundled_vignette_loses_its_reference_and_says_so(
    bench: Bench, folder: Path
) -> None:
    before = find("croup-toddler")
    async with picking(bench) as picker:
        await picker.paste("croup")
        await picker.edit("ctrl+t")
        assert picker.app.screen.query_one("#without").display
        assert "without the reference answer" in picker.text("#without")
        assert picker.note == before.text
        await picker.press(*"Now ")
        vignette = await picker.save()
        assert vignette == Vignette(
            "mild-croup-in-a-toddler", before.title, f"Now {before.text}", "paediatrics", "low"
        )
        assert find(vignette.id, folder) == vignette
        assert find("croup-toddler") == before


async def test_editing_an_own_vignette_replaces_it(bench: Bench, own: Path) -> None:
    async with picking(bench) as picker:
        await picker.paste("own warfarin")
        await picker.edit("ctrl+t")
        assert f"Replaces {own / 'gout.toml'}" in picker.terms
        assert not picker.app.screen.query_one("#without").display
        await picker.press(*"Now: ", "tab", *"!")
        vignette = await picker.save()
        assert (vignette.id, vignette.title) == ("gout", "Gout!")
        assert find("gout", own) == vignette
        assert files(own) == ["broken.toml", "gout.toml", "note.txt"]


@pytest.mark.parametrize("name", ["gout.txt", "gout.toml"])
async def test_an_own_vignette_that_holds_more_or_is_mere_text_is_copied(
    bench: Bench, folder: Path, name: str
) -> None:
    whole = GOUT + '[patient]\nage = 50\nsex = "male"\n'
    before = "Gout." if name.endswith("txt") else whole
    put(folder, name, before)
    async with picking(bench) as picker:
        await picker.paste("own gout")
        await picker.edit("ctrl+t")
        assert picker.app.screen.query_one("#without").display is name.endswith("toml")
        assert (await picker.save()).id == "gout-2"  # nothing of that title is overwritten
        assert (folder / name).read_text() == before


async def test_a_note_of_8_kb_is_pasted_at_once_and_kept_whole(bench: Bench, folder: Path) -> None:
    note = "\r\n".join(f"{i}: fever, cough, ∆ 38,5 °C, amoxicillin 1 g" for i in range(200))
    assert len(note.encode()) > 8_000
    async with picking(bench) as picker:
        await picker.edit()
        began = time.perf_counter()
        await picker.paste(note)
        assert time.perf_counter() - began < 3  # some ms; a key for each character takes minutes
        assert picker.text("#length") == f"{len(note) - 199:,} of 200,000 characters"
        vignette = await picker.save()
        assert vignette.text == note.replace("\r\n", "\n")
        assert find(vignette.id, folder) == vignette


async def test_a_note_pasted_into_the_search_begins_a_new_vignette(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.paste("croup")  # a word is searched for
        assert picker.titles == ["Mild croup in a toddler"]
        await picker.paste("Fever since Monday.\nNo allergies.")
        await picker.until(EditorScreen)
        await picker.wait_until(lambda: picker.note)
        assert picker.note == "Fever since Monday.\nNo allergies."
        await picker.press("escape")
        await picker.until(AskScreen)  # it is nowhere else


async def test_control_characters_are_pasted_as_signs_and_that_is_said(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.edit()
        await picker.paste("a\x1b[2Jb\x07 \u202ec\r\nd\x0c")
        assert picker.problem.startswith("3 control characters pasted")
        assert picker.note == "a␛[2Jb␇ \u202ec\nd␌"
        await picker.press("tab")
        await picker.paste("\x1b[2Jtitle\x07\nmore")
        assert picker.app.screen.query_one("#title", Line).value == "␛[2Jtitle␇"
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", painted(picker.app))
        assert (await picker.save()).text == "a␛[2Jb␇ \u202ec\nd␌"


async def test_what_is_no_vignette_is_said_and_nothing_is_lost(bench: Bench, folder: Path) -> None:
    async with picking(bench) as picker:
        await picker.edit()
        await picker.press("space", "ctrl+s")
        assert picker.problem == "the text of the vignette is empty; write the vignette into it"
        await picker.press(*"Fever.")
        await picker.paste("a" * 200_000)
        assert "longer than 200,000 characters" in picker.problem
        await picker.press("tab")
        await picker.paste("x" * 81)
        await picker.press("ctrl+s")
        assert picker.problem == "the title is longer than 80 characters; shorten it"
        assert picker.note == " Fever."
        assert picker.chosen == []
        assert files(folder) == []


async def test_a_full_disk_is_said_and_the_next_try_saves(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    async with picking(bench) as picker:
        await picker.edit()
        await picker.press(*"Fever.")
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            await picker.press("ctrl+s")
        assert re.search("could not be saved in .*No space left on device", picker.problem)
        assert picker.note == "Fever."
        assert (await picker.save()).text == "Fever."


async def test_leaving_asks_only_where_something_would_be_lost(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.edit("ctrl+t")
        await picker.press("escape")
        await picker.until(VignetteScreen)
        await picker.edit("ctrl+t")
        await picker.press("x", "escape")
        await picker.until(AskScreen)
        await picker.press("n")
        await picker.until(EditorScreen)
        assert picker.note.startswith("x")
        await picker.press("escape")
        await picker.until(AskScreen)
        await picker.press("y")
        await picker.until(VignetteScreen)
        assert picker.chosen == []


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
async def test_leaving_the_program_asks_too_while_a_vignette_is_not_saved(
    bench: Bench, key: str
) -> None:
    async with bench.opened() as user:
        picker = Picker(user.app, user)
        await picker.press("v")
        await picker.until(VignetteScreen)
        await picker.edit()
        await picker.press("x", key)
        await picker.until(LeaveScreen)
        assert "not saved" in picker.text("#dialog")
        await picker.press("n")
        await picker.until(EditorScreen)
        assert picker.note == "x"
        await picker.press(key, "y")
        await picker.wait_until(lambda: user.app._exit)


async def test_a_private_session_writes_nothing(bench: Bench, folder: Path) -> None:
    async with picking(bench) as picker:
        await picker.edit()
        await picker.press("ctrl+o")
        assert "PRIVATE session: not written to any file" in picker.terms
        assert picker.app.desk.private
        await picker.press(*"A secret.", "tab", *"Mrs Secret")
        vignette = await picker.save()
        assert (vignette.id, vignette.text) == ("note", "A secret.")  # no id tells the title
    assert files(folder) == []
    saved = [path for path in bench.folder.rglob("*") if path.is_file()]
    assert not any(b"ecret" in path.read_bytes() for path in saved)


async def test_a_private_session_leaves_an_own_vignette_as_it_was(bench: Bench, own: Path) -> None:
    async with picking(bench) as picker:
        await picker.paste("own warfarin")
        await picker.edit("ctrl+t")
        await picker.press("ctrl+o", *"No: ")
        assert (await picker.save()).text == "No: A man with gout takes warfarin."
        assert (own / "gout.toml").read_text() == GOUT


async def test_the_key_of_the_private_session_is_that_of_the_keymap_and_ends_it_too(
    bench: Bench, folder: Path
) -> None:
    bench.settings = replace(bench.settings, keymap={"app.private": "f9"})
    async with picking(bench) as picker:
        picker.app.set_keymap(dict(bench.settings.keymap))
        await picker.edit()
        assert "f9 private session" in picker.terms
        await picker.press("f9")
        assert "f9 ends it" in picker.terms
        await picker.press("f9", *"Fever.")
        assert "Will be saved in" in picker.terms
        assert not picker.app.desk.private
        assert find((await picker.save()).id, folder).text == "Fever."


async def test_without_models_a_private_session_cannot_begin_and_that_is_said(
    bench: Bench,
) -> None:
    async with picking(bench) as picker:
        picker.app.desk.laboratory = None
        await picker.edit()
        await picker.press("ctrl+o")
        assert "still looked for" in picker.problem


# --- loading and deleting -----------------------------------------------------------------------


async def test_a_note_in_a_file_is_loaded_looked_over_and_saved_as_the_users_own(
    bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(bench.folder))
    (bench.folder / "fall 1.txt").write_text("Fever since Monday.\n")
    async with picking(bench) as picker:
        await picker.load("~/fa")
        line = picker.app.screen.query_one(Line)
        await picker.wait_until(lambda: line._suggestion == "~/fall 1.txt")
        await picker.press("tab")
        assert line.value == "~/fall 1.txt"
        await picker.press("enter")
        await picker.until(EditorScreen)
        assert picker.note == "Fever since Monday."
        assert find((await picker.save()).id, folder).text == "Fever since Monday."


async def test_a_file_with_a_reference_is_chosen_as_it_is(bench: Bench, folder: Path) -> None:
    line = '{ action = "start", name = "colchicine" }'
    (bench.folder / "whole.toml").write_text(f"{GOUT}[[acceptable]]\nmedications = [{line}]\n")
    async with picking(bench) as picker:
        await picker.load(bench.folder / "whole.toml")
        vignette = await picker.choice()
        assert vignette.acceptable[0].medications[0].name == "colchicine"
        assert files(folder) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.txt", None, "missing.txt: there is no such file; check the path"),
        ("", None, " is a folder; name a file in it"),
        ("picture.txt", b"\x89PNG\x00", "picture.txt: not a text file in UTF-8"),
        ("huge.txt", b"a" * 1_000_001, "huge.txt: larger than 1,000,000 bytes"),
        ("long.md", b"a" * 200_001, "long.md is longer than 200,000 characters"),
        ("broken.toml", b"text = ", "broken.toml: broken TOML"),
    ],
)
async def test_a_file_that_is_no_vignette_is_said_and_its_path_stays(
    bench: Bench, name: str, content: bytes | None, said: str
) -> None:
    path = bench.folder / name
    if content is not None:
        path.write_bytes(content)
    async with picking(bench) as picker:
        await picker.load("")
        assert picker.problem == ""  # nothing is asked for yet
        await picker.paste(str(path))
        await picker.press("enter")
        assert said in picker.problem
        assert "\n" not in picker.problem
        assert picker.app.screen.query_one(Line).value == str(path)
        await picker.press("escape")
        await picker.until(VignetteScreen)
        assert picker.chosen == []


def test_a_path_is_completed_with_folders_and_vignettes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    for name in ("notes/b.TOML", "notes/a.png", "notes/.hidden.txt", "notes/evil\x1b[2J.txt"):
        (tmp_path / name).write_text("A case.")
    assert completed(f"{tmp_path}/no") == f"{tmp_path}/notes/"
    assert completed("~/notes/") == "~/notes/b.TOML"
    assert completed("notes/.h") == "notes/.hidden.txt"
    assert completed("no") == "notes/"
    for nothing in ("", "notes/a", "notes/evil", "notes/x", "nowhere/", "a\0/"):
        assert completed(nothing) is None


async def test_only_an_own_vignette_is_deleted_and_only_after_asking(
    bench: Bench, own: Path
) -> None:
    async with picking(bench) as picker:
        await picker.press("f8")  # the one under the cursor is bundled
        assert isinstance(picker.app.screen, VignetteScreen)
        await picker.paste("own gout")
        for answer in ("n", "y"):
            assert (own / "gout.toml").exists()
            await picker.press("f8")
            await picker.until(AskScreen)
            assert str(own / "gout.toml") in picker.text("#dialog")
            await picker.press(answer)
            await picker.until(VignetteScreen)
        await picker.wait_until(lambda: not (own / "gout.toml").exists())
        await picker.wait_until(lambda: "Gout" not in picker.titles)


async def test_what_cannot_be_deleted_is_said(
    bench: Bench, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    async with picking(bench) as picker:
        await picker.paste("broken")
        await picker.press("f8")
        await picker.until(AskScreen)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", refuse)
            await picker.press("y")
            await picker.until(VignetteScreen)
        assert "broken.toml could not be deleted (Permission denied)" in picker.problem


# --- how it looks -------------------------------------------------------------------------------


async def test_a_narrow_terminal_has_a_line_for_each_vignette_and_a_resize_follows(
    bench: Bench, own: Path
) -> None:
    async with picking(bench, NARROW) as picker:
        assert all("\n" not in line for line in picker.lines)
        assert "Gout  own" in (line.strip() for line in picker.lines)
        assert "A 72-year-old woman" in painted(picker.app)
        await picker.press("down")
        look = picker.look
        await picker.pilot.resize_terminal(*WIDE)
        await picker.wait_until(lambda: all("\n" in line for line in picker.lines))
        assert picker.look == look
        await picker.pilot.resize_terminal(*NARROW)
        await picker.wait_until(lambda: all("\n" not in line for line in picker.lines))


@pytest.mark.parametrize("sizes", [(WIDE, NARROW), (NARROW, WIDE)])
async def test_the_editor_has_room_and_keeps_what_is_typed_over_a_resize(
    bench: Bench, sizes: tuple[tuple[int, int], tuple[int, int]]
) -> None:
    async with picking(bench, sizes[0]) as picker:
        await picker.edit("ctrl+t")
        assert picker.app.screen.query_one(Note).size.height >= 8
        await picker.press(*"Now ")
        await picker.pilot.resize_terminal(*sizes[1])
        await picker.pilot.pause()
        assert picker.note.startswith("Now A 72-year-old")
        assert "Now A 72-year-old" in painted(picker.app)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_hostile_titles_and_texts_are_shown_harmlessly(
    bench: Bench, folder: Path, size: tuple[int, int]
) -> None:
    evil = "[/b] [red]x[/] \u202eabc 症e\u0301"
    text = f"{evil}\\n{'x' * 5000}"
    put(folder, "evil.toml", f'title = "{evil}"\nspecialty = "{evil}"\ntext = "{text}"\n')
    async with picking(bench, size) as picker:
        await picker.paste("evil")
        for key in ("down", "ctrl+f", "ctrl+t"):
            await picker.press(key)
            await picker.pilot.pause()
            screen = painted(picker.app)
            assert "[/b] [red]x[/] �abc" in screen
            assert "\u202e" not in screen
        await picker.until(EditorScreen)
        assert picker.note.startswith(evil)  # the text itself stays as it is


def test_every_binding_has_an_id_a_description_and_a_tooltip_and_no_field_takes_its_key() -> None:
    fields = {
        key
        for widget in (Input, TextArea, Select)
        for binding in widget.BINDINGS
        if isinstance(binding, Binding)
        for key in binding.key.split(",")
    }
    moving = {"enter", "up", "down", "pageup", "pagedown"}  # those of lists
    ids = []
    for screen in (VignetteScreen, EditorScreen, LoadScreen):
        for binding in screen.BINDINGS:
            assert isinstance(binding, Binding)
            assert binding.id and binding.description and binding.tooltip
            assert binding.key in moving or binding.key not in fields
            ids.append(binding.id)
    assert len(set(ids)) == len(ids)


async def test_the_footer_names_the_keys_that_do_something(bench: Bench, own: Path) -> None:
    def footer(picker: Picker) -> list[str]:
        active = picker.app.screen.active_bindings.values()
        return [key.binding.description for key in active if key.binding.show and key.enabled]

    async with picking(bench) as picker:
        assert footer(picker) == ["Choose", "New", "Edit", "Load", "Leave"]  # nothing to delete
        await picker.paste("own gout")
        assert footer(picker) == ["Choose", "New", "Edit", "Load", "Delete", "Leave"]
        await picker.edit()
        assert footer(picker)[:3] == ["Save and choose", "Private session", "Leave"]


def test_a_path_in_the_home_folder_is_written_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert at_home(tmp_path / "a" / "b") == "~/a/b"
    assert at_home(Path("/elsewhere")) == "/elsewhere"
