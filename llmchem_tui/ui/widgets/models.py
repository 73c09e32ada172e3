"""Every endpoint that was looked for, and its models: one list, one cursor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from llmchem_tui.domain.model import ModelSpec
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.endpoints import hostname
from llmchem_tui.providers.facts import ModelFacts
from llmchem_tui.ui.words import MISSING, NOT_APPLICABLE, gigabytes, name_text, percent

if TYPE_CHECKING:
    from llmchem_tui.providers.facts import EndpointReport
    from llmchem_tui.providers.pool import Pool

_FETCHING_KIND = "ollama"
_COLUMNS = (("    size", 10), ("in memory", 13), ("context", 9), ("runs", 8), ("thinks", 7))
_MORE_COLUMNS = (("weights", 16), ("", 30))
_ROOMY = 100
_SHORTEST_NAME = 12
_MARGIN = 2
_WORDS_OF_POLICY = {"ask": "asks first", "allow": "allowed", "never": "gets no vignette"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list: an endpoint, or with ``model`` one of its models.

    ``report`` None: the simulated pool. ``others``: what an endpoint has beside its ``models``.
    ``fetch``: the key that tells it to fetch a model, where it can be told to.
    """

    report: EndpointReport | None
    model: ModelSpec | None = None
    facts: ModelFacts | None = None
    others: tuple[str, ...] = ()
    fetch: str = ""

    @property
    def missing(self) -> bool:
        """Whether the server does not have this model, although the settings name it."""
        return bool(self.report and self.model and self.model.name in self.report.missing)


def fetching(pool: Pool) -> list[str]:
    """Return the names of the endpoints that can be told to fetch a model."""
    return [
        report.name
        for report in pool.reports
        if report.kind == _FETCHING_KIND and not report.error and report.name in pool.endpoints
    ]


def rows_of(pool: Pool, fetch: str) -> Iterator[Row]:
    """Yield the lines: each endpoint, then its models; the simulated pool above all.

    ``fetch``: the key that fetches a model.
    """
    if pool.simulated:
        yield Row(None)
        yield from (Row(None, spec) for spec in pool.models)
    for report in pool.reports:
        told = {_tagless(facts.id): facts for facts in report.facts}
        ids = {_tagless(spec.id) for spec in report.models}
        others = tuple(facts.id for id_, facts in told.items() if id_ not in ids)
        key = fetch if report.name in fetching(pool) else ""
        yield Row(report, others=others, fetch=key)
        for spec in report.models:
            yield Row(report, spec, told.get(_tagless(spec.id)), fetch=key)


def _tagless(id_: str) -> str:
    return id_.removesuffix(":latest")


class ModelList(OptionList):
    """What can be asked and what cannot: endpoints with their models under them."""

    HELP = (
        "Endpoints and their models. A model in memory answers at once, any other is loaded "
        "first. Ollama hosts can be told to fetch one."
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._rows: list[Row] = []
        self._policy = "ask"
        self._coloured: int | None = None
        self._longest = 0

    @property
    def row(self) -> Row | None:
        """The line under the cursor."""
        return None if self.highlighted is None else self._rows[self.highlighted]

    def show(self, pool: Pool, policy: str, fetch: str) -> None:
        """Show a pool.

        ``policy``: what the settings say about untrusted endpoints. ``fetch``: the key that
        fetches a model.
        """
        before = self.highlighted
        self._rows, self._policy, self._coloured = list(rows_of(pool, fetch)), policy, None
        names = (name_text(row.model.name) for row in self._rows if row.model)
        self._longest = max((Content(name).cell_length for name in names), default=0)
        self.clear_options()
        for i, row in enumerate(self._rows):
            if i and row.model is None:
                self.add_option(None)
            self.add_option(Option(self._prompt(row)))
        if self._rows:
            self.highlighted = min(before or 0, len(self._rows) - 1)

    def on_resize(self) -> None:
        """Use the width there is."""
        for i, row in enumerate(self._rows):
            self.replace_option_prompt_at_index(i, self._prompt(row, i == self.highlighted))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Take the colours off the cursor's line: on its background none can be relied upon."""
        event.stop()
        for i, plain in ((self._coloured, False), (self.highlighted, True)):
            if i is not None:
                self.replace_option_prompt_at_index(i, self._prompt(self._rows[i], plain))
        self._coloured = self.highlighted

    def _prompt(self, row: Row, plain: bool = False) -> Content:
        width = self.scrollable_content_region.width - _MARGIN
        line = (
            _heading(row, self._policy)
            if row.model is None
            else _line(row, row.model, _name_width(self._longest, width), width)
        )
        return line.without_spans if plain else line

    def titles(self) -> Content:
        """What the columns are, as wide as they are."""
        width = self.scrollable_content_region.width - _MARGIN
        name = (f"{'':{_MARGIN}}model", _name_width(self._longest, width) + _MARGIN)
        return _cells([name, *_columns(width)], width)


def _columns(width: int) -> tuple[tuple[str, int], ...]:
    return (*_COLUMNS, *_MORE_COLUMNS) if width >= _ROOMY else _COLUMNS


def _name_width(longest: int, width: int) -> int:
    """As wide as the longest name, or as there is room."""
    room = width - _MARGIN - sum(cells for _, cells in _COLUMNS)
    return max(_SHORTEST_NAME, min(longest + 2, room))


def _cells(cells: Sequence[tuple[str, int]], width: int) -> Content:
    """Texts in columns; each keeps a blank from the next."""
    line = Content()
    for text, room in cells:
        line += Content(text).truncate(room - 1, ellipsis=True, pad=True).pad_right(1)
    return line.truncate(max(0, width))


def _heading(row: Row, policy: str) -> Content:
    report = row.report
    if report is None:
        return Content.assemble(
            Content.styled("SIMULATED", "bold $warning"),
            "  no server is asked: these models and their answers are made up",
        )
    state = (
        Content.styled(f"{MISSING} unreachable", "bold $error")
        if report.error
        else Content.styled("✓ reachable", "bold $success")
    )
    trust = "trusted" if report.trusted else _WORDS_OF_POLICY[policy]
    key = f"key from {plain_line(report.key)}" if report.key else ""
    parts = [Content(plain_line(part)) for part in (report.kind, report.url, key, trust) if part]
    parts.insert(0, Content.styled(name_text(report.name), "bold"))
    line = Content.assemble(state, "  ", Content.styled(" · ", "$muted").join(parts))
    return Content("\n").join([line, *_beneath(row, report)])


def _beneath(row: Row, report: EndpointReport) -> Iterator[Content]:
    if report.error:
        yield Content.styled(plain_line(report.error), "$error")
    elif row.others:
        others = ", ".join(name_text(name) for name in row.others)
        yield Content.styled(f"there too, but not in the settings: {others}", "$muted")
    elif not report.models:
        remedy = f"; {row.fetch} fetches one" if row.fetch else ""
        yield Content.styled(f"it has no model that can be used{remedy}", "$muted")


def _line(row: Row, model: ModelSpec, name_width: int, width: int) -> Content:
    mark = MISSING if row.missing else " "
    name = (f"{mark} {name_text(model.name)}", name_width + _MARGIN)
    if row.missing:
        remark = f"missing – {row.fetch} fetches it" if row.fetch else "missing on the server"
        return _cells([name, (remark, len(remark) + 1)], width).stylize("$warning")
    facts = row.facts or ModelFacts(model.id)
    runs_at = facts.remote_host and hostname(facts.remote_host)
    texts = (
        f"{gigabytes(None if facts.remote_host else facts.size):>8}",
        _memory(facts),
        f"{NOT_APPLICABLE if facts.context is None else format(facts.context, ','):>7}",
        str(model.locality),
        {None: NOT_APPLICABLE, True: "∴ yes", False: "no"}[facts.can_think],
        plain_line(f"{facts.parameters} {facts.quantization}"),
        f"at {plain_line(runs_at)}" if runs_at else "",
    )
    rooms = (room for _, room in _columns(width))
    return _cells([name, *zip(texts, rooms, strict=False)], width)


def _memory(facts: ModelFacts) -> str:
    if facts.loaded is None:
        return NOT_APPLICABLE
    if not facts.loaded:
        return "○ no"
    if facts.gpu_share is None:
        return "● yes"
    return f"● {percent(facts.gpu_share)} GPU" if facts.gpu_share else "● CPU only"
