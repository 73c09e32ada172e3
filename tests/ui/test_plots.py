"""Plots in cells: where values stand, what is written beside them, and what they look like."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.ui.ascii import ascii_text
from llmchem_tui.ui.widgets.plots import (
    Axis,
    Plane,
    axis_line,
    box,
    ground,
    row,
    share,
    whisker,
)

SHARES = st.lists(st.floats(0, 1), min_size=1)
SECONDS = st.lists(st.floats(0, 1e6), min_size=1)
CELLS = st.integers(10, 200)


@given(SHARES, CELLS)
def test_an_axis_of_shares_has_room_for_all_values_in_their_order(
    values: list[float], cells: int
) -> None:
    axis = Axis.of_shares(values, cells)
    assert 0 <= axis.low <= min(values) and max(values) <= axis.high <= 1
    at = [axis.at(value) for value in sorted(values)]
    assert at == sorted(at)
    assert at[0] >= 0 and at[-1] < cells
    several = axis.places(np.array(sorted(values)))
    assert max(abs(a - b) for a, b in zip(several, at, strict=True)) <= 1  # halves are rounded


@given(SECONDS, CELLS)
def test_an_axis_of_seconds_has_room_for_all_values_in_their_order(
    values: list[float], cells: int
) -> None:
    axis = Axis.of_seconds(values, cells)
    at = [axis.at(value) for value in sorted(values)]
    assert at == sorted(at)
    assert at[0] >= 0 and at[-1] < cells


@given(SHARES | SECONDS, CELLS)
def test_numbers_of_an_axis_never_touch(values: list[float], cells: int) -> None:
    axes = [Axis.of_seconds(values, cells)]
    axes += [Axis.of_shares(values, cells)] if max(values) <= 1 else []
    for axis in axes:
        line = axis_line(axis, "{:g}".format).plain
        assert len(line) == cells
        written = [text for text in line.split(" ") if text]
        assert len(written) == len(axis.marks("{:g}".format))
        assert all(float(a) < float(b) for a, b in pairwise(written))


def test_equal_ratios_are_equal_distances() -> None:
    axis = Axis.of_seconds([0.5, 0.0, 50.0], 41)
    assert [axis.at(value) for value in (0, 0.5, 5.0, 50.0)] == [0, 0, 20, 40]
    assert axis_line(axis, "{:g}".format).plain.split() == ["0.5", "1", "2", "5", "10", "20", "50"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.25, ".25"), (0.3, ".3"), (0.30000000000000004, ".3"), (1, "1")],
)
def test_a_share_is_written_as_short_as_can_be(value: float, text: str) -> None:
    assert share(value) == text


def test_an_interval_goes_from_end_to_end_and_takes_a_cell_at_least() -> None:
    axis = Axis(0, 1, 11)
    cells = ground(axis, share)
    whisker(cells, axis, (0.2, 0.6), "red")
    assert row(cells).plain[2:7] == "├───┤"
    cells = ground(axis, share)
    whisker(cells, axis, (0.2, 0.2), "red")
    assert row(cells).plain[2] == "─"


def test_a_box_holds_the_middle_half_and_its_median() -> None:
    axis = Axis(0, 10, 11)
    cells = [(" ", "")] * 11
    box(cells, axis, (0, 2, 3, 6, 10), "red")
    assert row(cells).plain == "├─▒┃▒▒▒───┤"
    assert ascii_text(row(cells).plain) == "[-:|:::---]"


def test_a_plane_draws_signs_over_lines_over_dots() -> None:
    plane = Plane.of_shares(Axis(1, 8, 8), (0, 1), 3)
    plane.dots([0, 0, 4, 7], [0, 0, 5, 0], "red")
    plane.line({1: 0.0, 3: 0.2, 6: 0.4}, "red")
    plane.sign(6, 0.0, "●", "red")
    assert [line.plain for line in plane.rows()] == [
        "  1     ·   ",
        "          ▁ ",
        "  0 :▁▁──● ·",
    ]


def test_lines_that_share_a_cell_look_like_several() -> None:
    plane = Plane.of_shares(Axis(1, 3, 3), (0, 1), 3)
    plane.line({0: 0.0, 1: 0.0}, "red")
    plane.line({1: 0.2, 2: 0.2}, "blue")
    assert plane.rows()[-1].plain == "  0 ▁═─"
