"""What is compared: rounds of one kind, read once, and never an answer to an older question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from llmchem_tui.analysis.statistics import Anova, Calibration, CalibrationBin, Estimate, Pearson
from llmchem_tui.config import Settings
from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage import history
from llmchem_tui.storage.selections import Part
from llmchem_tui.ui import comparison_words as words
from llmchem_tui.ui.comparison import Comparison, Comparisons, Question, Unclear

HEADER = "trial,model,task,latency,quality,accuracy,strategy,created,confidence,recommended"
TASK = "choose a drug"


def line(trial: int, model: str, accuracy: float, strategy: str, task: str = TASK) -> str:
    day = f"2026-01-{trial:02d} 08:00:00"
    return (
        f"{trial},{model},{task},{trial},{accuracy * 10},{accuracy},{strategy},{day},0.{trial},true"
    )


REAL = [
    *(line(trial, "a", 0.2 * trial, "LOCAL") for trial in (1, 2, 3)),
    *(line(trial, "b", 0.9, "REMOTE") for trial in (4, 5)),
]
SIMULATED = [line(6, "sim/a", 0.0, "LOCAL"), line(7, "sim/b", 0.0, "RANDOM")]


def csv(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


def ask(comparisons: Comparisons, *paths: Path, **more: object) -> Comparison:
    question = replace(Question(paths), **more)  # type: ignore[arg-type]
    found = comparisons.of(question, lambda: False)
    assert isinstance(found, Comparison)
    return found


def rounds(found: Comparison) -> dict[str, int]:
    return {one.strategy: one.rounds for one in found.evaluation.strategies}


@pytest.fixture
def comparisons() -> Comparisons:
    return Comparisons(Settings())


def test_real_rounds_are_compared_without_simulated_ones(
    comparisons: Comparisons, tmp_path: Path
) -> None:
    real, both = csv(tmp_path / "r.csv", REAL), csv(tmp_path / "b.csv", REAL + SIMULATED)
    found = ask(comparisons, both)
    assert found.part == Part(TASK, False, 5)
    assert found.parts == (Part(TASK, False, 5), Part(TASK, True, 2))
    assert found.evaluation == ask(comparisons, real).evaluation
    assert [one.model for one in found.latencies] == ["a", "b"]
    assert found.courses.models == ("a", "b")
    simulated = ask(comparisons, both, part=(TASK, True))
    assert rounds(simulated) == {"LOCAL": 1, "RANDOM": 1}
    assert simulated.courses.models == ("sim/a", "sim/b")


def test_where_all_is_simulated_that_is_compared(comparisons: Comparisons, tmp_path: Path) -> None:
    assert ask(comparisons, csv(tmp_path / "s.csv", SIMULATED)).part.simulated


def test_of_several_tasks_one_must_be_named(comparisons: Comparisons, tmp_path: Path) -> None:
    path = csv(tmp_path / "two.csv", [*REAL, line(8, "a", 0.1, "LOCAL", "another")])
    found = comparisons.of(Question((path,)), lambda: False)
    assert found == Unclear((Part("another", False, 1), Part(TASK, False, 5)))
    assert rounds(ask(comparisons, path, part=("another", False))) == {"LOCAL": 1}
    gone = comparisons.of(Question((path,), ("a third", False)), lambda: False)
    assert isinstance(gone, Unclear)


def test_a_file_is_read_again_only_when_it_has_changed(
    comparisons: Comparisons, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    own = history.read_history

    def counted(paths: list[Path]) -> history.History:
        read.extend(path.name for path in paths)
        return own(paths)

    monkeypatch.setattr(history, "read_history", counted)
    first, second = (
        csv(tmp_path / "1.csv", REAL),
        csv(tmp_path / "2.csv", [line(9, "a", 1, "LOCAL")]),
    )
    before = ask(comparisons, first, second)
    assert ask(comparisons, first, second) is before
    assert ask(comparisons, first, second, model="a").evaluation is before.evaluation
    ask(comparisons, first)
    assert read == ["1.csv", "2.csv"]
    csv(second, [line(9, "a", 1, "LOCAL"), line(10, "a", 1, "LOCAL")])
    assert rounds(ask(comparisons, first, second)) == {"LOCAL": 5, "REMOTE": 2}
    assert read == ["1.csv", "2.csv", "2.csv"]


def test_the_accuracy_of_one_model_is_followed_and_then_of_all_again(
    comparisons: Comparisons, tmp_path: Path
) -> None:
    path = csv(tmp_path / "r.csv", REAL)
    for model, strategies in (("b", ["REMOTE"]), ("", ["LOCAL", "REMOTE"]), ("a", ["LOCAL"])):
        found = ask(comparisons, path, model=model)
        assert found.question.model == model
        assert [one.strategy for one in found.courses.courses] == strategies


def test_of_several_files_a_damaged_one_is_left_out_and_said(
    comparisons: Comparisons, tmp_path: Path
) -> None:
    whole, broken = csv(tmp_path / "1.csv", REAL), tmp_path / "broken.csv"
    broken.write_text("", encoding="utf-8")
    found = ask(comparisons, whole, broken)
    assert rounds(found) == {"LOCAL": 3, "REMOTE": 2}
    assert any("Left out" in note and "broken.csv is empty" in note for note in found.notes)
    with pytest.raises(InputError, match=r"broken\.csv is empty"):
        comparisons.of(Question((broken,)), lambda: False)
    with pytest.raises(InputError, match="No history has a finished round"):
        comparisons.of(Question((broken, tmp_path / "none.csv")), lambda: False)


def test_a_question_that_is_superseded_has_no_answer(
    comparisons: Comparisons, tmp_path: Path
) -> None:
    path = csv(tmp_path / "r.csv", REAL)
    assert comparisons.of(Question((tmp_path / "none.csv",)), lambda: True) is None
    told = iter([False, True])
    assert comparisons.of(Question((path,)), lambda: next(told)) is None
    assert rounds(ask(comparisons, path)) == {"LOCAL": 3, "REMOTE": 2}


# --- what is said -----------------------------------------------------------------------------


def told(found: Comparison, **more: Anova | Pearson) -> str:
    evaluation = replace(found.evaluation, **more)  # type: ignore[arg-type]
    return " ".join(content.plain for content in words.findings(evaluation))


def test_findings_say_what_they_mean_and_where_they_come_from(
    comparisons: Comparisons, tmp_path: Path
) -> None:
    found = ask(comparisons, csv(tmp_path / "r.csv", REAL))
    groups = ("LOCAL", "REMOTE")
    clear = told(found, anova=Anova(9.5, 0.0002, groups, 1234))
    assert "differ in accuracy by more than chance explains (F = 9.50, p < 0.001, 1,234" in clear
    assert "do not differ" in told(found, anova=Anova(1.2, 0.31, groups, 12))
    assert "cannot be told: no group has" in told(
        found, anova=Anova(None, None, (), 2, "no group has")
    )
    weak = told(found, chemistry_with_complementarity=Pearson(-0.2, 0.01, 99))
    assert "Weakly, more interaction goes with less complementarity (r = -0.20, p = 0.010" in weak
    strong = told(found, chemistry_with_effectiveness=Pearson(0.6, 0.01, 99))
    assert "Strongly, more interaction goes with more effectiveness" in strong
    chance = told(found, chemistry_with_effectiveness=Pearson(0.6, 0.2, 5))
    assert "does not go with effectiveness by more than chance explains" in chance


@pytest.mark.parametrize(
    ("accuracy", "how"),
    [(0.5, "less accurate"), (0.7, "as accurate"), (0.9, "more accurate")],
)
def test_calibration_says_whether_confidence_is_too_high(accuracy: float, how: str) -> None:
    bins = (CalibrationBin(0.7, 0.8, 3, 0.7, accuracy),)
    found = Calibration(3, 0.7, accuracy, 0.1, abs(accuracy - 0.7), bins)
    assert how in words.about_calibration(found)[0].plain
    assert "No recommendation has both" in (
        words.about_calibration(Calibration(0, None, None, None, None, ()))[0].plain
    )


def test_what_is_missing_is_shown_as_missing() -> None:
    assert words.estimate(Estimate(None, None, None, 0)) == "– not known"
    assert words.estimate(Estimate(0.5, None, None, 1)) == ".50 (1 round)"
    assert words.estimate(Estimate(0.5, 0.25, 1.0, 9)) == ".50 (.25–1.00)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.00"),
        (0.994, "0.99"),
        (0.996, "1.0"),
        (9.94, "9.9"),
        (9.96, "10"),
        (1234.5, "1,234"),
        (999_999.6, "1e+06"),
        (1e308, "1e+308"),
    ],
)
def test_seconds_keep_about_three_digits(value: float, text: str) -> None:
    assert words.seconds(value) == text
