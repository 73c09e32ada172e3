"""The outcome of a round in words: a concern stands above the drug, an abstention says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content

from llmchem_tui.analysis.report import (
    CONFIDENCE_IS,
    agreement,
    basis,
    masked,
    maskings,
    safety,
    support,
)
from llmchem_tui.domain.final_recommendation import ABSTENTIONS, Candidate, FinalRecommendation
from llmchem_tui.domain.model import NOTICE, Medication, Outcome
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.domain.totals import Totals
from llmchem_tui.ui.reading import HUMAN, Reading
from llmchem_tui.ui.widgets.grades import what_if
from llmchem_tui.ui.words import bar


def outcome_text(reading: Reading, saved: str, sitting: Totals | None) -> Content:
    """Return the outcome of a finished round, and what ``saved`` says of its files.

    ``sitting``: what the calls of all its rounds consumed together; None: only one is known.
    """
    lines = _outcome(reading)
    if reading.asks_what_if:
        lines = [Content.styled(what_if(reading), "bold $accent"), *lines, _original(reading)]
    if any(maskings(reading.state).values()):
        told = plain_line(masked(reading.state, reading.letter))
        lines.append(Content.styled(told, "$muted"))
    lines.append(Content.styled(_consumed(reading.state.totals(), sitting), "$muted"))
    lines.append(Content.styled(f"{NOTICE} · {plain_line(saved)}", "$muted"))
    return Content("\n").join(lines)


def _consumed(own: Totals, sitting: Totals | None) -> str:
    several = sitting is not None and sitting.calls > own.calls
    return f"{own.text} · all rounds so far: {sitting.text}" if sitting and several else own.text


def _outcome(reading: Reading) -> list[Content]:
    score = reading.score()
    if score.recommendation is not None:
        return _recommended(score.recommendation, reading)
    lines = [Content.styled(ABSTENTIONS[score.outcome], "bold $warning")]
    if told := shortfall(score.candidates, reading.abstain_below):
        lines.append(Content.styled(told, "$warning"))
    for alike in _alike(score.candidates, reading):
        lines += [*_concerns(reading, [one.model for one in alike]), _candidates(alike, reading)]
    if score.outcome is not Outcome.FAILED:
        told = basis(reading.reviews, reading.order, known=reading.reviews_known)
        lines.append(Content.styled(told, "$muted"))
    return lines


def _original(reading: Reading) -> Content:
    """What the files have, in a line."""
    score = reading.saved_score()
    own = score.recommendation
    told = (
        ABSTENTIONS[score.outcome]
        if own is None
        else f"{_one_line(own.medications)}, confidence {own.confidence:.2f}"
    )
    return Content.styled(f"the saved files keep: {told}", "$muted")


def _recommended(own: FinalRecommendation, reading: Reading) -> list[Content]:
    agreed = plain_line("; ".join(agreement(own, reading.letter)))
    lines = _concerns(reading, own.rests_on)
    lines += [*_regimen(own.medications), _confidence(own), Content(agreed)]
    if shares := support(own):
        lines.append(Content.styled(f"support: {plain_line(shares)}", "$muted"))
    known = reading.reviews_known
    told = safety(own, reading.reviews, reading.letter, known=known)
    lines.append(Content.styled(told, "$muted"))
    return lines


def _concerns(reading: Reading, authors: Iterable[str]) -> list[Content]:
    return [
        Content.styled(
            f"! {_who(reading, reviewer)} concerned about {reading.letter(author)}: "
            f"{plain_line(reading.text(concern))}",
            "bold $error",
        )
        for author in authors
        for reviewer, concern in reading.concerns(author)
    ]


def _who(reading: Reading, reviewer: str) -> str:
    return "you are" if reviewer == HUMAN else f"{reading.letter(reviewer)} is"


def _confidence(own: FinalRecommendation) -> Content:
    return Content.assemble(
        f"confidence {own.confidence:.2f} ",
        Content.styled(bar(own.confidence), "$primary"),
        Content.styled(f" {CONFIDENCE_IS}", "$muted"),
        "" if own.gen_accuracy is None else f"   agreement with reference {own.gen_accuracy:.2f}",
    )


def shortfall(candidates: Sequence[Candidate], threshold: float) -> str:
    """Say by how much the best candidate missed the threshold; blank where none did."""
    best = candidates[0].confidence if candidates else None
    if best is None or best >= threshold:
        return ""
    # As many decimals as tell the two apart.
    digits = next((d for d in range(2, 9) if f"{best:.{d}f}" != f"{threshold:.{d}f}"), 9)
    return f"abstains: best confidence {best:.{digits}f} is below {threshold:.{digits}f}"


def _alike(candidates: Iterable[Candidate], reading: Reading) -> Iterable[list[Candidate]]:
    """Return the candidates by what they recommend to the letter, in the order of the best."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(_told(candidate, reading).casefold(), []).append(candidate)
    return groups.values()


def _told(candidate: Candidate, reading: Reading) -> str:
    answer = reading.state.answers[candidate.model].answer
    return _one_line(answer.medications) if answer else ""


def _candidates(alike: Sequence[Candidate], reading: Reading) -> Content:
    who = ", ".join(f"{reading.title(one.model)} {_worth(one)}" for one in alike)
    return Content.assemble(f"{who}  ", Content.styled(_told(alike[0], reading), "$muted"))


def _worth(candidate: Candidate) -> str:
    if candidate.confidence is not None:
        return f"{candidate.confidence:.2f}"
    return "no grade" if candidate.quality is None else f"quality {candidate.quality:.1f}"


def _one_line(medications: tuple[Medication, ...]) -> str:
    return "; ".join(line.plain for line in _regimen(medications))


def _regimen(medications: tuple[Medication, ...]) -> list[Content]:
    from llmchem_tui.session.protocol import medication_text

    if not medications:
        return [Content.styled("no medication", "bold")]
    return [Content.styled(plain_line(medication_text(line)), "bold") for line in medications]
