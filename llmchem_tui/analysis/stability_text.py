"""What a bootstrap says in sentences: the same on the screen and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmchem_tui.analysis.evaluation_text import counted

if TYPE_CHECKING:
    from llmchem_tui.analysis.stability import EnsembleShare, Stability

INTERVAL, THERE, MET = "95 % interval", "both there", "rounds together"
"""What the numbers of a pair are called; ``above`` names the fourth."""

_SHOWN_PAIRS = 10


def above(tau: float) -> str:
    """What the share of resamples is called whose chemistry exceeds tau."""
    return f"above {tau:g}"


def basis_line(stable: Stability) -> str:
    """Return what was drawn, and which set is the recommended one where several are as good."""
    drawn = f"{counted(stable.resamples, 'resample')} of {counted(stable.rounds, 'round')}"
    return f"{drawn}, seed {stable.seed}; of sets that are equally good the first by name counts"


def ensemble_lines(stable: Stability) -> list[str]:
    """Return in which share of the resamples the recommended set stays, and what else comes."""
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
    return f"{' + '.join(one.ensemble) or 'no ensemble'} in {share_text(one.share)} of resamples"


def coverage_lines(stable: Stability) -> list[str]:
    """Return which models are not used at times, and which pairs never met."""
    lines = [
        f"not used: {model.name} in {share_text(model.unused)} of resamples"
        for model in stable.models
        if model.unused
    ]
    met = [pair.met for pair in stable.pairs]
    if met:
        fewest = f"{min(met):,} to " * (min(met) < max(met))
        lines.append(f"Each two models met in {fewest}{counted(max(met), 'round')}.")
    never = [f"{a} and {b}" for a, b in stable.never_met]
    if never:
        more = f"; {len(never) - _SHOWN_PAIRS:,} more" if len(never) > _SHOWN_PAIRS else ""
        lines.append(f"Never met: {'; '.join(never[:_SHOWN_PAIRS])}{more}.")
    return lines


def share_text(share: float) -> str:
    """Return a share of the resamples in percent."""
    return f"{100 * share:.1f} %"
