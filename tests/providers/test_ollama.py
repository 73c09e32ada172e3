"""Ollama's own API, on the wire: requests and streams."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from llmchem_tui.domain.model import Locality, Usage
from llmchem_tui.session.provider import (
    Delta,
    Finish,
    Loading,
    Message,
    Text,
)

from .asking import (
    REQUEST,
    SCHEMA,
    SECRET,
    cancelled_midway,
    end,
    everything,
    in_pieces,
    request,
    text,
)
from .ollama_host import DONE, FINE, piece, provider, saying, server
from .wire import NDJSON, PATIENCE, Exchange, serving


async def test_an_answer_arrives_in_pieces_with_its_usage() -> None:
    async with serving(server(FINE, "tiny-1:latest")) as wire:
        deltas = await everything(provider(wire))
    assert deltas[:2] == [Text("Rest "), Text("and tea.")]
    assert end(deltas).finish is Finish.STOP
    assert end(deltas).usage == Usage(tokens_in=11, tokens_out=7, load_seconds=2.5)


async def test_the_request_holds_what_was_asked_and_nothing_of_the_case_itself() -> None:
    options = {"num_ctx": 8192, "keep_alive": "600", "top_k": 3}
    async with serving(server(FINE)) as wire:
        await everything(provider(wire, SECRET), request(options=options, temperature=0.0))
    sent = wire.requests[-1]
    assert (sent.method, sent.path) == ("POST", "/api/chat")
    assert sent.headers["authorization"] == f"Bearer {SECRET}"
    assert sent.json == {
        "model": "tiny-1",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What now?"},
        ],
        "stream": True,
        "truncate": False,
        "shift": False,
        "format": SCHEMA,
        "keep_alive": 600,
        "options": {
            "num_ctx": 8192,
            "num_predict": 321,
            "seed": 7,
            "temperature": 0.0,
            "top_k": 3,
        },
    }
    assert b"NEVER-ON-THE-WIRE" not in sent.body


async def test_nothing_is_sent_that_was_not_set() -> None:
    async with serving(server(FINE)) as wire:
        await everything(provider(wire))
    sent = wire.requests[-1]
    assert sent.json["options"] == {"num_ctx": 8192, "num_predict": 321, "seed": 7}
    assert not {"keep_alive", "think"} & set(sent.json)
    assert "authorization" not in sent.headers


@pytest.mark.parametrize(
    ("set_to", "sent"), [("10m", "10m"), ("-1", -1), ("0", 0), (30, 30), ("24h", "24h")]
)
async def test_a_keep_alive_in_digits_is_sent_as_a_number(set_to: object, sent: object) -> None:
    async with serving(server(FINE)) as wire:
        await everything(provider(wire), request(options={"keep_alive": set_to}))
    assert wire.bodies()[-1]["keep_alive"] == sent


async def test_half_a_character_in_a_quoted_answer_does_not_stop_a_call() -> None:
    asked = replace(REQUEST, messages=(Message("user", "a\ud800b"),))
    async with serving(server(FINE)) as wire:
        assert text(await everything(provider(wire), asked)) == "Rest and tea."
    assert wire.requests[-1].body.isascii()


async def test_a_path_before_the_api_is_kept() -> None:
    async with serving(server(FINE)) as wire:
        await everything(provider(f"{wire.url}/behind/proxy/"))
    assert wire.requests[-1].path == "/behind/proxy/api/chat"


async def test_a_proxy_of_the_environment_is_not_used_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with serving(server(FINE)) as wire:
        assert text(await everything(provider(wire))) == "Rest and tea."


async def test_loading_is_told_before_the_server_has_said_a_word() -> None:
    loaded = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        async with asyncio.timeout(PATIENCE):
            await loaded.wait()
        await FINE(exchange)

    async with serving(server(slow, "another:7b")) as wire:
        one = provider(wire)
        stream = one.stream(REQUEST)
        assert await anext(stream) == Loading()
        loaded.set()
        rest: list[Delta] = [delta async for delta in stream]
        await one.aclose()
    assert text(rest) == "Rest and tea."


@pytest.mark.parametrize("name", ["tiny-1", "tiny-1:latest"])
async def test_a_loaded_model_is_not_said_to_be_loading(name: str) -> None:
    async with serving(server(FINE, name)) as wire:
        assert Loading() not in await everything(provider(wire))


async def test_a_model_that_runs_elsewhere_is_not_said_to_be_loading() -> None:
    async with serving(server(FINE)) as wire:
        deltas = await everything(provider(wire), request(locality=Locality.REMOTE))
    assert Loading() not in deltas


async def test_a_server_that_does_not_know_what_is_loaded_still_answers() -> None:
    async def script(exchange: Exchange) -> None:
        if exchange.request.path == "/api/ps":
            await exchange.reply("404 page not found", 404, "text/plain")
        else:
            await FINE(exchange)

    async with serving(script) as wire:
        assert text(await everything(provider(wire))) == "Rest and tea."


@pytest.mark.parametrize("size", [1, 7])
async def test_lines_and_characters_may_be_split_anywhere(size: int) -> None:
    # NEL and the line separator end no line of JSON.
    said = "5 µg – naïve\x85café\u2028end"
    lines = [json.dumps(one, ensure_ascii=False) for one in (piece(said), piece("", **DONE))]
    stream = "\r\n\n".join(lines).encode()
    async with serving(server(in_pieces(stream, NDJSON, size))) as wire:
        assert text(await everything(provider(wire))) == said


@pytest.mark.parametrize(
    ("last", "finish"),
    [
        ({"done": True, "done_reason": "stop"}, Finish.STOP),
        ({"done": True}, Finish.STOP),
        ({"done": True, "done_reason": "length"}, Finish.LENGTH),
        ({"done": False}, Finish.BROKEN),
    ],
)
async def test_the_end_says_whether_the_answer_is_whole(last: Any, finish: Finish) -> None:
    async with serving(server(saying(piece("a"), piece("b", **last)))) as wire:
        deltas = await everything(provider(wire))
    assert (text(deltas), end(deltas).finish) == ("ab", finish)


async def test_a_stream_without_a_line_is_broken() -> None:
    async with serving(server(saying())) as wire:
        assert end(await everything(provider(wire))).finish is Finish.BROKEN


async def test_figures_that_the_server_leaves_out_stay_unknown() -> None:
    async with serving(server(saying(piece("a", done=True, eval_count="many")))) as wire:
        assert end(await everything(provider(wire))).usage == Usage()


async def test_cancelling_the_consumer_closes_the_connection() -> None:
    left = asyncio.Event()

    async def endless(exchange: Exchange) -> None:
        await exchange.start(NDJSON)
        await exchange.lines(piece("a"))
        await exchange.until_left()
        left.set()

    async with serving(server(endless)) as wire:
        one = provider(wire)
        await cancelled_midway(one, REQUEST, asyncio.Event())
        async with asyncio.timeout(PATIENCE):
            await left.wait()
        await one.aclose()


async def test_cancelling_while_the_model_loads_closes_the_connection() -> None:
    arrived, left = asyncio.Event(), asyncio.Event()

    async def loading(exchange: Exchange) -> None:
        arrived.set()
        await exchange.until_left()
        left.set()

    async with serving(server(loading)) as wire:
        task = asyncio.create_task(everything(provider(wire)))
        async with asyncio.timeout(PATIENCE):
            await arrived.wait()
            task.cancel()
            await asyncio.wait([task])
            await left.wait()


async def test_a_connection_is_used_again() -> None:
    async with serving(server(FINE)) as wire:
        one = provider(wire)
        for _ in range(3):
            assert [delta async for delta in one.stream(REQUEST)]
        await one.aclose()
    assert wire.connections == 2  # one for chats, one of Ollama's package for the rest


async def test_tokens_per_second_are_those_of_writing() -> None:
    last = piece("a", **DONE, eval_duration=2_000_000_000)
    async with serving(server(saying(last))) as wire:
        assert end(await everything(provider(wire))).usage.tokens_per_second == 3.5
