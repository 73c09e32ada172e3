"""The log: what it tells, what it never tells, and that it disturbs nothing."""

from __future__ import annotations

import errno
import json
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Answer, AnswerResult, Status, Usage, Vignette
from llmchem_tui.event_log import log_event
from llmchem_tui.logs import close_log, log, open_log
from llmchem_tui.recorder import Recorder, Saving
from llmchem_tui.redaction import remember_key
from llmchem_tui.session.events import AnswerEnded, RoundStarted
from tests.cli import Llmchem, make_llmchem

KEY = "sk-logged-0123456789"
ROUND = ("run", "cap-older-adult", "--simulated", "--seed", 7, "--time-scale", 0)
TITLE, WORDS = "Mrs Doe's lungs", "Mrs Doe, 72, short of breath"


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "log.jsonl"
    close_log()


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def events(file: Path) -> list[str]:
    return [line["event"] for line in lines(file)]


def recorder(*, private: bool = False) -> Recorder:
    return Recorder(Saving(Path("nowhere"), private=private, write=False))


def ended(message: str, status: Status = Status.ERROR, answer: str = "") -> AnswerEnded:
    said = Answer(answer, ()) if answer else None
    result = AnswerResult("m", status, said, 1.23456, Usage(tokens_out=5), message)
    return AnswerEnded(at=2.0, trial="t 1", result=result)


def test_a_round_is_told_from_start_to_end_and_holds_no_text(llmchem: Llmchem, file: Path) -> None:
    before = os.umask(0)
    try:
        assert llmchem(*ROUND, "--out", file.parent, "--log", file).code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = lines(file)
    assert [told[0][name] for name in ("event", "command", "level")] == [
        "started", "llmchem run", "info"
    ]  # fmt: skip
    assert told[-1]["event"] == "ended"
    assert told[-1]["code"] == 0
    assert events(file).count("answer ended") == 3
    assert events(file).count("review ended") == 6
    assert all(line["time"].endswith("+00:00") for line in told)
    answered = next(line for line in told if line["event"] == "answer ended")
    assert answered["status"] == "ok"
    assert answered["latency"] > 0
    text = file.read_text(encoding="utf-8")
    assert "cap-older-adult" not in text
    assert "amoxicillin" not in text.lower()


def test_texts_are_logged_where_they_were_asked_for_but_never_of_a_private_session(
    llmchem: Llmchem, file: Path
) -> None:
    assert llmchem(*ROUND, "--no-save", "--log", file, "--log-texts").code == 0
    assert "amoxicillin" in file.read_text(encoding="utf-8").lower()
    file.unlink()
    more = ("--private", "--log-texts", "--log-level", "debug")
    assert llmchem(*ROUND, "--out", file.parent / "s", "--log", file, *more).code == 0
    assert "answer ended" in events(file)
    assert "amoxicillin" not in file.read_text(encoding="utf-8").lower()


def test_the_option_wins_over_the_environment_wherever_it_stands(
    llmchem: Llmchem, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = file.with_name("other.jsonl")
    monkeypatch.setenv("LLMCHEM_LOG", str(other))
    assert llmchem("vignettes").code == 0
    assert events(other) == ["started", "ended"]
    assert llmchem("--log", file, "vignettes").code == 0
    assert llmchem("vignettes", "--log", file).code == 0
    assert events(file) == ["started", "ended"] * 2  # appended
    assert events(other) == ["started", "ended"]


def test_the_level_says_how_much(
    llmchem: Llmchem, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLMCHEM_LOG_LEVEL", "warning")
    assert llmchem(*ROUND, "--no-save", "--log", file).code == 0
    assert events(file) == []
    assert llmchem(*ROUND, "--no-save", "--log", file, "--log-level", "debug").code == 0
    assert "call is writing" in events(file)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--log", "."), "the log . cannot be opened (Is a directory)"),
        (("--log", "no/such/folder/log"), "No such file or directory"),
        (("--log", "x", "--log-level", "loud"), "'loud'"),
        (("--log-texts",), "name its file with --log"),
    ],
)
def test_a_log_that_cannot_be_is_one_sentence(
    llmchem: Llmchem, more: tuple[str, ...], words: str
) -> None:
    result = llmchem("vignettes", *more)
    (line,) = result.err.splitlines()
    assert words in line
    assert (result.code, result.out) == (2, "")


@pytest.mark.parametrize(
    "content",
    [b"trial,model\n", b'{"format":"llmchem-journal","version":1}\n', b'{"time": 1}\n', b"\n"],
)
def test_what_is_no_log_of_ours_is_left_as_it_is(
    llmchem: Llmchem, file: Path, content: bytes
) -> None:
    file.write_bytes(content)
    file.chmod(0o644)
    result = llmchem("vignettes", "--log", file)
    assert result.code == 2
    assert "is there already and is no log of llmchem" in result.err
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (content, 0o644)


def test_an_older_log_gets_more_lines_and_is_for_its_owner_alone(
    llmchem: Llmchem, file: Path
) -> None:
    file.touch()
    for _ in range(2):
        file.chmod(0o644)
        assert llmchem("vignettes", "--log", file).code == 0
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert events(file) == ["started", "ended"] * 2


def test_a_line_that_was_cut_off_spoils_no_other(llmchem: Llmchem, file: Path) -> None:
    assert llmchem("vignettes", "--log", file).code == 0
    file.write_bytes(file.read_bytes()[:-20])
    assert llmchem("vignettes", "--log", file).code == 0
    first, _, *others = file.read_text().splitlines()
    assert [json.loads(line)["event"] for line in (first, *others)] == [
        "started",
        "started",
        "ended",
    ]


def test_a_pipe_is_refused_and_not_waited_for(llmchem: Llmchem, file: Path) -> None:
    os.mkfifo(file)
    result = llmchem("vignettes", "--log", file)
    assert (result.code, result.out) == (2, "")
    assert f"the log {file} cannot be opened (it is not a regular file)" in result.err


def test_an_unknown_level_in_the_environment_is_named(
    llmchem: Llmchem, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLMCHEM_LOG_LEVEL", "loud")
    result = llmchem("vignettes", "--log", file)
    assert result.code == 2
    assert "no log level 'loud'; choose one of debug, info, warning" in result.err


def test_what_the_user_typed_wrong_is_logged_by_type_and_place_only(
    llmchem: Llmchem, file: Path
) -> None:
    assert llmchem("run", WORDS, "--simulated", "--log", file).code == 2
    failed = next(line for line in lines(file) if line["event"] == "failed")
    assert failed["error"] == "InputError"
    assert failed["place"].startswith("llmchem_tui/")
    assert WORDS not in file.read_text(encoding="utf-8")


def test_a_bug_is_logged_by_type_and_place(
    llmchem: Llmchem, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(folder: object) -> None:
        raise KeyError(WORDS)

    monkeypatch.setattr("llmchem_tui.storage.vignettes.headers", bug)
    with pytest.raises(KeyError):
        llmchem("vignettes", "--log", file)
    told = lines(file)[-1]
    assert [told[name] for name in ("event", "level", "error")] == [
        "this is a bug", "error", "KeyError"
    ]  # fmt: skip
    assert WORDS not in file.read_text(encoding="utf-8")
    assert logging.getLogger().handlers == [
        one for one in logging.getLogger().handlers if type(one).__name__ != "Log"
    ]


def test_what_a_server_said_is_left_out_of_a_calls_message(file: Path) -> None:
    open_log(file)
    log_event(ended(f'box failed (500: "{WORDS} "really""): try again'), recorder())
    log_event(ended(f"the grade {WORDS} is not a number", Status.UNPARSED), recorder())
    log_event(ended("box refused the key", Status.ERROR), recorder(private=True))
    close_log()
    error, unparsed, private = lines(file)
    assert error["message"] == 'box failed (500: "…"): try again'
    assert (error["level"], error["status"], error["latency"]) == ("warning", "error", 1.235)
    assert error["tokens_out"] == 5
    assert "message" not in unparsed
    assert "message" not in private


def test_keys_are_taken_out_and_lines_stay_lines(file: Path) -> None:
    remember_key(KEY)
    open_log(file, texts=True)
    started = RoundStarted(
        at=0.0, trial="t\n1", vignette=Vignette("id", TITLE, f"{WORDS}\n{KEY}"), ensemble=(),
        strategy="S", seed=1, order="staged",
    )  # fmt: skip
    log_event(started, recorder())
    log_event(ended("", Status.OK, f"\x1b[31m{KEY}"), recorder())
    log("found", models=[{"name": KEY}], share=float("nan"))
    close_log()
    text = file.read_text(encoding="utf-8")
    assert WORDS in text
    assert KEY not in text
    assert text.isascii()
    assert len(lines(file)) == 3
    assert "\x1b" not in text
    assert lines(file)[2]["share"] is None


def test_libraries_are_heard_from_warnings_on_and_only_as_patterns(file: Path) -> None:
    open_log(file, "debug")
    library = logging.getLogger("httpx")
    library.setLevel(logging.DEBUG)
    try:
        library.debug("headers %s", KEY)
        library.warning("retrying %s\nTraceback", WORDS)
        library.error("it broke", exc_info=ValueError(WORDS))
    finally:
        library.setLevel(logging.NOTSET)
    close_log()
    assert events(file) == ["retrying %s", "it broke"]
    assert lines(file)[1]["error"] == "ValueError"
    assert WORDS not in file.read_text(encoding="utf-8")


def test_a_full_disk_ends_the_log_and_not_the_work(
    llmchem: Llmchem, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    result = llmchem("vignettes", "--log", "/dev/full")
    assert result.code == 0
    words = os.strerror(errno.ENOSPC)
    assert result.err == f"llmchem: the log is not complete ({words})\n"


def test_without_a_log_nothing_is_written() -> None:
    log_event(ended("x"), recorder())
    log("nobody hears it")
    assert close_log() == ""


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        open_log(Path("a\0b"))
