"""What the report of a finished round is made from."""

from __future__ import annotations

from dataclasses import dataclass

from llmchem_tui.analysis.markdown import inline
from llmchem_tui.domain.model import ReviewResult
from llmchem_tui.domain.scoring import RoundScore
from llmchem_tui.session.anonymity import letter
from llmchem_tui.session.state import RoundState


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Other numbers from the same reviews.

    ``changes``: what is asked, such as "without the grades of B"; ``reviews``: those that count.
    """

    changes: tuple[str, ...]
    score: RoundScore
    reviews: tuple[ReviewResult, ...]


@dataclass(frozen=True, slots=True)
class RoundReport:
    """A finished round, and how it is told.

    ``score``: its numbers as they are saved. ``order``: the ensemble as the letters follow it.
    ``own_reviews``: a person's, which do not count in ``score``. ``untold``: what to say instead
    of an outcome that the files do not hold; blank: they do.
    """

    state: RoundState
    score: RoundScore
    order: tuple[str, ...]
    own_reviews: tuple[ReviewResult, ...] = ()
    untold: str = ""
    what_if: WhatIf | None = None

    def letter(self, name: str) -> str:
        """A member's letter, another reviewer's name; as Markdown."""
        return letter(self.order.index(name)) if name in self.order else inline(name)

    def title(self, name: str) -> str:
        """A member's letter and name, another reviewer's name; as Markdown."""
        return f"{self.letter(name)} {inline(name)}" if name in self.order else inline(name)

    def pair(self, review: ReviewResult) -> str:
        """Who reviewed whom, as Markdown."""
        return f"{self.letter(review.reviewer)} on {self.letter(review.author)}"

    @property
    def people(self) -> tuple[str, ...]:
        """The reviewers that are no members."""
        return tuple(dict.fromkeys(review.reviewer for review in self.own_reviews))

    def review(self, reviewer: str, author: str) -> ReviewResult | None:
        """One review, a person's included."""
        own = (r for r in self.own_reviews if (r.reviewer, r.author) == (reviewer, author))
        return next(own, None) or self.state.review(reviewer, author)
