"""Copies, exports and pages: for the owner alone, with names that stay in their folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage import copies
from llmchem_tui.storage.copies import (
    check_own,
    safe_name,
    save_named,
    save_numbered,
    save_own,
)
from llmchem_tui.storage.files import StorageError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_copies_are_numbered_through_whatever_they_are_called(tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    first = save_numbered(folder, "answer-A", ".txt", "one\n")
    second = save_numbered(folder, "grades", ".txt", "two\n")
    assert [first.name, second.name] == ["001-answer-A.txt", "002-grades.txt"]
    assert [first.read_text(), second.read_text()] == ["one\n", "two\n"]


def test_the_next_number_follows_the_highest_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "041-x.txt").touch()
    (tmp_path / "notes.txt").touch()
    assert save_numbered(tmp_path, "x", ".txt", "").name == "042-x.txt"
    (tmp_path / "999-x.txt").touch()
    assert save_numbered(tmp_path, "x", ".txt", "").name == "1000-x.txt"
    assert save_numbered(tmp_path, "x", ".txt", "").name == "1001-x.txt"


def test_a_named_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    written = [save_named(tmp_path, "round-3", {".md": text}) for text in ("one", "two", "three")]
    paths = [path for own in written for path in own]
    assert [path.name for path in paths] == ["round-3.md", "round-3-2.md", "round-3-3.md"]
    assert [path.read_text() for path in paths] == ["one", "two", "three"]


def test_files_of_one_name_get_the_first_one_that_is_free_for_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("mine")
    (tmp_path / "a-2.md").write_text("mine")
    paths = save_named(tmp_path, "a", {".md": "one", ".html": "two"})
    assert [(path.name, path.read_text()) for path in paths] == [
        ("a-3.md", "one"),
        ("a-3.html", "two"),
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("a-2.md", "a-3.html", "a-3.md", "a.html"),
    ]


def test_even_a_link_that_leads_nowhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "round-3.md").symlink_to(tmp_path / "elsewhere")
    (path,) = save_named(tmp_path, "round-3", {".md": "text"})
    assert path.name == "round-3-2.md"
    assert not (tmp_path / "elsewhere").exists()


def test_folder_and_file_are_for_the_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        (path,) = save_named(tmp_path / "new" / "exports", "a", {".md": "text"})
        other = save_numbered(tmp_path / "copies", "a", ".txt", "text")
    finally:
        os.umask(before)
    for one in (path, other):
        assert (mode(one), mode(one.parent)) == (0o600, 0o700)


@given(st.text())
def test_a_name_from_anywhere_stays_in_its_folder(name: str) -> None:
    safe = safe_name(name)
    assert safe.isascii() and 1 <= len(safe) <= 60
    assert Path(safe).name == safe and not safe.startswith((".", "-"))
    assert safe_name(safe) == safe


def test_a_name_keeps_what_is_harmless() -> None:
    assert safe_name("answer-A") == "answer-A"
    assert safe_name("../../etc/passwd\n") == "etc-passwd"
    assert safe_name("模型\x1b") == "text"


def test_a_text_that_utf_8_cannot_hold_is_still_saved(tmp_path: Path) -> None:
    (path,) = save_named(tmp_path, "a", {".txt": "x\ud800y"})
    assert path.read_text("utf-8") == "x\ufffdy"


def name_two(folder: Path) -> object:
    return save_named(folder, "a", {".md": "text", ".html": "text"})


def number_one(folder: Path) -> object:
    return save_numbered(folder, "a", ".txt", "text")


@pytest.mark.parametrize("save", [name_two, number_one])
def test_a_full_disk_is_told_and_leaves_no_half_file(
    save: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = iter([100, 2] if save is name_two else [2])

    def full(path: Path, content: bytes) -> None:
        path.write_bytes(content[: (left := next(room))])
        if left < len(content):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies, "create", full)
    with pytest.raises(StorageError, match=r"No file could be written in .*No space left") as told:
        save(tmp_path)
    assert "$LLMCHEM_DATA" in str(told.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("save", [name_two, number_one])
def test_a_folder_that_cannot_be_made_is_told(
    save: Callable[[Path], object], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="No file could be written"):
        save(tmp_path / "file" / "copies")


# --- what can be made again -----------------------------------------------------------------


def test_what_this_program_made_is_replaced_and_nothing_else_is(tmp_path: Path) -> None:
    page, notes = tmp_path / "new" / "page.html", tmp_path / "notes.html"
    save_own(page, b"<!-- llmchem-tui --> one")
    save_own(page, b"<!-- llmchem-tui --> two")
    assert page.read_bytes() == b"<!-- llmchem-tui --> two"
    assert (mode(page), mode(page.parent)) == (0o600, 0o700)
    notes.write_text("my own words" + " " * 2048 + "on llmchem-tui")
    with pytest.raises(InputError, match="is there already and is not ours"):
        save_own(notes, b"llmchem-tui")
    assert notes.read_text().startswith("my own words")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder: name a file in it"):
        check_own(tmp_path)
    check_own(tmp_path / "new")


def test_a_failed_replacement_keeps_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "page.html").write_text("llmchem-tui")
    monkeypatch.setattr(copies, "replace", full)
    with pytest.raises(StorageError, match=r"page\.html cannot be written \(No space left"):
        save_own(tmp_path / "page.html", b"llmchem-tui two")
    assert (tmp_path / "page.html").read_text() == "llmchem-tui"
