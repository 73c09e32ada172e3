"""A round as it is read on the screen: who is hidden, and whose grades count. No widget."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from llmchem_tui.domain.model import Answer, AnswerResult, Outcome, ReviewResult, Status
from llmchem_tui.domain.plain_text import plain, plain_line

if TYPE_CHECKING:
    from llmchem_tui.domain.scoring import RoundScore, Score
    from llmchem_tui.session.state import RoundState

HUMAN = "human"
"""The reviewer that the user is, as reviews.csv names it."""

_NOT_SAVED = Answer("", ())
"""In the place of an ok answer whose text is not saved: its grades need none."""


@dataclass(slots=True)
class Reading:
    """A round, live or replayed, with what its reader asks of it.

    ``blind``: names are hidden. ``off``: reviewers whose grades are left out (what if).
    ``own_grades``: the user's reviews by author; they count only ``with_human``, and never in what
    is saved. ``given``: the numbers that a history has of a round that it does not tell in full.
    ``reviews_known``: reviews that are not there did not take place; without them nothing can be
    asked. ``regimens_known``: every ok answer is there; without them only the recommendation stays
    as it is saved.
    ``order``: the ensemble as the screen shows it; letters follow it, and blind they tell nothing.
    """

    state: RoundState
    abstain_below: float = 0.5
    blind: bool = False
    given: RoundScore | None = None
    reviews_known: bool = True
    regimens_known: bool = True
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
        from llmchem_tui.session.anonymity import letter

        return letter(self.order.index(name)) if name in self.order else plain_line(name)

    def title(self, name: str) -> str:
        """A member's letter and, unless it is hidden, its name."""
        return self.letter(name) if self.blind else f"{self.letter(name)} {plain_line(name)}"

    def text(self, text: str) -> str:
        """What a model or a server wrote, harmless; blind, without sentences that tell a name."""
        if self.blind:
            from llmchem_tui.session.anonymity import mask_text

            ensemble = self.state.started.ensemble
            names = (*self.state.names, *(spec.id for spec in ensemble))
            text, _ = mask_text(text, names)
        return plain(text)

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
    def moved_threshold(self) -> bool:
        """Whether the screen abstains below another confidence than the round did."""
        return self.abstain_below != self._abstained_below

    @property
    def asks_what_if(self) -> bool:
        """Whether the screen shows other numbers than those that are saved."""
        return self.moved_threshold or any(
            self.counts(name) is (name == HUMAN) for name in self.reviewers
        )

    def changes(self, whose: str = "your") -> tuple[str, ...]:
        """What the screen's numbers leave out or take in; ``whose`` grades the user's are."""
        out = [self.letter(name) for name in self.order if not self.counts(name)]
        parts = [f"without grades of {', '.join(out)}"] * bool(out)
        parts += [f"with {whose} grades"] * (self.with_human and bool(self.own_grades))
        parts += [f"abstaining below {self.abstain_below:.2f}"] * self.moved_threshold
        return tuple(parts)

    def review(self, reviewer: str, author: str) -> ReviewResult | None:
        """One review, the user's own included, if it has ended."""
        if reviewer == HUMAN:
            return self.own_grades.get(author)
        return self.state.review(reviewer, author)

    @property
    def ok(self) -> tuple[str, ...]:
        """Whose answers can be graded."""
        return tuple(name for name in self.order if name in self.state.authors)

    @property
    def all_graded(self) -> bool:
        """Whether the user has graded every answer that can be."""
        return all(name in self.own_grades for name in self.ok)

    @property
    def reviews(self) -> list[ReviewResult]:
        """The reviews that count on the screen."""
        reviews = [*self.state.reviews, *self.own_grades.values()]
        return [review for review in reviews if self.counts(review.reviewer)]

    def concerns(self, author: str) -> tuple[tuple[str, str], ...]:
        """The safety concerns of those who count about a model's answer, as (reviewer, text)."""
        from llmchem_tui.domain.final_recommendation import concerns

        return concerns(self.reviews, (author,))

    def saved_score(self) -> RoundScore:
        """The numbers as the files have them, or will have them."""
        if self.given is not None and self.state.ended is not None:
            return self.given
        return self._computed(self.state.reviews, self._abstained_below)

    def score(self) -> RoundScore:
        """The numbers as asked for."""
        if not self.asks_what_if:
            return self.saved_score()
        return self._computed(self.reviews, self.abstain_below)

    def _computed(self, reviews: Sequence[ReviewResult], abstain_below: float) -> RoundScore:
        """The numbers that follow from reviews, with what only the files can tell from there."""
        from llmchem_tui.domain.scoring import score_round

        state = self.state
        answers = {name: _with_answer(result) for name, result in state.answers.items()}
        score = score_round(
            state.started.vignette, state.names, answers, reviews, abstain_below=abstain_below
        )
        if self.given is not None:
            score = _with_given(score, self.given, state.authors)
        return score if self.regimens_known else self._without_regimens(score)

    def _without_regimens(self, score: RoundScore) -> RoundScore:
        """The numbers, with an outcome as far as it is saved: it cannot be computed."""
        from llmchem_tui.domain.final_recommendation import Candidate
        from llmchem_tui.domain.scoring import RoundScore

        if self.given is not None:
            return replace(self.given, scores=score.scores)
        outcome = Outcome.NO_CONSENSUS if score.recommendation else score.outcome
        candidates = tuple(Candidate(one.model, one.quality) for one in score.candidates)
        return RoundScore(score.scores, outcome, None, candidates)


def _with_answer(result: AnswerResult) -> AnswerResult:
    missing = result.status is Status.OK and result.answer is None
    return replace(result, answer=_NOT_SAVED) if missing else result


def _with_given(score: RoundScore, given: RoundScore, authors: Sequence[str]) -> RoundScore:
    """The score with the agreement with a reference as given: it does not depend on grades."""
    known = {name: own.gen_accuracy for name, own in given.scores.items() if name in authors}
    scores = score.scores | {
        name: _with_generation(score.scores[name], known[name]) for name in known
    }
    best = score.recommendation
    if best is not None and best.model in known:
        best = replace(best, gen_accuracy=known[best.model])
    return replace(score, scores=scores, recommendation=best)


def _with_generation(score: Score, generated: float | None) -> Score:
    from llmchem_tui.domain.consensus import accuracy  # numpy: late

    return replace(
        score, gen_accuracy=generated, accuracy=accuracy(generated, score.review_accuracy)
    )
