"""Runs a batch: one session for each strategy, continued where an earlier run has stopped."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from llmchem_tui.batch.choices import Choices
from llmchem_tui.batch.limits import Limits
from llmchem_tui.batch.request import DRAWN, STRATEGIES, BatchRound, Request
from llmchem_tui.domain.errors import InputError, LlmchemError
from llmchem_tui.domain.model import Status
from llmchem_tui.resuming import going_on
from llmchem_tui.session.estimate import Estimate
from llmchem_tui.session.events import RoundEnded
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.batches import batch_table, continue_batch, find_batch, lock_batch
from llmchem_tui.storage.interrupted import interrupted_rounds
from llmchem_tui.storage.session_file import SESSION_FILE
from llmchem_tui.storage.sessions import SessionWriter, begin_session

if TYPE_CHECKING:
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.session.scheduler import RoundPlan
    from llmchem_tui.storage.history import History
    from llmchem_tui.storage.rounds import FinishedRound
    from llmchem_tui.storage.session_file import SessionInfo

_OUTAGE = 3  # rounds without any answer: whatever is wrong will not mend itself
_TOGETHER = 20  # rounds in one plan: few loads of models, and the limits are looked at in between


class Batch:
    """A batch in a laboratory, whose folder may hold a part of it already.

    ``left``: the rounds to be run, by strategy. ``found``: the rows of those that are asked for and
    were there, ``rounds_found`` in number. ``folders``: the sessions, by strategy. ``notes``: what
    to know before it runs. ``problems``: why some are not run; ``failed``: it is not only that a
    limit was reached. ``filled``: by strategy, in how many rounds the ensemble was filled up for
    want of profiles.
    """

    def __init__(self, laboratory: Laboratory, request: Request) -> None:
        """Find what is there, and keep others from writing it until ``close``.

        Raises:
            InputError: a strategy cannot choose from this pool, a limit cannot be kept, a file is
                damaged, or the pool, the prompts or a vignette have changed since.
            StorageError: a session cannot be written, or another process is writing it.
        """
        self.request = request
        self.problems: list[str] = []
        self.failed = False
        self.filled = Counter[str]()
        self._over = False
        self._silent = 0
        self._laboratory = laboratory
        self._choices = Choices(laboratory, request)
        self.limits = Limits(laboratory, request, self._choices)
        self._check_models()
        self._folder = laboratory.recorder.saving.folder
        self._sessions: dict[str, SessionWriter] = {}
        self._interrupted: dict[tuple[str, int], RoundPlan] = {}
        self._lock = lock_batch(self._folder, request.seed)
        try:
            begun = find_batch(self._folder, request.seed)
            self._check_nameless(begun.nameless)
            self.folders = begun.sessions
            for strategy, path in self.folders.items():
                self._sessions[strategy] = continue_batch(path, self._info(strategy))
                self._interrupted |= {
                    (strategy, RoundState.of(before).started.seed): going_on(laboratory, before)
                    for before in interrupted_rounds(path)
                }
            history = self._read()
        except LlmchemError:
            self.close()
            raise
        mended = (note for session in self._sessions.values() for note in session.notes)
        self.notes = (*mended, *self._choices.notes, *self._unteachable(history))
        self.found = _answered(history, request)
        done = set(_keys(self.found))
        self.left = {
            strategy: [one for one in request.rounds(strategy) if one.key not in done]
            for strategy in STRATEGIES
            if strategy in request.strategies
        }
        self.rounds_found = len(done)

    def _unteachable(self, history: History) -> Iterator[str]:
        """Say who would have to learn from other vignettes, of which there are none."""
        learning = [name for name in self.request.strategies if name not in DRAWN]
        vignettes = {one.id for one in self.request.vignettes} | {*history.frame["vignette"]}
        if learning and len(vignettes) == 1 and not self._laboratory.settings.history.paths:
            choose = "choose" if len(learning) > 1 else "chooses"
            yield (
                f"{' and '.join(learning)} {choose} for a vignette from rounds on others, and "
                "there are none: name more vignettes, or histories in the settings "
                "([history] paths)"
            )

    def _check_nameless(self, folders: Sequence[Path]) -> None:
        """Look whether a session that nobody can name holds rounds of this batch."""
        from llmchem_tui.storage.history import read_history

        if not folders:
            return
        every = dataclasses.replace(self.request, strategies=STRATEGIES)
        for folder in folders:
            try:
                rows = read_history([folder])
            except InputError:  # no row of it counts anywhere
                continue
            if not _answered(rows, every).frame.empty:
                raise InputError(
                    f"{folder} holds rounds of this batch, but its {SESSION_FILE} is missing or "
                    "damaged: restore that file from a copy, or move the folder elsewhere, and its "
                    "rounds are run again."
                )

    def _check_models(self) -> None:
        unreachable = self._laboratory.pool.unreachable
        for spec in self.limits.models:
            if all(name in unreachable for name in spec.endpoints):
                raise InputError(
                    f"{spec.name} cannot be reached, and it may have to answer: "
                    f"{unreachable[spec.endpoint]}"
                )

    @property
    def rounds_left(self) -> int:
        """How many rounds are left."""
        return sum(map(len, self.left.values()))

    def estimate(self) -> Estimate:
        """Return what the rounds that are left will consume. Reads files at the first call."""
        known = self._laboratory.paces()
        rounds = (one for left in self.left.values() for one in left)
        return sum((self.limits.expected(one, known) for one in rounds), Estimate())

    async def run(self, stop: asyncio.Event) -> AsyncGenerator[FinishedRound, None]:
        """Run what is left, and yield every round that is finished and saved.

        ``stop`` cancels the rounds that are running; they will be run again. It is set here where
        going on makes no sense.

        Raises:
            InputError: a history to learn from cannot be read.
            StorageError: a session could not be begun.
        """
        for strategy, left in self.left.items():
            if left and not self._over:
                async with aclosing(self._run_strategy(strategy, stop)) as rounds:
                    async for finished in rounds:
                        yield finished
                self._laboratory.recorder.end()
                self._over |= stop.is_set()

    def close(self) -> None:
        """Let others write the sessions.

        Raises:
            StorageError: the end of one could not be written.
        """
        while self._sessions:
            self._sessions.popitem()[1].close()
        self._lock.close()

    # --- running ----------------------------------------------------------------------------

    async def _run_strategy(
        self, strategy: str, stop: asyncio.Event
    ) -> AsyncGenerator[FinishedRound, None]:
        left = self.left[strategy]
        if strategy not in DRAWN:
            self._choices.learn(strategy, self._read())
        while not stop.is_set() and (together := self.limits.affordable(left[:_TOGETHER])):
            if self._laboratory.recorder.session is None:
                self._begin(strategy)
            async with aclosing(self._run_together(together, stop)) as rounds:
                async for finished in rounds:
                    left.remove(next(one for one in together if one.seed == finished.seed))
                    yield finished
        if self.limits.reached is not None:
            self._over = True
            self.problems.append(
                f"The limit leaves no room for the next round: {self.limits.reached.text}."
            )

    def _begin(self, strategy: str) -> None:
        session = self._sessions.pop(strategy, None)
        if session is None:
            session = begin_session(self._folder, self._info(strategy))
            self.folders[strategy] = session.folder
        self._laboratory.recorder.go_on(session)

    async def _run_together(
        self, rounds: Sequence[BatchRound], stop: asyncio.Event
    ) -> AsyncGenerator[FinishedRound, None]:
        laboratory, recorder = self._laboratory, self._laboratory.recorder
        plan = laboratory.plan_of([*self._plans(rounds)])
        async with aclosing(laboratory.run(plan, stop)) as events:
            async for event in events:
                self.limits.note(event)
                if recorder.not_saved:  # what comes now would be lost
                    self._give_up(recorder.not_saved, stop)
                elif isinstance(event, RoundEnded) and not event.cancelled:
                    finished = laboratory.last
                    assert finished is not None
                    yield finished
                    answered = any(a.status is Status.OK for a in finished.answers.values())
                    self._silent = 0 if answered else self._silent + 1
                    if self._silent >= _OUTAGE:
                        self._give_up(
                            f"No model answered in {_OUTAGE} rounds running: llmchem doctor says "
                            "what can be reached; then the same command goes on.",
                            stop,
                        )

    def _plans(self, rounds: Sequence[BatchRound]) -> Iterator[RoundPlan]:
        """The rounds to be run now: anew, or going on where they were interrupted."""
        for one in rounds:
            begun = self._interrupted.pop((one.strategy, one.seed), None)
            if begun is not None:
                yield begun
            elif (choice := self._choices.of(one)) is not None:
                self.filled.update([one.strategy] if choice.filled else [])
                yield self._laboratory.round_plan(one.vignette, choice, one.seed)

    def _give_up(self, problem: str, stop: asyncio.Event) -> None:
        if not self.failed:
            self.failed = True
            self.problems.append(problem)
        stop.set()

    # --- files ------------------------------------------------------------------------------

    def _info(self, strategy: str) -> SessionInfo:
        settings = self._laboratory.settings
        on_what = {
            **dataclasses.asdict(settings.chemistry.parameters),
            "profile": settings.chemistry.profile,
        }
        request = self.request
        asked = {"strategies": request.strategies, "sizes": request.sizes, "trials": request.trials}
        own = batch_table(strategy, request.seed, request.vignettes, asked, on_what)
        return dataclasses.replace(self._laboratory.session_info(), batch=own)

    def _read(self) -> History:
        """The rows of the batch's sessions."""
        from llmchem_tui.storage.history import history_of, join, read_history

        written = [
            path
            for strategy, path in self.folders.items()
            if strategy not in self._sessions or self._sessions[strategy].rounds
        ]
        return join([history_of(()), *([read_history(written)] if written else [])])


def _keys(history: History) -> Iterator[tuple[str, str, str]]:
    """Which round of a batch each row is of, as in ``BatchRound.key``."""
    columns = (history.frame[name].tolist() for name in ("strategy", "vignette", "seed"))
    return zip(*columns, strict=True)


def _answered(history: History, request: Request) -> History:
    """The rows of what is asked for, but for rounds in which no model answered: they run again."""
    asked = {one.key for strategy in request.strategies for one in request.rounds(strategy)}
    frame = history.frame.loc[[key in asked for key in _keys(history)]]
    answered = frame.loc[frame["status"] == Status.OK, "trial"]
    return dataclasses.replace(history, frame=frame[frame["trial"].isin(answered)])
