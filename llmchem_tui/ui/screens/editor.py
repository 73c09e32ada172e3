"""Writing a vignette: new, pasted, or a copy of another; saved as the user's own."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Label, Select, Static

from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.model import Vignette
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.storage.own_vignettes import save, written
from llmchem_tui.storage.vignette_form import COMPLEXITIES, LONGEST
from llmchem_tui.storage.vignettes import VignetteHeader
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.dialogs import AskScreen
from llmchem_tui.ui.style_sheet import STYLES
from llmchem_tui.ui.widgets.key_line import KeyLine
from llmchem_tui.ui.widgets.said import Said
from llmchem_tui.ui.widgets.writing import Line, Note, Told, bound_key

NO_PATIENT_DATA = "No identifiable patient data (name, birth date, address, record number)."

_BLANK = Vignette(id="", title="", text="")


class EditorScreen(ModalScreen[Vignette | None]):
    """Write a vignette. Comes back with it once it is saved, or with None.

    In a private session nothing is written: it comes back all the same, for the next round.
    """

    CSS_PATH = STYLES / "vignettes.tcss"
    AUTO_FOCUS = "Note"
    BINDINGS = [
        Binding(
            "ctrl+s",
            "save",
            "Save and choose",
            id="editor.save",
            tooltip="Save the vignette as your own and take it for the next round",
        ),
        Binding(
            "ctrl+o",
            "private",
            "Private session",
            id="app.private",  # one key wherever one is; the keymap changes both
            tooltip="Write no text to any file, or do so again",
        ),
        Binding("escape", "leave", "Leave", id="editor.leave", tooltip="Leave without saving"),
    ]

    def __init__(
        self,
        desk: Desk,
        listed: Iterable[VignetteHeader],
        vignette: Vignette = _BLANK,
        *,
        over: Path | None = None,
        pasted: str = "",
    ) -> None:
        """Begin with ``vignette``; ``over``: the user's own file that saving replaces.

        ``listed``: the vignettes whose specialties are offered. ``pasted``: a note for a new one.
        """
        super().__init__()
        self.desk = desk
        self._specialties = sorted({plain_line(one.specialty) for one in listed if one.specialty})
        self._begun = vignette
        self._over = over
        self._pasted = pasted
        self._before = ("", "", "", "")

    def compose(self) -> ComposeResult:
        """What to know before one writes, the facts, and the text."""
        vignette = self._begun
        with Vertical(id="editor"):
            yield Said(id="terms")
            yield Static(self._left_behind, id="without", markup=False)
            with Vertical(id="facts"):
                with Horizontal():
                    yield Label("title")
                    yield Line(
                        plain_line(vignette.title),
                        placeholder="the first line of the text",
                        id="title",
                        compact=True,
                    )
                with Horizontal():
                    yield Label("specialty")
                    yield Line(
                        plain_line(vignette.specialty),
                        placeholder="not given",
                        suggester=SuggestFromList(self._specialties, case_sensitive=False),
                        id="specialty",
                        compact=True,
                    )
                    yield Label("complexity", id="of-complexity")
                    yield Select(
                        [(value, value) for value in COMPLEXITIES],
                        prompt="not given",
                        value=vignette.complexity or Select.NULL,
                        id="complexity",
                        compact=True,
                    )
            yield Note(vignette.text, compact=True, highlight_cursor_line=False)
            yield Told()
            yield Said(id="length")
        yield KeyLine()

    @property
    def _left_behind(self) -> str:
        """What a copy does not have, for it belongs to the text that may now change."""
        if self._begun.acceptable:
            return "This is a copy, without the reference answer, for the text may change."
        if self._begun.patient or self._begun.unacceptable or self._begun.inferior:
            return "This is a copy, with title, text, specialty and complexity only."
        return ""

    def on_mount(self) -> None:
        """Say what is written, and take in what was pasted."""
        if self._over is not None:
            title = f"Edit {plain_line(self._begun.id)}"
        elif self._begun is _BLANK:
            title = "New vignette"
        else:
            title = f"Copy of {plain_line(self._begun.id)}"
        self.query_one("#editor").border_title = Content(title)
        self.query_one("#without").display = bool(self._left_behind)
        self._before = self._fields
        self._show_terms()
        self._count()
        if self._pasted:
            self.query_one(Note).post_message(events.Paste(self._pasted))

    # --- what is written --------------------------------------------------------------------

    @property
    def _fields(self) -> tuple[str, str, str, str]:
        """Title, text, specialty and complexity, as they stand."""
        complexity = self.query_one("#complexity", Select).value
        return (
            self.query_one("#title", Line).value,
            self.query_one(Note).text,
            self.query_one("#specialty", Line).value,
            complexity if isinstance(complexity, str) else "",
        )

    @property
    def unsaved(self) -> bool:
        """Whether something was typed that leaving would lose."""
        return self._fields != self._before

    def _show_terms(self) -> None:
        """Say what must not be written, where the rest goes, and how it would go nowhere."""
        key = Content.styled(bound_key(self, "private"), "bold")
        if self.desk.private:
            private = Content.styled("PRIVATE session", "bold $warning")
            what = ": not written to any file, used for the next round only; "
            terms = Content.assemble(private, what, key, " ends it.")
        else:
            path = plain_line(at_home(self._over or self.desk.vignettes))
            where = f"{'Replaces' if self._over else 'Will be saved in'} {path}; "
            terms = Content.assemble(where, key, " private session: not saved.")
        warning = Content.styled(NO_PATIENT_DATA, "bold")
        self.query_one("#terms", Said).say(Content.assemble(warning, "\n", terms))

    @on(Note.Changed)
    def _count(self) -> None:
        length = len(self.query_one(Note).text)
        style = "$error" if length > LONGEST else "$muted"
        line = Content.styled(f"{length:,} of {LONGEST:,} characters", style)
        self.query_one("#length", Said).say(line)

    @on(Note.Pasted)
    def _told(self, event: Note.Pasted) -> None:
        self.query_one(Told).say(event.text)

    # --- what the keys do -------------------------------------------------------------------

    def action_save(self) -> None:
        """Save the vignette as the user's own, and come back with it."""
        title, text, specialty, complexity = self._fields
        try:
            vignette = written(title, text, specialty, complexity)
            if not self.desk.private:
                own = replace(vignette, id=self._begun.id) if self._over else vignette
                vignette = save(own, self.desk.vignettes, self._over)
        except LlmchemError as error:
            self.query_one(Told).say(str(error))
            return
        self.dismiss(vignette)

    def action_private(self) -> None:
        """Begin a private session, or end it."""
        laboratory = self.desk.laboratory
        if laboratory is None:
            self.query_one(Told).say("Models are still looked for; try again in a moment.")
            return
        self.query_one(Told).say("")
        try:
            laboratory.recorder.keep_private(not self.desk.private)
        except LlmchemError as error:
            self.query_one(Told).say(str(error))
        self._show_terms()

    @work(group="dialog")
    async def action_leave(self) -> None:
        """Leave; first ask where something would be lost."""
        question = "Leave without saving? What was typed is lost."
        if not self.unsaved or await self.app.push_screen_wait(AskScreen(question)):
            self.dismiss(None)


def at_home(path: Path) -> str:
    """Return a path as a person writes it, with ~ for the home folder."""
    home = os.path.expanduser("~")
    text = str(path)
    return f"~{text[len(home) :]}" if text.startswith(f"{home}{os.sep}") else text
