"""The player: wherever it goes, the round is what its events up to there make of it."""

from __future__ import annotations

import copy
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.session import track
from llmchem_tui.session.events import (
    Call,
    CallStarted,
    Event,
    Phase,
    RoundEnded,
    RoundResumed,
    RoundStarted,
    TextArrived,
)
from llmchem_tui.session.provider import Ended, Finish, Loading, Text
from llmchem_tui.session.replay import REST_SECONDS, SPEEDS, Player, ReplayRound
from llmchem_tui.session.state import RoundState
from tests.session.scripted import (
    OK_ANSWER,
    ScriptedProvider,
    answer_json,
    collect,
    in_virtual_time,
    plan_of,
    review_json,
    round_plan,
    slow,
)


def recorded(trial: str = "s 1", begin: float = 0.0) -> ReplayRound:
    """A round of three, with answers that stream in and end at different times."""
    pieces = [part for i in range(0, 60, 6) for part in (0.3, Text(answer_json()[i : i + 6]))]
    rest = (Text(answer_json()[60:]), Ended(Finish.STOP))
    provider = ScriptedProvider(
        {
            "a": [(2, Loading(), 1, *pieces, *rest)],
            "b": [slow(1, OK_ANSWER)],
            "c": [slow(2.5, OK_ANSWER)],
            ("b", "c"): [slow(3, (Text(review_json(0.2)), Ended(Finish.STOP)))],
        }
    )
    events = in_virtual_time(collect(provider, plan_of(round_plan(trial=trial))))
    moved = [msgspec.structs.replace(event, at=event.at + begin) for event in events]
    return ReplayRound(tuple(moved))


FIRST, SECOND = recorded("s 1"), recorded("s 2", begin=100.0)
BROKEN_OFF = ReplayRound(tuple(recorded("s 3").events[:9]))
ROUNDS = (FIRST, SECOND, BROKEN_OFF)
LENGTH = Player(ROUNDS).length


def seconds(one: ReplayRound) -> float:
    return one.events[-1].at - one.events[0].at


def built(one: ReplayRound, offset: float) -> RoundState:
    """The round after everything that has happened this many seconds after its start."""
    state = RoundState(one.started)
    for event in one.events:
        if event.at - one.started.at <= offset + 1e-9:
            state.apply(event)
    return state


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_seeking_anywhere_equals_applying_the_events_up_to_there(shares: list[float]) -> None:
    player = Player(ROUNDS)
    for share in shares:  # there and back: nothing may stay behind
        player.seek_share(share)
        assert player.time == pytest.approx(share * LENGTH)
        offset = player.now - player.state.started.at
        assert player.state == built(player.round, offset)


CALLS = [Call("a"), Call("b"), Call("a", "b")]
EVENTS = st.lists(
    st.one_of(
        st.builds(
            TextArrived,
            at=st.integers(0, 9),
            trial=st.just("s 1"),
            call=st.sampled_from(CALLS),
            text=st.sampled_from("xyz"),
            thinking=st.booleans(),
            repair=st.booleans(),
        ),
        st.builds(
            CallStarted, at=st.integers(0, 9), trial=st.just("s 1"), call=st.sampled_from(CALLS)
        ),
        st.builds(RoundResumed, at=st.integers(0, 9), trial=st.just("s 1")),
    ),
    max_size=40,
)


@given(EVENTS, st.integers(0, 41), st.integers(0, 41))
def test_in_blocks_the_events_of_a_round_come_to_the_same(
    events: list[Event], start: int, end: int
) -> None:
    start, end = sorted(max(1, min(place, len(events) + 1)) for place in (start, end))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(track, "BLOCKS", (2, 4, 8))
        one = ReplayRound((FIRST.started, *events))
        state = RoundState.of(one.events[:start])
        for event in one.track.between(one.events, start, end):
            state.apply(event)
    assert state == RoundState.of(one.events[:end])


@given(st.integers(0, 200), st.integers(0, 60))
def test_stepping_on_and_back_leads_to_where_it_was(before: int, steps: int) -> None:
    player = Player(ROUNDS)
    for _ in range(before):
        player.step()
    index, time, state = player.index, player.time, copy.deepcopy(player.state)
    stepped = sum(player.step() for _ in range(steps))
    for _ in range(stepped):
        assert player.step_back()
    assert (player.index, player.time, player.state) == (index, time, state)


@given(st.floats(0, 1), st.sampled_from(SPEEDS), st.lists(st.floats(0.01, 2), max_size=60))
def test_playing_shows_what_seeking_would(share: float, speed: int, ticks: list[float]) -> None:
    player = Player(ROUNDS)
    player.seek_share(share)
    while player.speed != speed:
        player.change_speed(1)
    player.toggle()
    for tick in ticks:
        before = player.time
        player.tick(tick)
        assert player.time >= before or player.finished
        offset = player.now - player.state.started.at
        if offset:
            assert player.state == built(player.round, offset)


def test_every_step_shows_something_new_and_none_is_a_bare_piece_of_text() -> None:
    player = Player((FIRST,))
    seen = 1
    while player.step():
        seen += 1
    texts = sum(isinstance(event, TextArrived) for event in FIRST.events)
    assert texts > 5
    assert seen == len(FIRST.events) - texts
    assert player.state == built(FIRST, 1e9)


def test_time_passes_as_fast_as_the_speed_says() -> None:
    player = Player((FIRST,))
    assert not player.tick(5)  # nobody has pressed play
    player.toggle()
    player.tick(0.5)
    assert player.time == 0.5
    player.change_speed(1)
    player.tick(0.5)
    assert (player.speed, player.time) == (2, 1.5)
    player.change_speed(-3)
    assert player.speed == 1
    player.change_speed(30)
    assert player.speed == 50


def test_the_rounds_lie_one_after_another_though_each_has_its_own_clock() -> None:
    player = Player((FIRST, SECOND))
    assert player.length == pytest.approx(seconds(FIRST) + seconds(SECOND))
    assert player.ends == pytest.approx([seconds(FIRST), player.length])
    assert all(a < b for a, b in pairwise(player.stages))
    player.seek(seconds(FIRST) + 1.0)
    assert player.state.trial == "s 2"
    assert player.now == pytest.approx(101.0)


def test_the_end_of_a_round_stands_a_while_and_then_the_next_begins() -> None:
    player = Player((FIRST, SECOND))
    player.change_speed(30)
    player.toggle()
    player.tick(1000)
    assert player.at_end
    assert player.state.ended is not None
    assert not player.tick(REST_SECONDS / 2)
    assert player.index == 0
    assert player.tick(REST_SECONDS / 2)
    assert (player.index, player.playing) == (1, True)
    player.tick(1000)
    assert (player.finished, player.playing) == (True, False)


def test_play_at_the_very_end_begins_again() -> None:
    player = Player(ROUNDS)
    player.seek_share(1.0)
    assert player.finished
    player.toggle()
    assert (player.index, player.time, player.playing) == (0, 0.0, True)
    player.pause()
    assert not player.playing


def test_jumps_lead_to_the_first_review_and_to_the_end() -> None:
    player = Player((FIRST, SECOND))
    assert player.to_stage_2()
    assert [call.author for call in player.state.calls if call.author] != []
    assert not player.state.reviews
    assert player.to_consensus()
    assert player.state.ended is not None
    assert player.to_consensus()  # from one end to the next
    assert player.index == 1
    assert player.finished
    assert not player.to_consensus()
    assert not player.to_round(2)
    assert player.to_round(0)
    assert (player.time, player.state.answers) == (0.0, {})


def test_a_round_without_known_reviews_has_no_stage_2() -> None:
    events: list[Event] = [
        FIRST.started,
        CallStarted(at=0.0, trial="s 1", call=Call("a")),
        RoundEnded(at=0.0, trial="s 1", elapsed=0.0),
    ]
    player = Player((ReplayRound(tuple(events)),))
    assert not player.has_stage_2
    assert not player.to_stage_2()
    assert player.stages == []
    assert player.length > 0  # it has its place on the axis, though it took no time


def test_a_round_that_was_broken_off_ends_where_the_journal_does() -> None:
    player = Player((BROKEN_OFF,))
    player.to_consensus()
    assert player.finished
    assert player.state.ended is None
    assert player.state == built(BROKEN_OFF, 1e9)


def test_the_state_is_one_object_as_long_as_it_is_one_round() -> None:
    player = Player((FIRST, SECOND))
    state = player.state
    for share in (0.4, 0.1, 0.3, 0.0):
        player.seek_share(share)
        assert player.state is state
    player.to_round(1)
    assert player.state is not state


def test_times_that_run_backwards_are_taken_as_no_time() -> None:
    started = FIRST.started
    back = RoundEnded(at=started.at - 3, trial=started.trial, elapsed=1.0)
    late = CallStarted(at=started.at + 2, trial=started.trial, call=Call("a"))
    player = Player((ReplayRound((started, late, back)),))
    assert player.length == 2.0
    player.seek(1.0)
    assert player.state.ended is None
    player.seek(2.0)
    assert player.state.ended == back


def test_stepping_stops_at_both_ends() -> None:
    player = Player((FIRST,))
    player.toggle()
    assert not player.step_back()
    assert not player.playing
    player.seek_share(1.0)
    assert not player.step()
    assert isinstance(player.round.events[0], RoundStarted)
    assert Phase.LOADING in {event.phase for event in FIRST.events if hasattr(event, "phase")}
