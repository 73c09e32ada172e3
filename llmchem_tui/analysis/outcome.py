"""What a round amounts to, in sentences without markup: the same wherever it is told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from llmchem_tui.domain.final_recommendation import FinalRecommendation
from llmchem_tui.domain.medication import Difference
from llmchem_tui.domain.model import ReviewResult

CONFIDENCE_IS = "agreement-weighted grade, not a probability"
NO_CHECK = "no interaction check is made"
NOT_KNOWN = "whether anything was recommended is not known: the history has no reviews"

_PLURALS = {
    "dose": "doses",
    "route": "routes",
    "frequency": "frequencies",
    "duration": "durations",
}


def basis(reviews: Iterable[ReviewResult], authors: Collection[str]) -> str:
    """Return how many of the reviews of these authors' answers gave a grade."""
    theirs = [review for review in reviews if review.author in authors]
    usable = sum(review.grade is not None for review in theirs)
    return f"{usable} of {len(theirs)} reviews; {NO_CHECK}"


def agreement(own: FinalRecommendation, who: Callable[[str], str]) -> list[str]:
    """Return who stands behind a recommendation, and in what these answers differ.

    ``who`` turns a model's name into what it is called there.
    """
    agreeing = ", ".join(who(name) for name in own.rests_on)
    said = f"{agreeing} agree" if len(own.rests_on) > 1 else f"{agreeing} alone stands for it"
    return [said, *(_difference(difference, who) for difference in own.differences)]


def support(own: FinalRecommendation) -> str:
    """Return every ingredient with its share of support; blank where there is none."""
    return ", ".join(f"{s.action} {s.ingredient} {s.share:.0%}" for s in own.agreement)


def _difference(difference: Difference, who: Callable[[str], str]) -> str:
    values = (f"{who(name)} {value or 'not stated'}" for name, value in difference.values.items())
    return f"{_PLURALS[difference.field]} of {difference.ingredient} differ: {', '.join(values)}"
