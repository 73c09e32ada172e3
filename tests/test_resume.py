"""`llmchem resume`: on with what was interrupted, as if nothing had happened."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from llmchem_tui.storage.sessions import list_sessions
from tests.cli import Llmchem, make_llmchem
from tests.saved_sessions import save_session

RUN = ("cap-older-adult", "--simulated", "--time-scale", 0, "--seed", 7, "--strategy", "RANDOM")
TIMES = {"latency", "created", "elapsed"}


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


@pytest.fixture
def session(llmchem: Llmchem, tmp_path: Path) -> Path:
    """A session with one round."""
    assert llmchem("run", *RUN, "--out", tmp_path / "s").code == 0
    return next((tmp_path / "s").iterdir())


def cut_off(session: Path, lines: int) -> None:
    """Leave the session as a kill leaves it that came after so many events."""
    journal = session / "journal.jsonl"
    kept = journal.read_bytes().split(b"\n")[: lines + 1]
    journal.write_bytes(b"\n".join(kept).rstrip(b"\n") + b"\n")
    for table in (session / "history.csv", session / "reviews.csv"):
        table.write_bytes(table.read_bytes().split(b"\r\n")[0].split(b"\n")[0] + b"\n")
    change(session, seeds={})


def change(session: Path, **tables: Any) -> None:
    file = session / "session.toml"
    file.write_text(tomli_w.dumps(tomllib.loads(file.read_text(encoding="utf-8")) | tables))


def rows(session: Path, table: str) -> list[dict[str, str]]:
    with open(session / table, encoding="utf-8", newline="") as file:
        found = [{k: v for k, v in row.items() if k not in TIMES} for row in csv.DictReader(file)]
    return sorted(found, key=lambda row: json.dumps(row, sort_keys=True))


def requests(session: Path) -> Iterator[tuple[str, str | None]]:
    for line in (session / "journal.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        if event.get("type") == "CallStarted":
            yield event["call"]["model"], event["call"]["author"]


@pytest.mark.parametrize("lines", [1, 4, 12, 40, 10**6])
def test_the_numbers_are_those_of_the_undisturbed_round(
    session: Path, llmchem: Llmchem, lines: int
) -> None:
    undisturbed = [rows(session, table) for table in ("history.csv", "reviews.csv")]
    last = len((session / "journal.jsonl").read_bytes().splitlines()) - 2  # without its end
    cut_off(session, min(lines, last))
    result = llmchem("resume", session, "--time-scale", 0, "--json")
    assert result.code == 0, result.err
    assert result.document["outcome"] == "recommended"
    assert [rows(session, table) for table in ("history.csv", "reviews.csv")] == undisturbed
    verified = llmchem("verify", session)
    assert verified.code == 0, verified.out
    again = llmchem("resume", session, "--time-scale", 0)
    assert again.code == 2 and again.err.endswith("there is nothing to do.\n")


def test_finished_calls_are_not_made_again(session: Path, llmchem: Llmchem) -> None:
    everything = len(list(requests(session)))
    lines = (session / "journal.jsonl").read_bytes().splitlines()
    ended = [i for i, line in enumerate(lines) if b"Ended" in line]
    cut_off(session, ended[4])
    begun = len(list(requests(session)))
    assert llmchem("resume", session, "--time-scale", 0).code == 0
    assert len(list(requests(session))) - begun == everything - 5


def test_a_round_that_had_ended_is_put_back_and_nobody_is_asked(
    session: Path, llmchem: Llmchem
) -> None:
    undisturbed, asked = rows(session, "history.csv"), list(requests(session))
    cut_off(session, 10**6)
    result = llmchem("resume", session)
    assert result.code == 0
    assert result.err.splitlines() == [
        "Put back in reviews.csv from the journal: 6 rows.",
        "Put back in history.csv from the journal: 1 round.",
        f"No round of {session} was interrupted: it is whole again.",
    ]
    assert rows(session, "history.csv") == undisturbed
    assert list(requests(session)) == asked


def test_what_has_changed_since_is_named_and_nothing_is_written(
    session: Path, llmchem: Llmchem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off(session, 5)
    before = (session / "journal.jsonl").read_bytes()
    other = tmp_path / "other.toml"
    other.write_text("[round]\nabstain_below = 0.9\n")
    result = llmchem("resume", session, "--config", other)
    assert result.code == 2
    assert "[round] abstain_below was 0.5 when" in result.err
    change(session, prompts={"answer": "sha256:0"})
    assert "A prompt has changed since" in llmchem("resume", session).err
    (session / "journal.jsonl").write_bytes(before.replace(b"sim/", b"sim/x-"))
    change(session, prompts={})
    assert (session / "history.csv").read_bytes().count(b"\n") == 1


def test_a_private_round_cannot_go_on(llmchem: Llmchem, tmp_path: Path) -> None:
    llmchem("run", *RUN, "--out", tmp_path / "s", "--private")
    session = next((tmp_path / "s").iterdir())
    cut_off(session, 5)
    assert "is private: its texts were not saved" in llmchem("resume", session).err


def test_without_a_name_it_is_the_newest_that_was_interrupted(
    llmchem: Llmchem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLMCHEM_DATA", str(tmp_path))
    nothing = llmchem("resume")
    assert nothing.code == 2 and "has an interrupted round." in nothing.err
    for private in (False, False, True):
        llmchem("run", *RUN, *["--private"] * private)
    own = tmp_path / "sessions"
    newest, middle, oldest = (one.path for one in list_sessions(own))
    for number in range(21):  # that have nothing to be resumed
        save_session(own, 1, created=datetime(2030, 1, 1, 0, number, tzinfo=UTC))
    assert "interrupted" not in llmchem("sessions").out
    for session in (oldest, middle, newest):
        cut_off(session, 5)
    listed = llmchem("sessions").out.splitlines()[21:]
    assert listed == [f"{one}  1 interrupted round" for one in (newest, middle, oldest)]
    document = llmchem("sessions", "--json").document["sessions"]
    assert [one["interrupted"] for one in document] == [0] * 21 + [1] * 3
    result = llmchem("resume", "--time-scale", 0)  # the newest cannot go on
    assert result.code == 0
    assert f"{newest.name} is passed over: {newest} is private" in result.err
    assert (rows(oldest, "history.csv"), rows(newest, "history.csv")) == ([], [])
    assert rows(middle, "history.csv")
    assert llmchem("resume", own, "--time-scale", 0).code == 0  # a folder of sessions
    assert rows(oldest, "history.csv")
    (newest / "journal.jsonl").unlink()
    assert llmchem("sessions", "--json").document["sessions"][21]["interrupted"] is None


def test_a_session_whose_models_are_gone_is_passed_over(llmchem: Llmchem, tmp_path: Path) -> None:
    for _ in range(2):
        llmchem("run", *RUN, "--out", tmp_path)
    newest, oldest = (one.path for one in list_sessions(tmp_path))
    for session in (newest, oldest):
        cut_off(session, 5)
    journal = newest / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"sim/", b"sim/x-"))
    result = llmchem("resume", tmp_path, "--time-scale", 0)
    assert result.code == 0, result.err
    assert f"{newest.name} is passed over: Round {newest.name} 1 cannot go on" in result.err
    assert rows(oldest, "history.csv") and not rows(newest, "history.csv")
    nothing = llmchem("resume", tmp_path, "--time-scale", 0)
    assert nothing.code == 2
    assert nothing.err.endswith(
        f"No session in {tmp_path} has an interrupted round that can go on.\n"
    )


@pytest.mark.parametrize("name", ["session.toml", "journal.jsonl"])
def test_a_file_that_is_missing_has_to_be_restored(
    session: Path, llmchem: Llmchem, name: str
) -> None:
    (session / name).unlink()
    result = llmchem("resume", session)
    assert (result.code, result.err.splitlines()[-1]) == (
        2,
        f"llmchem: {session / name} is missing: restore it from a copy.",
    )


def test_no_name_is_no_session(llmchem: Llmchem) -> None:
    result = llmchem("resume", "")
    assert (result.code, result.out) == (2, "")
    assert "'' is no name of a file or folder" in result.err


@pytest.mark.parametrize("lines", [5, 10**6])
def test_a_damaged_history_is_told_and_the_round_goes_on(
    session: Path, llmchem: Llmchem, lines: int
) -> None:
    undisturbed = rows(session, "history.csv")
    cut_off(session, lines)
    (session / "history.csv").write_text("noise")
    result = llmchem("resume", session, "--time-scale", 0)
    assert "history.csv was damaged, and is kept as history.csv.damaged" in result.err
    assert rows(session, "history.csv") == undisturbed
    assert (session / "history.csv.damaged").read_text() == "noise"


def test_a_batch_goes_on_by_any_of_its_sessions(llmchem: Llmchem, tmp_path: Path) -> None:
    batch = ("batch", "cap-older-adult", "croup-toddler", "--strategies", "LOCAL,RANDOM")
    simulated = ("--simulated", "--time-scale", 0, "--seed", 7, "--trials", 1, "-n", 2)
    llmchem(*batch, *simulated, "--out", tmp_path / "whole")
    llmchem(*batch, *simulated, "--out", tmp_path / "cut", "--max-calls", 4)
    session = next(path for path in (tmp_path / "cut").iterdir() if path.is_dir())
    result = llmchem("resume", session, "--time-scale", 0, "--json")
    assert (result.code, result.document["rounds_left"]) == (0, 0)
    whole, resumed = (
        sorted(
            (row["strategy"], row["seed"], row["model"], row["quality"])
            for path in (tmp_path / name).iterdir() if path.is_dir()
            for row in rows(path, "history.csv")
        )
        for name in ("whole", "cut")
    )  # fmt: skip
    assert whole == resumed and len(whole) == 8
    (tmp_path / "secret.txt").write_text("A man of 50 has a secret.")
    batch_told = tomllib.loads((session / "session.toml").read_text(encoding="utf-8"))["batch"]
    elsewhere = {str(tmp_path / "secret.txt"): "0" * 64}
    change(session, batch=batch_told | {"vignettes": elsewhere})
    assert "no vignette" in llmchem("resume", session, "--time-scale", 0).err
    change(session, batch={"strategy": "LOCAL", "seed": 7})
    assert "does not tell what its batch asked for" in llmchem("resume", session).err
