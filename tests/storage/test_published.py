"""The authors' published history: read whole, repaired, and profiled as two others found it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from llmchem_tui.storage.history import History, read_history
from llmchem_tui.storage.profiles import profiles, rounds_by_model
from llmchem_tui.storage.selections import tasks
from llmchem_tui.storage.tables import guarded, unguarded

RUNS = Path("data") / "published" / "runs.csv"


@pytest.fixture
def published(shared: Path) -> History:
    """Return the published history; skip where the developers' material is absent."""
    if not (shared / RUNS).is_file():
        pytest.skip("the published history runs.csv is not in the developers' shared folder")
    return read_history([shared / RUNS])


def test_every_row_is_there_and_six_are_repaired(published: History) -> None:
    assert len(published.frame) == 8170
    assert published.frame["trial"].nunique() == 1342
    assert published.repaired == 6
    assert (published.frame["strategy"] == "").sum() == 6
    assert (published.frame["created"] == "").sum() == 0
    (note,) = published.notes
    assert note.endswith("shifted rows repaired (strategy unknown): 6.")


def test_every_cell_is_what_the_file_says(published: History, shared: Path) -> None:
    with open(shared / RUNS, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    frame = published.frame
    assert frame["result"].tolist() == [row["result"] for row in rows]
    assert frame["result"].str.startswith("'").sum() == 7419
    assert frame["gen_accuracy"].tolist() == [float(row["generation_accuracy"]) for row in rows]
    for column in ("latency", "quality", "variance", "review_accuracy", "accuracy"):
        assert frame[column].tolist() == [float(row[column]) for row in rows]


def test_it_has_one_task_and_twelve_models(published: History) -> None:
    assert tasks(published) == {"classify a short statement into a category of fakeness": 8170}
    assert len(rounds_by_model(published)) == 12


def test_the_profiles_are_those_of_the_oracle(published: History, shared: Path) -> None:
    oracle = json.loads((shared / "oracles" / "recommend.json").read_text(encoding="utf-8"))
    found = profiles(published)
    assert len(found) == 12
    for name, (quality, accuracy, count) in oracle["profiles"].items():
        profile = found[name]
        assert (round(profile.quality, 4), round(profile.accuracy, 4)) == (quality, accuracy)
        assert (profile.rounds, profile.referenced) == (count, count)
    assert sum(profile.accuracy >= 0.5 for profile in found.values()) == oracle["used_models"]


def test_results_that_begin_with_an_apostrophe_survive_our_own_files(published: History) -> None:
    results = [text for text in published.frame["result"] if text.startswith("'")]
    assert len(results) == 7419
    assert [unguarded(guarded(text)) for text in results] == results
