"""What goes to Ollama's /api/chat, and what its lines mean.

A change of ``num_ctx`` or ``shift`` makes Ollama load a model again: both are the same in every
request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from llmchem_tui.domain.model import Usage
from llmchem_tui.providers.reading import at, count_at, text_at
from llmchem_tui.session.provider import CallRequest, Delta, Ended, Finish, Text, Thinking

_NUM_CTX = 8192
"""The context window, in tokens, where the settings name none: room for the longest prompt of a
review, its answer and some thinking. Ollama's own default varies with the memory of the GPU."""

_BESIDE_OPTIONS = ("keep_alive", "think")
"""What of a model's options Ollama wants beside its own "options", not in them."""

_TOO_LONG = re.compile(
    r"(exceed|longer).*context[ _](length|size|window)"
    r"|context[ _](length|size|window).*exceed",
    re.IGNORECASE | re.DOTALL,
)
"""Not "requested context size too large for model": there the window is at fault."""

_SHORTENED_SLACK = 8
_MOST_BYTES_PER_TOKEN = 6
_NANOSECONDS = 1e9
_SEEDS = 2**31


def chat_body(request: CallRequest, think: object) -> dict[str, object]:
    """Return the request of a call; ``think`` None: nothing is said about thinking."""
    model = request.model
    messages = [{"role": one.role, "content": one.text} for one in request.messages]
    if request.system:
        messages.insert(0, {"role": "system", "content": request.system})
    own = {name: value for name, value in model.options.items() if name not in _BESIDE_OPTIONS}
    options = {
        **own,
        # One that is no number is the server's to refuse: it names what it expects.
        "num_ctx": model.options.get("num_ctx", _NUM_CTX),
        "num_predict": model.max_tokens,
        "seed": request.seed % _SEEDS,
    }
    if model.temperature is not None:
        options["temperature"] = model.temperature
    body: dict[str, object] = {
        "model": model.id,
        "messages": messages,
        "stream": True,
        # What does not fit is to be refused, neither cut off silently nor pushed out by the reply.
        "truncate": False,
        "shift": False,
        "options": options,
    }
    if request.schema:
        body["format"] = dict(request.schema)
    if "keep_alive" in model.options:
        body["keep_alive"] = _duration(model.options["keep_alive"])
    if think is not None:
        body["think"] = think
    return body


def num_ctx(request: CallRequest) -> int:
    """Return the context window that a call asks for, in tokens."""
    own = request.model.options.get("num_ctx")
    return own if isinstance(own, int) else _NUM_CTX


def _duration(value: object) -> object:
    """Return a keep_alive as Ollama reads it: digits alone are seconds only as a number."""
    is_number = isinstance(value, str) and value.removeprefix("-").isdigit()
    return int(str(value)) if is_number else value


def deltas(chunk: object) -> Iterator[Delta]:
    """Yield the pieces in a line."""
    if thought := text_at(chunk, "message", "thinking"):
        yield Thinking(thought)
    if text := text_at(chunk, "message", "content"):
        yield Text(text)


def ended(last: object, request: CallRequest) -> Ended:
    """Return why the stream ended, from its last line; only "done" means that it is complete."""
    if at(last, "done") is not True:
        return Ended(Finish.BROKEN)
    load, writing = count_at(last, "load_duration"), count_at(last, "eval_duration")
    usage = Usage(
        tokens_in=count_at(last, "prompt_eval_count"),
        tokens_out=count_at(last, "eval_count"),
        load_seconds=None if load is None else load / _NANOSECONDS,
    )
    if usage.tokens_out is not None and writing:
        usage = replace(usage, tokens_per_second=usage.tokens_out / writing * _NANOSECONDS)
    if _was_shortened(request, usage):
        return Ended(Finish.UNREAD, usage)
    if text_at(last, "done_reason") != "length":
        return Ended(Finish.STOP, usage)
    full = usage.tokens_out is not None and usage.tokens_out < request.model.max_tokens
    detail = f"the context window of {num_ctx(request)} tokens was full: raise num_ctx"
    return Ended(Finish.LENGTH, usage, detail=detail if full else "")


def is_overflow(words: str) -> bool:
    """Tell whether a server refused a prompt, in these words, for being too long."""
    return _TOO_LONG.search(words) is not None


def _was_shortened(request: CallRequest, usage: Usage) -> bool:
    """Tell whether an older server has cut the prompt to half its window, as it does silently."""
    text = request.system + "".join(message.text for message in request.messages)
    fits = len(text.encode("utf-8", "replace")) / _MOST_BYTES_PER_TOKEN <= num_ctx(request)
    read = usage.tokens_in
    return not fits and read is not None and read <= num_ctx(request) / 2 + _SHORTENED_SLACK
