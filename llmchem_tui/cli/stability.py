"""What `chemistry --bootstrap` prints after the table of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llmchem_tui.analysis import stability_text
from llmchem_tui.analysis.evaluation_text import MISSING
from llmchem_tui.cli.output import number, print_table, say

if TYPE_CHECKING:
    from llmchem_tui.analysis.stability import Stability


def print_stability(stable: Stability, shown: Sequence[tuple[str, str]]) -> None:
    """Print the intervals of the pairs shown, and what else the bootstrap says."""
    by_pair = {(pair.a, pair.b): pair for pair in stable.pairs}
    shares = stability_text.above(stable.tau), stability_text.THERE, stability_text.MET
    print_table(
        ("pair", "", *(f">{title}" for title in (stability_text.INTERVAL, *shares))),
        (
            (
                pair.a,
                pair.b,
                f"{number(pair.low, 3)} … {number(pair.high, 3)}",
                MISSING if pair.above is None else stability_text.share_text(pair.above),
                stability_text.share_text(pair.resamples / stable.resamples),
                f"{pair.met:,}",
            )
            for pair in map(by_pair.__getitem__, shown)
        ),
    )
    say(stability_text.basis_line(stable))
    for line in (*stability_text.ensemble_lines(stable), *stability_text.coverage_lines(stable)):
        say(line)
