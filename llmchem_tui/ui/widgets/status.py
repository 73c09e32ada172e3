"""The line at the top: what this is, what is going on, and what it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from llmchem_tui.domain.model import NOTICE
from llmchem_tui.ui.setup import Setup
from llmchem_tui.ui.widgets.said import Said
from llmchem_tui.ui.words import clock, name_text

if TYPE_CHECKING:
    from llmchem_tui.session.forecast import Forecast
    from llmchem_tui.session.state import RoundState

_SHORT_NOTICE = "research use only"


class Status(Said):
    """One line, as much of it as fits."""

    _parts: Sequence[Content] = ()
    _labels: Sequence[str] = ()

    def show(
        self,
        parts: list[Content],
        *,
        simulated: bool,
        private: bool = False,
        unsaved: bool = False,
    ) -> None:
        """Show the parts, and always the notice and what the rounds are: invented, unsaved."""
        self._parts = parts
        labels = {"SIMULATED": simulated, "PRIVATE": private, "NOT SAVED": unsaved}
        self._labels = [label for label, holds in labels.items() if holds]
        self._draw()

    def on_resize(self) -> None:
        """Use the width there is."""
        self._draw()

    def _draw(self) -> None:
        labels = [Content.styled(label, "bold $warning") for label in self._labels]
        brand = Content.styled("llmchem", "bold $primary")
        full = Content(" · ").join([brand, *labels, *self._parts])
        short = Content(" · ").join([*labels, *self._parts])
        width = self.content_size.width
        for line, notice in ((full, NOTICE), (full, _SHORT_NOTICE), (short, _SHORT_NOTICE)):
            if line.cell_length + len(notice) < width:
                break
        room = max(0, width - len(notice) - 1)
        line = line.truncate(room, ellipsis=True)
        gap = " " * (width - line.cell_length - len(notice))
        self.say(Content.assemble(line, gap, Content.styled(notice, "$muted")))


def setup_parts(setup: Setup) -> list[Content]:
    """Return what the line says while no round runs."""
    return [Content(name_text(setup.vignette.id)), Content(setup.label)]


def round_parts(state: RoundState, seconds: float, forecast: Forecast | None) -> list[Content]:
    """Return what the line says of a round that goes on, with the estimate if there is one."""
    from llmchem_tui.session.forecast import about

    known = forecast is not None and forecast.seconds is not None
    estimate = f" of {about(forecast.seconds)}" if forecast and forecast.seconds and known else ""
    started = state.started
    return [  # what moves comes first: it must not be cut off
        Content(f"round {name_text(state.trial).split()[-1]}"),
        Content(_progress(state)),
        Content(clock(seconds) + estimate),
        Content(name_text(started.vignette.id)),
        Content(f"{started.strategy} n={len(state.names)}"),
    ]


def _progress(state: RoundState) -> str:
    answers, reviews = len(state.answers), len(state.reviews)
    stage_1 = f"answers {answers}/{len(state.names)}"
    stage_2 = f"reviews {reviews}/{state.expected_reviews}"
    if answers == len(state.names):
        return f"stage 2: {stage_2}"
    return f"{stage_1}, {stage_2}" if reviews else f"stage 1: {stage_1}"
