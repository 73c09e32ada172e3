"""OpenAI's chat completions, and every server that speaks them.

Compatible servers differ in what they take. A parameter that one refuses is replaced or left out,
and what was learnt is kept per model until the program ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llmchem_tui.domain.model import ModelSpec, Usage
from llmchem_tui.providers.reading import at, count_at, text_at
from llmchem_tui.providers.sdk import SdkProvider
from llmchem_tui.session.provider import CallRequest, Delta, Ended, Finish, Text, Thinking

if TYPE_CHECKING:
    import openai

_LIMITS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_NEXT_FORMAT = {"json_schema": "json_object", "json_object": "text"}
_DISPENSABLE = ("temperature", "seed", "stream_options")
_SEEDS = 2**31
"""Some servers take no larger seed than a signed 32-bit number."""

_NO_CHAT = (
    "audio", "babbage", "dall-e", "davinci", "embed", "image", "moderation", "realtime", "sora",
    "transcribe", "tts", "whisper",
)  # fmt: skip
"""Words in the names of OpenAI's models that answer no chat."""

_FINISHES = {"length": Finish.LENGTH, "content_filter": Finish.REFUSAL}


@dataclass(frozen=True, slots=True)
class _Dialect:
    """Which parameters a server takes for a model; ``format`` text: none is sent."""

    limit: str
    format: str = "json_schema"
    dropped: frozenset[str] = frozenset()
    limit_is_final: bool = False

    def after(self, refusal: str) -> _Dialect | None:
        """Return what to try after a refusal in these words; None where nothing is left to try.

        A refusal that names no other parameter is laid to the output format.
        """
        for name in _DISPENSABLE:
            if name in refusal and name not in self.dropped:
                return replace(self, dropped=self.dropped | {name})
        if self.limit in refusal and not self.limit_is_final:
            return replace(self, limit=_LIMITS[self.limit], limit_is_final=True)
        if self.format in _NEXT_FORMAT:
            return replace(self, format=_NEXT_FORMAT[self.format])
        return None


class OpenAIProvider(SdkProvider):
    """An OpenAI-compatible endpoint; ``base_url`` is what comes before ``/chat/completions``."""

    sdk_name = "openai"
    own_host = "api.openai.com"
    models_path = "/models"

    def _client(self) -> openai.AsyncOpenAI:
        import openai

        return openai.AsyncOpenAI(
            api_key=self._server.key or "none",  # the SDK insists; without a key none is sent
            admin_api_key="",
            base_url=self._server.url,
            max_retries=0,
            http_client=self._http_client(),
        )

    def _vendor_headers(self) -> list[str]:
        return [*super()._vendor_headers(), "OpenAI-Organization", "OpenAI-Project"]

    async def _ask(
        self, client: openai.AsyncOpenAI, request: CallRequest
    ) -> openai.AsyncStream[object]:
        import openai

        model = request.model.id
        usual = _Dialect("max_completion_tokens" if self._own else "max_tokens")
        dialect = self._learnt.get(model, usual)
        while True:
            try:
                stream = await client.post(
                    "/chat/completions",
                    cast_to=object,
                    body=_body(request, dialect),
                    options={"headers": self._headers()},
                    stream=True,
                    stream_cls=openai.AsyncStream[object],
                )
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                changed = dialect.after(f"{error.param} {error.body}".lower())
                if changed is None:
                    raise
                dialect = changed
            else:
                # Only what worked is remembered: a refusal may have had quite another reason.
                self._learnt[model] = dialect
                return stream

    def _refused(self, model: ModelSpec) -> tuple[str, ...]:
        dialect: _Dialect | None = self._learnt.get(model.id)
        return tuple(sorted(dialect.dropped)) if dialect else ()

    def _reading(self) -> _Reading:
        return _Reading()

    def _chats(self, id_: str) -> bool:
        return not any(word in id_ for word in (_NO_CHAT if self._own else ("embed",)))

    def _fault_in(self, event: object) -> object:
        return at(event, "choices", 0, "error")  # OpenRouter's way to report its upstream


def _body(request: CallRequest, dialect: _Dialect) -> dict[str, object]:
    model = request.model
    messages = [{"role": message.role, "content": message.text} for message in request.messages]
    if request.system:
        messages.insert(0, {"role": "system", "content": request.system})
    optional: dict[str, object] = {
        "temperature": model.temperature,
        "seed": request.seed % _SEEDS,
        "stream_options": {"include_usage": True},
        "response_format": _response_format(request, dialect.format),
    }
    return {
        **model.options,
        "model": model.id,
        "messages": messages,
        "stream": True,
        dialect.limit: model.max_tokens,
        **{
            name: value
            for name, value in optional.items()
            if value is not None and name not in dialect.dropped
        },
    }


def _response_format(request: CallRequest, kind: str) -> dict[str, object] | None:
    if not request.schema or kind == "text":
        return None
    if kind == "json_object":
        return {"type": "json_object"}
    schema = {"name": "reply", "strict": True, "schema": dict(request.schema)}
    return {"type": "json_schema", "json_schema": schema}


class _Reading:
    """What a stream has said so far about its end."""

    def __init__(self) -> None:
        self._reason = ""
        self._refused = False
        self._usage = Usage()

    def take(self, chunk: object) -> Iterator[Delta]:
        """Yield the pieces in a chunk, and keep what it says about the end."""
        delta = at(chunk, "choices", 0, "delta")
        if thought := text_at(delta, "reasoning") or text_at(delta, "reasoning_content"):
            yield Thinking(thought)
        if refusal := text_at(delta, "refusal"):
            self._refused = True
            yield Text(refusal)
        if text := text_at(delta, "content"):
            yield Text(text)
        self._reason = text_at(chunk, "choices", 0, "finish_reason") or self._reason
        if at(chunk, "usage") is not None:
            self._usage = Usage(
                tokens_in=count_at(chunk, "usage", "prompt_tokens"),
                tokens_out=count_at(chunk, "usage", "completion_tokens"),
                thinking_tokens=count_at(
                    chunk, "usage", "completion_tokens_details", "reasoning_tokens"
                ),
            )

    def ended(self) -> Ended:
        """Return why the stream ended; nothing said means that it was cut off."""
        if self._refused:
            return Ended(Finish.REFUSAL, self._usage)
        if not self._reason:
            return Ended(Finish.BROKEN, self._usage)
        return Ended(_FINISHES.get(self._reason, Finish.STOP), self._usage)
