"""What saved rounds say about strategies: read, compared, kept until files change. No widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.outlines import stamp

if TYPE_CHECKING:
    from llmchem_tui.analysis.evaluate import Evaluation
    from llmchem_tui.analysis.plots import Courses, Latency
    from llmchem_tui.config import Settings
    from llmchem_tui.storage.history import History
    from llmchem_tui.storage.selections import Part

_MOST_KEPT = 8
"""Comparisons: turning between a few of them takes no time."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to compare: the rounds that are saved at ``paths``.

    ``part``: task, and whether of simulated models; None: the only one there is. ``model``: whose
    accuracy to follow over the rounds, "" that of all.
    """

    paths: tuple[Path, ...]
    part: tuple[str, bool] | None = None
    model: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The answer to a question.

    ``parts``: all that could be asked about. ``notes``: what files lack, or why they are left out.
    """

    question: Question
    part: Part
    parts: tuple[Part, ...]
    notes: tuple[str, ...]
    evaluation: Evaluation
    latencies: tuple[Latency, ...]
    courses: Courses


@dataclass(frozen=True, slots=True)
class Unclear:
    """No answer: there are several parts, and none of them was named."""

    parts: tuple[Part, ...]


@dataclass(slots=True)
class Comparisons:
    """Answers to questions; a file is read once while it keeps its size and time."""

    settings: Settings
    _read: dict[Path, tuple[object, History | str]] = field(default_factory=dict)
    _kept: dict[object, tuple[Comparison, History]] = field(default_factory=dict)

    def of(self, question: Question, superseded: Callable[[], bool]) -> Comparison | Unclear | None:
        """Answer a question; None where another has taken its place meanwhile.

        Reads files and compares for seconds: call it in a thread, and only one at a time.

        Raises:
            InputError: there is no round, or the one history that is asked about is damaged.
        """
        from llmchem_tui.analysis.plots import courses

        key = (tuple((path, stamp(path)) for path in question.paths), question.part)
        kept = self._kept.get(key) or self._compare(question, superseded)
        if not isinstance(kept, tuple):
            return kept
        self._kept[key] = comparison, history = kept
        while len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        if question == comparison.question:
            return comparison
        followed = courses(history, model=question.model, aliases=self.settings.aliases)
        return replace(comparison, question=question, courses=followed)

    def _compare(
        self, question: Question, superseded: Callable[[], bool]
    ) -> tuple[Comparison, History] | Unclear | None:
        """Return the answer and the part of the histories that it is about."""
        from llmchem_tui.analysis.evaluate import evaluate
        from llmchem_tui.analysis.plots import courses, latencies
        from llmchem_tui.storage.selections import parts_of

        whole = self._history(question.paths, superseded)
        if whole is None:
            return None
        histories = parts_of(whole)
        parts = tuple(histories)
        part = _part(parts, question)
        if part is None:
            return Unclear(parts)
        history = histories[part]
        weights, aliases = self.settings.chemistry, self.settings.aliases
        evaluation = evaluate(
            history,
            usage_threshold=weights.usage_threshold,
            empty_cost=weights.empty_cost,
            aliases=aliases,
        )
        if superseded():
            return None
        followed = courses(history, model=question.model, aliases=aliases)
        taken = latencies(history, aliases=aliases)
        answer = Comparison(question, part, parts, whole.notes, evaluation, taken, followed)
        return answer, history

    def _history(self, paths: Sequence[Path], superseded: Callable[[], bool]) -> History | None:
        """Return the rows of all paths, those left out that cannot be read; None: superseded."""
        from llmchem_tui.storage.history import join

        histories, problems = [], []
        for path in paths:
            if superseded():
                return None
            found = self._file(path)
            if isinstance(found, str):
                problems.append(found)
            else:
                histories.append(found)
        if not histories:
            raise InputError(problems[0] if len(paths) == 1 else "No history has a finished round.")
        whole = join(histories)
        left_out = (f"Left out: {problem}" for problem in problems)
        return replace(whole, notes=(*whole.notes, *left_out))

    def _file(self, path: Path) -> History | str:
        """Return the rows of a session or a CSV file, or why there are none."""
        from llmchem_tui.storage.history import read_history

        now = stamp(path)
        known = self._read.get(path)
        if known is None or known[0] != now:
            found: History | str
            try:
                found = read_history([path])
            except InputError as error:
                found = str(error)
            self._read[path] = known = (now, found)
        return known[1]


def _part(parts: Sequence[Part], question: Question) -> Part | None:
    """Return the part that is asked about, where it is there or clear; real models come first."""
    named = [part for part in parts if (part.task, part.simulated) == question.part]
    usual = [part for part in parts if part.simulated == parts[0].simulated]
    return next(iter(named), usual[0] if len(usual) == 1 else None)
