"""The paper's tables from its authors' history (arXiv 2510.03930, Tables 1 to 4)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from llmchem_tui.analysis.published import PublishedTables, published_tables
from llmchem_tui.storage.history import read_history

pytestmark = pytest.mark.integration

TASK = "statement credibility classification"
BEST = {
    (3, "CHEMISTRY"): "o4-mini mixtral:8x22b o1-mini",
    (3, "PERFORMANCE"): "o4-mini claude-3-5-sonnet-latest o1-mini",
    (5, "CHEMISTRY"): "gpt-4o gemini-2.0-flash claude-3-5-sonnet-latest "
    "claude-3-7-sonnet-20250219 firefunction-v2",
    (5, "PERFORMANCE"): "claude-3-5-sonnet-latest claude-3-7-sonnet-20250219 o4-mini qwen2.5:32b",
    (10, "CHEMISTRY"): "firefunction-v2 claude-3-7-sonnet-20250219 o1-mini gpt-4o gemini-2.0-flash "
    "claude-3-5-sonnet-latest qwen2.5:32b o4-mini o3-mini",
    (10, "PERFORMANCE"): "o4-mini gemini-2.0-flash o3-mini gpt-4o claude-3-7-sonnet-20250219 "
    "o1-mini claude-3-5-sonnet-latest firefunction-v2 qwen2.5:32b",
}
"""arXiv 2510.03930, Table 4, for the first task."""


@pytest.fixture(scope="module")
def published(shared: Path) -> PublishedTables:
    return published_tables(read_history([shared / "data" / "published" / "runs.csv"]))


@pytest.fixture(scope="module")
def oracle(shared: Path) -> Any:
    return json.loads((shared / "oracles" / "published_tables.json").read_text(encoding="utf-8"))


def test_table_1_has_the_papers_means(published: PublishedTables, oracle: Any) -> None:
    expected = [row[1:] for row in oracle["table1"]["rows"] if row[0] == TASK]
    assert len(expected) == len(published.comparisons) == 3
    for own, (size, chemistry, baseline, improvement) in zip(
        published.comparisons, expected, strict=True
    ):
        assert own.chemistry is not None
        assert own.best_baseline is not None
        assert (own.size, own.best_strategy) == (size, "PERFORMANCE")
        assert (round(own.chemistry, 3), round(own.best_baseline, 3)) == (chemistry, baseline)
        assert own.improvement == pytest.approx(improvement, abs=0.1)


def test_table_2_has_the_papers_r_p_and_n(published: PublishedTables, oracle: Any) -> None:
    expected = oracle["table2"]["all_sizes_task1"]
    for own, (size, r, p, n) in zip(published.associations, expected, strict=True):
        found = own.all_sizes
        assert found.r is not None
        assert found.p is not None
        assert (own.size, round(found.r, 3), found.n) == (size, r, n)
        assert found.p < 0.001 if p == "<0.001" else round(found.p, 3) == p


def test_table_3_has_the_papers_r_and_n(published: PublishedTables, oracle: Any) -> None:
    expected = [row[2:] for row in oracle["table3"]["rows"] if row[0] == TASK]
    for own, (size, complementarity, effectiveness, n) in zip(
        published.associations, expected, strict=True
    ):
        assert own.complementarity.r is not None
        assert own.effectiveness.r is not None
        assert (own.size, own.complementarity.n, own.effectiveness.n) == (size, n, n)
        assert round(own.complementarity.r, 3) == complementarity
        assert round(own.effectiveness.r, 3) == effectiveness


def test_table_4_has_the_papers_ensembles(published: PublishedTables) -> None:
    effectiveness = {3: 0.6, 5: 0.7, 10: 0.8}
    assert {(row.size, row.strategy) for row in published.best} == set(BEST)
    for row in published.best:
        assert tuple(sorted(BEST[row.size, row.strategy].split())) in row.ensembles
        assert row.effectiveness == pytest.approx(effectiveness[row.size])


def test_most_pairs_stand_at_the_cap(published: PublishedTables, oracle: Any) -> None:
    expected = oracle["chemistry_task1_published_protocol"]
    assert published.pairs == expected["pairs"]
    assert published.near_the_cap == expected["within_1e-4_of_cap"]
    assert published.at_the_cap == expected["exactly_1.0"]
