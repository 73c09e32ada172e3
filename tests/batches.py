"""A small batch on the simulated pool, for the tests of batches."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from llmchem_tui.batch.request import STRATEGIES, Request
from llmchem_tui.config import RoundSettings, Settings
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.providers.pool import simulated_pool
from llmchem_tui.recorder import Saving
from llmchem_tui.storage.prompts import load_prompts
from llmchem_tui.storage.vignettes import find

CASES = ("cap-older-adult", "croup-toddler")
SMALL = (*CASES, "--trials", 2, "--simulated", "--time-scale", 0, "--seed", 7)


def request(**other: object) -> Request:
    own = Request(tuple(map(find, CASES)), STRATEGIES, (2,), 1, 7)
    return dataclasses.replace(own, **other)  # type: ignore[arg-type]


async def laboratory(folder: Path, settings: Settings | None = None) -> Laboratory:
    return Laboratory(
        settings or Settings(round=RoundSettings(seed=7)),
        await simulated_pool(),
        load_prompts(),
        Saving(folder),
    )
