from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from llmchem_tui.domain.plain_text import plain, plain_line

ANY_TEXT = st.text(st.characters(codec=None))
BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def test_ordinary_text_stays_as_it_is() -> None:
    text = "5 µg/kg – naïve, Ωmega, 漢字, 👩‍⚕️, “quoted”\n\tindented"
    assert plain(text) == text


@pytest.mark.parametrize(
    ("harmful", "shown"),
    [
        ("\x1b[2J", "␛[2J"),
        ("a\x00b", "a␀b"),
        ("a\x07b", "a␇b"),
        ("a\x08b", "a␈b"),
        ("a\x7fb", "a␡b"),
        ("a\x9b31mb", "a\ufffd31mb"),
        ("a\u202eb", "a\ufffdb"),
        ("a\u2028b", "a\ufffdb"),
        ("a\ufeffb", "a\ufffdb"),
        ("amoxi\u200bcillin", "amoxi\ufffdcillin"),
        ("a\u2063b", "a\ufffdb"),
        ("a\U000e0049b", "a\ufffdb"),
        ("a\ud83db", "a\ufffdb"),
    ],
)
def test_what_could_act_on_a_terminal_becomes_a_visible_sign(harmful: str, shown: str) -> None:
    assert plain(harmful) == shown


def test_line_ends_of_all_systems_become_line_feeds() -> None:
    assert plain("a\r\nb\rc\nd") == "a\nb\nc\nd"


def test_a_line_holds_no_line_end_and_single_blanks() -> None:
    assert plain_line("  500 mg\r\n\t three  times\x0bdaily ") == "500 mg three times␋daily"


@given(ANY_TEXT)
def test_no_control_character_and_no_lone_surrogate_is_left(text: str) -> None:
    shown = plain(text)
    shown.encode("utf-8")
    assert not set(shown) & set(BIDIRECTIONAL)
    assert {c for c in shown if unicodedata.category(c) == "Cc"} <= {"\t", "\n"}


def test_of_the_characters_that_have_no_width_and_no_sign_two_joiners_are_left() -> None:
    hidden = [c for code in range(0x110000) if unicodedata.category(c := chr(code)) == "Cf"]
    seen = {c for c in map(plain, hidden) if c != "\ufffd"}
    assert {c for c in seen if cell_len(c) == 0} == {"\u200c", "\u200d"}


@given(ANY_TEXT)
def test_making_text_plain_twice_changes_nothing_more(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert plain_line(plain_line(text)) == plain_line(text)


@given(ANY_TEXT)
def test_a_line_is_one_line(text: str) -> None:
    assert len(plain_line(text).splitlines()) <= 1


def test_a_joiner_joins_once() -> None:
    assert plain("\u200d\u200d\u200d日 👩\u200d🔬") == "\u200d日 👩\u200d🔬"
