"""What `chemistry --bootstrap` prints after the table of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llmchem_tui.cli.output import MISSING, number, print_table, say

if TYPE_CHECKING:
    from llmchem_tui.analysis.stability import EnsembleShare, Stability

_SHOWN_PAIRS = 10


def print_stability(stable: Stability, shown: Sequence[tuple[str, str]]) -> None:
    """Print the intervals of the pairs shown, and what else the bootstrap says."""
    by_pair = {(pair.a, pair.b): pair for pair in stable.pairs}
    print_table(
        ("pair", "", ">95 % interval", f">above {stable.tau:g}", ">both there", ">rounds together"),
        (
            (
                pair.a,
                pair.b,
                f"{number(pair.low, 3)} … {number(pair.high, 3)}",
                _percent(pair.above),
                _percent(pair.resamples / stable.resamples),
                f"{pair.met:,}",
            )
            for pair in map(by_pair.__getitem__, shown)
        ),
    )
    say(f"{stable.resamples:,} resamples of {stable.rounds:,} rounds, seed {stable.seed}")
    for line in (*_ensemble_lines(stable), *_coverage_lines(stable)):
        say(line)


def _ensemble_lines(stable: Stability) -> list[str]:
    if stable.recommended is None:
        return ["The recommended set is compared for at most 16 models."]
    own = stable.recommended
    lines = [f"recommended: {_shared(own)}", *(f"otherwise: {_shared(x)}" for x in stable.others)]
    if own.ensemble != stable.climbed:
        lines.append(
            f"This is the best of all sets; recommend stops at {' + '.join(stable.climbed)}."
        )
    return lines


def _shared(one: EnsembleShare) -> str:
    return f"{' + '.join(one.ensemble) or 'no ensemble'} in {_percent(one.share)} of resamples"


def _coverage_lines(stable: Stability) -> list[str]:
    lines = [
        f"not used: {model.name} in {_percent(model.unused)} of resamples"
        for model in stable.models
        if model.unused
    ]
    met = [pair.met for pair in stable.pairs]
    if met:
        lines.append(f"Each two models met in {min(met):,} to {max(met):,} rounds.")
    never = [f"{a} and {b}" for a, b in stable.never_met]
    if never:
        more = f"; {len(never) - _SHOWN_PAIRS:,} more" if len(never) > _SHOWN_PAIRS else ""
        lines.append(f"Never met: {'; '.join(never[:_SHOWN_PAIRS])}{more}.")
    return lines


def _percent(share: float | None) -> str:
    return MISSING if share is None else f"{100 * share:.1f} %"
