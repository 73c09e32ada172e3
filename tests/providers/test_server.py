"""Errors are one sentence that may be shown, whatever a server says."""

from __future__ import annotations

import json
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.providers.reading import at, complaint, count_at, list_at, text_at
from llmchem_tui.providers.server import Server
from llmchem_tui.session.provider import ProviderError

from .asking import SECRET, one_sentence

SERVER = Server("box", f"https://user:{SECRET}@gpu.example.org:8443/v1?key={SECRET}", SECRET)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["error", "message", "detail", "x"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(st.integers(100, 999), st.text() | st.just(f"\x1b]0;{SECRET}\x07\u202e"), st.text())
def test_every_status_and_every_word_gives_one_sentence(status: int, text: str, wait: str) -> None:
    error = SERVER.failed(status, text, model=text, retry_after=wait)
    assert isinstance(error, ProviderError)
    assert "box" in one_sentence(error) or "gpu.example.org" in str(error)


@given(st.text())
def test_every_cause_gives_one_sentence(text: str) -> None:
    for error in (
        SERVER.unreachable(OSError(text)),
        SERVER.broken(ValueError(text)),
        SERVER.bad_reply("a riddle", text),
        SERVER.broke_off(text),
    ):
        one_sentence(error)


@given(JSON)
def test_every_body_has_words_that_can_be_told(body: object) -> None:
    assert isinstance(complaint(body), str)
    assert isinstance(complaint(json.dumps(body).encode()), str)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "a"}}, "a"),
        ({"error": "a"}, "a"),
        ({"message": "a"}, "a"),
        ({"detail": [{"loc": ["body", "seed"]}]}, '{"detail": [{"loc": ["body", "seed"]}]}'),
        (b'{"error":{"message":"a"}}', "a"),
        ("<html><head><TITLE>\n502 Bad Gateway</title>", "\n502 Bad Gateway"),
        ("just words", "just words"),
        (None, ""),
        ({}, ""),
        ("7", "7"),
    ],
)
def test_the_servers_own_words_are_found(body: object, words: str) -> None:
    assert complaint(body) == words


def test_the_address_is_shown_without_what_may_be_secret() -> None:
    assert SERVER.address == "https://gpu.example.org:8443/v1"


def test_an_address_that_cannot_be_read_is_not_shown_at_all() -> None:
    assert Server("box", f"http://user:{SECRET}@[::1/v1").address == "the url of box"


def test_the_reason_at_the_bottom_of_the_chain_is_told() -> None:
    try:
        try:
            raise ssl.SSLCertVerificationError(1, "certificate has expired")
        except ssl.SSLError as error:
            raise RuntimeError("connection error") from error
    except RuntimeError as error:
        told = SERVER.unreachable(error)
    assert "(certificate has expired)" in str(told)


def test_a_missing_value_is_no_value() -> None:
    found = {"a": [{"b": "text", "n": 3, "yes": True, "minus": -1}]}
    assert text_at(found, "a", 0, "b") == "text"
    assert (text_at(found, "a", 1, "b"), text_at(found, "a", "b"), text_at(7, 0)) == ("", "", "")
    assert (count_at(found, "a", 0, "n"), count_at(found, "a", 0, "b")) == (3, None)
    assert (count_at(found, "a", 0, "yes"), count_at(found, "a", 0, "minus")) == (None, None)
    assert (list_at(found, "a", 0), at(found, "a", 0, "zzz")) == ([], None)
