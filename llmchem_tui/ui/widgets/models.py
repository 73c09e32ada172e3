"""Every endpoint that was looked for, and its models: one list, one cursor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.words import LOCALITIES, MISSING, NOT_APPLICABLE, gigabytes, name_text, percent

if TYPE_CHECKING:
    from llmchem_tui.providers.facts import EndpointReport, ModelFacts
    from llmchem_tui.providers.pool import Pool

FETCHING_KIND = "ollama"
"""The kind of endpoint that can be told to fetch a model."""

_COLUMNS = (("size", 10), ("in memory", 14), ("context", 10), ("L/R", 5), ("thinks", 8))
_WEIGHTS = ("weights", 14)
_ROOMY = 100
_SHORTEST_NAME = 12
_MARGIN = 2
_WORDS_OF_POLICY = {"ask": "asks first", "allow": "allowed", "never": "gets no vignette"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list: an endpoint, or with ``model`` or ``facts`` one of its models.

    ``report`` None: the simulated pool. ``model`` None beside ``facts``: the server has it, but the
    settings name others.
    """

    report: EndpointReport | None
    model: ModelSpec | None = None
    facts: ModelFacts | None = None
    missing: bool = False

    @property
    def heading(self) -> bool:
        """Whether this is the line of an endpoint."""
        return self.model is None and self.facts is None

    @property
    def name(self) -> str:
        """The model's name in the pool, or else its server's name for it; as it came."""
        if self.model is not None:
            return self.model.name
        return self.facts.id if self.facts else ""


def rows_of(pool: Pool) -> Iterator[Row]:
    """Yield the lines: each endpoint, then its models; the simulated pool above all."""
    if pool.simulated:
        yield Row(None)
        yield from (Row(None, spec) for spec in pool.models)
    for report in pool.reports:
        yield Row(report)
        told = {_tagless(facts.id): facts for facts in report.facts}
        for spec in report.models:
            facts = told.pop(_tagless(spec.id), None)
            yield Row(report, spec, facts, missing=spec.name in report.missing)
        yield from (Row(report, facts=facts) for facts in told.values())


def _tagless(id_: str) -> str:
    return id_.removesuffix(":latest")


class ModelList(OptionList):
    """What can be asked and what cannot: endpoints with their models under them."""

    HELP = (
        "Endpoints and their models. L runs locally, R remotely; a model in memory answers at "
        "once. p fetches a model to an Ollama host, r looks again."
    )

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._rows: list[Row] = []
        self._policy = "ask"
        self._coloured: int | None = None

    @property
    def row(self) -> Row | None:
        """The line under the cursor."""
        return None if self.highlighted is None else self._rows[self.highlighted]

    def show(self, pool: Pool, policy: str) -> None:
        """Show a pool; ``policy``: what the settings say about untrusted endpoints."""
        before = self.highlighted
        self._rows, self._policy, self._coloured = list(rows_of(pool)), policy, None
        self.clear_options()
        for i, row in enumerate(self._rows):
            if row.heading and i:
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
            _heading(row.report, self._policy)
            if row.heading
            else _line(row, _name_width(self._rows, width), width)
        )
        return line.without_spans if plain else line

    def titles(self) -> Content:
        """What the columns are, as wide as they are."""
        width = self.scrollable_content_region.width - _MARGIN
        cells = [(f"{'':>{_MARGIN}}model", _name_width(self._rows, width) + _MARGIN)]
        return _cells([*cells, *_columns(width)], width)


def _columns(width: int) -> list[tuple[str, int]]:
    return [*_COLUMNS, _WEIGHTS] if width >= _ROOMY else [*_COLUMNS]


def _name_width(rows: Sequence[Row], width: int) -> int:
    """As wide as the longest name, or as there is room."""
    longest = max((Content(name_text(row.name)).cell_length for row in rows), default=0) + 2
    room = width - _MARGIN - sum(cells for _, cells in _columns(width))
    return max(_SHORTEST_NAME, min(longest, room))


def _cells(cells: Sequence[tuple[str, int]], width: int) -> Content:
    """Texts in columns; each keeps a blank from the next."""
    line = Content()
    for text, room in cells:
        line += Content(text).truncate(room - 1, ellipsis=True, pad=True).pad_right(1)
    return line.truncate(max(0, width), ellipsis=True)


def _heading(report: EndpointReport | None, policy: str) -> Content:
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
    parts = [
        Content.styled(name_text(report.name), "bold"),
        Content(plain_line(report.kind)),
        Content(plain_line(report.url)),
        Content(f"key from {plain_line(report.key)}" if report.key else "no key"),
        Content("trusted" if report.trusted else _WORDS_OF_POLICY.get(policy, policy)),
    ]
    line = Content.assemble(state, "  ", Content.styled(" · ", "$muted").join(parts))
    if report.error:
        return Content.assemble(line, "\n", Content.styled(plain_line(report.error), "$error"))
    if not report.models and not report.facts:
        line = Content.assemble(line, "\n", Content.styled(_none(report), "$muted"))
    return line


def _none(report: EndpointReport) -> str:
    remedy = "; p fetches one" if report.kind == FETCHING_KIND else ""
    return f"it has no model that can be used{remedy}"


def _line(row: Row, name_width: int, width: int) -> Content:
    mark = MISSING if row.missing else " "
    name = (f"{mark} {name_text(row.name)}", name_width + _MARGIN)
    if row.missing:
        remark = "missing – p fetches it"
        line = _cells([name, (remark, len(remark) + 1)], width)
        return line.stylize("$warning")
    facts = row.facts
    texts = {
        "size": f"{gigabytes(facts.size) if facts else NOT_APPLICABLE:>8}",
        "in memory": _memory(facts),
        "context": f"{_tokens(facts):>8}",
        "L/R": _locality(row),
        "thinks": _thinks(facts),
        "weights": plain_line(f"{facts.parameters} {facts.quantization}") if facts else "",
    }
    cells = [name, *((texts[title], room) for title, room in _columns(width))]
    if remark := _remark(row):
        cells.append((remark, len(remark) + 1))
    line = _cells(cells, width)
    return line.stylize("$muted") if row.model is None else line


def _memory(facts: ModelFacts | None) -> str:
    if facts is None or facts.loaded is None:
        return NOT_APPLICABLE
    if not facts.loaded:
        return "○ no"
    if facts.gpu_share is None:
        return "● yes"
    return f"● {percent(facts.gpu_share)} GPU" if facts.gpu_share else "● CPU only"


def _tokens(facts: ModelFacts | None) -> str:
    return NOT_APPLICABLE if facts is None or facts.context is None else f"{facts.context:,}"


def _locality(row: Row) -> str:
    if row.model is not None:
        return LOCALITIES[row.model.locality]
    remote = row.facts is not None and row.facts.remote_host
    return LOCALITIES[Locality.REMOTE if remote else Locality.LOCAL]


def _thinks(facts: ModelFacts | None) -> str:
    if facts is None or facts.can_think is None:
        return NOT_APPLICABLE
    return "∴ yes" if facts.can_think else "no"


def _remark(row: Row) -> str:
    remarks = []
    if row.facts is not None and row.facts.remote_host:
        remarks.append(f"runs at {plain_line(row.facts.remote_host)}")
    if row.model is None:
        remarks.append("not in the settings")
    return ", ".join(remarks)
