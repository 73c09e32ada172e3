"""The evidence of a report: what is kept apart, what is computed, and how it is told."""

from __future__ import annotations

import pytest

from llmchem_tui.analysis.evidence import Evidence, evidence
from llmchem_tui.analysis.evidence_markdown import evidence_sections
from llmchem_tui.analysis.grade_table import number
from llmchem_tui.config import ChemistrySettings
from tests.analysis.test_evaluate import Row, answer, failure, history_of

PUBLISHED_PAIR = [("a", 9.0, 0.9), ("b", 8.0, 0.8), ("c", 7.0, 0.7)]


def rows(strategy: str = "RANDOM", prefix: str = "", **more: str | float) -> list[Row]:
    """Two rounds of three models."""
    return [
        answer(f"{trial} {strategy}", prefix + name, accuracy, quality, **more)
        for trial in (1, 2)
        for name, quality, accuracy in PUBLISHED_PAIR
    ]


def only(rows: list[Row], **settings: float) -> Evidence:
    (own,) = evidence(history_of(rows), ChemistrySettings(**settings), {})  # type: ignore[arg-type]
    return own


def told(own: Evidence) -> dict[str, str]:
    return dict(evidence_sections(own))


def test_tasks_and_simulated_models_are_never_mixed() -> None:
    together = history_of(
        [
            *rows(prefix="sim/", task="t"),
            *rows(task="u"),
            *rows("LOCAL", task="t"),
            failure("9 LOCAL", "d") | {"task": "t"},
        ]
    )
    found = evidence(together, ChemistrySettings(), {})
    assert [(own.task, own.simulated, own.rounds, own.answers) for own in found] == [
        ("t", False, 3, 7),
        ("u", False, 2, 6),
        ("t", True, 2, 6),
    ]
    assert [sorted(own.profiles) for own in found] == [
        *[["a", "b", "c"]] * 2,
        ["sim/a", "sim/b", "sim/c"],
    ]
    assert [own.evaluation.strategies[0].strategy for own in found] == ["LOCAL", *["RANDOM"] * 2]


def test_the_settings_of_chemistry_and_former_names_count() -> None:
    aliased = evidence(history_of(rows()), ChemistrySettings(), {"a": "new"})
    assert sorted(aliased[0].profiles) == ["b", "c", "new"]
    assert only(rows(), usage_threshold=0.75).table.used == {"a", "b"}
    assert only(rows(), tau=0.7).tau == 0.7


def test_each_section_has_its_numbers_in_tables() -> None:
    own = only(
        rows(recommended="true", confidence=0.8)
        + [answer("3 LOCAL", name, accuracy, quality) for name, quality, accuracy in PUBLISHED_PAIR]
    )
    sections = told(own)
    assert [*sections] == ["head", "interaction", "strategies", "calibration"]
    assert "| a | 9.00 | 0.90 | 3 | 0 | yes |" in sections["interaction"]
    for a, b, value in own.table.pairs_above(0):
        assert f"| {a} | {b} | {number(value)} | " in sections["interaction"]
    assert "| LOCAL | all | 1 | 0.800 | 1.000 |" in sections["strategies"]
    assert "| RANDOM | all | 2 | 0.800 (0.800–0.800) | " in sections["strategies"]
    assert "variances are over answers, other means over rounds." in sections["strategies"]
    assert "| 0.8 to 0.9 | 2 | 0.80 | 0.80 |" in sections["calibration"]
    assert "Mean difference 0.00" in sections["calibration"]


@pytest.mark.parametrize(
    ("rows", "settings", "said"),
    [
        ([failure("1 RANDOM", "a")], {}, "No model has a profile."),
        (rows(), {"usage_threshold": 0.85}, "Fewer than two models are accurate enough"),
        (
            [answer("1 RANDOM", name, 0.9, 9.0) for name in "abc"],
            {},
            "The models cannot be told apart by what is known of them",
        ),
        (rows(), {"tau": 50.0}, "No pair has an interaction above 50."),
    ],
)
def test_where_no_pair_interacts_the_reason_is_given(
    rows: list[Row], settings: dict[str, float], said: str
) -> None:
    assert said in told(only(rows, **settings))["interaction"]


def test_what_is_not_known_is_said_and_not_invented() -> None:
    sections = told(only([failure("1 ", "a")]))
    assert "# Evidence on real models: task not known" in sections["head"]
    assert "| unknown | all | 1 | – | – | – |" in sections["strategies"]
    assert "There is no recommendation with a known accuracy." in sections["calibration"]


def test_a_long_task_is_cut_in_the_title_and_whole_below() -> None:
    (title, *lines) = told(only(rows(task="word " * 40)))["head"].splitlines()
    assert title.endswith("…") and len(title) < 120
    assert "- task: " + " ".join(["word"] * 40) in lines
