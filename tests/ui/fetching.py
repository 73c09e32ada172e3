"""A pool with reports of its endpoints, and hosts that fetch models by script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence

from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.providers.facts import EndpointReport, ModelFacts, PullProgress
from llmchem_tui.providers.pool import Pool
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.ui.screens.models import ModelsScreen
from llmchem_tui.ui.widgets.models import ModelList
from tests.session.scripted import ScriptedProvider
from tests.ui.app_under_test import Driver, OpenPool


def spec(name: str, endpoint: str = "box", locality: Locality = Locality.LOCAL) -> ModelSpec:
    return ModelSpec(name, endpoint, name, locality)


BOX = EndpointReport(
    "box",
    "ollama",
    "http://127.0.0.1:11434",
    trusted=True,
    models=(spec("llama"), spec("qwen:32b"), spec("wanted")),
    missing=("wanted",),
    facts=(
        ModelFacts("llama:latest", 4_920_000_000, "8.0B", "Q4_K_M", 8192, True, 1.0, "", False),
        ModelFacts("qwen:32b", 20_201_253_588, "32B", "Q4_0", 40960, True, 0.38, "", True),
        ModelFacts("gemma:270m", 291_554_930),
    ),
)
DOWN = EndpointReport("far", "ollama", "http://far:1", error="nothing answers: ollama serve")
CLOUD = EndpointReport(
    "anthropic",
    "anthropic",
    "https://api.anthropic.com",
    key="$ANTHROPIC_API_KEY",
    models=(spec("claude", "anthropic", Locality.REMOTE),),
)

FetchStep = PullProgress | float | asyncio.Event | BaseException


class Fetch:
    """What a host does when it is told to fetch: tells, sleeps, waits, fails, in this order."""

    def __init__(self, steps: Sequence[FetchStep] = ()) -> None:
        self._steps = steps
        self.asked: list[tuple[str, str]] = []
        self.closed = 0

    async def steps(self, endpoint: str, model: str) -> AsyncGenerator[PullProgress, None]:
        self.asked.append((endpoint, model))
        try:
            for step in self._steps:
                if isinstance(step, BaseException):
                    raise step
                if isinstance(step, float | int):
                    await asyncio.sleep(step)
                elif isinstance(step, asyncio.Event):
                    await step.wait()
                else:
                    yield step
        finally:
            self.closed += 1


def fetching_pool(reports: Iterable[EndpointReport], fetch: Fetch | None = None) -> OpenPool:
    """Return what opens a pool of the endpoints that are reported, all scripted."""
    reports, own = tuple(reports), fetch or Fetch()

    class FetchingPool(Pool):
        def pull(self, endpoint: str, model: str) -> AsyncGenerator[PullProgress, None]:
            return own.steps(endpoint, model)

    async def open_pool() -> Pool:
        models = {spec.name: spec for report in reports for spec in report.models}
        usable = [report.name for report in reports if not report.error]
        endpoints = {name: Endpoint(ScriptedProvider()) for name in usable}
        return FetchingPool(tuple(models[name] for name in sorted(models)), endpoints, reports)

    return open_pool


def lines(user: Driver) -> list[str]:
    """The lines of the Models screen."""
    return [str(option.prompt) for option in user.app.screen.query_one(ModelList).options]


async def open_models(user: Driver) -> None:
    """Open the Models screen."""
    await user.wait_until(lambda: user.app.desk.laboratory)
    await user.press("l")
    await user.wait_until(lambda: isinstance(user.app.screen, ModelsScreen))
