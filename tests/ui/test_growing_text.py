"""The text that grows: exact, laid out piecemeal as it would be at once, and followed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.content import Content
from textual.selection import SELECT_ALL

from llmchem_tui.domain.plain_text import plain
from llmchem_tui.ui.widgets.growing_text import HEADING, WRONG, GrowingText, Line


class Alone(App[None]):
    """Nothing but a growing text."""

    CSS = """
    .growing-text--heading { text-style: bold; }
    .growing-text--wrong { text-style: italic; }
    """

    def compose(self) -> ComposeResult:
        yield GrowingText()


def seen(widget: GrowingText) -> list[str]:
    """The rows in view, without the bar."""
    return [widget.render_line(y).text[:-1].rstrip() for y in range(widget.size.height)]


def laid_out(text: str, width: int) -> list[str]:
    """The rows of a text that is laid out at once."""
    lines = [Content(line.expandtabs()) for line in text.split("\n")]
    return [row.plain.rstrip() for line in lines for row in line.wrap(width)]


def lines(text: str) -> list[Line]:
    return [Line(line) for line in text.split("\n")]


@pytest.mark.parametrize("width", [2, 7])
async def test_a_text_that_came_in_pieces_looks_as_if_it_had_come_at_once(width: int) -> None:
    app = Alone()
    async with app.run_test(size=(width + 1, 60)):
        widget = app.query_one(GrowingText)

        @settings(max_examples=200, deadline=None)
        @given(st.lists(st.text("ab \n\té日\u0301\u200d👩🇨🇭", max_size=12), max_size=12))
        def holds(pieces: list[str]) -> None:
            text = ""
            widget.say([])
            for piece in pieces:
                text = plain(text + piece)
                widget.say(lines(text))
            assert widget.text == text
            rows = laid_out(text, width)
            assert seen(widget)[: len(rows)] == rows[: widget.size.height]
            assert not any(seen(widget)[len(rows) :])

        holds()


@pytest.mark.parametrize("width", [2, 5, 20])
async def test_a_plain_line_is_wrapped_as_textual_does(width: int) -> None:
    app = Alone()
    async with app.run_test(size=(width + 1, 70)):
        widget = app.query_one(GrowingText)

        @settings(max_examples=300, deadline=None)
        @given(st.text("aB. -~", max_size=60))
        def holds(line: str) -> None:
            widget.say([])
            widget.say([Line(line)])
            rows = laid_out(line, width)
            assert seen(widget)[: len(rows)] == rows
            assert not any(seen(widget)[len(rows) :])

        holds()


async def test_a_text_may_change_anywhere_and_become_shorter() -> None:
    app = Alone()
    async with app.run_test(size=(20, 6)):
        widget = app.query_one(GrowingText)
        for text in ("one\ntwo\nthree", "one\n2\nthree\nfour", "one\n2", "", "back"):
            widget.say(lines(text))
            assert [row for row in seen(widget) if row] == [row for row in text.split("\n") if row]


async def test_it_keeps_to_its_end_unless_the_user_has_scrolled_up() -> None:
    app = Alone()
    async with app.run_test(size=(20, 4)) as pilot:
        widget = app.query_one(GrowingText)
        widget.follow = True
        widget.say(lines("\n".join(str(i) for i in range(10))))
        assert seen(widget) == ["6", "7", "8", "9"]
        await pilot.resize_terminal(20, 3)
        await pilot.pause()
        assert seen(widget) == ["7", "8", "9"]
        await pilot.press("tab", "up")
        widget.say(lines("\n".join(str(i) for i in range(12))))
        assert seen(widget) == ["6", "7", "8"]
        await pilot.resize_terminal(10, 4)
        await pilot.pause()
        assert seen(widget) == ["6", "7", "8", "9"]
        await pilot.press("end")
        await pilot.pause()
        widget.say(lines("\n".join(str(i) for i in range(13))))
        assert seen(widget) == ["9", "10", "11", "12"]


async def test_it_stays_where_it_is_unless_it_is_to_follow() -> None:
    app = Alone()
    async with app.run_test(size=(20, 4)):
        widget = app.query_one(GrowingText)
        widget.say(lines("\n".join(str(i) for i in range(10))))
        assert seen(widget) == ["0", "1", "2", "3"]


async def test_the_bar_tells_where_one_is_and_is_away_where_all_is_in_view() -> None:
    app = Alone()
    async with app.run_test(size=(20, 4)) as pilot:
        widget = app.query_one(GrowingText)

        def bar() -> str:
            return "".join(widget.render_line(y).text[-1] for y in range(4))

        widget.say(lines("a\nb"))
        assert bar() == "    "
        widget.say(lines("\n".join("abcdefghijkl")))
        assert bar() == "▐   "
        await pilot.press("tab", "end")
        await pilot.pause()
        assert bar() == "   ▐"


async def test_a_new_width_lays_it_out_anew() -> None:
    app = Alone()
    async with app.run_test(size=(20, 6)) as pilot:
        widget = app.query_one(GrowingText)
        widget.say(lines("one two three four"))
        assert seen(widget)[0] == "one two three four"
        await pilot.resize_terminal(10, 6)
        await pilot.pause()
        assert seen(widget)[:3] == ["one two", "three", "four"]


async def test_lines_have_the_colours_of_their_kinds_and_can_be_selected() -> None:
    app = Alone()
    async with app.run_test(size=(20, 6)):
        widget = app.query_one(GrowingText)
        widget.say([Line("Medications:", HEADING), Line("- doxycycline"), Line("no!", WRONG)])
        styles = [widget.render_line(y)._segments[0].style for y in range(3)]
        kinds = [(style.bold, style.italic) for style in styles if style]
        assert kinds == [(True, None), (None, None), (None, True)]
        assert widget.get_selection(SELECT_ALL)[0] == "Medications:\n- doxycycline\nno!"
