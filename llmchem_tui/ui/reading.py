"""A round as it is read on the screen: who is hidden, and whose grades count. No widget."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from llmchem_tui.domain.model import ReviewResult
from llmchem_tui.domain.scoring import RoundScore, score_round
from llmchem_tui.session.anonymity import letter
from llmchem_tui.session.state import RoundState

HUMAN = "human"
"""The reviewer that the user is, as reviews.csv names it."""


@dataclass(slots=True)
class Reading:
    """A round, live or replayed, with what its reader asks of it.

    ``blind``: names are hidden. ``off``: reviewers whose grades are left out (what if).
    ``own_grades``: the user's reviews by author; they count only ``with_human``, and never in what
    is saved. ``given``: the numbers that a history has of a round whose grades are not known.
    ``order``: the ensemble as the screen shows it; letters follow it, and blind they tell nothing.
    """

    state: RoundState
    abstain_below: float = 0.5
    blind: bool = False
    given: RoundScore | None = None
    off: set[str] = field(default_factory=set)
    own_grades: dict[str, ReviewResult] = field(default_factory=dict)
    with_human: bool = False
    order: tuple[str, ...] = ()
    _abstained_below: float = 0.5

    def __post_init__(self) -> None:
        names = list(self.state.names)
        if self.blind:
            random.Random(f"{self.state.trial} {self.state.started.seed}").shuffle(names)
        self.order = tuple(names)
        self._abstained_below = self.abstain_below

    def letter(self, name: str) -> str:
        """The letter of a member on the screen; another reviewer goes by its name."""
        return letter(self.order.index(name)) if name in self.order else name

    @property
    def reviewers(self) -> Iterator[str]:
        """Whoever graded, or may still: the ensemble, and the user once there is a grade."""
        yield from self.order
        if self.own_grades:
            yield HUMAN

    def counts(self, reviewer: str) -> bool:
        """Whether a reviewer's grades count on the screen."""
        return self.with_human if reviewer == HUMAN else reviewer not in self.off

    def turn(self, reviewer: str) -> None:
        """Leave a reviewer's grades out, or let them count again."""
        if reviewer == HUMAN:
            self.with_human = not self.with_human
        else:
            self.off ^= {reviewer}

    @property
    def asks_what_if(self) -> bool:
        """Whether the screen shows other numbers than those that are saved."""
        other = self.abstain_below != self._abstained_below
        return other or any(self.counts(name) is (name == HUMAN) for name in self.reviewers)

    def review(self, reviewer: str, author: str) -> ReviewResult | None:
        """One review, the user's own included, if it has ended."""
        if reviewer == HUMAN:
            return self.own_grades.get(author)
        return self.state.review(reviewer, author)

    def saved_score(self) -> RoundScore:
        """The numbers as the files have them, or will have them."""
        return self.given or self.state.score(abstain_below=self._abstained_below)

    def score(self) -> RoundScore:
        """The numbers as asked for."""
        if self.given is not None or not self.asks_what_if:
            return self.saved_score()
        return score_round(
            self.state.started.vignette,
            self.state.names,
            self.state.answers,
            [*self.state.reviews, *self.own_grades.values()],
            abstain_below=self.abstain_below,
            include={name for name in self.reviewers if self.counts(name)},
        )
