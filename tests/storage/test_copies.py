"""Copies and exports: new files, for the owner alone, with names that stay in their folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.storage import copies
from llmchem_tui.storage.copies import safe_name, save_named, save_numbered
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
    paths = [save_named(tmp_path, "round-3", ".md", text) for text in ("one", "two", "three")]
    assert [path.name for path in paths] == ["round-3.md", "round-3-2.md", "round-3-3.md"]
    assert [path.read_text() for path in paths] == ["one", "two", "three"]


def test_even_a_link_that_leads_nowhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "round-3.md").symlink_to(tmp_path / "elsewhere")
    assert save_named(tmp_path, "round-3", ".md", "text").name == "round-3-2.md"
    assert not (tmp_path / "elsewhere").exists()


def test_folder_and_file_are_for_the_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = save_named(tmp_path / "new" / "exports", "a", ".md", "text")
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
    assert save_named(tmp_path, "a", ".txt", "x\ud800y").read_text("utf-8") == "x\ufffdy"


@pytest.mark.parametrize("save", [save_named, save_numbered])
def test_a_full_disk_is_told_and_leaves_no_half_file(
    save: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        path.write_bytes(content[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies, "create", full)
    assert callable(save)
    with pytest.raises(StorageError, match=r"No file could be written in .*No space left") as told:
        save(tmp_path, "a", ".txt", "text")
    assert "$LLMCHEM_DATA" in str(told.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("save", [save_named, save_numbered])
def test_a_folder_that_cannot_be_made_is_told(save: object, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert callable(save)
    with pytest.raises(StorageError, match="No file could be written"):
        save(tmp_path / "file" / "copies", "a", ".txt", "text")
