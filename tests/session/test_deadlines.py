from __future__ import annotations

from math import inf

from llmchem_tui.session.deadlines import Deadlines


def test_only_time_in_which_a_call_runs_counts() -> None:
    deadlines = Deadlines(100.0)
    assert deadlines.of("a") == inf
    deadlines.begin("a", 10.0)
    assert deadlines.of("a") == 110.0
    deadlines.begin("a", 20.0)
    deadlines.end("a", 30.0)
    assert deadlines.of("a") == 110.0
    deadlines.end("a", 40.0)
    assert deadlines.of("a") == inf
    deadlines.begin("a", 1000.0)
    assert deadlines.of("a") == 1070.0


def test_a_round_whose_time_is_up_is_late_even_while_it_waits() -> None:
    deadlines = Deadlines(100.0)
    deadlines.begin("a", 0.0)
    deadlines.end("a", 100.0)
    assert deadlines.of("a") == -inf
    assert deadlines.of("b") == inf
