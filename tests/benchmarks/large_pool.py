"""How soon keys do what they do where the pool has two hundred models with a profile each.

    python -m tests.benchmarks.large_pool [MODELS]

In the app, without a terminal: from the key until nothing is left to be painted, in seconds of
processor time. A key is to take at most a tenth of a second, a screen at most one.
"""

from __future__ import annotations

import asyncio
import csv
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from llmchem_tui.config import HistorySettings, RoundSettings, Settings
from llmchem_tui.domain.model import TASK
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.recorder import Saving
from llmchem_tui.storage.prompts import load_prompts
from llmchem_tui.ui.app import LlmchemApp
from tests.benchmarks import beside
from tests.benchmarks.measures import load
from tests.soaking import simulated_models, until

ROUNDS, SIZE = 600, 3
KEY, SCREEN = 0.1, 1.0  # seconds
KEYS = (
    ("pool: down", "down", KEY),
    ("pool: pick", "space", KEY),
    ("Models, first shown", "l", SCREEN),
    ("Models: down", "down", KEY),
    ("back to Round", "escape", SCREEN),
    ("Chemistry, first shown", "c", SCREEN),
    ("Chemistry: down", "down", KEY),
    ("Chemistry: another order", "o", SCREEN),
    ("back to Round", "escape", SCREEN),
    ("palette", "ctrl+p", SCREEN),
    ("palette: a letter", "m", KEY),
)


def write_history(path: Path, models: int) -> None:
    """Write rounds of three models each, so that all have a profile."""
    draw = np.random.default_rng(7)
    skill = draw.uniform(0.4, 0.95, models)
    columns = ("trial", "model", "task", "quality", "gen_accuracy", "accuracy", "strategy")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for number in range(ROUNDS):
            for model in draw.choice(models, SIZE, replace=False):
                own = float(np.clip(draw.normal(skill[model], 0.2), 0, 1))
                name = f"sim/model-{model:03}"
                writer.writerow([f"trial {number}", name, TASK, 10 * own, own, own, "RANDOM"])


async def measure(folder: Path, models: int) -> None:
    history = HistorySettings(paths=(str(folder / "history.csv"),))
    settings = Settings(round=RoundSettings(n=SIZE, strategy="CHEMISTRY", seed=1), history=history)

    async def open_laboratory() -> Laboratory:
        pool, prompts = await simulated_models(models), load_prompts()
        return Laboratory(settings, pool, prompts, Saving(folder / "sessions"))

    app = LlmchemApp(
        settings, open_laboratory, sessions=folder / "sessions", vignettes=folder / "vignettes"
    )
    async with app.run_test(size=(120, 40)) as pilot:
        await until(lambda: app.desk.setup.choice)
        await pilot.press("p")
        for what, key, limit in KEYS:
            began = time.process_time()
            await pilot.press(key)
            await until(_studied(app))
            await pilot.pause()
            print(f"{what}: {beside(time.process_time() - began, limit)}")


def _studied(app: LlmchemApp) -> Callable[[], bool]:
    """Whether what the Chemistry screen computes in a thread is there, if it is in front."""
    return lambda: getattr(app.screen, "study", True) is not None


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as name:
        write_history(Path(name) / "history.csv", count)
        print(f"{count} models; {load()}")
        asyncio.run(measure(Path(name), count))
