"""The Help screen: what this is, the keys, the words and the glyphs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from textual import on
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from llmchem_tui.config import config_folder
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui import help_text
from llmchem_tui.ui.help_text import Line, Section
from llmchem_tui.ui.screens.desk import BACK, DeskScreen
from llmchem_tui.ui.theme_files import own_themes
from llmchem_tui.ui.widgets.said import Said

_WIDEST = 100
"""Cells of a line; longer ones are hard to read."""

_MARGINS = 4
"""Cells beside a line, with the scrollbar's: lines break the same whether it is there or not."""

_TERM = 18
"""Cells of the column of terms."""


class HelpScreen(DeskScreen):
    """All keys, and what the numbers mean."""

    AUTO_FOCUS = "#help"
    BINDINGS = [
        Binding(
            "slash",
            "search",
            "Search",
            id="help.search",
            tooltip="Only the lines that have a word",
            key_display="/",
        ),
        Binding(
            "right_square_bracket",
            "section(1)",
            "Section",
            id="help.next",
            tooltip="The next section",
            key_display="]",
        ),
        Binding(
            "left_square_bracket",
            "section(-1)",
            "Section before",
            show=False,
            id="help.previous",
            tooltip="The section before",
            key_display="[",
        ),
        Binding("escape", "clear", "All lines", id="help.clear", tooltip="End the search"),
        BACK,
    ]

    def content(self) -> Iterable[Widget]:
        """A field to search in, hidden until it is asked for, and the text."""
        yield Input(placeholder="type to search", compact=True, id="help-search")
        with VerticalScroll(id="help"):
            yield Said(id="help-text")

    def on_mount(self) -> None:
        """Begin with everything."""
        self._tops: list[int] = []
        self.query_one(Input).display = False

    def on_resize(self) -> None:
        """Use the width there is."""
        self.call_after_refresh(self._draw)

    def show_desk(self) -> None:
        """Show the text anew: the settings may be known by now."""
        super().show_desk()
        self._draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """One key ends the search and leaves the screen: which of the two is known at a look."""
        if action == "clear":
            return self.query_one(Input).display
        return super().check_action(action, parameters)

    def status_parts(self) -> list[Content]:
        """Name the screen."""
        return [Content("Help")]

    # --- what the keys do -------------------------------------------------------------------

    def action_search(self) -> None:
        """Show the field to search in."""
        field = self.query_one(Input)
        field.display = True
        field.focus()
        self.refresh_bindings()

    def action_clear(self) -> None:
        """End the search."""
        field = self.query_one(Input)
        field.value, field.display = "", False
        self.query_one("#help").focus()
        self.refresh_bindings()

    def action_section(self, step: int) -> None:
        """Go to the next section, or to the one before."""
        scroll = self.query_one("#help")
        here = scroll.scroll_offset.y
        if step > 0:
            tops = [top for top in self._tops if top > here]
        else:
            tops = [top for top in reversed(self._tops) if top < here]
        if tops:
            scroll.scroll_to(y=tops[0], animate=False)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._draw()
        self.query_one("#help").scroll_home(animate=False)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.query_one("#help").focus()

    # --- drawing ----------------------------------------------------------------------------

    def _draw(self) -> None:
        width = min(_WIDEST, self.query_one("#help").region.width - _MARGINS)
        if width <= 0:
            return
        words = self.query_one(Input).value.split()
        found = list(help_text.with_lines(one.having(words) for one in self._sections()))
        lines: list[Content] = []
        self._tops = []
        for section in found:
            self._tops.append(len(lines))
            lines += [*_drawn(section, width), Content()]
        if not found:
            lines = [Content.styled("nothing found", "$muted")]
        self.query_one("#help-text", Said).say(Content("\n").join(lines))

    def _sections(self) -> Iterator[Section]:
        from llmchem_tui.ui.keymap import SCREENS, all_bindings, bindings_of  # it imports this

        yield help_text.WHAT
        named = all_bindings(self.app.BINDINGS)
        yield help_text.loop(lambda id: self._key(named[id]))
        everywhere = [binding for id, binding in named.items() if id.startswith("app.")]
        yield Section(
            "Keys everywhere",
            (
                *help_text.key_lines(everywhere, self._key),
                Line("tab  enter", "to the next pane (shift+tab: back); open what is highlighted"),
            ),
        )
        said = {binding.id for binding in everywhere}
        for name, parts in SCREENS.items():
            own = {b.id: b for part in parts for b in bindings_of(part) if b.id not in said}
            said |= own.keys()
            yield Section(f"Keys: {name}", help_text.key_lines(own.values(), self._key))
        yield help_text.SIGNS
        yield help_text.NUMBERS
        yield help_text.files(self._places())
        yield help_text.LIMITS
        yield help_text.names(named.values(), self._key)

    def _places(self) -> Iterator[tuple[str, object]]:
        settings = self.desk.settings.path
        yield "settings", settings or f"{config_folder() / 'config.toml'} (not there; not needed)"
        yield "themes", own_themes(settings)
        yield "sessions", self.desk.sessions
        if self.desk.laboratory is not None and self.desk.laboratory.recorder.session is not None:
            yield "this session", self.desk.laboratory.recorder.session.folder
        yield "own vignettes", self.desk.vignettes

    def _key(self, binding: Binding) -> str:
        """A binding's key as the keymap has it."""
        changed = self.desk.settings.keymap.get(binding.id or "", "")
        keys = [replace(binding, key=k.strip(), key_display=None) for k in changed.split(",") if k]
        return " ".join(self.app.get_key_display(own) for own in keys or [binding])


def _drawn(section: Section, width: int) -> Iterator[Content]:
    """The lines of a section, wrapped beside their terms."""
    yield Content.styled(section.title, "bold $primary")
    longest = max(len(line.term) for line in section.lines)
    for line in section.lines:
        indent = max(_TERM, longest + 1) if line.term else 0
        term = Content.styled(plain_line(line.term).ljust(indent), line.colour)
        text = Content(plain_line(line.text)).wrap(width - indent)
        first, *rest = text or [Content()]
        yield Content.assemble(term, first)
        for more in rest:
            yield Content.assemble(" " * indent, more)
