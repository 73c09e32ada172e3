"""The program as a process: interrupted, cut off from its reader, with a bug inside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from llmchem_tui.cli import main

LLMCHEM = [sys.executable, "-m", "llmchem_tui"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_stops_a_round_gets_130_and_its_journal_is_kept(tmp_path: Path, number: int) -> None:
    arguments = ["run", "cap-older-adult", "--simulated", "--time-scale", "30", "--out", tmp_path]
    with subprocess.Popen(
        [*LLMCHEM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        while not list(tmp_path.glob("*/journal.jsonl")):  # until the round has begun
            assert process.poll() is None, said
        process.send_signal(number)
        _, rest = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in rest
    (journal,) = tmp_path.glob("*/journal.jsonl")
    assert str(journal.parent) in rest
    assert '"cancelled":true' in journal.read_text(encoding="utf-8")
    assert len((journal.parent / "history.csv").read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.parametrize("command", ["run", "batch"])
def test_sigterm_before_the_first_round_is_as_good_as_ctrl_c(command: str, tmp_path: Path) -> None:
    code = (
        "import asyncio, os, signal, sys\n"
        "import llmchem_tui.cli, llmchem_tui.providers.pool as pool\n"
        "async def open_pool(*_, **__):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    await asyncio.Event().wait()\n"
        "pool.open_pool = open_pool\n"
        "llmchem_tui.cli.main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, command, "croup-toddler", "--out", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr.strip()) == (130, "llmchem: cancelled")


@pytest.mark.parametrize(
    ("redirected", "code", "said"),
    [
        (">&-", 2, "llmchem: stdout is closed; send it to /dev/null if nobody is to read it\n"),
        ("2>&-", 0, ""),
        (">/dev/full", 1, "llmchem: the output cannot be written (No space left on device)\n"),
    ],
)
def test_a_stream_that_takes_nothing_is_no_bug(redirected: str, code: int, said: str) -> None:
    command = f'"$0" -m llmchem_tui vignettes {redirected}'
    shell = ["sh", "-c", command, sys.executable]
    ended = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (code, said)
    assert bool(ended.stdout) is (code == 0)


@pytest.mark.parametrize("arguments", [["vignettes", "--json"], ["config", "path"]])
def test_a_reader_that_leaves_early_is_no_bug(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [*LLMCHEM, *arguments], stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)
    assert done.stderr == b""
    assert done.returncode == 0


def test_the_exit_code_is_the_process_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["nonsense"])
    assert ended.value.code == 2
    assert "nonsense" in capsys.readouterr().err


@pytest.mark.parametrize(("more", "shown"), [([], False), (["--debug"], True)])
def test_a_bug_is_one_line_unless_its_traceback_is_asked_for(more: list[str], shown: bool) -> None:
    code = (
        "import sys, llmchem_tui.cli as cli\n"
        "cli.llmchem.callback = lambda **_: 1 / 0\n"
        "sys.argv[1:] = sys.argv[1:]\n"
        "cli.main(sys.argv[1:])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *more], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert ("Traceback" in done.stderr) is shown
    if not shown:
        (line,) = done.stderr.splitlines()
        assert line.startswith("llmchem: this is a bug: ZeroDivisionError")
