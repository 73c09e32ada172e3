from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from llmchem_tui.domain.model import (
    Action,
    Answer,
    AnswerResult,
    Inferior,
    Locality,
    Medication,
    ModelSpec,
    Outcome,
    Review,
    ReviewResult,
    Vignette,
)
from llmchem_tui.providers.simulated import SimulatedProvider, VirtualTimeLoop, simulated_spec
from llmchem_tui.providers.simulated_models import CHARACTERS, Character
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.engine import run_rounds
from llmchem_tui.session.events import Call, Phase, PhaseChanged, RoundStarted
from llmchem_tui.session.parsing import parse_answer, parse_review
from llmchem_tui.session.protocol import Prompts
from llmchem_tui.session.provider import (
    CallRequest,
    Delta,
    Ended,
    Finish,
    Loading,
    Message,
    ModelMissing,
    RateLimited,
    Text,
)
from llmchem_tui.session.scheduler import Order, Plan, RoundPlan
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.vignettes import bundled, find

BY_NAME = {character.name: character for character in CHARACTERS}
T = TypeVar("T")

PROMPTS = Prompts("", "{vignette}", "{vignette}{label}{delimiter}{answer}{delimiter}", "{problem}")
GOOD = ("sim/osprey-max", "sim/heron-pro", "sim/dogwood-70b")


def start(drug: str) -> Medication:
    return Medication(Action.START, drug, "500 mg", "oral", "three times daily", "5 days")


GOOD_ANSWER = Answer("Bacterial. It needs an antibiotic.", (start("amoxicillin"),))
POOR_ANSWER = Answer("Viral. It will pass.", (start("ibuprofen"),))
UNSAFE_ANSWER = Answer("Bad cough. It needs calm.", (start("morphine"),))
CASE = Vignette(
    "cough",
    "A cough",
    "A man coughs.",
    specialty="respiratory medicine",
    acceptable=(GOOD_ANSWER,),
    inferior=(
        Inferior(POOR_ANSWER, 0.4, "It treats the symptom only."),
        Inferior(UNSAFE_ANSWER, 0.1, "It stops the breath.", unsafe=True),
    ),
)
NOTE = Vignette("note", "A note", "My own patient coughs.")
NEVER_FAILING = Character("sim/x", Locality.LOCAL, 0.5, 0.1, 0.0, 3.0, 1.0, 60, 0.0)


def in_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work)


def request(
    model: ModelSpec | str = "sim/osprey-max",
    *,
    vignette: Vignette = CASE,
    seed: int = 1,
    author: str | None = None,
    subject: Answer | None = None,
) -> CallRequest:
    spec = simulated_spec(BY_NAME[model]) if isinstance(model, str) else model
    asked = (Message("user", vignette.text * 10),)
    return CallRequest(spec, "", asked, {}, seed, vignette, author, subject)


async def deltas(provider: SimulatedProvider, asked: CallRequest) -> list[Delta]:
    return [delta async for delta in provider.stream(asked)]


def text_of(told: Iterable[Delta]) -> str:
    return "".join(delta.text for delta in told if isinstance(delta, Text))


def character(**changes: Any) -> Character:
    return replace(NEVER_FAILING, **changes)


def replies(of: Character, asked: Sequence[CallRequest]) -> list[str]:
    """What a character of our own says to each request, in no time."""

    async def ask_all() -> list[str]:
        provider = SimulatedProvider(0, (of,))
        spec = simulated_spec(of)
        return [text_of(await deltas(provider, replace(one, model=spec))) for one in asked]

    return asyncio.run(ask_all())


def answers_of(of: Character, vignette: Vignette = CASE, seeds: int = 100) -> list[Answer]:
    asked = [request(vignette=vignette, seed=seed) for seed in range(seeds)]
    return [parse_answer(reply) for reply in replies(of, asked)]


def reviews_of(of: Character, subject: Answer, vignette: Vignette = CASE) -> list[Review]:
    asked = [
        request(vignette=vignette, seed=seed, author="sim/y", subject=subject)
        for seed in range(100)
    ]
    return [parse_review(reply) for reply in replies(of, asked)]


def mean_grade(reviews: Sequence[Review]) -> float:
    return sum(review.grade or 0.0 for review in reviews) / len(reviews)


async def round_of(
    provider: SimulatedProvider,
    models: Iterable[str] = GOOD,
    *,
    vignette: Vignette = CASE,
    seed: int = 1,
    order: Order = "pipelined",
) -> RoundState:
    ensemble = tuple(simulated_spec(BY_NAME[model]) for model in models)
    plan = Plan((RoundPlan("t", vignette, ensemble, "RANDOM", seed),), order)
    events = run_rounds(plan, {"simulated": Endpoint(provider)}, PROMPTS)
    first = await anext(events)
    assert isinstance(first, RoundStarted)
    state = RoundState(first)
    async for event in events:
        state.apply(event)
    return state


def content(state: RoundState) -> tuple[dict[str, AnswerResult], dict[Call, ReviewResult]]:
    """What a round amounts to, without its times."""
    answers = {name: _timeless(result) for name, result in state.answers.items()}
    reviews = {Call(one.reviewer, one.author): _timeless(one) for one in state.reviews}
    return answers, reviews


Result = TypeVar("Result", AnswerResult, ReviewResult)


def _timeless(result: Result) -> Result:
    return replace(result, latency=None, usage=replace(result.usage, load_seconds=None))


# The pool.


def test_the_pool_has_four_local_and_four_remote_models_sorted_by_name() -> None:
    specs = asyncio.run(SimulatedProvider().models())
    assert [spec.name for spec in specs] == sorted(BY_NAME)
    assert all(spec.simulated and spec.endpoint == "simulated" for spec in specs)
    localities = [spec.locality for spec in specs]
    assert localities.count(Locality.LOCAL) == localities.count(Locality.REMOTE) == 4


def test_a_model_that_is_not_in_the_pool_is_missing() -> None:
    stranger = simulated_spec(character(name="sim/nobody"))
    with pytest.raises(ModelMissing, match="sim/nobody"):
        asyncio.run(deltas(SimulatedProvider(0), request(stranger)))


def test_local_models_load_and_remote_ones_do_not() -> None:
    for one in CHARACTERS:
        assert (one.load_seconds > 0) == (one.locality is Locality.LOCAL)


def test_skill_is_shifted_by_specialty_within_bounds() -> None:
    one = character(skill=0.9, strong=("a",), weak=("b",), shift=0.2)
    assert one.skill_in("c") == 0.9
    assert one.skill_in("a") == 0.98
    assert one.skill_in("b") == pytest.approx(0.7)
    assert character(skill=0.1, weak=("b",)).skill_in("b") == 0.02


# Determinism.


def test_the_same_seed_gives_the_same_round_whatever_the_time_scale() -> None:
    for models in (GOOD, tuple(BY_NAME)):
        at_once = asyncio.run(round_of(SimulatedProvider(0), models))
        lived = in_virtual_time(round_of(SimulatedProvider(1), models))
        slowly = in_virtual_time(round_of(SimulatedProvider(7), models))
        assert content(at_once) == content(lived) == content(slowly)
        assert at_once.score() == lived.score() == slowly.score()


def test_the_same_seed_gives_the_same_answers_and_grades_in_either_order() -> None:
    pipelined = in_virtual_time(round_of(SimulatedProvider(1), BY_NAME, order="pipelined"))
    staged = in_virtual_time(round_of(SimulatedProvider(1), BY_NAME, order="staged"))
    assert content(pipelined) == content(staged)
    assert pipelined.elapsed < staged.elapsed


def test_a_model_answers_alike_whoever_else_is_in_the_ensemble() -> None:
    wide = in_virtual_time(round_of(SimulatedProvider(1), BY_NAME))
    narrow = in_virtual_time(round_of(SimulatedProvider(1), GOOD))
    for name in GOOD:
        assert _timeless(narrow.answers[name]) == _timeless(wide.answers[name])


def test_virtual_time_gives_the_same_latencies_every_time() -> None:
    states = [in_virtual_time(round_of(SimulatedProvider(1), BY_NAME)) for _ in range(2)]
    assert states[0] == states[1]
    assert states[0].elapsed > 5


def test_different_seeds_give_different_rounds() -> None:
    grades = {
        tuple(one.grade for one in asyncio.run(round_of(SimulatedProvider(0), seed=seed)).reviews)
        for seed in range(10)
    }
    assert len(grades) > 5


def test_a_round_is_the_same_in_every_process() -> None:
    code = (
        "import asyncio\n"
        "from tests.providers.test_simulated import GOOD, SimulatedProvider, content, round_of\n"
        "print(content(asyncio.run(round_of(SimulatedProvider(0), GOOD))))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1")
    }
    assert len(printed) == 1


# Answers.


def test_a_skilled_model_answers_well_and_another_one_errs() -> None:
    def share(skill: float) -> float:
        answers = answers_of(character(skill=skill))
        return sum(one.medications == GOOD_ANSWER.medications for one in answers) / len(answers)

    assert share(0.95) > 0.85
    assert share(0.05) < 0.2


def test_a_gross_error_is_rarer_than_a_plausible_one() -> None:
    drugs = [one.medications[0].name for one in answers_of(character(skill=0.02), seeds=200)]
    assert drugs.count("ibuprofen") > drugs.count("morphine") > 0


def test_a_wordy_model_reasons_at_length_and_a_curt_one_in_a_sentence() -> None:
    def assessments(*, wordy: bool, vignette: Vignette = CASE) -> set[str]:
        told = answers_of(character(skill=0.98, wordy=wordy), vignette, seeds=20)
        return {one.assessment for one in told if one.medications == GOOD_ANSWER.medications}

    short = replace(CASE, acceptable=(replace(GOOD_ANSWER, assessment="One sentence."),))
    assert assessments(wordy=True) == {GOOD_ANSWER.assessment}
    assert assessments(wordy=False) == {"Bacterial."}
    assert assessments(wordy=False, vignette=short) == {"One sentence."}


def test_of_several_good_answers_the_first_is_the_usual_one() -> None:
    other = replace(GOOD_ANSWER, medications=(start("doxycycline"),))
    choice = replace(CASE, acceptable=(GOOD_ANSWER, other))
    drugs = [one.medications[0].name for one in answers_of(character(skill=0.98), choice)]
    assert drugs.count("amoxicillin") > 1.5 * drugs.count("doxycycline") > 0


def test_a_case_without_inferior_answers_is_always_answered_well() -> None:
    easy = replace(CASE, inferior=())
    assert set(answers_of(character(skill=0.02), easy)) == {GOOD_ANSWER}


def test_on_a_users_own_note_nothing_but_a_placebo_is_ever_suggested() -> None:
    for one in CHARACTERS:
        for answer in answers_of(replace(one, failure_rate=0.0), NOTE, seeds=20):
            (medication,) = answer.medications
            assert medication.name == "SIMULATED placebo"
            assert "SIMULATED" in answer.assessment


def test_a_round_on_a_users_own_note_recommends_a_placebo_or_nothing() -> None:
    for seed in range(10):
        score = asyncio.run(round_of(SimulatedProvider(0), vignette=NOTE, seed=seed)).score()
        if score.recommendation is not None:
            assert "placebo" in str(score.recommendation)
        assert all(one.gen_accuracy is None for one in score.scores.values())


# Reviews.


def test_a_good_answer_is_graded_high_and_a_poor_one_low() -> None:
    keen = character(skill=0.98, noise=0.05)
    good, poor = reviews_of(keen, GOOD_ANSWER), reviews_of(keen, POOR_ANSWER)
    assert mean_grade(good) > 0.85
    assert mean_grade(poor) == pytest.approx(0.4, abs=0.05)
    assert "treats the symptom only" in poor[0].rationale


def test_a_reviewer_without_skill_feels_a_fault_but_does_not_name_it() -> None:
    dull = character(skill=0.02, noise=0.05)
    poor = reviews_of(dull, UNSAFE_ANSWER)
    assert mean_grade(poor) == pytest.approx((0.1 + 0.92) / 2, abs=0.05)
    named = [review for review in poor if "breath" in review.rationale]
    assert len(named) < 10


def test_bias_and_noise_shift_and_spread_the_grades_within_0_and_1() -> None:
    base = mean_grade(reviews_of(character(noise=0.01, skill=0.98), POOR_ANSWER))
    biased = mean_grade(reviews_of(character(noise=0.01, skill=0.98, bias=0.2), POOR_ANSWER))
    assert biased - base == pytest.approx(0.2, abs=0.02)
    wild = [one.grade for one in reviews_of(character(noise=3.0), POOR_ANSWER)]
    assert {0.0, 1.0} <= set(wild)
    assert all(grade is not None and 0 <= grade <= 1 for grade in wild)


def test_only_what_is_unsafe_raises_a_concern() -> None:
    keen = character(skill=0.98)
    assert "It stops the breath." in {o.safety_concern for o in reviews_of(keen, UNSAFE_ANSWER)}
    assert {o.safety_concern for o in reviews_of(keen, POOR_ANSWER)} == {None}
    assert {o.safety_concern for o in reviews_of(keen, GOOD_ANSWER)} == {None}


def test_an_unknown_poor_answer_is_judged_by_the_one_most_like_it() -> None:
    keen = character(skill=0.98, noise=0.01)
    odd = replace(UNSAFE_ANSWER, medications=(start("morphine"), start("paracetamol")))
    assert "breath" in reviews_of(keen, odd)[0].rationale


def test_on_a_users_own_note_grades_agree_on_an_author_and_differ_between_authors() -> None:
    steady = character(noise=0.0)

    def grade(reviewer: str, author: str) -> float | None:
        asked = request(vignette=NOTE, author=author, subject=GOOD_ANSWER)
        (reply,) = replies(replace(steady, name=reviewer), [asked])
        return parse_review(reply).grade

    assert grade("sim/r", "sim/y") == grade("sim/s", "sim/y")
    assert len({grade("sim/r", author) for author in ("sim/a", "sim/b", "sim/c")}) == 3


# Behaviour in time.


def test_a_local_model_loads_once_and_says_so_first() -> None:
    async def ask_twice() -> tuple[list[Delta], float, list[Delta], float]:
        provider = SimulatedProvider(1, (NEVER_FAILING,))
        asked = request(simulated_spec(NEVER_FAILING))
        loop = asyncio.get_running_loop()
        first = await deltas(provider, asked)
        between = loop.time()
        second = await deltas(provider, asked)
        return first, between, second, loop.time() - between

    first, seconds, second, seconds_again = in_virtual_time(ask_twice())
    assert isinstance(first[0], Loading)
    assert not [delta for delta in second if isinstance(delta, Loading)]
    assert 2.7 <= seconds - seconds_again <= 3.6 + 2
    assert isinstance(first[-1], Ended)
    assert isinstance(second[-1], Ended)
    assert first[-1].usage.load_seconds == pytest.approx(3.15, abs=0.45)
    assert second[-1].usage.load_seconds is None


def test_two_calls_at_once_wait_for_one_loading() -> None:
    async def ask_both() -> float:
        quick = character(first_token_seconds=0.0, tokens_per_second=1e9)
        provider = SimulatedProvider(1, (quick,))
        spec = simulated_spec(quick)
        told = await asyncio.gather(
            *(deltas(provider, request(spec, seed=seed)) for seed in range(2))
        )
        assert all(isinstance(one[0], Loading) for one in told)
        return asyncio.get_running_loop().time()

    assert 2.7 <= in_virtual_time(ask_both()) <= 3.7


def test_a_load_that_is_cancelled_is_begun_anew() -> None:
    async def cancel_then_ask() -> list[Delta]:
        provider = SimulatedProvider(1, (NEVER_FAILING,))
        asked = request(simulated_spec(NEVER_FAILING))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await deltas(provider, asked)
        return await deltas(provider, asked)

    assert isinstance(in_virtual_time(cancel_then_ask())[0], Loading)


def test_a_reply_ends_with_its_usage() -> None:
    told = asyncio.run(deltas(SimulatedProvider(0), request()))
    assert isinstance(told[-1], Ended)
    assert told[-1].finish is Finish.STOP
    assert told[-1].usage.tokens_in == len(CASE.text) * 10 // 4
    assert told[-1].usage.tokens_out == len(text_of(told)) // 4
    assert all(isinstance(delta, Text) for delta in told[:-1])
    assert len(told) > 10


def test_a_slow_model_takes_longer() -> None:
    def seconds(of: Character) -> float:
        async def ask_once() -> float:
            await deltas(SimulatedProvider(1, (of,)), request(simulated_spec(of)))
            return asyncio.get_running_loop().time()

        return in_virtual_time(ask_once())

    fast = seconds(character(load_seconds=0.0))
    assert seconds(character(load_seconds=0.0, tokens_per_second=6)) > 2 * fast
    assert seconds(character(load_seconds=0.0, first_token_seconds=60)) > 48


def test_a_call_fails_as_often_as_its_character_says_and_always_the_same_ones() -> None:
    flaky = character(failure_rate=0.3)

    async def failures() -> list[int]:
        provider, failed = SimulatedProvider(0, (flaky,)), []
        for seed in range(200):
            try:
                await deltas(provider, request(simulated_spec(flaky), seed=seed))
            except RateLimited:
                failed.append(seed)
        return failed

    failed = asyncio.run(failures())
    assert 40 <= len(failed) <= 80
    assert asyncio.run(failures()) == failed


def test_a_failing_call_ends_as_an_error_and_the_round_goes_on() -> None:
    def state(seed: int) -> RoundState:
        return asyncio.run(round_of(SimulatedProvider(0), BY_NAME, seed=seed))

    found = [set(map(str, (r.status for r in state(seed).answers.values()))) for seed in range(5)]
    assert {"ok", "error"} in found
    assert all(statuses <= {"ok", "error"} for statuses in found)


def test_closing_a_stream_early_leaves_no_task_behind() -> None:
    async def close_early() -> None:
        provider = SimulatedProvider(1)
        async with aclosing(provider.stream(request())) as stream:
            async for delta in stream:
                if isinstance(delta, Text):
                    break
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await provider.aclose()

    in_virtual_time(close_early())


def test_a_round_shows_loading_and_writing() -> None:
    async def phases() -> list[Phase]:
        ensemble = (simulated_spec(NEVER_FAILING),)
        plan = Plan((RoundPlan("t", CASE, ensemble, "RANDOM", 1),))
        endpoint = Endpoint(SimulatedProvider(1, (NEVER_FAILING,)))
        events = run_rounds(plan, {"simulated": endpoint}, PROMPTS)
        return [event.phase async for event in events if isinstance(event, PhaseChanged)]

    assert in_virtual_time(phases()) == [Phase.LOADING, Phase.WRITING]


# The bundled vignettes.


@pytest.mark.parametrize("name", [header.id for header in bundled()])
def test_three_good_models_often_come_to_a_recommendation(name: str) -> None:
    vignette = find(name)
    outcomes = [
        asyncio.run(round_of(SimulatedProvider(0), vignette=vignette, seed=seed)).score().outcome
        for seed in range(10)
    ]
    assert outcomes.count(Outcome.RECOMMENDED) >= 3
