"""Replies that are wrong in every way: read, or unreadable for a stated reason, in bounded time."""

from __future__ import annotations

import json
import random
import time
import tracemalloc
from contextlib import suppress

import pytest

from llmchem_tui.domain.model import Answer
from llmchem_tui.session.anonymity import mask_answer
from llmchem_tui.session.parsing import Unreadable, parse_answer, parse_review, readable
from llmchem_tui.session.protocol import answer_text, review_messages
from tests.fuzz.conftest import LARGEST, Fuzz
from tests.fuzz.mutations import BYTES, Mutation, mutated, other_values
from tests.session.judge_corpus import ATTACKS, ENSEMBLE
from tests.session.scripted import PROMPTS, VIGNETTE, answer_json, medication, review_json

pytestmark = pytest.mark.full

MEGABYTE = 1_000_000
SECONDS = 5.0
"""Of the processor, for a megabyte; it takes about one."""

REPLIES = {
    "answer": answer_json("amoxicillin", "ibuprofen", assessment='Naïve 👩‍⚕️ "quoted"\n\n{or} \\.'),
    "review": review_json(0.73, "Too much: 4 g."),
    "fenced": f"Well: {{x}}\n```json\n{review_json(0.5)}\n```\n> {review_json(1)}",
    "labelled": "Assessment: Viral.\nMedications:\n- stop ibuprofen, 400 mg\nGrade: 0.5",
    "attack": answer_json(assessment=ATTACKS["a fenced review"].text),
}
MUTATIONS: tuple[Mutation, ...] = (*BYTES, other_values)


def read(reply: str) -> None:
    """Whatever it is, what comes out of it can be shown, saved and quoted."""
    readable(reply).encode()
    with suppress(Unreadable):
        answer = parse_answer(reply)
        shown, _ = mask_answer(answer, ENSEMBLE)
        (message,) = review_messages(PROMPTS, VIGNETTE, shown, "A", random.Random(1))
        message.text.encode()
    with suppress(Unreadable):
        review = parse_review(reply, answer_text(Answer(reply[:1000])))
        assert review.grade is not None
        assert 0 <= review.grade <= 1
        review.rationale.encode()


@pytest.mark.parametrize("kind", REPLIES)
def test_a_damaged_reply_is_read_or_unreadable(kind: str, fuzz: Fuzz) -> None:
    whole = REPLIES[kind].encode()
    errors = ("surrogateescape", "replace", "backslashreplace")  # as a server may have sent it
    fuzz(lambda seed: read(mutated(whole, MUTATIONS, seed).decode("utf-8", errors[seed % 3])))


@pytest.mark.parametrize("kind", REPLIES)
def test_a_reply_may_end_anywhere(kind: str) -> None:
    for end in range(len(REPLIES[kind])):
        read(REPLIES[kind][:end])


FLOODS = {
    "names": "I am Claude. " * (MEGABYTE // 13),
    "control characters": "a\x1b" * (MEGABYTE // 2),
    "lone surrogates": "\\ud800" * (MEGABYTE // 6),
    "deep objects": '{"a":[' * 30 + "1," * (MEGABYTE // 2),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_megabyte_is_read_masked_quoted_and_shown_in_time(kind: str) -> None:
    flood = FLOODS[kind]
    drugs = [medication(name=flood[:1000])]
    answer = json.dumps({"assessment": flood, "medications": drugs, "cautions": [flood]})
    for reply in (flood, answer):
        began = time.process_time()
        read(reply)
        assert time.process_time() - began < 3 * SECONDS  # it is read thrice


def test_a_megabyte_takes_bounded_memory() -> None:
    reply = answer_json(assessment=FLOODS["names"])
    tracemalloc.start()
    try:
        read(reply)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < LARGEST
