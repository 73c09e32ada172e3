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


def test_ctrl_c_ends_a_round_with_130_and_keeps_its_journal(tmp_path: Path) -> None:
    arguments = ["run", "cap-older-adult", "--simulated", "--time-scale", "30", "--out", tmp_path]
    with subprocess.Popen(
        [*LLMCHEM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        while not list(tmp_path.glob("*/journal.jsonl")):  # until the round has begun
            assert process.poll() is None, said
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in rest
    (journal,) = tmp_path.glob("*/journal.jsonl")
    assert str(journal.parent) in rest
    assert '"cancelled":true' in journal.read_text(encoding="utf-8")
    assert len((journal.parent / "history.csv").read_text(encoding="utf-8").splitlines()) == 1


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
