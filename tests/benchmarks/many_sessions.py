"""Thousands of saved sessions, made quickly: a few that were run, copied under other names.

python -m tests.benchmarks.many_sessions FOLDER [SESSIONS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from llmchem_tui.config import RoundSettings, Settings
from llmchem_tui.domain.strategies import Choice, Strategy
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.providers.pool import open_pool
from llmchem_tui.providers.simulated import VirtualTimeLoop
from llmchem_tui.recorder import Saving
from llmchem_tui.storage.prompts import load_prompts
from llmchem_tui.storage.vignettes import find

PATTERNS = 20
_FIRST = datetime(2025, 1, 1, tzinfo=UTC)
_NAME = "%Y-%m-%dT%H-%M-%S"
_APART = timedelta(minutes=53)


async def _run(folder: Path, number: int) -> None:
    """One session of one round of three simulated models."""
    own = Settings(round=RoundSettings(seed=number))
    pool = await open_pool(own, {}, simulated=True)
    at = _FIRST - timedelta(days=number + 1)
    laboratory = Laboratory(own, pool, load_prompts(), Saving(folder), clock=lambda: at)
    names = tuple(spec.name for spec in pool.models)
    ensemble = tuple(names[(number + k * (1 + number % 3)) % len(names)] for k in range(3))
    plan = laboratory.plan(find("cap-older-adult"), Choice(Strategy.RANDOM, ensemble), number)
    async for _ in laboratory.run(plan):
        pass
    await laboratory.aclose()


def make_sessions(folder: Path, sessions: int) -> None:
    """Fill a folder with sessions of one round each, 53 minutes apart."""
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name:
        for number in range(PATTERNS):
            with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(0.0)) as runner:
                runner.run(_run(Path(name), number))
        patterns = [
            (own.name.encode(), {file.name: file.read_bytes() for file in own.iterdir()})
            for own in sorted(Path(name).iterdir())
        ]
    for number in range(sessions):
        created = _FIRST + number * _APART
        before, files = patterns[number % PATTERNS]
        own = folder / created.strftime(_NAME)
        own.mkdir(mode=0o700)
        for file, content in files.items():
            (own / file).write_bytes(
                content.replace(before, own.name.encode()).replace(
                    before[:10], own.name[:10].encode()
                )
            )


if __name__ == "__main__":
    make_sessions(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000)
