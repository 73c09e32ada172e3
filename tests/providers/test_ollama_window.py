"""The context window of Ollama's models: what does not fit is told, never cut in silence."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from llmchem_tui.domain.model import Answer
from llmchem_tui.session.provider import (
    CallRequest,
    Finish,
    Message,
    ProviderError,
)

from .asking import (
    REQUEST,
    end,
    everything,
    refusing,
    request,
)
from .ollama_host import DONE, FINE, failure, piece, provider, saying, server
from .wire import serving

TOO_LONG = (
    "request (8889 tokens) exceeds the available context size (8192 tokens), try increasing it"
)
OF_THE_RUNNER = json.dumps(
    {"error": {"code": 400, "message": TOO_LONG, "type": "exceed_context_size_error"}}
)


def told_as_too_long(error: ProviderError) -> bool:
    """See that the error names the model, its window, the setting to raise, and is final."""
    return (
        type(error) is ProviderError
        and not error.transient
        and "prompt is longer than the context window of tiny-1 (8192 tokens" in str(error)
        and "raise num_ctx in [providers.gpu] or in the model's options" in str(error)
    )


@pytest.mark.parametrize(
    "words",
    [
        "the input length exceeds the context length",
        "the prompt is longer than the context length currently available to the model",
        "input length (9000 tokens) exceeds the model's maximum context length (8192 tokens)",
        "Context window exceeded",
        TOO_LONG,
    ],
)
async def test_a_prompt_that_does_not_fit_is_told_with_the_setting_to_raise(words: str) -> None:
    error = await failure(refusing(400, {"error": words}))
    assert told_as_too_long(error)
    assert words[:20] in str(error)


async def test_the_runners_own_words_are_dug_out_of_the_error() -> None:
    error = await failure(refusing(400, {"error": OF_THE_RUNNER}))
    assert told_as_too_long(error)
    assert f'(8192 tokens; "{TOO_LONG}")' in str(error)


async def test_a_window_that_thinking_filled_up_is_told_in_the_middle_of_the_stream() -> None:
    thought = {"message": {"role": "assistant", "content": "", "thinking": "Perhaps tea?"}}
    assert told_as_too_long(await failure(saying(thought, {"error": OF_THE_RUNNER})))


async def test_a_window_that_is_too_large_for_the_model_is_not_a_long_prompt() -> None:
    error = await failure(refusing(400, {"error": "requested context size too large for model"}))
    assert "change the options of tiny-1" in str(error)


async def test_a_window_that_is_no_number_is_left_to_the_server_to_refuse() -> None:
    async with serving(server(FINE)) as wire:
        await everything(provider(wire), request(options={"num_ctx": "16k"}))
    assert wire.bodies()[-1]["options"]["num_ctx"] == "16k"


@pytest.mark.parametrize(("options", "sent"), [({}, 8192), ({"num_ctx": 4096}, 4096)])
async def test_answers_and_reviews_ask_for_the_same_window(
    options: dict[str, object], sent: int
) -> None:
    review = replace(request(options=options), subject=Answer("Rest."))
    async with serving(server(FINE)) as wire:
        await everything(provider(wire), request(options=options))
        await everything(provider(wire), review)
    chats = [one.json for one in wire.requests if one.path == "/api/chat"]
    assert [chat["options"]["num_ctx"] for chat in chats] == [sent, sent]
    assert {(chat["shift"], chat["truncate"]) for chat in chats} == {(False, False)}


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
