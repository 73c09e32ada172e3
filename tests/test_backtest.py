"""`llmchem backtest`, as a user meets it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli import Llmchem, make_llmchem

HEADER = "trial,model,task,id,quality,accuracy,strategy,created"

Write = Callable[..., Path]


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes rounds of three of four models; the last turn it all around."""

    def rounds(count: int = 20, prefix: str = "", day: str = "2026-01-{:02}") -> Path:
        path = tmp_path / f"history{count}{len(prefix)}.csv"
        lines = [HEADER]
        for trial in range(count):
            created = (day + " 10:00:00").format(1 + trial) if day else ""
            for place, (model, quality) in enumerate(zip("abcd", (9, 6, 8, 5), strict=True)):
                turned = 3 - place if trial >= 0.6 * count else place
                row = f"T {trial},{prefix}{model},t,i,{quality},{0.9 - 0.2 * turned:.1f},RANDOM"
                if place != trial % 4:
                    lines.append(f"{row},{created}")
        path.write_text("\n".join([*lines, ""]))
        return path

    return rounds


def test_it_prints_the_strategies_and_a_verdict_for_every_size(
    llmchem: Llmchem, write: Write
) -> None:
    result = llmchem("backtest", write())
    assert result.code == 0
    assert result.err.startswith("LOCAL and REMOTE left out")
    starts = [line.split()[:2] for line in result.out.splitlines()]
    for start in (["PERFORMANCE", "2"], ["CHEMISTRY", "3"], ["RANDOM", "2"], ["best", "in"]):
        assert start in starts
    assert "20 rounds, split at 10 points, after 6 to 18" in result.out
    assert "N = 3: CHEMISTRY is not better than PERFORMANCE: they always chose alike." in result.out
    (overall,) = [line for line in result.out.splitlines() if line.startswith("Over all N:")]
    assert "CHEMISTRY is not better than PERFORMANCE on this history (difference " in overall
    assert " %, 95 % " in overall
    assert " … " in overall
    assert "2 comparisons: each interval is of 97.5 %, so that all hold together" in result.out
    assert "foretold by chemistry: r = " in result.out


def test_the_verdict_is_by_accuracy_where_effectiveness_is_saturated(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    skills = {"a": (9, 0.9), "b": (6, 0.8), "c": (8, 0.7), "d": (5, 0.6)}
    rows = [
        f"T {trial},{model},t,i,{quality},{accuracy},RANDOM,2026-01-{trial + 1:02} 10:00:00"
        for trial in range(20)
        for model, (quality, accuracy) in skills.items()
    ]
    path = tmp_path / "history.csv"
    path.write_text("\n".join([HEADER, *rows, ""]))
    said = llmchem("backtest", path).out
    assert (
        "N = 2: Effectiveness tells nothing (saturated: the same for both on every item). By mean "
        "accuracy CHEMISTRY is worse than PERFORMANCE on this history (difference -"
    ) in said


def test_negative_numbers_have_a_sign_that_every_locale_can_show(
    llmchem: Llmchem, write: Write
) -> None:
    assert "r = -0." in llmchem("backtest", write()).out


def test_its_document_has_the_same_numbers(llmchem: Llmchem, write: Write) -> None:
    document = llmchem("backtest", write(), "--json").document
    assert (document["schema"], document["rounds"], document["repaired_rows"]) == (1, 20, 0)
    assert document["splits"] == [6, 7, 9, 10, 11, 13, 14, 15, 17, 18]
    assert [one["size"] for one in document["verdicts"]] == [2, 3, None]
    first = document["outcomes"][0]
    assert (first["strategy"], first["size"]) == ("RANDOM", 2)
    assert set(first["accuracy"]) == {"mean", "low", "high", "n"}
    assert document["choices"][0]["ensemble"] == ["a", "b"]


def test_the_seed_makes_it_repeatable(llmchem: Llmchem, write: Write) -> None:
    path = write()
    outputs = [llmchem("backtest", path, "--seed", seed).out for seed in (1, 1, 2)]
    assert outputs[0] == outputs[1] != outputs[2]


def test_simulated_and_real_models_are_never_tested_together(
    llmchem: Llmchem, write: Write
) -> None:
    both = write(), write(12, "sim/")
    assert llmchem("backtest", *both, "--json").document["rounds"] == 20
    assert llmchem("backtest", *both, "--simulated", "--json").document["rounds"] == 12


@pytest.mark.parametrize(
    ("count", "day", "more", "said"),
    [
        (9, "2026-01-{:02}", (), "A backtest needs at least 10 rounds with a date of creation"),
        (20, "", (), "the history has 0 (60 rows without a date)"),
        (20, "2026-01-{:02}", ("--task", "x"), 'There is no task "x" in the history.'),
        (20, "2026-01-{:02}", ("--seed", "-1"), "--seed"),
    ],
)
def test_bad_input_is_one_sentence(
    llmchem: Llmchem, write: Write, count: int, day: str, more: tuple[str, ...], said: str
) -> None:
    result = llmchem("backtest", write(count, day=day), *more)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert len(result.err.splitlines()) == 1
