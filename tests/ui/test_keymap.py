"""All keys: each has a name, says what it does, is known to Help and to the keymap, and acts."""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual.binding import Binding
from textual.widgets import Input

import llmchem_tui.ui
from llmchem_tui.ui.app import LlmchemApp
from llmchem_tui.ui.keymap import (
    SCREENS,
    all_bindings,
    bindings_of,
    complete,
    is_key,
    keymap_problems,
    possible,
)
from llmchem_tui.ui.screens.dialogs import AskScreen, PickScreen
from llmchem_tui.ui.widgets.key_line import KeyLine
from tests.ui.app_under_test import SETTINGS, Bench

OWN = LlmchemApp.BINDINGS

SHARED = {
    ("escape", frozenset({"round.stop", "round.unzoom"})),  # one of them means something
    ("escape", frozenset({"help.clear", "app.round"})),  # a search is ended first
    ("escape", frozenset({"history.leave-search", "app.round"})),  # so it is there
    ("space", frozenset({"replay.play", "grades.turn"})),  # with the keyboard in the grades
}
"""What has one key on one screen on purpose: the key means what stands nearest."""

LOST = {"Replay": {"round.pool", "round.unzoom"}}
"""What a screen has other keys for: the list of rounds is there, and leaving leaves the zoom."""


def classes_with_keys() -> Iterator[type[Any]]:
    """Every class of the screens and widgets that says something about keys."""
    for found in pkgutil.walk_packages(llmchem_tui.ui.__path__, "llmchem_tui.ui."):
        module = importlib.import_module(found.name)
        for kind in vars(module).values():
            own = isinstance(kind, type) and kind.__module__ == found.name
            if own and vars(kind).get("BINDINGS"):
                yield kind


@pytest.mark.parametrize("kind", classes_with_keys(), ids=lambda kind: kind.__name__)
def test_each_key_has_a_name_and_says_what_it_does_and_is_known(kind: type[Any]) -> None:
    known = all_bindings(OWN)
    for binding in kind.BINDINGS:
        assert isinstance(binding, Binding)
        assert binding.id, f"{binding.key} has no id"
        assert binding.description, f"{binding.id} has no description"
        assert binding.tooltip, f"{binding.id} has no tooltip"
        assert binding.id in known, f"{binding.id} is on no screen of the keymap"


def test_one_name_is_one_key() -> None:
    keys = defaultdict[str, set[str]](set)
    for kind in classes_with_keys():
        for binding in kind.BINDINGS:
            keys[binding.id].add(binding.key)
    assert {name: several for name, several in keys.items() if len(several) > 1} == {}


def test_no_class_takes_all_keys_of_what_it_inherits() -> None:
    for screen, (part, *_) in SCREENS.items():
        own = {binding.id for binding in bindings_of(part)}
        for kind in part.__mro__:
            inherited = {one.id for one in vars(kind).get("BINDINGS", ()) if getattr(one, "id", "")}
            assert inherited - own <= LOST.get(screen, set()), screen


@pytest.mark.parametrize("screen", SCREENS)
def test_no_screen_gives_one_key_to_two_things(screen: str) -> None:
    part, *widgets = SCREENS[screen]
    modal = "ModalScreen" in {kind.__name__ for kind in part.__mro__}
    frame = [one for one in OWN if isinstance(one, Binding) and (one.priority or not modal)]
    frame += bindings_of(part)
    for own in ([], *([*bindings_of(widget)] for widget in widgets)):
        names = defaultdict[str, set[str]](set)
        for binding in [*frame, *own]:
            for key in binding.key.split(","):
                names[key].add(binding.id or "")
        twice = {(key, frozenset(several)) for key, several in names.items() if len(several) > 1}
        private = ("ctrl+o", frozenset({"app.private"}))
        assert twice - SHARED - {private} == set()


def test_what_shares_a_key_with_what_is_moved_keeps_it() -> None:
    whole = complete({"app.round": "f9"}, OWN)
    assert whole["app.round"] == "f9"
    assert whole["help.clear"] == "escape"
    assert "round.run" not in whole
    assert complete({}, OWN) == {}


@pytest.mark.parametrize(
    ("keymap", "told"),
    [
        ({"app.round": "f9", "help.search": "ctrl+f"}, []),
        ({"ask.yes": "j", "ask.no": "n"}, []),  # a dialog shares no key with what is below it
        ({"ask.yes": "k"}, []),
        ({"pool.pick": "enter"}, []),  # of two widgets one has the keyboard
        ({"round.stop": "escape,f9"}, []),  # as it is by itself
        ({"ask.yes": "ctrl+q"}, ["ctrl+q, to app.quit-anywhere and ask.yes"]),
        ({"app.help": "f1", "help.search": "?"}, []),
        ({"help.search": "?"}, ["question_mark, to app.help and help.search"]),
        ({"pool.pick": "ctrl+s"}, ["ctrl+s, to app.screenshot and pool.pick"]),
    ],
    ids=str,
)
def test_only_what_can_have_a_key_at_once_clashes(keymap: dict[str, str], told: list[str]) -> None:
    problems = list(keymap_problems(keymap, OWN))
    assert len(problems) == len(told)
    for problem, part in zip(problems, told, strict=True):
        assert part in problem


def test_every_usual_key_is_a_key() -> None:
    keys = {key for one in all_bindings(OWN).values() for key in one.key.split(",")}
    assert [key for key in keys if not is_key(key)] == []


SENT = (
    "x", "X", "7", "é", "question_mark", "slash", "minus", "f5", "f24", "ctrl+g", "alt+X",
    "ctrl+shift+left", "shift+tab", "shift+space", "space", "pagedown", "ctrl+underscore",
)  # fmt: skip


@pytest.mark.parametrize("key", SENT)
def test_what_a_terminal_sends_is_a_key(key: str) -> None:
    assert is_key(key)


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("no such key", "write one such as f5, ctrl+g or x"),
        ("", "write one such as"),
        ("x,", "write one such as"),
        ("\x01", "write one such as"),
        ("latin small letter r with tilde", "write one such as"),  # two characters
        ("Ctrl+G", "did you mean ctrl+g?"),
        ("ctrl-g", "did you mean ctrl+g?"),
        ("^g", "did you mean ctrl+g?"),
        ("shift+ctrl+left", "did you mean ctrl+shift+left?"),
        ("shift+a", "did you mean A?"),
        ("ctrl+?", "did you mean ctrl+question_mark?"),
        ("F5", "did you mean f5?"),
        ("esc", "did you mean escape?"),
        ("pgdn", "did you mean pagedown?"),
        ("return", "did you mean enter?"),
        ("f9, escpe", "did you mean escape?"),
    ],
)
def test_what_is_no_key_is_told_with_a_remedy_and_nothing_is_moved(key: str, remedy: str) -> None:
    (problem,) = keymap_problems({"round.run": key}, OWN)
    assert problem.startswith(f"[keymap] 'round.run': {key!r} is no key that is sent; {remedy}")
    assert problem.endswith("It stays ctrl+r")
    assert possible({"round.run": key, "app.help": "f1"}) == {"app.help": "f1"}


@given(st.text(max_size=20))
@example("1")
def test_no_text_in_the_keymap_gives_anything_but_a_sentence(key: str) -> None:
    problems = [*keymap_problems({"round.run": key}, ())]
    if possible({"": key}):
        assert all("one key" in problem for problem in problems)  # another thing may have it
    else:
        assert len(problems) == 1


async def test_what_is_no_key_leaves_the_usual_one(bench: Bench) -> None:
    bench.settings = replace(SETTINGS, keymap={"round.run": "no such key"})
    async with bench.opened() as user:
        assert "'no such key' is no key" in user.told
        assert user.screen.key("round.run") == "^r"
        assert "no such key" not in [key.display for key in user.screen.query_one(KeyLine).keys]
        await user.press("ctrl+r")
        assert user.screen.desk.busy or user.screen.desk.state


async def test_moving_one_thing_leaves_the_others_where_they_are(bench: Bench) -> None:
    bench.settings = replace(SETTINGS, keymap={"app.round": "f9", "app.chemistry": "z"})
    async with bench.opened() as user:
        await user.press("question_mark", "slash", "z", "c")
        assert user.app.screen.query_one(Input).value == "zc"  # written, not done
        await user.press("escape")
        assert not user.app.screen.query_one(Input).display
        await user.press("escape")
        assert user.app.current_mode == "help"
        await user.press("z")
        assert user.app.current_mode == "chemistry"
        await user.press("f9")
        assert user.app.current_mode == "round"


async def test_dialogs_name_the_keys_of_the_keymap(bench: Bench) -> None:
    keymap = {"ask.yes": "j", "pick.leave": "f9"}
    bench.settings = replace(SETTINGS, keymap=keymap)
    async with bench.opened() as user:
        await user.press("n")
        assert isinstance(user.app.screen, PickScreen)
        assert str(user.app.screen.query_one("#dialog").border_subtitle).endswith("f9 leave")
        await user.press("f9")
        answers: list[bool | None] = []
        await user.app.push_screen(AskScreen("Is it?"), answers.append)
        assert user.text("#answers") == "j yes   n no"
        await user.press("y")
        assert answers == []
        await user.press("j")
        assert answers == [True]
