"""How a batch goes: where each strategy stands."""

from __future__ import annotations

from llmchem_tui.batch.standings import Standing
from llmchem_tui.cli.batch_progress import BatchProgress


def test_a_strategy_without_a_finished_round_is_in_the_table_too() -> None:
    standing = Standing(rounds=1, recommended=1, answers=3, accuracies=1, accuracy_sum=0.5)
    progress = BatchProgress({"CHEMISTRY": standing}, {"RANDOM": [1] * 4, "CHEMISTRY": [1] * 3})
    assert progress.rows() == [
        ("RANDOM", "0/4", "–", "0/0", "0/0"),
        ("CHEMISTRY", "1/4", "0.500", "1/1", "0/3"),
    ]
