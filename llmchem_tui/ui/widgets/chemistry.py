"""How strongly the pool's models interact, and the ensemble to go on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.ui.widgets.said import Said
from llmchem_tui.ui.words import name_text

if TYPE_CHECKING:
    from llmchem_tui.domain.chemistry import ChemistryTable
    from llmchem_tui.domain.strategies import Choice

_PAIR = 2
_HIDDEN = "What the rounds teach is hidden until names are shown."


class Chemistry(Vertical):
    """The pairwise table, and the next ensemble above it."""

    HELP = (
        "Chemistry: how strongly two models interact, unsigned; the darker the stronger. "
        "It is computed from all finished rounds, and tells what to run next."
    )

    def compose(self) -> ComposeResult:
        """The next ensemble; the table comes below it, for this must never scroll away."""
        yield Said(id="next")

    def show(
        self, table: ChemistryTable, following: Choice | None, *, what_if: bool = False
    ) -> None:
        """Show the table and the next ensemble; ``what_if``: they are not those of the files."""
        text = _next(table, following, what_if)
        said = self.query_one(Said)
        said.say(text)
        said.display = bool(text)  # a replay has no next ensemble to offer
        self._show_heat(table)

    def hide(self) -> None:
        """Show nothing that tells whose grades were low."""
        said = self.query_one(Said)
        said.say(Content.styled(_HIDDEN, "$muted"))
        said.display = True
        for heat in self.query("HeatTable"):
            heat.display = False

    def _show_heat(self, table: ChemistryTable) -> None:
        """Show the table where it has pairs: an empty one would be a bar without a word."""
        from llmchem_tui.ui.widgets.heat import HeatTable
        from llmchem_tui.ui.widgets.heat_views import interaction_view

        made = self.query(HeatTable)
        if len(table.names) < _PAIR:
            made.set(display=False)
            return
        heat = made.first() if made else HeatTable()
        if not made:
            self.mount(heat)
        heat.display = True
        heat.show(table.names, interaction_view(table))


def _next(table: ChemistryTable, following: Choice | None, what_if: bool) -> Content:
    from llmchem_tui.ui.widgets.advice import doubt_text

    lines = []
    if what_if:
        lines.append(Content.styled("what if: not as it is saved", "bold $warning"))
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
    elif doubt := doubt_text(table):
        lines.append(Content.styled(f"{doubt}.", "$warning"))
    return Content("\n").join(lines)
