"""What a faulty Ollama host sends, and how it is told."""

from __future__ import annotations

import pytest

from llmchem_tui.session.provider import (
    AuthenticationFailed,
    BadReply,
    ModelMissing,
    ProviderError,
    RateLimited,
    Unreachable,
)

from .asking import (
    SECRET,
    everything,
    one_sentence,
    refusing,
)
from .ollama_host import FINE, failure, piece, provider
from .wire import NDJSON, Exchange, serving


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"error":"cuda \\u001b[31mout of memory"}\n', "out of memory"),
        (b"{oops\n", "{oops"),
        (b"[1, 2]\n", "[1, 2]"),
        (b"[" * 100_000 + b"\n", "[[["),
        (b"\xff\xfe\n", "something else than JSON"),
        (b'{"message":' + b" " * (2**23 + 1), "line without an end"),
    ],
    ids=["error", "not JSON", "no object", "deep", "no UTF-8", "endless"],
)
async def test_something_else_in_the_middle_of_a_stream_is_a_bad_reply(
    line: bytes, words: str
) -> None:
    async def chat(exchange: Exchange) -> None:
        await exchange.start(NDJSON)
        await exchange.lines(piece("Rest "))
        await exchange.send(line)
        await exchange.end()

    error = await failure(chat)
    assert type(error) is BadReply
    assert words in str(error)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, {"error": "does not support chat"}, ProviderError, "does not support chat"),
        (401, {"error": f"who is {SECRET}?"}, AuthenticationFailed, "who is [key]?"),
        (403, {"error": "cloud is disabled"}, AuthenticationFailed, "cloud is disabled"),
        (404, {"error": "model 'tiny-1' not found"}, ModelMissing, "ollama pull"),
        (404, "404 page not found", Unreachable, "correct the url"),
        (500, {"error": "llama runner died"}, ProviderError, "llama runner died"),
        (503, {"error": "server busy"}, RateLimited, "server busy"),
    ],
)
async def test_a_refused_call_says_what_happened_and_what_to_do(
    status: int, body: object, kind: type[ProviderError], words: str
) -> None:
    error = await failure(refusing(status, body))
    assert type(error) is kind
    assert words in str(error)


async def test_a_web_page_is_not_an_answer() -> None:
    async def page(exchange: Exchange) -> None:
        await exchange.reply("<html><title>Sign in</title>", content_type="text/html")

    error = await failure(page)
    assert type(error) is BadReply
    assert "Sign in" in str(error)


async def test_a_connection_that_breaks_in_the_middle_is_told() -> None:
    async def breaking(exchange: Exchange) -> None:
        await exchange.start(NDJSON)
        await exchange.lines(piece("Rest "))
        exchange.drop()

    error = await failure(breaking)
    assert type(error) is Unreachable
    assert "connection to gpu broke" in str(error)


async def test_a_server_that_is_down_is_told_with_the_way_to_start_it() -> None:
    async with serving(FINE) as wire:
        pass
    with pytest.raises(Unreachable, match=r"connection refused.*ollama serve") as caught:
        await everything(provider(wire))
    assert wire.url in one_sentence(caught.value)


@pytest.mark.parametrize("url", ["http://host.invalid", "localhost:11434", "http://[::1"])
async def test_an_address_that_leads_nowhere_is_told(url: str) -> None:
    with pytest.raises(Unreachable, match="correct the url of gpu"):
        await everything(provider(url))


@pytest.mark.parametrize(
    ("status", "transient"), [(429, True), (502, True), (503, True), (400, False), (500, False)]
)
async def test_a_busy_server_may_be_asked_again_and_a_failing_one_not(
    status: int, transient: bool
) -> None:
    assert (await failure(refusing(status, {"error": "no"}))).transient is transient


async def test_the_pause_that_a_busy_server_asks_for_is_kept() -> None:
    error = await failure(refusing(503, {"error": "server busy"}, retry_after="7"))
    assert (error.transient, error.wait_seconds) == (True, 7.0)


@pytest.mark.parametrize("header", [False, True])
async def test_a_connection_that_is_lost_before_a_word_may_be_tried_again(header: bool) -> None:
    async def dropping(exchange: Exchange) -> None:
        if header:
            await exchange.start(NDJSON)
        exchange.drop()

    error = await failure(dropping)
    assert type(error) is Unreachable
    assert error.transient


async def test_a_body_that_cannot_be_unpacked_is_a_bad_reply() -> None:
    async def garbled(exchange: Exchange) -> None:
        await exchange.start(NDJSON, headers={"Content-Encoding": "gzip"})
        await exchange.send(b"no gzip at all")
        await exchange.end()

    assert type(await failure(garbled)) is BadReply


@pytest.mark.parametrize(
    ("url", "transient"), [("http://127.0.0.1:1", True), ("http://host.invalid", False)]
)
async def test_only_a_host_that_may_come_back_is_worth_trying_again(
    url: str, transient: bool
) -> None:
    with pytest.raises(Unreachable) as caught:
        await everything(provider(url))
    assert caught.value.transient is transient


async def test_a_certificate_that_does_not_hold_is_not_tried_again() -> None:
    async with serving(FINE) as wire:
        with pytest.raises(Unreachable) as caught:
            await everything(provider(wire.url.replace("http://", "https://")))
    assert not caught.value.transient
