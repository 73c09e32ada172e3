"""Going on with a round that was cancelled or cut off: its finished calls are not made again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import ModelSpec
from llmchem_tui.session.scheduler import Plan
from llmchem_tui.storage.interrupted import interrupted_rounds
from llmchem_tui.storage.reopening import reopen_session
from llmchem_tui.storage.session_file import SESSION_FILE, prompt_digests, read_settings

if TYPE_CHECKING:
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.session.events import Event
    from llmchem_tui.session.scheduler import RoundPlan


class CannotGoOn(InputError):
    """No round of a session can go on: ``why``, and ``notes`` on what was mended in it before.

    ``whole``: no round of it was interrupted, so that nothing needs to go on.
    """

    def __init__(self, why: str, notes: Sequence[str] = (), *, whole: bool = False) -> None:
        super().__init__(" ".join([*notes, why]))
        self.why, self.notes, self.whole = why, notes, whole


def resume(laboratory: Laboratory, folder: Path) -> Plan:
    """Return the plan of the session's round that was interrupted last; it is saved there.

    It goes on with the vignette, the ensemble and the seed that it had. Reads files; call it in a
    thread.

    Raises:
        CannotGoOn: no round of it was interrupted, or a model, a prompt or ``abstain_below`` is
            another one now.
        InputError: texts are private, or a file of it is missing or damaged.
        StorageError: the session cannot be written, or another process is writing it.
    """
    if laboratory.recorder.saving.private:
        raise InputError("Texts are not saved now, which a round needs to go on: save them again.")
    laboratory.knowledge()  # while the session's earlier rounds are still those of another sitting
    laboratory.recorder.end()
    session = reopen_session(folder)
    try:
        rounds = interrupted_rounds(folder, saved=session.tables["seeds"])
        round_ = _last(laboratory, folder, rounds) if rounds else None
    except InputError as error:
        session.close()
        raise CannotGoOn(str(error), session.notes) from None
    if round_ is None:
        session.close()
        rest = "it is whole again" if session.notes else "there is nothing to do"
        why = f"No round of {folder} was interrupted: {rest}."
        raise CannotGoOn(why, session.notes, whole=True)
    laboratory.recorder.take_up(session)
    return laboratory.plan_of([round_])


def _last(laboratory: Laboratory, folder: Path, rounds: Sequence[tuple[Event, ...]]) -> RoundPlan:
    settings = read_settings(folder / SESSION_FILE)
    instead = "Bring it back, or run a new round."
    if settings.prompts != prompt_digests(laboratory.prompts):
        raise InputError(f"A prompt has changed since {folder} was begun. {instead}")
    if settings.abstain_below != laboratory.settings.round.abstain_below:
        raise InputError(
            f"[round] abstain_below was {settings.abstain_below:g} when {folder} was begun. "
            f"{instead}"
        )
    return going_on(laboratory, rounds[-1])


def going_on(laboratory: Laboratory, before: Sequence[Event]) -> RoundPlan:
    """Return the plan of an interrupted round, its events so far given.

    Raises:
        InputError: one of its models is not in the pool, or is another one now.
    """
    from llmchem_tui.session.scheduler import RoundPlan
    from llmchem_tui.session.state import RoundState

    state = RoundState.of(before)
    started = state.started
    if any(state.answers[name].answer is None for name in state.authors):
        raise InputError(f"Round {started.trial} cannot go on: its answers are not in the journal.")
    present = {spec.name: spec for spec in laboratory.pool.models}
    changes = list(_changes(started.ensemble, present))
    if changes:
        raise InputError(
            f"Round {started.trial} cannot go on: {', '.join(changes)}. Bring the models back, or "
            "run a new round."
        )
    return RoundPlan(
        started.trial,
        started.vignette,
        tuple(present[spec.name] for spec in started.ensemble),
        started.strategy,
        started.seed,
        tuple(before),
    )


def _changes(before: Sequence[ModelSpec], present: dict[str, ModelSpec]) -> Iterator[str]:
    for spec in before:
        now = present.get(spec.name)
        if now is None:
            yield f"{spec.name} is not in the pool"
        elif _what_answers(spec) != _what_answers(now):
            yield f"{spec.name} is another one now"


def _what_answers(spec: ModelSpec) -> ModelSpec:
    """What makes two models the same: not where they run, what they cost or were called."""
    return dataclasses.replace(
        spec, endpoint="", mirrors=(), aliases=(), price_in=None, price_out=None
    )
