"""A terminal without UTF-8 gets ASCII, cell for cell, and every state keeps a look of its own."""

from __future__ import annotations

import ast
import unicodedata
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.keys import KEY_DISPLAY_ALIASES, Keys, format_key

import llmchem_tui.ui
from llmchem_tui.ui.ascii import Ascii, ascii_key, ascii_text, wants_ascii
from llmchem_tui.ui.widgets.key_line import KeyLine
from tests.ui.app_under_test import NARROW, SETTINGS, WIDE, Bench
from tests.ui.painted import painted

UI = Path(llmchem_tui.ui.__file__).parent


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({}, False),
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LANG": "de_DE.utf8@euro"}, False),
        ({"LC_CTYPE": "UTF-8"}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LANG": "en_US"}, True),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, True),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, False),
        ({"LC_ALL": " ", "LC_CTYPE": "", "LANG": "POSIX"}, True),
        ({"LC_CTYPE": "C", "LANG": "en_US.UTF-8"}, True),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, True),  # Python's own doing
        ({"LC_CTYPE": "C.UTF-8", "LANG": "en_US.UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LC_ALL": "C", "LC_CTYPE": "C.UTF-8"}, True),
    ],
)
def test_the_locale_decides_about_ascii(env: dict[str, str], wanted: bool) -> None:
    assert wants_ascii(env) is wanted


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("σ² acc", "s2 acc"),
        ("╭─ Pool ─╮│┃║╰═╯", "+- Pool -+|||+=+"),
        ("confidence ▇▇▇░░", "confidence ===__"),
        ("naïve Žižek, ½ of 5 µg at 38 °C", "naive Zizek, ? of 5 ug at 38 oC"),
        ("“start” — 3 × 500 mg…", '"start" - 3 x 500 mg~'),
        ("2 × ✗ then ✓", "2 x X then v"),
        ("━━●──┊──│", "==*--:--|"),
        ("a␛[31m", "a^[31m"),
        ("age ≥ 65", "age ? 65"),  # > would say something else
        ("痛風 and e\u0301", "???? and e"),
        ("a\u200bb\u00a0c", "ab c"),
    ],
)
def test_signs_become_what_they_look_like(text: str, plain: str) -> None:
    assert ascii_text(text) == plain


@given(st.text())
def test_any_text_becomes_ascii_of_the_same_width(text: str) -> None:
    plain = ascii_text(text)
    assert plain.isascii()
    assert cell_len(plain) == cell_len(text)


def test_a_line_keeps_its_styles() -> None:
    bold, red = Style(bold=True), Style(color="red")
    line = [Segment("│ ", bold), Segment("plain", red), Segment("●", red)]
    assert Ascii().apply(line, Color(0, 0, 0)) == [
        Segment("| ", bold),
        Segment("plain", red),
        Segment("*", red),
    ]


SOURCES = sorted(path for path in UI.rglob("*.py") if path.name != "ascii.py")


def _shown(character: str) -> bool:
    # A range of control characters in a pattern is not shown.
    return not character.isascii() and character.isprintable()


def own_signs(path: Path) -> list[str]:
    """All that the texts of one of our modules show beside ASCII."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return sorted({c for text in texts if isinstance(text, str) for c in text if _shown(c)})


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_sign_of_our_own_has_an_ascii_look(path: Path) -> None:
    for sign in own_signs(path):
        assert ascii_text(sign) not in ("?", ""), f"give {sign} a look in ui/ascii.py"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_signs_that_stand_side_by_side_do_not_look_alike(path: Path) -> None:
    signs = [c for c in own_signs(path) if unicodedata.category(c)[0] == "S" or c in "·…–"]
    for one, other in combinations(signs, 2):
        assert ascii_text(one) != ascii_text(other), f"{one} and {other} look alike in ASCII"


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
async def test_keys_are_words_where_the_locale_has_no_signs(
    bench: Bench, size: tuple[int, int]
) -> None:
    bench.env = {"LANG": "C"}
    bench.settings = replace(
        SETTINGS,
        keymap={
            "app.help": "backspace",
            "app.quit": "shift+right",
            "round.run": "ctrl+left",
            "graph.up": "f9",  # which has backspace otherwise
        },
    )
    async with bench.opened(size) as user:
        keys = {key.word: key for key in user.app.screen.query_one(KeyLine).keys}
        assert keys["Help"].display == "bksp"
        assert keys["Run"].display == "^left"
        assert max(key.end for key in keys.values()) <= size[0]
        await user.press("k")
        await user.pilot.pause()
        assert "shift+right Quit" in painted(user.app)


async def test_keys_are_signs_where_the_locale_has_them(bench: Bench) -> None:
    bench.settings = replace(SETTINGS, keymap={"app.help": "backspace"})
    async with bench.opened() as user:
        keys = {key.word: key.display for key in user.app.screen.query_one(KeyLine).keys}
        assert keys["Help"] == "⌫"


def test_no_key_is_named_by_a_sign_that_ascii_lacks() -> None:
    for key in (*Keys, *KEY_DISPLAY_ALIASES):
        shown = format_key(str(key.value if isinstance(key, Keys) else key))
        assert ascii_key(shown).isascii(), f"give {shown} a word in ui/ascii.py"


async def test_the_whole_screen_can_be_ascii(bench: Bench) -> None:
    async with bench.opened() as user:
        user.app._filters.append(Ascii())
        user.app.refresh(layout=True)
        await user.run_round()
        text = painted(user.app)
        assert text.isascii()
        assert "v done" in text and "* sim/" in text and "o sim/" in text
        assert "+- Pool -" in text
