"""`llmchem evaluate`, as a user meets it."""

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
    """Four rounds of three models under three strategies."""
    rows = []
    for trial, strategy in enumerate(("LOCAL", "RANDOM", "CHEMISTRY", "RANDOM")):
        for place, model in enumerate("abc"):
            accuracy = 0.5 + 0.1 * place + 0.02 * trial * (place + 1)
            row = f"T {trial},{model},t,i{trial},{5 + place},{accuracy},{strategy}"
            rows.append(f"{row},2026-01-0{trial + 1} 10:00:00")
    path = tmp_path / "history.csv"
    path.write_text("\n".join([HEADER, *rows, ""]))
    return path


def test_it_compares_the_strategies(llmchem: Llmchem, history: Path) -> None:
    result = llmchem("evaluate", history)
    assert (result.code, result.err) == (0, "")
    lines = [line.split() for line in result.out.splitlines()]
    assert [line[:3] for line in lines if line[1:2] == ["all"]] == [
        ["CHEMISTRY", "all", "1"],
        ["LOCAL", "all", "1"],
        ["RANDOM", "all", "2"],
    ]
    means = "accuracy, seconds and variances are over answers, other means over rounds"
    for told in (means, "Accuracy between strategies (ANOVA)", "Heterogeneous ensembles: 4 rounds"):
        assert told in result.out


def test_its_document_has_the_same_numbers(llmchem: Llmchem, history: Path) -> None:
    document = llmchem("evaluate", history, "--json").document
    assert (document["schema"], document["repaired_rows"]) == (1, 0)
    assert "over answers" in document["means"]
    local = next(one for one in document["strategies"] if one["strategy"] == "LOCAL")
    assert (local["rounds"], local["answers"], local["failures"]) == (1, 3, 0)
    assert local["accuracy"]["mean"] == pytest.approx(0.6)
    assert local["accuracy"]["low"] is None  # of one round there is no interval


def test_the_published_protocol_prints_the_papers_tables(llmchem: Llmchem, history: Path) -> None:
    result = llmchem("evaluate", history, "--protocol", "published")
    assert (result.code, result.err) == (0, "")
    for table in ("Table 1", "Table 2", "Table 3", "Table 4"):
        assert table in result.out
    document = llmchem("evaluate", history, "--protocol", "published", "--json").document
    assert [row["N"] for row in document["table1"]] == [3, 5, 10]
    first = document["table1"][0]
    assert set(first) == {"N", "chemistry", "best_baseline", "best_strategy", "improvement"}
    assert first["chemistry"] is not None
    assert document["table1"][2]["chemistry"] is None
    assert set(document["table2"][0]) == {"N", "r", "p", "n"}
    assert document["table4"][0]["ensembles"] == [["a", "b", "c"]]


def test_rows_without_a_strategy_are_called_unknown_where_read_and_where_typed(
    llmchem: Llmchem, history: Path
) -> None:
    history.write_text(history.read_text().replace("LOCAL", ""))
    (line,) = [
        line
        for line in llmchem("evaluate", history, "--strategy", "unknown").out.splitlines()
        if " all " in line
    ]
    assert line.split()[:3] == ["unknown", "all", "1"]


def test_filters_narrow_it(llmchem: Llmchem, history: Path) -> None:
    narrowed = ("--strategy", "random", "--since", "2026-01-03", "--model", "c")
    (one,) = llmchem("evaluate", history, *narrowed, "--json").document["strategies"]
    assert (one["strategy"], one["rounds"]) == ("RANDOM", 1)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--task", "x"), 'There is no task "x" in the history.'),
        (("--until", "2025-12-31"), "No row of the history passes the filters"),
        (("--model", "d"), 'There is no model "d" in the history.'),
        (("--simulated",), "No row of the history is of a simulated model; leave out --simulated."),
        (("--since", "yesterday"), "'yesterday' does not match the format '%Y-%m-%d'"),
    ],
)
@pytest.mark.parametrize("protocol", ["own", "published"])
def test_bad_input_is_one_sentence(
    llmchem: Llmchem, history: Path, protocol: str, more: tuple[str, ...], said: str
) -> None:
    result = llmchem("evaluate", history, "--protocol", protocol, *more)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("protocol", ["own", "published"])
@pytest.mark.parametrize(
    "row", ["T 1,a,t,i,5,0.5,LOCAL,", "T 1,a,t,i,5,,LOCAL,", "T 1,a,t,i,,0.5,,", "T 1,a,t,i,,,,"]
)
def test_one_row_and_missing_numbers_give_numbers_or_a_sentence(
    llmchem: Llmchem, tmp_path: Path, protocol: str, row: str
) -> None:
    path = tmp_path / "history.csv"
    path.write_text(f"{HEADER}\n{row}\n")
    for as_json in ((), ("--json",)):
        result = llmchem("evaluate", path, "--protocol", protocol, *as_json)
        assert (result.code, bool(result.out)) in ((0, True), (2, False)), result.err
        assert len(result.err.splitlines()) <= 1
