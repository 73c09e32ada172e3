"""What session.toml says of a session, against what its journal tells: models and seeds."""

from __future__ import annotations

import contextlib
import functools
import math
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from llmchem_tui.analysis.verify_findings import (
    Finding,
    Kind,
    restored,
    restored_first,
    why_unread,
)
from llmchem_tui.config import Share
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import SIMULATED_PREFIX
from llmchem_tui.session.events import RoundStarted
from llmchem_tui.storage.journal import JOURNAL_FILE, Journal
from llmchem_tui.storage.prompts import PLACEHOLDERS
from llmchem_tui.storage.session_file import (
    SESSION_FILE,
    damaged,
    model_table,
    package_versions,
    read_settings,
    read_tables,
)

_FACTS = ("id", "digest", "temperature", "max_tokens", "options")
"""What makes a model another one under the same name, as session.toml calls it."""

_PROGRAM = "llmchem-tui"
_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_TWO_MODELS = (
    "Such rounds are of two models under one name: do not count them together, or name one anew."
)
_UPDATED = (
    "A model that was updated after the session had begun counts from then on as another one; if "
    f"it was not, restore {SESSION_FILE} from a copy."
)


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

    ``created``: when, in UTC, as sessions are named. ``seeds`` by trial; ``models``: what it says
    of each, by name; ``prompts``: their digests. ``version``: of the llmchem that began the
    session. ``vignettes``: of its batch, their digests by id. ``problem``: why it cannot be read.
    """

    created: str = ""
    simulated: bool | None = None
    private: bool | None = None
    abstain_below: float | None = None
    seeds: Mapping[str, int] = field(default_factory=dict)
    models: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)
    version: object = None
    batch: Mapping[str, object] = field(default_factory=dict)
    problem: str = ""

    @property
    def ours(self) -> bool:
        """Whether the session was begun with this version of the program."""
        return self.version is not None and self.version == _installed()

    @property
    def vignettes(self) -> Mapping[str, object]:
        """The digests of the vignettes of its batch, by id."""
        digests = self.batch.get("vignettes")
        return digests if isinstance(digests, dict) else {}


@functools.cache
def _installed() -> str | None:
    return package_versions().get(_PROGRAM)


def read_told(folder: Path) -> Told:
    """What the session.toml of a session says."""
    file = folder / SESSION_FILE
    try:
        settings, tables = read_settings(file), read_tables(file)
        threshold = msgspec.convert(tables, _Threshold)
    except InputError as error:
        return Told(problem=why_unread(file, error))
    except msgspec.ValidationError as error:
        return Told(problem=str(damaged(file, error)))
    versions = tables.get("versions")
    return Told(
        created=_session_name(settings.created),
        simulated=settings.simulated,
        private=settings.private,
        abstain_below=threshold.said,
        seeds=settings.seeds,
        models={table["name"]: table for table in tables["models"]},
        prompts=settings.prompts,
        version=versions.get(_PROGRAM) if isinstance(versions, dict) else None,
        batch=settings.batch,
    )


def _session_name(created: datetime) -> str:
    """What a session of that time is called, but for the number of another one in its second."""
    known = created if created.tzinfo else created.replace(tzinfo=UTC)
    with contextlib.suppress(OverflowError):  # in the year 1, say
        return f"{known.astimezone(UTC):%Y-%m-%dT%H-%M-%S}"
    return ""


def own_findings(told: Told, journal: Journal) -> Iterator[Finding]:
    """What session.toml says of the whole session, against its own models and the journal."""
    if told.problem:
        return
    begun = [event for event in journal.events if isinstance(event, RoundStarted)]
    if told.private is not journal.private:
        which = SESSION_FILE if told.private else JOURNAL_FILE
        what = f"Only {which} says that the session is private."
        texts = any(event.vignette.text for event in begun)
        wrong = SESSION_FILE if told.private is texts else JOURNAL_FILE
        yield Finding(Kind.FILE, what, file=SESSION_FILE, remedy=restored(wrong))
    names = {spec.name for event in begun for spec in event.ensemble} or told.models.keys()
    invented = {name.startswith(SIMULATED_PREFIX) for name in names}
    if invented == {not told.simulated}:
        are, right = ("real", "false") if told.simulated else ("simulated", "true")
        what = (
            f"{SESSION_FILE} says simulated = {str(told.simulated).lower()}, but its models are "
            f"{are} ones."
        )
        right = f"Restore {SESSION_FILE} from a copy, or write simulated = {right} there."
        yield Finding(Kind.FILE, what, file=SESSION_FILE, remedy=right)
    for name in sorted({*told.prompts, *(PLACEHOLDERS if told.prompts else ())}):
        if not _DIGEST.fullmatch(told.prompts.get(name, "")):
            what = f"{SESSION_FILE} has no digest of the prompt {name}."
            yield Finding(Kind.PROMPT, what, file=SESSION_FILE, remedy=restored(SESSION_FILE))


def prompt_note(told: Told, known: Iterable[Mapping[str, str]]) -> str:
    """Name the prompts of which the digests are not ``known`` here; blank: there is none."""
    texts = set[str]().union(*(digests.values() for digests in known))
    digests = {name: one for name, one in told.prompts.items() if _DIGEST.fullmatch(one)}
    other = [name for name, digest in digests.items() if digest not in texts]
    if not other:
        return ""
    one = len(other) == 1
    return (
        f"The prompt{'' if one else 's'} {', '.join(other)} {'is' if one else 'are'}, by the "
        f"digest in {SESSION_FILE}, neither llmchem's nor that of the settings: whether somebody "
        "changed the digest cannot be told."
    )


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
        has = "no seed" if seed is None else f"the seed {seed}"
        what = f"{SESSION_FILE} has {has} for round {trial}; {JOURNAL_FILE} has {begun.seed}."
        yield _of_seed(what, trial, seed, begun.seed)
    for trial, seed in told.seeds.items():
        if trial not in started and trial not in finished:
            yield _of_seed(
                f"{SESSION_FILE} has a seed for round {trial}, which is nowhere else.", trial, seed
            )


def _of_seed(what: str, trial: str, saved: int | None, recomputed: int | None = None) -> Finding:
    return Finding(
        Kind.SEED,
        what,
        trial,
        column="seed",
        saved=saved,
        recomputed=recomputed,
        file=SESSION_FILE,
        remedy=restored(SESSION_FILE),
    )


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
                yield Finding(
                    Kind.MODEL,
                    what,
                    begun.trial,
                    spec.name,
                    file=SESSION_FILE,
                    remedy=restored_first(SESSION_FILE),
                )
            known[spec.name], where[spec.name] = now, f"round {begun.trial}"


def _changes(
    trial: str, now: Mapping[str, object], before: Mapping[str, object], where: str
) -> Iterator[Finding]:
    model = str(now["name"])
    for fact in _FACTS:
        was, has = before.get(fact), now.get(fact)
        if was != has:
            what = f"Round {trial}: {fact} of {model} is {_shown(has)}; {where} has {_shown(was)}."
            yield Finding(
                Kind.MODEL,
                what,
                trial,
                model,
                column=fact,
                saved=_simple(was),
                recomputed=_simple(has),
                file=SESSION_FILE if where == SESSION_FILE else JOURNAL_FILE,
                remedy=_UPDATED if where == SESSION_FILE else _TWO_MODELS,
            )


def _shown(fact: object) -> str:
    return "none" if fact is None else str(fact)


def _simple(fact: object) -> str | float | None:
    """The fact as a document can hold it: TOML has dates and infinite numbers too."""
    if isinstance(fact, int | float) and math.isfinite(fact):
        return fact
    return None if fact is None else str(fact)
