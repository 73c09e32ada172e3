"""Choosing, writing, loading and deleting cases, all from the keyboard."""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.binding import Binding
from textual.widgets import Input, Select, Static, TextArea

from llmchem_tui.domain.model import Vignette
from llmchem_tui.storage.vignettes import find, headers
from llmchem_tui.ui.screens.dialogs import AskScreen
from llmchem_tui.ui.screens.editor import EditorScreen, at_home
from llmchem_tui.ui.screens.load import LoadScreen, completed
from llmchem_tui.ui.screens.vignettes import VignetteScreen
from llmchem_tui.ui.widgets.cases import CaseList
from llmchem_tui.ui.widgets.writing import Line, Note, Told
from tests.ui.app_under_test import NARROW, WIDE, Bench, Driver
from tests.ui.painted import painted

GOUT = 'title = "Gout"\nspecialty = "rheumatology"\ntext = "A man with gout takes warfarin."\n'


@pytest.fixture
def own(bench: Bench) -> Path:
    """The folder of the user's own vignettes, with two that can be used and one that cannot."""
    folder = bench.folder / "vignettes"
    folder.mkdir()
    (folder / "broken.toml").write_text("text = ")
    (folder / "gout.toml").write_text(GOUT)
    (folder / "note.txt").write_text("A 30-year-old man asks for advice.")
    return folder


class Picker:
    """A user who has opened the picker; ``chosen`` is what came back, once something has."""

    def __init__(self, user: Driver) -> None:
        self.user = user
        self.press = user.press
        self.chosen: list[Vignette | None] = []

    async def paste(self, text: str) -> None:
        self.user.app.post_message(events.Paste(text))
        await self.user.pilot.pause()
        await self.user.pilot.pause()

    async def until(self, screen: type[object]) -> None:
        await self.user.wait_until(lambda: isinstance(self.user.app.screen, screen))
        await self.user.pilot.pause()

    @property
    def lines(self) -> list[str]:
        options = self.user.app.screen.query_one(CaseList).options
        return [str(option.prompt) for option in options]

    @property
    def titles(self) -> list[str]:
        return [line.splitlines()[0].strip(" ●") for line in self.lines]

    @property
    def filters(self) -> str:
        return str(self.user.app.screen.query_one("#filters", Static).content)

    @property
    def look(self) -> str:
        return str(self.user.app.screen.query_one("#look > Static", Static).content)

    @property
    def told(self) -> str:
        told = self.user.app.screen.query_one(Told)
        return str(told.content) if told.display else ""

    @property
    def terms(self) -> str:
        return str(self.user.app.screen.query_one("#terms", Static).content)

    @property
    def text(self) -> str:
        return self.user.app.screen.query_one(Note).text

    async def edit(self, key: str = "ctrl+n") -> None:
        """Open the editor."""
        await self.press(key)
        await self.until(EditorScreen)

    async def save(self) -> Vignette:
        """Save, and see that the case is chosen at once."""
        await self.press("ctrl+s")
        await self.user.wait_until(lambda: self.chosen)
        (vignette,) = self.chosen
        assert vignette is not None
        return vignette


@asynccontextmanager
async def picking(bench: Bench, size: tuple[int, int] = WIDE) -> AsyncIterator[Picker]:
    async with bench.opened(size) as user:
        picker = Picker(user)
        user.app.push_screen(VignetteScreen(user.app.desk), picker.chosen.append)
        await user.pilot.pause()
        await user.pilot.pause()
        yield picker


# --- finding ------------------------------------------------------------------------------------


async def test_all_cases_are_listed_and_the_present_one_is_under_the_cursor(
    bench: Bench, own: Path
) -> None:
    async with picking(bench) as picker:
        assert len(picker.lines) == len(headers(own)) == 23
        assert "23 of 23" in picker.filters
        (present,) = (line for line in picker.lines if line.startswith("●"))
        assert "cap-older-adult" in present
        assert picker.look.startswith("Community-acquired pneumonia in an older adult")
        assert find("cap-older-adult").text in picker.look


async def test_typing_narrows_and_enter_chooses(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.press(*"PARK vomit")  # in any order, in any case
        (line,) = picker.lines
        assert "vomiting-parkinson" in line
        assert "1 of 20" in picker.filters
        await picker.press("enter")
        assert picker.chosen == [find("vomiting-parkinson")]


async def test_words_of_the_text_find_a_case_too_after_those_of_the_titles(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.press(*"asthma")
        titles = [title for title in picker.titles if "asthma" in title.casefold()]
        assert 0 < len(titles) < len(picker.titles)
        assert picker.titles[: len(titles)] == titles
        assert picker.user.app.screen.query_one(CaseList).highlighted == 0


async def test_nothing_found_is_said_and_enter_does_nothing(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.press(*"zzz", "enter", "down", "ctrl+t", "f8")
        assert picker.lines == ["nothing found"]
        assert picker.look == ""
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
        await picker.press("ctrl+g", "ctrl+g", *"pregnancy", "ctrl+f")
        assert "specialty: obstetrics" in picker.filters
        assert "complexity: moderate" in picker.filters
        assert all("obstetrics · moderate" in line for line in picker.lines)
        assert picker.lines
        while "specialty: any" not in picker.filters:
            assert "nothing found" not in picker.lines  # only what is there is offered
            await picker.press("ctrl+f")


async def test_cases_without_a_specialty_are_a_value_of_their_own(bench: Bench, own: Path) -> None:
    async with picking(bench) as picker:
        await picker.press(*"own", "ctrl+f", "ctrl+f")
        assert "specialty: not given" in picker.filters
        assert picker.titles == ["A 30-year-old man asks for advice."]


async def test_the_list_moves_while_the_search_has_the_keyboard(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.press("pageup", "pageup")
        options = picker.user.app.screen.query_one(CaseList)
        places = [options.highlighted]
        for key in ("down", "down", "up", "pagedown", "pageup"):
            await picker.press(key)
            places.append(options.highlighted)
        assert places == [0, 1, 2, 1, 11, 1]
        await picker.press("pagedown", "pagedown", "pagedown")
        assert options.highlighted == 19
        assert picker.titles[19] in picker.look
        assert isinstance(picker.user.app.focused, Input)


async def test_a_click_chooses(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.press(*"croup")
        await picker.user.pilot.click(CaseList, offset=(5, 0))
        assert picker.chosen == [find("croup-toddler")]


async def test_escape_leaves_everything_as_it_was(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.press("down", "escape")
        assert picker.chosen == [None]


async def test_a_case_says_whether_it_has_a_reference(bench: Bench, own: Path) -> None:
    async with picking(bench) as picker:
        assert "✓ with a reference answer" in picker.look
        await picker.press(*"gout.toml", *["backspace"] * 5, *" own")
        assert picker.titles == ["Gout"]
        assert "– without a reference answer" in picker.look
        assert str(own / "gout.toml") in picker.look


async def test_a_broken_file_says_why_and_cannot_be_chosen(bench: Bench, own: Path) -> None:
    async with picking(bench) as picker:
        await picker.press(*"broken", "enter", "ctrl+t")
        (line,) = picker.lines
        assert line.startswith("✗ broken")
        assert f"{own / 'broken.toml'}: broken TOML" in picker.look
        assert picker.chosen == []
        assert isinstance(picker.user.app.screen, VignetteScreen)


async def test_a_file_that_has_gone_is_said_and_the_picker_stays(bench: Bench, own: Path) -> None:
    async with picking(bench) as picker:
        await picker.press(*"own warfarin")
        (own / "gout.toml").unlink()
        await picker.press("enter")
        assert "gout.toml: there is no such file" in picker.told
        assert picker.chosen == []


# --- writing ------------------------------------------------------------------------------------


async def test_a_new_case_is_written_saved_and_chosen(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.edit()
        assert "No identifiable patient data" in picker.terms
        assert f"saved in {bench.folder / 'vignettes'}; ^o private session" in picker.terms
        await picker.press(*"Fever.", "enter", *"Cough.", "tab", *"My case", "tab", *"respi")
        await picker.press("right", "tab", "down", "down", "down", "enter")
        vignette = await picker.save()
        assert vignette == Vignette(
            "my-case", "My case", "Fever.\nCough.", "respiratory medicine", "moderate"
        )
        assert find("my-case", bench.folder / "vignettes") == vignette
        assert (bench.folder / "vignettes").stat().st_mode & 0o777 == 0o700
        assert (bench.folder / "vignettes" / "my-case.toml").stat().st_mode & 0o777 == 0o600


async def test_a_copy_of_a_bundled_case_loses_its_reference_and_says_so(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.press(*"croup")
        await picker.edit("ctrl+t")
        without = picker.user.app.screen.query_one("#without", Static)
        assert without.display
        assert "without the reference answer" in str(without.content)
        assert picker.text == find("croup-toddler").text
        await picker.press(*"Today: ")
        vignette = await picker.save()
        assert vignette.text == f"Today: {find('croup-toddler').text}"
        assert vignette.acceptable == ()
        assert vignette.specialty == "paediatrics"
        assert find(vignette.id, bench.folder / "vignettes") == vignette
        assert find("croup-toddler").acceptable


async def test_editing_an_own_case_replaces_it(bench: Bench, own: Path) -> None:
    async with picking(bench) as picker:
        await picker.press(*"own warfarin")
        await picker.edit("ctrl+t")
        assert f"Replaces {own / 'gout.toml'}" in picker.terms
        assert not picker.user.app.screen.query_one("#without").display
        await picker.press(*"Now: ", "tab", *"!")
        vignette = await picker.save()
        assert (vignette.id, vignette.title) == ("gout", "Gout!")
        assert find("gout", own) == vignette
        assert sorted(path.name for path in own.iterdir()) == [
            "broken.toml",
            "gout.toml",
            "note.txt",
        ]


@pytest.mark.parametrize("name", ["gout.txt", "gout.toml"])
async def test_an_own_case_that_holds_more_or_is_mere_text_is_copied(
    bench: Bench, name: str
) -> None:
    folder = bench.folder / "vignettes"
    folder.mkdir()
    whole = GOUT + '[patient]\nage = 50\nsex = "male"\n'
    before = "A man with gout takes warfarin." if name.endswith("txt") else whole
    (folder / name).write_text(before)
    async with picking(bench) as picker:
        await picker.press(*"own")
        await picker.edit("ctrl+t")
        assert picker.user.app.screen.query_one("#without").display is name.endswith("toml")
        await picker.press("tab", *"Gout", "ctrl+a", "ctrl+k", *"Gout")
        assert (await picker.save()).id == "gout-2"
        assert (folder / name).read_text() == before


async def test_nothing_of_that_title_is_overwritten(bench: Bench, own: Path) -> None:
    async with picking(bench) as picker:
        await picker.edit()
        await picker.press(*"Another.", "tab", *"Gout")
        assert (await picker.save()).id == "gout-2"
        assert (own / "gout.toml").read_text() == GOUT


async def test_a_note_of_8_kb_is_pasted_at_once_and_kept_whole(bench: Bench) -> None:
    note = "\r\n".join(f"{i}: fever, cough, ∆ 38,5 °C, amoxicillin 1 g" for i in range(200))
    assert len(note.encode()) > 8_000
    async with picking(bench) as picker:
        await picker.edit()
        began = time.perf_counter()
        await picker.paste(note)
        assert time.perf_counter() - began < 3  # some ms; a line at a time would take minutes
        length = str(picker.user.app.screen.query_one("#length", Static).content)
        assert length == f"{len(note) - 199:,} of 200,000 characters"
        vignette = await picker.save()
        assert vignette.text == note.replace("\r\n", "\n")
        assert find(vignette.id, bench.folder / "vignettes") == vignette


async def test_a_note_pasted_into_the_search_begins_a_new_case(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.paste("croup")  # a word is searched for
        assert picker.titles == ["Mild croup in a toddler"]
        await picker.paste("Fever since Monday.\nNo allergies.")
        await picker.until(EditorScreen)
        await picker.user.wait_until(lambda: picker.text)
        assert picker.text == "Fever since Monday.\nNo allergies."
        await picker.press("escape")
        await picker.until(AskScreen)  # it is nowhere else


async def test_control_characters_are_pasted_as_signs_and_that_is_said(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.edit()
        await picker.paste("a\x1b[2Jb\x07 \u202ec\r\nd\x0c")
        assert picker.told.startswith("3 control characters pasted")
        assert picker.text == "a␛[2Jb␇ \u202ec\nd␌"
        await picker.press("tab")
        await picker.paste("\x1b[2Jtitle\x07\nmore")
        assert picker.user.app.screen.query_one("#title", Line).value == "␛[2Jtitle␇"
        screen = painted(picker.user.app)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", screen)
        vignette = await picker.save()
        assert vignette.text == "a␛[2Jb␇ \u202ec\nd␌"


async def test_a_paste_beyond_the_limit_is_refused_and_the_text_stays(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.edit()
        await picker.press(*"Fever.")
        await picker.paste("a" * 200_000)
        assert "longer than 200,000 characters" in picker.told
        assert picker.text == "Fever."


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["space"], "the text of the vignette is empty; write the case into it"),
        ([*"Fever.", "tab", *"x" * 81], "the title is longer than 80 characters; shorten it"),
    ],
)
async def test_what_is_no_case_is_said_and_nothing_is_lost(
    bench: Bench, keys: list[str], said: str
) -> None:
    async with picking(bench) as picker:
        await picker.edit()
        await picker.press(*keys, "ctrl+s")
        assert picker.told == said
        assert picker.text in (" ", "Fever.")
        assert picker.chosen == []
        assert not (bench.folder / "vignettes").exists()


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
        assert "could not be saved in" in picker.told
        assert "No space left on device" in picker.told
        assert picker.text == "Fever."
        assert (await picker.save()).text == "Fever."


async def test_a_folder_that_cannot_be_written_is_said(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.edit()
        await picker.press(*"Fever.")
        (bench.folder / "vignettes").write_text("in the way")
        await picker.press("ctrl+s")
        assert "could not be saved in" in picker.told


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
        assert picker.text.startswith("x")
        await picker.press("escape")
        await picker.until(AskScreen)
        await picker.press("y")
        await picker.until(VignetteScreen)
        assert picker.chosen == []


async def test_a_private_session_writes_nothing(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.edit()
        await picker.press("ctrl+o")
        assert "PRIVATE session: not written to any file" in picker.terms
        assert picker.user.app.desk.private
        await picker.press(*"A secret.", "tab", *"Mrs Secret")
        vignette = await picker.save()
        assert (vignette.id, vignette.text) == ("note", "A secret.")  # no id tells the title
    files = [path for path in bench.folder.rglob("*") if path.is_file()]
    assert not any(b"ecret" in path.read_bytes() for path in files)
    assert not (bench.folder / "vignettes").exists()


async def test_a_private_session_leaves_an_own_case_as_it_was_and_can_be_ended(
    bench: Bench, own: Path
) -> None:
    async with picking(bench) as picker:
        await picker.press(*"own warfarin")
        await picker.edit("ctrl+t")
        await picker.press("ctrl+o", *"Secretly, ")
        assert (await picker.save()).text.startswith("Secretly, a man".replace(" a ", " A "))
        assert (own / "gout.toml").read_text() == GOUT


async def test_the_same_key_ends_the_private_session(bench: Bench) -> None:
    async with picking(bench) as picker:
        await picker.edit()
        await picker.press("ctrl+o", "ctrl+o", *"Fever.")
        assert "Will be saved in" in picker.terms
        assert not picker.user.app.desk.private
        vignette = await picker.save()
        assert find(vignette.id, bench.folder / "vignettes").text == "Fever."


async def test_without_models_a_private_session_cannot_begin_and_that_is_said(
    bench: Bench,
) -> None:
    async with picking(bench) as picker:
        await picker.edit()
        picker.user.app.desk.laboratory, laboratory = None, picker.user.app.desk.laboratory
        await picker.press("ctrl+o")
        assert "still looked for" in picker.told
        picker.user.app.desk.laboratory = laboratory


# --- loading and deleting -----------------------------------------------------------------------


async def test_a_note_in_a_file_is_loaded_looked_over_and_saved_as_the_users_own(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(bench.folder))
    (bench.folder / "fall 1.txt").write_text("Fever since Monday.\n")
    async with picking(bench) as picker:
        await picker.press("ctrl+l")
        await picker.until(LoadScreen)
        await picker.press(*"~/fall 2.txt", "enter")
        assert "fall 2.txt: there is no such file; check the path" in picker.told
        await picker.press(*["backspace"] * 5)
        line = picker.user.app.screen.query_one(Line)
        await picker.user.wait_until(lambda: line._suggestion == "~/fall 1.txt")
        await picker.press("tab")
        assert line.value == "~/fall 1.txt"
        await picker.press("enter")
        await picker.until(EditorScreen)
        assert picker.text == "Fever since Monday."
        vignette = await picker.save()
        assert find(vignette.id, bench.folder / "vignettes").text == "Fever since Monday."


async def test_a_file_with_a_reference_is_chosen_as_it_is(bench: Bench) -> None:
    line = '{ action = "start", name = "colchicine" }'
    (bench.folder / "whole.toml").write_text(f"{GOUT}[[acceptable]]\nmedications = [{line}]\n")
    async with picking(bench) as picker:
        await picker.press("ctrl+l")
        await picker.until(LoadScreen)
        await picker.press(*str(bench.folder / "whole.toml"), "enter")
        await picker.user.wait_until(lambda: picker.chosen)
        (vignette,) = picker.chosen
        assert vignette is not None
        assert vignette.acceptable[0].medications[0].name == "colchicine"
        assert not (bench.folder / "vignettes").exists()


async def test_a_binary_file_is_refused_and_loading_can_be_left(bench: Bench) -> None:
    (bench.folder / "picture.txt").write_bytes(b"\x89PNG\x00")
    async with picking(bench) as picker:
        await picker.press("ctrl+l")
        await picker.until(LoadScreen)
        await picker.press("enter")  # nothing is typed yet
        assert picker.told == ""
        await picker.press(*str(bench.folder / "picture.txt"), "enter")
        assert "not a text file in UTF-8" in picker.told
        await picker.press("escape")
        await picker.until(VignetteScreen)
        assert picker.chosen == []


def test_a_path_is_completed_with_folders_and_cases(
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


async def test_only_an_own_case_is_deleted_and_only_after_asking(bench: Bench, own: Path) -> None:
    async with picking(bench) as picker:
        await picker.press("f8")  # the one under the cursor is bundled
        assert isinstance(picker.user.app.screen, VignetteScreen)
        await picker.press(*"own warfarin", "f8")
        await picker.until(AskScreen)
        assert str(own / "gout.toml") in picker.user.text("#dialog")
        await picker.press("n")
        await picker.until(VignetteScreen)
        assert (own / "gout.toml").exists()
        await picker.press("f8")
        await picker.until(AskScreen)
        await picker.press("y")
        await picker.user.wait_until(lambda: not (own / "gout.toml").exists())
        await picker.user.wait_until(lambda: picker.lines == ["nothing found"])


async def test_what_cannot_be_deleted_is_said(
    bench: Bench, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied")

    async with picking(bench) as picker:
        await picker.press(*"broken", "f8")
        await picker.until(AskScreen)
        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", refuse)
            await picker.press("y")
            await picker.user.wait_until(lambda: picker.told)
        assert "broken.toml could not be deleted (Permission denied)" in picker.told


# --- how it looks -------------------------------------------------------------------------------


async def test_a_narrow_terminal_has_a_line_for_each_case_and_a_resize_follows(
    bench: Bench, own: Path
) -> None:
    async with picking(bench, NARROW) as picker:
        assert all("\n" not in line for line in picker.lines)
        assert "Gout  own" in (line.strip() for line in picker.lines)
        assert "A 72-year-old woman" in painted(picker.user.app)
        await picker.press("down")
        highlighted = picker.look
        await picker.user.pilot.resize_terminal(*WIDE)
        await picker.user.wait_until(lambda: all("\n" in line for line in picker.lines))
        assert picker.look == highlighted
        await picker.user.pilot.resize_terminal(*NARROW)
        await picker.user.wait_until(lambda: all("\n" not in line for line in picker.lines))


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_editor_has_room_and_keeps_what_is_typed_over_a_resize(
    bench: Bench, size: tuple[int, int]
) -> None:
    async with picking(bench, size) as picker:
        await picker.edit("ctrl+t")
        assert picker.user.app.screen.query_one(Note).size.height >= 8
        await picker.press(*"Today ")
        await picker.user.pilot.resize_terminal(*(NARROW if size == WIDE else WIDE))
        await picker.user.pilot.pause()
        assert picker.text.startswith("Today A 72-year-old")
        assert "Today A 72-year-old" in painted(picker.user.app)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_hostile_titles_and_texts_are_shown_harmlessly(
    bench: Bench, size: tuple[int, int]
) -> None:
    folder = bench.folder / "vignettes"
    folder.mkdir()
    evil = "[/b] [red]x[/] \u202eabc 症e\u0301"
    (folder / "evil.toml").write_text(
        f'title = "{evil}"\nspecialty = "{evil}"\ntext = "{evil}\\n{"x" * 5000}"\n'
    )
    async with picking(bench, size) as picker:
        for keys in (list("own"), ["ctrl+f"], ["ctrl+t"]):
            await picker.press(*keys)
            await picker.user.pilot.pause()
            screen = painted(picker.user.app)
            assert "[/b] [red]x[/] �abc" in screen
            assert "\u202e" not in screen
        await picker.until(EditorScreen)
        assert picker.text.startswith(evil)  # the text itself stays as it is


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
            assert binding.id
            assert binding.description
            assert binding.tooltip or not binding.show
            assert binding.key in moving or binding.key not in fields
            ids.append(binding.id)
    assert len(set(ids)) == len(ids)


async def test_the_footer_names_the_keys(bench: Bench) -> None:
    def footer(picker: Picker) -> list[str]:
        active = picker.user.app.screen.active_bindings.values()
        return [key.binding.description for key in active if key.binding.show and key.enabled]

    async with picking(bench) as picker:
        assert footer(picker) == ["Choose", "New", "Edit", "Load", "Leave"]  # nothing to delete
        await picker.edit()
        assert footer(picker)[:3] == ["Save and choose", "Private session", "Leave"]


def test_a_path_in_the_home_folder_is_written_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert at_home(tmp_path / "a" / "b") == "~/a/b"
    assert at_home(Path("/elsewhere")) == "/elsewhere"
