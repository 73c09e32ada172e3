"""Keys are found in every form and however a text is cut; placeholders falsify nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.providers.discreet import discreet
from llmchem_tui.redaction import REMOVED, KeyFilter, remember_key, without_key, without_keys
from llmchem_tui.session.provider import Delta, Ended, Finish, Text, Thinking

KEY = 'sk-live/+a"aa0123'
PLACEHOLDER = "EMPTY"


@pytest.mark.parametrize("form", [KEY, quote(KEY, safe=""), json.dumps(KEY)[1:-1]])
def test_a_key_is_taken_out_in_every_form_that_an_honest_echo_has(form: str) -> None:
    assert without_key(f"x{form}{form}y", KEY) == f"x{REMOVED}{REMOVED}y"


def test_a_short_key_is_taken_out_as_a_word_only() -> None:
    assert without_key("EMPTY-handed: EMPTY, EMPTYING", PLACEHOLDER) == (
        f"{REMOVED}-handed: {REMOVED}, EMPTYING"
    )
    assert without_key("anything", "") == "anything"


def test_of_two_keys_the_longer_one_leaves_nothing_behind() -> None:
    remember_key("sk-one-23456")
    remember_key("sk-one-23456-and-more")
    assert without_keys("sk-one-23456-and-more sk-one-23456") == f"{REMOVED} {REMOVED}"


@given(st.lists(st.sampled_from([*(KEY[i : i + 3] for i in range(0, 17, 3)), KEY, "s", "sk", "x"])))
def test_no_cut_lets_a_key_through_and_nothing_else_is_lost(pieces: list[str]) -> None:
    own = KeyFilter(KEY)
    given_on = "".join([*map(own.take, pieces), own.rest()])
    assert given_on == without_key("".join(pieces), KEY)


async def heard(key: str, *said: Delta) -> list[Delta]:
    async def stream() -> AsyncGenerator[Delta, None]:
        for delta in said:
            yield delta

    return [delta async for delta in discreet(stream(), key)]


async def test_thoughts_and_text_are_cleaned_apart_and_keep_their_order() -> None:
    end = Ended(Finish.REFUSAL, detail=f"no {KEY}")
    told = await heard(
        KEY, Thinking("think sk-"), Text("a" + KEY[:5]), Text(KEY[5:] + "b sk-"), end
    )
    assert told == [
        *(Thinking("think "), Thinking("sk-"), Text("a"), Text(f"{REMOVED}b "), Text("sk-")),
        Ended(Finish.REFUSAL, detail=f"no {REMOVED}"),
    ]


async def test_a_placeholder_takes_nothing_out_of_a_models_text() -> None:
    end = Ended(Finish.STOP)
    assert await heard("none", Text("none of them"), end) == [Text("none of them"), end]
