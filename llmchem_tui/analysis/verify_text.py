"""Findings as lines: causes first, what follows from them counted, then what to do."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from llmchem_tui.analysis.verify_findings import Finding, Kind
from llmchem_tui.domain.plain_text import plain_line

Key = TypeVar("Key", bound=Hashable)

_MOST = 5  # sentences of one remedy, and cells of one round, that are told one by one
_COLUMNS = 6


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """The findings by remedy, each group with its causes, then how many follow, then the remedy.

    More than five differences of one remedy are counted by round, and of more than five rounds or
    other causes the first ones are told.
    """
    for remedy, group in _by(findings, lambda one: one.remedy).items():
        causes = [one for one in group if not one.follows]
        follow = [one for one in group if one.follows]
        yield from _cause_lines(causes)
        if follow:
            yield f"  and {len(follow):,} more that {_follow(follow, causes)}{_of(follow)}."
        if remedy:
            yield f"  {plain_line(remedy)}"


def _by(findings: Iterable[Finding], key: Callable[[Finding], Key]) -> dict[Key, list[Finding]]:
    """The findings in groups, in the order in which these begin."""
    groups: dict[Key, list[Finding]] = {}
    for one in findings:
        groups.setdefault(key(one), []).append(one)
    return groups


def _cause_lines(causes: Sequence[Finding]) -> Iterator[str]:
    lines = [plain_line(one.text) for one in causes]
    if len(causes) <= _MOST:
        yield from lines
        return
    groups = _by(causes, _place).values()
    folded = [line for group in groups for line in _folded(group)]
    yield from folded[:_MOST]
    if len(folded) > _MOST:
        yield f"  and {len(folded) - _MOST:,} more like these"
    first = f" The first: {lines[0]}" if len(folded) < len(lines) else ""
    yield f"  --json shows all.{first}"


def _place(finding: Finding) -> tuple[object, ...]:
    """What findings have in common that are told in one line."""
    row = _what(finding) if finding.kind is Kind.ROW else ""
    return finding.kind, finding.file, finding.trial, row


def _what(finding: Finding) -> str:
    return finding.text.rpartition(": ")[2]


def _folded(group: Sequence[Finding]) -> list[str]:
    """The cells or rows of a round in a line, if there are several."""
    first = group[0]
    if len(group) == 1 or first.kind not in (Kind.CELL, Kind.ROW):
        return [plain_line(one.text) for one in group]
    what = f"rows: {_what(first)}"
    if first.kind is Kind.CELL:
        what = f"cells differ from the journal{_of(group)}."
    return [plain_line(f"{first.file}, round {first.trial}: {len(group):,} {what}")]


def _follow(follow: Sequence[Finding], causes: Sequence[Finding]) -> str:
    verb = "follow" if len(follow) > 1 else "follows"
    return f"{verb} from {'it' if len(causes) == 1 else 'these'}"


def _of(findings: Sequence[Finding]) -> str:
    """The columns and the models that findings are of, after a colon."""
    columns = list(dict.fromkeys(one.column for one in findings if one.column))
    models = {one.model for one in findings if one.model}
    shown = ", ".join(columns[:_COLUMNS]) + ", …" * (len(columns) > _COLUMNS)
    whose = f" of {len(models):,} model{'s' * (len(models) > 1)}" if models else ""
    return f": {shown}{whose}" if columns else ""
