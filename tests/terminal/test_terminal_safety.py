"""Nothing that somebody else wrote reaches the terminal as anything but signs to be seen.

What comes out of app and commands is looked at byte by byte, on a pty. Each run costs seconds, so
that one run meets everything.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from llmchem_tui.domain.plain_text import plain
from tests.terminal.hostile import HARMLESS, POISON, Text, hostile_server, write_world
from tests.terminal.pty_app import PROGRAM, PtyApp

SEQUENCE = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]"  # control sequences
    rb"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles, clipboard, links
    rb"|\x1b[PX^_][^\x1b]*\x1b\\"  # other strings
    rb"|\x1b[ -/]*[0-~]"
)
DRAWN = re.compile(rb"\x1b\[[\d;:]*([mHABCDGJK])")
"""Colours and places: what they say depends on what is drawn."""

PATIENT = "import llmchem_tui.providers.pool as pool\npool.PROBE_SECONDS = 60.0\n"
"""Our server has one processor with everybody else, and must be found all the same."""

COMMANDS = (
    "import json, sys\n"
    "from llmchem_tui.cli import run_command_line\n"
    "for line in json.loads(sys.argv.pop()):\n"
    "    print('>', len(line), 'words')\n"
    "    print('<', run_command_line(line))\n"
)


Steps = tuple[tuple[str, str], ...]

COPY: Steps = (("g", "Reviewer on/off"), ("y", "clipboard"))
EVERYWHERE: Steps = (
    ("v", "Choose"),
    ("escape", "Reviewer on/off"),
    ("l", "Look again"),
    ("c", "llmchem · Chemistry"),
    ("h", "Search"),
    ("e", "llmchem · Comparison"),
    ("escape", "Search"),
    ("down", "Search"),
    ("down", "Search"),
    ("enter", "Play"),
)
"""The screens, an own vignette among the others, and the replay of a history."""


def kinds(written: bytes) -> set[bytes]:
    """The sequences that were sent, those that draw by their last byte, a copied text by none."""
    found = set()
    for sequence in SEQUENCE.findall(written):
        drawn = DRAWN.fullmatch(sequence)
        copied = sequence.startswith(b"\x1b]52;")
        found.add(drawn[1] if drawn else sequence[:7] if copied else sequence)
    return found


def assert_signs_only(written: bytes) -> None:
    """Between the sequences there is nothing that acts, hides or reorders."""
    shown = SEQUENCE.sub(b"", written).decode("utf-8")
    acts = {sign for sign in shown if sign not in "\r\n\t" and plain(sign) != sign}
    assert acts == set()


def environment(paths: dict[str, Path]) -> dict[str, str]:
    return {
        "LLMCHEM_DATA": str(paths["data"]),
        "LLMCHEM_CONFIG": str(paths["settings"]),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "LC_ALL": "",
        "NO_COLOR": "",
    }


def what_the_app_sends(folder: Path, pieces: tuple[str, ...], steps: Steps) -> bytes:
    """Run a round, take the steps, each a key and what is seen then, and leave."""
    text = Text(pieces)
    with hostile_server(text) as url:
        env = environment(write_world(folder, text, url))
        with PtyApp(env=env, code=PATIENT + PROGRAM) as app:
            app.wait_for("plan: seconds")
            app.press("ctrl+r")
            app.wait_for("concerned about")
            for key, seen in steps:
                app.press(key)
                app.wait_for(seen)
            app.press("q")
            assert app.wait_for_end() == 0
            return app.written


def test_the_app_sends_the_same_sequences_whatever_it_shows(tmp_path: Path) -> None:
    harmless = what_the_app_sends(tmp_path / "harmless", HARMLESS, COPY)
    poisoned = what_the_app_sends(tmp_path / "poisoned", POISON, (*COPY, *EVERYWHERE))
    drawn = SEQUENCE.sub(b"", poisoned)
    assert "\ufffd31337".encode() in drawn
    assert "␛[31337".encode() in drawn
    assert kinds(poisoned) <= kinds(harmless)
    assert_signs_only(poisoned)


def test_the_commands_send_no_sequence_at_all(tmp_path: Path) -> None:
    text = Text(POISON)
    with hostile_server(text) as url:
        paths = write_world(tmp_path, text, url)
        history, vignette, out = paths["history"], str(paths["own"]), str(tmp_path / "out")
        lines = [
            *([command] for command in ("vignettes", "models", "doctor", "sessions")),
            *([command, "--json"] for command in ("vignettes", "models", "doctor", "sessions")),
            ["config", "show"],
            ["config", "show", "--json"],
            ["run", vignette, "--out", out],
            ["run", vignette, "--out", out, "--json"],
            ["run", text("no such vignette")],
            ["run", "evil", "--strategy", text("strategy")],
            ["run", text("-"), text("--option"), "--" + text("option")],
            ["sessions", "--out", out],
            ["sessions", "--out", str(tmp_path / text.name("folder", ""))],
            *([command, str(history)] for command in ("chemistry", "recommend", "evaluate")),
            *([command, str(history), "--json"] for command in ("chemistry", "evaluate")),
            ["chemistry", str(history), "--task", text("task")],
            ["backtest", str(history)],
            ["chemistry", str(paths["raw"])],
            ["chemistry", str(tmp_path / text.name("missing", ".csv"))],
            ["report", str(history), "--out", str(tmp_path / text.name("page", ".html"))],
        ]
        lines = [[word.replace("\0", "") for word in line] for line in lines]
        with PtyApp(json.dumps(lines), env=environment(paths), code=PATIENT + COMMANDS) as commands:
            assert commands.wait_for_end(120) == 0, commands.text
    written = commands.written
    assert written.count(b"\n< ") == len(lines), "a command did not end"
    assert "␛[31337m".encode() in written
    assert b"\\u001b[31337m" in written
    assert b"\x1b" not in written
    assert_signs_only(written)
    assert b"Traceback" not in written
