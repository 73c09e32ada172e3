"""The History screen: everything that is saved in one list, and from there into a replay."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from textual import on, work
from textual.binding import Binding
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, OptionList

from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.outlines import Entry, Outline, Outlines, list_entries, newest_entries
from llmchem_tui.ui.comparison import Comparisons
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.desk import BACK, DeskScreen
from llmchem_tui.ui.screens.dialogs import WriteScreen
from llmchem_tui.ui.style_sheet import STYLES
from llmchem_tui.ui.widgets.saved import Details, SavedList, Search
from llmchem_tui.ui.words import count

MODE = "history"

_FIRST = 200
"""Sessions that are listed before the others, where there are so many: more than a page."""

_AT_ONCE = 50
"""Outlines read between two drawings, beside those on the screen."""


class HistoryScreen(DeskScreen):
    """Sessions and histories, searched, told about, and replayed."""

    CSS_PATH = STYLES / "history.tcss"
    AUTO_FOCUS = "SavedList"
    BINDINGS = [
        Binding(
            "slash",
            "search",
            "Search",
            id="history.search",
            tooltip="Narrow the list",
            key_display="/",
        ),
        Binding("o", "open", "Open", id="history.open", tooltip="Open a CSV file or a folder"),
        Binding(
            "e",
            "compare",
            "Compare",
            id="history.compare",
            tooltip="Compare strategies over what is highlighted, or all that is listed",
        ),
        Binding(
            "w",
            "resume",
            "Resume",
            id="history.resume",
            tooltip="Go on with what was interrupted in the session",
        ),
        BACK,
    ]
    HELP = "What is saved, newest first. Enter replays it."

    class Resume(Message):
        """The user wants to go on with what was interrupted in a session."""

        def __init__(self, session: Path) -> None:
            super().__init__()
            self.session = session

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._outlines = Outlines()
        self._comparisons = Comparisons(desk.settings)
        self._opened: list[Path] = []
        self._entries: list[Entry] = []
        self._known: dict[Path, Outline] = {}
        self._busy = ""
        self._kind: bool | None = None

    def content(self) -> Iterable[Widget]:
        """The field to search in, the list, and what is known of one of it."""
        yield Search(placeholder="search", compact=True, id="search")
        with Container(id="saved-panes"):
            yield SavedList(id="saved")
            yield Details(id="details")

    def on_mount(self) -> None:
        """Title the list."""
        self.query_one(SavedList).border_title = "Saved"

    def show_desk(self) -> None:
        """List what is there now."""
        super().show_desk()
        self._read()

    # --- the list ---------------------------------------------------------------------------

    @work(group="list", exclusive=True)
    async def _read(self) -> None:
        """List everything at once, and then read what each is about, the newest first."""
        sessions, paths = self.desk.sessions, map(_path, self.desk.settings.history.paths)
        try:
            if not self._entries:
                newest = await asyncio.to_thread(newest_entries, sessions, _FIRST)
                if len(newest) == _FIRST:
                    self._entries = newest
                    self._show_list()
            entries = await asyncio.to_thread(list_entries, sessions, [*self._opened, *paths])
        except InputError as error:
            self.tell(str(error), "error")
            return
        if entries != self._entries or not entries:
            self._entries = entries
            self._show_list()
        await self._learn(entries)

    async def _learn(self, entries: list[Entry]) -> None:
        """Read outlines, those on the screen before others, and show them as they come."""
        saved = self.query_one(SavedList)
        left = {entry.path: entry for entry in entries}
        while left:
            seen = [entry for entry in saved.seen_entries if entry.path in left]
            known = await asyncio.to_thread(
                self._outline, [*seen, *islice(left.values(), _AT_ONCE)]
            )
            for path in known:
                del left[path]
            new = {path: one for path, one in known.items() if self._known.get(path) != one}
            self._known |= new
            saved.learn(new)
            if new and self.query_one(Search).value:  # more may be found now
                self._show_list()
            self._show_details()
        self.show_status()

    def _outline(self, entries: list[Entry]) -> dict[Path, Outline]:
        return {entry.path: self._outlines.of(entry.path) for entry in entries}

    def _show_list(self) -> None:
        nothing = (
            f"Nothing is saved yet. {self.key('app.round')} goes back to run a round, which is "
            f"then listed here; {self.key('history.open')} opens a CSV history, one of the "
            "authors' published ones too."
        )
        typed = self.query_one(Search).value
        self.query_one(SavedList).show(self._entries, self._known, typed, nothing)
        self._show_details()
        self.show_status()

    @on(OptionList.OptionHighlighted)
    def _show_details(self) -> None:
        entry = self.query_one(SavedList).entry
        known = self._known.get(entry.path) if entry else None
        self.query_one(Details).show(entry, known, self.key("history.resume"))
        kind = None if entry is None else entry.folder
        if kind is not self._kind:  # other keys make sense
            self._kind = kind
            self.refresh_bindings()

    # --- search -----------------------------------------------------------------------------

    def action_search(self) -> None:
        """Go to the field that narrows the list."""
        self.query_one(Search).focus()

    def action_leave_search(self) -> None:
        """Show everything again."""
        self.query_one(Search).value = ""
        self.query_one(SavedList).focus()

    def action_move(self, lines: int) -> None:
        """Move in the list while the keyboard stays in the field."""
        saved = self.query_one(SavedList)
        if saved.entry is not None and saved.highlighted is not None:
            saved.highlighted = max(0, min(saved.option_count - 1, saved.highlighted + lines))

    @on(Input.Changed, "#search")
    def _typed(self) -> None:
        self._show_list()

    @on(Input.Submitted, "#search")
    def _submitted(self) -> None:
        if (entry := self.query_one(SavedList).entry) is not None:
            self.replay(entry.path)

    # --- comparison -------------------------------------------------------------------------

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        if action == "compare":
            return self.query_one(SavedList).entry is not None
        if action == "resume":
            entry = self.query_one(SavedList).entry
            return entry is not None and entry.folder
        return super().makes_sense(action)

    def action_compare(self) -> None:
        """Compare strategies over the highlighted one; from there over all that are listed."""
        from llmchem_tui.ui.screens.comparison import ComparisonScreen

        saved = self.query_one(SavedList)
        if saved.entry is not None:
            every = [entry.path for entry in saved.entries]
            screen = ComparisonScreen(self.desk, self._comparisons, saved.entry.path, every)
            self.app.push_screen(screen)

    # --- going on -----------------------------------------------------------------------------

    def action_resume(self) -> None:
        """Go on with the round that was interrupted in the highlighted session."""
        if (entry := self.query_one(SavedList).entry) is not None:
            self.post_message(self.Resume(entry.path))

    # --- replay -----------------------------------------------------------------------------

    @on(SavedList.Chosen)
    def _chosen(self, event: SavedList.Chosen) -> None:
        self.replay(event.entry.path)

    @work(group="dialog")
    async def action_open(self) -> None:
        """Open a file that is not in the list; it stays there for this sitting."""
        asked = WriteScreen("Open a history", "path of a CSV file or of a session's folder")
        if not (line := await self.app.push_screen_wait(asked)):
            return
        path = _path(line)
        if path not in self._opened:
            self._opened.insert(0, path)
        self._read()
        self.replay(path)

    @work(group="replay", exclusive=True)
    async def replay(self, path: Path, trial: str = "") -> None:
        """Replay a session or a history, from a trial on if one is named."""
        from llmchem_tui.storage.replays import open_replay
        from llmchem_tui.ui.screens.replay import ReplayScreen

        if not self.may_replay(path):
            return
        self._busy = f"opening {path.name} …"
        self.show_status()
        try:
            saved = await asyncio.to_thread(open_replay, path)
        except InputError as error:
            self.tell(str(error), "error")
            return
        finally:
            self._busy = ""
            self.show_status()
        shown = self.app.get_screen_stack(MODE)
        there = next((one for one in shown if isinstance(one, ReplayScreen)), None)
        if there is not None:
            there.call_later(there.take, saved, trial)
        else:
            self.app.push_screen(ReplayScreen(self.desk, saved, trial), mode=MODE)

    def status_parts(self) -> list[Content]:
        """How much there is."""
        if self._busy:
            return [Content("History"), Content(self._busy)]
        sessions = sum(entry.folder for entry in self._entries)
        parts = [Content("History"), Content(count(sessions, "session"))]
        if files := len(self._entries) - sessions:
            parts.append(Content(count(files, "history file")))
        damaged = sum(
            bool(self._known[e.path].problem) for e in self._entries if e.path in self._known
        )
        if damaged:
            parts.append(Content(f"{damaged:,} damaged"))
        return parts


def _path(text: str) -> Path:
    return Path(text).expanduser()
