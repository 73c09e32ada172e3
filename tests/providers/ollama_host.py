"""An Ollama host as a test writes it: what it shows, what it has loaded, how it chats."""

from __future__ import annotations

from typing import Any

import pytest

from llmchem_tui.providers.ollama import OllamaProvider
from llmchem_tui.session.provider import (
    ProviderError,
)

from .asking import (
    SECRET,
    everything,
    one_sentence,
)
from .wire import NDJSON, Exchange, Script, Wire, serving

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


def server(
    chat: Script, *loaded: str, capabilities: object = None, family: str | None = None
) -> Script:
    """A script that knows these models as loaded, and leaves a chat to ``chat``.

    ``capabilities`` and ``family``: what it shows of any model; None: it is too old to tell.
    """

    async def script(exchange: Exchange) -> None:
        if exchange.request.path == "/api/ps":
            await exchange.reply({"models": [{"name": name} for name in loaded]})
        elif exchange.request.path == "/api/show":
            told = {} if capabilities is None else {"capabilities": capabilities}
            details = {} if family is None else {"details": {"family": family}}
            await exchange.reply({"model_info": {}} | details | told)
        else:
            await chat(exchange)

    return script


def saying(*chunks: object) -> Script:
    """Return a script that streams these lines."""

    async def script(exchange: Exchange) -> None:
        await exchange.start(NDJSON)
        await exchange.lines(*chunks)
        await exchange.end()

    return script


FINE = saying(piece("Rest "), piece("and tea."), piece("", **DONE))


async def failure(chat: Script) -> ProviderError:
    """Return the error that a call ends with, and see that it may be shown."""
    async with serving(server(chat)) as wire:
        with pytest.raises(ProviderError) as caught:
            await everything(provider(wire, SECRET))
    one_sentence(caught.value)
    return caught.value
