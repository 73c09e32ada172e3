"""`llmchem verify`: a sound session has no finding, and each change to it has its own."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llmchem_tui.analysis.verify_cells import HISTORY, REVIEWS, Table
from llmchem_tui.session.events import RoundEnded
from llmchem_tui.storage.journal import JOURNAL_FILE
from llmchem_tui.storage.session_file import SESSION_FILE
from tests.cli import Llmchem, make_llmchem
from tests.damaged_sessions import (
    cancelled_round,
    change_cell,
    change_events,
    change_rows,
    change_text,
    of_type,
    resumed,
    save_events,
)
from tests.saved_sessions import NAME, change_lines, save_session

Finding = dict[str, Any]

FIRST, SECOND = f"{NAME} 1", f"{NAME} 2"
CELLS = 3 * 20 + 6 * 8
"""Those that are compared of a round of three."""


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of two rounds, to be copied."""
    return save_session(tmp_path_factory.mktemp("saved"), own_grade=0.25)


@pytest.fixture
def session(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / NAME))


@pytest.fixture
def simulated(llmchem: Llmchem, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that runs a round of the simulated pool, which has a reference."""

    def run(*options: str) -> Path:
        out = tmp_path / "simulated"
        arguments = ("--simulated", "--seed", "7", "--time-scale", "0", "--out", out)
        assert llmchem("run", "cap-older-adult", *arguments, *options).code == 0
        (folder,) = (path for path in out.iterdir() if path.is_dir())
        return folder

    return run


def found(llmchem: Llmchem, folder: Path, code: int = 1) -> list[Finding]:
    result = llmchem("verify", folder, "--json")
    assert (result.code, result.err) == (code, "")
    findings: list[Finding] = result.document["findings"]
    return findings


def the_one(llmchem: Llmchem, folder: Path) -> Finding:
    (finding,) = found(llmchem, folder)
    return finding


def content(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_a_sound_session_has_no_finding_and_is_left_as_it_is(
    llmchem: Llmchem, session: Path
) -> None:
    before = content(session)
    result = llmchem("verify", session)
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        f"{NAME}: 2 rounds, {2 * CELLS} cells, abstaining below 0.5 as its session.toml says: "
        "nothing differs\n"
    )
    assert content(session) == before
    assert llmchem("verify", session, "--json").document == {
        "schema": 1,
        "session": NAME,
        "abstain_below": 0.5,
        "private": False,
        "rounds": 2,
        "cells": 2 * CELLS,
        "interrupted": 0,
        "findings": [],
        "notes": [],
    }


def test_rounds_of_the_simulated_pool_are_recomputed_reference_and_all(
    llmchem: Llmchem, simulated: Callable[..., Path]
) -> None:
    folder = simulated()
    assert found(llmchem, folder, 0) == []
    before = change_cell(folder, HISTORY, "gen_accuracy", "0.123")
    finding = the_one(llmchem, folder)
    assert (finding["column"], finding["saved"]) == ("gen_accuracy", 0.123)
    assert finding["recomputed"] == float(before)


@pytest.mark.parametrize("column", sorted(HISTORY.compared))
def test_each_cell_of_the_history_is_compared(llmchem: Llmchem, session: Path, column: str) -> None:
    before = change_cell(session, HISTORY, column, "0.125", place=4)
    finding = the_one(llmchem, session)
    assert finding["kind"] == "cell"
    assert (finding["trial"], finding["model"], finding["column"]) == (SECOND, "b", column)
    assert f"history.csv, round {SECOND}, b: {column} is " in finding["text"]
    assert str(finding["saved"]) == "0.125"
    if before in ("", "true", "false") or column in ("result", "medications"):
        assert finding["recomputed"] == (before or None)
    elif isinstance(finding["recomputed"], float):
        assert finding["recomputed"] == float(before)
    else:
        assert finding["recomputed"] == before


@pytest.mark.parametrize("column", sorted(REVIEWS.compared))
def test_each_cell_of_the_reviews_is_compared(llmchem: Llmchem, session: Path, column: str) -> None:
    change_cell(session, REVIEWS, column, "0.125")
    finding = the_one(llmchem, session)
    assert (finding["kind"], finding["column"], str(finding["saved"])) == ("cell", column, "0.125")
    whose = f"the review by {finding['reviewer']} of {finding['model']}"
    assert f"reviews.csv, round {FIRST}, {whose}: {column} is " in finding["text"]


def test_when_a_round_was_saved_is_not_in_the_journal(llmchem: Llmchem, session: Path) -> None:
    change_cell(session, HISTORY, "created", "")
    assert found(llmchem, session, 0) == []


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (lambda number: math.nextafter(number, 11), True),
        (lambda number: number * (1 + 1e-7), False),
    ],
)
def test_a_computed_number_may_differ_in_its_last_digit(
    llmchem: Llmchem, session: Path, other: Callable[[float], float], same: bool
) -> None:
    before = float(change_cell(session, HISTORY, "quality", "0"))
    change_cell(session, HISTORY, "quality", repr(other(before)))
    assert len(found(llmchem, session, 0 if same else 1)) == (0 if same else 1)


def test_what_was_measured_may_not_differ_at_all(llmchem: Llmchem, session: Path) -> None:
    before = float(change_cell(session, HISTORY, "latency", "0"))
    change_cell(session, HISTORY, "latency", repr(math.nextafter(before, 11)))
    assert the_one(llmchem, session)["column"] == "latency"


def test_other_spellings_of_the_same_cell_are_equal(llmchem: Llmchem, session: Path) -> None:
    assert change_cell(session, HISTORY, "recommended", "TRUE", place=0) == "true"
    before = change_cell(session, HISTORY, "latency", "", place=0)
    change_cell(session, HISTORY, "latency", f"{before}00", place=0)
    assert found(llmchem, session, 0) == []


def test_of_a_long_text_the_first_difference_is_shown(llmchem: Llmchem, session: Path) -> None:
    text = change_cell(session, HISTORY, "result", "")
    change_cell(session, HISTORY, "result", text.replace("kidneys", "liver"))
    finding = the_one(llmchem, session)
    assert "liver" in finding["text"] and "kidneys" in finding["text"]
    assert (finding["saved"], finding["recomputed"]) == (text.replace("kidneys", "liver"), text)


@pytest.mark.parametrize("table", [HISTORY, REVIEWS])
def test_missing_doubled_and_strange_rows_are_told(
    llmchem: Llmchem, session: Path, table: Table
) -> None:
    def change(rows: list[dict[str, str]]) -> None:
        lost = rows.pop(0)
        rows += [rows[0], lost | {"model": "zebra"}]

    change_rows(session, table, change)
    findings = found(llmchem, session)
    assert {finding["kind"] for finding in findings} == {"row"}
    whats = [finding["text"].rpartition(": ")[2] for finding in findings]
    assert whats == [
        "the row is missing.",
        "the row stands 2 times.",
        "the journal has nothing for this row.",
    ]
    assert findings[2]["model"] == "zebra"


def test_a_torn_table_is_told_and_compared_up_to_there(llmchem: Llmchem, session: Path) -> None:
    file = session / HISTORY.file
    file.write_bytes(file.read_bytes()[:-30])
    finding = the_one(llmchem, session)
    assert finding["kind"] == "file"
    assert finding["text"].startswith("history.csv, line ")
    document = llmchem("verify", session, "--json").document
    assert (document["rounds"], document["cells"]) == (1, CELLS)


def test_a_table_without_a_column_is_told(llmchem: Llmchem, session: Path) -> None:
    change_text(session / REVIEWS.file, ",grade,", ",mark,")
    assert the_one(llmchem, session)["text"].startswith("reviews.csv lacks grade: ")


def test_each_damaged_line_is_told_by_its_number(llmchem: Llmchem, session: Path) -> None:
    def damage(lines: list[bytes]) -> None:
        texts = [n for n, line in enumerate(lines) if b'"TextArrived"' in line]
        lines[texts[0]] = b"\xff" + lines[texts[0]]
        lines[texts[3]] = b"{}"
        numbers.extend((texts[0] + 1, texts[3] + 1))

    numbers: list[int] = []
    change_lines(session, damage)
    findings = found(llmchem, session)
    assert {finding["kind"] for finding in findings} == {"line"}
    assert [finding["text"] for finding in findings] == [
        f"journal.jsonl, line {number} is damaged and was left out." for number in numbers
    ]


def test_a_torn_last_line_is_told(llmchem: Llmchem, session: Path) -> None:
    with (session / JOURNAL_FILE).open("ab") as file:
        file.write(b'{"type":"TextArr')
    assert the_one(llmchem, session)["text"] == "journal.jsonl: the torn last line was dropped."


@pytest.mark.parametrize("kind", ["AnswerEnded", "ReviewEnded"])
def test_a_round_of_which_a_call_is_lost_cannot_be_recomputed(
    llmchem: Llmchem, session: Path, kind: str
) -> None:
    change_events(session, lambda events: events.remove(of_type(events, kind)[0]))
    finding = the_one(llmchem, session)
    assert (finding["kind"], finding["trial"]) == ("round", FIRST)
    assert "cannot be recomputed: the end of the " in finding["text"]
    assert llmchem("verify", session, "--json").document["rounds"] == 1


def test_a_round_that_lost_its_end_is_compared_but_for_its_seconds(
    llmchem: Llmchem, session: Path
) -> None:
    change_events(session, lambda events: events.remove(of_type(events, "RoundEnded")[0]))
    change_cell(session, HISTORY, "elapsed", "9m", place=0)
    before = change_cell(session, HISTORY, "variance", "99", place=0)
    findings = found(llmchem, session)
    assert [finding["kind"] for finding in findings] == ["round", "cell"]
    assert "has rows in history.csv, but no end" in findings[0]["text"]
    assert findings[1]["recomputed"] == float(before)


def test_a_round_without_a_beginning_is_told(llmchem: Llmchem, session: Path) -> None:
    change_events(session, lambda events: events.remove(of_type(events, "RoundStarted")[1]))
    findings = found(llmchem, session)
    assert {finding["trial"] for finding in findings} == {SECOND}
    assert any("is in history.csv, but its beginning is not" in one["text"] for one in findings)


def test_a_round_that_has_ended_and_is_not_in_the_history_is_told(
    llmchem: Llmchem, session: Path
) -> None:
    change_rows(session, HISTORY, lambda rows: rows.__delitem__(slice(3, None)))
    finding = the_one(llmchem, session)
    assert (finding["kind"], finding["trial"]) == ("round", SECOND)
    assert finding["text"].endswith("has ended, but is not in history.csv.")
    command = f"`llmchem resume {session}`"
    assert finding["remedy"] == f"{command} puts back what is missing in history.csv."


def test_cancelled_rounds_and_rounds_cut_off_are_counted_and_no_fault(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    cut_off = cancelled_round(SECOND)[:-3]
    folder = save_events(tmp_path, cancelled_round(FIRST), cut_off)
    document = llmchem("verify", folder, "--json").document
    assert (document["interrupted"], document["rounds"], document["findings"]) == (2, 0, [])
    out = llmchem("verify", folder).out
    assert f"2 rounds have not ended: `llmchem resume {folder}` goes on with the last" in out
    assert out.endswith("nothing differs\n")


def test_a_round_that_was_cancelled_and_went_on_is_compared(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    events = resumed(cancelled_round(FIRST), FIRST)
    assert sum(isinstance(event, RoundEnded) for event in events) == 2
    folder = save_events(tmp_path, events)
    document = llmchem("verify", folder, "--json").document
    assert (document["rounds"], document["cells"], document["findings"]) == (1, CELLS, [])
    change_cell(folder, HISTORY, "quality", "1")
    assert the_one(llmchem, folder)["column"] == "quality"


def test_a_finished_call_that_was_made_again_is_told(llmchem: Llmchem, session: Path) -> None:
    def again(events: list[dict[str, Any]]) -> None:
        for kind in ("AnswerEnded", "ReviewEnded"):
            place = events.index(of_type(events, kind)[0])
            events.insert(place, events[place])

    change_events(session, again)
    findings = found(llmchem, session)
    assert [finding["kind"] for finding in findings] == ["call", "call"]
    assert all("has ended twice" in finding["text"] for finding in findings)


def test_a_round_that_was_begun_twice_is_told(llmchem: Llmchem, session: Path) -> None:
    change_events(session, lambda events: events.insert(0, events[0]))
    assert "was begun 2 times" in the_one(llmchem, session)["text"]


def test_a_grade_that_is_none_is_told_and_not_computed_with(
    llmchem: Llmchem, session: Path
) -> None:
    def grade(events: list[dict[str, Any]]) -> None:
        of_type(events, "ReviewEnded")[0]["result"]["review"]["grade"] = 4e148

    change_events(session, grade)
    reply, unusable = found(llmchem, session)
    assert (unusable["kind"], unusable["trial"]) == ("round", FIRST)
    assert "the grade 4e+148" in unusable["text"]
    assert (reply["kind"], reply["follows"], unusable["follows"]) == ("call", False, True)


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("digest", "sha256:new"),
        ("id", "other"),
        ("temperature", 0.5),
        ("max_tokens", 1),
        ("options", {"num_ctx": 1}),
    ],
)
def test_a_model_that_changed_between_rounds_is_told(
    llmchem: Llmchem, session: Path, fact: str, value: object
) -> None:
    def change(events: list[dict[str, Any]]) -> None:
        of_type(events, "RoundStarted")[1]["ensemble"][2][fact] = value

    change_events(session, change)
    findings = found(llmchem, session)
    told = next(finding for finding in findings if finding["kind"] == "model")
    assert (told["trial"], told["model"], told["column"]) == (SECOND, "c", fact)
    assert str(told["recomputed"]) == str(value)
    assert f"round {FIRST} has" in told["text"]
    assert [finding["column"] for finding in findings if finding["kind"] == "cell"] == (
        ["temperature"] if fact == "temperature" else []
    )


def test_models_that_are_others_than_in_session_toml_are_told_once(
    llmchem: Llmchem, session: Path
) -> None:
    change_text(session / SESSION_FILE, 'id = "a"', 'id = "a"\ndigest = 2026-01-31')
    change_text(session / SESSION_FILE, 'name = "b"', 'name = "bee"')
    findings = found(llmchem, session)
    assert [(one["kind"], one["trial"], one["model"], one["saved"]) for one in findings] == [
        ("model", FIRST, "a", "2026-01-31"),
        ("model", FIRST, "b", None),
    ]
    assert findings[0]["text"].endswith("digest of a is none; session.toml has 2026-01-31.")


@pytest.mark.parametrize(
    ("old", "new", "trial", "told"),
    [
        ('1" = 7', '1" = 8', FIRST, f"has the seed 8 for round {FIRST}; journal.jsonl has 7."),
        ('1" = 7\n', "", FIRST, f"has no seed for round {FIRST}; journal.jsonl has 7."),
        ("[seeds]", "[seeds]\nx = 1", "x", "has a seed for round x, which is nowhere else."),
    ],
)
def test_seeds_are_compared_with_the_journal(
    llmchem: Llmchem, session: Path, old: str, new: str, trial: str, told: str
) -> None:
    file = session / SESSION_FILE
    if not new:
        lines = file.read_text("utf-8").splitlines(keepends=True)
        file.write_text("".join(line for line in lines if not line.endswith(old)), "utf-8")
    else:
        change_text(file, old, new)
    finding = the_one(llmchem, session)
    assert (finding["kind"], finding["trial"]) == ("seed", trial)
    assert finding["text"].endswith(told)


def test_a_persons_reviews_are_of_nobody_but_have_to_have_an_author(
    llmchem: Llmchem, session: Path
) -> None:
    change_rows(session, REVIEWS, lambda rows: rows[-1].update(grade="0.99"))
    assert found(llmchem, session, 0) == []
    change_rows(session, REVIEWS, lambda rows: rows[-1].update(model="zebra"))
    finding = the_one(llmchem, session)
    assert (finding["kind"], finding["reviewer"], finding["model"]) == ("row", "human", "zebra")


def test_reviews_of_a_round_that_was_cut_off_have_no_business_in_the_table(
    llmchem: Llmchem, session: Path
) -> None:
    change_events(session, lambda events: events.remove(of_type(events, "RoundEnded")[1]))
    change_rows(session, HISTORY, lambda rows: rows.__delitem__(slice(3, None)))
    assert "has rows in reviews.csv, but none in history.csv" in the_one(llmchem, session)["text"]


def test_a_private_session_is_compared_as_far_as_grades_go(
    llmchem: Llmchem, simulated: Callable[..., Path]
) -> None:
    folder = simulated("--private")
    result = llmchem("verify", folder)
    assert result.code == 0
    assert "all but gen_accuracy, recommended, confidence, as texts were not saved" in result.out
    assert llmchem("verify", folder, "--json").document["private"] is True
    before = change_cell(folder, HISTORY, "quality", "1")
    finding = the_one(llmchem, folder)
    assert (finding["column"], finding["recomputed"]) == ("quality", float(before))
    change_cell(folder, HISTORY, "quality", before)
    change_cell(folder, HISTORY, "gen_accuracy", "0.123")
    assert the_one(llmchem, folder)["column"] == "accuracy"  # which follows from it
    change_text(folder / SESSION_FILE, "private = true", "private = false")
    texts = [finding["text"] for finding in found(llmchem, folder)]
    assert "Only journal.jsonl says that the session is private." in texts


def test_a_text_in_a_private_session_is_told(llmchem: Llmchem, tmp_path: Path) -> None:
    folder = save_session(tmp_path, 1, private=True)
    change_cell(folder, HISTORY, "result", "Amoxicillin.")
    assert the_one(llmchem, folder)["column"] == "result"


def test_the_sessions_own_threshold_counts_and_else_that_of_the_settings(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    events = resumed(cancelled_round(FIRST), FIRST)
    folder = save_events(tmp_path / "out", events, abstain_below=0.95)
    assert "below 0.95 as its session.toml says" in llmchem("verify", folder).out
    change_text(
        folder / SESSION_FILE, "abstain_below = 0.95", "[batch.settings]\nabstain_below = 0.95"
    )
    assert "below 0.95 as its session.toml says" in llmchem("verify", folder).out
    change_text(folder / SESSION_FILE, "[batch.settings]\nabstain_below = 0.95", "")
    settings = tmp_path / "config.toml"
    settings.write_text("[round]\nabstain_below = 0.95\n")
    result = llmchem("verify", folder, "--config", settings)
    assert (result.code, "below 0.95 as the settings say" in result.out) == (0, True)
    cause, *cells = found(llmchem, folder)
    assert cause["text"].endswith("history.csv was computed with another abstain_below.")
    assert {cell["column"] for cell in cells} == {"recommended", "confidence"}
    assert all(cell["follows"] for cell in cells)


def test_files_that_cannot_be_read_are_findings(llmchem: Llmchem, session: Path) -> None:
    change_text(session / SESSION_FILE, "format = 1", "format = 2")
    change_text(session / JOURNAL_FILE, '"version":1', '"version":2')
    (session / REVIEWS.file).unlink()
    findings = found(llmchem, session)
    assert [finding["kind"] for finding in findings] == ["file", "file", "file"]
    for finding, words in zip(
        findings,
        ("session.toml has session format 2", "reviews.csv is missing", "journal.jsonl has"),
        strict=True,
    ):
        assert words in finding["text"]
        assert str(session) not in finding["text"]


def test_without_session_toml_rounds_are_compared_all_the_same(
    llmchem: Llmchem, session: Path
) -> None:
    (session / SESSION_FILE).write_text("format = [")
    document = llmchem("verify", session, "--json").document
    assert (document["rounds"], [one["kind"] for one in document["findings"]]) == (2, ["file"])

    def change(events: list[dict[str, Any]]) -> None:
        of_type(events, "RoundStarted")[1]["ensemble"][0]["digest"] = "new"

    change_events(session, change)
    assert [finding["kind"] for finding in found(llmchem, session)] == ["file", "model"]


def test_what_is_no_session_is_bad_input(llmchem: Llmchem, session: Path) -> None:
    for named, words in (
        (session / "nowhere", "is no folder, and no session in"),
        (session / HISTORY.file, "is a file"),
        (session.parent / "empty", "holds no session"),
    ):
        (session.parent / "empty").mkdir(exist_ok=True)
        result = llmchem("verify", named)
        assert (result.code, result.out) == (2, "")
        assert words in result.err


def test_a_session_is_found_by_its_name_in_the_data_folder(
    llmchem: Llmchem, session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(session, session.parent / "data" / "sessions" / "2026-02-01T00-00-00")
    monkeypatch.setenv("LLMCHEM_DATA", str(session.parent / "data"))
    result = llmchem("verify", "2026-02-01T00-00-00")
    assert (result.code, result.out[:19]) == (0, "2026-02-01T00-00-00")


def test_several_sessions_are_told_one_after_the_other(
    llmchem: Llmchem, session: Path, tmp_path: Path
) -> None:
    sessions = tmp_path / "several"
    for name in ("2026-01-01T00-00-00", "2026-01-02T00-00-00"):
        shutil.copytree(session, sessions / name)
    change_cell(sessions / "2026-01-01T00-00-00", HISTORY, "status", "error")
    lines = llmchem("verify", sessions, session).out.splitlines()
    assert [line[:19] for line in lines] == [
        "2026-01-02T00-00-00",
        *["2026-01-01T00-00-00"] * 3,
        NAME,
    ]
    assert lines[3].endswith(": 1 finding")
    result = llmchem("verify", sessions, "--json")
    assert result.code == 1
    told = result.document["sessions"]
    assert [len(one["findings"]) for one in told] == [0, 1]


def test_hostile_names_are_words(llmchem: Llmchem, session: Path) -> None:
    evil = "\x1b]0;owned\x07\u202e\nrow"
    change_cell(session, HISTORY, "model", evil)
    change_cell(session, HISTORY, "strategy", evil, place=2)
    result = llmchem("verify", session)
    assert result.code == 1
    assert len(result.out.splitlines()) == 5
    assert not {"\x1b", "\x07", "\u202e"} & set(result.out)
    raw = llmchem("verify", session, "--json")
    assert raw.out.isascii()
    assert any(finding["saved"] == evil for finding in raw.document["findings"])
