"""The command palette: everything that can be done, by words instead of keys."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.modes import MODE_KEYS, MODES

if TYPE_CHECKING:
    from llmchem_tui.storage.sessions import SessionEntry
    from llmchem_tui.storage.vignettes import VignetteHeader
    from llmchem_tui.ui.app import LlmchemApp

_MOST_SESSIONS = 100
_BETWEEN = "  "
_DETAIL = "$muted not bold"


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the palette; title and detail are searched, and harmless."""

    title: str
    detail: str
    run: Callable[[], Awaitable[object] | None]

    def score(self, words: list[str]) -> float:
        """Return how well typed words fit, in [0, 1]; 0: one is missing."""
        title, detail = self.title.casefold(), self.detail.casefold()
        if not all(word in f"{title}\n{detail}" for word in words):
            return 0.0
        if title.startswith(" ".join(words)):
            return 1.0
        starts = sum(bool(re.search(rf"\b{re.escape(word)}", title)) for word in words)
        inside = sum(word in title for word in words)
        return 0.2 + 0.4 * (starts + inside) / (2 * len(words))

    def line(self, words: list[str], style: str = "underline") -> Content:
        """Return the line with the typed words marked."""
        title = Content(self.title)
        for word in words:
            if found := re.search(re.escape(word), self.title, re.IGNORECASE):
                title = title.stylize(style, *found.span())
        return Content.assemble(title, _BETWEEN, Content.styled(self.detail, _DETAIL))


class Commands(Provider):
    """What the keys do now, the screens, models, themes; from their folders vignettes and sessions.

    Without a typed word only what can be done at once is listed.
    """

    async def startup(self) -> None:
        """Read the folders in the background: there may be hundreds of sessions."""
        desk = self._app.desk
        reading = asyncio.to_thread(_read, desk.vignettes, desk.sessions)
        self._reading = asyncio.create_task(reading)

    async def shutdown(self) -> None:
        """Wait for nothing."""
        self._reading.cancel()

    async def discover(self) -> Hits:
        """List what the keys do and the screens."""
        for command in self._at_once():
            yield DiscoveryHit(cast("str", command.line([])), command.run, text=command.title)

    async def search(self, query: str) -> Hits:
        """List everything that has all typed words."""
        words = query.casefold().split()
        for command in [*self._at_once(), *self._choices()]:
            if hit := _hit(command, words):
                yield hit
        vignettes, sessions = await asyncio.shield(self._reading)
        for command in self._vignettes(vignettes):
            if hit := _hit(command, words):
                yield hit
        found = filter(None, (_hit(command, words) for command in self._replays(sessions)))
        for hit in islice(found, _MOST_SESSIONS):
            yield hit
        if next(found, None) is not None:
            yield self._older()

    @property
    def _app(self) -> LlmchemApp:
        return cast("LlmchemApp", self.app)

    def _at_once(self) -> Iterator[Command]:
        """What the keys do that mean something now, and the screens."""
        app = self._app
        done: set[tuple[object, str]] = set()
        bindings = self.screen.active_bindings.values()
        for node, binding, enabled, tooltip in sorted(bindings, key=lambda one: not one[1].show):
            own = binding.id and not binding.priority and "mode(" not in binding.action
            if enabled and own and (node, binding.action) not in done:  # two keys may do the same
                done.add((node, binding.action))
                detail = f"{app.get_key_display(binding)}{_BETWEEN}{tooltip}".strip()
                run = partial(app.run_action, binding.action, node)
                yield Command(binding.description, detail, run)
        about = {binding.action: binding.tooltip for binding in MODE_KEYS}
        for mode, title in MODES.items():
            if mode != app.current_mode:
                detail = about.get(
                    f"mode('{mode}')", "The vignette, the ensemble and their answers"
                )
                go = partial(app.run_action, f"app.mode('{mode}')")
                yield Command(f"Go to {title}", detail, go)

    def _choices(self) -> Iterator[Command]:
        """The models, in or out of the ensemble, and the themes."""
        app, desk = self._app, self._app.desk
        if desk.laboratory is not None and not desk.busy:
            for spec in desk.laboratory.pool.models:
                verb = "take out" if spec.name in desk.setup.ensemble else "put in"
                title = plain_line(f"Model: {verb} {spec.name}")
                yield Command(title, spec.locality, partial(app.toggle_model, spec.name))
        for name in sorted(app.available_themes):
            yield Command(plain_line(f"Theme: {name}"), "", partial(app.take_theme, name))

    def _vignettes(self, vignettes: tuple[VignetteHeader, ...]) -> Iterator[Command]:
        if self._app.desk.busy:
            return
        for header in vignettes:
            if header.usable:
                detail = " · ".join(filter(None, (header.id, header.specialty, header.complexity)))
                run = partial(self._app.choose_vignette, header.id)
                yield Command(plain_line(f"Vignette: {header.title}"), plain_line(detail), run)

    def _replays(self, sessions: list[SessionEntry] | str) -> Iterator[Command]:
        if isinstance(sessions, str):
            yield Command("Replay: no list of sessions", plain_line(sessions), lambda: None)
            return
        for entry in sessions:
            run = partial(self._app.replay, entry.path)
            yield Command(f"Replay: {entry.name}", "saved session", run)

    def _older(self) -> Hit:
        go = partial(self._app.run_action, "app.mode('history')")
        command = Command("Replay: older sessions", "History lists and searches all of them", go)
        return Hit(0.01, command.line([]), command.run, text=command.title)


def _hit(command: Command, words: list[str]) -> Hit | None:
    score = command.score(words)
    if not score:
        return None
    return Hit(score, command.line(words), command.run, text=command.title)


def _read(
    vignettes: Path, sessions: Path
) -> tuple[tuple[VignetteHeader, ...], list[SessionEntry] | str]:
    """Return the vignettes, and the sessions or why they cannot be listed."""
    from llmchem_tui.storage.sessions import list_sessions
    from llmchem_tui.storage.vignettes import headers

    try:
        return headers(vignettes), list_sessions(sessions)
    except InputError as error:
        return headers(vignettes), str(error)
