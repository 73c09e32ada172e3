"""Replaying rounds: a player that is told how much time has passed, and where that leads.

The rounds are laid one after another on one axis of seconds, each as long as it took: the clock of
a plan begins anew with every plan, and rounds of one plan may have run side by side.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import accumulate

from llmchem_tui.domain.model import ReviewResult, Status
from llmchem_tui.domain.scoring import RoundScore
from llmchem_tui.session.events import (
    AnswerEnded,
    Event,
    RoundStarted,
)
from llmchem_tui.session.state import RoundState
from llmchem_tui.session.track import Track

SPEEDS = (1, 2, 5, 10, 20, 50)
REST_SECONDS = 2.0
"""How long the end of a round stands before the next one begins, whatever the speed."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class ReplayRound:
    """One round to replay: its events in their order, ``RoundStarted`` the first of them.

    ``given``: its numbers, where answers or grades are not known and cannot be recomputed.
    ``untold``: what to say instead of an outcome that the files do not hold; blank: they do.
    ``own_grades``: a person's reviews by author. ``reviews_known``: others did not take place.
    ``regimens_known``: every usable answer is there; where texts are not saved it is not.
    """

    events: tuple[Event, ...]
    given: RoundScore | None = None
    untold: str = ""
    own_grades: Mapping[str, ReviewResult] = field(default_factory=dict)
    reviews_known: bool = True
    regimens_known: bool = field(init=False)
    track: Track = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        results = [event.result for event in self.events if isinstance(event, AnswerEnded)]
        known = all(one.answer for one in results if one.status is Status.OK)
        object.__setattr__(self, "regimens_known", known)
        object.__setattr__(self, "track", Track.of(self.events))

    @property
    def started(self) -> RoundStarted:
        """How the round began."""
        first = self.events[0]
        assert isinstance(first, RoundStarted)
        return first

    @property
    def trial(self) -> str:
        """The round's name."""
        return self.started.trial


class Player:
    """Plays rounds, at least one. It has no clock: ``tick`` says how much time has passed.

    ``state`` is the present round as far as it has come: one object as long as it is this round,
    so that whoever shows it need not begin anew. Going back, it is filled again from the events.
    """

    def __init__(self, rounds: Sequence[ReplayRound]) -> None:
        self.rounds = tuple(rounds)
        self.playing = False
        self.speed = SPEEDS[0]
        self._tracks = [one.track for one in self.rounds]
        self._begins = [0.0, *accumulate(track.seconds for track in self._tracks)]
        self._rested = 0.0
        self.index, self._count, self._offset = 0, 1, 0.0
        self.state = RoundState(self.rounds[0].started)

    # --- where it is ------------------------------------------------------------------------

    @property
    def round(self) -> ReplayRound:
        """The present round."""
        return self.rounds[self.index]

    @property
    def time(self) -> float:
        """Seconds from the beginning of the first round."""
        return self._begins[self.index] + self._offset

    @property
    def length(self) -> float:
        """Seconds that all rounds take together."""
        return self._begins[-1]

    @property
    def now(self) -> float:
        """The time on the clock of the round's own plan, as ``event.at`` counts it."""
        return self.state.started.at + self._offset

    @property
    def at_end(self) -> bool:
        """Whether all of the present round has happened."""
        return self._count == len(self.round.events)

    @property
    def finished(self) -> bool:
        """Whether all of the last round has happened."""
        return self.at_end and self.index == len(self.rounds) - 1

    @property
    def has_stage_2(self) -> bool:
        """Whether the present round has reviews that are known."""
        return self._track.stage_2 is not None

    @property
    def ends(self) -> list[float]:
        """Where each round ends."""
        return self._begins[1:]

    @property
    def stages(self) -> list[float]:
        """Where stage 2 of the rounds begins, as far as they have one."""
        return [
            begin + track.offsets[track.stage_2 - 1]
            for begin, track in zip(self._begins, self._tracks, strict=False)
            if track.stage_2 is not None
        ]

    @property
    def _track(self) -> Track:
        return self._tracks[self.index]

    # --- time -------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Play, or pause; at the very end play from the beginning."""
        if not self.playing and self.finished:
            self.to_round(0)
        self.playing = not self.playing

    def pause(self) -> None:
        """Let time stand still."""
        self.playing = False

    def change_speed(self, step: int) -> None:
        """Go to the next faster or slower speed, if there is one."""
        place = SPEEDS.index(self.speed) + step
        self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, place))]

    def tick(self, seconds: float) -> bool:
        """Let real time pass; return whether there is anything new."""
        if not self.playing:
            return False
        if self._offset >= self._track.seconds:
            return self._rest(seconds)
        end = self._track.seconds
        self._seek_in_round(self.index, min(end, self._offset + seconds * self.speed))
        self.playing = not (self.finished and self._offset >= end)
        return True

    def _rest(self, seconds: float) -> bool:
        self._rested += seconds
        if self.index == len(self.rounds) - 1:
            self.playing = False
        elif self._rested >= REST_SECONDS:
            self.to_round(self.index + 1)
            return True
        return not self.playing

    # --- going somewhere --------------------------------------------------------------------

    def seek(self, time: float) -> None:
        """Go to a time of the axis; what lies before its beginning or after its end is that."""
        time = max(0.0, min(self.length, time))
        index = min(bisect_right(self._begins, time), len(self.rounds)) - 1
        self._seek_in_round(index, time - self._begins[index])

    def seek_share(self, share: float) -> None:
        """Go to a share of the axis, in [0, 1]."""
        self.seek(share * self.length)

    def to_round(self, index: int) -> bool:
        """Go to where a round begins; return whether there is such a round."""
        if not 0 <= index < len(self.rounds):
            return False
        self._go(index, 1, 0.0)
        return True

    def to_stage_2(self) -> bool:
        """Go to where the first review of the round begins; return whether it has any."""
        count = self._track.stage_2
        if count is None:
            return False
        self._go(self.index, count, self._track.offsets[count - 1])
        return True

    def to_consensus(self) -> bool:
        """Stop at the end of the round, or from there at the end of the next one.

        Returns whether it has moved.
        """
        if self.finished:
            return False
        self.pause()
        self._go_to_end(self.index + self.at_end)
        return True

    def step(self) -> bool:
        """Pause, and go on to the next thing to be seen; return whether there was one."""
        self.pause()
        if self.at_end:
            return self.to_round(self.index + 1)
        steps = self._track.steps
        self._go_after(steps[bisect_right(steps, self._count)])
        return True

    def step_back(self) -> bool:
        """Pause, and go back to what was to be seen before; return whether there was anything."""
        self.pause()
        steps = self._track.steps
        place = bisect_left(steps, self._count) - 1
        if place >= 0:
            self._go_after(steps[place])
        elif self.index:
            self._go_to_end(self.index - 1)
        else:
            return False
        return True

    def _go_after(self, count: int) -> None:
        if count == len(self.round.events):
            self._go_to_end(self.index)
        else:
            self._go(self.index, count, self._track.offsets[count - 1])

    def _go_to_end(self, index: int) -> None:
        self._go(index, len(self.rounds[index].events), self._tracks[index].seconds)

    def _seek_in_round(self, index: int, offset: float) -> None:
        count = bisect_right(self._tracks[index].offsets, offset + _ROUNDING)
        self._go(index, max(1, count), offset)

    def _go(self, index: int, count: int, offset: float) -> None:
        """Be in a round, after so many of its events."""
        if index != self.index:
            self.state, self._count = RoundState(self.rounds[index].started), 1
        elif count < self._count:
            _empty(self.state)
            self._count = 1
        one = self.rounds[index]
        for event in one.track.between(one.events, self._count, count):
            self.state.apply(event)
        self.index, self._count, self._offset, self._rested = index, count, offset, 0.0


def _empty(state: RoundState) -> None:
    """Take the round back to where it has only begun."""
    begun = RoundState(state.started)
    for one in fields(state):
        setattr(state, one.name, getattr(begun, one.name))
