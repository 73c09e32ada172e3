"""`llmchem evaluate --sweep`, as a user meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli import Llmchem, make_llmchem

HEADER = "trial,model,task,id,quality,accuracy,strategy,created"


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Four rounds of four models."""
    rows = [
        f"T {trial},{model},t,i,{9 - 2 * place},{0.9 - 0.1 * place - 0.01 * trial},RANDOM,"
        for trial, members in enumerate(("abc", "bcd", "acd", "abd"))
        for model in members
        for place in ["abcd".index(model)]
    ]
    path = tmp_path / "history.csv"
    path.write_text("\n".join([HEADER, *rows, ""]))
    return path


def test_it_prints_what_each_setting_recommends(llmchem: Llmchem, history: Path) -> None:
    result = llmchem("evaluate", history, "--sweep", "beta=0,9", "--sweep", "n=2, 3")
    assert (result.code, result.err) == (0, "")
    lines = [line.split() for line in result.out.splitlines()]
    header = lines.index(["beta", "n", "ensemble", "changes", "loss", "gap"])
    first, *others = lines[header + 2 : header + 7]
    assert first[:5] == ["in", "force", "0.5", "2", "to"]
    assert [line[:2] for line in others] == [["0", "2"], ["0", "3"], ["9", "2"], ["9", "3"]]
    assert "In force: alpha 0.5, beta 0.5, iters 10, usage_threshold 0.5, n 2 to 10." in result.out
    assert "judged by the same history" in result.out
    assert "Chemistry at each usage_threshold" not in result.out


def test_thresholds_show_what_chemistry_goes_with(llmchem: Llmchem, history: Path) -> None:
    result = llmchem("evaluate", history, "--sweep", "usage_threshold=0.5,0.75")
    lines = [line.split() for line in result.out.splitlines()]
    told = [line[:2] for line in lines if line[2:4] == ["of", "4"] and line[0] != "On"]
    assert told == [["0.5", "4"], ["0.75", "2"]]


def test_its_document_holds_the_sweep_alone(llmchem: Llmchem, history: Path) -> None:
    document = llmchem("evaluate", history, "--sweep", "alpha=0,1", "--json").document
    assert set(document) == {"schema", "simulated", "sweep", "repaired_rows"}
    own = document["sweep"]
    assert own["varied"] == ["alpha"]
    assert [one["setting"]["alpha"] for one in own["settings"]] == [0, 1]
    assert set(own["settings"][0]) == {
        *("setting", "ensemble", "loss", "gap", "changes", "brought", "reason")
    }
    assert own["in_force"]["setting"] == {
        **{"alpha": 0.5, "beta": 0.5, "usage_threshold": 0.5},
        **{"iters": 10, "n": None},
    }


def test_the_settings_file_says_what_is_in_force(
    llmchem: Llmchem, history: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[chemistry]\nalpha = 0.25\nusage_threshold = 0.6\n")
    swept = ("--sweep", "beta=1", "--json", "--config", config)
    (one,) = llmchem("evaluate", history, *swept).document["sweep"]["settings"]
    assert (one["setting"]["alpha"], one["setting"]["usage_threshold"]) == (0.25, 0.6)


@pytest.mark.parametrize(
    ("sweeps", "said"),
    [
        (("alpha",), "--sweep alpha: write it as alpha=0,0.5,1"),
        (("gamma=1",), "--sweep gamma: it takes alpha, beta, iters, usage_threshold, n"),
        (("alfa=1",), "--sweep alfa: did you mean alpha? it takes alpha,"),
        (("alpha=0", "alpha=1"), "--sweep alpha is given twice; list all its values in one"),
        (("alpha=0,2",), "--sweep alpha: 2 is none of its values, numbers from 0 to 1"),
        (("alpha=0,,1",), "--sweep alpha: a blank is none of its values"),
        (("alpha=nan",), "--sweep alpha: nan is none of its values"),
        (("beta=-1",), "--sweep beta: -1 is none of its values, numbers, 0 or more"),
        (("beta=inf",), "--sweep beta: inf is none of its values"),
        (("iters=1.5",), "--sweep iters: 1.5 is none of its values, whole numbers, 0 or more"),
        (("n=0",), "--sweep n: 0 is none of its values, whole numbers, 1 or more"),
        (("n=2,5",), "An ensemble of 5 cannot be made from the 4 models"),
        (
            (f"beta={','.join(map(str, range(101)))}", "iters=1,2,3,4,5,6,7,8,9,10"),
            "The sweep has 1,010 combinations, and at most 1,000 are tried; give fewer values.",
        ),
    ],
)
def test_bad_sweeps_are_one_sentence(
    llmchem: Llmchem, history: Path, sweeps: tuple[str, ...], said: str
) -> None:
    options = [part for sweep in sweeps for part in ("--sweep", sweep)]
    result = llmchem("evaluate", history, *options)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert len(result.err.splitlines()) == 1


def test_the_published_protocol_has_nothing_to_sweep(llmchem: Llmchem, history: Path) -> None:
    result = llmchem("evaluate", history, "--sweep", "alpha=0", "--protocol", "published")
    assert result.code == 2
    assert "--sweep and --protocol published do not go together; leave one out" in result.err
