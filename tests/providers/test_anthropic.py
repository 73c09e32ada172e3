"""Servers that speak Anthropic's API, on the wire."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from llmchem_tui.domain.model import Usage
from llmchem_tui.providers.anthropic import AnthropicProvider
from llmchem_tui.session.provider import (
    AuthenticationFailed,
    BadReply,
    Finish,
    Message,
    ModelMissing,
    ProviderError,
    RateLimited,
    ResponseTimeout,
    Text,
    Unreachable,
)

from .asking import (
    REQUEST,
    SECRET,
    cancelled_midway,
    end,
    everything,
    in_pieces,
    one_sentence,
    refusing,
    request,
    text,
    thoughts,
)
from .wire import PATIENCE, SSE, Exchange, Script, Wire, serving


def provider(wire: Wire | str, key: str = SECRET, **more: Any) -> AnthropicProvider:
    url = wire if isinstance(wire, str) else wire.url
    return AnthropicProvider("claude-box", url, key, **more)


START = {
    "type": "message_start",
    "message": {
        "id": "m",
        "usage": {"input_tokens": 5, "cache_read_input_tokens": 6, "output_tokens": 1},
    },
}
OPEN = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
CLOSE = {"type": "content_block_stop", "index": 0}
STOP = {"type": "message_stop"}


def piece(content: str) -> Any:
    delta = {"type": "text_delta", "text": content}
    return {"type": "content_block_delta", "index": 0, "delta": delta}


def reason(why: str | None, **usage: Any) -> Any:
    return {
        "type": "message_delta",
        "delta": {"stop_reason": why, "stop_sequence": None},
        "usage": {"output_tokens": 9, **usage},
    }


def saying(*events: object) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.sse(*events)
        await exchange.end()

    return script


WHOLE = (START, {"type": "ping"}, OPEN, piece("Rest "), piece("and tea."), CLOSE)
FINE = saying(*WHOLE, reason("end_turn", output_tokens_details={"thinking_tokens": 4}), STOP)


async def failure(*scripts: Script, **more: Any) -> ProviderError:
    async with serving(*scripts) as wire:
        with pytest.raises(ProviderError) as caught:
            await everything(provider(wire, **more))
    one_sentence(caught.value)
    return caught.value


async def test_an_answer_arrives_in_pieces_with_its_usage() -> None:
    async with serving(FINE) as wire:
        deltas = await everything(provider(wire))
    assert deltas[:2] == [Text("Rest "), Text("and tea.")]
    assert end(deltas).finish is Finish.STOP
    assert end(deltas).usage == Usage(tokens_in=11, tokens_out=9, thinking_tokens=4)


async def test_the_request_holds_what_was_asked_and_nothing_of_the_case_itself() -> None:
    asked = replace(
        request(options={"output_config": {"effort": "low"}}),
        messages=(Message("user", "A"), Message("assistant", "B"), Message("user", "C")),
    )
    async with serving(FINE) as wire:
        await everything(provider(wire), asked)
    (sent,) = wire.requests
    assert (sent.method, sent.path) == ("POST", "/v1/messages")
    assert sent.headers["authorization"] == f"Bearer {SECRET}"
    body = sent.json
    assert body.pop("output_config") == {
        "effort": "low",
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "properties": {
                    "rationale": {"type": "string"},
                    "grade": {"type": "number", "description": "{minimum: 0, maximum: 1}"},
                    "safety_concern": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                },
                "required": ["rationale", "grade", "safety_concern"],
                "additionalProperties": False,
            },
        },
    }
    assert body == {
        "model": "tiny-1",
        "max_tokens": 321,
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "A"},
            {"role": "assistant", "content": "B"},
            {"role": "user", "content": "C"},
        ],
        "stream": True,
    }
    assert b"NEVER-ON-THE-WIRE" not in sent.body


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/"])
async def test_the_address_may_be_given_with_the_version_or_without(tail: str) -> None:
    async with serving(FINE) as wire:
        await everything(provider(wire.url + tail))
    assert wire.requests[0].path == "/v1/messages"


async def test_the_environment_says_nothing_to_a_foreign_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leaks = {
        "ANTHROPIC_API_KEY": "sk-leak",
        "ANTHROPIC_AUTH_TOKEN": "token-leak",
        "ANTHROPIC_BASE_URL": "http://leak.invalid",
        "ANTHROPIC_CUSTOM_HEADERS": "X-Gateway: header-leak\nauthorization: Bearer auth-leak",
        "HTTP_PROXY": "http://127.0.0.1:1",
    }
    for name, value in leaks.items():
        monkeypatch.setenv(name, value)
    async with serving(FINE) as wire:
        await everything(provider(wire))
        await everything(provider(wire, key=""))
    assert wire.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert "authorization" not in wire.requests[1].headers
    assert all("leak" not in str(sent.headers) for sent in wire.requests)


async def test_a_temperature_goes_out_under_the_version_that_takes_it() -> None:
    async with serving(FINE) as wire:
        await everything(provider(wire), request(temperature=0.5))
        await everything(provider(wire))
    with_temperature, without = wire.requests
    assert with_temperature.json["temperature"] == 0.5
    assert with_temperature.headers["anthropic-version"] == "2023-06-01"
    assert "temperature" not in without.json
    assert without.headers["anthropic-version"] > "2023-06-01"


@pytest.mark.parametrize("kind", ["enabled", "adaptive"])
async def test_a_thinking_model_gets_no_temperature_and_says_so(kind: str) -> None:
    thinking = {"type": kind}
    async with serving(FINE) as wire:
        asked = request(temperature=0.5, options={"thinking": thinking})
        deltas = await everything(provider(wire), asked)
    assert wire.bodies()[0]["thinking"] == thinking
    assert "temperature" not in wire.bodies()[0]
    assert end(deltas).refused == ("temperature",)


def refusing_parameter(name: str) -> Script:
    async def script(exchange: Exchange) -> None:
        if name in exchange.request.json:
            error = {"type": "invalid_request_error", "message": f"{name}: not supported"}
            await exchange.reply({"type": "error", "error": error}, 400)
        else:
            await FINE(exchange)

    return script


@pytest.mark.parametrize(
    ("name", "refused"), [("temperature", "temperature"), ("output_config", "format")]
)
async def test_a_refused_parameter_is_left_out_from_then_on(name: str, refused: str) -> None:
    async with serving(refusing_parameter(name)) as wire:
        one = provider(wire)
        for _ in range(2):
            deltas = [delta async for delta in one.stream(request(temperature=0.5))]
            assert text(deltas) == "Rest and tea."
            assert end(deltas).refused == (refused,)
        await one.aclose()
    assert [name in body for body in wire.bodies()] == [True, False, False]


async def test_a_refusal_of_another_kind_leaves_nothing_behind() -> None:
    wrong = refusing(400, {"error": {"message": "prompt is too long"}})
    async with serving(wrong, wrong, FINE) as wire:
        one = provider(wire)
        with pytest.raises(ProviderError, match="prompt is too long"):
            _ = [delta async for delta in one.stream(REQUEST)]
        _ = [delta async for delta in one.stream(REQUEST)]
        await one.aclose()
    assert "output_config" in wire.bodies()[-1]


async def test_thinking_is_told_apart_from_the_answer() -> None:
    delta = {"type": "thinking_delta", "thinking": "Perhaps tea?"}
    thought = {"type": "content_block_delta", "index": 0, "delta": delta}
    signature = {**thought, "delta": {"type": "signature_delta", "signature": "xyz"}}
    script = saying(START, thought, signature, piece("Tea."), reason("end_turn"), STOP)
    async with serving(script) as wire:
        deltas = await everything(provider(wire))
    assert (thoughts(deltas), text(deltas)) == ("Perhaps tea?", "Tea.")


async def test_a_character_may_be_split_between_two_pieces_of_the_stream() -> None:
    events = (START, piece("5 µg – naïve\x85café"), reason("end_turn"), STOP)
    stream = "".join(
        f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n"
        for event in events
    )
    async with serving(in_pieces(stream.encode(), SSE)) as wire:
        assert text(await everything(provider(wire))) == "5 µg – naïve\x85café"


@pytest.mark.parametrize(
    ("why", "finish"),
    [
        ("end_turn", Finish.STOP),
        ("stop_sequence", Finish.STOP),
        ("max_tokens", Finish.LENGTH),
        ("model_context_window_exceeded", Finish.LENGTH),
        ("refusal", Finish.REFUSAL),
        (None, Finish.BROKEN),
    ],
)
async def test_the_end_says_whether_the_answer_is_whole(why: str | None, finish: Finish) -> None:
    async with serving(saying(*WHOLE, reason(why), STOP)) as wire:
        assert end(await everything(provider(wire))).finish is finish


async def test_a_stream_that_just_stops_is_broken() -> None:
    async with serving(saying(*WHOLE)) as wire:
        deltas = await everything(provider(wire))
    assert (text(deltas), end(deltas).finish) == ("Rest and tea.", Finish.BROKEN)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("overloaded_error", RateLimited),
        ("rate_limit_error", RateLimited),
        ("timeout_error", ResponseTimeout),
        ("authentication_error", AuthenticationFailed),
        ("api_error", BadReply),
    ],
)
async def test_an_error_in_the_middle_of_a_stream_goes_by_its_type(
    kind: str, expected: type[ProviderError]
) -> None:
    fault = {"type": "error", "error": {"type": kind, "message": "Overloaded"}}
    error = await failure(saying(*WHOLE, fault))
    assert type(error) is expected
    assert '"Overloaded"' in str(error)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, {"error": {"message": f"bad {SECRET}"}}, AuthenticationFailed, "api_key_env"),
        (404, {"error": {"message": "model: tiny-1"}}, ModelMissing, "tiny-1"),
        (404, {"error": {"message": "File Not Found"}}, Unreachable, "correct the url"),
        (429, {"error": {"message": "slow down"}}, RateLimited, "wait 20 s"),
        (500, "<html><title>Oops</title></html>", ProviderError, "Oops"),
        (529, {"error": {"type": "overloaded_error"}}, RateLimited, "overloaded"),
    ],
)
async def test_a_refused_call_says_what_happened_and_what_to_do(
    status: int, body: object, kind: type[ProviderError], words: str
) -> None:
    error = await failure(refusing(status, body, retry_after="20"))
    assert type(error) is kind
    assert words in str(error)


async def test_a_web_page_is_not_an_answer() -> None:
    async def page(exchange: Exchange) -> None:
        await exchange.reply("<html><title>Sign in</title>", content_type="text/html")

    assert type(await failure(page)) is BadReply


async def test_events_that_are_not_json_are_a_bad_reply() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.sse("{oops", name="message_start")
        await exchange.end()

    assert type(await failure(script)) is BadReply


async def test_a_connection_that_breaks_in_the_middle_is_told() -> None:
    async def breaking(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.sse(*WHOLE)
        exchange.drop()

    error = await failure(breaking)
    assert type(error) is Unreachable
    assert "connection to claude-box broke" in str(error)


async def test_a_server_that_is_down_is_told_with_its_address() -> None:
    async with serving(FINE) as wire:
        pass
    with pytest.raises(Unreachable, match="connection refused") as caught:
        await everything(provider(wire))
    assert wire.url in one_sentence(caught.value)


async def test_cancelling_the_consumer_closes_the_connection() -> None:
    left = asyncio.Event()

    async def endless(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.sse(START, piece("a"))
        await exchange.until_left()
        left.set()

    async with serving(endless) as wire:
        one = provider(wire)
        await cancelled_midway(one, REQUEST, asyncio.Event())
        async with asyncio.timeout(PATIENCE):
            await left.wait()
        await one.aclose()


async def test_the_models_are_listed_by_name() -> None:
    listing = {"data": [{"type": "model", "id": "claude-b"}, {"id": "claude-a"}]}
    async with serving(refusing(200, listing)) as wire:
        one = provider(wire)
        assert [model.name for model in await one.models()] == ["claude-a", "claude-b"]
        await one.aclose()
    assert wire.requests[0].path == "/v1/models?limit=1000"
