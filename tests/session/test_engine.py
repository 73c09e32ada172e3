from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from itertools import permutations

import pytest

from llmchem_tui.domain.model import Outcome, Status, Usage
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
from llmchem_tui.session.protocol import ANSWER_SCHEMA, REVIEW_SCHEMA
from llmchem_tui.session.provider import (
    CallRequest,
    Delta,
    Ended,
    Finish,
    Loading,
    RateLimited,
    ResponseTimeout,
    Text,
    Thinking,
)
from llmchem_tui.session.scheduler import Order, Plan
from llmchem_tui.session.state import RoundState
from tests.session.scripted import (
    FOREVER,
    PROMPTS,
    VIGNETTE,
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
    spec,
    started_calls,
    statuses,
)

OK_ANSWER = said(answer_json())
OK_REVIEW = said(review_json())
ANSWERS = [Call("a"), Call("b"), Call("c")]
PAIRS = list(permutations("abc", 2))


def slow(seconds: float, script: Script) -> Script:
    return (seconds, *script)


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
    assert (review.schema, review.seed, review.author) == (REVIEW_SCHEMA, 7, "b")
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


# Cancelling.


def test_stopping_cancels_every_call_and_the_end_of_the_round_comes_last() -> None:
    stop = asyncio.Event()
    provider = ScriptedProvider(
        {
            "c": [slow(5, (stop.set, FOREVER))],
            ("a", "b"): [(Text("{"), FOREVER)],
            ("b", "a"): [slow(1, OK_REVIEW)],
        }
    )
    events = in_virtual_time(collect(provider, stop=stop))
    assert statuses(events) == {
        "a": "ok", "b": "ok", "c": "cancelled", ("a", "b"): "cancelled", ("b", "a"): "ok",
    }  # fmt: skip
    assert events[-1] == RoundEnded(at=5, trial="trial 1", elapsed=5, cancelled=True)
    assert len(round_ends(events)) == 1
    cancelled = ended_calls(events)[Call("a", "b")].result
    assert (cancelled.status, cancelled.latency) == (Status.CANCELLED, 5)
    assert provider.open == []
    assert len(provider.closed) == 5


def test_stopping_cancels_what_is_queued_and_says_nothing_of_rounds_not_begun() -> None:
    stop = asyncio.Event()
    provider = ScriptedProvider({"b": [(stop.set, FOREVER)]})
    plan = plan_of(round_plan("abc", trial="1"), round_plan("abc", trial="2"))
    events = in_virtual_time(collect(provider, plan, stop=stop, slots=1))
    assert statuses(events) == {"a": "ok", "b": "cancelled", "c": "cancelled"}
    assert {event.trial for event in events} == {"1"}
    assert ended_calls(events)[Call("c")].result.latency is None


def test_a_round_that_had_ended_before_the_stop_is_not_cancelled() -> None:
    stop = asyncio.Event()
    provider = ScriptedProvider({"b": [(1, stop.set, FOREVER)]})
    plan = plan_of(round_plan("a", trial="1"), round_plan("b", trial="2"))
    events = in_virtual_time(collect(provider, plan, stop=stop))
    assert [(e.trial, e.cancelled) for e in round_ends(events)] == [("1", False), ("2", True)]


def test_a_plan_that_is_stopped_before_it_begins_asks_nobody() -> None:
    async def run() -> list[Event]:
        stop = asyncio.Event()
        stop.set()
        return await collect(provider, stop=stop)

    provider = ScriptedProvider()
    assert in_virtual_time(run()) == []
    assert provider.requests == []


def test_stopping_at_the_first_event_still_ends_every_call() -> None:
    async def run() -> list[Event]:
        stop, events = asyncio.Event(), []
        endpoints = {"server": Endpoint(provider)}
        async for event in run_rounds(plan_of(), endpoints, PROMPTS, stop):
            stop.set()
            events.append(event)
        return events

    provider = ScriptedProvider({name: [(FOREVER,)] for name in "abc"})
    events = in_virtual_time(run())
    assert statuses(events) == dict.fromkeys("abc", "cancelled")
    assert started_calls(events) == ANSWERS


def stream_of(provider: ScriptedProvider) -> AsyncGenerator[Event, None]:
    return run_rounds(plan_of(), {"server": Endpoint(provider)}, PROMPTS)


def test_closing_the_stream_early_leaves_no_call_and_no_task_behind() -> None:
    async def run() -> None:
        events = stream_of(provider)
        async for event in events:
            if isinstance(event, TextArrived):
                break
        assert len(provider.open) == 3
        await events.aclose()
        assert asyncio.get_running_loop().time() == 0
        assert provider.open == []
        assert asyncio.all_tasks() == {asyncio.current_task()}

    provider = ScriptedProvider({name: [(Text("{"), FOREVER)] for name in "abc"})
    in_virtual_time(run())
    assert sorted(call.model for call in provider.closed) == ["a", "b", "c"]


def test_cancelling_the_consumer_leaves_no_call_and_no_task_behind() -> None:
    async def consume() -> None:
        async for _ in stream_of(provider):
            pass

    async def run() -> None:
        consumer = asyncio.create_task(consume())
        await asyncio.sleep(5)
        assert len(provider.open) == 3
        consumer.cancel()
        await asyncio.wait([consumer])
        assert consumer.cancelled()
        assert asyncio.get_running_loop().time() == 5
        assert provider.open == []
        assert asyncio.all_tasks() == {asyncio.current_task()}

    provider = ScriptedProvider({name: [(FOREVER,)] for name in "abc"})
    in_virtual_time(run())


def test_a_finished_stream_leaves_no_task_behind() -> None:
    async def run() -> None:
        async for _ in stream_of(provider):
            pass
        assert asyncio.all_tasks() == {asyncio.current_task()}

    provider = ScriptedProvider({"b": [said("gibberish"), (FOREVER,)]})
    in_virtual_time(run())


# Bugs.


@pytest.mark.parametrize("bug", [ZeroDivisionError("a bug"), TimeoutError("a socket's")])
@pytest.mark.parametrize("where", ["a", ("a", "b")])
def test_a_bug_in_a_provider_comes_out_as_it_is(
    bug: Exception, where: str | tuple[str, str]
) -> None:
    provider = ScriptedProvider({where: [(1, bug)], "c": [(FOREVER,)]})
    with pytest.raises(type(bug)) as caught:
        in_virtual_time(collect(provider))
    assert caught.value is bug
    assert provider.open == []


def test_a_bug_while_a_call_is_cancelled_is_not_hidden() -> None:
    class FailsToClose(ScriptedProvider):
        async def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
            try:
                await asyncio.sleep(FOREVER)
                yield Text("")
            finally:
                raise ZeroDivisionError

    async def run() -> list[Event]:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(1, stop.set)
        return await collect(FailsToClose(), stop=stop)

    with pytest.raises(ZeroDivisionError):
        in_virtual_time(run())


def test_a_model_of_an_unknown_endpoint_is_a_bug_that_does_not_hang() -> None:
    plan = plan_of(round_plan([spec("a", "nowhere")]))
    with pytest.raises(KeyError, match="nowhere"):
        in_virtual_time(collect(ScriptedProvider(), plan))
