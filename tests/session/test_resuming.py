"""A round that was cut off or cancelled goes on: what had finished is not asked again."""

from __future__ import annotations

import asyncio
import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.domain.model import Status
from llmchem_tui.session.events import AnswerEnded, Event, ReviewEnded, RoundEnded, RoundResumed
from llmchem_tui.session.scheduler import RoundPlan
from llmchem_tui.session.state import RoundState

from .scripted import (
    FOREVER,
    ScriptedProvider,
    answer_json,
    collect,
    in_virtual_time,
    plan_of,
    review_json,
    round_plan,
    said,
    slow,
    started_calls,
)


def provider() -> ScriptedProvider:
    """Grades differ, one model gives nothing, and everything takes its time."""
    grades = {("a", "b"): 0.3, ("b", "a"): 0.9, ("c", "a"): 0.7}
    scripts = {pair: [slow(2, said(review_json(grade)))] for pair, grade in grades.items()}
    return ScriptedProvider(
        {"a": [slow(3, said(answer_json("doxycycline")))], "d": [said("")], **scripts}
    )


def whole() -> list[Event]:
    return in_virtual_time(collect(provider(), plan_of(round_plan("abcd"))))


WHOLE = whole()


def going_on(before: list[Event]) -> RoundPlan:
    return dataclasses.replace(round_plan("abcd"), before=tuple(before))


def state_without_times(events: list[Event]) -> object:
    state = RoundState.of(events)
    answers = {n: dataclasses.replace(r, latency=None) for n, r in state.answers.items()}
    reviews = {(r.reviewer, r.author): dataclasses.replace(r, latency=None) for r in state.reviews}
    return answers, reviews, state.score()


@given(st.integers(1, len(WHOLE) - 1))
def test_wherever_it_was_cut_off_it_ends_as_if_nothing_had_happened(count: int) -> None:
    before = WHOLE[:count]
    asked = provider()
    after = in_virtual_time(collect(asked, plan_of(going_on(before))))
    assert isinstance(after[0], RoundResumed)
    assert state_without_times(before + after) == state_without_times(WHOLE)
    finished = RoundState.of(before).finished
    assert not finished.keys() & set(started_calls(after))
    assert {(r.model.name, r.author) for r in asked.requests}.isdisjoint(
        (call.model, call.author) for call in finished
    )
    times = [event.at for event in before + after]
    assert times == sorted(times)


@given(st.lists(st.integers(1, 12), min_size=1, max_size=4))
def test_it_may_be_cut_off_again_and_again(counts: list[int]) -> None:
    events: list[Event] = WHOLE[:2]
    for count in counts:
        more = in_virtual_time(collect(provider(), plan_of(going_on(events))))
        events += more[:count]
    if RoundState.of(events).ended is None:
        events += in_virtual_time(collect(provider(), plan_of(going_on(events))))
    assert state_without_times(events) == state_without_times(WHOLE)
    finished = [e for e in events if isinstance(e, AnswerEnded | ReviewEnded)]
    assert len(finished) == len({str(e.result) for e in finished})


def test_a_cancelled_round_goes_on_with_the_calls_that_were_cancelled() -> None:
    stop = asyncio.Event()
    stopped = ScriptedProvider({"c": [slow(5, (stop.set, FOREVER))], "d": [said("")]})
    before = in_virtual_time(collect(stopped, plan_of(round_plan("abcd")), stop=stop))
    kept = RoundState.of(before)
    assert kept.ended is not None and kept.ended.cancelled
    assert kept.answers["c"].status is Status.CANCELLED
    after = in_virtual_time(collect(ScriptedProvider(), plan_of(going_on(before))))
    state = RoundState.of(before + after)
    assert state.ended is not None and not state.ended.cancelled
    assert {n: str(r.status) for n, r in state.answers.items()} == {
        "a": "ok", "b": "ok", "c": "ok", "d": "empty",
    }  # fmt: skip
    assert len(state.reviews) == 6
    assert state.elapsed == 5.0


def test_the_seconds_before_and_after_count_and_not_those_between() -> None:
    cut = next(i for i, event in enumerate(WHOLE) if event.at == 3.0)
    after = in_virtual_time(collect(provider(), plan_of(going_on(WHOLE[:cut]))))
    # b's answer came at once, a's is begun anew and takes its three seconds again
    end, undisturbed = after[-1], WHOLE[-1]
    assert isinstance(end, RoundEnded) and isinstance(undisturbed, RoundEnded)
    assert undisturbed.elapsed <= end.elapsed <= undisturbed.elapsed + 3.0
