"""Saving the user's own vignettes: never over another, private, whole or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Vignette
from llmchem_tui.storage.files import StorageError
from llmchem_tui.storage.own_vignettes import delete, rewritable, save, written
from llmchem_tui.storage.vignettes import bundled, find, headers, load, load_file, read_file

GOUT = written("Gout", "A man with gout.\n\nHe takes warfarin.", "rheumatology", "low")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "own" / "vignettes"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_is_saved_is_found_again(folder: Path) -> None:
    saved = save(GOUT, folder)
    assert saved.id == "gout"
    assert find("gout", folder) == saved
    assert (saved.title, saved.text, saved.specialty, saved.complexity) == (
        "Gout",
        "A man with gout.\n\nHe takes warfarin.",
        "rheumatology",
        "low",
    )


def test_folder_and_file_are_for_their_owner_alone(folder: Path) -> None:
    save(GOUT, folder)
    assert mode(folder) == 0o700
    assert mode(folder / "gout.toml") == 0o600
    assert [path.name for path in folder.iterdir()] == ["gout.toml"]  # no draft is left


def test_a_taken_name_gets_a_number(folder: Path) -> None:
    assert [save(GOUT, folder).id for _ in range(3)] == ["gout", "gout-2", "gout-3"]
    (folder / "Asthma.txt").write_text("A case.")
    (folder / "x.toml").write_text('id = "croup"\ntext = "A case."')
    (folder / "broken.toml").write_text("text = ")
    for title in ("asthma", "Croup", "broken", "cap older adult"):
        assert save(written(title, "Mine."), folder).id.endswith("-2")
    assert (folder / "broken.toml").read_text() == "text = "
    assert all(header.usable for header in headers(folder) if header.id != "broken")


def test_long_titles_are_told_apart_by_their_numbers(folder: Path) -> None:
    long = written("x" * 80, "A case.")
    first, second = save(long, folder), save(long, folder)
    assert (len(first.id), len(second.id)) == (64, 64)
    assert second.id.endswith("-2")
    assert find(second.id, folder) == second


def test_a_title_without_a_latin_letter_can_be_saved(folder: Path) -> None:
    assert save(written("症例", "Fever."), folder).id == "note"
    assert find("note", folder).title == "症例"


def test_editing_replaces_that_file_and_keeps_its_id(folder: Path) -> None:
    folder.mkdir(parents=True)
    path = folder / "x1.toml"
    path.write_text('id = "my-case"\ntext = "Before."\n')
    before = read_file(path)
    after = save(Vignette(before.id, "Another title", "After."), folder, path)
    assert find("my-case", folder) == after
    assert [header.id for header in headers(folder) if header.path] == ["my-case"]
    assert mode(path) == 0o600


def test_only_a_file_that_holds_no_more_than_a_text_may_be_replaced(folder: Path) -> None:
    path = folder / "case.toml"
    assert rewritable(GOUT, path)
    assert not rewritable(GOUT, None)
    assert not rewritable(GOUT, folder / "case.txt")
    assert not rewritable(find("croup-toddler"), path)


@pytest.mark.parametrize("over", [False, True])
def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, over: bool
) -> None:
    saved = save(GOUT, folder)
    content = (folder / "gout.toml").read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=r"could not be saved in .*No space left on device"):
        save(saved, folder, folder / "gout.toml" if over else None)
    assert (folder / "gout.toml").read_bytes() == content
    assert [path.name for path in folder.iterdir()] == ["gout.toml"]


def test_a_draft_that_cannot_be_written_gives_the_reserved_name_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: object, target: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(StorageError, match="Input/output error"):
        save(GOUT, folder)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"could not be saved in .*vignettes \("):
        save(GOUT, tmp_path / "file" / "vignettes")


def test_a_vignette_is_deleted_and_may_be_gone_already(folder: Path) -> None:
    save(GOUT, folder)
    delete(folder / "gout.toml")
    delete(folder / "gout.toml")
    assert headers(folder) == bundled()
    with pytest.raises(StorageError, match="could not be deleted"):
        delete(folder)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (("", " \n"), "the text of the vignette is empty; write the vignette into it"),
        (("", "a" * 200_001), "the text of the vignette is longer than 200,000 characters"),
        (("", "a\x1bb"), "the text of the vignette: not plain text.*U+001B"),
        (("x" * 81, "A case."), "the title is longer than 80 characters; shorten it"),
        (("a\x07", "A case."), "the title: not plain text.*U+0007"),
        (("", "A case.", "y" * 81), "the specialty is longer than 80 characters; shorten it"),
        (("", "A case.", "", "easy"), "the complexity must be one of low, moderate, high"),
    ],
)
def test_what_is_no_vignette_is_refused_in_one_sentence(fields: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError, match=said.replace("+", r"\+")) as caught:
        written(*fields)
    assert "\n" not in str(caught.value)


def test_without_a_title_a_vignette_has_its_first_line() -> None:
    assert written("  ", "\n Fever since Monday. \nNo allergies.").title == "Fever since Monday."
    assert written(" A  title ", "Fever.").title == "A title"


LINES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40)
TEXTS = st.text(
    st.characters(exclude_categories=["Cc"], include_characters="\n\r\t\x0b\x0c\x85"),
    max_size=200,
).filter(str.strip)


@settings(max_examples=40)  # each one reads all vignettes
@given(LINES, TEXTS, LINES, st.sampled_from(["", "low", "moderate", "high"]))
def test_anything_that_can_be_written_is_read_back_unchanged(
    title: str, text: str, specialty: str, complexity: str
) -> None:
    with TemporaryDirectory() as name:
        saved = save(written(title, text, specialty, complexity), Path(name))
        assert read_file(Path(name) / f"{saved.id}.toml") == saved
        assert re.fullmatch(r"[a-z0-9-]{1,64}", saved.id)


def test_a_listed_vignette_is_loaded_or_says_why_it_cannot_be(folder: Path) -> None:
    saved = save(GOUT, folder)
    (folder / "broken.toml").write_text("text = ")
    listed = {header.id: header for header in headers(folder)}
    assert load(listed["gout"]) == saved
    assert load(listed["croup-toddler"]) == find("croup-toddler")
    assert (listed["gout"].path, listed["gout"].reference) == (folder / "gout.toml", False)
    assert (listed["croup-toddler"].path, listed["croup-toddler"].reference) == (None, True)
    with pytest.raises(InputError, match="broken TOML"):
        load(listed["broken"])
    (folder / "gout.toml").unlink()
    with pytest.raises(InputError, match="there is no such file"):
        load(listed["gout"])


def test_a_file_is_loaded_from_the_home_folder_under_an_id_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "cap-older-adult.txt").write_text("Another case.")
    assert load_file("~/cap-older-adult.txt").id == "own-cap-older-adult"
    with pytest.raises(InputError, match=r"~nobody-here/case\.txt"):
        load_file("~nobody-here/case.txt")
    with pytest.raises(InputError, match="there is no such file"):
        load_file("~/nothing.toml")


def test_a_folder_and_a_pipe_are_no_file_to_load(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(InputError, match="is a folder; name a file in it"):
        load_file(str(tmp_path))
    with pytest.raises(InputError, match=r"pipe\.txt is no ordinary file"):
        load_file(str(tmp_path / "pipe.txt"))  # and nothing waits for its end
