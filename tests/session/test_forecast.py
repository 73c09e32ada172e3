from __future__ import annotations

import math

import pytest

from llmchem_tui.domain.model import (
    AnswerResult,
    Locality,
    ModelSpec,
    ReviewResult,
    Status,
    Usage,
)
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.events import (
    AnswerEnded,
    Call,
    CallStarted,
    Event,
    Phase,
    PhaseChanged,
    ReviewEnded,
    RoundStarted,
)
from llmchem_tui.session.forecast import Bar, Forecast, Pace, actual_bars, forecast, paces
from llmchem_tui.session.state import RoundState

from .scripted import VIGNETTE, ScriptedProvider, plan_of, round_plan
from .test_loads import CALL, LOAD, NAMES, host, run, seconds, specs

PACE = Pace(LOAD, 10.0, 10 * CALL, 10 * CALL)


def answered(
    model: str, latency: float, tokens: int | None, load: float | None = None
) -> AnswerResult:
    return AnswerResult(model, Status.OK, None, latency, Usage(1, tokens, load_seconds=load))


def reviewed(model: str, latency: float, tokens: int) -> ReviewResult:
    return ReviewResult(model, "x", Status.OK, latency=latency, usage=Usage(1, tokens))


def test_a_pace_is_what_past_calls_took_without_loading() -> None:
    known = paces(
        [
            answered("a", 30.0, 100, load=20.0),
            answered("a", 10.0, 200, load=0.02),
            reviewed("a", 5.0, 50),
        ]
    )
    assert known["a"].load_seconds == 20.0
    assert known["a"].tokens_per_second == pytest.approx(350 / 24.98)
    assert (known["a"].answer_tokens, known["a"].review_tokens) == (150, 50)
    assert known["a"].seconds(review=True) == pytest.approx(50 / (350 / 24.98))


def test_what_no_call_tells_stays_unknown() -> None:
    failed = AnswerResult("b", Status.ERROR, None, 1.0, Usage(1, 1))
    known = paces([answered("a", 3.0, None), failed])
    assert known == {"a": Pace(), "b": Pace()}
    assert Pace().seconds(review=False) is None
    assert paces([answered("a", 3.0, 30)])["a"].seconds(review=True) is None


def test_a_plan_played_ahead_takes_as_long_as_the_plan() -> None:
    endpoints = {"box": host(), "barn": host()}
    ensemble = specs("box", "barn")
    plan = plan_of(*(round_plan(ensemble, trial=f"t {k}", seed=k) for k in range(4)))
    ahead = forecast(plan, endpoints, dict.fromkeys(NAMES, PACE), {})
    assert ahead.seconds == pytest.approx(seconds(run(ensemble, endpoints, rounds=4)))
    assert ahead.unknown == ()


def test_the_stays_of_the_models_are_the_bars() -> None:
    names = NAMES[:2]
    endpoints = {"box": host(names=names)}
    ahead = forecast(
        plan_of(round_plan(specs("box", names=names))), endpoints, dict.fromkeys(names, PACE), {}
    )
    assert ahead == Forecast(
        (
            Bar("box", "sim/a", 0, LOAD, 14, answers=1),
            Bar("box", "sim/b", 14, LOAD, 32, answers=1, reviews=1),
            Bar("box", "sim/a", 32, LOAD, 46, reviews=1),
        ),
        46.0,
        3,
        load_seconds=dict.fromkeys(names, LOAD),
    )
    assert ahead.text == "about 46 s, 3 loads: sim/a → sim/b → sim/a"


def test_a_model_in_memory_needs_no_load() -> None:
    names = NAMES[:2]
    plan = plan_of(round_plan(specs("box", names=names)))
    known = dict.fromkeys(names, PACE)
    ahead = forecast(plan, {"box": host(names=names)}, known, {"box": ["sim/b"]})
    assert [(bar.model, bar.load) for bar in ahead.bars] == [
        ("sim/b", 0), ("sim/a", LOAD), ("sim/b", LOAD),
    ]  # fmt: skip


def test_without_past_calls_only_the_order_is_known() -> None:
    plan = plan_of(round_plan(specs("box", names=NAMES[:2])))
    ahead = forecast(plan, {"box": host()}, {"sim/a": PACE}, {})
    assert ahead.seconds is None
    assert ahead.unknown == ("sim/b",)
    assert ahead.loads == 3
    assert ahead.text == ("seconds unknown until sim/b ran once, 3 loads: sim/a → sim/b → sim/a")


def test_an_unknown_load_matters_only_where_one_is_needed() -> None:
    plan = plan_of(round_plan([ModelSpec("a", "cloud", "a", Locality.REMOTE)]))
    cloud = {"cloud": Endpoint(ScriptedProvider())}
    ahead = forecast(plan, cloud, {"a": Pace(None, 10.0, 40.0, 40.0)}, {})
    assert (ahead.seconds, ahead.loads) == (4.0, 0)
    assert ahead.text == "about 4 s"
    loads = forecast(plan, cloud, {"a": Pace(2.0, 10.0, 40.0, 40.0)}, {"cloud": []})
    assert (loads.seconds, loads.loads) == (6.0, 1)


def test_long_plans_are_told_in_minutes() -> None:
    assert Forecast((), 119.0, 0).text == "about 119 s"
    assert Forecast((), 600.0, 0).text == "about 10 min"


def happened(*events: Event) -> RoundState:
    start = RoundStarted(
        at=5.0, trial="t", vignette=VIGNETTE, ensemble=tuple(round_plan("ab").ensemble),
        strategy="RANDOM", seed=1, order="pipelined",
    )  # fmt: skip
    state = RoundState(start)
    for event in events:
        state.apply(event)
    return state


def begun(at: float, model: str, author: str | None = None) -> CallStarted:
    return CallStarted(at=at, trial="t", call=Call(model, author), endpoint="box")


def loading(at: float, model: str, author: str | None = None) -> PhaseChanged:
    return PhaseChanged(at=at, trial="t", call=Call(model, author), phase=Phase.LOADING)


def ended(at: float, result: AnswerResult) -> AnswerEnded:
    return AnswerEnded(at=at, trial="t", result=result)


def test_a_running_round_has_the_same_bars() -> None:
    first = (begun(5, "a"), loading(5, "a"))
    assert actual_bars(happened(*first), 8.0) == (Bar("box", "a", 0, 3, 3, answers=1),)
    state = happened(
        *first,
        ended(19, answered("a", 14.0, 40, load=10.0)),
        begun(19, "b"),
        loading(19, "b"),
        ended(33, answered("b", 14.0, 40, load=10.0)),
        begun(33, "b", "a"),
        ReviewEnded(at=37, trial="t", result=ReviewResult("b", "a", Status.OK, latency=4.0)),
        begun(37, "a", "b"),
        loading(37, "a", "b"),
    )
    assert actual_bars(state, 40.0) == (
        Bar("box", "a", 0, 10, 14, answers=1),
        Bar("box", "b", 14, 10, 32, answers=1, reviews=1),
        Bar("box", "a", 32, 3, 35, reviews=1),
    )


def test_infinite_speed_is_no_division_by_zero() -> None:
    assert paces([answered("a", 0.0, 5)])["a"].tokens_per_second is None
    assert not math.isnan(PACE.seconds(review=False) or 0)


def test_where_no_model_is_known_none_is_named() -> None:
    plan = plan_of(round_plan(specs("box", names=NAMES[:2])))
    assert forecast(plan, {"box": host()}, {}, {}).text.startswith(
        "seconds unknown until each model ran once, 3 loads"
    )
