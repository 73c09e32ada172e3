"""`llmchem report`, as a user meets it."""

from __future__ import annotations

import csv
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from llmchem_tui.domain.model import NOTICE, TASK
from llmchem_tui.storage.journal import JOURNAL_FILE
from tests.analysis.test_page import read
from tests.cli import Llmchem, make_llmchem
from tests.saved_sessions import NAME, PUBLISHED, change_lines, save_session

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


@pytest.fixture
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without the extra; most tests need no pictures, which take a second."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)


def told(llmchem: Llmchem, *arguments: object) -> str:
    """The page of a command that succeeds."""
    out = Path(str(arguments[-1]))
    result = llmchem("report", *arguments[:-1], "--out", out)
    assert result.code == 0, result.err
    assert result.out.startswith(f"Wrote {out} (")
    html = out.read_text("utf-8")
    read(html)
    return html


def words(html: str) -> str:
    return read(html).text


def test_a_page_with_pictures_and_the_same_pictures_as_files(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    session = save_session(tmp_path / "sessions", rounds=1)
    out, folder = tmp_path / "page.html", tmp_path / "pictures"
    result = llmchem("report", session, "--out", out, "--pictures", folder)
    assert (result.code, result.err) == (0, "")
    assert f"Wrote 2 pictures to {folder}, each as SVG and PNG." in result.out
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        *("calibration.png", "calibration.svg", "strategies.png", "strategies.svg"),
    ]
    html = out.read_text("utf-8")
    assert len(read(html).all("svg")) == 2
    assert not re.search(r"https?:|url\([^#]", html)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    before = {path: path.read_bytes() for path in (out, *folder.iterdir())}
    assert llmchem("report", session, "--out", out, "--pictures", folder).code == 0
    assert {path: path.read_bytes() for path in before} == before


def test_names_from_a_hostile_file_are_words_on_the_page_and_in_its_pictures(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    models, strategy = ("$x^2$ <script>alert(1)</script>", "模型\x1b[31m"), "[a](javascript:b) ]]>"
    rows = [
        (f"{trial} <img src=x>", model, "![t](https://x.invalid)", quality, accuracy, strategy)
        for trial in range(3)
        for model, quality, accuracy in zip(models, (9, 8), (0.9 - trial / 20, 0.7), strict=True)
    ]
    with (tmp_path / "evil.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("trial", "model", "task", "quality", "accuracy", "strategy"))
        writer.writerows(rows)
    html = told(llmchem, tmp_path / "evil.csv", tmp_path / "page.html")
    assert {"script", "img", "link"}.isdisjoint(tag for tag, _ in read(html).tags)
    assert all(str(one["href"]).startswith("#") for one in read(html).all("a"))
    pictures = re.findall("<svg.*?</svg>", html, re.DOTALL)
    assert len(pictures) == 3  # interaction, maps, strategies
    assert "$x^2$ &lt;script&gt;" in pictures[0] and "模型␛[31m" in pictures[0]
    assert "[a](javascript:b) ]]&gt;" in pictures[1]


@pytest.mark.usefixtures("no_plots")
def test_it_tells_every_round_and_what_they_say_together(llmchem: Llmchem, tmp_path: Path) -> None:
    session = save_session(tmp_path / "sessions", own_grade=0.4)
    html = told(llmchem, session, tmp_path / "page.html")
    text = words(html)
    assert text.count(NOTICE) > 5 and "SIMULATED" not in text
    assert "1 session with 2 finished rounds." in text
    for heading in (
        f'<h2 id="saved-1">Session {NAME}</h2>',
        f'<h3 id="saved-1-1">Round {NAME} 1</h3>',
        f'<h3 id="saved-1-2">Round {NAME} 2</h3>',
        "<h3>Interaction of models</h3>",
        "<h3>Strategies compared</h3>",
        "<h3>Calibration</h3>",
    ):
        assert heading in html
    for said in (
        "rounds ended: 2026-01-31 09:16 to 2026-01-31 09:17 UTC",
        "3 models: a, b, c",
        "Penicillin allergy?",
        "human (does not count)",
        "confidence",
    ):
        assert said in text
    assert html.count("<summary><h4>Answers</h4></summary>") == 2
    assert '<a href="#saved-1-2">2</a>' in html


@pytest.mark.usefixtures("no_plots")
def test_without_the_extra_the_page_has_no_pictures_and_says_so(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    session = save_session(tmp_path / "sessions", rounds=1)
    out = tmp_path / "page.html"
    result = llmchem("report", session, "--out", out)
    assert result.code == 0
    assert "The page has no pictures. Pictures need matplotlib: pip install" in result.err
    html = out.read_text("utf-8")
    assert "Without pictures." in words(html) and "llmchem-tui[plots]" in words(html)
    assert read(html).all("svg") == []
    asked = llmchem("report", session, "--out", tmp_path / "b.html", "--pictures", tmp_path / "p")
    assert asked.code == 2 and "pip install 'llmchem-tui[plots]'" in asked.err
    assert not (tmp_path / "b.html").exists() and not (tmp_path / "p").exists()


@pytest.mark.usefixtures("no_plots")
def test_sessions_folders_and_histories_go_together_and_each_counts_once(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    session = save_session(tmp_path / "sessions", rounds=1)
    save_session(tmp_path / "sessions", rounds=1, prefix="sim/")
    (tmp_path / "runs.csv").write_text(PUBLISHED)
    html = told(
        llmchem, tmp_path / "sessions", session, tmp_path / "runs.csv", tmp_path / "page.html"
    )
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", html)
    assert headings == [
        f"Session {NAME}",
        f"Session {NAME}-2",
        "History <code>runs.csv</code>",
        "Evidence on real models: classify",
        f"Evidence on real models: {TASK}",
        f"Evidence on simulated models: {TASK}",
    ]
    text = words(html)
    assert "2 sessions with 2 finished rounds, 1 history in CSV." in text
    assert "Partly SIMULATED" in text
    assert "its rounds count in the evidence" in text
    alone = html[html.index("History <code>") : html.rindex("Evidence on real models: classify")]
    assert "<h3" not in alone and "LOCAL 1, REMOTE 1" in alone


@pytest.mark.usefixtures("no_plots")
def test_a_private_session_says_what_it_does_not_have(llmchem: Llmchem, tmp_path: Path) -> None:
    session = save_session(tmp_path / "sessions", private=True)
    text = words(told(llmchem, session, tmp_path / "page.html"))
    assert "Private: the texts of vignettes, answers and reviews were not saved" in text
    assert "not saved (private)" in text and "Penicillin" not in text
    assert "confidence 0." in text  # which its history has


@pytest.mark.usefixtures("no_plots")
def test_the_outcome_is_the_saved_one_whatever_the_settings_are_by_now(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    session = save_session(tmp_path / "sessions", rounds=1)
    before = words(told(llmchem, session, tmp_path / "page.html"))
    assert "no consensus" not in before
    (tmp_path / "strict.toml").write_text("[round]\nabstain_below = 0.99\n")
    strict = ("--config", tmp_path / "strict.toml")
    assert words(told(llmchem, session, *strict, tmp_path / "page.html")) == before


@pytest.mark.usefixtures("no_plots")
def test_a_round_that_the_history_does_not_have_is_counted_and_not_told(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    session = save_session(tmp_path / "sessions")
    history = (session / "history.csv").read_bytes()
    (session / "history.csv").write_bytes(history[: history.index(f"{NAME} 2,".encode())])
    saved = words(told(llmchem, session, tmp_path / "page.html"))
    assert "ended without numbers in history.csv, and not told: 1 round" in saved
    change_lines(session, lambda lines: lines.__delitem__(slice(-3, None)))
    broken = words(told(llmchem, session, tmp_path / "page.html"))
    assert "1 round cancelled or broken off, and not told" in broken
    result = llmchem("report", session, "--out", tmp_path / "page.html")
    assert f"{NAME}: 1 round was interrupted, and not told" in result.err
    for text in (saved, broken):
        assert "1 session with 1 finished round." in text
        assert f"Round {NAME} 1" in text and f"Round {NAME} 2" not in text


@pytest.mark.usefixtures("no_plots")
def test_a_damaged_session_in_a_folder_is_left_out_and_that_is_said(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    save_session(tmp_path / "sessions", rounds=1)
    other = save_session(tmp_path / "sessions", rounds=1)
    for path in other.iterdir():
        path.write_text("damaged")
    out = tmp_path / "page.html"
    result = llmchem("report", tmp_path / "sessions", "--out", out)
    assert result.code == 0 and "Left out: " in result.err
    html = out.read_text("utf-8")
    assert f"Left out: {NAME}-2" in words(html) and str(tmp_path) not in html
    alone = llmchem("report", other, "--out", out)
    assert alone.code == 2 and "damaged" in alone.err


@pytest.mark.usefixtures("no_plots")
def test_what_was_repaired_is_said_without_the_folders_on_the_way(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    session = save_session(tmp_path / "sessions", rounds=1)
    (session / JOURNAL_FILE).unlink()
    out = tmp_path / "page.html"
    result = llmchem("report", session, "--out", out)
    assert f"{NAME} has no {JOURNAL_FILE}" in result.err
    html = out.read_text("utf-8")
    assert f"{NAME} has no" in words(html) and str(tmp_path) not in html


@pytest.mark.usefixtures("no_plots")
def test_a_file_that_is_not_ours_is_never_replaced(llmchem: Llmchem, tmp_path: Path) -> None:
    session = save_session(tmp_path / "sessions", rounds=1)
    (tmp_path / "mine.html").write_text("<p>my own</p>")
    for out in ("mine.html", "sessions"):
        result = llmchem("report", session, "--out", tmp_path / out)
        assert result.code == 2 and (tmp_path / out).name in result.err
    assert (tmp_path / "mine.html").read_text() == "<p>my own</p>"
    early = llmchem("report", tmp_path / "missing", "--out", tmp_path / "mine.html")
    assert "mine.html" in early.err  # before anything is read


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing", "There is no file"),
        ("empty", "no session or history to report on"),
        ("notes.csv", "lacks"),
    ],
)
def test_what_is_no_history_is_told_in_one_line(
    llmchem: Llmchem, tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    result = llmchem("report", tmp_path / name, "--out", tmp_path / "page.html")
    assert result.code == 2 and said in result.err and result.err.count("\n") == 1
    assert not (tmp_path / "page.html").exists()


def test_no_screen_is_loaded_for_it() -> None:
    code = "import sys, llmchem_tui.ui.round_reports, llmchem_tui.analysis.saved_page\n"
    code += "print(*{'textual', 'rich', 'matplotlib'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, cwd=CHECKOUT, text=True
    )
    assert done.stdout.split() == []
