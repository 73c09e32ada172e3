"""What goes to the log of rounds and calls; see ``logs`` for what never does."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Any

from llmchem_tui.domain.model import AnswerResult, ReviewResult, Status
from llmchem_tui.logs import OWN, log, present_log
from llmchem_tui.redaction import unquoted
from llmchem_tui.session.events import (
    AnswerEnded,
    CallStarted,
    Event,
    Phase,
    PhaseChanged,
    ReviewEnded,
    RoundEnded,
    RoundResumed,
    RoundStarted,
)

if TYPE_CHECKING:
    from llmchem_tui.recorder import Recorder

_TELLING = (Status.ERROR, Status.TIMEOUT, Status.TRUNCATED)
"""The statuses whose messages are in our own words; those of others may quote the model."""

Told = tuple[int, str, dict[str, Any]]
"""The level of a line, what happened, and its fields."""


def log_event(event: Event, recorder: Recorder) -> None:
    """Log what happened in a round, after ``recorder`` took it; pieces of text are not told."""
    own = present_log()
    if own is None:
        return
    private = recorder.saving.private
    told = _told(event, own.texts and not private)
    if told is None:
        return
    level, words, fields = told
    if private:  # whatever it is, it was said about the vignette
        fields["message"] = None
    if isinstance(event, RoundEnded) and not event.cancelled:
        fields["not_saved"] = recorder.not_saved or None
        level = logging.WARNING if recorder.saving.write and recorder.not_saved else level
    log(words, level=level, name=f"{OWN}.round", trial=event.trial, at=event.at, **fields)


def _told(event: Event, texts: bool) -> Told | None:
    match event:
        case RoundStarted():
            return _round_started(event, texts)
        case RoundResumed():
            return logging.INFO, "round resumed", {}
        case RoundEnded():
            words = "round cancelled" if event.cancelled else "round finished"
            return logging.INFO, words, {"elapsed": event.elapsed}
        case AnswerEnded() | ReviewEnded():
            return _call_ended(event.result, texts)
        case _:
            return _call_goes_on(event)


def _call_goes_on(event: Event) -> Told | None:
    if isinstance(event, CallStarted):
        call = dataclasses.asdict(event.call)
        return logging.INFO, "call started", call | {"endpoint": event.endpoint}
    if isinstance(event, PhaseChanged):
        rare = event.phase in (Phase.RETRYING, Phase.LOADING)
        level = logging.INFO if rare else logging.DEBUG
        return level, f"call is {event.phase}", dataclasses.asdict(event.call)
    return None


def _round_started(event: RoundStarted, texts: bool) -> Told:
    own = event.vignette
    fields = {
        "ensemble": [spec.name for spec in event.ensemble],
        "strategy": event.strategy,
        "seed": event.seed,
        "order": event.order,
        "vignette": {"id": own.id, "title": own.title, "text": own.text} if texts else None,
    }
    return logging.INFO, "round started", fields


def _call_ended(result: AnswerResult | ReviewResult, texts: bool) -> Told:
    if isinstance(result, AnswerResult):
        words, call = "answer ended", {"model": result.model}
    else:
        words, call = "review ended", {"model": result.reviewer, "author": result.author}
    said = result.answer if isinstance(result, AnswerResult) else result.review
    message = result.message if texts else ""
    if result.status in _TELLING:
        message = message or unquoted(result.message)
    fields: dict[str, Any] = {
        **call,
        "status": result.status,
        "latency": result.latency,
        **dataclasses.asdict(result.usage),
        "refused": list(getattr(result, "refused", ())) or None,
        "message": message or None,
        "said": dataclasses.asdict(said) if texts and said is not None else None,
    }
    fine = result.status in (Status.OK, Status.CANCELLED)
    return logging.INFO if fine else logging.WARNING, words, fields
