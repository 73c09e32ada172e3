"""What calls consumed together: tokens, and what they cost where prices are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from llmchem_tui.domain.model import AnswerResult, ModelSpec, ReviewResult, Usage

PER_PRICE = 1_000_000
"""Prices are per million tokens."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over ``calls`` that were made; ``counted`` of them told their tokens.

    ``cost``: of the ``priced`` calls, whose tokens and prices are known; None where there is none.
    """

    calls: int = 0
    counted: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    thinking_tokens: int = 0
    priced: int = 0
    cost: float | None = None
    seconds: float = 0.0

    def __add__(self, other: Totals) -> Totals:
        costs = [cost for cost in (self.cost, other.cost) if cost is not None]
        return Totals(
            self.calls + other.calls,
            self.counted + other.counted,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.thinking_tokens + other.thinking_tokens,
            self.priced + other.priced,
            sum(costs) if costs else None,
            self.seconds + other.seconds,
        )

    @property
    def text(self) -> str:
        """The sums in a line; what is known of some calls only says of how many."""
        calls = f"{self.calls} call{'s' * (self.calls != 1)}"
        if not self.counted:
            return f"{calls}, tokens not told"
        thinking = f" ({self.thinking_tokens:,} of them thinking)" if self.thinking_tokens else ""
        line = f"{calls}, {self.tokens_in:,} tokens in, {self.tokens_out:,} out{thinking}"
        if self.counted < self.calls:
            line += f", {self.calls - self.counted} did not tell"
        if self.cost is None:
            return line
        line += f", cost {self.cost:.4f}"
        return line if self.priced == self.calls else f"{line} for {self.priced} of the calls"


def cost(usage: Usage, spec: ModelSpec) -> float | None:
    """Return what a call cost; None unless both its tokens and both prices are known."""
    figures = (usage.tokens_in, usage.tokens_out, spec.price_in, spec.price_out)
    if None in figures:
        return None
    tokens_in, tokens_out, price_in, price_out = (float(figure or 0) for figure in figures)
    return (tokens_in * price_in + tokens_out * price_out) / PER_PRICE


def totals(
    results: Iterable[AnswerResult | ReviewResult], specs: Mapping[str, ModelSpec]
) -> Totals:
    """Return the sums over calls that were made; ``specs`` by name."""
    sums = Totals()
    for result in results:
        if result.latency is None:  # it was given up before it began
            continue
        model = result.model if isinstance(result, AnswerResult) else result.reviewer
        usage, price = result.usage, cost(result.usage, specs[model])
        sums += Totals(
            1,
            int(usage.tokens_in is not None or usage.tokens_out is not None),
            usage.tokens_in or 0,
            usage.tokens_out or 0,
            usage.thinking_tokens or 0,
            int(price is not None),
            price,
            result.latency,
        )
    return sums
