"""The chart of the plan: what is foreseen, what happens, and what is not known."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from llmchem_tui.session.forecast import Bar, Forecast
from llmchem_tui.ui.widgets.plan import Stays, chart
from tests.session.scripted import FOREVER, ScriptedProvider
from tests.ui.app_under_test import Bench, scripted_pool
from tests.ui.test_stopping import BEGINS

WIDTH = 24  # 20 cells for 20 seconds beside "A a "
A_B = {"a": "A a", "b": "B b"}
FORECAST = Forecast((Bar("box", "a", 0, 5, 10), Bar("box", "b", 10, 4, 20)), 20.0, 2)


def drawn(stays: Stays, width: int = WIDTH) -> list[str]:
    return [line.plain for line in chart(stays, width)]


def test_a_plan_is_drawn_on_an_axis_of_time() -> None:
    heading, a, b, axis = drawn(Stays(A_B, FORECAST))
    assert heading.startswith("plan: about 20 s")
    assert a == "A a " + "▒" * 5 + "░" * 5 + " " * 10
    assert b == "B b " + " " * 10 + "▒" * 4 + "░" * 6
    assert axis.split() == ["00:00", "00:10", "00:20"]
    assert len(axis) == WIDTH


def test_what_has_happened_lies_over_what_was_planned() -> None:
    actual = (Bar("box", "a", 0, 6, 8),)
    _, a, b, _ = drawn(Stays(A_B, FORECAST, actual, 8))
    assert a == "A a " + "▓" * 6 + "█" * 2 + "░" * 2 + " " * 10
    assert b == "B b " + " " * 10 + "▒" * 4 + "░" * 6


def test_a_round_that_takes_longer_than_planned_widens_the_axis() -> None:
    actual = (Bar("box", "a", 0, 0, 40),)
    _, a, b, axis = drawn(Stays(A_B, FORECAST, actual, 40))
    assert a == "A a " + "█" * 20
    assert b == "B b " + " " * 5 + "▒" * 2 + "░" * 3 + " " * 10
    assert axis.endswith("00:40")


def test_without_past_figures_only_the_order_is_shown() -> None:
    unknown = replace(FORECAST, seconds=None, unknown=("a", "b"))
    heading, a, b = drawn(Stays(A_B, unknown), 100)
    assert "seconds unknown until each model ran once, 2 loads: a → b" in heading
    assert a.index("▒") < b.index("▒")


def test_without_past_figures_a_running_round_shows_what_has_happened() -> None:
    unknown = replace(FORECAST, seconds=None, unknown=("a", "b"))
    _, a, b, axis = drawn(Stays(A_B, unknown, (Bar("box", "a", 0, 0, 1),), 1))
    assert a == "A a " + "█" * 2 + " " * 18  # of the ten seconds that are shown at least
    assert b.strip() == "B b"
    assert axis.endswith("00:10")


def test_a_short_load_and_a_short_call_are_seen() -> None:
    bars = (Bar("box", "a", 0, 0.1, 100), Bar("box", "b", 99.9, 0, 100))
    _, a, b, _ = drawn(Stays(A_B, Forecast(bars, 100.0, 1)))
    assert a.startswith("A a ▒░")
    assert b.endswith(" ░")


def test_a_model_that_is_still_loaded_has_no_calls_in_the_chart() -> None:
    a = drawn(Stays({"a": "A a"}, None, (Bar("box", "a", 0, 9.1, 9.1),), 9.1))[0]
    assert a == "A a " + "▓" * 19 + " "


def test_stays_at_several_hosts_share_the_row_of_their_model() -> None:
    bars = (Bar("one", "a", 0, 0, 5), Bar("two", "a", 15, 0, 20))
    _, a, _ = drawn(Stays({"a": "A a"}, Forecast(bars, 20.0, 0)))
    assert a == "A a " + "░" * 5 + " " * 10 + "░" * 5


times = st.floats(0, 1e5)
bars_of_anything = st.lists(
    st.builds(
        lambda model, begin, load, rest: Bar("box", model, begin, load, begin + load + rest),
        st.sampled_from("abc"),
        times,
        times,
        times,
    )
)


@given(bars_of_anything, bars_of_anything, st.none() | times, st.booleans(), st.integers(1, 200))
def test_a_chart_is_as_wide_as_its_pane_whatever_happens(
    planned: list[Bar], actual: list[Bar], elapsed: float | None, known: bool, width: int
) -> None:
    seconds = max((bar.end for bar in planned), default=0.0) if known else None
    stays = Stays(
        {"a": "A a", "b": "B " + "模型" * 20, "c": "C c"},
        Forecast(tuple(planned), seconds, 0),
        tuple(actual) if elapsed is not None else (),
        elapsed,
    )
    lines = [Content(line) for line in drawn(stays, width)]
    assert all(line.cell_length <= width for line in lines)
    if width >= 40:
        assert {line.cell_length for line in lines[1:]} <= {width}


# --- in the app -----------------------------------------------------------------------------


async def test_the_plan_follows_the_choice(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), "abcd")
    async with bench.opened() as user:
        await user.wait_until(lambda: "seconds unknown until each model" in user.result)
        assert "planned: ▒ load" in str(user.screen.query_one("#recommendation").border_subtitle)
        await user.press("space")
        await user.wait_until(lambda: "A b" in user.result)
        await user.press("space", "down", "down", "down", "space")
        await user.wait_until(lambda: "D d" in user.result)


async def test_a_running_round_shows_how_far_it_is(bench: Bench) -> None:
    provider = ScriptedProvider({name: [BEGINS] for name in "bc"})
    bench.open_pool = scripted_pool(provider)
    async with bench.opened() as user:
        await user.begin_round()
        await user.wait_until(lambda: user.result.count("█") > 2)
        assert "the round is running" in user.result
        assert "00:10" in user.result
        await user.press("escape")
        await user.wait_until(lambda: not user.screen.desk.busy)
        await user.wait_until(lambda: "█" not in user.result)  # the plan of the next one
        assert "A a" in user.result


async def test_a_result_takes_the_place_of_the_plan(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider())
    async with bench.opened() as user:
        await user.wait_until(lambda: "plan:" in user.result)
        await user.run_round()
        chart = user.screen.query_one("PlanChart")
        await user.wait_until(lambda: not chart.display)
        assert "confidence" in user.result
        assert user.screen.query_one("#recommendation").border_subtitle == ""
        assert "9 calls, tokens not told" in user.result
        await user.press("n", "up", "enter")  # a plan for another round does not hide the result
        await user.wait_until(lambda: len(user.ensemble) == 2)
        await user.pilot.pause()
        assert not chart.display


async def test_nothing_is_said_of_a_plan_where_nothing_is_chosen(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), "a")
    async with bench.opened() as user:
        await user.wait_until(lambda: "plan:" in user.result)
        await user.press("space")
        await user.wait_until(lambda: not user.screen.query_one("PlanChart").display)


async def test_the_calls_of_all_rounds_are_counted(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider({"a": [], "b": [(FOREVER,)]}), "a")
    async with bench.opened() as user:
        await user.run_round()
        assert "1 call, tokens not told" in user.result
        assert "all rounds" not in user.result
        await user.run_round()
        assert "all rounds so far: 2 calls" in user.result
