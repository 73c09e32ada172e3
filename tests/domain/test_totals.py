from __future__ import annotations

import pytest

from llmchem_tui.domain.model import (
    AnswerResult,
    Locality,
    ModelSpec,
    ReviewResult,
    Status,
    Usage,
)
from llmchem_tui.domain.totals import Totals, cost, totals

FREE = ModelSpec("free", "box", "free", Locality.LOCAL)
PRICED = ModelSpec("dear", "api", "dear", Locality.REMOTE, price_in=3.0, price_out=15.0)
SPECS = {"free": FREE, "dear": PRICED}


def answer(model: str, usage: Usage, latency: float | None = 2.0) -> AnswerResult:
    return AnswerResult(model, Status.OK, None, latency, usage)


def review(model: str, usage: Usage) -> ReviewResult:
    return ReviewResult(model, "x", Status.ERROR, latency=1.0, usage=usage)


def test_prices_are_per_million_tokens() -> None:
    assert cost(Usage(1_000_000, 100_000), PRICED) == pytest.approx(4.5)


@pytest.mark.parametrize("usage", [Usage(), Usage(5), Usage(None, 5)])
def test_without_all_tokens_there_is_no_cost(usage: Usage) -> None:
    assert cost(usage, PRICED) is None


def test_without_a_price_there_is_no_cost() -> None:
    assert cost(Usage(5, 5), FREE) is None


def test_all_calls_that_were_made_count_failed_ones_too() -> None:
    sums = totals(
        [
            answer("dear", Usage(1000, 200, 50)),
            review("dear", Usage(2000, 100)),
            answer("free", Usage(10, 20)),
            answer("free", Usage()),
            answer("free", Usage(), latency=None),
        ],
        SPECS,
    )
    assert (sums.calls, sums.counted, sums.priced) == (4, 3, 2)
    assert (sums.tokens_in, sums.tokens_out, sums.thinking_tokens) == (3010, 320, 50)
    assert sums.cost == pytest.approx((3000 * 3 + 300 * 15) / 1e6)
    assert sums.seconds == 7.0


def test_sums_can_be_added() -> None:
    one = totals([answer("dear", Usage(1000, 200))], SPECS)
    other = totals([answer("free", Usage(10, 20))], SPECS)
    assert one + other == totals(
        [answer("dear", Usage(1000, 200)), answer("free", Usage(10, 20))], SPECS
    )
    assert (other + other).cost is None


@pytest.mark.parametrize(
    ("sums", "line"),
    [
        (Totals(), "0 calls, tokens not told"),
        (Totals(2), "2 calls, tokens not told"),
        (Totals(1, 1, 1234, 56), "1 call, 1,234 tokens in, 56 out"),
        (Totals(3, 2, 9, 8, 7), "3 calls, 9 tokens in, 8 out (7 of them thinking), 1 did not tell"),
        (Totals(2, 2, 9, 8, 0, 2, 0.5), "2 calls, 9 tokens in, 8 out, cost 0.5000"),
        (
            Totals(2, 2, 9, 8, 0, 1, 0.5),
            "2 calls, 9 tokens in, 8 out, cost 0.5000 for 1 of the calls",
        ),
    ],
)
def test_the_line_says_what_is_known_and_of_how_much(sums: Totals, line: str) -> None:
    assert sums.text == line
