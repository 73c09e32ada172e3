"""What rounds will consume: calls, tokens and cost, from what past calls took. No I/O."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from llmchem_tui.domain.model import Answer, Locality, ModelSpec, Usage, Vignette
from llmchem_tui.domain.totals import cost
from llmchem_tui.session.forecast import Pace
from llmchem_tui.session.protocol import Prompts, answer_messages, review_messages
from llmchem_tui.session.provider import Message

_CHARACTERS_PER_TOKEN = 4  # of English, with the vocabularies of today
_NO_PACE = Pace()


@dataclass(frozen=True, slots=True)
class Estimate:
    """Sums over calls. ``cost``: of the models whose prices are known; None: none of them has one.

    ``unpriced``: the remote models without prices. ``at_most``: what some models will write is not
    known; they are taken to write all that they may.
    """

    calls: float = 0.0
    tokens_in: float = 0.0
    tokens_out: float = 0.0
    cost: float | None = None
    unpriced: frozenset[str] = frozenset()
    at_most: bool = False

    def __add__(self, other: Estimate) -> Estimate:
        costs = [cost for cost in (self.cost, other.cost) if cost is not None]
        return Estimate(
            self.calls + other.calls,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            sum(costs) if costs else None,
            self.unpriced | other.unpriced,
            self.at_most or other.at_most,
        )

    @property
    def text(self) -> str:
        """The sums in a line."""
        bound = "at most" if self.at_most else "about"
        line = (
            f"{round(self.calls):,} calls, {bound} {round(self.tokens_in):,} tokens in and "
            f"{round(self.tokens_out):,} out"
        )
        if self.cost is not None:
            line += f", cost {bound} {self.cost:.2f}"
        if self.unpriced:
            line += f"; no price is known of {', '.join(sorted(self.unpriced))}"
        return line


def estimate(
    vignette: Vignette,
    models: Sequence[ModelSpec],
    size: int,
    prompts: Prompts,
    known: Mapping[str, Pace],
) -> Estimate:
    """Return what a round will consume if every answer is ok.

    ``models``: the ensemble, or those of which ``size`` will be drawn, each as likely as another.
    ``known``: paces by model name.
    """
    answer_in = _tokens(prompts.system, answer_messages(prompts, vignette))
    quoting = review_messages(prompts, vignette, Answer(""), "A", random.Random(0))
    paces = [known.get(spec.name, _NO_PACE) for spec in models]
    written = [_written(spec, pace) for spec, pace in zip(models, paces, strict=True)]
    quoted = sum(answer for answer, _ in written) / len(models)
    review_in = _tokens(prompts.system, quoting) + quoted
    share = size / len(models)
    whole = Estimate()
    for spec, pace, (answer_out, review_out) in zip(models, paces, written, strict=True):
        reviews_in = (size - 1) * _known(pace.review_tokens_in, review_in)
        tokens_in = _known(pace.answer_tokens_in, answer_in) + reviews_in
        tokens_out = answer_out + (size - 1) * review_out
        price = cost(Usage(round(tokens_in), round(tokens_out)), spec)
        whole += Estimate(
            calls=share * size,
            tokens_in=share * tokens_in,
            tokens_out=share * tokens_out,
            cost=None if price is None else share * price,
            unpriced=frozenset([spec.name] if may_cost(spec) and price is None else []),
            at_most=pace.answer_tokens is None,
        )
    return whole


def may_cost(spec: ModelSpec) -> bool:
    """Whether somebody may have to pay for a call: the model is remote, and not said to be free."""
    free = spec.price_in == 0 and spec.price_out == 0
    return spec.locality is Locality.REMOTE and not spec.simulated and not free


def _written(spec: ModelSpec, pace: Pace) -> tuple[float, float]:
    """The tokens of an answer and of a review; where they are not known all that it may write."""
    return _known(pace.answer_tokens, spec.max_tokens), _known(pace.review_tokens, spec.max_tokens)


def _known(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _tokens(system: str, messages: Sequence[Message]) -> float:
    characters = len(system) + sum(len(message.text) for message in messages)
    return characters / _CHARACTERS_PER_TOKEN
