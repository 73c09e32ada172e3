"""Equality with numbers computed elsewhere: the developers' oracle files beside the checkout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.consensus import vancouver
from llmchem_tui.domain.cost import cost
from llmchem_tui.domain.model import Profile
from llmchem_tui.domain.recommendation import RecommendationSettings, recommend

pytestmark = pytest.mark.integration

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


def oracle(name: str) -> dict[str, Any]:
    path = SHARED / "oracles" / name
    if not path.is_file():
        pytest.skip("the developers' oracle files are not beside this checkout")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def test_consensus_equals_the_crowdgrader_implementation() -> None:
    cases = oracle("vancouver.json")["cases"]
    assert len(cases) == 32
    for case in cases:
        reviewers = sorted({review[0] for review in case["reviews"]})
        answers = sorted({review[1] for review in case["reviews"]})
        grades = np.full((len(reviewers), len(answers)), np.nan)
        for reviewer, answer, grade in case["reviews"]:
            grades[reviewers.index(reviewer), answers.index(answer)] = grade
        consensus = vancouver(
            grades, basic_variance=case["basic_variance"], iterations=case["iterations"]
        )
        for key, found, names in (
            ("item_grade", consensus.quality, answers),
            ("item_variance", consensus.quality_variance, answers),
            ("reviewer_variance", consensus.reviewer_variance, reviewers),
        ):
            expected = [case[key][name] for name in names]
            np.testing.assert_allclose(
                found, expected, rtol=1e-9, atol=1e-12, err_msg=f"{case['name']} {key}"
            )


@pytest.mark.parametrize(("form", "empty_cost"), [("definition", 0.0), ("empty_cost_1", 1.0)])
def test_chemistry_equals_the_brute_force_of_every_pool(form: str, empty_cost: float) -> None:
    cases = oracle("chemistry.json")["cases"]
    assert len(cases) == 27
    for number, case in enumerate(cases):
        profiles = [Profile(m["name"], m["quality"], m["accuracy"]) for m in case["models"]]
        table = chemistry(profiles, usage_threshold=case["usage_threshold"], empty_cost=empty_cost)
        pairs = table.pairs_above(-1.0)
        assert len(pairs) == len(case[form])
        for a, b, value in pairs:
            expected = case[form][f"{a}|{b}"]
            assert value == pytest.approx(expected, rel=1e-9, abs=1e-12), f"pool {number}"


def test_the_papers_cost_is_the_rounded_one() -> None:
    example = oracle("chemistry.json")["paper_examples"]["eq1"]
    answers = [Profile(f"m{i}", q, a) for i, (q, a) in enumerate(example["answers"])]
    assert cost(answers) == pytest.approx(example["cost"], abs=5e-4)


def test_the_published_history_gives_the_recommendations_computed_twice_before() -> None:
    import pandas

    expected = oracle("recommend.json")
    rows = pandas.read_csv(SHARED / "data" / "published" / "runs.csv")
    # Six rows lack a column: their strategy holds the date.
    shifted = rows["created"].isna()
    assert shifted.sum() == 6
    rows.loc[shifted, "strategy"] = ""
    by_round = rows.groupby(["model", "trial", "strategy"])[["quality", "accuracy"]].mean()
    means = by_round.groupby("model").mean()
    profiles = [
        Profile(name, quality, accuracy)
        for name, quality, accuracy in zip(
            means.index.tolist(),
            means["quality"].tolist(),
            means["accuracy"].tolist(),
            strict=True,
        )
    ]
    past = {frozenset(names) for _, names in rows.groupby(["trial", "strategy"])["model"]}
    table = chemistry(profiles)
    assert len(table.used) == expected["used_models"]
    for key, size in (("size_3", 3), ("free_size_2_to_10", None)):
        result = recommend(table, profiles, past, RecommendationSettings(size=size))
        assert list(result.ensemble) == expected[key]["ensemble"]
        assert result.loss == pytest.approx(expected[key]["loss"], abs=1e-6)
        assert result.optimum is not None
        assert result.optimum.ensemble == result.ensemble
