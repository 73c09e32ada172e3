"""One sitting: the pool, what past rounds teach, and the session that the rounds are saved in.

The app and the headless commands share it, so that a round is the same whoever asks for it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from llmchem_tui.consent import Consent
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import ModelSpec, Vignette
from llmchem_tui.domain.totals import Totals
from llmchem_tui.event_log import log_event
from llmchem_tui.past import Past
from llmchem_tui.recorder import Recorder, Saving
from llmchem_tui.session.engine import run_rounds
from llmchem_tui.session.events import AnswerEnded, Event, ReviewEnded, RoundEnded, RoundStarted
from llmchem_tui.session.scheduler import Plan, RoundPlan
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.rounds import FinishedRound
from llmchem_tui.storage.session_file import SessionInfo, prompt_digests
from llmchem_tui.storage.vignettes import nameless

if TYPE_CHECKING:
    from llmchem_tui.config import Settings
    from llmchem_tui.domain.chemistry import ChemistryTable
    from llmchem_tui.domain.scoring import RoundScore
    from llmchem_tui.domain.strategies import Choice, Knowledge
    from llmchem_tui.providers.pool import Pool
    from llmchem_tui.session.forecast import Forecast, Pace
    from llmchem_tui.session.protocol import Prompts
    from llmchem_tui.storage.history import History
    from llmchem_tui.storage.profiles import ProfileMode

_LARGEST_SEED = 2**31


class Laboratory:
    """A pool, its histories, and what is saved.

    ``recorder`` writes the session. ``totals``: what the calls of this sitting consumed. ``last``:
    the round that was finished last.
    ``reopen`` looks for models anew; None: the pool stays as it is.
    """

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        prompts: Prompts,
        saving: Saving,
        *,
        reopen: Callable[[], Awaitable[Pool]] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.prompts = prompts
        self.recorder = Recorder(saving)
        self._clock = clock
        self._reopen = reopen
        self._past = Past(settings, saving.folder)
        self.totals = Totals()
        self.last: FinishedRound | None = None
        self._rounds = 0
        self._consent = Consent(settings.round.remote)

    def specs(self, names: tuple[str, ...]) -> tuple[ModelSpec, ...]:
        """Return the pool's models of these names, in this order.

        Raises:
            InputError: a name is not in the pool, or stands twice.
        """
        known = {spec.name: spec for spec in self.pool.models}
        for name in names:
            if name not in known:
                raise InputError(
                    f"no model {name!r} in the pool; it has {', '.join(sorted(known)) or 'none'}"
                )
        if len(set(names)) < len(names):
            raise InputError("an ensemble holds each model once; name no model twice")
        return tuple(known[name] for name in names)

    def draw_seed(self) -> int:
        """Return the seed of the next round: counted up from the configured one, or drawn."""
        configured = self.settings.round.seed
        return secrets.randbelow(_LARGEST_SEED) if configured is None else configured + self._rounds

    def knowledge(
        self,
        repeats: tuple[str, int] | None = None,
        *,
        profile: ProfileMode | None = None,
        instead: FinishedRound | None = None,
    ) -> Knowledge:
        """Return what earlier rounds teach about the models; see ``Past.knowledge``.

        Reads files at the first call (seconds for many sessions); call it in a thread.
        """
        return self._past.knowledge(
            simulated=self.pool.simulated,
            aliases={alias: spec.name for spec in self.pool.models for alias in spec.aliases},
            present=self.recorder.name,
            repeats=repeats,
            profile=profile,
            instead=instead,
        )

    def history(self) -> History:
        """Return the rows of all rounds that teach; call it in a thread, as ``knowledge``."""
        return self._past.history(simulated=self.pool.simulated, present=self.recorder.name)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was repaired or left out when past rounds were read."""
        return self._past.notes

    async def refresh(self) -> None:
        """Look for models anew; not while a round runs. What was allowed stays allowed.

        With other models the session ends, for its file names them; the next round begins another.

        Raises:
            InputError: the settings cannot be followed; the pool then stays as it is.
            StorageError: the end of the session could not be written.
        """
        if self._reopen is None:
            return
        before, self.pool = self.pool, await self._reopen()
        await before.aclose()
        if before.simulated is not self.pool.simulated:  # the two never teach each other
            self._past = Past(self.settings, self.recorder.saving.folder)
        if before.models != self.pool.models:
            self.recorder.end()

    async def forecast(self, vignette: Vignette, choice: Choice) -> Forecast:
        """Return how long a round would take, from what past calls took, and in which order.

        Raises:
            InputError: a model is not in the pool.
        """
        from llmchem_tui.session.forecast import forecast

        plan = Plan(
            (RoundPlan("forecast", vignette, self.specs(choice.ensemble), choice.strategy, 0),),
            order=self.settings.round.order,
        )
        used = {name for spec in plan.rounds[0].ensemble for name in spec.endpoints}
        names = [name for name in sorted(used) if name in self.pool.endpoints]
        memories = await asyncio.gather(
            *(self.pool.endpoints[name].provider.loaded() for name in names)
        )
        loaded = {n: ids for n, ids in zip(names, memories, strict=True) if ids is not None}
        known = await asyncio.to_thread(self.paces)
        return forecast(plan, self.pool.endpoints, known, loaded)

    def paces(self) -> dict[str, Pace]:
        """Return how long the models' calls took so far. Reads files at the first call."""
        return self._past.paces(present=self.recorder.name)

    def choose(
        self,
        strategy: str,
        n: int,
        seed: int,
        *,
        models: tuple[str, ...] = (),
        repeats: tuple[str, int] | None = None,
    ) -> Choice:
        """Return the ensemble of a strategy, or exactly ``models`` if they are given.

        CHEMISTRY explores first, as ``next_ensemble`` does: it knows nothing of unseen models.

        Raises:
            InputError: the pool is empty or too small, or a name is not in it.
        """
        from llmchem_tui.domain.strategies import Choice, Strategy, choose

        if not self.pool.models:
            problems = "; ".join(self.pool.unreachable.values()) or "no endpoint has a model"
            raise InputError(f"no model can be used: {problems}; or try --simulated")
        if models:
            self.specs(models)
            return Choice(Strategy.MANUAL, models)
        if strategy == Strategy.CHEMISTRY:
            return self.next_ensemble(n, seed, repeats=repeats)
        return choose(
            Strategy(strategy),
            n,
            self.pool.models,
            self.knowledge(repeats),
            seed=seed,
            settings=self.settings.chemistry.parameters,
        )

    def next_ensemble(
        self,
        n: int,
        seed: int,
        *,
        repeats: tuple[str, int] | None = None,
        instead: FinishedRound | None = None,
    ) -> Choice:
        """Return the ensemble to go on with: unseen models first, then by chemistry.

        ``repeats`` and ``instead`` as in ``Past.knowledge``.
        """
        from llmchem_tui.domain.strategies import next_ensemble

        return next_ensemble(
            n,
            self.pool.models,
            self.knowledge(repeats, instead=instead),
            seed=seed,
            settings=self.settings.chemistry.parameters,
        )

    def must_ask(self, names: tuple[str, ...]) -> str:
        """Return the untrusted places that would get a vignette and were not allowed yet.

        Blank where nothing has to be asked.

        Raises:
            InputError: there are such places, and the settings never allow them.
        """
        return self._consent.must_ask(self._foreign(names))

    def allow(self, names: tuple[str, ...]) -> None:
        """Note that the user lets vignettes go wherever these models are."""
        self._consent.allow(self._foreign(names))

    def _foreign(self, names: tuple[str, ...]) -> set[tuple[str, str]]:
        return {place for name in names for place in self.pool.foreign.get(name, ())}

    def chemistry(self, knowledge: Knowledge) -> ChemistryTable:
        """Return the chemistry of the pool's models that have a profile."""
        from llmchem_tui.domain.chemistry import chemistry

        names = {spec.name for spec in self.pool.models}
        settings = self.settings.chemistry
        return chemistry(
            [profile for profile in knowledge.profiles.values() if profile.name in names],
            usage_threshold=settings.usage_threshold,
            empty_cost=settings.empty_cost,
        )

    def plan(self, vignette: Vignette, choice: Choice, seed: int) -> Plan:
        """Return the plan of one round; see ``round_plan``.

        Raises:
            StorageError: the session's folder could not be made.
        """
        return self.plan_of([self.round_plan(vignette, choice, seed)])

    def plan_of(self, rounds: Iterable[RoundPlan]) -> Plan:
        """Return the plan of rounds, under the settings for their order and deadlines."""
        own = self.settings.round
        return Plan(tuple(rounds), order=own.order, deadline_seconds=own.deadline_seconds)

    def round_plan(self, vignette: Vignette, choice: Choice, seed: int) -> RoundPlan:
        """Return the next round of the session, which is opened if this is its first.

        Raises:
            StorageError: the session's folder could not be made.
        """
        self._rounds += 1
        trial = self.recorder.begin_round(self.session_info)
        if self.recorder.saving.private:
            vignette = nameless(vignette)
        return RoundPlan(trial, vignette, self.specs(choice.ensemble), choice.strategy, seed)

    async def run(
        self, plan: Plan, stop: asyncio.Event | None = None
    ) -> AsyncGenerator[Event, None]:
        """Run a plan; what happens is in the journal, and a round in the CSVs, before it is shown.

        Where something cannot be saved the round goes on; ``recorder.not_saved`` says why.
        """
        states = {one.trial: RoundState.of(one.before) for one in plan.rounds if one.before}
        rounds = run_rounds(plan, self.pool.endpoints, self.prompts, stop)
        try:
            async with aclosing(rounds) as events:  # an error here must not leave calls open
                async for event in events:
                    if isinstance(event, RoundStarted):
                        states[event.trial] = RoundState(event)
                    state = states[event.trial]
                    state.apply(event)
                    self.recorder.record(event, self._learn(event, state))
                    log_event(event, self.recorder)
                    yield event
        finally:
            self.recorder.leave(states.values())

    def _learn(self, event: Event, state: RoundState) -> FinishedRound | None:
        """Take in what an event teaches; return the round if it has just been finished."""
        if isinstance(event, AnswerEnded | ReviewEnded):
            self._past.add_call(event.result)
        if not isinstance(event, RoundEnded):
            return None
        self.totals += state.totals()
        if event.cancelled:
            return None
        score = state.score(abstain_below=self.settings.round.abstain_below)
        finished = self.finished(state, score)
        self._past.add_round(finished)
        self.last = finished
        return finished

    def finished(self, state: RoundState, score: RoundScore) -> FinishedRound:
        """Return a round that has ended now as the files take it."""
        return FinishedRound.of(state, score, self._clock())

    def session_info(self) -> SessionInfo:
        """Return what the file of a session that begins now says."""
        return SessionInfo(
            created=self._clock(),
            models=self.pool.models,
            private=self.recorder.saving.private,
            prompts=prompt_digests(self.prompts),
            abstain_below=self.settings.round.abstain_below,
        )

    async def aclose(self) -> None:
        """Close the session's files and the providers' connections."""
        self.recorder.end()
        await self.pool.aclose()
