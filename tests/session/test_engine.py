"""A round as it should be: who is asked what, when, and how much at once."""

from __future__ import annotations

from itertools import permutations

import pytest

from llmchem_tui.domain.model import Usage
from llmchem_tui.session.anonymity import MASK
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.engine import run_rounds
from llmchem_tui.session.events import (
    Call,
    CallStarted,
    Event,
    Phase,
    PhaseChanged,
    ReviewEnded,
    RoundEnded,
    RoundStarted,
    TextArrived,
)
from llmchem_tui.session.protocol import ANSWER_SCHEMA, REVIEW_FORMAT
from llmchem_tui.session.provider import (
    Ended,
    Finish,
    Loading,
    Text,
    Thinking,
)
from llmchem_tui.session.scheduler import Order, Plan
from tests.session.scripted import (
    OK_ANSWER,
    OK_REVIEW,
    PAIRS,
    PROMPTS,
    VIGNETTE,
    Script,
    ScriptedProvider,
    answer_json,
    collect,
    ended_calls,
    in_virtual_time,
    plan_of,
    round_ends,
    round_plan,
    said,
    slow,
    spec,
    started_calls,
    statuses,
)

ANSWERS = [Call("a"), Call("b"), Call("c")]


def at(events: list[Event], kind: type[Event], call: Call) -> float:
    """When the one event of a kind that concerns a call happened."""
    (event,) = [
        event
        for event in events
        if isinstance(event, kind)
        and isinstance(event, CallStarted | PhaseChanged | TextArrived)
        and event.call == call
    ]
    return event.at


# A round.


def test_a_round_tells_its_start_its_calls_and_its_end() -> None:
    provider = ScriptedProvider()
    events = in_virtual_time(collect(provider))
    first, last = events[0], events[-1]
    assert isinstance(first, RoundStarted)
    assert first == RoundStarted(
        at=0,
        trial="trial 1",
        vignette=VIGNETTE,
        ensemble=(spec("a"), spec("b"), spec("c")),
        strategy="RANDOM",
        seed=7,
        order="pipelined",
    )
    assert isinstance(last, RoundEnded)
    assert last == RoundEnded(at=0, trial="trial 1", elapsed=0)
    assert set(statuses(events).values()) == {"ok"}
    assert {event.trial for event in events} == {"trial 1"}


def test_all_answers_are_asked_for_at_once() -> None:
    provider = ScriptedProvider({name: [slow(5, OK_ANSWER)] for name in "abc"})
    events = in_virtual_time(collect(provider))
    assert [at(events, CallStarted, call) for call in ANSWERS] == [0, 0, 0]
    assert provider.most_open >= 3


@pytest.mark.parametrize("order", ["pipelined", "staged"])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_n_answers_get_exactly_n_times_n_minus_1_reviews(size: int, order: Order) -> None:
    names = "abcde"[:size]
    provider = ScriptedProvider()
    events = in_virtual_time(collect(provider, plan_of(round_plan(names), order=order)))
    expected = [Call(name) for name in names] + [Call(r, a) for r, a in permutations(names, 2)]
    assert sorted(started_calls(events), key=str) == sorted(expected, key=str)
    assert set(ended_calls(events)) == set(expected)
    assert len(provider.requests) == size * size


def test_pipelined_a_review_starts_before_all_answers_have_ended() -> None:
    provider = ScriptedProvider({"b": [slow(5, OK_ANSWER)], "c": [slow(60, OK_ANSWER)]})
    events = in_virtual_time(collect(provider))
    assert at(events, CallStarted, Call("a", "b")) == 5
    assert at(events, CallStarted, Call("a", "c")) == 60


def test_staged_no_review_starts_before_all_answers_have_ended() -> None:
    provider = ScriptedProvider({"b": [slow(5, OK_ANSWER)], "c": [slow(60, OK_ANSWER)]})
    events = in_virtual_time(collect(provider, plan_of(order="staged")))
    assert {at(events, CallStarted, Call(*pair)) for pair in PAIRS} == {60}


def test_times_are_seconds_since_the_plan_began() -> None:
    provider = ScriptedProvider({"a": [slow(3, OK_ANSWER)], ("b", "a"): [slow(4, OK_REVIEW)]})
    events = in_virtual_time(collect(provider))
    ended = ended_calls(events)
    assert (ended[Call("a")].at, ended[Call("a")].result.latency) == (3, 3)
    assert (ended[Call("b", "a")].at, ended[Call("b", "a")].result.latency) == (7, 4)
    assert round_ends(events) == [RoundEnded(at=7, trial="trial 1", elapsed=7)]
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_a_call_tells_what_it_does_and_every_piece_of_text() -> None:
    text = answer_json()
    pieces: Script = (
        1, Loading(), 2, Thinking("Hm"), Thinking("."), Thinking(""),
        3, Text(text[:9]), Text(text[9:]), Ended(Finish.STOP, Usage(5, 6)),
    )  # fmt: skip
    events = in_virtual_time(collect(ScriptedProvider({"a": [pieces]}), plan_of(round_plan("a"))))
    phases = [(e.at, e.phase) for e in events if isinstance(e, PhaseChanged)]
    assert phases == [(1, Phase.LOADING), (3, Phase.THINKING), (6, Phase.WRITING)]
    texts = [(e.text, e.thinking, e.repair) for e in events if isinstance(e, TextArrived)]
    assert texts == [
        ("Hm", True, False), (".", True, False),
        (text[:9], False, False), (text[9:], False, False),
    ]  # fmt: skip
    result = ended_calls(events)[Call("a")].result
    assert (result.latency, result.usage) == (6, Usage(5, 6))


def test_a_repair_is_told_as_such() -> None:
    provider = ScriptedProvider({"a": [said("gibberish"), OK_ANSWER]})
    events = in_virtual_time(collect(provider, plan_of(round_plan("a"))))
    texts = [(e.text, e.repair) for e in events if isinstance(e, TextArrived)]
    assert texts == [("gibberish", False), (answer_json(), True)]
    assert statuses(events) == {"a": "ok"}
    assert len(started_calls(events)) == 1


# What a model gets to see.


def test_a_request_carries_the_case_the_schema_and_the_seed() -> None:
    provider = ScriptedProvider()
    in_virtual_time(collect(provider))
    (answer,) = provider.asked("a")
    assert (answer.system, answer.schema, answer.seed) == (PROMPTS.system, ANSWER_SCHEMA, 7)
    assert (answer.vignette, answer.author, answer.subject) == (VIGNETTE, None, None)
    assert VIGNETTE.text in answer.messages[0].text
    (review,) = provider.asked("a", "b")
    assert (review.schema, review.seed, review.author) == (REVIEW_FORMAT, 7, "b")
    assert review.subject is not None
    assert "amoxicillin" in review.messages[0].text


def test_no_prompt_says_who_wrote_the_answer() -> None:
    names = ("llama3.1:8b", "claude-opus-4", "gpt-4o", "Kestrel")
    told = "As {0}, I suspect pneumonia. He has fever. I am {0}!"
    provider = ScriptedProvider(
        {name: [said(answer_json(assessment=told.format(name)))] for name in names}
    )
    events = in_virtual_time(collect(provider, plan_of(round_plan(names))))
    reviews = [request for request in provider.requests if request.author]
    assert len(reviews) == 12
    for request in reviews:
        prompt = (request.system + request.messages[0].text).lower()
        assert not [name for name in names if name.lower() in prompt]
        assert f"{MASK} He has fever. {MASK}" in request.messages[0].text
    masked = {e.masked for e in events if isinstance(e, CallStarted) and e.call.author}
    assert masked == {2}
    kept = ended_calls(events)[Call("Kestrel")].result
    assert "I am Kestrel!" in str(kept)


def test_the_label_in_a_prompt_is_the_one_that_is_told() -> None:
    provider = ScriptedProvider()
    events = in_virtual_time(collect(provider, plan_of(round_plan("abcd"))))
    started = {e.call: e for e in events if isinstance(e, CallStarted)}
    for call, ended in ended_calls(events).items():
        if isinstance(ended, ReviewEnded):
            (request,) = provider.asked(call.model, call.author)
            assert f"ANSWER {ended.result.label} ===" in request.messages[0].text
            assert ended.result.label == started[call].label
            assert ended.result.position == started[call].position
    for reviewer in "abcd":
        labels = [e.label for call, e in started.items() if call.model == reviewer and call.author]
        assert sorted(labels) == ["A", "B", "C"]


def test_the_same_seed_makes_the_same_requests() -> None:
    def prompts(seed: int) -> list[str]:
        provider = ScriptedProvider()
        in_virtual_time(collect(provider, plan_of(round_plan("abcd", seed=seed))))
        return [request.messages[0].text for request in provider.requests]

    assert prompts(1) == prompts(1)
    assert prompts(1) != prompts(2)


# Slots and plans.


def test_never_more_calls_at_once_than_the_endpoint_has_slots() -> None:
    scripts = {name: [slow(1, OK_ANSWER)] for name in "abcd"}
    provider = ScriptedProvider(scripts)
    events = in_virtual_time(collect(provider, plan_of(round_plan("abcd")), slots=2))
    assert provider.most_open == 2
    assert len(ended_calls(events)) == 16


def test_each_endpoint_has_its_own_slots() -> None:
    local = ScriptedProvider()
    remote = ScriptedProvider({(r, a): [slow(1, OK_REVIEW)] for r in "cd" for a in "abcd"})
    endpoints = {"local": Endpoint(local, slots=1), "remote": Endpoint(remote, slots=3)}
    specs = [spec("a", "local"), spec("b", "local"), spec("c", "remote"), spec("d", "remote")]

    async def run() -> list[Event]:
        plan = plan_of(round_plan(specs))
        return [event async for event in run_rounds(plan, endpoints, PROMPTS)]

    events = in_virtual_time(run())
    assert len(ended_calls(events)) == 16
    assert {request.model.name for request in local.requests} == {"a", "b"}
    assert (local.most_open, remote.most_open) == (1, 3)


def test_the_latency_of_a_call_leaves_its_time_in_our_queue_out() -> None:
    provider = ScriptedProvider({name: [slow(10, OK_ANSWER)] for name in "ab"})
    events = in_virtual_time(collect(provider, plan_of(round_plan("ab")), slots=1))
    ended = ended_calls(events)
    assert (ended[Call("b")].at, ended[Call("b")].result.latency) == (20, 10)


def test_a_plan_of_several_rounds_tells_each_by_its_trial() -> None:
    provider = ScriptedProvider()
    rounds = [round_plan("ab", trial=f"trial {i}", seed=i) for i in range(3)]
    events = in_virtual_time(collect(provider, plan_of(*rounds), slots=2))
    for one in rounds:
        own = [event for event in events if event.trial == one.trial]
        assert isinstance(own[0], RoundStarted)
        assert isinstance(own[-1], RoundEnded)
        assert set(statuses(own)) == {"a", "b", ("a", "b"), ("b", "a")}
    assert {request.seed for request in provider.requests} == {0, 1, 2}
    assert len(round_ends(events)) == 3


def test_a_plan_without_rounds_ends_at_once() -> None:
    assert in_virtual_time(collect(ScriptedProvider(), Plan(()))) == []
