"""The page about saved sessions: what each was, its rounds, and what they all say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmchem_tui import __version__
from llmchem_tui.analysis.evidence import Evidence
from llmchem_tui.analysis.evidence_markdown import evidence_sections
from llmchem_tui.analysis.grade_table import number
from llmchem_tui.analysis.markdown import Part, inline, table
from llmchem_tui.analysis.page import page
from llmchem_tui.analysis.pictures import NEEDS_PLOTS, Picture
from llmchem_tui.analysis.report import NO_CHECK, RoundReport
from llmchem_tui.analysis.round_markdown import round_parts
from llmchem_tui.analysis.statistics import known
from llmchem_tui.domain.final_recommendation import ABSTENTIONS
from llmchem_tui.domain.model import NOTICE, SIMULATED_PREFIX
from llmchem_tui.storage.history import HISTORY_FILE

if TYPE_CHECKING:
    from llmchem_tui.storage.history import History

_SIMULATED = "**SIMULATED: no model was asked, the answers are invented.**"
_FILE_ALONE = (
    "A file alone has neither the vignettes nor the reviews: its rounds count in the evidence, and "
    "are not told one by one."
)
_SESSION, _ROUND, _SECTION = 1, 2, 1  # how much lower their headings stand
_SHOWN_NOTES = 5
_TO_THE_MINUTE = len("2026-01-31 09:15")


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """A session to report on, or with ``rounds`` None a history in a CSV file.

    ``rounds``: the finished ones, whose numbers ``history`` has. ``unfinished``: how many have not
    ended; ``unsaved``: how many have, and are not in it. ``notes``: what was repaired, left out or
    not readable.
    """

    name: str
    history: History
    rounds: tuple[RoundReport, ...] | None
    unfinished: int = 0
    unsaved: int = 0
    private: bool = False
    notes: tuple[str, ...] = ()

    @property
    def simulated(self) -> bool:
        """Whether a model of it is made up."""
        models = self.history.frame["model"]
        return bool(models.str.startswith(SIMULATED_PREFIX).any())


def saved_page(
    saved: Sequence[Saved],
    found: Sequence[Evidence],
    pictures: Sequence[Sequence[Picture]] | None,
    left_out: Sequence[str] = (),
) -> str:
    """Return the page.

    ``pictures``: those of each evidence; None: they cannot be drawn. ``left_out``: sentences on
    what could not be read.
    """
    body: list[Part | Picture] = []
    for place, one in enumerate(saved, 1):
        body += _saved_parts(one, f"saved-{place}")
    for place, own in enumerate(found):
        drawn = pictures[place] if pictures else ()
        for section, markdown in evidence_sections(own):
            body.append(Part(markdown, _SECTION))
            body += [picture for picture in drawn if picture.about == section]
    return page(Part(_head(saved, left_out, drawn=pictures is not None)), body)


def _head(saved: Sequence[Saved], left_out: Sequence[str], *, drawn: bool) -> str:
    simulated = [one.simulated for one in saved]
    rounds = sum(len(one.rounds or ()) for one in saved)
    sessions = sum(one.rounds is not None for one in saved)
    counted = []
    if sessions:
        counted = [f"{_several(sessions, 'session')} with {_several(rounds, 'finished round')}"]
    if others := len(saved) - sessions:
        counted.append(f"{_several(others, 'history', 'histories')} in CSV")
    lines = ["# LLM Chemistry report", "", f"**{NOTICE}**; {NO_CHECK}", ""]
    if any(simulated):
        some = "" if all(simulated) else "Partly "
        lines += [f"{some}{_SIMULATED}", ""]
    lines += [f"{', '.join(counted)}. Made by llmchem-tui {__version__}.", ""]
    lines += [*(f"- {inline(note)}" for note in left_out), ""]
    if not drawn:
        lines += [f"Without pictures. {inline(NEEDS_PLOTS)}.", ""]
    return "\n".join(lines)


def _saved_parts(saved: Saved, anchor: str) -> Iterator[Part]:
    lines = [*_about(saved), ""]
    reports = saved.rounds or ()
    anchors = [f"{anchor}-{place}" for place in range(1, len(reports) + 1)]
    if reports:
        titles = ("round", "vignette", "strategy", "recommended", ">confidence", ">agreement")
        rows = [
            _outline(saved, report, link) for report, link in zip(reports, anchors, strict=True)
        ]
        lines += [*table(titles, rows), "", "Agreement: with a reference regimen.", ""]
    yield Part("\n".join(lines), _SESSION, anchor)
    for report, link in zip(reports, anchors, strict=True):
        yield from round_parts(report, level=_ROUND, anchor=link)


def _about(saved: Saved) -> Iterator[str]:
    kind = "History" if saved.rounds is None else "Session"
    yield from (f"# {kind} {inline(saved.name)}", "")
    if saved.simulated:
        yield from (_SIMULATED, "")
    if saved.private:
        yield from (
            "**Private:** the texts of vignettes, answers and reviews were not saved; what "
            "follows from them alone is not known.",
            "",
        )
    yield from _facts(saved)
    yield from (f"- {inline(note)}" for note in saved.notes[:_SHOWN_NOTES])
    if len(saved.notes) > _SHOWN_NOTES:
        yield f"- more notes of the kind: {len(saved.notes) - _SHOWN_NOTES:,}"
    if saved.rounds is None:
        yield from ("", _FILE_ALONE)


def _facts(saved: Saved) -> Iterator[str]:
    frame = saved.history.frame
    created = sorted(filter(None, frame["created"].tolist()))
    if created:
        first, last = (inline(one[:_TO_THE_MINUTE]) for one in (created[0], created[-1]))
        zone = "" if saved.rounds is None else " UTC"
        yield f"- rounds ended: {first} to {last}{zone}"
    for title in ("model", "vignette"):
        names = sorted({name for name in frame[title].tolist() if name})
        if names:
            yield f"- {_several(len(names), title)}: {', '.join(map(inline, names))}"
    strategies = frame.drop_duplicates(["trial", "strategy"])["strategy"].tolist()
    counts = sorted(Counter(strategies).items(), key=lambda one: (not one[0], one))
    each = [f"{inline(name) or 'unknown'} {times:,}" for name, times in counts]
    yield f"- {_several(len(strategies), 'finished round')}{': ' * bool(each)}{', '.join(each)}"
    if saved.unfinished:
        yield f"- {_several(saved.unfinished, 'round')} cancelled or broken off, and not told"
    if saved.unsaved:
        ended = _several(saved.unsaved, "round")
        yield f"- ended without numbers in {HISTORY_FILE}, and not told: {ended}"


def _outline(saved: Saved, report: RoundReport, link: str) -> tuple[str, ...]:
    """A round as a row of its session's table."""
    started, own = report.state.started, report.score.recommendation
    name = report.state.trial.removeprefix(saved.name).strip() or report.state.trial
    told = saved.history.frame
    confidence = told.loc[told["trial"] == report.state.trial, "confidence"].max()  # of its rows
    if own is not None:
        what = "; ".join(f"{one.action} {one.name}" for one in own.medications) or "no medication"
    else:
        what = (report.untold or ABSTENTIONS[report.score.outcome]).split("\n")[0]
    return (
        f"[{inline(name)}](#{link})",
        inline(started.vignette.id),
        inline(started.strategy) or "unknown",
        inline(what),
        number(known(confidence)),
        number(own.gen_accuracy if own else None),
    )


def _several(count: int, what: str, many: str = "") -> str:
    return f"{count:,} {what if count == 1 else many or f'{what}s'}"
