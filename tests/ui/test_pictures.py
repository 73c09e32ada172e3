"""How it looks: a few pictures, made from fixed events and not from a clock.

After a wanted change: pytest tests/ui/test_pictures.py --snapshot-update, and look at them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from llmchem_tui.domain.model import (
    Action,
    Answer,
    AnswerResult,
    Locality,
    Medication,
    ModelSpec,
    Review,
    ReviewResult,
    Status,
    Vignette,
)
from llmchem_tui.session.events import (
    AnswerEnded,
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
from llmchem_tui.session.forecast import Bar, Forecast, actual_bars
from llmchem_tui.session.state import RoundState
from llmchem_tui.ui.app import LlmchemApp
from llmchem_tui.ui.reading import Reading
from llmchem_tui.ui.screens.live import LiveScreen
from llmchem_tui.ui.screens.models import ModelsScreen
from llmchem_tui.ui.screens.round import RoundScreen
from llmchem_tui.ui.screens.vignettes import VignetteScreen
from llmchem_tui.ui.widgets import status
from llmchem_tui.ui.widgets.models import ModelList
from llmchem_tui.ui.widgets.plan import Stays
from llmchem_tui.ui.widgets.recommendation import Recommendation
from tests.session.scripted import ScriptedProvider
from tests.ui.app_under_test import NARROW, WIDE, Bench, Driver, scripted_pool
from tests.ui.fetching import BOX, CLOUD, DOWN, fetching_pool
from tests.ui.replays import import_csv, open_first
from tests.ui.test_chemistry_graph import open_graph
from tests.ui.test_chemistry_map import open_map
from tests.ui.test_chemistry_screen import open_chemistry, teach
from tests.ui.test_comparing import HEADER
from tests.ui.test_comparison import open_comparison

NAMES = ("llama3.1:8b", "claude-sonnet", "qwen2.5:72b")
_SETTLED = 4
TRIAL = "2026-01-31T09-15-00 3"

Compare = Callable[..., bool]
Before = Callable[[Pilot[None]], Awaitable[None]]


def answered(name: str, dose: str, latency: float) -> AnswerResult:
    drug = Medication(Action.START, "amoxicillin", dose, "oral", "every 8 hours", "5 days")
    answer = Answer("Pneumonia of low severity.", (drug,), ("Check the allergy history.",))
    return AnswerResult(name, Status.OK, answer, latency)


def reviewed(reviewer: str, author: str, grade: float | None, concern: str = "") -> ReviewResult:
    if grade is None:
        problem = "the grade nine is not a number from 0 to 1"
        return ReviewResult(reviewer, author, Status.UNPARSED, latency=1.0, message=problem)
    review = Review("The drug of choice, and a usual dose.", grade, concern or None)
    return ReviewResult(reviewer, author, Status.OK, review, latency=1.0)


def beginning() -> Iterator[Event]:
    """The first is done, the second writes, the third is loaded."""
    for name in NAMES:
        yield CallStarted(at=0.0, trial=TRIAL, call=Call(name))
    yield AnswerEnded(at=4.1, trial=TRIAL, result=answered(NAMES[0], "1 g", 4.1))
    call = Call(NAMES[1])
    yield PhaseChanged(at=2.0, trial=TRIAL, call=call, phase=Phase.WRITING)
    text = '{"assessment": "Pneumonia of low sev'
    yield TextArrived(at=5.0, trial=TRIAL, call=call, text=text)
    yield PhaseChanged(at=1.0, trial=TRIAL, call=Call(NAMES[2]), phase=Phase.LOADING)


def ending() -> Iterator[Event]:
    """All answers are there; one grade is missing, one reviewer is concerned."""
    a, b, c = NAMES
    yield AnswerEnded(at=6.0, trial=TRIAL, result=answered(b, "500 mg", 6.0))
    yield AnswerEnded(at=14.0, trial=TRIAL, result=answered(c, "1 g", 14.0))
    for review in (
        reviewed(a, b, 0.8),
        reviewed(a, c, 0.9),
        reviewed(b, a, 0.7, "No dose for the kidneys is given."),
        reviewed(b, c, 0.85),
        reviewed(c, a, 0.75),
        reviewed(c, b, None),
    ):
        yield ReviewEnded(at=20.0, trial=TRIAL, result=review)
    yield RoundEnded(at=20.0, trial=TRIAL, elapsed=20.0)


def planned() -> Forecast:
    """The third has to be loaded, and the second is asked elsewhere."""
    a, b, c = NAMES
    bars = (Bar("box", a, 0, 0, 4), Bar("cloud", b, 0, 0, 24), Bar("box", c, 4, 10, 20))
    return Forecast((*bars, Bar("box", a, 20, 6, 32)), 32.0, 2)


def compared() -> Iterator[str]:
    """Thirty rounds of three strategies, each of two models; one answer in eight has failed."""
    for place in range(60):
        trial, strategy = place // 2, ("CHEMISTRY", "LOCAL", "RANDOM")[place // 2 % 3]
        day = f"2026-01-{trial + 1:02d} 09:15:00"
        accuracy, latency = 0.3 + place * 7 % 12 / 20, 2 + place * 5 % 17
        told = f"{latency},8,{accuracy:.2f}" if place % 8 else ",,"
        model, confidence = NAMES[place * 2 % 3], 0.4 + place * 3 % 10 / 20
        yield f"{trial},{model},classify,{told},{strategy},{day},{confidence:.2f},true"


def started() -> RoundStarted:
    return RoundStarted(
        at=0.0,
        trial=TRIAL,
        vignette=Vignette("cap-older-adult", "Pneumonia", "A 72-year-old woman coughs."),
        ensemble=tuple(ModelSpec(name, "box", name, Locality.LOCAL) for name in NAMES),
        strategy="CHEMISTRY",
        seed=7,
        order="pipelined",
    )


async def show(screen: RoundScreen, *events: Iterator[Event], blind: bool = False) -> RoundState:
    state = RoundState(started())
    await screen.board.begin(Reading(state, blind=blind))
    for several in events:
        for event in several:
            state.apply(event)
    screen.board.show_grades()
    return state


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is drawn by the clock."""
    monkeypatch.setattr(LiveScreen, "draw", lambda self: None)


def before(bench: Bench, then: Callable[[Driver], Awaitable[None]]) -> Before:
    async def run_before(pilot: Pilot[None]) -> None:
        assert isinstance(pilot.app, LlmchemApp)
        user = Driver(pilot.app, pilot, bench.wait_until)
        await bench.wait_until(lambda: user.screen.desk.setup.choice and user.screen.forecast)
        await then(user)
        for typed in user.app.screen.query(Input):
            typed.cursor_blink = False
        await settle(pilot)

    return run_before


async def settle(pilot: Pilot[None]) -> None:
    """Wait until nothing moves: what is laid out anew may be drawn a few messages later.

    A pause of the pilot alone takes a machine that is busy elsewhere for an app that is idle.
    """
    pictures: list[str] = []
    while len(pictures) < _SETTLED or len(set(pictures[-_SETTLED:])) > 1:
        await pilot.pause()
        pictures.append(pilot.app.export_screenshot())


def test_the_first_screen(bench: Bench, snap_compare: Compare) -> None:
    async def nothing(user: Driver) -> None:
        """It is there."""

    assert snap_compare(bench.app(), terminal_size=WIDE, run_before=before(bench, nothing))


@pytest.mark.usefixtures("still")
def test_a_running_round(bench: Bench, snap_compare: Compare) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), NAMES)

    async def then(user: Driver) -> None:
        screen = user.screen
        state = await show(screen, beginning())
        screen.board.draw(9.0)
        screen.board.wait("the round is running")
        titles = dict(
            zip(NAMES, ("A llama3.1:8b", "B claude-sonnet", "C qwen2.5:72b"), strict=True)
        )
        stays = Stays(titles, planned(), actual_bars(state, 9.0), 9.0)
        screen.query_one(Recommendation).plan(stays)
        line = screen.query_one(status.Status)
        line.show(status.round_parts(state, 9.0, planned()), simulated=False)

    assert snap_compare(bench.app(), terminal_size=WIDE, run_before=before(bench, then))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_models_screen(bench: Bench, snap_compare: Compare, size: tuple[int, int]) -> None:
    bench.open_pool = fetching_pool((BOX, DOWN, CLOUD))

    async def then(user: Driver) -> None:
        screen = user.screen
        screen.app.clear_notifications()
        await screen.app.switch_mode("models")
        await bench.wait_until(lambda: isinstance(screen.app.screen, ModelsScreen))
        listed = screen.app.screen.query_one(ModelList)
        await bench.wait_until(lambda: listed.option_count)

    assert snap_compare(bench.app(), terminal_size=size, run_before=before(bench, then))


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_recommendation(bench: Bench, snap_compare: Compare, size: tuple[int, int]) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), NAMES)

    async def then(user: Driver) -> None:
        screen = user.screen
        state = await show(screen, beginning(), ending())
        screen.board.finish("saved in sessions/2026-01-31T09-15-00", state.totals())
        screen.board.bring("recommendation")
        screen.query_one(status.Status).show(status.setup_parts(screen.desk.setup), simulated=False)

    assert snap_compare(bench.app(), terminal_size=size, run_before=before(bench, then))


@pytest.mark.usefixtures("still")
def test_a_round_whose_names_are_hidden(bench: Bench, snap_compare: Compare) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), NAMES)

    async def then(user: Driver) -> None:
        screen = user.screen
        await show(screen, beginning(), ending(), blind=True)
        screen.board.draw(20.0)
        screen.board.bring("grades")
        screen.query_one(status.Status).show(status.setup_parts(screen.desk.setup), simulated=False)

    assert snap_compare(bench.app(), terminal_size=NARROW, run_before=before(bench, then))


def test_one_stream_alone(bench: Bench, snap_compare: Compare) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), NAMES)

    async def then(user: Driver) -> None:
        screen = user.screen
        await show(screen, beginning())
        screen.board.draw(9.0)
        screen.action_zoom(2)

    assert snap_compare(bench.app(), terminal_size=NARROW, run_before=before(bench, then))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_chemistry_screen(bench: Bench, snap_compare: Compare, size: tuple[int, int]) -> None:
    teach(bench)

    async def then(user: Driver) -> None:
        await open_chemistry(user)

    assert snap_compare(bench.app(), terminal_size=size, run_before=before(bench, then))


def test_the_interaction_graph(bench: Bench, snap_compare: Compare) -> None:
    teach(bench)

    async def then(user: Driver) -> None:
        await open_graph(user, ("b", "c"))
        await user.press("right", "e")

    assert snap_compare(bench.app(), terminal_size=NARROW, run_before=before(bench, then))


def test_the_complementarity_map(bench: Bench, snap_compare: Compare) -> None:
    teach(bench)

    async def then(user: Driver) -> None:
        await open_map(user)

    assert snap_compare(bench.app(), terminal_size=NARROW, run_before=before(bench, then))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_vignettes(bench: Bench, snap_compare: Compare, size: tuple[int, int]) -> None:
    async def then(user: Driver) -> None:
        await user.press("v")
        await user.wait_until(lambda: isinstance(user.app.screen, VignetteScreen))
        await user.wait_until(lambda: "72-year-old" in user.text("#look"))

    assert snap_compare(bench.app(), terminal_size=size, run_before=before(bench, then))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_history_that_is_replayed(
    bench: Bench, snap_compare: Compare, size: tuple[int, int]
) -> None:
    import_csv(bench)

    async def then(user: Driver) -> None:
        await open_first(user)

    assert snap_compare(bench.app(), terminal_size=size, run_before=before(bench, then))


def test_strategies_compared(bench: Bench, snap_compare: Compare) -> None:
    import_csv(bench, "\n".join([HEADER, *compared()]))

    async def then(user: Driver) -> None:
        await open_comparison(user)

    assert snap_compare(bench.app(), terminal_size=WIDE, run_before=before(bench, then))


def test_help(bench: Bench, snap_compare: Compare) -> None:
    async def then(user: Driver) -> None:
        await user.press("question_mark")

    assert snap_compare(bench.app(), terminal_size=NARROW, run_before=before(bench, then))
