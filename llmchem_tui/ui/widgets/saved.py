"""What is saved: a line for each session and history, and what is known of the highlighted one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.storage.outlines import Entry, Outline, RoundOutline
from llmchem_tui.ui.copying import Copied
from llmchem_tui.ui.widgets.lines import Line, LineList
from llmchem_tui.ui.widgets.said import Said
from llmchem_tui.ui.words import MISSING, count, number

_NOT_FOUND = "nothing found"
_READING = "…"
_STOPPED = "■"
_INTERRUPTED = "interrupted"
_NAME_WIDTH = 23
_ROUNDS_WIDTH = 13
_MOST_ROUNDS = 100


class SavedList(LineList):
    """Sessions and histories; enter replays the highlighted one."""

    HELP = (
        "Saved sessions, newest first, and histories. ✗ cannot be read: beside it stands why; "
        f"{_STOPPED} {_INTERRUPTED}: a round of it did not end. Enter replays."
    )

    class Chosen(Message):
        """The user wants to replay this."""

        def __init__(self, entry: Entry) -> None:
            super().__init__()
            self.entry = entry

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._entries: list[Entry] = []
        self._places: dict[Path, int] = {}
        self._known: dict[Path, Outline] = {}
        self._words: dict[Path, str] = {}

    @property
    def entry(self) -> Entry | None:
        """The highlighted one."""
        place = self.highlighted
        return self._entries[place] if place is not None and place < len(self._entries) else None

    @property
    def entries(self) -> list[Entry]:
        """Those that are listed now."""
        return list(self._entries)

    @property
    def seen_entries(self) -> list[Entry]:
        """Those that are on the screen."""
        return self._entries[self.seen.start : self.seen.stop]

    def show(
        self, entries: Sequence[Entry], known: Mapping[Path, Outline], typed: str, nothing: str
    ) -> None:
        """List those that have all typed words; the highlighted one stays so if it is there.

        ``nothing``: what to say where there is none at all.
        """
        before = self.entry
        self._known = dict(known)
        words = typed.casefold().split()
        self._entries = [
            entry
            for entry in entries
            if not words or all(word in self._searched(entry) for word in words)
        ]
        self._places = {entry.path: place for place, entry in enumerate(self._entries)}
        self.clear_options()
        self.add_options(Line(partial(self._line, entry)) for entry in self._entries)
        if self._entries:
            self.highlighted = self._places.get(before.path, 0) if before else 0
        else:
            text = _NOT_FOUND if entries else nothing
            self.add_option(Option(Content.styled(text, "$muted"), disabled=True))

    def learn(self, known: Mapping[Path, Outline]) -> None:
        """Take in what has been read of some."""
        self._known |= known
        for path in known:
            self._words.pop(path, None)
        self.remake([self._places[path] for path in known if path in self._places])

    def _searched(self, entry: Entry) -> str:
        """What is known of an entry, for the search; put together once, for thousands of keys."""
        if entry.path not in self._words:
            self._words[entry.path] = _searched(entry, self._known.get(entry.path))
        return self._words[entry.path]

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Tell the screen; it opens what is chosen."""
        event.stop()
        if self.entry is not None:
            self.post_message(self.Chosen(self.entry))

    def _line(self, entry: Entry) -> Content:
        # No colour: on the cursor's background none can be relied upon.
        outline = self._known.get(entry.path)
        mark = _mark(outline) if outline else " "
        name = Content(plain_line(entry_title(entry))).truncate(
            _NAME_WIDTH, ellipsis=True, pad=True
        )
        return Content.assemble(f"{mark} ", name, " ", _told(outline))


class Details(VerticalScroll):
    """What is known of one session or history without opening it."""

    HELP = "When, with which models, on which vignettes, and how each round ended."

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._shown: tuple[Entry | None, Outline | None] = (None, None)

    def compose(self) -> ComposeResult:
        """One text, never markup."""
        yield Said(id="details-text")

    def show(self, entry: Entry | None, outline: Outline | None, resume: str) -> None:
        """Show one of the list; None: there is none. ``resume``: the key that goes on with it."""
        if (entry, outline) == self._shown:
            return
        self._shown = (entry, outline)
        self.border_title = Content(plain_line(entry_title(entry))) if entry else ""
        lines = list(_lines(entry, outline, resume)) if entry else []
        self.query_one(Said).say(Content("\n").join(lines))
        self.scroll_home(animate=False)

    def copied(self) -> Copied | None:
        """The text that is shown."""
        entry = self._shown[0]
        return Copied(f"about-{entry.name}", self.query_one(Said).said.plain) if entry else None


class Search(Input):
    """Narrows the list; the list's own keys work here too."""

    BINDINGS = [
        *(
            Binding(
                key,
                f"screen.move({lines})",
                f"{word} in the list",
                show=False,
                id=f"history.{key}",
                tooltip="Move in the list while you type",
            )
            for key, lines, word in (
                ("down", 1, "Down"),
                ("up", -1, "Up"),
                ("pagedown", 10, "Page down"),
                ("pageup", -10, "Page up"),
            )
        ),
        Binding(
            "escape",
            "screen.leave_search",
            "List",
            id="history.leave-search",
            tooltip="Show everything again",
        ),
    ]
    HELP = (
        "Type words: name, model, vignette, simulated, private, interrupted, damaged. Enter "
        "replays."
    )


def entry_title(entry: Entry) -> str:
    """A session by its time, in UTC; anything else by its name."""
    if entry.created is None:
        return entry.name
    again = entry.name[len("0000-00-00T00-00-00") :].lstrip("-")
    return f"{entry.created:%Y-%m-%d %H:%M:%S}{f' ({again})' if again else ''}"


def _labels(outline: Outline) -> list[str]:
    return [*["SIMULATED"] * outline.simulated, *["PRIVATE"] * outline.private]


def _mark(outline: Outline) -> str:
    if outline.problem:
        return MISSING
    return _STOPPED if outline.interrupted else " "


def _told(outline: Outline | None) -> str:
    if outline is None:
        return _READING
    if outline.problem:
        return "damaged"
    rounds = f"{len(outline.rounds):,} round{'s' * (len(outline.rounds) != 1)}"
    models = plain_line(", ".join(outline.models))
    stopped = [_INTERRUPTED] * bool(outline.interrupted)
    return " ".join([f"{rounds:<{_ROUNDS_WIDTH}}", *_labels(outline), *stopped, models])


def _searched(entry: Entry, outline: Outline | None) -> str:
    words = [entry_title(entry), str(entry.path)]
    if outline is not None:
        words += [*outline.models, *outline.vignettes, *outline.tasks, *_labels(outline)]
        words += ["damaged"] * bool(outline.problem) + [_INTERRUPTED] * bool(outline.interrupted)
    return " ".join(words).casefold()


def _lines(entry: Entry, outline: Outline | None, resume: str) -> Iterator[Content]:
    if outline is None:
        yield Content.styled("it is being read …", "$muted")
        return
    if outline.problem:
        yield Content.styled(f"{MISSING} damaged, or not to be read:", "bold $error")
        yield Content(plain_line(outline.problem))
        return
    if labels := _labels(outline):
        yield Content.styled(" · ".join(labels), "bold $warning")
    if outline.private:
        yield Content.styled("numbers only: its texts are not saved", "$muted")
    if outline.interrupted:
        yield Content.styled(_interrupted(outline, resume), "bold $accent")
    for name, fact in _facts(entry, outline):
        yield Content.assemble(Content.styled(f"{name} ", "$muted"), plain_line(fact))
    if not outline.rounds:
        yield Content.styled("no finished round; what was begun can be replayed", "$muted")
        return
    yield Content("")
    for one in outline.rounds[:_MOST_ROUNDS]:
        yield _round_line(one)
    if (more := len(outline.rounds) - _MOST_ROUNDS) > 0:
        yield Content.styled(f"and {more:,} more", "$muted")


def _facts(entry: Entry, outline: Outline) -> Iterator[tuple[str, str]]:
    facts = {
        "ended": " to ".join(dict.fromkeys(filter(None, outline.span))),
        "models": ", ".join(outline.models),
        "vignettes": ", ".join(outline.vignettes),
        "tasks": ", ".join(outline.tasks) if not outline.vignettes else "",
        "outcome": _outcomes(outline.rounds),
        "path": str(entry.path),
    }
    return ((name, fact) for name, fact in facts.items() if fact)


def _interrupted(outline: Outline, resume: str) -> str:
    several = outline.interrupted > 1
    were = f"{count(outline.interrupted, 'round')} {'were' if several else 'was'} interrupted"
    if outline.private:
        return f"{were}, and cannot go on without texts"
    return f"{were}: {resume} goes on{'' if several else ' with it'}"


def _outcomes(rounds: Sequence[RoundOutline]) -> str:
    known = [one for one in rounds if one.recommended is not None]
    if not known:
        return "not known" if rounds else ""
    recommended = sum(bool(one.recommended) for one in known)
    return f"{recommended:,} of {count(len(known), 'round')} with a recommendation"


def _round_line(one: RoundOutline) -> Content:
    name = f"{one.trial.rpartition(' ')[2]} {one.vignette}" if one.vignette else one.trial
    ends = {True: f"confidence {number(one.confidence)}", False: "no recommendation", None: ""}
    parts = [plain_line(f"{one.strategy} n={one.size}").strip(), ends[one.recommended]]
    told = " · ".join(filter(None, parts))
    return Content.assemble(plain_line(name), "  ", Content.styled(told, "$muted"))
