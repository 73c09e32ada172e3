"""What is known of a round so far: fed by events, the same live, headless and in replay.

No clock, no I/O, no widget: the same events always give the same state.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from llmchem_tui.domain.final_recommendation import concerns
from llmchem_tui.domain.model import AnswerResult, ModelSpec, ReviewResult, Status
from llmchem_tui.domain.scoring import RoundScore, score_round
from llmchem_tui.domain.totals import Totals, totals
from llmchem_tui.session.events import (
    AnswerEnded,
    Call,
    CallStarted,
    Event,
    Phase,
    PhaseChanged,
    ReviewEnded,
    RoundEnded,
    RoundResumed,
    RoundStarted,
    TextArrived,
)
from llmchem_tui.session.parsing import readable


class _Pieces:
    """A text that grows: its pieces are joined when it is read, for it may be a megabyte long."""

    __slots__ = ("_pieces",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        self._pieces.append(piece)

    def __str__(self) -> str:
        if len(self._pieces) != 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Pieces) and str(self) == str(other)


@dataclass(slots=True)
class CallState:
    """One call: its raw text so far, and its result once it has ended.

    ``loading``: the server had to load the model for it.
    """

    call: Call
    endpoint: str = ""
    loading: bool = False
    began: float | None = None
    phase: Phase | None = None
    repairing: bool = False
    masked: int = 0
    result: AnswerResult | ReviewResult | None = None
    _text: _Pieces = field(default_factory=_Pieces, init=False)
    _thinking: _Pieces = field(default_factory=_Pieces, init=False)

    @property
    def text(self) -> str:
        """The raw reply so far."""
        return str(self._text)

    @property
    def thinking(self) -> str:
        """What the model has thought aloud so far."""
        return str(self._thinking)

    def add(self, piece: TextArrived) -> None:
        """Take in what has arrived; a second, repairing, reply replaces the first."""
        if piece.thinking:
            self._thinking.add(piece.text)
            return
        if piece.repair and not self.repairing:
            self.repairing, self._text = True, _Pieces()
        self._text.add(piece.text)

    @property
    def word(self) -> str:
        """The state in a word, as a user sees it."""
        if self.result is not None:
            return str(self.result.status)
        if self.began is None:
            return "queued"
        return str(self.phase) if self.phase else "waiting"

    @property
    def readable(self) -> str:
        """The text so far without JSON's braces."""
        return readable(self.text)


@dataclass(slots=True)
class RoundState:
    """A round so far. Made from its ``RoundStarted``; every later event of its trial is applied."""

    started: RoundStarted
    calls: dict[Call, CallState] = field(default_factory=dict)
    now: float = 0.0
    ended: RoundEnded | None = None

    def __post_init__(self) -> None:
        self.now = self.started.at
        for spec in self.started.ensemble:
            call = Call(spec.name)
            self.calls[call] = CallState(call)

    @classmethod
    def of(cls, events: Sequence[Event]) -> RoundState:
        """The state after a round's events, of which ``RoundStarted`` is the first."""
        started = events[0]
        assert isinstance(started, RoundStarted)
        state = cls(started)
        for event in events:
            state.apply(event)
        return state

    @property
    def trial(self) -> str:
        """The round's name: session id and number."""
        return self.started.trial

    @property
    def names(self) -> tuple[str, ...]:
        """The ensemble's names, in order."""
        return tuple(spec.name for spec in self.started.ensemble)

    def spec(self, name: str) -> ModelSpec:
        """The specification of a member."""
        return next(spec for spec in self.started.ensemble if spec.name == name)

    def apply(self, event: Event) -> None:
        """Take in what has happened; events of other trials and a second start are ignored."""
        if event.trial != self.trial or isinstance(event, RoundStarted):
            return
        self.now = event.at
        if isinstance(event, RoundEnded):
            self.ended = event
        elif isinstance(event, RoundResumed):
            self._resume()
        elif isinstance(event, AnswerEnded):
            self._call(Call(event.result.model)).result = event.result
        elif isinstance(event, ReviewEnded):
            self._call(Call(event.result.reviewer, event.result.author)).result = event.result
        else:
            self._apply_progress(event)

    def _resume(self) -> None:
        self.ended = None
        finished = self.finished
        for call in self.calls.keys() - finished.keys():
            self.calls[call] = CallState(call)

    def _apply_progress(self, event: CallStarted | PhaseChanged | TextArrived) -> None:
        state = self._call(event.call)
        if isinstance(event, CallStarted):
            state.began, state.masked, state.endpoint = event.at, event.masked, event.endpoint
        elif isinstance(event, PhaseChanged):
            state.phase = event.phase
            state.loading = state.loading or event.phase is Phase.LOADING
        else:
            state.add(event)

    def _call(self, call: Call) -> CallState:
        return self.calls.setdefault(call, CallState(call))

    @property
    def answers(self) -> dict[str, AnswerResult]:
        """The answers that have ended, by model, in the order of the ensemble."""
        results = {name: self.calls[Call(name)].result for name in self.names}
        return {n: result for n, result in results.items() if isinstance(result, AnswerResult)}

    @property
    def finished(self) -> dict[Call, Status]:
        """The calls that are not made again where the round goes on, answers first."""
        ended = {c: state.result.status for c, state in self.calls.items() if state.result}
        return {call: status for call, status in ended.items() if status is not Status.CANCELLED}

    @property
    def authors(self) -> tuple[str, ...]:
        """The members whose answer is ok, in order."""
        answers = self.answers
        return tuple(n for n in answers if answers[n].status is Status.OK)

    @property
    def reviews(self) -> list[ReviewResult]:
        """The reviews that have ended, in the order in which they began."""
        results = (state.result for state in self.calls.values())
        return [result for result in results if isinstance(result, ReviewResult)]

    def review(self, reviewer: str, author: str) -> ReviewResult | None:
        """One review, if it has ended."""
        state = self.calls.get(Call(reviewer, author))
        return state.result if state and isinstance(state.result, ReviewResult) else None

    def concerns(self, author: str) -> tuple[tuple[str, str], ...]:
        """The safety concerns raised so far about a model's answer, as (reviewer, text)."""
        return concerns(self.reviews, (author,))

    @property
    def expected_reviews(self) -> int:
        """How many reviews the round will have, as far as answers have not failed yet."""
        answers = self.answers
        possible = len(self.names) - len(answers) + len(self.authors)
        return possible * (possible - 1)

    @property
    def elapsed(self) -> float:
        """Seconds from the start to the last event."""
        return self.ended.elapsed if self.ended else self.now - self.started.at

    def totals(self) -> Totals:
        """What the calls that have ended consumed together."""
        specs = {spec.name: spec for spec in self.started.ensemble}
        return totals([*self.answers.values(), *self.reviews], specs)

    def latest_call(self, model: str) -> CallState:
        """The call of a model that began last: what its pane shows."""
        calls = [state for state in self.calls.values() if state.call.model == model]
        begun = [state for state in calls if state.began is not None]
        return begun[-1] if begun else self.calls[Call(model)]

    def score(
        self, *, abstain_below: float = 0.5, include: Collection[str] | None = None
    ) -> RoundScore:
        """Consensus, accuracies, outcome and recommendation of what is there so far.

        ``include``: the reviewers whose grades count; None: all.
        """
        return score_round(
            self.started.vignette,
            self.names,
            self.answers,
            self.reviews,
            abstain_below=abstain_below,
            include=include,
        )
