"""How strongly the pool's models interact, and the ensemble to go on with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import DataTable, Static

from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.words import NOT_APPLICABLE, name_text, number

if TYPE_CHECKING:
    from llmchem_tui.domain.chemistry import ChemistryTable
    from llmchem_tui.domain.strategies import Choice

_PAIR = 2
_WIDTH, _NAME_WIDTH = 6, 17
_SHADES = " ░▒▓█"


class Chemistry(Vertical):
    """The pairwise table, and the next ensemble under it."""

    HELP = (
        "Chemistry: how strongly two models interact, unsigned; the darker the stronger. "
        "It is computed from all finished rounds. a adopts the next ensemble."
    )

    def compose(self) -> ComposeResult:
        """The next ensemble above, since it must never scroll away."""
        yield Static(markup=False, id="next")
        yield DataTable(cursor_type="cell", cell_padding=0)

    def on_mount(self) -> None:
        """An empty table would be a bar without a word."""
        self.query_one(DataTable).display = False

    def show(self, table: ChemistryTable, following: Choice | None) -> None:
        """Show the table and the next ensemble."""
        self.query_one("#next", Static).update(_next(table, following))
        grid: DataTable[Content] = self.query_one(DataTable)
        grid.clear(columns=True)
        grid.display = len(table.names) >= _PAIR
        if not grid.display:
            return
        longest = max(len(name_text(name)) + 3 for name in table.names)
        grid.add_column(Text("interaction"), key="name", width=min(longest, _NAME_WIDTH))
        for i in range(1, len(table.names) + 1):
            grid.add_column(Text(f"{i:>{_WIDTH}}"), key=str(i), width=_WIDTH)
        largest = max((value for _, _, value in table.pairs_above(0.0)), default=1.0)
        for i, a in enumerate(table.names):
            cells = [_cell(float(value), largest) for value in table.values[i]]
            grid.add_row(Content(f"{i + 1} {name_text(a)}"), *cells, key=str(i + 1))


def _cell(value: float, largest: float) -> Content:
    if math.isnan(value):
        return Content.styled(f"{NOT_APPLICABLE:>{_WIDTH}}", "$muted")
    shade = _SHADES[min(len(_SHADES) - 1, math.ceil(value / largest * (len(_SHADES) - 1)))]
    return Content.assemble(
        Content.styled(f" {shade}", "$accent"), f"{number(value):>{_WIDTH - 2}}"
    )


def _next(table: ChemistryTable, following: Choice | None) -> Content:
    lines = []
    if following is not None:
        loss = f"  loss {following.loss:.2f}" if following.loss is not None else ""
        members = " + ".join(name_text(name) for name in following.ensemble)
        lines.append(
            Content.assemble(
                Content.styled("next ", "$muted"),
                Content.styled(members, "bold"),
                Content.styled(f"  {following.strategy}{loss}", "$muted"),
            )
        )
        if following.note and following.loss is None:  # a loss speaks for itself
            lines.append(Content.styled(plain_line(following.note), "$muted"))
    if len(table.names) < _PAIR:
        lines.append(Content.styled("No chemistry yet: finish a round with two models.", "$muted"))
    elif table.homogeneous:
        lines.append(
            Content.styled("Homogeneous pool: its models cannot be told apart.", "$warning")
        )
    elif table.saturated:
        lines.append(Content.styled("Saturated: most pairs stand at the maximum.", "$warning"))
    return Content("\n").join(lines)
