"""What a finished round is told from, and in which sentences: the same wherever it is told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmchem_tui.domain.final_recommendation import FinalRecommendation, concerns

if TYPE_CHECKING:
    from llmchem_tui.domain.medication import Difference
    from llmchem_tui.domain.model import ReviewResult
    from llmchem_tui.domain.scoring import RoundScore
    from llmchem_tui.session.state import RoundState

CONFIDENCE_IS = "agreement-weighted grade, not a probability"
NO_CHECK = "no interaction check is made"
_SHARES_ARE = "each: share of the weighted answers that name it"

_PLURALS = {
    "dose": "doses",
    "route": "routes",
    "frequency": "frequencies",
    "duration": "durations",
}

Who = Callable[[str], str]
"""What a model is called there, by its name."""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Other numbers from the same reviews.

    ``changes``: what is asked, such as "without B"; ``reviews``: those that count.
    """

    changes: tuple[str, ...]
    score: RoundScore
    reviews: tuple[ReviewResult, ...]


@dataclass(frozen=True, slots=True)
class RoundReport:
    """A finished round, and how it is told.

    ``score``: its numbers as they are saved. ``order``: the ensemble as the letters follow it.
    ``own_reviews``: a person's, which do not count in ``score``. ``untold``: what to say instead
    of an outcome that the files do not hold; blank: they do. ``reviews_known``: whether a review
    that is not there did not take place.
    """

    state: RoundState
    score: RoundScore
    order: tuple[str, ...]
    own_reviews: tuple[ReviewResult, ...] = ()
    untold: str = ""
    reviews_known: bool = True
    what_if: WhatIf | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """The reviewers that are no members."""
        return tuple(dict.fromkeys(review.reviewer for review in self.own_reviews))

    def review(self, reviewer: str, author: str) -> ReviewResult | None:
        """One review, a person's included."""
        own = (r for r in self.own_reviews if (r.reviewer, r.author) == (reviewer, author))
        return next(own, None) or self.state.review(reviewer, author)


def basis(reviews: Iterable[ReviewResult], authors: Collection[str], *, known: bool = True) -> str:
    """Return how many of the reviews of these authors' answers gave a grade.

    ``known``: whether reviews that are not there did not take place.
    """
    theirs = [review for review in reviews if review.author in authors]
    if not known:
        return f"the reviews are not known; {NO_CHECK}"
    usable = sum(review.grade is not None for review in theirs)
    return f"{usable} of {len(theirs)} reviews; {NO_CHECK}"


def safety(
    own: FinalRecommendation, reviews: Sequence[ReviewResult], who: Who, *, known: bool = True
) -> str:
    """Return whether a recommendation, and any other answer, met a concern, and on what basis."""
    told = basis(reviews, own.rests_on, known=known)
    if known and not own.concerns:
        told = f"no reviewer raised a concern about it ({told})"
    authors = dict.fromkeys(review.author for review in reviews)
    others = [who(a) for a in authors if a not in own.rests_on and concerns(reviews, (a,))]
    return f"{told}; there are concerns about {', '.join(sorted(others))}" if others else told


def agreement(own: FinalRecommendation, who: Who) -> list[str]:
    """Return who stands behind a recommendation, and in what these answers differ."""
    agreeing = ", ".join(sorted(map(who, own.rests_on)))
    said = f"{agreeing} agree" if len(own.rests_on) > 1 else f"{agreeing} alone stands for it"
    return [said, *(_difference(difference, who) for difference in own.differences)]


def support(own: FinalRecommendation) -> str:
    """Return every ingredient with its share of support; blank where there is none.

    The shares need not sum to 1: a regimen can hold several drugs.
    """
    shares = ", ".join(f"{s.action} {s.ingredient} {s.share:.0%}" for s in own.agreement)
    return f"{shares} ({_SHARES_ARE})" if shares else ""


def maskings(state: RoundState) -> dict[str, int]:
    """Return by author how many sentences of its answer were masked, as it names itself in them.

    Of the answers that went to a reviewer; where there is no record of it, of none.
    """
    begun = (own for own in state.calls.values() if own.began is not None)
    counts = {own.call.author: own.masked for own in begun if own.call.author is not None}
    return {name: counts[name] for name in state.names if name in counts}


def masked(state: RoundState, who: Who) -> str:
    """Return how many sentences were masked, and whose; blank where there is no record of it."""
    counts = maskings(state)
    if not any(counts.values()):
        return "no sentence was masked" if counts else ""
    told = sorted(f"{who(name)} {count}" for name, count in counts.items() if count)
    return f"masked sentences, in which the author names itself: {', '.join(told)}"


def _difference(difference: Difference, who: Who) -> str:
    values = (f"{who(name)} {value or 'not stated'}" for name, value in difference.values.items())
    return f"{_PLURALS[difference.field]} of {difference.ingredient} differ: {', '.join(values)}"
