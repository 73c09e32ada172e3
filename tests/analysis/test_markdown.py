"""Untrusted text in Markdown: read back with a parser, it is that text and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from llmchem_tui.analysis.markdown import code, fenced, inline, table
from llmchem_tui.domain.plain_text import plain, plain_line

PARSER = MarkdownIt("gfm-like")  # with tables, and bare addresses that become links

HOSTILE = (
    "[a](http://x.invalid) ![b](c) <script>alert(1)</script> &lt; `x` ``` | **b** _i_ ~~s~~",
    "https://x.invalid/?q=1 www.x.invalid me@x.invalid [^1] [ref]: x #1 $x$ :skull:",
    "# no heading\n\n- no list\n\n| no | table |\n|---|---|\n```\n~~~\n---\n===\n> quote",
    "\\| \\` \\\\ ` | ` \\",
    "`",
    "a\x1b[31m\x00\u202eb\r\nc\u2028d\x85e\ud800",
    "<!-- **b** _i_ <i>x</i> [a](b) ![c](d) &lt; ~~s~~ H^2^",
    "x" * 5000,
)

texts = st.one_of(
    st.text(), st.text(alphabet="`|\\[]()<>!*_~#&;:/.@w a\n\t-+=1$^{}"), st.sampled_from(HOSTILE)
)
lines = texts.filter(plain_line)


def content(token: Token) -> str:
    """What a reader sees of a line; nothing but text and code is let pass."""
    children = token.children or []
    assert {child.type for child in children} <= {"text", "code_inline", "text_special"}
    return "".join(child.content for child in children)


@given(texts)
@example("```\n````")
@example("\n")
def test_a_fence_holds_any_text_as_it_is_shown(text: str) -> None:
    found = PARSER.parse("\n".join(["before", *fenced(text), "after"]))
    assert [token.content for token in found if token.content] == [
        "before",
        plain(text) + "\n",
        "after",
    ]


@pytest.mark.parametrize("write", [inline, code])
@given(text=lines)
def test_a_line_reads_back_as_the_same_words_and_nothing_else(write: object, text: str) -> None:
    assert callable(write)
    found = PARSER.parse(f"So: {write(text)}")
    assert [token.type for token in found] == ["paragraph_open", "inline", "paragraph_close"]
    assert content(found[1]) == f"So: {plain_line(text)}"


@given(lines, lines)
def test_a_table_keeps_its_shape_and_its_words(first: str, second: str) -> None:
    markdown = "\n".join(table(("a", ">b"), [(inline(first), inline(second))]))
    cells = [token for token in PARSER.parse(markdown) if token.type == "inline"]
    assert [content(cell) for cell in cells] == ["a", "b", plain_line(first), plain_line(second)]


def test_ordinary_words_are_left_alone() -> None:
    for text in ("amoxicillin 1 g, q8h", "sim/alpha:8b", "0.5 mg/kg (max. 40 mg) - 5 days"):
        assert inline(text) == text


def test_a_title_can_ask_for_numbers_to_stand_at_the_right() -> None:
    assert table(("a", ">b"), [("1", "2")]) == ["| a | b |", "| --- | --: |", "| 1 | 2 |"]


def test_blank_text_is_blank_and_not_an_empty_piece_of_code() -> None:
    assert code(" \n") == inline(" ") == ""
