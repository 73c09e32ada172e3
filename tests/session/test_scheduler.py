from __future__ import annotations

import pytest

from llmchem_tui.domain.errors import InputError
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.events import Call
from llmchem_tui.session.scheduler import Job, Order, Scheduler
from tests.session.scripted import ScriptedProvider, plan_of, round_plan, spec

ANSWERS = [Call("a"), Call("b"), Call("c")]


def endpoints(**slots: int) -> dict[str, Endpoint]:
    return {name: Endpoint(ScriptedProvider(), count) for name, count in slots.items()}


def scheduler(order: Order = "pipelined", slots: int = 100) -> Scheduler:
    return Scheduler(plan_of(order=order), endpoints(server=slots))


def start_all(schedule: Scheduler) -> dict[Call, Job]:
    """Start whatever may start."""
    return {job.call: job for job in schedule.start_ready()}


def test_all_answers_may_start_at_once_and_no_review() -> None:
    assert [job.call for job in scheduler().start_ready()] == ANSWERS


def test_what_has_started_is_not_ready_again() -> None:
    schedule = scheduler()
    assert list(start_all(schedule)) == ANSWERS
    assert schedule.start_ready() == []


def test_pipelined_a_review_may_start_once_both_have_answered() -> None:
    schedule = scheduler("pipelined")
    jobs = start_all(schedule)
    schedule.end(jobs[Call("a")], ok=True)
    assert set(start_all(schedule)) == set()
    schedule.end(jobs[Call("c")], ok=True)
    assert set(start_all(schedule)) == {Call("a", "c"), Call("c", "a")}


def test_staged_no_review_may_start_before_every_answer_has_ended() -> None:
    schedule = scheduler("staged")
    jobs = start_all(schedule)
    schedule.end(jobs[Call("a")], ok=True)
    schedule.end(jobs[Call("b")], ok=True)
    assert set(start_all(schedule)) == set()
    schedule.end(jobs[Call("c")], ok=False)
    assert set(start_all(schedule)) == {Call("a", "b"), Call("b", "a")}


def test_every_pair_is_reviewed_once_and_nobody_reviews_itself() -> None:
    schedule = scheduler()
    for job in start_all(schedule).values():
        schedule.end(job, ok=True)
    reviews = start_all(schedule)
    assert set(reviews) == {Call(r, a) for r in "abc" for a in "abc" if r != a}
    for reviewer in "abc":
        own = [job for job in reviews.values() if job.call.model == reviewer]
        assert sorted(job.label for job in own) == ["A", "B"]
        assert sorted(job.position for job in own) == [1, 2]
        assert all(job.spec.name == reviewer for job in own)


def test_a_reviewer_gets_its_answers_in_the_order_of_their_positions() -> None:
    schedule = scheduler(slots=3)
    for job in start_all(schedule).values():
        schedule.end(job, ok=True)
    assert [(job.position, job.call.model) for job in schedule.start_ready()] == [
        (1, "a"), (1, "b"), (1, "c"),
    ]  # fmt: skip


def test_a_reviewer_that_fails_stays_an_author() -> None:
    schedule = scheduler()
    for job in start_all(schedule).values():
        schedule.end(job, ok=True)
    jobs = start_all(schedule)
    schedule.end(jobs.pop(Call("a", "b")), ok=False)
    for job in jobs.values():
        assert not schedule.over("trial 1")
        schedule.end(job, ok=True)
    assert schedule.over("trial 1")
    assert Call("b", "a") in jobs


def test_a_round_is_over_when_nothing_is_queued_or_running() -> None:
    schedule = scheduler()
    assert not schedule.over("trial 1")
    jobs = start_all(schedule)
    for call in ANSWERS[:2]:
        schedule.end(jobs[call], ok=False)
    assert not schedule.over("trial 1")
    schedule.end(jobs[Call("c")], ok=True)
    assert schedule.over("trial 1")


def test_an_endpoint_never_has_more_calls_than_slots() -> None:
    schedule = scheduler(slots=2)
    jobs = start_all(schedule)
    assert list(jobs) == ANSWERS[:2]
    assert schedule.start_ready() == []
    schedule.end(jobs[Call("b")], ok=True)
    assert set(start_all(schedule)) == {Call("c")}


def test_endpoints_have_their_own_slots() -> None:
    specs = [spec("a"), spec("b"), spec("c", "other"), spec("d", "other")]
    schedule = Scheduler(plan_of(round_plan(specs)), endpoints(server=1, other=2))
    assert list(start_all(schedule)) == [Call("a"), Call("c"), Call("d")]


def test_rounds_are_served_in_the_order_of_the_plan() -> None:
    plan = plan_of(round_plan("ab", trial="1"), round_plan("cd", trial="2"))
    schedule = Scheduler(plan, endpoints(server=3))
    assert [(j.round.trial, j.call.model) for j in schedule.start_ready()] == [
        ("1", "a"), ("1", "b"), ("2", "c"),
    ]  # fmt: skip


def test_rounds_that_share_models_are_kept_apart() -> None:
    plan = plan_of(round_plan("ab", trial="1"), round_plan("ab", trial="2"))
    schedule = Scheduler(plan, endpoints(server=9))
    jobs = schedule.start_ready()
    for job in jobs[:2]:
        schedule.end(job, ok=True)
    assert [(j.round.trial, j.call) for j in schedule.start_ready()] == [
        ("1", Call("a", "b")), ("1", Call("b", "a")),
    ]  # fmt: skip
    assert not schedule.over("2")


@pytest.mark.parametrize("order", ["pipelined", "staged"])
def test_dropping_gives_up_what_would_have_taken_place(order: Order) -> None:
    schedule = scheduler(order, slots=2)
    jobs = start_all(schedule)
    schedule.end(jobs[Call("a")], ok=True)
    schedule.end(jobs[Call("b")], ok=True)
    dropped = {job.call for job in schedule.drop("trial 1")}
    assert dropped == {Call("c"), Call("a", "b"), Call("b", "a")}
    assert schedule.start_ready() == []
    assert schedule.over("trial 1")


def test_a_running_call_outlives_the_dropping() -> None:
    schedule = scheduler(slots=1)
    jobs = start_all(schedule)
    assert [job.call for job in schedule.drop("trial 1")] == ANSWERS[1:]
    assert not schedule.over("trial 1")
    schedule.end(jobs[Call("a")], ok=True)
    assert schedule.over("trial 1")


def test_an_ensemble_has_at_least_one_model_and_each_once() -> None:
    with pytest.raises(InputError, match="no model"):
        round_plan([])
    with pytest.raises(InputError, match="twice"):
        round_plan("aba")


def test_an_ensemble_of_one_has_one_call() -> None:
    schedule = Scheduler(plan_of(round_plan("a")), endpoints(server=1))
    jobs = start_all(schedule)
    schedule.end(jobs[Call("a")], ok=True)
    assert schedule.over("trial 1")
