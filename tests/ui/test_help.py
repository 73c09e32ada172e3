"""The Help screen: what this is, every key as it is now, the words and the numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input

from llmchem_tui.domain.model import Status
from llmchem_tui.session.events import Phase
from llmchem_tui.ui.app import LlmchemApp
from llmchem_tui.ui.keymap import all_bindings
from tests.ui.app_under_test import NARROW, SETTINGS, WIDE, Bench, Driver


def told(user: Driver) -> list[str]:
    return user.text("#help-text").splitlines()


def line(user: Driver, beginning: str) -> str:
    """The line of a term, its white space squeezed."""
    squeezed = (" ".join(one.split()) for one in told(user))
    return next((one for one in squeezed if one.startswith(beginning)), "")


def entry(user: Driver, term: str) -> str:
    """What is said of a term, over as many lines as it takes, without white space."""
    own: list[str] = []
    for one in told(user):
        if one.startswith(f"{term} ") or (own and one.startswith("  ")):
            own.append(one)
        elif own:
            break
    return "".join("".join(own).split())


async def open_help(user: Driver) -> None:
    await user.press("question_mark")
    await user.wait_until(lambda: told(user))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_it_says_what_things_are(bench: Bench, size: tuple[int, int]) -> None:
    async with bench.opened(size) as user:
        await open_help(user)
        text = " ".join(" ".join(told(user)).split())
        unbroken = "".join(text.split())  # a long path takes two lines
        assert "Research use only, not medical advice." in text
        assert "agreement-weighted grade, not a probability" in text
        assert "It has no sign" in text
        assert str(bench.folder / "sessions") in unbroken
        assert str(bench.folder / "vignettes") in unbroken
        for state in (*Phase, *Status):
            assert ("done" if state == Status.OK else state) in text
        assert max(len(one) for one in told(user)) < size[0] - 2
        assert "Help" in user.status


async def test_every_key_of_every_screen_is_there(bench: Bench) -> None:
    async with bench.opened() as user:
        await open_help(user)
        text = " ".join(" ".join(told(user)).split()).casefold()
        for id, binding in all_bindings(LlmchemApp.BINDINGS).items():
            assert f"{id} {user.app.get_key_display(binding).casefold()}" in text
            assert (binding.tooltip or binding.description).casefold() in text


async def test_a_changed_keymap_shows_its_keys(bench: Bench) -> None:
    keymap = {"round.run": "f5", "app.theme": "f6,ctrl+t"}
    bench.settings = replace(SETTINGS, keymap=keymap)
    async with bench.opened() as user:
        await open_help(user)
        assert line(user, "f5 runs a round")
        assert line(user, "f5 Run a round")
        assert line(user, "round.run f5 Run")
        assert line(user, "f6 ^t Theme")
        assert not line(user, "^r ")
        assert not line(user, "t Theme")


async def test_the_settings_in_use_are_named(bench: Bench) -> None:
    async with bench.opened() as user:
        await open_help(user)
        assert entry(user, "settings").endswith("config.toml(notthere;notneeded)")
    bench.settings = replace(SETTINGS, path=bench.folder / "mine.toml")
    async with bench.opened() as user:
        await open_help(user)
        assert entry(user, "settings") == f"settings{bench.folder / 'mine.toml'}"


async def test_a_session_that_has_begun_is_named(bench: Bench) -> None:
    async with bench.opened() as user:
        await open_help(user)
        assert not entry(user, "this session")
        await user.press("escape")
        await user.run_round()
        await user.press("question_mark")
        session = user.laboratory.recorder.session
        assert session is not None
        await user.wait_until(lambda: entry(user, "this session").endswith(session.name))


async def test_a_search_leaves_the_lines_that_have_the_words(bench: Bench) -> None:
    async with bench.opened(NARROW) as user:
        await open_help(user)
        everything = len(told(user))
        await user.press("slash", *"pair", "space", *"border")
        assert line(user, "loss")
        assert not line(user, "grade")
        assert len(told(user)) < 8
        await user.press("enter")
        assert user.app.focused is user.app.screen.query_one("#help")
        await user.press("slash", *"zzz")
        assert told(user) == ["nothing found"]
        await user.press("escape")
        assert len(told(user)) == everything
        assert not user.app.screen.query_one(Input).display
        assert user.app.current_mode == "help"
        await user.press("escape")
        assert user.app.current_mode == "round"


async def test_a_search_for_a_heading_shows_its_section(bench: Bench) -> None:
    async with bench.opened() as user:
        await open_help(user)
        await user.press("slash", *"limits")
        assert "Limits" in told(user)
        assert line(user, "No interaction check")


async def test_keys_go_from_section_to_section(bench: Bench) -> None:
    async with bench.opened(NARROW) as user:
        await open_help(user)
        help = user.app.screen.query_one("#help")
        tops = [0]
        for _ in range(3):
            await user.press("right_square_bracket")
            tops.append(int(help.scroll_offset.y))
        assert tops == sorted(set(tops))
        assert told(user)[tops[1]] == "How to go on"
        assert told(user)[tops[2]] == "Keys everywhere"
        await user.press("left_square_bracket")
        assert help.scroll_offset.y == tops[2]
        await user.press("left_square_bracket", "left_square_bracket", "left_square_bracket")
        assert help.scroll_offset.y == 0
