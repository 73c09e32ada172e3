"""Parts of a history by model, strategy and date; tasks are tested with the histories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.history import History, read_history
from llmchem_tui.storage.selections import Filters, of_models, select_rounds

ROWS = """trial,model,task,quality,accuracy,strategy,created
1,a,t,5,0.5,LOCAL,2026-01-01 23:59:59
1,b,t,5,0.5,LOCAL,2026-01-01 23:59:59
2,a,t,5,0.5,RANDOM,2026-01-02 00:00:00
2,c,t,5,0.5,RANDOM,2026-01-02 00:00:00
3,b,t,5,0.5,,
"""


@pytest.fixture
def history(tmp_path: Path) -> History:
    path = tmp_path / "history.csv"
    path.write_text(ROWS)
    return read_history([path])


@pytest.mark.parametrize(
    ("filters", "trials"),
    [
        (Filters(), "11223"),
        (Filters(models=["c"]), "22"),
        (Filters(models=["b", "c"]), "11223"),
        (Filters(strategies=["local", "Unknown"]), "113"),
        (Filters(since=date(2026, 1, 2)), "22"),
        (Filters(until=date(2026, 1, 1)), "11"),
        (Filters(models=["a"], strategies=["RANDOM"], since=date(2026, 1, 1)), "22"),
    ],
)
def test_only_what_passes_every_filter_is_left(
    history: History, filters: Filters, trials: str
) -> None:
    assert "".join(select_rounds(history, filters).frame["trial"]) == trials


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (Filters(models=["aa"]), ['no model "aa"', 'Did you mean "a"?', "It has: a, b, c."]),
        (
            Filters(strategies=["lokal"]),
            ['no strategy "lokal"', 'Did you mean "LOCAL"?', "It has: LOCAL, RANDOM, unknown."],
        ),
        (
            Filters(since=date(2026, 2, 1)),
            ["5 rows were created from 2026-01-01 to 2026-01-02", "Widen the dates"],
        ),
    ],
)
def test_filters_that_leave_nothing_are_answered_with_what_there_is(
    history: History, filters: Filters, said: Sequence[str]
) -> None:
    with pytest.raises(InputError) as refusal:
        select_rounds(history, filters)
    assert all(part in str(refusal.value) for part in said)


def test_rows_that_no_filter_of_dates_can_take_are_counted(history: History) -> None:
    found = select_rounds(history, Filters(until=date(2026, 1, 31)))
    said = "Rows left out by the dates, as they have no date of creation: 1."
    assert (len(found.frame), found.notes) == (4, (said,))
    undated = replace(history, frame=history.frame.assign(created=""))
    with pytest.raises(InputError, match="none of its 5 rows has a date of creation, as 2026-01"):
        select_rounds(undated, Filters(since=date(2026, 1, 1)))


def test_the_rows_of_some_models_stand_under_their_present_names(history: History) -> None:
    found = of_models(history, ["b", "see"], {"c": "see"})
    assert found.frame["model"].tolist() == ["b", "see", "b"]
    assert found.frame["trial"].tolist() == ["1", "2", "3"]
