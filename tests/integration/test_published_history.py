"""The authors' published history, through the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration


def recommend(history: Path, *more: str, hash_seed: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "llmchem_tui", "recommend", str(history), "--json", *more],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "6" in done.stderr  # the shifted rows are repaired, and said to be
    return done.stdout


@pytest.fixture
def history(shared: Path) -> Path:
    return shared / "data" / "published" / "runs.csv"


@pytest.fixture
def oracle(shared: Path) -> Any:
    return json.loads((shared / "oracles" / "recommend.json").read_text(encoding="utf-8"))


def test_the_recommendation_equals_two_independent_computations(history: Path, oracle: Any) -> None:
    free = json.loads(recommend(history))
    assert free["ensemble"] == oracle["free_size_2_to_10"]["ensemble"]
    assert free["loss"] == pytest.approx(oracle["free_size_2_to_10"]["loss"], abs=1e-6)
    assert free["optimum"]["ensemble"] == free["ensemble"]
    three = json.loads(recommend(history, "-n", "3"))
    assert three["ensemble"] == oracle["size_3"]["ensemble"]
    assert three["loss"] == pytest.approx(oracle["size_3"]["loss"], abs=1e-6)


def test_the_document_is_the_same_under_every_hash_seed(history: Path) -> None:
    assert len({recommend(history, hash_seed=seed) for seed in range(10)}) == 1
