"""What the round recommends: a concern stands above the drug, an abstention says why."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from llmchem_tui.domain.final_recommendation import (
    ABSTENTIONS,
    NOTICE,
    Candidate,
    FinalRecommendation,
)
from llmchem_tui.domain.model import Medication, Outcome
from llmchem_tui.domain.plain_text import plain, plain_line
from llmchem_tui.domain.scoring import RoundScore
from llmchem_tui.domain.totals import Totals
from llmchem_tui.session.anonymity import letter
from llmchem_tui.session.protocol import medication_text
from llmchem_tui.session.state import RoundState
from llmchem_tui.ui.widgets.plan import LEGEND, PlanChart, Stays
from llmchem_tui.ui.words import bar, name_text

_PLURALS = {
    "dose": "doses",
    "route": "routes",
    "frequency": "frequencies",
    "duration": "durations",
}


class Recommendation(VerticalScroll):
    """The recommendation of a finished round, or the candidates of one without."""

    HELP = (
        "The recommendation: the answer with the largest quality times support. Its confidence "
        "is an agreement-weighted grade, not a probability. No interaction check is made. Until "
        "there is one: the plan of the round, and how far it has come."
    )
    waiting = True
    """Whether there is no recommendation to show."""

    def compose(self) -> ComposeResult:
        """A text, never markup, and the chart of the plan that leads to a recommendation."""
        yield Static(markup=False, id="said")
        yield PlanChart(markup=False)

    def on_mount(self) -> None:
        """There is no plan yet."""
        self._show_chart(False)

    def wait(self, text: str) -> None:
        """Say what is missing until there is a recommendation."""
        self.border_title = "Result"
        self.query_one("#said", Static).update(Content.styled(plain(text), "$muted"))
        self.waiting = True

    def plan(self, stays: Stays | None) -> None:
        """Show the plan while there is no recommendation; None: there is none."""
        self._show_chart(stays is not None and self.waiting)
        if stays is not None and self.waiting:
            self.query_one(PlanChart).show(stays)

    def _show_chart(self, shown: bool) -> None:
        chart = self.query_one(PlanChart)
        if chart.display != shown:
            chart.display = shown
            self.border_subtitle = LEGEND if shown else ""

    def show(self, state: RoundState, score: RoundScore, saved: str, sitting: Totals) -> None:
        """Show the outcome of a finished round, and what ``saved`` says of its files.

        ``sitting``: what the calls of all its rounds consumed together.
        """
        if score.recommendation is not None:
            lines = _recommended(score.recommendation, state)
        else:
            lines = [Content.styled(ABSTENTIONS[score.outcome], "bold $warning")]
            for candidate in score.candidates:
                lines += [*_concerns(state, [candidate.model]), _candidate(candidate, state)]
            if score.outcome is not Outcome.FAILED:
                lines.append(Content.styled(_basis(state, state.names), "$muted"))
        lines.append(Content.styled(_consumed(state.totals(), sitting), "$muted"))
        lines.append(Content.styled(f"{NOTICE} · {plain_line(saved)}", "$muted"))
        self.waiting = False
        self.plan(None)
        self.border_title = Content(f"Result · {name_text(state.started.vignette.id)}")
        self.query_one("#said", Static).update(Content("\n").join(lines))
        self.scroll_home(animate=False)


def _consumed(own: Totals, sitting: Totals) -> str:
    more = f" · all rounds so far: {sitting.text}" if sitting.calls > own.calls else ""
    return f"{own.text}{more}"


def _recommended(own: FinalRecommendation, state: RoundState) -> list[Content]:
    lines = _concerns(state, own.rests_on)
    lines += [*_regimen(own.medications), _confidence(own), Content(_agreement(own, state))]
    shares = ", ".join(f"{s.action} {s.ingredient} {s.share:.0%}" for s in own.agreement)
    if shares:
        lines.append(Content.styled(f"support: {plain_line(shares)}", "$muted"))
    basis = _basis(state, own.rests_on)
    said = basis if own.concerns else f"no reviewer raised a concern about it ({basis})"
    others = [name for name in state.names if name not in own.rests_on and state.concerns(name)]
    if others:
        letters = ", ".join(_letter(state, name) for name in others)
        said += f"; there are concerns about {letters}, see Grades"
    lines.append(Content.styled(said, "$muted"))
    return lines


def _concerns(state: RoundState, authors: Iterable[str]) -> list[Content]:
    return [
        Content.styled(
            f"! {_letter(state, reviewer)} is concerned about {_letter(state, author)}: "
            f"{plain_line(concern)}",
            "bold $error",
        )
        for author in authors
        for reviewer, concern in state.concerns(author)
    ]


def _basis(state: RoundState, authors: Collection[str]) -> str:
    reviews = [review for review in state.reviews if review.author in authors]
    usable = sum(review.grade is not None for review in reviews)
    return f"{usable} of {len(reviews)} reviews; no interaction check is made"


def _confidence(own: FinalRecommendation) -> Content:
    return Content.assemble(
        f"confidence {own.confidence:.2f} ",
        Content.styled(bar(own.confidence), "$primary"),
        Content.styled(" agreement-weighted grade, not a probability", "$muted"),
        "" if own.gen_accuracy is None else f"   agreement with reference {own.gen_accuracy:.2f}",
    )


def _agreement(own: FinalRecommendation, state: RoundState) -> str:
    """Who stands behind it, and in what these answers differ."""
    agreeing = ", ".join(_letter(state, name) for name in own.rests_on)
    parts = [f"{agreeing} agree" if len(own.rests_on) > 1 else f"{agreeing} alone stands for it"]
    for difference in own.differences:
        values = (f"{_letter(state, name)} {value}" for name, value in difference.values.items())
        parts.append(f"{_PLURALS[difference.field]} differ: {', '.join(values)}")
    return plain_line("; ".join(parts))


def _candidate(candidate: Candidate, state: RoundState) -> Content:
    result = state.answers[candidate.model]
    regimen = "; ".join(
        line.plain for line in _regimen(result.answer.medications if result.answer else ())
    )
    confidence = "no grade" if candidate.confidence is None else f"{candidate.confidence:.2f}"
    who = f"{_letter(state, candidate.model)} {name_text(candidate.model)}"
    return Content.assemble(f"{who}  {confidence}  ", Content.styled(regimen, "$muted"))


def _regimen(medications: tuple[Medication, ...]) -> list[Content]:
    if not medications:
        return [Content.styled("no medication", "bold")]
    return [Content.styled(plain_line(medication_text(line)), "bold") for line in medications]


def _letter(state: RoundState, name: str) -> str:
    return letter(state.names.index(name)) if name in state.names else name_text(name)
