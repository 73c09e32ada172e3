"""A pool of invented models: no server, no key, the whole loop. Labelled SIMULATED everywhere.

Every draw is keyed by (seed, model, call), so that the same seed gives the same round whatever the
timing. Replies are streamed as JSON text and are read like any other model's.
"""

from __future__ import annotations

import asyncio
import json
import random
import selectors
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, replace

from llmchem_tui.domain.medication import generation_accuracy, similarity
from llmchem_tui.domain.model import (
    Action,
    Answer,
    Inferior,
    Medication,
    ModelSpec,
    Review,
    Usage,
)
from llmchem_tui.providers.simulated_models import CHARACTERS, Character
from llmchem_tui.session.provider import (
    CallRequest,
    Delta,
    Ended,
    Finish,
    Loading,
    ModelMissing,
    RateLimited,
    Text,
)

ENDPOINT = "simulated"
_CHARACTERS_PER_TOKEN = 4
_TOKENS_PER_PIECE = 3
_GOOD_MERIT = 0.92
"""What a fair grader gives an acceptable answer: good, but never perfect."""

_USUAL = 0.4
"""How much rarer each further acceptable regimen is than the one listed before it."""


class SimulatedProvider:
    """The simulated pool as an endpoint.

    ``time_scale`` stretches its waiting: 1 is real time, 0 at once. ``loaded_models``: how many of
    the models that need loading its memory holds; None: all.
    """

    def __init__(
        self,
        time_scale: float = 1.0,
        characters: Sequence[Character] = CHARACTERS,
        loaded_models: int | None = None,
    ):
        self._time_scale = time_scale
        self._characters = {character.name: character for character in characters}
        self._memory = _Memory(loaded_models)

    async def models(self) -> list[ModelSpec]:
        """Return the pool, sorted by name."""
        return [simulated_spec(self._characters[name]) for name in sorted(self._characters)]

    async def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
        """Answer or review in character."""
        character = self._characters.get(request.model.id)
        if character is None:
            raise ModelMissing(f"the simulated pool has no model {request.model.id}")
        async with AsyncExitStack() as held:
            load_seconds = None
            if character.load_seconds:
                if character.name not in self._memory.models:
                    yield Loading()
                    spread = _spread(character, _rng(request, "loading"), 0.9, 1.2)
                    load_seconds = character.load_seconds * spread
                memory = self._memory.holding(character.name, self._sleep, load_seconds or 0.0)
                await held.enter_async_context(memory)
            rng = _rng(request, "timing")
            await self._sleep(character.first_token_seconds * _spread(character, rng, 0.8, 1.5))
            if _rng(request, "failure").random() < character.failure_rate:
                raise RateLimited("the simulated server is overloaded (one of its rare failures)")
            text = _reply(character, request)
            pause = _TOKENS_PER_PIECE / character.tokens_per_second
            for piece in _pieces(text):
                await self._sleep(pause * _spread(character, rng, 0.6, 1.4))
                yield Text(piece)
        tokens_in = sum(len(message.text) for message in request.messages) // _CHARACTERS_PER_TOKEN
        tokens_out = max(1, len(text) // _CHARACTERS_PER_TOKEN)
        yield Ended(Finish.STOP, Usage(tokens_in, tokens_out, load_seconds=load_seconds))

    async def loaded(self) -> frozenset[str] | None:
        """The models in memory; those that need no loading are in none."""
        return frozenset(self._memory.models)

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._time_scale)


class _Memory:
    """The memory of a host: models come and go as on an Ollama server, one load at a time.

    ``models``: from the one used longest ago to the latest.
    """

    def __init__(self, capacity: int | None) -> None:
        self.models: list[str] = []
        self._capacity = capacity
        self._running: Counter[str] = Counter()
        self._loads: dict[str, asyncio.Lock] = {}
        self._left = asyncio.Event()

    @asynccontextmanager
    async def holding(
        self, name: str, sleep: Callable[[float], Awaitable[None]], load_seconds: float
    ) -> AsyncGenerator[None, None]:
        """Have a model in memory while inside, after loading it if need be."""
        self._running[name] += 1
        try:
            # An unlimited memory stands for several hosts: their loads do not wait for each other.
            async with self._loads.setdefault("" if self._capacity else name, asyncio.Lock()):
                if name not in self.models:
                    await self._make_room()
                    await sleep(load_seconds)
                    self.models.append(name)
            self.models.append(self.models.pop(self.models.index(name)))
            yield
        finally:
            self._running[name] -= 1
            self._left.set()

    async def _make_room(self) -> None:
        while self._capacity and len(self.models) >= self._capacity:
            idle = [name for name in self.models if not self._running[name]]
            if idle:
                self.models.remove(idle[0])
            else:
                self._left.clear()
                await self._left.wait()


def _spread(character: Character, rng: random.Random, low: float, high: float) -> float:
    """How much longer, or shorter, than usual something takes."""
    factor = rng.uniform(low, high)
    return 1.0 if character.steady else factor


def simulated_spec(character: Character) -> ModelSpec:
    """Return a simulated model as a member of the pool."""
    return ModelSpec(character.name, ENDPOINT, character.name, character.locality, temperature=0.7)


def _rng(request: CallRequest, purpose: str) -> random.Random:
    call = f"{request.author}" if request.subject is not None else "answer"
    return random.Random(
        f"{request.seed}|{request.model.id}|{request.vignette.id}|{call}|{purpose}"
    )


def _pieces(text: str) -> list[str]:
    size = _TOKENS_PER_PIECE * _CHARACTERS_PER_TOKEN
    return [text[start : start + size] for start in range(0, len(text), size)]


def _reply(character: Character, request: CallRequest) -> str:
    if request.subject is None:
        return json.dumps(asdict(drawn_answer(character, request)), ensure_ascii=False)
    return json.dumps(asdict(drawn_review(character, request, request.subject)), ensure_ascii=False)


def drawn_answer(character: Character, request: CallRequest) -> Answer:
    """What a character answers to a stage 1 request, before it is written as JSON."""
    vignette, rng = request.vignette, _rng(request, "content")
    if not vignette.acceptable:
        return _placebo(rng)
    skilled = rng.random() < character.skill_in(vignette.specialty)
    if skilled or not vignette.inferior:
        # The regimen listed first is the usual choice, on which competent models tend to agree.
        weights = [_USUAL**place for place in range(len(vignette.acceptable))]
        answer = rng.choices(vignette.acceptable, weights)[0]
    else:
        # A plausible error is likelier than a gross one.
        weights = [0.1 + inferior.merit for inferior in vignette.inferior]
        answer = rng.choices(vignette.inferior, weights)[0].answer
    return answer if character.wordy else replace(answer, assessment=_first_sentence(answer))


def _placebo(rng: random.Random) -> Answer:
    """A user's own note: never a real drug."""
    dose = rng.choice(("1 unit", "1 unit", "2 units"))
    return Answer(
        "This answer is SIMULATED: no model has read the note, and no drug is suggested.",
        (Medication(Action.START, "SIMULATED placebo", dose, "oral", "once daily", "5 days"),),
        ("Use a real model for a real answer.",),
    )


def _first_sentence(answer: Answer) -> str:
    end = answer.assessment.find(". ")
    return answer.assessment if end < 0 else answer.assessment[: end + 1]


def drawn_review(character: Character, request: CallRequest, subject: Answer) -> Review:
    """What a character says of the answer under review."""
    rng = _rng(request, "content")
    fault = _fault(request, subject)
    seen = rng.random() < character.skill_in(request.vignette.specialty)
    fair = fault.merit if fault and seen else _GOOD_MERIT
    if not request.vignette.acceptable:
        fair = random.Random(f"{request.seed}|{request.author}|merit").uniform(0.4, 0.9)
    elif fault and not seen:
        fair = (fault.merit + _GOOD_MERIT) / 2  # the fault is felt, not found
    grade = min(1.0, max(0.0, rng.gauss(fair + character.bias, character.noise)))
    if fault and seen:
        rationale = f"{fault.why} Judged against the case, this lowers accuracy and safety."
    else:
        rationale = (
            "The choice fits the problem, the patient's facts are taken into account, and dose "
            "and duration are stated."
        )
    concern = fault.why if fault and seen and fault.unsafe else None
    return Review(rationale, round(grade, 2), concern)


def _fault(request: CallRequest, subject: Answer) -> Inferior | None:
    """The known inferior answer that the subject is, if it is not an acceptable one."""
    vignette = request.vignette
    if not vignette.inferior or generation_accuracy(subject, vignette) == 1:
        return None
    return max(
        vignette.inferior,
        key=lambda known: (
            known.answer.medications == subject.medications,
            similarity(known.answer, subject),
        ),
    )


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock moves only while there is nothing to do but wait.

    A pool that only sleeps lives through its seconds in no time, with the same latencies and the
    same order of events at every run: for headless simulated rounds and for tests. ``time_scale``:
    0 waits not at all, 1 as long as it says.
    """

    def __init__(self, time_scale: float = 0.0) -> None:
        self.clock = 0.0
        super().__init__(_SkippingSelector(self, time_scale))

    def time(self) -> float:
        """The loop's own clock, in seconds from 0."""
        return self.clock


class _SkippingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop, time_scale: float) -> None:
        super().__init__()
        self._loop = loop
        self._time_scale = time_scale

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        began = time.monotonic()
        events = super().select(timeout * self._time_scale)
        if not events:  # nothing came: the time that was waited for has passed
            self._loop.clock += timeout
        elif self._time_scale > 0:  # something came early: part of it has
            passed = (time.monotonic() - began) / self._time_scale
            self._loop.clock += min(timeout, passed)
        return events
