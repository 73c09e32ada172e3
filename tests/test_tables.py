"""Tables of commands: no number is broken in any width, and nothing gets lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from llmchem_tui.analysis.evaluation_text import counted, number_text
from llmchem_tui.cli.tables import drawn_table

HEADINGS = ("strategy", ">rounds", ">accuracy (95 %)", ">failed", ">tokens in", "ensemble")
ROW = ("PERFORMANCE", "1,400", "0.800 (0.790–0.810)", "12 of 8,170", "12,345,678", "a + b + c")
NAMES = st.text("ab模 ", min_size=1, max_size=30).map(lambda name: " ".join(name.split()) or "a")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(NAMES, NAMES, st.floats(0, 1e15)), min_size=1, max_size=4),
    st.integers(1, 150),
)
def test_numbers_and_what_is_typed_again_are_whole_in_any_width(
    named: list[tuple[str, str, float]], width: int
) -> None:
    rows = [(f"<{name}>", *ROW[1:5], text, f"{x:,.3f}") for name, text, x in named]
    lines = drawn_table((*HEADINGS, ">value"), rows, width).splitlines()
    for name, *numbers, text, value in rows:
        assert all(any(cell in line for line in lines) for cell in (name, *numbers, value))
        assert set(text.replace(" ", "")) <= set("".join(lines))
    first = max(cell_len(cell) for cell in ("strategy", *(row[0] for row in rows)))
    beside_a_number = first + 24 + 5
    assert all(cell_len(line) <= max(width, beside_a_number) for line in lines)


def test_text_gives_way_first_and_then_columns_follow_below() -> None:
    row = (*ROW[:5], "claude + gemini + qwen + mixtral + llama")
    wide, narrow, narrower = (
        [" ".join(line.split()) for line in drawn_table(HEADINGS, [row], width).splitlines()]
        for width in (140, 110, 80)
    )
    assert " ".join(row) in wide
    assert " ".join((*row[:5], "claude + gemini + qwen + mixtral +")) in narrow
    assert "strategy rounds accuracy (95 %) failed tokens in" in narrower
    assert "PERFORMANCE claude + gemini + qwen + mixtral + llama" in narrower


def test_a_column_without_a_word_is_left_out() -> None:
    drawn = drawn_table(("a", "", ">b"), [("x", "", "1"), ("y", "", "2")], 80)
    assert [line.split() for line in drawn.splitlines() if line.strip()][1:] == [
        ["─" * 5],
        ["x", "1"],
        ["y", "2"],
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.5, "0.50"), (12345678.9, "12345678.90"), (1e308, "1e+308"), (-1e308, "-1e+308")],
)
def test_a_huge_number_is_told_by_its_power_of_ten(value: float, said: str) -> None:
    assert number_text(value, 2) == said


def test_one_thing_is_no_plural() -> None:
    assert [counted(n, "round") for n in (0, 1, 1400)] == ["0 rounds", "1 round", "1,400 rounds"]
