"""A backtest of the authors' published history."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmchem_tui.analysis.backtest import Backtest, backtest
from llmchem_tui.domain.strategies import Strategy
from llmchem_tui.storage.history import read_history

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def tested(shared: Path) -> Backtest:
    return backtest(read_history([shared / "data" / "published" / "runs.csv"]))


def test_every_strategy_is_tested_at_every_split_and_size(tested: Backtest) -> None:
    assert (tested.rounds, len(tested.splits), tested.notes) == (1400, 10, ())
    sizes = {one: {own.size for own in tested.outcomes if own.strategy is one} for one in Strategy}
    for strategy in (Strategy.RANDOM, Strategy.PERFORMANCE, Strategy.CHEMISTRY):
        assert sizes[strategy] == {2, 3, 5, 10}
    assert sizes[Strategy.LOCAL] == sizes[Strategy.REMOTE] == {2, 3, 5}  # five and seven models
    assert [one.size for one in tested.verdicts] == [2, 3, 5, 10, None]
    assert all(one.exhaustive for one in tested.hindsight)


def test_intervals_hold_their_means_and_nothing_beats_hindsight(tested: Backtest) -> None:
    best = {one.size: one for one in tested.hindsight}
    for one in tested.outcomes:
        for own, most in (
            (one.effectiveness, best[one.size].effectiveness),
            (one.accuracy, best[one.size].accuracy),
        ):
            assert None not in (own.mean, own.low, own.high, most.mean)
            assert own.low < own.mean < own.high  # type: ignore[operator]
            assert own.mean <= most.mean  # type: ignore[operator]


def test_every_later_round_is_foretold_once(tested: Backtest) -> None:
    assert tested.accuracy_predicts.n == tested.rounds - tested.splits[0]
    assert tested.chemistry_predicts.r is not None
