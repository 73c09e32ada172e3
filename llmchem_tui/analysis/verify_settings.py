"""What session.toml says of a session, against what its journal tells: models and seeds."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from llmchem_tui.analysis.verify_cells import Finding, Kind
from llmchem_tui.config import Share
from llmchem_tui.domain.errors import InputError
from llmchem_tui.session.events import RoundStarted
from llmchem_tui.storage.session_file import SESSION_FILE, model_table, read_settings, read_tables

_FACTS = ("id", "digest", "temperature", "max_tokens", "options")
"""What makes a model another one under the same name, as session.toml calls it."""


class _BatchSettings(msgspec.Struct, frozen=True):
    abstain_below: Share | None = None


class _Batch(msgspec.Struct, frozen=True):
    settings: _BatchSettings = _BatchSettings()


class _Threshold(msgspec.Struct, frozen=True):
    abstain_below: Share | None = None
    batch: _Batch = _Batch()

    @property
    def said(self) -> float | None:
        """The session's own, else that of its batch."""
        own = self.abstain_below
        return self.batch.settings.abstain_below if own is None else own


@dataclass(frozen=True, slots=True)
class Told:
    """What session.toml says; of what it does not say, or where it cannot be read, None.

    ``seeds`` by trial; ``models``: what it says of each, by name. ``problem``: why it cannot be
    read.
    """

    private: bool | None = None
    abstain_below: float | None = None
    seeds: Mapping[str, int] = field(default_factory=dict)
    models: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    problem: str = ""


def read_told(folder: Path) -> Told:
    """What the session.toml of a session says."""
    file = folder / SESSION_FILE
    try:
        settings, tables = read_settings(file), read_tables(file)
        threshold = msgspec.convert(tables, _Threshold)
    except InputError as error:
        return Told(problem=str(error))
    except msgspec.ValidationError as error:
        return Told(problem=f"{file} is damaged ({error}): restore it from a copy.")
    models = {table["name"]: table for table in tables["models"]}
    return Told(settings.private, threshold.said, settings.seeds, models)


def seed_findings(
    told: Told, started: Mapping[str, RoundStarted], finished: Container[str]
) -> Iterator[Finding]:
    """Compare the seeds; ``started`` and ``finished``: the rounds of journal and history."""
    if told.problem:
        return
    for trial, begun in started.items():
        seed = told.seeds.get(trial)
        if seed == begun.seed or (seed is None and trial not in finished):
            continue
        what = f"{SESSION_FILE} has {_shown(seed)} as seed of round {trial}; it was {begun.seed}."
        yield Finding(Kind.SEED, what, trial, column="seed", saved=seed, recomputed=begun.seed)
    for trial, seed in told.seeds.items():
        if trial not in started and trial not in finished:
            what = f"{SESSION_FILE} has a seed of round {trial}, which is nowhere else."
            yield Finding(Kind.SEED, what, trial, column="seed", saved=seed)


def model_findings(told: Told, rounds: Iterable[RoundStarted]) -> Iterator[Finding]:
    """Tell where a model is another one than before, first of all than session.toml has it."""
    known = dict(told.models)
    where = dict.fromkeys(known, SESSION_FILE)
    for begun in rounds:
        for spec in begun.ensemble:
            now = model_table(spec)
            before = known.get(spec.name)
            if before is not None:
                yield from _changes(begun.trial, now, before, where[spec.name])
            elif not told.problem:
                what = f"Round {begun.trial}: {spec.name} is not in {SESSION_FILE}."
                yield Finding(Kind.MODEL, what, begun.trial, spec.name)
            known[spec.name], where[spec.name] = now, f"round {begun.trial}"


def _changes(
    trial: str, now: Mapping[str, object], before: Mapping[str, object], where: str
) -> Iterator[Finding]:
    model = str(now["name"])
    for fact in _FACTS:
        was, has = before.get(fact), now.get(fact)
        if was != has:
            what = f"Round {trial}: {fact} of {model} is {_shown(has)}; {where} has {_shown(was)}."
            yield Finding(Kind.MODEL, what, trial, model, None, fact, _simple(was), _simple(has))


def _shown(fact: object) -> str:
    return "none" if fact is None else str(fact)


def _simple(fact: object) -> str | float | None:
    """The fact as a document can hold it: TOML has dates and infinite numbers too."""
    if isinstance(fact, int | float) and math.isfinite(fact):
        return fact
    return None if fact is None else str(fact)
