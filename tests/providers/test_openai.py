"""OpenAI-compatible servers, on the wire: what is sent, what is understood, what goes wrong."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from llmchem_tui.domain.model import Locality, Usage
from llmchem_tui.providers.openai import OpenAIProvider
from llmchem_tui.session.provider import (
    AuthenticationFailed,
    BadReply,
    Finish,
    ModelMissing,
    ProviderError,
    RateLimited,
    ResponseTimeout,
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
from .wire import PATIENCE, SSE, Exchange, Script, Wire, serving

USAGE = {
    "choices": [],
    "usage": {
        "prompt_tokens": 11,
        "completion_tokens": 7,
        "completion_tokens_details": {"reasoning_tokens": 3},
    },
}


def provider(wire: Wire | str, key: str = SECRET, **more: Any) -> OpenAIProvider:
    url = wire if isinstance(wire, str) else f"{wire.url}/v1"
    return OpenAIProvider("box", url, key, **more)


def piece(content: str | None = None, reason: str | None = None, **delta: object) -> Any:
    if content is not None:
        delta["content"] = content
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def saying(*chunks: object) -> Script:
    """A script that streams these chunks, and the sign that all is said."""

    async def script(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.sse(*chunks, "[DONE]")
        await exchange.end()

    return script


FINE = saying(piece("Rest "), piece("and tea.", "stop"), USAGE)


async def failure(*scripts: Script, **more: Any) -> ProviderError:
    """Return the error that a call to such a server raises."""
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
    assert end(deltas).usage == Usage(tokens_in=11, tokens_out=7, thinking_tokens=3)


async def test_the_request_holds_what_was_asked_and_nothing_of_the_case_itself() -> None:
    async with serving(FINE) as wire:
        await everything(provider(wire), request(options={"top_p": 0.5}))
    (sent,) = wire.requests
    assert (sent.method, sent.path) == ("POST", "/v1/chat/completions")
    assert sent.headers["authorization"] == f"Bearer {SECRET}"
    assert sent.json == {
        "model": "tiny-1",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What now?"},
        ],
        "max_tokens": 321,
        "seed": 7,
        "stream": True,
        "stream_options": {"include_usage": True},
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "reply", "strict": True, "schema": SCHEMA},
        },
        "top_p": 0.5,
    }
    assert b"NEVER-ON-THE-WIRE" not in sent.body
    assert b"hidden" not in sent.body


async def test_a_temperature_is_sent_only_if_it_is_set() -> None:
    async with serving(FINE) as wire:
        await everything(provider(wire), request(temperature=0.0))
    assert wire.bodies()[0]["temperature"] == 0.0


async def test_the_environment_says_nothing_to_a_foreign_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leaks = {
        "OPENAI_API_KEY": "sk-leak",
        "OPENAI_ADMIN_KEY": "admin-leak",
        "OPENAI_ORG_ID": "org-leak",
        "OPENAI_PROJECT_ID": "project-leak",
        "OPENAI_BASE_URL": "http://leak.invalid",
        "OPENAI_CUSTOM_HEADERS": "X-Gateway: header-leak\nauthorization: Bearer auth-leak",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "ALL_PROXY": "http://127.0.0.1:1",
    }
    for name, value in leaks.items():
        monkeypatch.setenv(name, value)
    async with serving(FINE) as wire:
        await everything(provider(wire))
        await everything(provider(wire, key=""))
    assert wire.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    assert "authorization" not in wire.requests[1].headers
    for sent in wire.requests:
        assert "leak" not in str(sent.headers)
        assert "openai-organization" not in sent.headers


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
async def test_reasoning_is_told_apart_from_the_answer(field: str) -> None:
    thought = piece(**{field: "Perhaps tea?"})
    async with serving(saying(thought, piece("Tea.", "stop"))) as wire:
        deltas = await everything(provider(wire))
    assert (thoughts(deltas), text(deltas)) == ("Perhaps tea?", "Tea.")


async def test_a_character_may_be_split_between_two_pieces_of_the_stream() -> None:
    chunk = json.dumps(piece("5 µg – naïve\x85café", "stop"), ensure_ascii=False)
    stream = f": keep-alive\r\n\r\ndata: {chunk}\r\n\r\ndata: [DONE]\r\n\r\n".encode()
    async with serving(in_pieces(stream, SSE)) as wire:
        deltas = await everything(provider(wire))
    assert text(deltas) == "5 µg – naïve\x85café"


@pytest.mark.parametrize(
    ("chunks", "finish"),
    [
        ([piece("a", "stop")], Finish.STOP),
        ([piece("a", "length")], Finish.LENGTH),
        ([piece("a", "content_filter")], Finish.REFUSAL),
        ([piece(refusal="I cannot."), piece("", "stop")], Finish.REFUSAL),
        ([piece("a"), USAGE], Finish.BROKEN),
        ([piece("a", ""), piece("b", "stop"), piece("", "")], Finish.STOP),
    ],
)
async def test_the_end_says_whether_the_answer_is_whole(chunks: Any, finish: Finish) -> None:
    async with serving(saying(*chunks)) as wire:
        assert end(await everything(provider(wire))).finish is finish


async def test_chunks_of_a_strange_shape_are_passed_over() -> None:
    strange = [{"choices": None}, {"choices": [7]}, piece(content=None), [], {"usage": "many"}]
    strange += [{"choices": [{"delta": {"content": ["a"]}, "finish_reason": 3}]}]
    async with serving(saying(*strange, piece("Tea.", "stop"))) as wire:
        deltas = await everything(provider(wire))
    assert text(deltas) == "Tea."
    assert end(deltas).usage == Usage()


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, {"error": {"message": "too many tokens"}}, ProviderError, '400: "too many tokens"'),
        (401, {"error": {"message": f"wrong key {SECRET}"}}, AuthenticationFailed, "api_key_env"),
        (402, {"error": "no money"}, ProviderError, "credit"),
        (403, {"detail": "not yours"}, AuthenticationFailed, '"not yours"'),
        (404, {"error": {"message": "The model `tiny-1` does not exist"}}, ModelMissing, "tiny-1"),
        (404, {"error": {"message": "File Not Found"}}, Unreachable, "correct the url"),
        (408, {}, ResponseTimeout, "try again"),
        (413, {"message": "big"}, ProviderError, "shorten"),
        (429, {"error": {"message": "slow down"}}, RateLimited, "wait 20 s"),
        (500, "<html><title>\x1b[31mOops</title></html>", ProviderError, "Oops"),
        (503, {"error": {"message": "Loading model"}}, RateLimited, "not ready"),
        (307, "", Unreachable, "leads elsewhere"),
    ],
)
async def test_a_refused_call_says_what_happened_and_what_to_do(
    status: int, body: object, kind: type[ProviderError], words: str
) -> None:
    elsewhere = {"location": "http://127.0.0.1:1/v1"}
    error = await failure(refusing(status, body, retry_after="20", **elsewhere))
    assert type(error) is kind
    assert words in str(error)


async def test_a_missing_key_is_asked_for() -> None:
    error = await failure(refusing(401, {}), key="")
    assert "box asks for a key" in str(error)


async def test_long_words_of_a_server_are_clipped() -> None:
    error = await failure(refusing(500, {"error": {"message": "very " * 1000}}))
    assert "…" in str(error)


async def test_a_key_is_not_shown_even_where_the_words_are_clipped_in_it() -> None:
    error = await failure(refusing(500, {"error": {"message": "x" * 190 + SECRET}}))
    assert SECRET[:9] not in str(error)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ({"error": {"message": "upstream gone"}}, BadReply, '"upstream gone"'),
        ({"error": {"message": "slow", "code": 429}}, RateLimited, '"slow"'),
        ({"error": {"message": "key?", "type": "authentication_error"}}, AuthenticationFailed, ""),
        ({"error": "plain words"}, BadReply, '"plain words"'),
        ({"choices": [{"error": {"message": "gone", "code": 502}}]}, ProviderError, '502: "gone"'),
        ("{not json", BadReply, "not JSON"),
    ],
)
async def test_an_error_in_the_middle_of_a_stream_is_an_error(
    fault: object, kind: type[ProviderError], words: str
) -> None:
    error = await failure(saying(piece("Rest "), fault))
    assert type(error) is kind
    assert words in str(error)


async def test_a_web_page_is_not_an_answer() -> None:
    async def page(exchange: Exchange) -> None:
        await exchange.reply("<html><title>Sign in</title>", content_type="text/html")

    error = await failure(page)
    assert type(error) is BadReply
    assert 'a web page instead of a stream ("Sign in")' in str(error)


async def test_an_endless_web_page_is_not_read_to_its_end() -> None:
    async def page(exchange: Exchange) -> None:
        await exchange.start("text/html")
        while not exchange.left.is_set():
            await exchange.send(b"<br>" * 1000)

    assert type(await failure(page)) is BadReply


async def test_an_error_with_status_200_is_an_error() -> None:
    async def document(exchange: Exchange) -> None:
        await exchange.reply({"error": {"message": "no such tenant"}})

    error = await failure(document)
    assert type(error) is BadReply
    assert '"no such tenant"' in str(error)


async def test_a_stream_without_any_event_is_a_bad_reply() -> None:
    assert type(await failure(saying())) is BadReply


async def test_a_connection_that_breaks_in_the_middle_is_told() -> None:
    async def breaking(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.sse(piece("Rest "))
        exchange.drop()

    error = await failure(breaking)
    assert type(error) is Unreachable
    assert "connection to box broke" in str(error)


async def test_a_server_that_is_down_is_told_with_its_address() -> None:
    async with serving(FINE) as wire:
        pass
    address = wire.url.replace("http://", "http://user:password@")
    with pytest.raises(Unreachable) as caught:
        await everything(provider(f"{address}/v1"))
    assert one_sentence(caught.value).startswith(
        f"nothing answers at {wire.url}/v1 (connection refused)"
    )
    assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://host.invalid/v1", "localhost:11434/v1", "http://[::1/v1", "http://a:b/v1"]
)
async def test_an_address_that_leads_nowhere_is_told(url: str) -> None:
    with pytest.raises(Unreachable, match="correct the url of box") as caught:
        await everything(provider(url))
    one_sentence(caught.value)


async def endless(exchange: Exchange) -> None:
    """A server that talks until its client leaves, as one that computes would."""
    await exchange.start()
    await exchange.sse(piece("a"))
    await exchange.until_left()


async def test_cancelling_the_consumer_closes_the_connection() -> None:
    left = asyncio.Event()

    async def watched(exchange: Exchange) -> None:
        await endless(exchange)
        left.set()

    async with serving(watched) as wire:
        one = provider(wire)
        await cancelled_midway(one, REQUEST, asyncio.Event())
        async with asyncio.timeout(PATIENCE):
            await left.wait()
        await one.aclose()


async def test_leaving_the_stream_closes_the_connection() -> None:
    left = asyncio.Event()

    async def watched(exchange: Exchange) -> None:
        await endless(exchange)
        left.set()

    async with serving(watched) as wire:
        one = provider(wire)
        stream = one.stream(REQUEST)
        assert await anext(stream) == Text("a")
        await stream.aclose()
        async with asyncio.timeout(PATIENCE):
            await left.wait()
        await one.aclose()


async def test_cancelling_while_the_server_is_silent_closes_the_connection() -> None:
    arrived, left = asyncio.Event(), asyncio.Event()

    async def silent(exchange: Exchange) -> None:
        arrived.set()
        await exchange.until_left()
        left.set()

    async with serving(silent) as wire:
        one = provider(wire)
        task = asyncio.create_task(everything(one))
        async with asyncio.timeout(PATIENCE):
            await arrived.wait()
            task.cancel()
            await asyncio.wait([task])
            await left.wait()


async def test_a_connection_is_used_again() -> None:
    async with serving(FINE) as wire:
        one = provider(wire)
        for _ in range(3):
            assert [delta async for delta in one.stream(REQUEST)]
        await one.aclose()
    assert (len(wire.requests), wire.connections) == (3, 1)


def refusing_parameter(*names: str, status: int = 400, said: str = "{} is not supported") -> Script:
    """A script that refuses a request with any of these parameters, naming the first."""

    async def script(exchange: Exchange) -> None:
        sent = exchange.request.json
        for name in names:
            kind = sent.get("response_format", {}).get("type")
            if name in sent or name == kind:
                error = {"message": said.format(name)}
                return await exchange.reply({"error": error}, status)
        return await FINE(exchange)

    return script


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("name", ["temperature", "seed", "stream_options"])
async def test_a_refused_parameter_is_left_out_from_then_on(name: str, status: int) -> None:
    async with serving(refusing_parameter(name, status=status)) as wire:
        one = provider(wire)
        asked = request(temperature=0.3)
        for _ in range(2):
            deltas = [delta async for delta in one.stream(asked)]
            assert text(deltas) == "Rest and tea."
            assert end(deltas).refused == (name,)
        await one.aclose()
    assert [name in body for body in wire.bodies()] == [True, False, False]
    assert all("response_format" in body for body in wire.bodies())


async def test_the_token_limit_goes_by_the_name_that_the_server_knows() -> None:
    words = "{}: use max_completion_tokens instead"
    async with serving(refusing_parameter("max_tokens", said=words)) as wire:
        await everything(provider(wire))
    assert [body.get("max_completion_tokens") for body in wire.bodies()] == [None, 321]


async def test_the_token_limit_changes_its_name_only_once() -> None:
    both = refusing_parameter("max_tokens", "max_completion_tokens")
    async with serving(both) as wire:
        with pytest.raises(ProviderError, match="max_completion_tokens is not supported"):
            await everything(provider(wire))
    assert all("max_tokens" in body or "max_completion_tokens" in body for body in wire.bodies())


async def test_a_refused_schema_becomes_a_wish_for_json_and_then_nothing() -> None:
    async with serving(refusing_parameter("json_schema", "json_object")) as wire:
        one = provider(wire)
        for _ in range(2):
            assert text([delta async for delta in one.stream(REQUEST)]) == "Rest and tea."
        await one.aclose()
    kinds = [body.get("response_format", {}).get("type") for body in wire.bodies()]
    assert kinds == ["json_schema", "json_object", None, None]


async def test_a_refusal_of_another_kind_leaves_nothing_behind() -> None:
    too_long = refusing(400, {"error": {"message": "the context is exceeded"}})
    async with serving(too_long, too_long, too_long, FINE) as wire:
        one = provider(wire)
        with pytest.raises(ProviderError, match="the context is exceeded"):
            _ = [delta async for delta in one.stream(REQUEST)]
        _ = [delta async for delta in one.stream(REQUEST)]
        await one.aclose()
    assert wire.bodies()[-1]["response_format"]["type"] == "json_schema"


class Vendor(OpenAIProvider):
    """The vendor's own server, were it here."""

    own_host = "127.0.0.1"


async def test_the_vendor_itself_gets_the_newer_token_limit() -> None:
    async with serving(FINE) as wire:
        await everything(Vendor("openai", wire.url, SECRET))
    assert "max_completion_tokens" in wire.bodies()[0]
    assert "max_tokens" not in wire.bodies()[0]


async def test_the_vendor_itself_lists_only_models_that_can_chat() -> None:
    names = ["gpt-5", "tts-1", "whisper-1", "dall-e-3", "omni-moderation-latest", "gpt-image-1"]
    async with serving(refusing(200, {"data": [{"id": name} for name in names]})) as wire:
        one = Vendor("openai", wire.url, SECRET)
        assert [model.name for model in await one.models()] == ["gpt-5"]
        await one.aclose()


async def test_the_vendor_itself_is_told_the_organisation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
    async with serving(FINE) as wire:
        await everything(Vendor("openai", wire.url, SECRET))
    assert wire.requests[0].headers["openai-organization"] == "org-mine"


async def test_what_one_model_refuses_another_still_gets() -> None:
    async with serving(refusing_parameter("seed"), FINE) as wire:
        one = provider(wire)
        _ = [delta async for delta in one.stream(REQUEST)]
        _ = [delta async for delta in one.stream(request(id="other"))]
        await one.aclose()
    assert "seed" in wire.bodies()[-1]


async def test_the_models_are_listed_by_name_without_those_that_only_embed() -> None:
    listing = {"data": [{"id": "b"}, {"id": "a"}, {"id": "text-embedding-3"}, {"no": "id"}, 7]}
    async with serving(refusing(200, listing)) as wire:
        one = provider(wire)
        models = await one.models()
        await one.aclose()
    assert [(m.name, m.id, m.endpoint, m.locality) for m in models] == [
        ("a", "a", "box", Locality.LOCAL),
        ("b", "b", "box", Locality.LOCAL),
    ]
    assert wire.requests[0].path == "/v1/models"


def test_a_server_elsewhere_is_remote_unless_the_settings_say_otherwise() -> None:
    far = OpenAIProvider("far", "https://gpu.example.org/v1")
    near = OpenAIProvider("far", "https://gpu.example.org/v1", locality=Locality.LOCAL)
    assert (far._locality, near._locality) == (Locality.REMOTE, Locality.LOCAL)


@pytest.mark.parametrize("body", ["<html><title>Hi</title>", {"data": "none"}, 7])
async def test_something_else_than_a_list_of_models_is_a_bad_reply(body: object) -> None:
    kind = "text/html" if isinstance(body, str) else "application/json"

    async def script(exchange: Exchange) -> None:
        await exchange.reply(body, content_type=kind)

    async with serving(script) as wire:
        one = provider(wire)
        with pytest.raises(BadReply):
            await one.models()
        await one.aclose()


async def test_models_of_a_server_that_is_down_are_asked_for_once() -> None:
    async with serving(refusing(500, {})) as wire:
        one = OpenAIProvider("box", wire.url)
        with pytest.raises(ProviderError):
            await one.models()
        await one.aclose()
    assert len(wire.requests) == 1
