"""A finished round as Markdown, to read, to send and to keep.

What models, servers and authors of vignettes wrote is data here: in fenced blocks, or in cells and
sentences in which it cannot become a heading, a link, an image or a tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from llmchem_tui.analysis.grade_table import consensus, grade_table, number
from llmchem_tui.analysis.markdown import fenced, inline, table
from llmchem_tui.analysis.outcome import CONFIDENCE_IS, NO_CHECK, agreement, basis, support
from llmchem_tui.analysis.round_report import RoundReport
from llmchem_tui.domain.final_recommendation import ABSTENTIONS, NOTICE, FinalRecommendation
from llmchem_tui.domain.model import Answer, AnswerResult, Medication, ReviewResult, Status
from llmchem_tui.domain.scoring import RoundScore
from llmchem_tui.session.protocol import medication_text

NOT_SAVED = "The text was not saved."

_DRUG_TITLES = ("action", "name", "dose", "route", "frequency", "duration")


def round_markdown(report: RoundReport) -> str:
    """Return the whole round: case, ensemble, answers, grades, reviews, and what came of it."""
    parts = [_head, _ensemble, _answers, _grades, _reviews, _result, _what_if]
    return "\n".join(line for part in parts for line in part(report)).rstrip("\n") + "\n"


def _head(report: RoundReport) -> Iterator[str]:
    started = report.state.started
    vignette = started.vignette
    yield from (f"# Round {inline(started.trial)}", "", f"**{NOTICE}**; {NO_CHECK}", "")
    if any(spec.simulated for spec in started.ensemble):
        yield from ("**SIMULATED: no model was asked, the answers are invented.**", "")
    yield from (f"## Vignette {inline(vignette.id)}", "")
    if vignette.title:
        yield from (f"Title: {inline(vignette.title)}", "")
    yield from _text(vignette.text)


def _ensemble(report: RoundReport) -> Iterator[str]:
    started = report.state.started
    yield from ("## Ensemble", "", f"Chosen by {inline(started.strategy)}, seed {started.seed}", "")
    specs = (report.state.spec(name) for name in report.order)
    rows = [(report.letter(spec.name), inline(spec.name), spec.locality.value) for spec in specs]
    yield from (*table(("", "model", "locality"), rows), "")


def _answers(report: RoundReport) -> Iterator[str]:
    yield from ("## Answers", "")
    results = report.state.answers
    for name in report.order:
        result = results.get(name)
        title = f"### {report.title(name)}"
        if result is None:
            yield from (f"{title}: not known", "")
            continue
        seconds = "" if result.latency is None else f", {result.latency:.1f} s"
        yield from (f"{title}: {result.status}{seconds}", "")
        yield from _answer(result, known=not report.untold)


def _answer(result: AnswerResult, *, known: bool) -> Iterator[str]:
    """``known``: whether no medication means that none was given."""
    answer = result.answer
    if answer is None and result.status is Status.OK:
        yield from (NOT_SAVED, "")
    elif answer is not None:
        yield from _text(answer.assessment)
        if answer.medications or known:
            yield from _regimen(answer.medications)
        if answer.cautions:
            yield from ("Cautions:", "", *fenced("\n".join(answer.cautions)), "")
    yield from _reason(result)


def _reason(result: AnswerResult | ReviewResult) -> Iterator[str]:
    if result.message not in ("", result.status):
        yield from ("Reason:", "", *fenced(result.message), "")


def _text(text: str) -> Iterator[str]:
    yield from (*(fenced(text.strip("\n")) if text.strip() else [NOT_SAVED]), "")


def _regimen(medications: Sequence[Medication]) -> Iterator[str]:
    if not medications:
        yield from ("No medication.", "")
        return
    rows = [[inline(getattr(one, title)) for title in _DRUG_TITLES] for one in medications]
    yield from (*table(_DRUG_TITLES, rows), "")


def _grades(report: RoundReport) -> Iterator[str]:
    yield from ("## Grades", "", *grade_table(report))


def _reviews(report: RoundReport) -> Iterator[str]:
    yield from ("## Reviews", "")
    pairs = [(r, a) for r in (*report.order, *report.people) for a in report.order if r != a]
    reviews = [one for pair in pairs if (one := report.review(*pair)) is not None]
    if not reviews:
        yield from ("None is known.", "")
    for review in reviews:
        yield from _review(report, review)


def _review(report: RoundReport, result: ReviewResult) -> Iterator[str]:
    grade = f"no grade, {result.status}" if result.grade is None else f"{result.grade:.2f}"
    aside = ", does not count" if result.reviewer in report.people else ""
    yield from (f"### {report.pair(result)}: {grade}{aside}", "")
    own = result.review
    if own is not None and own.safety_concern:
        yield from ("**! Safety concern:**", "", *fenced(own.safety_concern), "")
    if own is not None and own.rationale.strip():
        yield from (*fenced(own.rationale), "")
    yield from _reason(result)


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
    yield from ("**Not how the round ended:** the same reviews, counted in another way:", "")
    yield from (*(f"- {inline(change)}" for change in asked.changes), "")
    rows = [
        [title, *(number(consensus(score.scores[name])) for name in report.order)]
        for title, score in (("consensus as saved", report.score), ("what if", asked.score))
    ]
    yield from (*table(("", *(f">{report.letter(name)}" for name in report.order)), rows), "")
    yield from _outcome(report, asked.score, asked.reviews)
    yield from (f"**{NOTICE}**", "")


def _outcome(
    report: RoundReport, score: RoundScore, reviews: Sequence[ReviewResult]
) -> Iterator[str]:
    own = score.recommendation
    if own is not None:
        yield from _recommended(report, own, reviews)
        return
    yield from (f"**{report.untold or ABSTENTIONS[score.outcome]}**", "")
    names = [candidate.model for candidate in score.candidates]
    if not names:
        return
    yield from _concerns(report, names, reviews)
    rows = [
        (report.title(one.model), number(one.quality), number(one.confidence), regimen)
        for one in score.candidates
        for regimen in [_one_line(report.state.answers[one.model].answer)]
    ]
    yield from (*table(("candidate", ">quality", ">confidence", "regimen"), rows), "")


def _one_line(answer: Answer | None) -> str:
    if answer is None:
        return NOT_SAVED
    return inline("; ".join(map(medication_text, answer.medications))) or "no medication"


def _recommended(
    report: RoundReport, own: FinalRecommendation, reviews: Sequence[ReviewResult]
) -> Iterator[str]:
    yield from _concerns(report, own.rests_on, reviews)
    yield from _regimen(own.medications)
    yield f"- confidence {own.confidence:.2f} ({CONFIDENCE_IS})"
    if own.gen_accuracy is not None:
        yield f"- agreement with the reference {own.gen_accuracy:.2f}"
    yield from (f"- {inline(said)}" for said in agreement(own, report.letter))
    if shares := support(own):
        yield f"- support: {inline(shares)}"
    yield from (f"- {basis(reviews, own.rests_on)}", "")


def _concerns(
    report: RoundReport, authors: Iterable[str], reviews: Sequence[ReviewResult]
) -> Iterator[str]:
    """Above the drug: whoever reads must meet a concern first."""
    lines = [
        f"- **! {report.letter(result.reviewer)} is concerned about {report.letter(author)}:** "
        + inline(result.review.safety_concern)
        for author in authors
        for result in reviews
        if result.author == author and result.status is Status.OK
        if result.review and result.review.safety_concern
    ]
    if lines:
        yield from (*lines, "")
