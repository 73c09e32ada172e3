"""Round after round against a real server: nothing may grow."""

from __future__ import annotations

from collections import Counter
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
from tests.soaking import PROC, Held

pytestmark = [pytest.mark.integration, pytest.mark.full]

EXACT = BOTH.replace("[a-z ]{1,40}", '"fine"').replace("[0-9] [0-9]", '"75"')
"""Always the same words: what is tested is not what the server takes its time for."""

SHORT = Prompts(
    system="Be brief.",
    answer="{vignette}",
    review="{vignette} {label} {delimiter}\n{answer}\n{delimiter}",
    repair="{problem}",
)
"""The tiny model reads letter by letter."""

MOST_GROWTH = 20 * 2**20


@pytest.mark.skipif(not PROC.exists(), reason="counts sockets and memory in /proc")
async def test_round_after_round_leaves_nothing_behind(
    request: pytest.FixtureRequest, llama_server: LlamaServer, tmp_path: Path
) -> None:
    warm, rounds = (10, 50) if request.config.option.markexpr == "full" else (3, 10)
    path = settings(tmp_path, llama_server("--grammar", EXACT))
    path.write_text(path.read_text().replace('"bee"\nprovider = "one"', '"bee"\nprovider = "two"'))
    own = load(path, {})
    laboratory = Laboratory(
        own, await open_pool(own, {}, simulated=False), SHORT, Saving(tmp_path / "out")
    )
    choice = Choice(Strategy.MANUAL, ("ant", "bee", "cat"))
    case = from_text(NOTE.decode())
    measures, statuses = [], Counter[Status]()
    for number in range(1, rounds + 1):
        plan = laboratory.plan(case, choice, seed=number)
        ended = [
            event.result.status
            async for event in laboratory.run(plan)
            if isinstance(event, AnswerEnded | ReviewEnded)
        ]
        statuses.update(ended)
        if number in (warm, rounds):
            measures.append(Held.now())
    await laboratory.aclose()
    # Over OpenAI's API a schema goes before the grammar: a few replies run into the token limit.
    assert statuses[Status.OK] > 0.8 * statuses.total()
    assert statuses.total() > rounds * 6
    before, after = measures
    print(f"after {warm} rounds {before}, after {rounds} {after}")
    assert after.sockets <= before.sockets
    assert after.descriptors <= before.descriptors
    assert after.tasks <= before.tasks
    assert after.memory - before.memory <= MOST_GROWTH
