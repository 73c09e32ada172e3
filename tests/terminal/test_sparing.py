"""Fewer bytes for the same picture: whatever is painted, in whatever styles and places."""

from __future__ import annotations

from typing import Any

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.ui.sparing import Sparing

SIZE = (12, 4)
PARTS = ["1", "2", "3", "4", "7", "9", "31", "44"]
PARTS += ["38;2;9;8;7", "38;5;1", "48;2;1;2;3", "48;2;9;9;9"]

styles = st.lists(st.sampled_from(PARTS), max_size=4).map(";".join)
moves = st.builds("\x1b[{};{}H".format, st.integers(1, 4), st.integers(1, 9))
texts = st.sampled_from(
    ["ab", "  ", "a b", "é", "abcdefgh", "abxxxxgh", "        ", "語", "ae\u0301b"]
)
segments = st.builds("\x1b[{}m{}\x1b[0m".format, styles, texts)
odd = st.sampled_from(
    ["\x1b[0m", "\x1b[m", "\x1b[1m", "\x1b[2K", "\x1b[?25l", "x", " ", "\n", "\x1b[38;2;9;8;7m"]
)
frames = st.lists(st.one_of(segments, moves, odd), max_size=12).map("".join)


def seen(char: Any) -> tuple[object, ...]:
    """What of a cell can be seen: of a blank the ground, and lines through it."""
    if char.data != " ":
        return tuple(char)
    line = char.fg if char.underscore or char.strikethrough else ""
    ground = char.fg if char.reverse else char.bg
    return (" ", ground, char.underscore, char.strikethrough, char.reverse, line)


class Terminal:
    def __init__(self) -> None:
        self.screen: Any = pyte.Screen(*SIZE)
        self.stream: Any = pyte.Stream(self.screen)
        self.stream.feed("\x1b[?7l")  # as Textual has it: lines do not wrap

    def shows(self, text: str) -> tuple[object, ...]:
        """The picture, where the cursor is, and the style in which others would go on."""
        self.stream.feed(text)
        width, height = SIZE
        cells = [seen(self.screen.buffer[y][x]) for y in range(height) for x in range(width)]
        cursor = self.screen.cursor
        return (*cells, min(cursor.x, width - 1), cursor.y, cursor.attrs)


@given(st.lists(frames, max_size=4))
def test_after_every_write_the_terminal_is_as_it_would_be_without(written: list[str]) -> None:
    sparing, spared, plain = Sparing(), Terminal(), Terminal()
    for frame in written:
        assert spared.shows(sparing.spare(frame, SIZE)) == plain.shows(frame)


def test_only_what_is_not_there_yet_is_written() -> None:
    sparing = Sparing()
    line = "\x1b[2;3H\x1b[1mone pill a day, with food\x1b[0m"
    assert sparing.spare(line, (40, 9)) == line
    assert sparing.spare(line + "\x1b[9;1H", (40, 9)) == "\x1b[9;1H"
    assert sparing.spare(line.replace("one", "two").replace("food", "milk"), (40, 9)) == (
        "\x1b[2;3H\x1b[1mtwo\x1b[18Cmilk\x1b[0m"
    )


def test_all_is_written_again_to_a_terminal_of_another_size_or_after_it_was_forgotten() -> None:
    sparing, line = Sparing(), "\x1b[2;3Hone pill\x1b[9;1H"
    sparing.spare(line, (40, 9))
    assert sparing.spare(line, (30, 9)) == line
    assert sparing.spare(line, (30, 9)) == ""
    sparing.forget()
    assert sparing.spare(line, (30, 9)) == line


def test_a_line_for_a_wider_terminal_leaves_nothing_taken_for_granted() -> None:
    sparing, line = Sparing(), "\x1b[2;3Hone pill\x1b[9;1H"
    sparing.spare(line + "\x1b[3;28Hone pill a day\x1b[9;1H", (30, 9))
    assert sparing.spare(line, (30, 9)) == line


def test_a_character_of_unknown_width_leaves_its_line_to_be_written_again() -> None:
    sparing = Sparing()
    lines = "\x1b[2;3Hone pill\x1b[3;3Hone \U0001f48a\x1b[9;1H"
    sparing.spare(lines, (40, 9))
    assert sparing.spare(lines, (40, 9)).startswith("\x1b[3;3Hone")


@pytest.mark.parametrize("sign", ["⚕", "💊"], ids=["one cell", "two cells"])
@pytest.mark.parametrize("believed", [1, 2])
def test_a_sign_of_another_width_than_believed_moves_nothing(
    monkeypatch: pytest.MonkeyPatch, sign: str, believed: int
) -> None:
    monkeypatch.setattr("llmchem_tui.ui.sparing.cell_len", lambda text: len(text) - 1 + believed)
    sparing, terminal = Sparing(), Terminal()
    terminal.shows(sparing.spare("\x1b[1;1H|__________|\x1b[2;1H", SIZE))
    rest = "x" * (10 - believed)
    terminal.shows(sparing.spare(f"\x1b[1;1H|{sign}{rest}|\x1b[2;1H", SIZE))
    cells = terminal.screen.buffer[0]
    assert cells[11].data == "|"
    assert "_" not in terminal.screen.display[0]


def test_a_style_is_told_once_and_a_colour_alone_where_only_it_changes() -> None:
    text, line = "38;2;1;1;1;48;2;0;0;0", "38;2;2;2;2;48;2;0;0;0"
    frame = "".join(
        f"\x1b[{y};1H\x1b[{text}mab\x1b[0m\x1b[{line}m  \x1b[0m\x1b[{y};5H\n" for y in (1, 2)
    )
    frame += f"\x1b[3;1H\x1b[{line}m|\x1b[0m"
    assert Sparing().spare(frame, SIZE) == (
        f"\x1b[1;1H\x1b[{text}mab  \x1b[2;1Hab  \x1b[3;1H\x1b[38;2;2;2;2m|\x1b[0m"
    )
