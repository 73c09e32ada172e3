"""`llmchem chemistry --properties`, as a user meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli import Llmchem, make_llmchem


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


def written(path: Path, models: dict[str, str]) -> Path:
    rows = [f"T 1,{model},t,{numbers},RANDOM" for model, numbers in models.items()]
    path.write_text("\n".join(["trial,model,task,quality,accuracy,strategy", *rows, ""]))
    return path


PAPER = {"a": "9,0.9", "b": "8,0.8", "c": "7,0.7"}


def test_it_tells_how_often_each_property_fails_and_shows_where(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    result = llmchem("chemistry", written(tmp_path / "h.csv", PAPER), "--properties")
    assert (result.code, result.err) == (0, "")
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert "monotonicity cost(X + m) ≥ cost(X + n), n no worse than m 6 none" in lines
    assert "linearity cost(X) = Σ cost({m}) over m in X 8 4" in lines
    begin = lines.index("linearity fails: cost(X) = Σ cost({m}) over m in X")
    assert lines[begin + 1 : begin + 6] == [
        "cost(a + c) = 0.055",
        "cost(a) = 0.01",
        "cost(c) = 0.09",
        "left side 0.055, right side 0.1",
        "penalties by rank: a 0.01, c 0.09",
    ]
    assert not any(line.startswith("monotonicity fails") for line in lines)


def test_its_document_has_the_same(llmchem: Llmchem, tmp_path: Path) -> None:
    path = written(tmp_path / "h.csv", PAPER)
    document = llmchem("chemistry", path, "--properties", "--json").document
    own = document.pop("properties")
    assert document == llmchem("chemistry", path, "--json").document
    assert (own["models"], own["left_out"]) == (["a", "b", "c"], [])
    by_name = {check["name"]: check for check in own["checks"]}
    assert list(by_name) == [
        *("monotonicity", "linearity", "submodularity", "monotonicity in sets")
    ]
    assert by_name["monotonicity"]["counter_example"] is None
    assert by_name["submodularity"]["counter_example"]["sets"][0] == {
        "models": ["a"],
        "cost": pytest.approx(0.01),
    }


@pytest.mark.parametrize(
    ("models", "said", "unsaid"),
    [
        (
            {"a": "9,0.1", "b": "8,0.2"},
            "No model is accurate enough to be used, so no property of the cost can be tried.",
            "none",
        ),
        ({"a": "9,0.9", "b": "8,0.2"}, "on all sets of 1 used model:", "1 used models"),
        ({"a": "9,0.9"}, "cost(X + b) - cost(X + a + b) 0 not tried", "0 none"),
    ],
)
def test_what_there_was_nothing_to_try_on_is_said(
    llmchem: Llmchem, tmp_path: Path, models: dict[str, str], said: str, unsaid: str
) -> None:
    result = llmchem("chemistry", written(tmp_path / "h.csv", models), "--properties")
    assert (result.code, result.err) == (0, "")
    words = " ".join(result.out.split())
    assert said in words
    assert unsaid not in words


def test_models_that_were_not_looked_at_are_counted(llmchem: Llmchem, tmp_path: Path) -> None:
    many = {f"m{i:02}": f"{9 - i / 4},0.9" for i in range(18)}
    result = llmchem("chemistry", written(tmp_path / "h.csv", many), "--properties")
    assert "2 more were not looked at; the 16 are m00, m01," in result.out
    assert "on all sets of 16 used models:" in result.out
