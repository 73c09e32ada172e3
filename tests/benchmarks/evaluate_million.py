"""How long a million answers take to be read for profiles, and evaluated, in how much memory.

    python -m tests.benchmarks.evaluate_million [ROWS]

The history is written first, by another process, so that the memory is that of a program that
reads it, with the columns that it needs. Pandas then reads the file in the same process: the
limits were set on a machine where it took ``PANDAS_SECONDS``, so a multiple of what it takes says
on any machine, and beside any other program, whether they are reached.
"""

from __future__ import annotations

import csv
import random
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from llmchem_tui.analysis.evaluate import evaluate
from llmchem_tui.analysis.round_measures import ANSWERED
from llmchem_tui.domain.model import TASK
from llmchem_tui.storage.history import read_history
from llmchem_tui.storage.history_copies import COMPARED
from llmchem_tui.storage.profiles import profiles
from llmchem_tui.storage.rounds import HISTORY_COLUMNS, item_id
from llmchem_tui.storage.tables import Cell, written
from tests.benchmarks import beside
from tests.benchmarks.measures import load

PROFILES_SECONDS, PROFILES_MEBIBYTES = 3.0, 600.0
EVALUATION_SECONDS, EVALUATION_MEBIBYTES = 10.0, 1500.0
PANDAS_SECONDS = {"the same columns": 0.8, "all columns": 1.7}

POOL = [f"model-{i}" for i in range(24)]
STRATEGIES = ("LOCAL", "REMOTE", "RANDOM", "PERFORMANCE", "CHEMISTRY")
SIZES = (2, 3, 3, 3, 5, 10)
VIGNETTES = 20
FAILURES = 0.02

_MEBIBYTE = 2**20 / 1024  # ru_maxrss counts in KiB


def answers(rows: int) -> Iterator[dict[str, Cell]]:
    """Yield rows like those of sessions: two thirds with a reference, a few failed."""
    draw = random.Random(5)
    skill = {name: draw.betavariate(5, 3) for name in POOL}
    made = number = 0
    while made < rows:
        members = draw.sample(POOL, draw.choice(SIZES))[: rows - made]
        shared: dict[str, Cell] = {
            "trial": f"2026-01-31T09-15-00 {number}",
            "task": TASK,
            "elapsed": "1m 12s",
            "strategy": draw.choice(STRATEGIES),
            "created": f"2026-02-{1 + number % 28:02} 09:15:00",
            "vignette": f"vignette-{number % VIGNETTES}",
            "seed": number,
            "temperature": 0.6,
            "confidence": draw.random(),
        }
        for position, name in enumerate(members):
            yield shared | _answer(draw, name, position, skill[name])
        made += len(members)
        number += 1


def _answer(draw: random.Random, name: str, position: int, skill: float) -> dict[str, Cell]:
    own: dict[str, Cell] = dict.fromkeys(HISTORY_COLUMNS)
    own |= {"model": name, "id": item_id(position), "recommended": position == 0}
    if draw.random() < FAILURES:
        return {"model": name, "id": own["id"], "status": "timeout", "confidence": None}
    accuracy = min(1.0, max(0.0, draw.gauss(skill, 0.2)))
    return {
        "model": name,
        "id": own["id"],
        "recommended": own["recommended"],
        "status": "ok",
        "result": f"{draw.getrandbits(64):x} is what {name} said. Medications: amoxicillin 1 g",
        "medications": '[{"action":"start","name":"amoxicillin","dose":"1 g"}]',
        "quality": 10 * min(1.0, max(0.0, draw.gauss(skill, 0.1))),
        "gen_accuracy": accuracy if draw.random() < 2 / 3 else None,
        "variance": draw.random() / 5,
        "review_accuracy": draw.random(),
        "accuracy": accuracy,
        "latency": draw.expovariate(1 / 20),
        "tokens_in": draw.randrange(300, 900),
        "tokens_out": draw.randrange(100, 2000),
    }


def write(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HISTORY_COLUMNS)
        for row in answers(rows):
            writer.writerow([written(row.get(column)) for column in HISTORY_COLUMNS])


def measure_profiles(path: Path) -> None:
    began = time.perf_counter()
    history = read_history([path], ())
    read = time.perf_counter() - began
    found = profiles(history)
    took = time.perf_counter() - began
    print(
        f"{len(history.frame):,} rows, profiles of {len(found)} models: "
        f"{beside(took, PROFILES_SECONDS)}, {read:.1f} s of them reading; "
        f"{beside(peak(), PROFILES_MEBIBYTES, 'MiB')}"
    )
    del history
    compare(path, sorted(COMPARED), took, PROFILES_SECONDS)


def measure_evaluation(path: Path) -> None:
    began = time.perf_counter()
    history = read_history([path], ANSWERED)
    read = time.perf_counter() - began
    evaluation = evaluate(history)
    took = time.perf_counter() - began
    rounds = sum(strategy.rounds for strategy in evaluation.strategies)
    print(
        f"{rounds:,} rounds, {len(evaluation.sizes)} strategies and sizes evaluated: "
        f"{beside(took, EVALUATION_SECONDS)}, {read:.1f} s of them reading; "
        f"{beside(peak(), EVALUATION_MEBIBYTES, 'MiB')}"
    )
    del history
    compare(path, None, took, EVALUATION_SECONDS)


def compare(path: Path, columns: list[str] | None, took: float, limit: float) -> None:
    """Print what pandas takes to read these columns, None: all, and how often ``took`` that is."""
    import pandas

    began = time.perf_counter()
    pandas.read_csv(path, usecols=columns)
    alone = time.perf_counter() - began
    what = "the same columns" if columns else "all columns"
    multiple = beside(took / alone, limit / PANDAS_SECONDS[what], "times that")
    print(f"pandas, {what}: {alone:.1f} s; ours: {multiple}; {load()}")


def peak() -> float:
    """Return the most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MEBIBYTE


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.csv"
        write(path, rows)
        for name in MEASURES:
            subprocess.run([sys.executable, "-m", __spec__.name, name, str(path)], check=True)


MEASURES = {"--profiles": measure_profiles, "--evaluate": measure_evaluation}

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in MEASURES:
        warnings.simplefilter("error")
        MEASURES[sys.argv[1]](Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
