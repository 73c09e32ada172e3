"""What is told of a bug: where it is, and nothing of what the program held."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from llmchem_tui.cli.bugs import tell_bug
from llmchem_tui.crash_report import crash_report, full_traceback, place
from llmchem_tui.domain.errors import InputError
from llmchem_tui.redaction import remember_key
from llmchem_tui.session.provider import ProviderError

KEY = "sk-crash-0123456789"
WORDS = "Mrs Doe, 72, short of breath"


def failing() -> Exception:
    """Return a bug that has a patient's words in its variables and its message, and a cause."""
    note = WORDS
    try:
        try:
            raise ProviderError(f'box failed (500: "{note}"): try again')
        except ProviderError as error:
            raise ExceptionGroup(note, [KeyError(note), ValueError(KEY)]) from error
    except ExceptionGroup as error:
        return error


def test_the_report_says_where_and_holds_no_value() -> None:
    remember_key(KEY)
    report = crash_report(failing(), "run")
    assert WORDS not in report
    assert KEY not in report
    for word in ("ExceptionGroup", "KeyError", "ValueError", "command   run", "python "):
        assert word in report
    assert 'ProviderError: box failed (500: "…"): try again' in report  # a sentence of ours
    assert "test_crash_report.py:" in report
    assert "in failing" in report
    assert "raise ExceptionGroup(note" in report  # the line of code, not what is in it


def test_messages_come_where_they_were_asked_for_but_never_a_key_or_a_control_sequence() -> None:
    remember_key(KEY)
    error = RuntimeError(f"{WORDS}\x1b]0;owned\x07 {KEY}")
    for text in (crash_report(error, "run", messages=True), full_traceback(error)):
        assert WORDS in text
        assert KEY not in text
        assert "\x1b" not in text


def test_an_endless_recursion_makes_no_endless_report() -> None:
    def deeper(depth: int) -> int:
        return deeper(depth + 1) + 1

    with pytest.raises(RecursionError) as caught:
        deeper(0)
    report = crash_report(caught.value, "run")
    assert len(report.splitlines()) < 250
    assert "are left out" in report


def test_the_place_of_an_error_is_the_last_line_of_ours() -> None:
    with pytest.raises(InputError) as caught:
        from llmchem_tui.toml_files import read_text

        read_text(Path("/nowhere/at/all"))
    assert place(caught.value).startswith("llmchem_tui/toml_files.py:")
    assert place(ValueError()) == ""


def test_the_line_on_stderr_names_a_file_for_the_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LLMCHEM_DATA", str(tmp_path / "data"))
    before = os.umask(0)
    try:
        tell_bug(failing(), ["--config", "x", "run", WORDS], ["run", "batch"])
    finally:
        os.umask(before)
    (report,) = (tmp_path / "data").iterdir()
    assert report.name.startswith("crash-2")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert stat.S_IMODE(report.parent.stat().st_mode) == 0o700
    assert "command   run" in report.read_text(encoding="utf-8")
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        f"llmchem: this is a bug: ExceptionGroup; its report is {report}; --debug shows where"
    )


def test_a_report_that_cannot_be_saved_is_no_second_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    monkeypatch.setenv("LLMCHEM_DATA", str(tmp_path / "data"))
    tell_bug(failing(), [], [])
    assert "its report could not be saved; --debug" in capsys.readouterr().err


def test_where_nothing_is_to_be_saved_no_report_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LLMCHEM_DATA", str(tmp_path / "data"))
    tell_bug(failing(), ["run", "--no-save"], ["run"])
    assert not (tmp_path / "data").exists()
    assert capsys.readouterr().err == (
        "llmchem: this is a bug: ExceptionGroup; --debug shows where\n"
    )
