"""`llmchem simulate`, as a user meets it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from llmchem_tui.storage.rounds import HISTORY_COLUMNS
from tests.cli import Llmchem, make_llmchem


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


def test_it_writes_a_history_and_shows_the_skills_beside_the_estimates(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    out = tmp_path / "h.csv"
    result = llmchem("simulate", "--models", 4, "--rounds", 20, "--seed", 7, "--out", out)
    assert (result.code, result.err) == (0, "")
    header, *rows = out.read_text().splitlines()
    assert header == ",".join(HISTORY_COLUMNS)
    assert len(rows) >= 60  # an answer has several lines
    shown = [line.split() for line in result.out.splitlines() if line.startswith(" sim/")]
    assert [line[:3] for line in shown] == [
        ["sim/skill-0.950", "0.950", "remote"],
        ["sim/skill-0.733", "0.733", "local"],
        ["sim/skill-0.517", "0.517", "remote"],
        ["sim/skill-0.300", "0.300", "local"],
    ]
    assert f"Wrote {out}: 20 rounds, 60 rows." in result.out


def test_its_document_has_the_same(llmchem: Llmchem, tmp_path: Path) -> None:
    command = ("simulate", "--models", 3, "-n", 2, "--rounds", 30, "--strategies", "local, random")
    document = llmchem(*command, "--out", tmp_path / "h.csv", "--json").document
    assert (document["schema"], document["simulated"]) == (1, True)
    assert (document["seed"], document["n"]) == (0, 2)
    assert document["strategies"] == ["LOCAL", "RANDOM"]
    assert [own["skill"] for own in document["models"]] == [0.3, 0.625, 0.95]
    counted = llmchem("chemistry", tmp_path / "h.csv", "--json").document["models"]
    estimates = {own["name"]: (own["accuracy"], own["quality"]) for own in counted}
    assert estimates == {
        own["name"]: (own["accuracy"], own["quality"]) for own in document["models"]
    }


def test_the_same_seed_makes_the_same_bytes(llmchem: Llmchem, tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        command = ("simulate", "--rounds", 5, "--seed", seed, "--out", tmp_path / name)
        assert llmchem(*command).code == 0
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c


def test_every_command_reads_it(llmchem: Llmchem, tmp_path: Path) -> None:
    out = tmp_path / "h.csv"
    assert llmchem("simulate", "--models", 3, "-n", 2, "--rounds", 12, "--out", out).code == 0
    for command in (
        ("chemistry", out),
        ("recommend", out, "-n", 2),
        ("evaluate", out),
        ("evaluate", out, "--protocol", "published"),
        ("backtest", out),
    ):
        result = llmchem(*command)
        assert result.code == 0, result.err
        assert "missing" not in result.err


def test_a_single_round_of_two_models_is_enough(llmchem: Llmchem, tmp_path: Path) -> None:
    result = llmchem("simulate", "--models", 2, "--rounds", 1, "--out", tmp_path / "h.csv")
    assert result.code == 0
    assert "1 round, 2 rows." in result.out


def test_an_existing_file_is_refused_and_kept(llmchem: Llmchem, tmp_path: Path) -> None:
    out = tmp_path / "mine.csv"
    out.write_text("mine")
    result = llmchem("simulate", "--rounds", 1, "--out", out)
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        f"llmchem: {out} exists already; move it away first, or name another file\n"
    )
    assert out.read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--models", 1), "1 is not in the range 2<=x<=200"),
        (("--models", 10**9), "is not in the range 2<=x<=200"),
        (("--rounds", 0), "0 is not in the range 1<=x<=100000"),
        (("--seed", -1), "-1 is not in the range x>=0"),
        (("--models", 4, "-n", 5), "-n 5 does not go with 4 models: it must be 2 or more, up to"),
        (("-n", 1), "-n 1 does not go with 12 models: it must be 2 or more, up to all"),
        (("--strategies", "RANDOM,LUCK"), "no strategy 'LUCK'; choose one of LOCAL, REMOTE"),
        (("--strategies", "EXPLORE"), "no strategy 'EXPLORE'; choose one of LOCAL"),
    ],
)
def test_absurd_wishes_are_refused_in_a_sentence(
    llmchem: Llmchem, tmp_path: Path, options: tuple[object, ...], said: str
) -> None:
    result = llmchem("simulate", *options, "--out", tmp_path / "h.csv")
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert len(result.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_folders_on_the_way_are_made(llmchem: Llmchem, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder" / "h.csv"
    result = llmchem("simulate", "--models", 2, "--rounds", 1, "--out", out)
    assert (result.code, result.err) == (0, "")
    assert out.is_file()


def test_a_full_disk_is_one_sentence_and_leaves_no_part_of_a_file(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    resource = pytest.importorskip("resource")  # Windows has none
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        result = llmchem("simulate", "--rounds", 5, "--out", tmp_path / "h.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (result.code, result.out) == (1, "")
    assert result.err == f"llmchem: {tmp_path / 'h.csv'} cannot be written (File too large)\n"
    assert not list(tmp_path.iterdir())


def test_a_terminal_is_told_how_far_it_is(
    llmchem: Llmchem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    result = llmchem("simulate", "--models", 2, "--rounds", 2, "--out", tmp_path / "h.csv")
    assert (result.code, result.out.count("Wrote")) == (0, 1)
    assert "rounds" in result.err and "%" in result.err
