"""Anthropic's messages, and servers that speak them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from llmchem_tui.domain.model import ModelSpec, Usage
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.providers.reading import at, count_at, text_at
from llmchem_tui.providers.sdk import SdkProvider
from llmchem_tui.session.provider import CallRequest, Delta, Ended, Finish, Text, Thinking

if TYPE_CHECKING:
    import anthropic

_OLDER_VERSION = {"anthropic-version": "2023-06-01"}
"""Later versions of the API refuse a temperature: one that is set goes out under this version."""

_FINISHES = {
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "refusal": Finish.REFUSAL,
}


class AnthropicProvider(SdkProvider):
    """An endpoint with Anthropic's API; ``base_url`` is what comes before ``/v1/messages``."""

    sdk_name = "anthropic"
    own_host = "api.anthropic.com"
    models_path = "/v1/models?limit=1000"

    def _client(self) -> anthropic.AsyncAnthropic:
        import anthropic

        return anthropic.AsyncAnthropic(
            api_key=self._server.key,  # given even where blank, so that the SDK looks for no other
            base_url=self._server.url.rstrip("/").removesuffix("/v1"),
            max_retries=0,
            open_telemetry=False,
            http_client=self._http_client(),
        )

    async def _ask(
        self, client: anthropic.AsyncAnthropic, request: CallRequest
    ) -> anthropic.AsyncStream[object]:
        import anthropic

        model = request.model.id
        dropped: frozenset[str] = self._learnt.get(model, frozenset())
        while True:
            body = _body(request, dropped)
            version = _OLDER_VERSION if "temperature" in body else {}
            try:
                stream = await client.post(
                    "/v1/messages",
                    cast_to=object,
                    body=body,
                    options={"headers": {**self._headers(), **version}},
                    stream=True,
                    stream_cls=anthropic.AsyncStream[object],
                )
            except (anthropic.BadRequestError, anthropic.UnprocessableEntityError) as error:
                refused = _refused(str(error.body).lower(), body)
                if refused in dropped:
                    raise
                dropped |= {refused}
            else:
                # Only what worked is remembered: a refusal may have had quite another reason.
                self._learnt[model] = dropped
                return stream

    def _refused(self, model: ModelSpec) -> tuple[str, ...]:
        refused = set(self._learnt.get(model.id, ()))
        return tuple(sorted(refused | ({"temperature"} if _thinks(model) else set())))

    def _reading(self) -> _Reading:
        return _Reading()


def _refused(refusal: str, body: Mapping[str, object]) -> str:
    """Return which parameter a refusal is about; one that names none is laid to the format."""
    return "temperature" if "temperature" in refusal and "temperature" in body else "format"


def _body(request: CallRequest, dropped: frozenset[str]) -> dict[str, object]:
    model = request.model
    body: dict[str, object] = {
        **model.options,
        "model": model.id,
        "max_tokens": model.max_tokens,
        "messages": [{"role": one.role, "content": one.text} for one in request.messages],
        "stream": True,
    }
    if request.system:
        body["system"] = request.system
    if model.temperature is not None and "temperature" not in dropped and not _thinks(model):
        body["temperature"] = model.temperature
    if request.schema and "format" not in dropped:
        chosen = model.options.get("output_config")
        form = {"type": "json_schema", "schema": _accepted(request.schema)}
        body["output_config"] = {**(chosen if isinstance(chosen, dict) else {}), "format": form}
    return body


def _thinks(model: ModelSpec) -> bool:
    """Tell whether the options make the model think: it then takes no temperature."""
    return text_at(model.options.get("thinking"), "type") in ("enabled", "adaptive")


def _accepted(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema as the API takes it: ranges as descriptions, unions as alternatives."""
    import anthropic

    return anthropic.transform_schema(_without_type_lists(schema))


def _without_type_lists(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_type_lists(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    plain = {name: _without_type_lists(part) for name, part in schema.items()}
    types = plain.get("type")
    if isinstance(types, list):
        del plain["type"]
        plain["anyOf"] = [{"type": one} for one in types]
    return plain


class _Reading:
    """What a stream has said so far about its end."""

    def __init__(self) -> None:
        self._reason = ""
        self._why = ""
        self._tokens_in: int | None = None
        self._tokens_out: int | None = None
        self._thinking: int | None = None

    def take(self, event: object) -> Iterator[Delta]:
        """Yield the piece in an event, and keep what it says about the end."""
        match text_at(event, "type"):
            case "content_block_delta":
                if thought := text_at(event, "delta", "thinking"):
                    yield Thinking(thought)
                if text := text_at(event, "delta", "text"):
                    yield Text(text)
            case "message_start":
                self._count(at(event, "message", "usage"))
            case "message_delta":
                self._reason = text_at(event, "delta", "stop_reason") or self._reason
                self._why = text_at(event, "delta", "stop_details", "category") or self._why
                self._count(at(event, "usage"))

    def ended(self) -> Ended:
        """Return why the stream ended; nothing said means that it was cut off."""
        usage = Usage(self._tokens_in, self._tokens_out, self._thinking)
        if not self._reason:
            return Ended(Finish.BROKEN, usage)
        return Ended(_FINISHES.get(self._reason, Finish.STOP), usage, detail=plain_line(self._why))

    def _count(self, usage: object) -> None:
        # Tokens read from, or written to, the cache are not part of input_tokens.
        kinds = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        counts = [count for kind in kinds if (count := count_at(usage, kind)) is not None]
        if counts and sum(counts):
            self._tokens_in = sum(counts)
        self._tokens_out = _newer(count_at(usage, "output_tokens"), self._tokens_out)
        details = count_at(usage, "output_tokens_details", "thinking_tokens")
        self._thinking = _newer(details, self._thinking)


def _newer(count: int | None, known: int | None) -> int | None:
    return known if count is None else count
