"""The command palette finds everything by its name, and does it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import CommandList, CommandPalette
from textual.widgets import Input

from llmchem_tui.ui import commands
from llmchem_tui.ui.commands import Command
from llmchem_tui.ui.screens.dialogs import PickScreen
from llmchem_tui.ui.screens.history import HistoryScreen
from tests.session.scripted import ScriptedProvider
from tests.ui.app_under_test import NARROW, Bench, Driver, scripted_pool


def found(user: Driver) -> list[str]:
    """The lines of the palette."""
    return [str(option.prompt) for option in user.app.screen.query_one(CommandList).options]


async def look_for(user: Driver, typed: str, first: str) -> None:
    """Open the palette, type, and wait until a line is the first."""
    await user.press("ctrl+p")
    user.app.screen.query_one(Input).value = typed
    await user.wait_until(lambda: (found(user) or [""])[0].startswith(first))


async def take(user: Driver, typed: str, first: str) -> None:
    """Look for a line and take it."""
    await look_for(user, typed, first)
    await user.press("enter")
    await user.wait_until(lambda: not isinstance(user.app.screen, CommandPalette))
    await user.pilot.pause()


async def test_without_a_word_it_lists_what_can_be_done_now(bench: Bench) -> None:
    async with bench.opened() as user:
        await user.press("ctrl+p")
        await user.wait_until(lambda: found(user))
        lines = found(user)
        assert "Run  ^r  Run a round" in lines
        assert "Quit  q  Leave the program" in lines
        assert not [line for line in lines if line.startswith(("Adopt", "Stop"))]
        screens = [line.split("  ")[0] for line in lines if line.startswith("Go to")]
        assert screens == ["Go to Chemistry", "Go to History", "Go to Models", "Go to Help"]


async def test_it_does_what_a_key_does(bench: Bench) -> None:
    async with bench.opened() as user:
        await take(user, "size", "Size")
        assert isinstance(user.app.screen, PickScreen)


async def test_it_goes_to_a_screen(bench: Bench) -> None:
    async with bench.opened() as user:
        await take(user, "go models", "Go to Models")
        assert user.app.current_mode == "models"
        await take(user, "go round", "Go to Round")
        assert user.app.current_mode == "round"


@pytest.mark.parametrize("typed", ["croup", "CROUP vignette", "croup-toddler"])
async def test_it_chooses_a_vignette_from_any_screen(bench: Bench, typed: str) -> None:
    async with bench.opened() as user:
        await user.press("l")
        await take(user, typed, "Vignette: Mild croup in a toddler")
        assert user.screen.desk.setup.vignette.id == "croup-toddler"
        assert user.app.current_mode == "round"


async def test_the_key_for_vignettes_is_found(bench: Bench) -> None:
    async with bench.opened() as user:
        await look_for(user, "choose vign", "Vignette  v  Choose the vignette")


async def test_sessions_lead_to_the_history_where_none_is_saved(bench: Bench) -> None:
    async with bench.opened() as user:
        await look_for(user, "session", "")
        await user.wait_until(lambda: "Go to History  Saved sessions" in found(user))
        await take(user, "saved sessions", "Go to History")
        assert user.app.current_mode == "history"


async def test_it_puts_a_model_in_and_takes_it_out(bench: Bench) -> None:
    async with bench.opened() as user:
        assert "sim/heron-pro" not in user.ensemble
        await take(user, "heron", "Model: put in sim/heron-pro")
        assert "sim/heron-pro" in user.ensemble
        await take(user, "heron", "Model: take out sim/heron-pro")
        assert "sim/heron-pro" not in user.ensemble


async def test_it_takes_a_theme_and_says_how_to_keep_it(bench: Bench) -> None:
    async with bench.opened() as user:
        await take(user, "theme: nord", "Theme: nord")
        assert user.app.theme == "nord"
        assert 'write theme = "nord" under [ui]' in user.told


async def test_it_replays_a_saved_session(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    replayed: list[Path] = []

    def replay(self: HistoryScreen, session: Path, trial: str = "") -> None:
        replayed.append(session)

    monkeypatch.setattr(HistoryScreen, "replay", replay, raising=False)
    folder = bench.folder / "sessions" / "2026-01-31T09-15-00"
    folder.mkdir(parents=True)
    async with bench.opened() as user:
        await take(user, "replay 2026", "Replay: 2026-01-31T09-15-00")
        assert user.app.current_mode == "history"
    assert replayed == [folder]


async def test_of_many_sessions_it_lists_the_newest_and_leads_to_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_MOST_SESSIONS", 1)
    for name in ("2026-01-30T09-15-00", "2026-01-31T09-15-00"):
        (bench.folder / "sessions" / name).mkdir(parents=True)
    async with bench.opened() as user:
        await look_for(user, "replay 2026", "Replay: 2026-01-31T09-15-00")
        await user.wait_until(lambda: len(found(user)) == 2)
        assert found(user)[1].startswith("Replay: older sessions")
        await user.press("down", "enter")
        await user.wait_until(lambda: user.app.current_mode == "history")


async def test_it_says_why_sessions_cannot_be_listed(bench: Bench) -> None:
    (bench.folder / "sessions").write_text("a file where the folder should be")
    async with bench.opened() as user:
        await look_for(user, "replay", "Replay: no list of sessions")
        assert "cannot be listed" in found(user)[0]
        await user.press("enter")
        assert user.app.is_running


async def test_hostile_names_are_shown_as_they_are(bench: Bench) -> None:
    names = ("a[/b]\x1b[31m", "b[red]x[/]", "c]")
    bench.open_pool = scripted_pool(ScriptedProvider(), names)
    folder = bench.folder / "vignettes"
    folder.mkdir()
    (folder / "evil.toml").write_text('title = "[/b] evil [@click=app.quit]q"\ntext = "A case."\n')
    async with bench.opened(NARROW) as user:
        await look_for(user, "evil", "Vignette: [/b] evil [@click=app.quit]q")
        await user.press("enter")
        assert user.screen.desk.setup.vignette.title.startswith("[/b]")
        taken = "a[/b]\x1b[31m" in user.ensemble
        await take(user, "a[/b]", f"Model: {'take out' if taken else 'put in'} a[/b]␛[31m")
        assert ("a[/b]\x1b[31m" in user.ensemble) is not taken
        assert user.app.is_running


async def test_while_a_round_runs_there_is_no_other_vignette(bench: Bench) -> None:
    async with bench.opened() as user:
        user.screen.desk.busy = True
        await look_for(user, "o", "")
        await user.wait_until(lambda: found(user))
        assert not [line for line in found(user) if line.startswith(("Vignette:", "Model:"))]
        user.screen.desk.busy = False


@pytest.mark.parametrize(
    ("typed", "better", "worse"),
    [
        ("theme", "Theme", "Go to the theme"),
        ("oc", "Occasion", "Shock"),
        ("shock", "Shock", "Occasion"),
        ("vignette shock", "Vignette: shock", "Occasion"),
    ],
)
def test_what_begins_with_the_words_comes_first(typed: str, better: str, worse: str) -> None:
    words = typed.split()
    scores = [
        Command(title, "vignette shock", lambda: None).score(words) for title in (better, worse)
    ]
    assert scores[0] > scores[1]
    assert all(0 <= score <= 1 for score in scores)


def test_every_word_must_be_there() -> None:
    command = Command("Vignette: Mild croup", "croup-toddler", lambda: None)
    assert command.score(["croup", "mild"]) > 0
    assert command.score(["croup", "adult"]) == 0
