"""Session folders: what is written reads back equal, for the owner alone, or is told."""

from __future__ import annotations

import json
import math
import os
import stat
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import pandas
import pytest

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.final_recommendation import FinalRecommendation
from llmchem_tui.domain.model import (
    TASK,
    Action,
    Answer,
    AnswerResult,
    Locality,
    Medication,
    ModelSpec,
    Outcome,
    Review,
    ReviewResult,
    Status,
    Usage,
)
from llmchem_tui.domain.scoring import RoundScore, Score
from llmchem_tui.session.events import RoundEnded
from llmchem_tui.session.protocol import answer_text, medication_text
from llmchem_tui.storage.files import StorageError
from llmchem_tui.storage.history import history_of, read_history, read_sessions
from llmchem_tui.storage.journal import read_journal
from llmchem_tui.storage.rounds import (
    HISTORY_COLUMNS,
    FinishedRound,
    elapsed_text,
    history_rows,
    read_reviews,
    review_rows,
)
from llmchem_tui.storage.session_file import SessionInfo
from llmchem_tui.storage.sessions import (
    SessionWriter,
    begin_session,
    list_sessions,
    session_summary,
)

CREATED = datetime(2026, 1, 31, 10, 15, 0, 987_654, timezone(timedelta(hours=1)))
NAME = "2026-01-31T09-15-00"
POOL = (
    ModelSpec(
        "=llama",
        "box",
        "llama:8b",
        Locality.LOCAL,
        0.7,
        digest="sha256:ab",
        options={"num_ctx": 4096, "think": None, "stop": ["x", None], "deep": {"none": None}},
    ),
    ModelSpec("claude", "cloud", "claude-1", Locality.REMOTE, aliases=("claude-0",)),
    ModelSpec("mute", "cloud", "mute-1", Locality.REMOTE),
)
AMOXICILLIN = Medication(Action.START, "amoxicillin", "1 g", "oral", "every 8 hours", "5 days")
ANSWER = Answer(
    '=Pneumonia,\n"typical".', (AMOXICILLIN, Medication(Action.STOP, "aspirin")), ("Allergy?",)
)
INFO = SessionInfo(CREATED, POOL, prompts={"answer.md": "0123"}, versions={"textual": "8.2.8"})

REVIEWS = (
    ReviewResult("=llama", "claude", Status.OK, Review("-good\r\nenough", 0.1 + 0.2), "B", 1, 2.5),
    ReviewResult("claude", "=llama", Status.OK, Review("fine", 0.9, "'@dose"), "A", 2, 1.0),
    ReviewResult("claude", "mute", Status.TIMEOUT, None, "C", 1),
    ReviewResult("mute", "claude", Status.UNPARSED, Review("no grade", None), "A", 1, 3.0),
    ReviewResult("human", "claude", Status.OK, Review("", 1.0)),
)


def finished_round(trial: str = f"{NAME} 1") -> FinishedRound:
    """A round of three, of which one timed out, that recommends the first's answer."""
    answers = {
        "=llama": AnswerResult("=llama", Status.OK, ANSWER, 4.123456789, Usage(100, 200)),
        "claude": AnswerResult("claude", Status.OK, Answer("Viral."), 1.0),
        "mute": AnswerResult("mute", Status.TIMEOUT, None, 60.0, Usage(5, 6), "too late"),
    }
    scores = {
        "=llama": Score(9.0, 0.5, 0.01, 0.9, 1.0, 0.975),
        "claude": Score(0.1 + 0.2, 0.5, None, None, 0.0, 0.0),
        "mute": Score(1.0, 1.0, 1.0, 1.0, 1.0, 1.0),  # must not be written: its answer is not ok
    }
    recommendation = FinalRecommendation(
        model="=llama",
        medications=ANSWER.medications,
        confidence=0.62,
        quality=9.0,
        gen_accuracy=1.0,
        rests_on=("=llama",),
        agreement=(),
        differences=(),
        concerns=(),
    )
    return FinishedRound(
        created=CREATED,
        trial=trial,
        vignette="cap",
        ensemble=POOL,
        strategy="CHEMISTRY",
        seed=-(2**60) - 1,
        answers=answers,
        reviews=REVIEWS,
        score=RoundScore(scores, Outcome.RECOMMENDED, recommendation, ()),
        elapsed=439.4,
    )


@pytest.fixture
def session(tmp_path: Path) -> Iterator[SessionWriter]:
    """Return a session that has just been created."""
    with closing(begin_session(tmp_path / "data" / "sessions", INFO)) as session:
        yield session


def test_a_saved_round_reads_back_equal(session: SessionWriter) -> None:
    rounds = [finished_round(session.trial(number)) for number in (1, 2)]
    for finished in rounds:
        session.append_round(finished)
    frame = read_history([session.folder]).frame
    assert tuple(frame.columns) == HISTORY_COLUMNS
    read = frame.to_dict("records")
    saved = [row for finished in rounds for row in history_rows(finished)]
    assert len(read) == len(saved) == 6
    for row, expected in zip(read, saved, strict=True):
        for column, value in expected.items():
            cell = row[column]
            if isinstance(cell, float):
                assert cell == value or (value is None and math.isnan(cell)), column
            elif isinstance(value, bool):
                assert cell == str(value).lower(), column
            else:
                assert cell == ("" if value is None else str(value)), column
    assert read_reviews(session.files["reviews"]) == dict.fromkeys(
        (f"{NAME} 1", f"{NAME} 2"), REVIEWS
    )


def test_rounds_that_are_not_saved_make_the_same_history(session: SessionWriter) -> None:
    session.append_round(finished_round())
    saved = read_history([session.folder]).frame
    pandas.testing.assert_frame_equal(history_of([finished_round()]).frame, saved)
    pandas.testing.assert_frame_equal(history_of([]).frame, saved[:0])


def test_the_header_is_there_before_the_first_round(session: SessionWriter) -> None:
    assert session.files["history"].read_text() == (
        "trial,model,task,latency,temperature,id,result,quality,gen_accuracy,variance,"
        "review_accuracy,accuracy,elapsed,strategy,created,vignette,status,medications,"
        "recommended,confidence,seed,tokens_in,tokens_out\n"
    )
    assert session.files["reviews"].read_text() == (
        "trial,reviewer,model,id,label,position,grade,safety_concern,rationale,latency,status\n"
    )
    assert read_journal(session.folder).session == NAME


def test_a_temperature_that_the_server_refused_is_blank() -> None:
    finished = finished_round()
    (name, result), *rest = finished.answers.items()
    refused = {name: replace(result, refused=("seed", "temperature")), **dict(rest)}
    row = history_rows(replace(finished, answers=refused))[0]
    assert row["temperature"] is None
    assert row["latency"] is not None


def test_a_member_whose_answer_is_ok_has_all_its_cells() -> None:
    assert history_rows(finished_round())[0] == {
        "trial": f"{NAME} 1",
        "model": "=llama",
        "task": TASK,
        "latency": 4.123456789,
        "temperature": 0.7,
        "id": "Item_0",
        "result": answer_text(ANSWER),
        "quality": 9.0,
        "gen_accuracy": 1.0,
        "variance": 0.01,
        "review_accuracy": 0.9,
        "accuracy": 0.975,
        "elapsed": "7m 19s",
        "strategy": "CHEMISTRY",
        "created": "2026-01-31 09:15:00",
        "vignette": "cap",
        "status": "ok",
        "medications": json.dumps(
            [
                {
                    "action": "start",
                    "name": "amoxicillin",
                    "dose": "1 g",
                    "route": "oral",
                    "frequency": "every 8 hours",
                    "duration": "5 days",
                },
                {
                    "action": "stop",
                    "name": "aspirin",
                    "dose": "",
                    "route": "",
                    "frequency": "",
                    "duration": "",
                },
            ],
            separators=(",", ":"),
        ),
        "recommended": True,
        "confidence": 0.62,
        "seed": -(2**60) - 1,
        "tokens_in": 100,
        "tokens_out": 200,
    }


def test_a_member_that_failed_has_its_settings_and_the_rounds_facts_but_no_measurement() -> None:
    row = history_rows(finished_round())[2]
    blank = {column for column, value in row.items() if value is None}
    assert blank == {
        "latency",
        "temperature",
        "confidence",
        "result",
        "quality",
        "gen_accuracy",
        "variance",
        "review_accuracy",
        "accuracy",
        "medications",
        "tokens_in",
        "tokens_out",
    }
    assert (row["id"], row["status"], row["recommended"]) == ("Item_2", "timeout", False)


def test_an_answer_without_medication_has_an_empty_list_and_says_none() -> None:
    row = history_rows(finished_round())[1]
    assert row["medications"] == "[]"
    assert row["result"] == "Viral.\n\nMedications:\n- none"
    assert row["variance"] is None


def test_without_a_recommendation_no_row_has_a_confidence() -> None:
    score = replace(finished_round().score, recommendation=None, outcome=Outcome.NO_CONSENSUS)
    for row in history_rows(replace(finished_round(), score=score)):
        assert row["confidence"] is None
        assert row["recommended"] is False


def test_an_answer_is_written_as_somebody_would_write_it_down() -> None:
    assert answer_text(ANSWER) == (
        '=Pneumonia,\n"typical".\n\n'
        "Medications:\n"
        "- start amoxicillin 1 g, oral, every 8 hours, 5 days\n"
        "- stop aspirin\n\n"
        "Cautions:\n"
        "- Allergy?"
    )
    assert medication_text(Medication(Action.CHANGE, "x", route="IV")) == "change x, IV"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (26.4, "26s"), (59.6, "1m"), (240, "4m"), (439.4, "7m 19s"), (3661, "61m 1s")],
)
def test_elapsed_times_are_written_as_in_the_published_files(seconds: float, text: str) -> None:
    assert elapsed_text(seconds) == text


def test_text_that_a_spreadsheet_would_run_or_utf8_cannot_hold_is_safe(
    session: SessionWriter,
) -> None:
    answers = {
        **finished_round().answers,
        "claude": AnswerResult(
            "claude", Status.OK, Answer("+1\0\ud800", (Medication(Action.START, "\ud800"),))
        ),
    }
    session.append_round(replace(finished_round(), answers=answers))
    content = session.files["history"].read_text(encoding="utf-8")
    assert f"\n{NAME} 1,'=llama," in content
    frame = read_history([session.folder]).frame
    assert frame["result"][1].startswith("+1\ufffd\ufffd\n")
    assert json.loads(frame["medications"][1])[0]["name"] == "\ufffd"


def test_a_private_session_holds_numbers_and_nobodys_words(tmp_path: Path) -> None:
    with closing(begin_session(tmp_path, replace(INFO, private=True))) as session:
        session.append_round(finished_round())
    for file in session.folder.iterdir():
        content = file.read_text()
        for words in ("neumonia", "amoxicillin", "Viral", "enough", "fine", "dose", "Allergy"):
            assert words not in content
    row = read_history([session.folder]).frame.iloc[0]
    assert (row["result"], row["medications"], row["quality"]) == ("", "", 9.0)
    first = read_reviews(session.files["reviews"])[f"{NAME} 1"][0]
    assert first.review == Review("", 0.1 + 0.2)
    assert read_journal(session.folder).private
    assert session_summary(session.folder).private
    assert history_rows(finished_round(), private=True)[0]["result"] is None
    assert review_rows(finished_round(), private=True)[1]["safety_concern"] is None


def test_the_settings_say_what_the_session_runs_on(session: SessionWriter) -> None:
    session.append_round(finished_round())
    settings = tomllib.loads(session.files["session"].read_text())
    models = settings.pop("models")
    assert settings == {
        "format": 1,
        "created": datetime(2026, 1, 31, 9, 15, 0, tzinfo=UTC),
        "simulated": False,
        "private": False,
        "abstain_below": 0.5,
        "versions": {"textual": "8.2.8"},
        "prompts": {"answer.md": "0123"},
        "seeds": {f"{NAME} 1": -(2**60) - 1},
    }
    assert models[0] == {
        "name": "=llama",
        "provider": "box",
        "id": "llama:8b",
        "locality": "local",
        "temperature": 0.7,
        "max_tokens": 2048,
        "aliases": [],
        "digest": "sha256:ab",
        "options": {"num_ctx": 4096, "stop": ["x"], "deep": {}},
    }
    assert [model["name"] for model in models] == ["=llama", "claude", "mute"]
    assert "digest" not in models[1]


def test_the_installed_versions_are_written_where_none_are_given() -> None:
    assert SessionInfo(CREATED, POOL).versions["textual"] == "8.2.8"


def test_folder_and_files_are_for_their_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with closing(begin_session(tmp_path / "new", INFO)) as session:
            session.append_round(finished_round())
            session.journal.append(RoundEnded(at=1.0, trial=session.trial(1), elapsed=1.0))
    finally:
        os.umask(before)
    assert stat.S_IMODE(session.folder.stat().st_mode) == 0o700
    written = {path.name: stat.S_IMODE(path.stat().st_mode) for path in session.folder.iterdir()}
    names = ("history.csv", "journal.jsonl", "reviews.csv", "session.toml")
    assert written == dict.fromkeys(names, 0o600)


def test_a_taken_name_gets_a_number_and_sessions_are_listed_newest_first(tmp_path: Path) -> None:
    names = []
    for seconds in (0, 0, 0, -1, 5):
        info = replace(INFO, created=CREATED + timedelta(seconds=seconds))
        with closing(begin_session(tmp_path, info)) as session:
            names.append(session.name)
    assert names == [NAME, f"{NAME}-2", f"{NAME}-3", "2026-01-31T09-14-59", "2026-01-31T09-15-05"]
    for other in ("notes", "2026-13-31T09-15-00", ".2026-01-31T09-15-00"):
        (tmp_path / other).mkdir()
    (tmp_path / "2026-01-31T09-15-09").write_text("a file")
    (tmp_path / f"{NAME}-10").mkdir()
    entries = list_sessions(tmp_path)
    assert [entry.name for entry in entries] == [
        "2026-01-31T09-15-05",
        f"{NAME}-10",
        f"{NAME}-3",
        f"{NAME}-2",
        NAME,
        "2026-01-31T09-14-59",
    ]
    assert list_sessions(tmp_path, newest=3) == entries[:3]
    assert entries[-1].created == datetime(2026, 1, 31, 9, 14, 59, tzinfo=UTC)
    assert entries[-1].path == tmp_path / "2026-01-31T09-14-59"
    assert list_sessions(tmp_path / "absent") == []


def test_a_list_of_sessions_needs_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot be listed \(Not a directory\)"):
        list_sessions(tmp_path / "file")


def test_a_summary_counts_the_finished_rounds(session: SessionWriter) -> None:
    assert session_summary(session.folder).rounds == 0
    session.append_round(finished_round(session.trial(1)))
    session.append_round(finished_round(session.trial(2)))
    summary = session_summary(session.folder)
    assert (summary.name, summary.rounds) == (NAME, 2)
    assert summary.models == ("=llama", "claude", "mute")
    assert summary.created == datetime(2026, 1, 31, 9, 15, 0, tzinfo=UTC)
    assert (summary.simulated, summary.private) == (False, False)


def test_a_summary_of_a_foreign_history_is_refused(session: SessionWriter) -> None:
    session.files["history"].write_text("model\na\n")
    with pytest.raises(InputError, match=r"history\.csv lacks the column trial"):
        session_summary(session.folder)


def test_a_session_of_the_simulated_pool_says_so(tmp_path: Path) -> None:
    models = (ModelSpec("sim/a", "sim", "a", Locality.LOCAL),)
    with closing(begin_session(tmp_path, replace(INFO, models=models))) as session:
        assert session_summary(session.folder).simulated


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("format = 2\n", "has session format 2, newer than the 1 that this llmchem reads"),
        ("format = \n", "is damaged (line 1 is not as TOML has it)"),
        ("format = 1\n", "is damaged (created is missing)"),
    ],
)
def test_damaged_or_newer_settings_are_refused(
    session: SessionWriter, content: str, sentence: str
) -> None:
    session.files["session"].write_text(content)
    with pytest.raises(InputError) as refusal:
        session_summary(session.folder)
    assert str(refusal.value).startswith(f"{session.files['session']} {sentence}")


def test_a_damaged_review_is_named(session: SessionWriter) -> None:
    session.append_round(finished_round())
    file = session.files["reviews"]
    file.write_text(file.read_text().replace("timeout", "sleeping"))
    with pytest.raises(InputError, match=rf"the review by claude of mute in {NAME} 1 is damaged"):
        read_reviews(file)
    with pytest.raises(InputError, match="lacks grade, label, position"):
        read_reviews(session.files["history"])


def test_sessions_beside_the_one_in_use_are_read(session: SessionWriter) -> None:
    session.append_round(finished_round())
    sessions = session.folder.parent
    assert len(read_sessions(sessions).frame) == 3
    assert read_sessions(sessions, exclude=session.name).frame.empty


def test_a_place_where_nothing_can_be_created_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"No session could be created in .* nothing is saved"):
        begin_session(tmp_path / "file" / "sessions", INFO)


@pytest.mark.parametrize("works", range(5))  # settings, reviews, history and their folder
def test_a_round_that_cannot_be_saved_leaves_those_before_it_whole(
    session: SessionWriter, monkeypatch: pytest.MonkeyPatch, works: int
) -> None:
    session.append_round(finished_round(session.trial(1)))
    before = {name: session.files[name].read_bytes() for name in ("history", "reviews")}
    syncs = count()

    def fsync(_: int) -> None:
        if next(syncs) == works:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageError) as told:
        session.append_round(finished_round(session.trial(2)))
    monkeypatch.undo()
    assert str(told.value) == (
        f"Round {NAME} 2 could not be saved in {session.folder} (No space left on device); what "
        "was saved before is kept. Make room, or use another folder ($LLMCHEM_DATA, or --out of "
        "a command)."
    )
    assert {name: session.files[name].read_bytes() for name in before} == before
    assert len(list(session.folder.iterdir())) == 4
    session.append_round(finished_round(session.trial(2)))
    assert session_summary(session.folder).rounds == 2


def test_a_deleted_session_does_not_come_back_as_a_fragment(session: SessionWriter) -> None:
    for file in session.files.values():
        file.unlink()
    session.folder.rmdir()
    with pytest.raises(StorageError, match=r"00 is gone: .*resume goes on with what is in it"):
        session.append_round(finished_round())
    assert not session.folder.exists()


def test_a_deleted_table_is_named_and_the_folder_is_not_said_to_be_gone(
    session: SessionWriter,
) -> None:
    session.files["history"].unlink()
    with pytest.raises(StorageError) as told:
        session.append_round(finished_round())
    assert f"could not be saved, for {session.files['history']} is gone; " in str(told.value)
