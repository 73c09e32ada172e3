"""What one more model would add to an ensemble, from what is known of the models. No widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmchem_tui.domain.complementarity import Array, ChemistryMap, Gain
    from llmchem_tui.domain.model import Profile

FIELDS = {"ΔCI": "complementarity", "ΔHV": "hypervolume", "ΔRao": "rao"}
"""The changes that a map shows, as they are written, with what ``domain`` calls them."""


@dataclass(frozen=True, slots=True, eq=False)
class Addition:
    """An ensemble as it is, and its chemistry map.

    ``members``: those that have a profile, by name; ``unknown``: the others. ``gains`` of the known
    models outside, the most complementary first. ``complementarity``, ``hypervolume`` and ``rao``:
    of the ensemble itself.
    """

    members: tuple[Profile, ...]
    unknown: tuple[str, ...]
    chart: ChemistryMap
    gains: tuple[Gain, ...]
    complementarity: float
    hypervolume: float
    rao: float

    def field(self, name: str) -> Array:
        """Return one of ``FIELDS`` on the grid, row 0 being the lowest quality."""
        field: Array = getattr(self.chart, FIELDS[name])
        return field

    def at(self, accuracy: float, quality: float) -> dict[str, float]:
        """Return each of ``FIELDS`` at a place, not only at those of the grid; both in [0, 1]."""
        from llmchem_tui.domain.complementarity import gains
        from llmchem_tui.domain.cost import QUALITY_SCALE
        from llmchem_tui.domain.model import Profile

        (gain,) = gains(self.members, [Profile("", QUALITY_SCALE * quality, accuracy)])
        return {name: float(getattr(gain, own)) for name, own in FIELDS.items()}


def addition(profiles: Mapping[str, Profile], ensemble: Sequence[str]) -> Addition:
    """Return what one more model would add to an ensemble (P1 A.4); ``profiles`` by name."""
    from llmchem_tui.domain.complementarity import (
        complementarity,
        gains,
        hypervolume,
        marginal_complementarity,
        profile_points,
        rao,
    )

    members = tuple(profiles[name] for name in sorted(ensemble) if name in profiles)
    others = [profile for name, profile in profiles.items() if name not in ensemble]
    points = profile_points(members)
    return Addition(
        members,
        tuple(name for name in sorted(ensemble) if name not in profiles),
        marginal_complementarity(points),
        gains(members, others),
        complementarity(points),
        hypervolume(points),
        rao(points),
    )
