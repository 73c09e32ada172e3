"""`llmchem chemistry --bootstrap`, as a user meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmchem_tui.analysis.stability import EnsembleShare, Stability
from llmchem_tui.cli.stability import print_stability
from tests.cli import Llmchem, make_llmchem

HEADER = "trial,model,task,quality,accuracy,strategy"
POOL = {"a": "9,0.9", "b": "8,0.8", "c": "7,0.7"}
ROUNDS = ("ab", "ab", "bc", "bc")


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


def written(path: Path, rounds: tuple[str, ...] = ROUNDS) -> Path:
    rows = [
        f"T {number},{model},t,{POOL[model]},RANDOM"
        for number, models in enumerate(rounds)
        for model in models
    ]
    path.write_text("\n".join([HEADER, *rows, ""]))
    return path


def test_it_prints_intervals_the_recommended_set_and_the_coverage(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    result = llmchem("chemistry", written(tmp_path / "h.csv"), "--bootstrap", 200)
    assert (result.code, result.err) == (0, "")
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    (interval,) = [line for line in lines if line.startswith("a b") and "…" in line]
    assert "100.0 %" in interval
    drawn = "200 resamples of 4 rounds, seed 0"
    assert f"{drawn}; of sets that are equally good the first by name counts" in lines
    (recommended,) = [line for line in lines if line.startswith("recommended: ")]
    assert recommended.endswith("% of resamples")
    assert "Each two models met in 0 to 2 rounds." in lines
    assert "Never met: a and c." in lines


def test_its_document_has_the_same_and_no_chance(llmchem: Llmchem, tmp_path: Path) -> None:
    path = written(tmp_path / "h.csv")
    document = llmchem("chemistry", path, "--bootstrap", 200, "--json").document
    assert document == llmchem("chemistry", path, "--bootstrap", 200, "--json").document
    own = document.pop("bootstrap")
    assert document == llmchem("chemistry", path, "--json").document
    assert (own["resamples"], own["rounds"], own["seed"], own["tau"]) == (200, 4, 0, 0)
    assert [(pair["a"], pair["b"]) for pair in own["pairs"]] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert set(own["pairs"][0]) == {
        *("a", "b", "low", "high", "share_above_tau", "resamples", "rounds_together")
    }
    assert [pair["rounds_together"] for pair in own["pairs"]] == [2, 0, 2]
    assert own["never_met"] == [["a", "c"]]
    assert set(own["models"][0]) == {"name", "resamples", "unused"}
    shares = [own["recommended"]["share"], *(other["share"] for other in own["others"])]
    assert sum(shares) == pytest.approx(1)


def test_without_the_option_nothing_is_said_of_it(llmchem: Llmchem, tmp_path: Path) -> None:
    assert "resample" not in llmchem("chemistry", written(tmp_path / "h.csv")).out


@pytest.mark.parametrize(
    ("rounds", "options", "said"),
    [
        (("abc",), ("--bootstrap", 200), "A bootstrap needs at least 2 rounds"),
        (ROUNDS, ("--bootstrap", 200, "--profile", "best"), "add --profile mean"),
        (ROUNDS, ("--bootstrap", 0), "0 is not in the range"),
    ],
)
@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_what_cannot_be_drawn_again_is_one_sentence(
    llmchem: Llmchem,
    tmp_path: Path,
    as_json: tuple[str, ...],
    rounds: tuple[str, ...],
    options: tuple[object, ...],
    said: str,
) -> None:
    result = llmchem("chemistry", written(tmp_path / "h.csv", rounds), *options, *as_json)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("recommended", "said"),
    [
        (None, "The recommended set is compared for at most 16 models."),
        (EnsembleShare((), 0.25), "recommended: no ensemble in 25.0 % of resamples"),
        (EnsembleShare(("a", "b"), 1.0), "This is the best of all sets; recommend stops at a + c."),
    ],
)
def test_the_recommended_set_is_told_as_what_it_is(
    capsys: pytest.CaptureFixture[str], recommended: EnsembleShare | None, said: str
) -> None:
    print_stability(Stability(100, 0, 4, 0.0, (), (), recommended, (), ("a", "c")), [])
    assert said in capsys.readouterr().out.splitlines()
