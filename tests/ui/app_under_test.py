"""The whole app on a pool that answers at once, in a folder of the test's own."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Static

from llmchem_tui.config import RoundSettings, Settings
from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.providers.facts import EndpointReport
from llmchem_tui.providers.pool import Pool, simulated_pool
from llmchem_tui.recorder import Saving
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.provider import Provider
from llmchem_tui.storage.prompts import load_prompts
from llmchem_tui.ui.app import LlmchemApp
from llmchem_tui.ui.screens.round import RoundScreen
from llmchem_tui.ui.widgets.grades import Grades
from llmchem_tui.ui.widgets.growing_text import GrowingText
from llmchem_tui.ui.widgets.key_line import KeyLine

WIDE, NARROW = (120, 40), (80, 24)
SETTINGS = Settings(round=RoundSettings(seed=7))

WaitUntil = Callable[..., Awaitable[None]]
OpenPool = Callable[[], Awaitable[Pool]]


@dataclass
class Bench:
    """A folder, settings and a pool; ``app()`` makes the app on them."""

    folder: Path
    wait_until: WaitUntil
    settings: Settings = SETTINGS
    env: Mapping[str, str] = field(default_factory=dict)
    open_pool: OpenPool = simulated_pool
    laboratories: list[Laboratory] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.open_pool is simulated_pool:
            self.open_pool = lambda: simulated_pool(0)

    def with_round(self, **values: object) -> None:
        """Change settings of [round]."""
        own = replace(self.settings.round, **values)  # type: ignore[arg-type]
        self.settings = replace(self.settings, round=own)

    async def open_laboratory(self) -> Laboratory:
        """What the command line does, with this bench's pool and folder."""
        pool = await self.open_pool()
        saving = Saving(self.folder / "sessions")

        async def reopen() -> Pool:
            return await self.open_pool()  # by then it may be another

        prompts = load_prompts()
        own = Laboratory(self.settings, pool, prompts, saving, reopen=reopen)
        self.laboratories.append(own)
        return own

    def app(self) -> LlmchemApp:
        app = LlmchemApp(
            self.settings,
            self.open_laboratory,
            sessions=self.folder / "sessions",
            vignettes=self.folder / "vignettes",
            theme_folders=(self.folder / "themes",),
            env=self.env,
        )
        app.animation_level = "none"
        return app

    @asynccontextmanager
    async def opened(self, size: tuple[int, int] = WIDE) -> AsyncIterator[Driver]:
        """The app, as soon as an ensemble is chosen."""
        async with self.started(size) as driver:
            await self.wait_until(lambda: driver.screen.desk.setup.choice)
            await driver.pilot.pause()
            yield driver

    @asynccontextmanager
    async def started(self, size: tuple[int, int] = WIDE) -> AsyncIterator[Driver]:
        """The app, as soon as it is there."""
        app = self.app()
        async with app.run_test(size=size, notifications=True) as pilot:
            yield Driver(app, pilot, self.wait_until)
            app.workers.cancel_all()  # as a program that ends does, and a test that ends does not


@dataclass
class Driver:
    """A user at the keyboard."""

    app: LlmchemApp
    pilot: Pilot[None]
    wait_until: WaitUntil

    @property
    def screen(self) -> RoundScreen:
        screen = self.app._screen_stacks["round"][0]
        assert isinstance(screen, RoundScreen)
        return screen

    @property
    def laboratory(self) -> Laboratory:
        assert self.screen.desk.laboratory is not None
        return self.screen.desk.laboratory

    @property
    def ensemble(self) -> tuple[str, ...]:
        return self.screen.desk.setup.ensemble

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def run_round(self) -> None:
        """Run a round to its end, and let what it teaches be learnt."""
        before = self.screen.desk.setup.offered
        await self.press("ctrl+r")
        await self.wait_until(lambda: not self.screen.desk.busy and self.screen.desk.state)
        await self.wait_until(lambda: self.screen.desk.setup.offered is not before)
        await self.pilot.pause()

    async def begin_round(self) -> None:
        """Start a round and let its first calls begin."""
        await self.press("ctrl+r")
        await self.wait_until(lambda: self.screen.desk.busy and self.screen.desk.state)
        await self.pilot.pause()

    def text(self, selector: str) -> str:
        """What the texts of a pane say."""
        widgets = self.app.screen.query(selector)
        statics = [one for widget in widgets for one in widget.query(Static)]
        statics += [widget for widget in widgets if isinstance(widget, Static)]
        grown = [widget.text for widget in widgets if isinstance(widget, GrowingText)]
        return "\n".join([*(str(one.content) for one in statics), *grown])

    @property
    def status(self) -> str:
        return self.text("#status")

    @property
    def result(self) -> str:
        return self.text("#recommendation")

    @property
    def told(self) -> str:
        """All toasts so far that are still there."""
        return "\n".join(note.message for note in self.app._notifications)

    def row(self, letter: str) -> list[str]:
        """A row of the grade matrix."""
        table = self.screen.query_one(Grades).table
        return [str(cell).strip() for cell in table.get_row(letter)]

    @property
    def footer(self) -> list[str]:
        """The keys that the footer names."""
        return [key.word for key in self.screen.query_one(KeyLine).keys]

    def enabled(self, action: str) -> bool:
        return self.screen.check_action(action, ()) is True


def scripted_pool(
    provider: Provider,
    names: Iterable[str] = ("a", "b", "c"),
    *,
    foreign: Mapping[str, tuple[str, str]] | None = None,
    unreachable: Mapping[str, str] | None = None,
) -> OpenPool:
    """Return what opens a pool of models at one scripted endpoint, called server."""
    specs = tuple(ModelSpec(name, "server", name, Locality.LOCAL) for name in names)

    async def open_pool() -> Pool:
        problems = (unreachable or {}).items()
        reports = tuple(EndpointReport(name, "openai", "", error=told) for name, told in problems)
        places = {name: (place,) for name, place in (foreign or {}).items()}
        return Pool(specs, {"server": Endpoint(provider)}, reports, places)

    return open_pool


def saved_rows(folder: Path) -> list[dict[str, str]]:
    """The rows of the histories of all sessions in a bench's folder."""
    rows: list[dict[str, str]] = []
    for history in sorted((folder / "sessions").glob("*/history.csv")):
        with open(history, encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    return rows
