"""What `chemistry --properties` prints after the table of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmchem_tui.analysis.evaluation_text import counted
from llmchem_tui.cli.output import print_table, say

if TYPE_CHECKING:
    from llmchem_tui.domain.cost_properties import CostProperties, PropertyCheck


def print_properties(properties: CostProperties) -> None:
    """Print how often each property fails, and one set of sets where it does."""
    models, more = properties.models, len(properties.left_out)
    if not models:
        say("No model is accurate enough to be used, so no property of the cost can be tried.")
        return
    sets = f"on all sets of {counted(len(models), 'used model')}"
    say(f"Properties that arXiv 2510.03930 claims of the cost, {sets}:")
    if more:
        left_out = f"{more:,} more {'was' if more == 1 else 'were'} not looked at"
        say(f"{left_out}; the {len(models)} are {', '.join(models)}.")
    print_table(
        ("property", "formula", ">cases", ">fails in"),
        ((own.name, own.formula, f"{own.cases:,}", _failing(own)) for own in properties.checks),
    )
    for own in properties.checks:
        _print_counter_example(own)


def _failing(own: PropertyCheck) -> str:
    if not own.cases:
        return "not tried"
    return f"{own.failing:,}" if own.failing else "none"


def _print_counter_example(own: PropertyCheck) -> None:
    example = own.counter_example
    if example is None:
        return
    penalties = ", ".join(f"{name} {penalty:.6g}" for name, penalty in example.penalties)
    say(f"{own.name} fails: {own.formula}")
    for priced in example.sets:
        say(f"  cost({' + '.join(priced.models) or '∅'}) = {priced.cost:.6g}")
    say(f"  left side {example.left:.6g}, right side {example.right:.6g}")
    say(f"  penalties by rank: {penalties}")
