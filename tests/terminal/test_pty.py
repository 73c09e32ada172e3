"""The program in a terminal, as its users have it: a round, a resize, every way to leave."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.terminal.pty_app import PROGRAM, PtyApp, settings_file

CRASH = (
    "from llmchem_tui.ui.app import LlmchemApp\n"
    "def broken(self): raise RuntimeError('a bug of ours')\n"
    "LlmchemApp.action_theme = broken\n"
)
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-9]|4[0-9]|9[0-7]|10[0-7])(?:;\d+)*m")
SIZES = ((80, 24), (200, 60), (120, 40))


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which nothing of the user's is read or written."""
    return {
        "LLMCHEM_DATA": str(tmp_path / "data"),
        "LLMCHEM_CONFIG": str(settings_file(tmp_path)),
        "HOME": str(tmp_path / "home"),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "LC_ALL": "",
        "LC_CTYPE": "",
        "NO_COLOR": "",
        "SSH_CONNECTION": "",
    }


@pytest.fixture
def slow(tmp_path: Path, env: dict[str, str]) -> dict[str, str]:
    """Return the same with models that will not have answered when the test is over."""
    return env | {"LLMCHEM_CONFIG": str(settings_file(tmp_path, time_scale=20))}


def begin(app: PtyApp) -> None:
    """Wait for the first ensemble and run a round."""
    app.wait_for("EXPLORE n=")
    app.press("ctrl+r")


def the_session(tmp_path: Path) -> Path:
    (session,) = (tmp_path / "data" / "sessions").iterdir()
    return session


def finished(session: Path) -> list[dict[str, str]]:
    """The rows of the rounds that came to their end."""
    with open(session / "history.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def was_cancelled(session: Path) -> bool:
    """Whether the journal ends with a round that was cancelled."""
    last = events(session)[-1]
    return last["type"] == "RoundEnded" and last["cancelled"] is True


def events(session: Path) -> list[dict[str, object]]:
    """What the journal holds, each line whole."""
    lines = (session / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("term", ["xterm", "xterm-256color", "screen-256color"])
def test_from_start_to_a_saved_round(tmp_path: Path, env: dict[str, str], term: str) -> None:
    with PtyApp("--simulated", env=env | {"TERM": term}) as app:
        begin(app)
        app.wait_for("saved in")
        assert "SIMULATED" in app.text and "research use only" in app.text
        app.press("q")
        assert app.wait_for_end() == 0
        app.assert_restored()
    session = the_session(tmp_path)
    rows = finished(session)
    assert [row["status"] for row in rows] == ["ok"] * 3
    assert len({row["model"] for row in rows}) == 3
    assert events(session)
    for path in session.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    assert not (tmp_path / "home").exists()


def test_a_window_may_change_its_size_while_a_round_runs(slow: dict[str, str]) -> None:
    with PtyApp("--simulated", env=slow) as app:
        begin(app)
        app.wait_for("stage 1")
        for size in SIZES:
            app.resize(*size)
            app.wait_for(partial(fills, app, *size))
        app.press("escape")
        app.wait_for("cancelled")
        app.press("q")
        assert app.wait_for_end() == 0
        app.assert_restored()


def fills(app: PtyApp, width: int, height: int) -> bool:
    """Whether the screen is drawn for this size: its first line, its last, its right edge."""
    lines = app.text.splitlines()
    border = any(line[width - 1] in "╮│" for line in lines)
    tabs = "Pool" in lines[1] and "╭" not in lines[1]
    ends = "SIMULATED" in lines[0] and bool(lines[height - 1].strip())
    return border and ends and tabs == (width < 100)


@pytest.mark.parametrize(("key", "answer"), [("q", "y"), ("ctrl+c", "ctrl+c")])
def test_a_cancelled_round_leaves_its_journal_and_leaving_the_next_is_asked_about(
    tmp_path: Path, slow: dict[str, str], key: str, answer: str
) -> None:
    with PtyApp("--simulated", env=slow) as app:
        begin(app)
        app.wait_for("stage 1")
        app.press("escape")
        app.wait_for("cancelled")
        app.wait_for(lambda: "stage 1" not in app.text)  # now it is over, and another may begin
        app.press("ctrl+r")
        app.wait_for("stage 1")
        app.press(key)
        app.wait_for("Leave?")
        app.press(answer)
        assert app.wait_for_end() == 0
        app.assert_restored()
    assert was_cancelled(the_session(tmp_path))
    assert finished(the_session(tmp_path)) == []


LEAVING: dict[str, tuple[Callable[[PtyApp], None], int]] = {
    "q": (lambda app: app.press("q"), 0),
    "ctrl+q": (lambda app: app.press("ctrl+q"), 0),
    "ctrl+c": (lambda app: app.press("ctrl+c"), 0),
    "SIGTERM": (lambda app: app.send(signal.SIGTERM), 143),
    "SIGHUP": (lambda app: app.send(signal.SIGHUP), 129),
    "SIGINT": (lambda app: app.send(signal.SIGINT), 130),
}


@pytest.mark.parametrize(("leave", "code"), LEAVING.values(), ids=LEAVING)
def test_every_way_to_leave_restores_the_terminal(
    env: dict[str, str], leave: Callable[[PtyApp], None], code: int
) -> None:
    with PtyApp("--simulated", env=env) as app:
        app.wait_for("EXPLORE n=")
        assert app.modes != app.modes_before
        assert app.attributes != app.attributes_before
        leave(app)
        assert app.wait_for_end() == code
        app.assert_restored()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_a_signal_cancels_a_running_round_as_its_journal_tells(
    tmp_path: Path, slow: dict[str, str], number: signal.Signals
) -> None:
    with PtyApp("--simulated", env=slow) as app:
        begin(app)
        app.wait_for("stage 1")
        app.send(number)
        assert app.wait_for_end() == 128 + number
        app.assert_restored()
    assert was_cancelled(the_session(tmp_path))


@pytest.mark.parametrize("seen", ["stage 1", "✎ writing", "saved in"])
def test_a_closed_window_ends_the_program(tmp_path: Path, env: dict[str, str], seen: str) -> None:
    with PtyApp("--simulated", env=env) as app:
        begin(app)
        app.wait_for(seen)
        app.hang_up()
        assert app.wait_for_end() == 128 + signal.SIGHUP
    assert was_cancelled(the_session(tmp_path)) is (seen != "saved in")


def test_a_continued_process_that_was_not_suspended_still_reads_its_keys(
    env: dict[str, str],
) -> None:
    with PtyApp("--simulated", env=env) as app:
        app.wait_for("EXPLORE n=")
        app.send(signal.SIGCONT)
        app.press("?")
        app.wait_for("Keys everywhere")
        app.press("q")
        assert app.wait_for_end() == 0
        app.assert_restored()
        assert app.written.count(b"\x1b[?1049h") == 1


def test_a_program_that_was_suspended_shows_all_again(env: dict[str, str]) -> None:
    with PtyApp("--simulated", env=env) as app:
        app.wait_for("EXPLORE n=")
        app.send(signal.SIGTSTP)
        os.waitid(os.P_PID, app.process.pid, os.WSTOPPED)
        app.wait_for(lambda: app.modes == app.modes_before)
        app.screen.erase_in_display(2)
        app.send(signal.SIGCONT)
        app.wait_for("EXPLORE n=")
        app.press("q")
        assert app.wait_for_end() == 0
        app.assert_restored()


def test_a_crash_restores_the_terminal_and_leaves_a_report_that_it_names(
    tmp_path: Path, env: dict[str, str]
) -> None:
    with PtyApp("--simulated", env=env, code=CRASH + PROGRAM) as app:
        app.wait_for("EXPLORE n=")
        app.press("t")
        assert app.wait_for_end() == 1
        app.assert_restored()
        told = app.text.replace("\n", "")
        assert "Traceback" not in told
    (report,) = (tmp_path / "data").glob("crash-*.txt")
    assert f"this is a bug: RuntimeError; its report is {report}; --debug shows where" in told
    assert "a bug of ours" not in told + report.read_text(encoding="utf-8")
    assert "in broken" in report.read_text(encoding="utf-8")


def test_a_dumb_terminal_is_one_sentence(env: dict[str, str]) -> None:
    with PtyApp("--simulated", env=env | {"TERM": "dumb"}) as app:
        assert app.wait_for_end() == 2
        assert app.text.strip() == (
            "llmchem: the app needs a terminal; llmchem run does without one"
        )
        app.assert_restored()


def test_no_terminal_is_one_sentence(env: dict[str, str]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "llmchem_tui", "--simulated"],
        env={name: value for name, value in (dict(os.environ) | env).items() if value},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    sentence = "llmchem: the app needs a terminal; llmchem run does without one\n"
    assert (run.returncode, run.stdout, run.stderr) == (2, "", sentence)


def test_a_locale_without_utf_8_gets_ascii_only(env: dict[str, str]) -> None:
    with PtyApp("--simulated", env=env | {"LANG": "C"}) as app:
        begin(app)
        app.wait_for("saved in")
        for key, seen in (("c", "Chemistry"), ("h", "History"), ("l", "Models"), ("?", "Help")):
            app.press(key)
            app.wait_for(seen)
        app.press("q")
        assert app.wait_for_end() == 0
        assert app.written.isascii()
        app.assert_restored()


def test_no_color_sends_no_colour_at_all(env: dict[str, str]) -> None:
    with PtyApp("--simulated", env=env | {"NO_COLOR": "1"}) as app:
        begin(app)
        app.wait_for("saved in")
        app.press("?")
        app.wait_for("Keys everywhere")
        app.press("q")
        assert app.wait_for_end() == 0
        assert COLOUR.findall(app.written) == []
        app.assert_restored()


def test_colours_are_sent_otherwise(env: dict[str, str]) -> None:
    with PtyApp("--simulated", env=env) as app:
        app.wait_for("EXPLORE n=")
        assert COLOUR.findall(app.written)
