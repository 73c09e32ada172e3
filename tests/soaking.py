"""Many rounds in one sitting of the app, and what the process holds after some of them."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from llmchem_tui.config import RoundSettings, Settings
from llmchem_tui.domain.strategies import Choice, Strategy
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.providers.pool import Pool
from llmchem_tui.providers.simulated import ENDPOINT, SimulatedProvider
from llmchem_tui.providers.simulated_models import CHARACTERS
from llmchem_tui.recorder import Saving
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.storage.prompts import load_prompts
from llmchem_tui.ui.app import LlmchemApp
from llmchem_tui.ui.desk import Desk

PROC = Path("/proc/self")
_LONGEST = 60.0  # seconds


@dataclass(frozen=True)
class Held:
    """What a process holds: open files and sockets, of them sockets; tasks; bytes of memory."""

    descriptors: int
    sockets: int
    tasks: int
    memory: int

    @classmethod
    def now(cls) -> Held:
        """Look, after the garbage has been collected."""
        gc.unfreeze()
        gc.collect()
        targets = []
        for descriptor in (PROC / "fd").iterdir():
            try:
                targets.append(os.readlink(descriptor))
            except FileNotFoundError:
                continue  # the one that lists the folder
        sockets = sum(target.startswith("socket:") for target in targets)
        pages = int((PROC / "statm").read_text().split()[1])
        memory = pages * os.sysconf("SC_PAGE_SIZE")
        return cls(len(targets), sockets, len(asyncio.all_tasks()), memory)


async def simulated_models(number: int) -> Pool:
    """A pool of so many simulated models that answer at once."""
    characters = [
        replace(CHARACTERS[i % len(CHARACTERS)], name=f"sim/model-{i:03}") for i in range(number)
    ]
    provider = SimulatedProvider(0, characters)
    return Pool(tuple(await provider.models()), {ENDPOINT: Endpoint(provider, slots=64)})


async def soak(
    folder: Path,
    rounds: int,
    models: int,
    after: Collection[int],
    tell: Callable[[int, Held], object] = lambda number, held: None,
) -> dict[int, Held]:
    """Run rounds of all models in the app, and return what is held after some, by their number.

    ``tell`` is told of it at once.
    """
    settings = Settings(round=RoundSettings(n=models, strategy="RANDOM", seed=1))

    async def open_laboratory() -> Laboratory:
        pool = await simulated_models(models)
        return Laboratory(settings, pool, load_prompts(), Saving(folder / "sessions"))

    app = LlmchemApp(
        settings, open_laboratory, sessions=folder / "sessions", vignettes=folder / "vignettes"
    )
    app.animation_level = "none"
    held = {}
    async with app.run_test(size=(120, 40)) as pilot:
        await until(lambda: app.desk.setup.choice)
        names = tuple(f"sim/model-{i:03}" for i in range(models))
        app.desk.setup.choice = Choice(Strategy.MANUAL, names)
        for number in range(1, rounds + 1):
            before = app.desk.setup.offered
            await pilot.press("ctrl+r")
            await until(partial(_is_learnt, app.desk, before))
            if number in after:
                held[number] = Held.now()
                tell(number, held[number])
        app.workers.cancel_all()
    return held


def _is_learnt(desk: Desk, before: Choice | None) -> bool:
    """Whether the round is over and something else is offered than before."""
    return not desk.busy and desk.setup.offered is not before


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until a condition holds."""
    end = time.monotonic() + _LONGEST
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        await asyncio.sleep(0.005)
