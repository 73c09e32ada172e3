"""Ollama's own API, on the wire."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from llmchem_tui.domain.model import Locality, Usage
from llmchem_tui.providers.ollama import OllamaProvider
from llmchem_tui.session.provider import (
    AuthenticationFailed,
    BadReply,
    CallRequest,
    Delta,
    Finish,
    Loading,
    Message,
    ModelMissing,
    ProviderError,
    RateLimited,
    Text,
    Unreachable,
)

from .asking import (
    REQUEST,
    SCHEMA,
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
from .wire import NDJSON, PATIENCE, Exchange, Script, Wire, serving

DONE = {
    "done": True,
    "done_reason": "stop",
    "load_duration": 2_500_000_000,
    "prompt_eval_count": 11,
    "eval_count": 7,
}


def provider(wire: Wire | str, key: str = "") -> OllamaProvider:
    return OllamaProvider("gpu", wire if isinstance(wire, str) else wire.url, key)


def piece(content: str, **more: object) -> Any:
    return {
        "model": "m",
        "message": {"role": "assistant", "content": content},
        "done": False,
    } | more


def server(chat: Script, *loaded: str, capabilities: object = None) -> Script:
    """A script that knows these models as loaded, and leaves a chat to ``chat``.

    ``capabilities``: what it shows of any model; None: it is too old to tell.
    """

    async def script(exchange: Exchange) -> None:
        if exchange.request.path == "/api/ps":
            await exchange.reply({"models": [{"name": name} for name in loaded]})
        elif exchange.request.path == "/api/show":
            told = {} if capabilities is None else {"capabilities": capabilities}
            await exchange.reply({"model_info": {}} | told)
        else:
            await chat(exchange)

    return script


def saying(*chunks: object) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.start(NDJSON)
        await exchange.lines(*chunks)
        await exchange.end()

    return script


FINE = saying(piece("Rest "), piece("and tea."), piece("", **DONE))


async def failure(chat: Script) -> ProviderError:
    async with serving(server(chat)) as wire:
        with pytest.raises(ProviderError) as caught:
            await everything(provider(wire, SECRET))
    one_sentence(caught.value)
    return caught.value


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


async def test_thinking_is_told_apart_from_the_answer() -> None:
    thought = {"message": {"role": "assistant", "content": "", "thinking": "Perhaps tea?"}}
    async with serving(server(saying(thought, piece("Tea.", **DONE)))) as wire:
        deltas = await everything(provider(wire))
    assert (thoughts(deltas), text(deltas)) == ("Perhaps tea?", "Tea.")


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


THINKING = ["completion", "thinking"]


@pytest.mark.parametrize(
    ("id_", "capabilities", "options", "sent"),
    [
        ("qwen3", THINKING, {}, True),
        ("qwen3", THINKING, {"think": False}, False),
        ("qwen3", THINKING, {"think": True}, True),
        ("gpt-oss:20b", THINKING, {}, "medium"),
        ("gpt-oss:20b", THINKING, {"think": True}, "medium"),
        ("gpt-oss:20b", THINKING, {"think": False}, "low"),
        ("gpt-oss:20b", THINKING, {"think": "high"}, "high"),
        ("llama3", ["completion"], {}, None),
        ("llama3", ["completion"], {"think": True}, None),
        ("old", None, {}, None),
        ("old", None, {"think": True}, True),
    ],
)
async def test_thinking_is_asked_for_where_a_model_can(
    id_: str, capabilities: object, options: dict[str, object], sent: object
) -> None:
    async with serving(server(FINE, capabilities=capabilities)) as wire:
        await everything(provider(wire), request(id=id_, options=options))
    assert wire.bodies()[-1].get("think") == sent


async def test_what_a_model_can_is_asked_once() -> None:
    async with serving(server(FINE, capabilities=THINKING)) as wire:
        one = provider(wire)
        for _ in range(3):
            assert [delta async for delta in one.stream(REQUEST)]
        await one.aclose()
    assert [sent.path for sent in wire.requests].count("/api/show") == 1


@pytest.mark.parametrize(
    "words",
    [
        "the input length exceeds the context length",
        "request (2622 tokens) exceeds the available context size (512 tokens), try increasing it",
    ],
)
async def test_a_prompt_that_does_not_fit_is_told_with_the_setting_to_raise(words: str) -> None:
    error = await failure(refusing(400, {"error": words}))
    assert type(error) is ProviderError
    assert "raise num_ctx in [providers.gpu]" in str(error)
    assert words[:20] in str(error)
    assert not error.transient


LONG = replace(REQUEST, messages=(Message("user", "x" * 60_000),))


@pytest.mark.parametrize(
    ("asked", "num_ctx", "read", "finish"),
    [
        (LONG, 8192, 4098, Finish.UNREAD),
        (LONG, 8192, 4104, Finish.UNREAD),
        (LONG, 8192, 4105, Finish.STOP),
        (LONG, 16384, 4098, Finish.STOP),
        (REQUEST, 8192, 11, Finish.STOP),
        (LONG, 8192, None, Finish.STOP),
    ],
)
async def test_a_prompt_that_was_cut_in_silence_is_found_out(
    asked: CallRequest, num_ctx: int, read: int | None, finish: Finish
) -> None:
    asked = replace(asked, model=replace(asked.model, options={"num_ctx": num_ctx}))
    last = piece("Fine.", **DONE | {"prompt_eval_count": read})
    async with serving(server(saying(last))) as wire:
        assert end(await everything(provider(wire), asked)).finish is finish


async def test_a_window_that_filled_up_is_not_the_token_limit() -> None:
    full = {"done": True, "done_reason": "length", "eval_count": 320}
    async with serving(server(saying(piece("a", **full)))) as wire:
        ended = end(await everything(provider(wire)))
    assert ended.finish is Finish.LENGTH
    assert "context window of 8192 tokens was full" in ended.detail


async def test_tokens_per_second_are_those_of_writing() -> None:
    last = piece("a", **DONE, eval_duration=2_000_000_000)
    async with serving(server(saying(last))) as wire:
        assert end(await everything(provider(wire))).usage.tokens_per_second == 3.5


@pytest.mark.parametrize(("status", "transient"), [(503, True), (429, True), (500, False)])
async def test_a_busy_server_may_be_asked_again_and_a_failing_one_not(
    status: int, transient: bool
) -> None:
    assert (await failure(refusing(status, {"error": "no"}))).transient is transient


async def test_the_models_are_listed_with_where_they_run() -> None:
    tags = {
        "models": [
            {"name": "qwen3:8b", "digest": "abc", "capabilities": ["completion", "thinking"]},
            {"name": "gpt-oss:cloud", "remote_host": "https://ollama.com:443"},
            {"name": "nomic-embed-text:latest", "capabilities": ["embedding"]},
            {"name": "all-minilm:latest", "details": {"family": "bert"}},
            {"name": "llama3.1:8b", "details": {"family": "llama"}},
            {"digest": "nameless"},
            "nonsense",
        ]
    }
    async with serving(refusing(200, tags)) as wire:
        one = provider(wire)
        models = await one.models()
        await one.aclose()
    assert wire.requests[0].path == "/api/tags"
    assert [(model.name, model.locality, model.digest) for model in models] == [
        ("gpt-oss:cloud", Locality.REMOTE, ""),
        ("llama3.1:8b", Locality.LOCAL, ""),
        ("qwen3:8b", Locality.LOCAL, "abc"),
    ]
    assert {model.endpoint for model in models} == {"gpu"}


@pytest.mark.parametrize("body", [{"models": None}, [1], "oops"])
async def test_something_else_than_a_list_of_models_is_a_bad_reply(body: object) -> None:
    async with serving(refusing(200, body)) as wire:
        one = provider(wire)
        with pytest.raises(BadReply):
            await one.models()
        await one.aclose()


async def test_a_server_without_models_has_none() -> None:
    async with serving(refusing(200, {"models": []})) as wire:
        one = provider(wire)
        assert await one.models() == []
        await one.aclose()
