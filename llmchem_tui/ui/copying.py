"""What is copied, exported or photographed from a screen, and where it goes.

A text goes to the clipboard by OSC 52, which no terminal acknowledges and many cut or ignore; so
it also goes to a file, and the user is told which.
"""

from __future__ import annotations

import base64
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from textual.app import App
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import OptionList, Static

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.plain_text import plain
from llmchem_tui.storage.copies import COPIES, EXPORTS, SCREENSHOTS, save_named, save_numbered
from llmchem_tui.storage.files import StorageError
from llmchem_tui.ui.reading import Reading

if TYPE_CHECKING:
    from llmchem_tui.ui.desk import Desk
    from llmchem_tui.ui.screens.desk import DeskScreen

CLIPBOARD_BYTES = 74_000
"""What most terminals take at once: 100 KB of base64 hold no more."""

_PRIVATE = "a private session writes no text"
_NO_SESSION = "nothing is saved yet: the first round makes the session's folder"
_NO_REMOTE_FONT = re.compile(r',\s*url\("https?://[^"]*"\)\s*format\("[^"]*"\)')


@dataclass(frozen=True, slots=True)
class Copied:
    """A text to copy; ``name``: what its file is called, such as answer-A."""

    name: str
    text: str


@runtime_checkable
class Copyable(Protocol):
    """A widget or screen that has a text to copy; None: not now."""

    def copied(self) -> Copied | None:
        """The text as it is shown."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where texts of a round may be written; ``folder`` None: nowhere, and ``why_not`` says why.

    ``session``: the folder is a session's own, so that a round is named by its number alone and
    copies have a folder in it.
    """

    folder: Path | None
    why_not: str = ""
    session: bool = True


def present_place(desk: Desk) -> Place:
    """Return the session of the round that is shown, or that will be next."""
    session = desk.laboratory.recorder.session if desk.laboratory else None
    folder = desk.saved_in or (session.folder if session else None)
    if folder is None:
        return Place(None, _PRIVATE if desk.private else _not_saved(desk))
    return session_place(desk, folder)


def session_place(desk: Desk, folder: Path) -> Place:
    """Return a session's folder, a replayed one's too; none if it or the sitting is private."""
    from llmchem_tui.storage.session_file import SESSION_FILE, read_settings

    if desk.private:
        return Place(None, _PRIVATE)
    try:
        private = read_settings(folder / SESSION_FILE).private
    except InputError as error:
        return Place(None, str(error))
    return Place(None, _PRIVATE) if private else Place(folder)


def exports_place(desk: Desk) -> Place:
    """Return the folder for what is shown of a CSV file, which has no session of its own."""
    return Place(None, _PRIVATE) if desk.private else Place(_data(desk) / EXPORTS, session=False)


def _not_saved(desk: Desk) -> str:
    return (desk.laboratory.recorder.not_saved if desk.laboratory else "") or _NO_SESSION


def _data(desk: Desk) -> Path:
    return desk.sessions.parent


# --- copy -----------------------------------------------------------------------------------


def copied(screen: Screen[Any]) -> Copied | None:
    """Return what there is to copy: what the mouse has selected, else the focused thing.

    That is what the focused widget, or the nearest around it, offers; where none offers anything,
    what the widget shows.
    """
    if selected := screen.get_selected_text():
        return Copied("selection", selected)
    for node in (screen.focused or screen).ancestors_with_self:
        if isinstance(node, Copyable) and (own := node.copied()) is not None:
            return own
    if screen.focused is None:
        return None
    return Copied(screen.focused.id or "text", shown_text(screen.focused))


def shown_text(widget: Widget) -> str:
    """Return the words that a widget and those within it show, scrolled out of sight or not."""
    if isinstance(widget, OptionList):
        texts = [_words(option.prompt) for option in widget.options]
    else:
        statics = widget.walk_children(Static, with_self=True)
        texts = [_words(one.visual) for one in statics if one.display]
    return "\n".join(line.rstrip() for text in texts for line in text.split("\n"))


def _words(shown: object) -> str:
    return shown.plain if isinstance(shown, Content) else shown if isinstance(shown, str) else ""


def to_clipboard(app: App[Any], text: str) -> None:
    """Send a text to the terminal's clipboard.

    tmux takes an application's OSC 52 only with ``set-clipboard on``, and hands the wrapped one on
    only with ``allow-passthrough on`` (before 3.3 always), so that it gets both.
    """
    app.copy_to_clipboard(text)
    if _in_tmux() and app._driver is not None:
        encoded = base64.b64encode(text.encode("utf-8")).decode("ascii")
        app._driver.write(f"\x1bPtmux;\x1b\x1b]52;c;{encoded}\a\x1b\\")


def _in_tmux() -> bool:
    return bool(os.environ.get("TMUX"))


def copy_focused(screen: DeskScreen, place: Place, dialog: Screen[Any] | None = None) -> None:
    """Copy the focused thing to clipboard and file; ``dialog``: it is in one over the screen."""
    own = copied(dialog or screen)
    text = plain(own.text).strip("\n") if own else ""
    if own is None or not text.strip():
        screen.tell("there is nothing to copy here: focus a pane that has a text")
        return
    to_clipboard(screen.app, text)
    what = f"{own.name} ({len(text):,} characters)"
    doubts = _doubts(text)
    if place.folder is None:
        told = f"{what} went to the clipboard only{doubts}: {place.why_not}"
        screen.tell(told, "warning" if doubts else "information")
        return
    folder = place.folder / COPIES if place.session else place.folder
    try:
        path = save_numbered(folder, own.name, ".txt", f"{text}\n")
    except StorageError as error:
        screen.tell(f"{what} went to the clipboard only{doubts}. {error}", "error")
        return
    screen.tell(f"{what} is in {path} and went to the clipboard{doubts}", "information")


def _doubts(text: str) -> str:
    """Why the clipboard may not have got a text; no terminal tells."""
    doubts = ["many terminals cut or refuse so long a text"] * (
        len(text.encode("utf-8")) > CLIPBOARD_BYTES
    )
    doubts += ["tmux takes it with set-clipboard on"] * _in_tmux()
    return f" ({'; '.join(doubts)})" if doubts else ""


# --- a round as Markdown and as a page ------------------------------------------------------


def export_round(screen: DeskScreen, reading: Reading | None, place: Place) -> Path | None:
    """Write the round that is shown, into the folder for texts of its screen.

    As Markdown and, beside it, as a page for a browser; the path of the first is returned.
    """
    problem = _no_export(reading, place)
    if problem or reading is None or place.folder is None:
        screen.tell(problem)
        return None
    from llmchem_tui.analysis.page import page
    from llmchem_tui.analysis.round_markdown import round_markdown, round_parts
    from llmchem_tui.ui.round_reports import round_report

    report = round_report(reading)
    trial = reading.state.trial
    name = f"round-{trial.rpartition(' ')[2] if place.session else trial}"
    head, *parts = round_parts(report)
    contents = {".md": round_markdown(report), ".html": page(head, parts)}
    try:
        path, beside = save_named(place.folder, name, contents)
    except StorageError as error:
        screen.tell(str(error), "error")
        return None
    screen.tell(
        f"the round is in {path}, and as a page for a browser in {beside.name}", "information"
    )
    return path


def _no_export(reading: Reading | None, place: Place) -> str:
    """Why there is nothing to export now; blank: there is."""
    if reading is None:
        return "there is no round to export yet"
    if reading.state.ended is None:
        return "the round is not over: it can be exported when it has ended"
    if reading.state.ended.cancelled:
        return "a cancelled round has no result to export"
    if reading.blind:
        return "names are still hidden: the round can be exported when they are shown"
    return "" if place.folder is not None else f"the round cannot be exported: {place.why_not}"


# --- a picture ------------------------------------------------------------------------------


def save_screenshot(screen: DeskScreen) -> Path | None:
    """Write what the terminal shows as SVG, in the data folder beside the sessions."""
    if screen.place.why_not == _PRIVATE:
        screen.tell(f"no screenshot: {_PRIVATE}, and a picture shows it")
        return None
    # The picture must not call a font server whenever somebody opens it.
    picture = _NO_REMOTE_FONT.sub("", screen.app.export_screenshot())
    folder = _data(screen.desk) / SCREENSHOTS
    try:
        path = save_numbered(folder, screen.app.current_mode, ".svg", picture)
    except StorageError as error:
        screen.tell(str(error), "error")
        return None
    screen.tell(f"the screenshot is in {path}", "information")
    return path
