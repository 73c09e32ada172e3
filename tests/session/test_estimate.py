"""What a round will consume, before it runs."""

from __future__ import annotations

import dataclasses

import pytest

from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.session.estimate import Estimate, estimate, may_cost
from llmchem_tui.session.forecast import Pace
from llmchem_tui.storage.prompts import load_prompts
from llmchem_tui.storage.vignettes import find

CASE = find("cap-older-adult")
PROMPTS = load_prompts()
PACE = Pace(answer_tokens=100, review_tokens=10)


def spec(name: str, price: float | None = None, **other: object) -> ModelSpec:
    own = ModelSpec(name, "box", name, Locality.REMOTE, price_in=price, price_out=price)
    return dataclasses.replace(own, **other)  # type: ignore[arg-type]


def of(*models: ModelSpec, size: int | None = None, known: bool = True) -> Estimate:
    paces = {model.name: PACE for model in models} if known else {}
    return estimate(CASE, models, size or len(models), PROMPTS, paces)


def test_every_member_answers_and_reviews_every_other() -> None:
    three = of(spec("a"), spec("b"), spec("c"))
    assert three.calls == 9
    assert three.tokens_out == 3 * 100 + 6 * 10
    assert not three.at_most
    assert of(spec("a")).calls == 1


def test_what_a_model_reads_is_the_prompt_and_in_a_review_the_answer() -> None:
    alone, pair = of(spec("a")), of(spec("a"), spec("b"))
    assert alone.tokens_in > len(CASE.text) / 4
    assert pair.tokens_in > 2 * alone.tokens_in + 2 * (len(CASE.text) / 4 + 100)


def test_a_model_that_never_ran_may_write_all_that_it_is_allowed() -> None:
    unknown = of(spec("a", max_tokens=500), spec("b", max_tokens=700), known=False)
    assert unknown.tokens_out == 2 * 500 + 2 * 700
    assert "at most" in unknown.text
    assert "about" in of(spec("a")).text


def test_members_that_are_not_chosen_yet_count_by_their_chance() -> None:
    models = [spec(name, price) for name, price in zip("abcd", (1.0, 2.0, 3.0, 4.0), strict=True)]
    pairs = [(a, b) for i, a in enumerate(models) for b in models[i + 1 :]]
    mean = sum(of(*pair).cost or 0.0 for pair in pairs) / len(pairs)
    assert of(*models, size=2).cost == pytest.approx(mean)
    assert of(*models, size=2).calls == 4


def test_remote_models_without_prices_are_named() -> None:
    local = spec("here", locality=Locality.LOCAL)
    mixed = of(spec("a"), spec("b", 1.0), local)
    assert mixed.unpriced == {"a"}
    assert mixed.cost is not None
    assert "no price is known of a" in mixed.text
    assert of(spec("a"), local).cost is None


def test_sums_add_up() -> None:
    one, two = of(spec("a", 1.0)), of(spec("b"))
    both = one + two
    assert (both.calls, both.cost) == (2, one.cost)
    assert both.unpriced == {"b"}


@pytest.mark.parametrize(
    ("model", "costs"),
    [
        (spec("a"), True),
        (spec("a", 1.0), True),
        (spec("a", 0.0), False),
        (spec("a", locality=Locality.LOCAL), False),
        (spec("sim/a"), False),
    ],
)
def test_only_remote_models_that_are_not_free_may_cost(model: ModelSpec, costs: bool) -> None:
    assert may_cost(model) is costs
