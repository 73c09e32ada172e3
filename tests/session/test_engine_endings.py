"""How calls and rounds end: statuses, outcomes, deadlines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from itertools import permutations

import pytest

from llmchem_tui.domain.model import Outcome
from llmchem_tui.session.events import (
    Call,
    ReviewEnded,
    RoundEnded,
    RoundStarted,
)
from llmchem_tui.session.provider import (
    CallRequest,
    Delta,
    Finish,
    RateLimited,
    ResponseTimeout,
    Text,
)
from llmchem_tui.session.scheduler import Order
from llmchem_tui.session.state import RoundState
from tests.session.scripted import (
    FOREVER,
    OK_ANSWER,
    OK_REVIEW,
    PAIRS,
    Script,
    ScriptedProvider,
    answer_json,
    collect,
    ended_calls,
    in_virtual_time,
    plan_of,
    review_json,
    round_ends,
    round_plan,
    said,
    slow,
    started_calls,
    statuses,
)

# How calls end.

ANSWER_ENDS: dict[str, list[Script]] = {
    "ok": [OK_ANSWER],
    "truncated": [said("{", finish=Finish.LENGTH)],
    "refused": [said("No.", finish=Finish.REFUSAL)],
    "empty": [said("")],
    "unparsed": [said("gibberish"), said("gibberish")],
    "timeout": [(ResponseTimeout("the server gave up"),)],
    "error": [(RateLimited("too many requests"),)],
}


@pytest.mark.parametrize(("status", "scripts"), ANSWER_ENDS.items())
def test_an_answer_ends_with_its_status_and_a_failed_one_has_no_reviews(
    status: str, scripts: list[Script]
) -> None:
    provider = ScriptedProvider({"b": scripts})
    events = in_virtual_time(collect(provider))
    ended = statuses(events)
    assert ended.pop("b") == status
    assert set(ended.values()) == {"ok"}
    ok = "abc" if status == "ok" else "ac"
    assert set(ended) == {*"ac", *permutations(ok, 2)}
    assert round_ends(events) == [RoundEnded(at=0, trial="trial 1", elapsed=0)]
    result = ended_calls(events)[Call("b")].result
    assert (result.message == "") == (status == "ok")


@pytest.mark.parametrize(
    ("status", "scripts"),
    [
        ("ok", [OK_REVIEW]),
        ("truncated", [said("{", finish=Finish.LENGTH)]),
        ("refused", [said("No.", finish=Finish.REFUSAL)]),
        ("empty", [said("")]),
        ("unparsed", [said(review_json(7)), said(review_json("8/10"))]),
        ("timeout", [(ResponseTimeout("the server gave up"),)]),
        ("error", [(RateLimited("too many requests"),)]),
    ],
)
def test_a_reviewer_that_fails_stays_an_author(status: str, scripts: list[Script]) -> None:
    provider = ScriptedProvider({("b", "a"): scripts})
    events = in_virtual_time(collect(provider))
    ended = statuses(events)
    assert ended.pop(("b", "a")) == status
    assert set(ended) == {*"abc", *PAIRS} - {("b", "a")}
    assert set(ended.values()) == {"ok"}
    result = ended_calls(events)[Call("b", "a")].result
    assert (result.message == "") == (status == "ok")


def test_an_unparsed_review_keeps_its_rationale_but_has_no_grade() -> None:
    provider = ScriptedProvider({("b", "a"): [said(review_json(7)), said(review_json(7))]})
    ended = ended_calls(in_virtual_time(collect(provider)))[Call("b", "a")]
    assert isinstance(ended, ReviewEnded)
    assert ended.result.grade is None
    assert ended.result.review is not None
    assert ended.result.review.rationale == "Fits."


def test_silence_is_a_timeout_after_the_endpoints_seconds() -> None:
    provider = ScriptedProvider({"a": [(FOREVER,)], "b": [(Text("{"), FOREVER)]})
    events = in_virtual_time(collect(provider, first_byte_seconds=20, idle_seconds=5))
    ended = ended_calls(events)
    assert statuses(events) == {"a": "timeout", "b": "timeout", "c": "ok"}
    assert (ended[Call("a")].at, ended[Call("b")].at) == (20, 5)
    assert "first byte" in ended[Call("a")].result.message


# Outcomes.


def outcome(provider: ScriptedProvider, names: str = "abc") -> Outcome:
    events = in_virtual_time(collect(provider, plan_of(round_plan(names))))
    assert isinstance(events[0], RoundStarted)
    state = RoundState(events[0])
    for event in events[1:]:
        state.apply(event)
    return state.score().outcome


def test_agreement_and_good_grades_end_in_a_recommendation() -> None:
    assert outcome(ScriptedProvider()) is Outcome.RECOMMENDED


@pytest.mark.parametrize("grade", [0, 0.2])
def test_poor_grades_end_without_a_consensus(grade: float) -> None:
    scripts = {pair: [said(review_json(grade))] for pair in PAIRS}
    assert outcome(ScriptedProvider(scripts)) is Outcome.NO_CONSENSUS


def test_disagreement_ends_without_a_consensus() -> None:
    drugs = {"a": "amoxicillin", "b": "doxycycline", "c": "ibuprofen"}
    scripts = {name: [said(answer_json(drug))] for name, drug in drugs.items()}
    assert outcome(ScriptedProvider(scripts)) is Outcome.NO_CONSENSUS


def test_without_a_usable_review_there_are_no_grades() -> None:
    scripts = {pair: [said(review_json(7)), said(review_json(140))] for pair in PAIRS}
    assert outcome(ScriptedProvider(scripts)) is Outcome.NO_GRADES


def test_one_answer_is_single_however_many_were_asked() -> None:
    failing = {name: [(RateLimited("no"),)] for name in "ab"}
    assert outcome(ScriptedProvider(failing)) is Outcome.SINGLE
    assert outcome(ScriptedProvider(), "a") is Outcome.SINGLE


def test_a_round_without_an_answer_has_failed() -> None:
    failing = {name: [(RateLimited("no"),)] for name in "abc"}
    assert outcome(ScriptedProvider(failing)) is Outcome.FAILED


# Deadlines.


def test_at_its_deadline_a_round_ends_with_what_there_is() -> None:
    provider = ScriptedProvider({"c": [(FOREVER,)], ("a", "b"): [(FOREVER,)]})
    events = in_virtual_time(collect(provider, plan_of(deadline_seconds=100)))
    ended = statuses(events)
    assert ended == {
        "a": "ok", "b": "ok", "c": "timeout", ("a", "b"): "timeout", ("b", "a"): "ok",
    }  # fmt: skip
    assert round_ends(events) == [RoundEnded(at=100, trial="trial 1", elapsed=100)]
    result = ended_calls(events)[Call("c")].result
    assert "deadline of 100 s" in result.message
    assert result.latency == 100
    assert provider.open == []


def test_calls_that_are_still_queued_at_the_deadline_are_timeouts_too() -> None:
    provider = ScriptedProvider({"b": [(FOREVER,)]})
    plan = plan_of(round_plan("abc"), deadline_seconds=50)
    events = in_virtual_time(collect(provider, plan, slots=1))
    assert statuses(events) == {"a": "ok", "b": "timeout", "c": "timeout"}
    assert started_calls(events) == [Call("a"), Call("b")]
    never_sent = ended_calls(events)[Call("c")].result
    assert never_sent.latency is None
    assert "deadline" in never_sent.message


@pytest.mark.parametrize("order", ["pipelined", "staged"])
def test_reviews_that_would_have_taken_place_are_timeouts_in_either_order(order: Order) -> None:
    provider = ScriptedProvider({"c": [(FOREVER,)], ("a", "b"): [(FOREVER,)]})
    plan = plan_of(round_plan("abc"), order=order, deadline_seconds=50)
    events = in_virtual_time(collect(provider, plan, slots=2))
    ended = statuses(events)
    assert set(ended) == {*"abc", ("a", "b"), ("b", "a")}
    assert ended["c"] == ended["a", "b"] == "timeout"


def test_the_deadline_cuts_a_repair_short() -> None:
    provider = ScriptedProvider({"a": [said("gibberish"), (FOREVER,)]})
    plan = plan_of(round_plan("a"), deadline_seconds=50)
    assert statuses(in_virtual_time(collect(provider, plan))) == {"a": "timeout"}


def test_a_call_that_needs_time_to_close_is_waited_for_after_the_deadline() -> None:
    class SlowToClose(ScriptedProvider):
        async def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
            try:
                await asyncio.sleep(FOREVER)
                yield Text("")
            finally:
                await asyncio.sleep(3)

    plan = plan_of(round_plan("a"), deadline_seconds=50)
    events = in_virtual_time(collect(SlowToClose(), plan))
    assert statuses(events) == {"a": "timeout"}
    assert round_ends(events)[0].elapsed == 53


def test_each_round_has_its_own_deadline_from_its_first_call() -> None:
    provider = ScriptedProvider({"a": [slow(30, OK_ANSWER), (FOREVER,)]})
    first, second = round_plan("a", trial="1"), round_plan("a", trial="2")
    events = in_virtual_time(
        collect(provider, plan_of(first, second, deadline_seconds=40), slots=1)
    )
    assert [(e.trial, e.at, e.elapsed) for e in round_ends(events)] == [
        ("1", 30, 30),
        ("2", 70, 40),
    ]
