"""Pictures: the same bytes every time, whatever names and settings there are, and without noise."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

from llmchem_tui.analysis.evidence import Evidence, evidence
from llmchem_tui.analysis.evidence_pictures import evidence_pictures
from llmchem_tui.analysis.figures import MOST_MODELS, heat_map, short
from llmchem_tui.analysis.pictures import NEEDS_PLOTS, SIMULATED, Picture, check_plots, draw, png
from llmchem_tui.config import ChemistrySettings
from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Profile
from llmchem_tui.storage.copies import OWN_MARK
from tests.analysis.test_evaluate import Row, answer, failure, history_of

HOSTILE = (
    "$x^2$",
    "$\\frac",
    "<script>alert(1)</script>",
    "]]>&lt;",
    "模型 %s",
    "a\x1b[31m\u202eb",
)


def rows(*names: str) -> list[Row]:
    """Four rounds of each of two strategies; of each a recommendation."""
    return [
        answer(
            f"{number} {strategy}",
            name,
            0.5 + 0.08 * place + 0.01 * number,
            5.0 + place,
            recommended="true" if place == 0 else "",
            confidence=0.6 + 0.1 * number,
        )
        for strategy in ("CHEMISTRY", "RANDOM")
        for number in range(4)
        for place, name in enumerate(names)
    ]


def evidence_of(rows: list[Row]) -> Evidence:
    (own,) = evidence(history_of(rows), ChemistrySettings(), {})
    return own


def drawn(rows: list[Row], *, every: bool = False) -> list[Picture]:
    return list(evidence_pictures(evidence_of(rows), "", every=every))


def words(picture: Picture) -> list[str]:
    """The words in a picture, as a viewer shows them."""
    texts = ElementTree.fromstring(picture.svg).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()) for text in texts]


def table_of(models: int) -> Picture:
    profiles = [
        Profile(f"m{i:02}", 5 + 5 * i / models, 0.9 - 0.3 * i / models) for i in range(models)
    ]
    return draw("x", "", "", "", lambda: heat_map(chemistry(profiles)))


def test_there_is_a_picture_of_each_thing_that_is_known() -> None:
    every = drawn(rows("a", "b", "c"), every=True)
    assert [(picture.name, picture.about) for picture in every] == [
        ("interaction", "interaction"),
        ("maps-2-to-3-models-complementarity", "maps"),
        ("maps-2-to-3-models-hypervolume", ""),
        ("maps-2-to-3-models-rao", ""),
        ("strategies", "strategies"),
        ("calibration", "calibration"),
    ]
    fewer = [failure("1 RANDOM", "a"), answer("2 LOCAL", "a", 0.9, 9.0)]
    assert [picture.name for picture in drawn(fewer)] == ["strategies"]


def test_the_same_rounds_give_the_same_bytes_whatever_the_settings_of_matplotlib() -> None:
    own = evidence_of(rows("a", "b", "c"))

    def bytes_of_two() -> list[tuple[str, bytes]]:
        two = islice(evidence_pictures(own, "", every=False), 2)  # with paths, and with images
        return [(picture.svg, png(picture)) for picture in two]

    first = bytes_of_two()
    with matplotlib.rc_context({"font.size": 30.0, "svg.fonttype": "path", "axes.grid": True}):
        assert bytes_of_two() == first
        assert matplotlib.rcParams["font.size"] == 30.0  # it is the user's again


def test_names_are_words_and_never_formulas_markup_or_warnings() -> None:
    (interaction, *_, strategies, _calibration) = drawn(rows(*HOSTILE))
    shown = words(interaction)
    for name in ("$x^2$", "$\\frac", "<script>alert(1)</script>", "]]>&lt;", "模型 %s"):
        assert shown.count(name) == 2
    assert "a␛[31m\ufffdb" in shown
    assert png(interaction).startswith(b"\x89PNG") and png(strategies)


def test_a_name_that_is_too_long_is_cut() -> None:
    assert short("x" * 26) == "x" * 26
    assert short("x" * 27) == "x" * 25 + "…"


def test_a_file_tells_near_its_beginning_whose_it_is() -> None:
    picture = table_of(3)
    for content in (picture.svg.encode(), png(picture)):
        assert OWN_MARK.encode() in content[:2048]


def test_a_heat_map_shows_the_models_that_interact_most_and_no_unused_one() -> None:
    unused = Profile("unused", 9.0, 0.1)
    profiles = [Profile("a", 9.0, 0.9), Profile("b", 8.0, 0.8), unused]
    shown = words(draw("x", "", "", "", lambda: heat_map(chemistry(profiles))))
    assert shown.count("a") == shown.count("b") == 2 and "unused" not in shown
    many = words(table_of(MOST_MODELS + 5))
    assert sum(text.startswith("m") for text in many) == 2 * MOST_MODELS


def test_the_numbers_of_a_heat_map_are_those_of_the_table() -> None:
    own = evidence_of(rows("a", "b", "c", "d")).table
    (interaction, *_) = drawn(rows("a", "b", "c", "d"))
    expected = sorted(f"{value:.2f}" for value in own.values[~np.isnan(own.values)].tolist())
    shown = [text for text in words(interaction) if len(text) == 4]
    assert sorted(shown) == expected


@pytest.mark.parametrize(
    "only",
    [
        rows("a", "b")[:2],  # one round
        [answer(f"{n} RANDOM", m, 1.0, 10.0) for n in range(3) for m in "ab"],  # nothing to add
        [answer(f"{n} RANDOM", m, 0.7, 7.0) for n in range(3) for m in "ab"],  # all alike
        [failure(f"{n} {strategy}", "a") for n, strategy in enumerate(("", "LOCAL"))],
    ],
)
def test_little_or_uniform_evidence_is_drawn_without_a_warning(only: list[Row]) -> None:
    for picture in drawn(only, every=True):
        assert words(picture) and png(picture)


def test_a_strategy_of_which_nothing_is_known_says_so() -> None:
    (strategies,) = drawn([failure("1 RANDOM", "a"), answer("2 LOCAL", "a", 0.9, 9.0)])
    assert words(strategies).count("not known") == 2


def test_each_picture_of_simulated_models_says_so_itself() -> None:
    for prefix, count in (("sim/", 1), ("", 0)):
        pictures = drawn(rows(*(prefix + name for name in "abc")))
        assert [words(picture).count(SIMULATED) for picture in pictures] == [count] * 4


def test_nothing_foreign_is_said_where_there_is_no_home_to_write_to() -> None:
    code = "from llmchem_tui.analysis.pictures import check_plots; check_plots()"
    nowhere = {**os.environ, "HOME": os.devnull, "MPLCONFIGDIR": os.devnull}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env=nowhere, text=True
    )
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("missing", ["matplotlib", "matplotlib.figure"])
def test_without_matplotlib_a_sentence_names_the_extra(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(InputError, match=r"pip install 'llmchem-tui\[plots\]'") as told:
        check_plots()
    assert str(told.value) == NEEDS_PLOTS


def test_the_extra_is_named_as_the_package_has_it() -> None:
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    assert 'plots = ["matplotlib' in project.read_text("utf-8")
