"""What the rounds of a batch will take, and how many of them its limits leave room for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING

from llmchem_tui.batch.choices import Choices
from llmchem_tui.batch.request import BatchRound, Request
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import AnswerResult, Locality, Usage
from llmchem_tui.domain.totals import cost
from llmchem_tui.session.estimate import Estimate, estimate, may_cost
from llmchem_tui.session.events import AnswerEnded, Event, ReviewEnded

if TYPE_CHECKING:
    from llmchem_tui.domain.model import ModelSpec
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.session.forecast import Pace

_ANY = ""  # in place of a model's name


class Limits:
    """How many calls a batch may make, and how much it may spend.

    ``models``: those that can become members. ``reached``: what the first round is expected to take
    that was not begun; None: every limit left room.
    """

    def __init__(self, laboratory: Laboratory, request: Request, choices: Choices) -> None:
        """Check that the limits can be kept.

        Raises:
            InputError: a cost is limited, and the price of a model is not known.
        """
        self._laboratory = laboratory
        self._request = request
        self._choices = choices
        self._longest: dict[str, Usage] = {}
        self.models = _candidates(laboratory.pool.models, request.strategies)
        self.reached: Estimate | None = None
        unpriced = [spec.name for spec in self.paid if None in (spec.price_in, spec.price_out)]
        if request.max_cost is not None and unpriced:
            raise InputError(
                f"--max-cost cannot be kept: no price is known of {', '.join(unpriced)}; set "
                "price_in and price_out of the model, or use --max-calls."
            )

    @property
    def paid(self) -> tuple[ModelSpec, ...]:
        """The models whose calls somebody may have to pay for."""
        return tuple(filter(may_cost, self.models))

    def expected(self, one: BatchRound, known: Mapping[str, Pace]) -> Estimate:
        """Return what a round will take; ``known``: paces by model."""
        choice, laboratory = self._choices.of(one), self._laboratory
        models, size = laboratory.pool.models, one.size
        if choice is not None:
            models, size = laboratory.specs(choice.ensemble), len(choice.ensemble)
        return estimate(one.vignette, models, size, laboratory.prompts, known)

    def affordable(self, rounds: Sequence[BatchRound]) -> Sequence[BatchRound]:
        """Return the first of the rounds, as many as the limits leave room for now."""
        request, spent = self._request, self._laboratory.totals
        calls, money = float(spent.calls), spent.cost or 0.0
        most_calls = inf if request.max_calls is None else request.max_calls
        most_money = inf if request.max_cost is None else request.max_cost
        known = self._laboratory.paces()
        for number, one in enumerate(rounds):
            expected = self.expected(one, known)
            calls, money = calls + expected.calls, money + self._most_cost(one, expected)
            if calls > most_calls or money > most_money:
                self.reached = None if number else expected
                return rounds[:number]
            if request.max_cost is not None and not self._longest:
                return rounds[:1]  # which tells how much calls take
        return rounds

    def note(self, event: Event) -> None:
        """Take in how much a call has taken."""
        if isinstance(event, AnswerEnded | ReviewEnded):
            result = event.result
            name = result.model if isinstance(result, AnswerResult) else result.reviewer
            for of in (name, _ANY):
                self._longest[of] = _longer(result.usage, self._longest.get(of, Usage()))

    def _most_cost(self, one: BatchRound, expected: Estimate) -> float:
        """What a round may cost: as if each call were the longest of its model, or of any, so far.

        Before the first round every reply is taken to need repair, which asks twice.
        """
        if not self._longest:
            return 2 * (expected.cost or 0.0)
        choice = self._choices.of(one)
        members = self._laboratory.specs(choice.ensemble) if choice else self.models
        size = min(one.size, len(members))
        longest = [(self._longest.get(spec.name, self._longest[_ANY]), spec) for spec in members]
        per_member = sum(cost(usage, spec) or 0.0 for usage, spec in longest) / len(members)
        return size * size * per_member


def _candidates(pool: Sequence[ModelSpec], strategies: Sequence[str]) -> tuple[ModelSpec, ...]:
    if {*strategies} <= {"LOCAL", "REMOTE"}:
        kept = {Locality[strategy] for strategy in strategies}
        return tuple(spec for spec in pool if spec.locality in kept)
    return tuple(pool)


def _longer(a: Usage, b: Usage) -> Usage:
    """The larger number of tokens of each kind."""
    return Usage(max(a.tokens_in or 0, b.tokens_in or 0), max(a.tokens_out or 0, b.tokens_out or 0))
