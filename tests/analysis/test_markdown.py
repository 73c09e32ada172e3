"""Untrusted text in Markdown: read back with a parser, it is that text and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from llmchem_tui.analysis.markdown import code, fenced, inline, quoted, table
from llmchem_tui.domain.plain_text import plain, plain_line

PARSER = MarkdownIt("gfm-like")  # with tables, and bare addresses that become links

HOSTILE = (
    "[a](http://x.invalid) ![b](c) <script>alert(1)</script> &lt; `x` ``` | **b** _i_ ~~s~~",
    "__a__ _b_ c_d x.com www.y.com",
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


def content(token: Token, line_break: str = "") -> str:
    """What a reader sees of a line; nothing but text and code is let pass."""
    children = token.children or []
    passing = {"text", "code_inline", "text_special", *["hardbreak"] * bool(line_break)}
    assert {child.type for child in children} <= passing
    return "".join(line_break if one.type == "hardbreak" else one.content for one in children)


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


@given(texts.filter(plain_line))
@example("1. one\n2) two\n- three\n+ four\n=====\n-----\n| a |\n|---|\n:--")
@example("a\n\nb\n\n")
@example("---\ntitle: x\n---")
def test_a_quotation_reads_back_as_the_same_lines_and_nothing_else(text: str) -> None:
    found = PARSER.parse("\n".join(["before", "", *quoted(text), "", "after"]))
    if found[3].type == "fence":
        assert found[3].content == plain(text) + "\n"
        return
    assert {token.type for token in found[3:-3]} <= {
        *("blockquote_open", "blockquote_close", "paragraph_open", "paragraph_close", "inline"),
    }
    read = [content(token, "\n") for token in found[3:-3] if token.type == "inline"]
    lines = [line for part in read for line in part.split("\n")]
    assert lines == [line for line in map(plain_line, plain(text).split("\n")) if line]


def test_prose_is_quoted_and_what_is_laid_out_keeps_its_blanks() -> None:
    assert quoted("one\ntwo\n\nthree") == ["> one\\", "> two", ">", "> three"]
    for text in ("Na\t140", "Na    140", " 1. indented"):
        assert quoted(text) == fenced(text)


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
    for text in (
        "amoxicillin 1 g, q8h",
        "sim/alpha:8b",
        "Trial_519 5",
        "0.5 mg/kg (max. 40 mg) - 5 days",
    ):
        assert inline(text) == text


def test_a_title_can_ask_for_numbers_to_stand_at_the_right() -> None:
    assert table(("a", ">b"), [("1", "2")]) == ["| a | b |", "| --- | --: |", "| 1 | 2 |"]


def test_blank_text_is_blank_and_not_an_empty_piece_of_code() -> None:
    assert code(" \n") == inline(" ") == ""
