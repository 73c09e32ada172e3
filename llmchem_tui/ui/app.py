"""The Textual app: its screens, the keys that lead to them, themes and keymap."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.color import Color
from textual.screen import Screen
from textual.widgets import HelpPanel

from llmchem_tui.config import Settings
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.storage.vignettes import find
from llmchem_tui.toml_files import nearest
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.keymap import keymap_problems
from llmchem_tui.ui.screens.round import RoundScreen
from llmchem_tui.ui.setup import Setup
from llmchem_tui.ui.theme_files import bundled_themes, load_themes

STYLES = Path(__file__).with_name("styles")
FIRST_VIGNETTE = "cap-older-adult"
FPS, FPS_OVER_SSH = 10, 4
MUTED = 0.35

_IN_THE_PALETTE = ("app.quit", "app.keys")
"""What Textual's own commands do already."""


class LlmchemApp(App[None]):
    """The laboratory on a screen.

    ``open_laboratory`` is awaited after the first frame: finding models may take seconds.
    """

    TITLE = "llmchem"
    CSS_PATH = ["app.tcss", *sorted(STYLES.glob("*.tcss"))]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    DEFAULT_MODE = "round"
    BINDINGS = [
        Binding("c", "mode('chemistry')", "Chemistry", id="app.chemistry", tooltip="Who interacts"),
        Binding("h", "mode('history')", "History", id="app.history", tooltip="Saved sessions"),
        Binding("l", "mode('models')", "Models", id="app.models", tooltip="What can be asked"),
        Binding(
            "question_mark",
            "mode('help')",
            "Help",
            id="app.help",
            tooltip="All keys and words",
            key_display="?",
        ),
        Binding("k", "keys", "Keys", show=False, id="app.keys", tooltip="Keys of what has focus"),
        Binding("q", "quit", "Quit", id="app.quit", tooltip="Leave the program"),
    ]

    def __init__(
        self,
        settings: Settings,
        open_laboratory: Callable[[], Awaitable[Laboratory]],
        *,
        sessions: Path,
        vignettes: Path,
        theme_folders: tuple[Path, ...] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings
        over_ssh = "SSH_CONNECTION" in (env or {})
        self.desk = Desk(
            settings,
            sessions,
            vignettes,
            settings.ui.fps or (FPS_OVER_SSH if over_ssh else FPS),
            Setup(find(FIRST_VIGNETTE), settings.round.strategy, settings.round.n),
        )
        self._open_laboratory = open_laboratory
        self._theme_folders = theme_folders
        for mode, screen in self._screens().items():
            self.add_mode(mode, screen)
        if settings.keymap:
            self.set_keymap(dict(settings.keymap))

    def _screens(self) -> dict[str, Callable[[], Screen[None]]]:
        """The five screens, each made when it is first seen."""

        def chemistry() -> Screen[None]:
            from llmchem_tui.ui.screens.chemistry import ChemistryScreen

            return ChemistryScreen(self.desk)

        def history() -> Screen[None]:
            from llmchem_tui.ui.screens.history import HistoryScreen

            return HistoryScreen(self.desk)

        def models() -> Screen[None]:
            from llmchem_tui.ui.screens.models import ModelsScreen

            return ModelsScreen(self.desk)

        def help() -> Screen[None]:
            from llmchem_tui.ui.screens.help import HelpScreen

            return HelpScreen(self.desk)

        return {
            "round": lambda: RoundScreen(self.desk, self._open_laboratory),
            "chemistry": chemistry,
            "history": history,
            "models": models,
            "help": help,
        }

    def get_css_variables(self) -> dict[str, str]:
        """Add ``muted``: Textual's own muted colours are blended late, which tables cannot do."""
        variables = super().get_css_variables()
        if self.current_theme.ansi:
            muted = "ansi_bright_black"
        else:
            foreground, background = (
                Color.parse(variables[name]) for name in ("foreground", "background")
            )
            muted = foreground.blend(background, MUTED).hex
        self.theme_variables["muted"] = variables["muted"] = muted
        return variables

    def on_mount(self) -> None:
        """Register the themes; a broken file or a wrong key of the keymap is reported once."""
        themes, problems = load_themes([bundled_themes(), *self._theme_folders])
        problems += keymap_problems(self.settings.keymap, LlmchemApp.BINDINGS)
        for theme in themes:
            self.register_theme(theme)
        wanted = self.settings.ui.theme
        if wanted in self.available_themes:
            self.theme = wanted
        else:
            hint = nearest(wanted, self.available_themes) or self.theme
            problems.append(f"no theme {wanted!r}; did you mean {hint}? ctrl+p lists them all")
        # A terminal must not be left in the app's hands when the machine goes down.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit)
        for problem in problems:
            self.notify(plain_line(problem), severity="warning", timeout=10, markup=False)

    def action_mode(self, name: str) -> None:
        """Bring one of the five screens to the front."""
        self.switch_mode(name)

    def action_keys(self) -> None:
        """Show the keys and the help of the focused widget, or hide them again."""
        if self.screen.query(HelpPanel):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Add what the keys do that mean something now."""
        yield from super().get_system_commands(screen)
        for node, binding, enabled, tooltip in screen.active_bindings.values():
            if enabled and binding.id and binding.id not in _IN_THE_PALETTE:
                run = partial(self.run_action, binding.action, node)
                yield SystemCommand(binding.description, tooltip, run)
