"""The list of vignettes: what is searched for, one line or two for each, and a look at one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from llmchem_tui.domain.plain_text import plain, plain_line
from llmchem_tui.storage.vignette_form import COMPLEXITIES
from llmchem_tui.storage.vignettes import VignetteHeader
from llmchem_tui.ui.words import MISSING

_LONGEST_LOOK = 20_000


@dataclass(frozen=True, slots=True)
class Search:
    """What the list is narrowed to: all words that are typed, and a value of each filter.

    A filter that is None lets all through; a blank one, what has no value.
    """

    typed: str = ""
    specialty: str | None = None
    complexity: str | None = None

    def found(self, listed: Iterable[VignetteHeader]) -> list[VignetteHeader]:
        """Return what is found: the more words are in the title and the like, the earlier."""
        words = self.typed.casefold().split()
        found: list[tuple[int, VignetteHeader]] = []
        for header in filter(self._lets_through, listed):
            head, text = f"{header.title} · {detail(header)}".casefold(), header.text.casefold()
            if all(word in head or word in text for word in words):
                found.append((sum(word in head for word in words), header))
        return [header for _, header in sorted(found, key=lambda one: -one[0])]

    def _lets_through(self, header: VignetteHeader) -> bool:
        if self.specialty is None and self.complexity is None:
            return True
        return (
            header.usable
            and self.specialty in (None, header.specialty)
            and self.complexity in (None, header.complexity)
        )

    def specialties(self, listed: Iterable[VignetteHeader]) -> list[str]:
        """Return the specialties of what would be found without this filter."""
        found = replace(self, specialty=None).found(listed)
        values = {header.specialty for header in found if header.usable}
        return sorted(values, key=lambda value: (not value, value.casefold()))

    def complexities(self, listed: Iterable[VignetteHeader]) -> list[str]:
        """Return the complexities of what would be found without this filter, in their order."""
        found = replace(self, complexity=None).found(listed)
        values = {header.complexity for header in found if header.usable}
        return [value for value in (*COMPLEXITIES, "") if value in values]

    def next_specialty(self, listed: Iterable[VignetteHeader]) -> Search:
        """Return the search with the next specialty; after the last one, with all."""
        return replace(self, specialty=_after(self.specialty, self.specialties(listed)))

    def next_complexity(self, listed: Iterable[VignetteHeader]) -> Search:
        """Return the search with the next complexity; after the last one, with all."""
        return replace(self, complexity=_after(self.complexity, self.complexities(listed)))


def _after(value: str | None, values: Sequence[str]) -> str | None:
    """The value that follows; all come after the last one and before the first."""
    around = [None, *values, None]
    return around[around.index(value) + 1] if value in around else None


def detail(header: VignetteHeader) -> str:
    """Return what the list says of a vignette beside its title."""
    own = "own" if header.path else ""
    reference = "" if header.reference or not header.usable else "no reference"
    parts = (header.specialty, header.complexity, own, reference, header.id)
    return plain_line(" · ".join(part for part in parts if part))


class VignetteList(OptionList):
    """Vignettes; the screen's keys move in it, for the keyboard stays in the search."""

    can_focus = False

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._shown: list[VignetteHeader] = []
        self._present = ""
        self._coloured: int | None = None
        self._narrow = False

    @property
    def header(self) -> VignetteHeader | None:
        """What is under the cursor."""
        return self._shown[self.highlighted or 0] if self._shown else None

    def show(self, shown: list[VignetteHeader], present: str, *, top: bool = False) -> None:
        """Show these; the cursor stays, or else goes to the ``present`` one: that of the setup.

        ``top``: the cursor goes to the first, as the best of what is found.
        """
        before = shown[0] if top and shown else self.header
        self._shown, self._present = shown, present
        self._draw(before)

    def on_resize(self) -> None:
        """Use the room there is: one line or two for each."""
        self.call_after_refresh(self._redraw)

    def _redraw(self) -> None:
        if self._narrow != self.screen.has_class("-narrow"):
            self._draw(self.header)

    def _draw(self, before: VignetteHeader | None) -> None:
        self._coloured = None
        self._narrow = self.screen.has_class("-narrow")
        self.clear_options()
        self.add_options(Option(self._line(header)) for header in self._shown)
        if not self._shown:
            self.add_option(Option(Content.styled("nothing found", "$muted"), disabled=True))
            return
        keys = [(header.id, header.path) for header in self._shown]
        key = (before.id, before.path) if before else None
        present = (i for i, header in enumerate(self._shown) if self._is_present(header))
        self.highlighted = keys.index(key) if key in keys else next(present, 0)

    def on_option_list_option_highlighted(self) -> None:
        """Take the colours off the cursor's line: on its background none can be relied upon."""
        for i, bare in ((self._coloured, False), (self.highlighted, True)):
            if i is not None and i < len(self._shown):
                line = self._line(self._shown[i])
                self.replace_option_prompt_at_index(i, line.without_spans if bare else line)
        self._coloured = self.highlighted

    def _is_present(self, header: VignetteHeader) -> bool:
        return header.usable and header.id == self._present

    def _line(self, header: VignetteHeader) -> Content:
        if header.usable:
            mark = "●" if self._is_present(header) else " "
            first, second = f"{mark} {plain_line(header.title)}", detail(header)
            if self._narrow:
                second = "own" if header.path else ""
        else:
            first, second = f"{MISSING} {plain_line(header.id)}", plain_line(header.title)
        between = "  " if self._narrow else "\n    "
        return Content.assemble(first, between, Content.styled(second, "$muted"))

    def move(self, lines: int) -> None:
        """Move the cursor, at most to an end."""
        if self._shown:
            place = (self.highlighted or 0) + lines
            self.highlighted = max(0, min(len(self._shown) - 1, place))


def looked_at(header: VignetteHeader) -> Content:
    """Return a vignette as it is read before it is chosen."""
    if not header.usable:
        return Content.styled(plain_line(header.title), "$error")
    facts = plain_line(" · ".join(filter(None, (header.id, header.specialty, header.complexity))))
    lines = [Content.styled(plain_line(header.title), "bold"), Content.styled(facts, "$muted")]
    if header.path:
        lines.append(Content.styled(f"your own: {plain_line(str(header.path))}", "$muted"))
    lines += [
        Content("✓ with a reference answer")
        if header.reference
        else Content("– without a reference answer"),
        Content(),
        Content(plain(header.text[:_LONGEST_LOOK].strip())),
    ]
    if len(header.text) > _LONGEST_LOOK:
        more = f"… and {len(header.text) - _LONGEST_LOOK:,} characters more"
        lines.append(Content.styled(more, "$muted"))
    return Content("\n").join(lines)
