"""What an ensemble covers together: effectiveness, complementarity and the chemistry map.

Source: P1 = arXiv 2510.03930, §5 (its footnote on complementarity) and A.4; SCIENCE §7.

A model is a point (accuracy, quality / 10) of the unit square; ``points`` are always an array of
the shape (n, 2). A missing coordinate makes the measures of its ensemble NaN, so leave out the
models without a profile first. An ensemble without members has the measures 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.domain.cost import QUALITY_SCALE
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Profile

Array = NDArray[np.float64]

WEIGHT = 0.5
"""The hypervolume's share of the complementarity (λ in P1 A.4)."""

MAJORITY = 0.5
"""Soft voting: an item is right where the members' mean accuracy exceeds this."""

_DIAGONAL = math.sqrt(2.0)
_BOTH_ENDS = 2
_SATURATED = 1e-12
_UNIFORM = 1e-8


def profile_points(profiles: Iterable[Profile]) -> Array:
    """The points (accuracy, quality / 10) of models, one row each; missing numbers stay NaN."""
    rows = [(profile.accuracy, profile.quality / QUALITY_SCALE) for profile in profiles]
    return np.array(rows, dtype=float).reshape(-1, 2)


def effectiveness(accuracies: Array) -> float:
    """The share of items that an ensemble gets right by soft voting (P1 §5).

    An item is right where the mean accuracy of the members that answered it exceeds 0.5. Items
    that nobody answered do not count.

    Args:
        accuracies: shape (members, items), each in [0, 1], NaN where a member did not answer.

    Returns:
        In [0, 1]; NaN where no item was answered.
    """
    answers = np.count_nonzero(~np.isnan(accuracies), axis=0)
    answered = answers > 0
    if not answered.any():
        return float("nan")
    means = np.nansum(accuracies, axis=0)[answered] / answers[answered]
    return float(np.mean(means > MAJORITY))


def hypervolume(points: Array) -> float:
    """The area that the points dominate, seen from (0, 0), with coordinates clipped to [0, 1]."""
    return float(_hypervolumes(points))


def rao(points: Array) -> float:
    """Rao's quadratic entropy of the points: how far apart two members drawn with replacement lie.

    The mean Euclidean distance over all ordered pairs, a member with itself included, divided by
    √2, and at most 1. Coordinates are taken as they are.
    """
    return float(_rao(_distances_within(points), points.shape[-2]))


def complementarity(points: Array, weight: float = WEIGHT) -> float:
    """The complementarity index CI: weight · hypervolume + (1 - weight) · Rao, in [0, 1]."""
    return float(complementarities(points, weight))


def complementarities(points: Array, weight: float = WEIGHT) -> Array:
    """The complementarity index of many ensembles of one size at once.

    Args:
        points: shape (ensembles, members, 2).
        weight: the hypervolume's share, in [0, 1].

    Returns:
        Shape (ensembles,), each in [0, 1].
    """
    diversity = _rao(_distances_within(points), points.shape[-2])
    return weight * _hypervolumes(points) + (1.0 - weight) * diversity


@dataclass(frozen=True, slots=True)
class Gain:
    """What a model would add to an ensemble: the changes ΔHV, ΔRao and ΔCI."""

    name: str
    hypervolume: float
    rao: float
    complementarity: float


def gains(
    members: Iterable[Profile], others: Iterable[Profile], weight: float = WEIGHT
) -> tuple[Gain, ...]:
    """What each other model would add to an ensemble, the most complementary first, then by name.

    The values are those of the chemistry map at the models' own points (P1 A.4).
    """
    ensemble = profile_points(members)
    area, distance = hypervolume(ensemble), rao(ensemble)
    added = []
    for other in others:
        both = np.vstack([ensemble, profile_points([other])])
        more_area, more_distance = hypervolume(both) - area, rao(both) - distance
        total = weight * more_area + (1.0 - weight) * more_distance
        added.append(Gain(other.name, more_area, more_distance, total))
    return tuple(sorted(added, key=lambda gain: (-gain.complementarity, gain.name)))


@dataclass(frozen=True, slots=True, eq=False)
class ChemistryMap:
    """What one more model would add to an ensemble, for every place it could have (P1 A.4).

    ``hypervolume``, ``rao`` and ``complementarity`` hold the changes ΔHV, ΔRao and ΔCI, each of the
    shape (grid, grid): ``[row, column]`` is a model with quality / 10 = ``axis[row]`` and accuracy
    = ``axis[column]``. Row 0 is the lowest quality, hence the bottom line of a picture. ``axis``
    runs from 0 to 1, both included. ΔRao and with it ΔCI can be negative.
    """

    axis: Array
    hypervolume: Array
    rao: Array
    complementarity: Array

    @property
    def saturated(self) -> bool:
        """No model could add anything: ΔCI is nowhere above 1e-12."""
        return bool(self.complementarity.max() <= _SATURATED)

    @property
    def uniform(self) -> bool:
        """Every place adds the same within 1e-8, which P1 A.4 reads as saturation too."""
        return bool(np.ptp(self.complementarity) <= _UNIFORM)


def marginal_complementarity(
    points: Array, grid: int = 150, weight: float = WEIGHT
) -> ChemistryMap:
    """The chemistry map: CI(E with x) - CI(E) for every x of a grid over the unit square.

    Args:
        points: the ensemble E.
        grid: cells along each side.
        weight: the hypervolume's share of CI, in [0, 1].

    Raises:
        InputError: a grid of fewer than two cells a side cannot hold both ends.
    """
    if grid < _BOTH_ENDS:
        raise InputError(f"A chemistry map of {grid} cells a side has no two ends; ask for more.")
    axis = np.linspace(0.0, 1.0, grid)
    gained_area = _hypervolume_gain(points, axis)
    gained_distance = _rao_gain(points, axis)
    both = weight * gained_area + (1.0 - weight) * gained_distance
    for array in (axis, gained_area, gained_distance, both):
        array.setflags(write=False)
    return ChemistryMap(axis, gained_area, gained_distance, both)


def _staircase(points: Array) -> tuple[Array, Array]:
    """The upper edge of the dominated area, from the left to the right.

    Where each step ends on the accuracy axis, and its height.
    """
    clipped = np.clip(points, 0.0, 1.0)
    order = np.argsort(clipped[..., 0], axis=-1)
    ends = np.take_along_axis(clipped[..., 0], order, axis=-1)
    quality = np.take_along_axis(clipped[..., 1], order, axis=-1)
    return ends, np.maximum.accumulate(quality[..., ::-1], axis=-1)[..., ::-1]


def _hypervolumes(points: Array) -> Array:
    ends, heights = _staircase(points)
    return np.asarray((np.diff(ends, prepend=0.0) * heights).sum(axis=-1))


def _hypervolume_gain(points: Array, axis: Array) -> Array:
    """ΔHV: over each step, the width that x covers times what x stands above the step."""
    ends, heights = _staircase(points)
    ends, heights = np.append(ends, 1.0), np.append(heights, 0.0)
    starts = np.append(0.0, ends[:-1])
    widths = np.maximum(np.minimum(axis, ends[:, None]) - starts[:, None], 0.0)
    return np.asarray(np.maximum(axis[:, None] - heights, 0.0) @ widths)


def _rao_gain(points: Array, axis: Array) -> Array:
    within, members = _distances_within(points), len(points)
    across = points[:, 0, None, None] - axis
    upwards = points[:, 1, None, None] - axis[:, None]
    to_members = _lengths(across, upwards).sum(axis=0)
    return _rao(within + 2.0 * to_members, members + 1) - _rao(within, members)


def _distances_within(points: Array) -> Array:
    """The sum of the distances over all ordered pairs of an ensemble."""
    accuracy, quality = points[..., 0], points[..., 1]
    across = accuracy[..., :, None] - accuracy[..., None, :]
    upwards = quality[..., :, None] - quality[..., None, :]
    return np.asarray(_lengths(across, upwards).sum(axis=(-2, -1)))


def _lengths(across: Array, upwards: Array) -> Array:
    squares: Array = across**2 + upwards**2
    return np.sqrt(squares, out=squares)


def _rao(distances: Array, members: int) -> Array:
    pairs = max(members, 1) ** 2
    return np.minimum(distances / (pairs * _DIAGONAL), 1.0)
