"""A user who opens what is saved."""

from __future__ import annotations

from dataclasses import replace

from llmchem_tui.config import HistorySettings
from llmchem_tui.ui.screens.history import HistoryScreen
from llmchem_tui.ui.screens.replay import ReplayScreen
from llmchem_tui.ui.widgets.saved import SavedList
from llmchem_tui.ui.widgets.transport import Transport
from tests.saved_sessions import PUBLISHED
from tests.ui.app_under_test import Bench, Driver


def import_csv(bench: Bench, content: str = PUBLISHED, name: str = "runs.csv") -> None:
    """Put a history into the settings."""
    path = bench.folder / name
    path.write_text(content, encoding="utf-8")
    paths = (*bench.settings.history.paths, str(path))
    bench.settings = replace(bench.settings, history=HistorySettings(paths=paths))


def history_of(user: Driver) -> HistoryScreen:
    screen = user.app.screen
    assert isinstance(screen, HistoryScreen)
    return screen


def replay_of(user: Driver) -> ReplayScreen:
    screen = user.app.screen
    assert isinstance(screen, ReplayScreen)
    return screen


def listed(user: Driver) -> list[str]:
    """The lines of the list."""
    options = user.app.screen.query_one(SavedList).options
    return [str(option.prompt).rstrip() for option in options]


async def open_history(user: Driver) -> HistoryScreen:
    """Go to the screen and let it read what is saved."""
    await user.press("h")
    await user.wait_until(lambda: isinstance(user.app.screen, HistoryScreen))
    await user.wait_until(
        lambda: listed(user) and not any(line.endswith(" …") for line in listed(user))
    )
    await user.pilot.pause()
    return history_of(user)


async def open_first(user: Driver) -> ReplayScreen:
    """Replay the first of the list, and let time stand still at its beginning."""
    await open_history(user)
    await user.press("enter")
    return await stand_still(user)


async def stand_still(user: Driver) -> ReplayScreen:
    """Wait for a replay to be drawn, and pause it at its beginning."""
    await user.wait_until(lambda: isinstance(user.app.screen, ReplayScreen))
    await user.wait_until(lambda: user.app.screen.query(Transport) and user.text("#transport"))
    screen = replay_of(user)
    if screen.player.playing:
        await user.press("space")
    await user.press("0")
    return screen
