"""The Textual app: its screens, the keys that lead to them, themes and keymap."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.actions import SkipAction
from textual.app import App
from textual.binding import Binding
from textual.command import CommandPalette
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.worker import WorkerFailed

from llmchem_tui.config import Settings
from llmchem_tui.domain.errors import InputError, LlmchemError
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.storage.vignettes import find
from llmchem_tui.ui.ascii import Ascii, ascii_key, wants_ascii
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.modes import MODE_KEYS, MODES, make_screen
from llmchem_tui.ui.screens.desk import TOLD_SECONDS, DeskScreen
from llmchem_tui.ui.screens.round import RoundScreen
from llmchem_tui.ui.setup import Setup
from llmchem_tui.ui.style_sheet import STYLES, ParsedOnce
from llmchem_tui.ui.terminal import Colourless, Terminal, leave_on
from llmchem_tui.ui.theme_files import bundled_themes, choose_theme, load_themes, muted_colour

if TYPE_CHECKING:
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.ui.commands import Commands
    from llmchem_tui.ui.screens.history import HistoryScreen

FIRST_VIGNETTE = "cap-older-adult"
FPS, FPS_OVER_SSH = 10, 4

PRIVATE = (
    "From the next round on only numbers are saved: no vignette, answer or rationale is written, "
    "not even by copying, and a replay shows numbers."
)
NOT_PRIVATE = "From the next round on texts are saved again, in a session of their own."


def _commands() -> type[Commands]:
    from llmchem_tui.ui.commands import Commands

    return Commands


class LlmchemApp(App[None]):
    """The laboratory on a screen.

    ``open_laboratory`` is awaited after the first frame: finding models may take seconds.
    """

    TITLE = "llmchem"
    # A screen that is seen later brings its own.
    CSS_PATH = [STYLES.with_name("app.tcss"), STYLES / "app.tcss", STYLES / "terminal.tcss"]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (170, "-vast")]
    DEFAULT_MODE = "round"
    COMMANDS = {_commands}
    BINDINGS = [
        *MODE_KEYS,
        Binding("k", "keys", "Keys", show=False, id="app.keys", tooltip="Keys of what has focus"),
        Binding(
            "t", "theme", "Theme", show=False, id="app.theme", tooltip="Other colours, seen at once"
        ),
        Binding(
            "ctrl+o",
            "private",
            "Private",
            show=False,
            id="app.private",
            tooltip="Save numbers only, or texts again",
        ),
        Binding(
            "ctrl+p",
            "command_palette",
            "Palette",
            show=False,
            priority=True,
            id="app.palette",
            tooltip="Everything by its name: commands, vignettes, sessions, models, themes",
        ),
        Binding("q", "quit", "Quit", id="app.quit", tooltip="Leave the program"),
        Binding(
            "ctrl+q",
            "quit",
            "Quit",
            show=False,
            priority=True,
            id="app.quit-anywhere",
            tooltip="Leave the program, from a dialog too",
        ),
        Binding(
            "ctrl+c",
            "leave",
            "Quit or copy",
            show=False,
            priority=True,
            system=True,
            id="app.leave",
            tooltip="Copy a text that is selected; else leave the program",
        ),
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
        super().__init__(driver_class=Terminal)
        self.stylesheet = ParsedOnce()  # the theme's variables come before anything is parsed
        self._problems: list[str] = []
        if settings.keymap:
            from llmchem_tui.ui.keymap import complete, keymap_problems, possible

            self._problems += keymap_problems(settings.keymap, self.BINDINGS)
            settings = replace(settings, keymap=possible(settings.keymap))
            self.set_keymap(complete(settings.keymap, self.BINDINGS))
        self.settings = settings
        over_ssh = "SSH_CONNECTION" in (env or {})
        self.desk = Desk(
            settings,
            sessions,
            vignettes,
            settings.ui.fps or (FPS_OVER_SSH if over_ssh else FPS),
            Setup(find(FIRST_VIGNETTE), settings.round.strategy, settings.round.n),
        )
        self._theme_folders = theme_folders
        self._own_themes: frozenset[str] = frozenset()
        self._ascii = [Ascii()] if wants_ascii(env or {}) else []
        for mode in MODES:
            self.add_mode(mode, partial(make_screen, mode, self.desk, open_laboratory))

    def get_css_variables(self) -> dict[str, str]:
        """Add ``muted``: Textual's own muted colours are blended late, which tables cannot do."""
        variables = super().get_css_variables()
        muted = muted_colour(variables, ansi=self.current_theme.ansi)
        self.theme_variables["muted"] = variables["muted"] = muted
        return variables

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Leave colours out where NO_COLOR is set; add ASCII where the locale has no more."""
        filters = [Colourless()] if self.no_color else super().get_line_filters()
        return [*filters, *self._ascii]

    def get_key_display(self, binding: Binding) -> str:
        """Name a key by words where the locale has no signs for it."""
        display = super().get_key_display(binding)
        return ascii_key(display) if self._ascii else display

    def on_load(self) -> None:
        """Register the themes before anything is styled."""
        themes, problems = load_themes([bundled_themes(), *self._theme_folders])
        for theme in themes:
            self.register_theme(theme)
        self._own_themes = frozenset(theme.name for theme in themes)
        self.theme, unknown = choose_theme(self.settings.ui.theme, self.available_themes)
        self.stylesheet.set_variables(self.get_css_variables())
        self._problems = [*problems, *unknown, *self._problems]

    def on_mount(self) -> None:
        """Report once a broken theme's file or a wrong key of the keymap."""
        # A terminal must not be left in the app's hands when the machine or the line goes down.
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            leave_on(self, number)
        # After a SIGTSTP Textual takes the terminal back, but leaves it blank.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        for problem in self._problems:
            self.tell(problem)

    def tell(self, text: str, severity: SeverityLevel = "warning") -> None:
        """Tell the user something in passing."""
        self.notify(plain_line(text), severity=severity, markup=False, timeout=TOLD_SECONDS)

    # --- screens ----------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what makes no sense now."""
        if action == "mode" and parameters == (self.current_mode,):
            return False  # it is in front
        if action == "private":
            return True if self.desk.laboratory is not None and not self.desk.busy else None
        return super().check_action(action, parameters)

    def action_mode(self, name: str) -> None:
        """Bring one of the five screens to the front."""
        self.switch_mode(name)

    def action_keys(self) -> None:
        """Show the keys and the help of the focused widget, or hide them again."""
        from llmchem_tui.ui.widgets.keys import KeysPanel

        if panels := self.screen.query(KeysPanel):
            panels.remove()
        else:
            self.screen.mount(KeysPanel())

    def action_command_palette(self) -> None:
        """Show what can be done."""
        if not isinstance(self.screen, CommandPalette):
            placeholder = "a command, vignette, session, model or theme"
            self.push_screen(CommandPalette(placeholder=placeholder))

    async def choose_vignette(self, id: str) -> None:
        """Go to the Round screen and take a vignette for the next round."""
        (await self._round()).choose_vignette(id)

    async def toggle_model(self, name: str) -> None:
        """Go to the Round screen and put a model into the ensemble, or take it out."""
        (await self._round()).toggle_model(name)

    async def replay(self, session: Path, trial: str = "") -> None:
        """Go to the History screen and replay a saved session, from a trial on if one is named."""
        await self.switch_mode("history")
        screen: HistoryScreen = self.get_screen_stack()[0]  # type: ignore[assignment] # its mode's
        screen.replay(session, trial)

    @on(RoundScreen.Replay)
    async def _replay(self, event: RoundScreen.Replay) -> None:
        await self.replay(event.session, event.trial)

    async def on_history_screen_resume(self, event: HistoryScreen.Resume) -> None:
        """Go on with what was interrupted in a session: a round, or in the terminal a batch."""
        from llmchem_tui.storage.session_file import SESSION_FILE, read_settings

        try:
            batch = read_settings(event.session / SESSION_FILE).batch
        except InputError as error:
            self.tell(str(error), "error")
            return
        if not batch:
            round_screen: RoundScreen = self.get_screen_stack("round")[0]  # type: ignore[assignment]
            round_screen.resume(event.session)  # it comes to the front if the round can go on
        elif self.desk.busy:
            self.tell("a round is running; stop it or wait for it")
        else:
            self._resume_batch(event.session)

    def _resume_batch(self, session: Path) -> None:
        from llmchem_tui.ui.lent_terminal import lend_terminal

        settings = ["--config", str(self.settings.path)] if self.settings.path else []
        screen = self.get_screen_stack("history")[0]
        key = screen.key("history.resume") if isinstance(screen, DeskScreen) else ""
        command = plain_line(f"llmchem resume {session}")
        stopped = f"{key} in History, or {command}, goes on with the batch.\n"
        if not lend_terminal(self, ["resume", *settings, str(session)], stopped):
            self.tell(f"in another terminal, {command} goes on with the batch")
        for screen in self.screen_stack:
            if isinstance(screen, DeskScreen):
                screen.show_desk()

    async def _round(self) -> RoundScreen:
        await self.switch_mode("round")
        screen = self.get_screen_stack()[0]
        assert isinstance(screen, RoundScreen)
        return screen

    # --- themes -----------------------------------------------------------------------------

    def action_theme(self) -> None:
        """Choose a theme; each is seen while it is looked at."""
        from llmchem_tui.ui.screens.themes import ThemeScreen, theme_items

        before = self.theme

        def chosen(name: str | None) -> None:
            self.theme = before if name is None else name
            if name is not None and name != before:
                self._tell_theme()

        items = theme_items(self.available_themes, self._own_themes)
        self.push_screen(ThemeScreen("Theme", items, before), chosen)

    def take_theme(self, name: str) -> None:
        """Take a theme for this sitting."""
        self.theme = name
        self._tell_theme()

    def _tell_theme(self) -> None:
        from llmchem_tui.ui.screens.themes import how_to_keep

        self.tell(how_to_keep(self.theme, self.settings.path), "information")

    # --- leaving, and what is left behind ---------------------------------------------------

    def action_private(self) -> None:
        """Save numbers only from the next round on, or texts again."""
        laboratory = self.desk.laboratory
        if laboratory is None or self.desk.busy:
            return
        private = not laboratory.recorder.saving.private
        try:
            laboratory.recorder.keep_private(private)
        except LlmchemError as error:
            self.tell(str(error), "error")
        self.tell(PRIVATE if private else NOT_PRIVATE, "information")
        for screen in self.screen_stack:
            if isinstance(screen, DeskScreen):
                screen.show_desk()

    async def action_leave(self) -> None:
        """Leave, unless a text is selected that the same key copies."""
        selected = getattr(self.focused, "selected_text", "") or self.screen.get_selected_text()
        if selected:
            raise SkipAction()
        await self.action_quit()

    async def action_quit(self) -> None:
        """Leave; where something would be lost only after a question, or the second time."""
        from llmchem_tui.ui.screens.dialogs import LeaveScreen

        if self.desk.stop is not None:
            lost = "A round is running; leaving cancels its open calls. Leave?"
        elif any(getattr(screen, "unsaved", False) for screen in self.get_screen_stack("round")):
            lost = "The vignette that is being written is not saved. Leave?"
        else:
            lost = ""
        if not lost or isinstance(self.screen, LeaveScreen):
            self.exit()
            return
        self.push_screen(LeaveScreen(lost), lambda leave: self.exit() if leave else None)

    def _fatal_error(self) -> None:
        # Textual would print a traceback with all values, among them vignettes and keys.
        self._close_messages_no_wait()

    @property
    def crash(self) -> BaseException | None:
        """The bug that ended the app, if one did; whoever ran the app tells it."""
        error = self._exception
        return error.error if isinstance(error, WorkerFailed) else error
