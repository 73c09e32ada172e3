"""Fifty rounds in a row against a real server: nothing may grow."""

from __future__ import annotations

import asyncio
import gc
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from llmchem_tui.config import load
from llmchem_tui.domain.model import Status
from llmchem_tui.domain.strategies import Choice, Strategy
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.providers.pool import open_pool
from llmchem_tui.recorder import Saving
from llmchem_tui.session.events import AnswerEnded, ReviewEnded
from llmchem_tui.session.protocol import Prompts
from llmchem_tui.storage.vignettes import from_text
from tests.integration.conftest import LlamaServer
from tests.integration.test_real_server_rounds import BOTH, NOTE, settings

pytestmark = pytest.mark.integration

ROUNDS, WARM = 50, 10
EXACT = BOTH.replace("[a-z ]{1,40}", '"fine"').replace("[0-9] [0-9]", '"75"')
"""Always the same words: what is tested is not what the server takes its time for."""

SHORT = Prompts(
    system="Be brief.",
    answer="{vignette}",
    review="{vignette} {label} {delimiter}\n{answer}\n{delimiter}",
    repair="{problem}",
)
"""The tiny model reads letter by letter."""

PROC = Path("/proc/self")
MOST_GROWTH = 20 * 2**20


@dataclass(frozen=True)
class Measure:
    """What a process holds: open sockets, tasks of the loop, bytes of memory."""

    sockets: int
    tasks: int
    memory: int

    @classmethod
    def now(cls) -> Measure:
        gc.collect()
        sockets = 0
        for descriptor in (PROC / "fd").iterdir():
            try:
                sockets += os.readlink(descriptor).startswith("socket:")
            except FileNotFoundError:
                continue  # the one that lists the folder
        pages = int((PROC / "statm").read_text().split()[1])
        return cls(sockets, len(asyncio.all_tasks()), pages * os.sysconf("SC_PAGE_SIZE"))


@pytest.mark.skipif(not PROC.exists(), reason="counts sockets and memory in /proc")
async def test_fifty_rounds_leave_nothing_behind(llama_server: LlamaServer, tmp_path: Path) -> None:
    path = settings(tmp_path, llama_server("--grammar", EXACT))
    path.write_text(path.read_text().replace('"bee"\nprovider = "one"', '"bee"\nprovider = "two"'))
    own = load(path, {})
    laboratory = Laboratory(
        own, await open_pool(own, {}, simulated=False), SHORT, Saving(tmp_path / "out")
    )
    choice = Choice(Strategy.MANUAL, ("ant", "bee", "cat"))
    case = from_text(NOTE.decode())
    measures, statuses = [], Counter[Status]()
    for number in range(1, ROUNDS + 1):
        plan = laboratory.plan(case, choice, seed=number)
        ended = [
            event.result.status
            async for event in laboratory.run(plan)
            if isinstance(event, AnswerEnded | ReviewEnded)
        ]
        statuses.update(ended)
        if number in (WARM, ROUNDS):
            measures.append(Measure.now())
    await laboratory.aclose()
    # Over OpenAI's API a schema goes before the grammar: a few replies run into the token limit.
    assert statuses[Status.OK] > 0.8 * statuses.total()
    assert statuses.total() > ROUNDS * 6
    warm, last = measures
    print(f"after {WARM} rounds {warm}, after {ROUNDS} {last}")
    assert last.sockets <= warm.sockets
    assert last.tasks <= warm.tasks
    assert last.memory - warm.memory <= MOST_GROWTH
