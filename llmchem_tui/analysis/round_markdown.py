"""A finished round as Markdown, to read, to send and to keep.

What models, servers and authors of vignettes wrote is data here: quoted, or in cells and sentences
in which it cannot become a heading, a link, an image or a tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from llmchem_tui.analysis.grade_table import (
    called,
    consensus,
    grade_table,
    number,
    pair,
    titled,
)
from llmchem_tui.analysis.markdown import Part, inline, quoted, table
from llmchem_tui.analysis.report import (
    CONFIDENCE_IS,
    NO_CHECK,
    RoundReport,
    agreement,
    basis,
    masked,
    safety,
    support,
)
from llmchem_tui.domain.final_recommendation import ABSTENTIONS, FinalRecommendation, concerns
from llmchem_tui.domain.model import NOTICE, Answer, AnswerResult, Medication, ReviewResult, Status
from llmchem_tui.domain.scoring import RoundScore
from llmchem_tui.session.events import Call
from llmchem_tui.session.protocol import medication_text

NO_TEXT = "The text is not known."

_NOT_KNOWN = "–"
_DRUG_TITLES = ("action", "name", "dose", "route", "frequency", "duration")


def round_markdown(report: RoundReport) -> str:
    """Return the whole round: vignette and ensemble, what came of it, and what that rests on."""
    return "".join(part.markdown for part in round_parts(report)).rstrip("\n") + "\n"


def round_parts(report: RoundReport, *, level: int = 0, anchor: str = "") -> list[Part]:
    """Return the same in parts, answers and reviews folded; ``anchor``: that of the first one."""
    tellers = (_head, _vignette, _ensemble, _result, _grades, _answers, _reviews, _what_if)
    texts = (("\n".join([*tell(report), ""]), tell) for tell in tellers)
    return [
        Part(text, level, anchor if tell is _head else "", tell in (_answers, _reviews))
        for text, tell in texts
        if text
    ]


def _head(report: RoundReport) -> Iterator[str]:
    started = report.state.started
    yield from (f"# Round {inline(started.trial)}", "", f"**{NOTICE}**; {NO_CHECK}", "")
    if any(spec.simulated for spec in started.ensemble):
        yield from ("**SIMULATED: no model was asked, the answers are invented.**", "")


def _vignette(report: RoundReport) -> Iterator[str]:
    vignette = report.state.started.vignette
    yield from (f"## Vignette {inline(vignette.id)}", "")
    if vignette.title:
        yield from (f"Title: {inline(vignette.title)}", "")
    yield from _text(vignette.text)


def _ensemble(report: RoundReport) -> Iterator[str]:
    state, started = report.state, report.state.started
    chosen = f"Chosen by {inline(started.strategy)}" if started.strategy else "Strategy not known"
    # What is made from a history's rows has no order, and 0 where they have no seed.
    seed = f", seed {started.seed}" if started.seed or started.order else ""
    consumed = f" {inline(state.totals().text)}." if report.reviews_known else ""
    yield from ("## Ensemble", "", f"{chosen}{seed}.{consumed}", "")
    rows = [
        (
            called(report, spec.name),
            inline(spec.name),
            spec.locality.value if spec.endpoint else _NOT_KNOWN,
            _NOT_KNOWN if spec.temperature is None else f"{spec.temperature:g}",
        )
        for spec in map(state.spec, report.order)
    ]
    yield from (*table(("", "model", "locality", ">temperature"), rows), "")


# --- what came of it ------------------------------------------------------------------------


def _result(report: RoundReport) -> Iterator[str]:
    yield from ("## Recommendation", "")
    yield from _outcome(report, report.score, report.state.reviews)
    yield from (f"**{NOTICE}**", "")


def _what_if(report: RoundReport) -> Iterator[str]:
    asked = report.what_if
    if asked is None:
        return
    yield from ("## What if", "")
    yield from ("**Not how the round ended:** the same answers, counted in another way:", "")
    yield from (*(f"- {inline(change)}" for change in asked.changes), "")
    rows = [
        [title, *(number(consensus(score.scores[name])) for name in report.order)]
        for title, score in (("consensus as saved", report.score), ("what if", asked.score))
    ]
    letters = (f">{called(report, name)}" for name in report.order)
    yield from (*table(("", *letters), rows), "")
    yield from _outcome(report, asked.score, asked.reviews)
    yield from (f"**{NOTICE}**", "")


def _outcome(
    report: RoundReport, score: RoundScore, reviews: Sequence[ReviewResult]
) -> Iterator[str]:
    own = score.recommendation
    if own is not None:
        yield from _recommended(report, own, reviews)
        return
    what, *more = (report.untold or ABSTENTIONS[score.outcome]).split("\n")
    yield from (f"**{inline(what)}**", "")
    if more:
        yield from (*(f"- {inline(line)}" for line in more), "")
    names = [candidate.model for candidate in score.candidates]
    if not names:
        return
    yield from _concerns(report, names, reviews)
    rows = [
        (titled(report, one.model), number(one.quality), number(one.confidence), regimen)
        for one in score.candidates
        for regimen in [_one_line(report.state.answers[one.model].answer)]
    ]
    yield from (*table(("candidate", ">quality", ">confidence", "regimen"), rows), "")
    yield from (f"- {basis(reviews, names, known=report.reviews_known)}", "")


def _one_line(answer: Answer | None) -> str:
    if answer is None:
        return _NOT_KNOWN
    return inline("; ".join(map(medication_text, answer.medications))) or "no medication"


def _recommended(
    report: RoundReport, own: FinalRecommendation, reviews: Sequence[ReviewResult]
) -> Iterator[str]:
    def who(name: str) -> str:
        return called(report, name)

    yield from _concerns(report, own.rests_on, reviews)
    yield from _regimen(own.medications)
    yield f"- confidence {own.confidence:.2f} ({CONFIDENCE_IS})"
    if own.gen_accuracy is not None:
        yield f"- agreement with the reference {own.gen_accuracy:.2f}"
    yield from (f"- {inline(said)}" for said in agreement(own, who))
    if shares := support(own):
        yield f"- support: {inline(shares)}"
    yield from (f"- {safety(own, reviews, who, known=report.reviews_known)}", "")


def _concerns(
    report: RoundReport, authors: Iterable[str], reviews: Sequence[ReviewResult]
) -> Iterator[str]:
    """Above the drug: whoever reads must meet a concern first."""
    lines = [
        f"- **! {called(report, reviewer)} is concerned about {called(report, author)}:** "
        + inline(concern)
        for author in authors
        for reviewer, concern in concerns(reviews, (author,))
    ]
    if lines:
        yield from (*lines, "")


# --- what it rests on -----------------------------------------------------------------------


def _grades(report: RoundReport) -> Iterator[str]:
    yield from ("## Grades", "", *grade_table(report))
    if told := masked(report.state, lambda name: called(report, name)):
        yield from (f"{told[0].upper()}{told[1:]}.", "")


def _answers(report: RoundReport) -> Iterator[str]:
    yield from ("## Answers", "")
    results = report.state.answers
    for name in report.order:
        result = results.get(name)
        title = f"### {titled(report, name)}"
        if result is None:
            yield from (f"{title}: not known", "")
            continue
        seconds = "" if result.latency is None else f", {result.latency:.1f} s"
        yield from (f"{title}: {result.status}{seconds}", "")
        yield from _answer(report, result)


def _answer(report: RoundReport, result: AnswerResult) -> Iterator[str]:
    answer = result.answer
    if answer is None and result.status is Status.OK:
        yield from _text(report.state.calls[Call(result.model)].readable)
    elif answer is not None:
        yield from _text(answer.assessment)
        if answer.medications or not report.untold:
            yield from _regimen(answer.medications)
        if answer.cautions:
            yield from ("Cautions:", "", *quoted("\n".join(answer.cautions)), "")
    yield from _reason(result)


def _regimen(medications: Sequence[Medication]) -> Iterator[str]:
    if not medications:
        yield from ("No medication.", "")
        return
    rows = [[inline(getattr(one, title)) for title in _DRUG_TITLES] for one in medications]
    yield from (*table(_DRUG_TITLES, rows), "")


def _reviews(report: RoundReport) -> Iterator[str]:
    yield from ("## Reviews", "")
    pairs = [(r, a) for r in (*report.order, *report.people) for a in report.order if r != a]
    reviews = [one for names in pairs if (one := report.review(*names)) is not None]
    if not reviews:
        yield from ("There is none." if report.reviews_known else "None is known.", "")
    for review in reviews:
        yield from _review(report, review)


def _review(report: RoundReport, result: ReviewResult) -> Iterator[str]:
    grade = f"no grade, {result.status}" if result.grade is None else f"{result.grade:.2f}"
    aside = ", does not count" if result.reviewer in report.people else ""
    yield from (f"### {pair(report, result)}: {grade}{aside}", "")
    own = result.review
    if own is not None and own.safety_concern:
        yield from ("**! Safety concern:**", "", *quoted(own.safety_concern), "")
    if own is not None and own.rationale.strip():
        yield from ("Rationale:", "", *quoted(own.rationale), "")
    yield from _reason(result)


def _reason(result: AnswerResult | ReviewResult) -> Iterator[str]:
    if result.message not in ("", result.status):
        yield from ("Reason:", "", *quoted(result.message), "")


def _text(text: str) -> Iterator[str]:
    yield from (*(quoted(text.strip("\n")) if text.strip() else [NO_TEXT]), "")
