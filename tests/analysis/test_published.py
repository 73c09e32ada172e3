"""The paper's tables, from small histories worked by hand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from llmchem_tui.analysis.published import PublishedTables, published_tables
from llmchem_tui.cli.published import print_published
from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.history import read_history

HEADER = "trial,model,task,id,quality,accuracy,strategy,created"


def tables(folder: Path, *rows: str) -> PublishedTables:
    path = folder / "history.csv"
    path.write_text("\n".join([HEADER, *rows, ""]))
    return published_tables(read_history([path]))


def rows(strategy: str, trial: str, members: Iterable[tuple[str, float, float]]) -> list[str]:
    return [f"{trial},{name},t,i,{q},{a},{strategy},2026-01-01 00:00:00" for name, q, a in members]


def test_the_improvement_is_of_the_best_baseline(tmp_path: Path) -> None:
    items = [f"T {i},a,t,{i},5,{accuracy},LOCAL," for i, accuracy in enumerate((0.9, 0.9, 0.1))]
    items += [f"T {i},b,t,{i},5,0.9,LOCAL," for i in range(3)]
    # a alone is right on two items of three, b and both on all: the mean of 0.1 and 0.9 is 0.5
    chosen = [f"U x,{name},t,0,5,0.9,CHEMISTRY," for name in "bb"]
    own = tables(tmp_path, *items, *chosen).comparisons[0]
    assert own.best_strategy == "LOCAL"
    assert own.best_baseline == pytest.approx(2 / 3)
    assert own.chemistry == 1.0
    assert own.improvement == pytest.approx(50.0)


def test_a_history_without_chemistry_rounds_or_pairs_has_no_numbers_for_them(
    tmp_path: Path,
) -> None:
    own = tables(tmp_path, "one,a,t,i,5,0.9,LOCAL,")
    assert [row.chemistry for row in own.comparisons] == [None] * 3
    assert [row.improvement for row in own.comparisons] == [None] * 3
    assert own.best == ()
    (first, second, _) = own.associations
    assert (first.all_sizes.r, first.all_sizes.p, first.all_sizes.n) == (0.0, 1.0, 1)
    assert (first.complementarity.r, first.complementarity.n) == (None, 0)
    assert second.all_sizes.n == 0


def test_what_does_not_vary_has_r_0_and_p_1(tmp_path: Path) -> None:
    same = [("a", 9.0, 0.9), ("b", 8.0, 0.8)]
    found = tables(tmp_path, *rows("LOCAL", "T 1", same), *rows("LOCAL", "T 2", same))
    assert (found.associations[0].complementarity.r, found.associations[0].complementarity.p) == (
        0.0,
        1.0,
    )
    assert found.associations[0].complementarity.n == 2
    assert found.associations[0].complementarity.constant


def test_what_differs_by_rounding_only_does_not_vary(tmp_path: Path) -> None:
    members = rows("LOCAL", "T 1", [("a", 9.0, 0.9), ("b", 8.0, 0.4)])
    members += rows("LOCAL", "T 2", [("a", 9.0, 0.9), ("c", 8.0, 0.4 + 1e-14)])
    used = rows("OTHER", "T 3", [("b", 8.0, 0.9)])  # so that the scores are 1 and 0
    found = tables(tmp_path, *members, *used).associations[0]
    assert found.all_sizes.n == 2
    assert found.all_sizes.constant


def test_what_cannot_be_told_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_published(tables(tmp_path, "one,a,t,i,5,0.9,LOCAL,", "one,b,t,i,,0.9,LOCAL,"))
    out = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "3 0.000 1.000 1 constant" in lines
    assert lines.count("3 – – 0 no ensemble") == 2
    assert any(line.startswith("constant: one of the two measures is the same") for line in lines)
    assert "No two models have a profile" in out and "of 0 pairs" not in out
    assert "effectiveness: no round of CHEMISTRY or PERFORMANCE" in out
    assert "1 row lacks a quality" in out


def test_pairs_at_the_cap_are_counted_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = [("a", 6.0, 0.5 + 1e-9), ("b", 5.0, 0.5 + 1e-9)]
    print_published(tables(tmp_path, *rows("LOCAL", "T 1", pair)))
    assert "1 of 1 pair stand within" not in (out := capsys.readouterr().out)
    assert "Under this protocol 1 of 1 pair stands within 0.0001 of the cap" in out


def test_a_pair_reaches_its_chemistry_at_the_empty_set_whose_cost_is_1(tmp_path: Path) -> None:
    # p_a = 0.2, p_b = 0.25: |1 - 0.2 - 0.25 + 0.2 + 0.125| / 0.325 is above the cap
    pair = [("a", 6.0, 0.5 + 1e-9), ("b", 5.0, 0.5 + 1e-9)]
    found = tables(tmp_path, *rows("LOCAL", "T 1", pair))
    assert (found.pairs, found.at_the_cap) == (1, 1)


def test_models_at_or_below_half_have_no_chemistry(tmp_path: Path) -> None:
    found = tables(tmp_path, *rows("LOCAL", "T 1", [("a", 6.0, 0.5), ("b", 5.0, 0.9)]))
    assert (found.pairs, found.near_the_cap) == (1, 0)


def test_rows_with_missing_numbers_are_counted_and_a_history_of_them_refused(
    tmp_path: Path,
) -> None:
    whole = rows("LOCAL", "T 1", [("a", 9.0, 0.9), ("b", 8.0, 0.8)])
    assert tables(tmp_path, *whole, "T 1,c,t,i,,0.5,LOCAL,").incomplete == 1
    with pytest.raises(InputError, match="needs rows with a quality and an accuracy"):
        tables(tmp_path, "T 1,c,t,i,,0.5,LOCAL,")


def test_more_models_than_can_be_enumerated_are_refused(tmp_path: Path) -> None:
    many = [(f"m{i}", 9.0, 0.9) for i in range(21)]
    with pytest.raises(InputError, match="up to 20 of them; 21 are used here"):
        tables(tmp_path, *rows("LOCAL", "T 1", many))
