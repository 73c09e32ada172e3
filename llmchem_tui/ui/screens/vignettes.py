"""Choosing the vignette of the next round: searched, looked at, written, or loaded from a file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input

from llmchem_tui.domain.errors import LlmchemError
from llmchem_tui.domain.model import Vignette
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.storage.own_vignettes import delete, rewritable
from llmchem_tui.storage.vignettes import VignetteHeader, headers, load
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.dialogs import AskScreen
from llmchem_tui.ui.screens.editor import EditorScreen
from llmchem_tui.ui.screens.load import LoadScreen
from llmchem_tui.ui.style_sheet import STYLES
from llmchem_tui.ui.widgets.key_line import KeyLine
from llmchem_tui.ui.widgets.said import Said
from llmchem_tui.ui.widgets.vignettes import Search, VignetteList, looked_at
from llmchem_tui.ui.widgets.writing import Line, Told, bound_key

_NOT_GIVEN = "not given"


class SearchLine(Line):
    """The words to search for; a note of several lines pasted here is a vignette of its own."""

    @dataclass
    class Pasted(Message):
        """Somebody pasted a note."""

        text: str

    def on_paste(self, event: events.Paste) -> None:
        """Tell a note from a word."""
        if len(event.text.strip().splitlines()) > 1:
            event.prevent_default()
            event.stop()
            self.post_message(self.Pasted(event.text))


class VignetteScreen(ModalScreen[Vignette | None]):
    """Choose a vignette; typing narrows the list. Comes back with the vignette, or None."""

    CSS_PATH = STYLES / "vignettes.tcss"
    AUTO_FOCUS = "SearchLine"
    BINDINGS = [
        Binding(
            "enter",
            "choose",
            "Choose",
            priority=True,  # else the search keeps it, and the footer is silent about it
            id="vignettes.choose",
            key_display="enter",
            tooltip="Take this vignette for the next round",
        ),
        Binding("ctrl+n", "new", "New", id="vignettes.new", tooltip="Write a vignette of your own"),
        Binding(
            "ctrl+t",
            "edit",
            "Edit",
            id="vignettes.edit",
            tooltip="Edit your own vignette, or a copy of this one",
        ),
        Binding(
            "ctrl+l", "load", "Load", id="vignettes.load", tooltip="Load a vignette from a file"
        ),
        Binding(
            "f8", "delete", "Delete", id="vignettes.delete", tooltip="Delete your own vignette"
        ),
        Binding(
            "ctrl+f",
            "specialty",
            "Specialty",
            show=False,  # the line above the list names the key
            id="vignettes.specialty",
            tooltip="Only vignettes of the next specialty",
        ),
        Binding(
            "ctrl+g",
            "complexity",
            "Complexity",
            show=False,
            id="vignettes.complexity",
            tooltip="Only vignettes of the next complexity",
        ),
        Binding(
            "escape",
            "dismiss(None)",
            "Leave",
            id="vignettes.leave",
            tooltip="The vignette stays as it was",
        ),
        *(
            Binding(
                key,
                f"move({lines})",
                name,
                show=False,
                id=f"vignettes.{key}",
                tooltip="Move in the list",
            )
            for key, lines, name in (
                ("down", 1, "Down"),
                ("up", -1, "Up"),
                ("pagedown", 10, "Ten down"),
                ("pageup", -10, "Ten up"),
            )
        ),
    ]
    HELP = (
        "The vignettes that come with the program, and your own. One is found by words of its "
        "title and of its text. A note that you paste becomes a vignette of your own."
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._listed: tuple[VignetteHeader, ...] = ()
        self._search = Search()
        self._enabled: tuple[bool | None, ...] = ()

    def compose(self) -> ComposeResult:
        """The search, the list, and the vignette under its cursor."""
        with Vertical(id="vignettes"):
            yield SearchLine(placeholder="type to search, or paste a note", compact=True)
            yield Said(id="filters")
            with Container(id="found"):
                yield VignetteList()
                with VerticalScroll(id="look"):
                    yield Said()
            yield Told()
        yield KeyLine()

    def on_mount(self) -> None:
        """Show everything, with the present vignette under the cursor."""
        self.query_one("#vignettes").border_title = Content("Vignettes")
        self._read()

    # --- finding ----------------------------------------------------------------------------

    @property
    def _pointed(self) -> VignetteHeader | None:
        """What is under the cursor."""
        return self.query_one(VignetteList).header

    def _read(self) -> None:
        """Take in the user's folder as it is now."""
        self._listed = headers(self.desk.vignettes)
        self._narrow(self._search)

    def _narrow(self, search: Search) -> None:
        better = bool(search.typed) and search.typed != self._search.typed
        self._search = search
        found = search.found(self._listed)
        self.query_one(VignetteList).show(found, self.desk.setup.vignette.id, top=better)
        self.query_one("#filters", Said).say(self._filters(len(found)))
        self._look()

    def _filters(self, found: int) -> Content:
        """The filters with their keys and what they let through, and how much is found."""
        filters = (
            ("specialty", self._search.specialty, self._search.specialties(self._listed)),
            ("complexity", self._search.complexity, self._search.complexities(self._listed)),
        )
        parts = [
            Content.assemble(
                Content.styled(bound_key(self, name), "$foreground"),
                f" {name}: ",
                (f"any of {len(values)}" if values else "any")
                if value is None
                else Content.styled(plain_line(value) or _NOT_GIVEN, "bold $foreground"),
            )
            for name, value, values in filters
        ]
        return Content(" · ").join([*parts, Content(f"{found} of {len(self._listed)}")])

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._search.typed:  # Textual tells the first, blank, value too
            self._narrow(replace(self._search, typed=event.value))

    def action_specialty(self) -> None:
        """Let only the next specialty through; after the last one, all."""
        self._narrow(self._search.next_specialty(self._listed))

    def action_complexity(self) -> None:
        """Let only the next complexity through; after the last one, all."""
        self._narrow(self._search.next_complexity(self._listed))

    def action_move(self, lines: int) -> None:
        """Move in the list while the keyboard stays in the search."""
        self.query_one(VignetteList).move(lines)

    @on(VignetteList.OptionHighlighted)
    def _moved(self, event: VignetteList.OptionHighlighted) -> None:
        event.stop()
        self._look()

    def _look(self) -> None:
        """Show the vignette under the cursor."""
        self.query_one(Told).say("")
        shown = looked_at(self._pointed) if self._pointed else self._nothing_found
        self.query_one("#look > Said", Said).say(shown)
        self.query_one("#look").scroll_home(animate=False)
        enabled = tuple(self.check_action(action, ()) for action in ("choose", "edit", "delete"))
        if enabled != self._enabled:  # the footer is made anew, which takes longer than a key may
            self._enabled = enabled
            self.refresh_bindings()

    @property
    def _nothing_found(self) -> Content:
        """What to press where the list is empty."""
        new, load = bound_key(self, "new"), bound_key(self, "load")
        said = f"No vignette has all of this. {new} writes one, {load} loads one from a file."
        return Content.styled(said, "$muted")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what cannot be done with the vignette under the cursor."""
        header = self._pointed if self.is_mounted else None
        if action in ("choose", "edit"):
            return True if header else None  # of a broken one it is said why not
        if action == "delete":
            return True if header and header.path else None
        return True

    # --- what the keys do -------------------------------------------------------------------

    def _loaded(self) -> Vignette | None:
        """The vignette under the cursor; None, and why, where it is gone."""
        if (header := self._pointed) is None:
            return None
        try:
            return load(header)
        except LlmchemError as error:
            self.query_one(Told).say(str(error))
            return None

    def action_choose(self) -> None:
        """Come back with the vignette under the cursor."""
        if (vignette := self._loaded()) is not None:
            self.dismiss(vignette)

    @on(VignetteList.OptionSelected)
    def _clicked(self, event: VignetteList.OptionSelected) -> None:
        event.stop()
        self.action_choose()

    @work(group="dialog")
    async def action_new(self, pasted: str = "") -> None:
        """Write a vignette."""
        await self._write(EditorScreen(self.desk, self._listed, pasted=pasted))

    @on(SearchLine.Pasted)
    def _pasted(self, event: SearchLine.Pasted) -> None:
        self.action_new(event.text)

    @work(group="dialog")
    async def action_edit(self) -> None:
        """Edit the user's own vignette; of any other, or of one that holds more, a copy."""
        vignette, header = self._loaded(), self._pointed
        if vignette is None or header is None:
            return
        over = header.path if rewritable(vignette, header.path) else None
        await self._write(EditorScreen(self.desk, self._listed, vignette, over=over))

    @work(group="dialog")
    async def action_load(self) -> None:
        """Load a file: what has a reference is taken as it is, a mere note is looked over."""
        vignette = await self.app.push_screen_wait(LoadScreen())
        if vignette is not None and vignette.acceptable:
            self.dismiss(vignette)
        elif vignette is not None:
            await self._write(EditorScreen(self.desk, self._listed, vignette))

    async def _write(self, editor: EditorScreen) -> None:
        """Let a vignette be written; it is chosen at once."""
        vignette = await self.app.push_screen_wait(editor)
        if vignette is not None:
            self.dismiss(vignette)

    @work(group="dialog")
    async def action_delete(self) -> None:
        """Delete the user's own vignette, after asking."""
        header = self._pointed
        if header is None or header.path is None:
            return
        question = f"Delete {header.path}? It cannot be brought back."
        if not await self.app.push_screen_wait(AskScreen(question)):
            return
        try:
            delete(header.path)
        except LlmchemError as error:
            self.query_one(Told).say(str(error))
            return
        self._read()
