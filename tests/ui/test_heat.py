"""A table of many models: what is in view is right, however it came into view."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from textual.app import App, ComposeResult

from llmchem_tui.ui.widgets.heat import HeatTable
from llmchem_tui.ui.widgets.heat_views import HeatView

NAMES = tuple(f"model-{i:02}" for i in range(40))
ASKED: list[tuple[str, str]] = []


def place(a: str, b: str) -> float:
    """A number that no other pair has."""
    ASKED.append((a, b))
    return math.nan if a == b else 40 * NAMES.index(a) + NAMES.index(b)


VIEW = HeatView("place", "", place, lambda value: f"{value:.0f}", 1600)


class Host(App[None]):
    CSS = "HeatTable { height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield HeatTable()


def shown(app: App[None]) -> list[list[str]]:
    """The words of each line on the screen."""
    return [strip.text.split() for strip in app.screen._compositor.render_strips()]


@pytest.mark.parametrize("column", [0, 9, 22, 39])
async def test_the_columns_in_view_have_their_numbers_wherever_one_has_gone(column: int) -> None:
    app = Host()
    async with app.run_test(size=(60, 12)) as pilot:
        heat = app.query_one(HeatTable)
        heat.show(NAMES, VIEW)
        await pilot.pause()
        heat.point(NAMES[3], NAMES[column])
        await pilot.pause()
        heading, line = shown(app)[0], next(row for row in shown(app) if NAMES[3] in row)
    columns = [int(word) - 1 for word in heading[1:] if word.isdigit()]
    assert column in columns
    numbers = [word for word in line[line.index(NAMES[3]) + 1 :] if word not in "░▒▓█"]
    wanted = [str(40 * 3 + j) for j in columns if j != 3]
    whole = [word for word in numbers if word.isdigit()][: len(wanted)]  # then a part of one
    assert whole == wanted


async def test_numbers_are_written_as_they_are_seen() -> None:
    app = Host()
    async with app.run_test(size=(60, 12)) as pilot:
        ASKED.clear()
        app.query_one(HeatTable).show(NAMES, VIEW)
        await pilot.pause()
    assert 0 < len({*ASKED}) < len([*combinations(NAMES, 2)]) / 4


async def test_other_numbers_of_the_same_pairs_take_the_place_of_those_in_view() -> None:
    app = Host()
    async with app.run_test(size=(60, 12)) as pilot:
        heat = app.query_one(HeatTable)
        heat.show(NAMES[:3], VIEW)
        await pilot.pause()
        heat.show(NAMES[:3], HeatView("place", "", lambda a, b: 4.0, lambda value: "four", 9))
        await pilot.pause()
        assert sum(" ".join(row).count("four") for row in shown(app)) == 9
