from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from llmchem_tui.domain.model import AnswerResult, Outcome, Status
from llmchem_tui.session.events import (
    AnswerEnded,
    Call,
    CallStarted,
    Event,
    Phase,
    PhaseChanged,
    RoundEnded,
    RoundStarted,
    TextArrived,
)
from llmchem_tui.session.provider import Ended, Finish, Loading, RateLimited, Text, Thinking
from llmchem_tui.session.state import CallState, RoundState
from tests.session.scripted import (
    VIGNETTE,
    ScriptedProvider,
    answer_json,
    collect,
    in_virtual_time,
    plan_of,
    review_json,
    round_plan,
    said,
    spec,
)

TRIAL = "trial 1"
A = Call("a")


def state_after(*events: Event) -> RoundState:
    state = RoundState(started())
    for event in events:
        state.apply(event)
    return state


def started(at: float = 0.0) -> RoundStarted:
    return RoundStarted(
        at=at,
        trial=TRIAL,
        vignette=VIGNETTE,
        ensemble=(spec("a"), spec("b"), spec("c")),
        strategy="RANDOM",
        seed=1,
        order="staged",
    )


def call_started(at: float, call: Call = A, masked: int = 0) -> CallStarted:
    return CallStarted(at=at, trial=TRIAL, call=call, masked=masked)


def text(at: float, piece: str, *, thinking: bool = False, repair: bool = False) -> TextArrived:
    return TextArrived(at=at, trial=TRIAL, call=A, text=piece, thinking=thinking, repair=repair)


def answer_ended(at: float, model: str, status: Status) -> AnswerEnded:
    return AnswerEnded(at=at, trial=TRIAL, result=AnswerResult(model, status))


def eventful_round() -> list[Event]:
    """A round in which much goes wrong, and one answer names its author."""
    provider = ScriptedProvider(
        {
            "a": [(2, Loading(), 3, Thinking("Hm"), Text("{"), Ended(Finish.STOP)), said("no")],
            "b": [said(answer_json(assessment="I am ChatGPT. He coughs."))],
            "c": [(1.5, *said(answer_json("amoxicillin", "ibuprofen")))],
            "d": [said("gibberish"), said(answer_json())],
            ("b", "c"): [said(review_json(0.3, "Too much."))],
            ("c", "b"): [(RateLimited("too many"),)],
            ("d", "b"): [(4, *said(review_json(0.9)))],
        }
    )
    return in_virtual_time(collect(provider, plan_of(round_plan("abcd"))))


# A finished round.


def test_the_events_of_a_round_give_its_answers_and_reviews() -> None:
    first, *rest = eventful_round()
    assert isinstance(first, RoundStarted)
    state = RoundState(first)
    for event in rest:
        state.apply(event)
    assert state.names == ("a", "b", "c", "d")
    assert list(state.answers) == ["a", "b", "c", "d"]
    assert state.authors == ("b", "c", "d")
    assert len(state.reviews) == state.expected_reviews == 6
    assert state.calls[Call("c", "b")].masked == 1
    review = state.review("b", "c")
    assert review is not None
    assert review.grade == 0.3
    assert state.review("a", "b") is None
    assert state.ended == rest[-1]
    assert state.elapsed == 5.0
    assert state.score().outcome is Outcome.RECOMMENDED


ENCODERS: list[tuple[Callable[[Event], bytes], Callable[[bytes], Event]]] = [
    (msgspec.json.encode, lambda line: msgspec.json.decode(line, type=Event)),
    (msgspec.msgpack.encode, lambda line: msgspec.msgpack.decode(line, type=Event)),
]


@pytest.mark.parametrize(("encode", "decode"), ENCODERS)
def test_replayed_events_give_the_same_state_and_score(
    encode: Callable[[Event], bytes], decode: Callable[[bytes], Event]
) -> None:
    events = eventful_round()
    replayed = [decode(encode(event)) for event in events]
    assert replayed == events
    states = []
    for first, *rest in (events, replayed):
        assert isinstance(first, RoundStarted)
        states.append(RoundState(first))
        for event in rest:
            states[-1].apply(event)
    assert states[0] == states[1]
    assert states[0].score() == states[1].score()


def test_a_round_can_be_scored_at_any_moment() -> None:
    first, *rest = eventful_round()
    assert isinstance(first, RoundStarted)
    state = RoundState(first)
    assert state.score().outcome is Outcome.FAILED
    outcomes = []
    for event in rest:
        state.apply(event)
        outcomes.append(state.score().outcome)
    assert outcomes[-1] is Outcome.RECOMMENDED
    assert Outcome.SINGLE in outcomes


def test_the_score_can_leave_reviewers_out_and_abstain_sooner() -> None:
    first, *rest = eventful_round()
    assert isinstance(first, RoundStarted)
    state = RoundState(first)
    for event in rest:
        state.apply(event)
    assert state.score(include=()).outcome is Outcome.NO_GRADES
    assert state.score(abstain_below=0.99).outcome is Outcome.NO_CONSENSUS


# A round under way.


def test_a_new_round_has_every_answer_queued() -> None:
    state = state_after()
    assert {call: one.word for call, one in state.calls.items()} == {
        Call("a"): "queued", Call("b"): "queued", Call("c"): "queued",
    }  # fmt: skip
    assert (state.trial, state.names, state.answers, state.reviews) == (
        TRIAL, ("a", "b", "c"), {}, [],
    )  # fmt: skip
    assert state.spec("b") == spec("b")
    assert state.ended is None


def test_the_word_follows_what_a_call_does() -> None:
    def word(*events: Event) -> str:
        return state_after(*events).calls[A].word

    begun = call_started(1)
    phases = [PhaseChanged(at=2, trial=TRIAL, call=A, phase=phase) for phase in Phase]
    assert word() == "queued"
    assert word(begun) == "waiting"
    assert [word(begun, phase) for phase in phases] == [
        "retrying",
        "loading model",
        "thinking",
        "writing",
    ]
    assert word(begun, *phases, answer_ended(3, "a", Status.REFUSED)) == "refused"
    assert word(answer_ended(3, "a", Status.CANCELLED)) == "cancelled"


def test_a_call_knows_since_when_it_does_what_it_does() -> None:
    changed = PhaseChanged(at=4, trial=TRIAL, call=A, phase=Phase.WRITING)
    call = state_after(call_started(1, masked=2), changed).calls[A]
    assert (call.began, call.masked) == (1, 2)


def test_text_and_thinking_collect_apart() -> None:
    call = state_after(text(1, "Hm", thinking=True), text(2, '{"assess'), text(3, 'ment": "Flu'))
    assert call.calls[A].thinking == "Hm"
    assert call.calls[A].text == '{"assessment": "Flu'
    assert call.calls[A].readable == "Flu"


def test_a_repairing_reply_replaces_the_first() -> None:
    pieces = [text(1, "gibb"), text(2, "erish"), text(3, "{", repair=True)]
    state = state_after(*pieces)
    assert (state.calls[A].text, state.calls[A].repairing) == ("{", True)
    state.apply(text(4, "}", repair=True))
    assert state.calls[A].text == "{}"


def test_thinking_before_the_repair_leaves_the_first_text_until_the_second_comes() -> None:
    state = state_after(text(1, "first"), text(2, "Hm", thinking=True, repair=True))
    assert (state.calls[A].text, state.calls[A].repairing) == ("first", False)


def test_events_of_other_trials_and_a_second_start_are_ignored() -> None:
    state = state_after(call_started(1))
    state.apply(CallStarted(at=9, trial="trial 2", call=Call("b")))
    state.apply(RoundEnded(at=9, trial="trial 2", elapsed=9))
    state.apply(started(at=9))
    assert state == state_after(call_started(1))


def test_the_pane_of_a_model_shows_the_call_that_began_last() -> None:
    state = state_after()
    assert state.latest_call("a").call == A
    state.apply(call_started(1))
    state.apply(call_started(1, Call("b")))
    assert state.latest_call("a").call == A
    state.apply(call_started(1, Call("a", "c")))
    assert state.latest_call("a").call == Call("a", "c")
    state.apply(call_started(7, Call("a", "b")))
    assert state.latest_call("a").call == Call("a", "b")


def test_a_review_that_never_began_is_not_shown_in_a_pane() -> None:
    state = state_after(call_started(1))
    state.calls[Call("a", "b")] = CallState(Call("a", "b"))
    assert state.latest_call("a").call == A


def test_fewer_reviews_are_expected_as_answers_fail() -> None:
    state = state_after()
    assert state.expected_reviews == 6
    state.apply(answer_ended(1, "a", Status.OK))
    assert state.expected_reviews == 6
    state.apply(answer_ended(1, "b", Status.TRUNCATED))
    assert state.expected_reviews == 2
    state.apply(answer_ended(1, "c", Status.ERROR))
    assert state.expected_reviews == 0


def test_a_review_under_way_has_not_ended() -> None:
    assert state_after(call_started(1, Call("a", "b"))).review("a", "b") is None


def test_elapsed_is_the_time_to_the_last_event_and_at_the_end_the_rounds_own() -> None:
    state = RoundState(started(at=10))
    assert state.elapsed == 0
    state.apply(call_started(12))
    assert state.elapsed == 2
    state.apply(RoundEnded(at=20, trial=TRIAL, elapsed=9.5))
    assert state.elapsed == 9.5


def test_answers_come_in_the_order_of_the_ensemble() -> None:
    state = state_after(answer_ended(1, "c", Status.OK), answer_ended(2, "a", Status.OK))
    assert list(state.answers) == ["a", "c"]
    assert state.authors == ("a", "c")
