"""Rank order, penalty, cost and benefit of sets of models (P1 = arXiv 2510.03930 §2, Eq. 1)."""

from __future__ import annotations

import math
from collections.abc import Iterable

from llmchem_tui.domain.model import Profile

QUALITY_SCALE = 10.0
USAGE_THRESHOLD = 0.5


def penalty(profile: Profile) -> float:
    """What a model's answer falls short of: (1 - q/10)(1 - a), in [0, 1]."""
    return (1.0 - profile.quality / QUALITY_SCALE) * (1.0 - profile.accuracy)


def rank_order(profiles: Iterable[Profile]) -> list[Profile]:
    """Best first: by quality, then accuracy, both descending, then by name."""
    return sorted(profiles, key=lambda p: (-p.quality, -p.accuracy, p.name))


def by_accuracy(profiles: Iterable[Profile]) -> list[Profile]:
    """Most accurate first, then by name; a missing accuracy comes last."""
    return sorted(profiles, key=lambda p: (_descending(p.accuracy), p.name))


def by_performance(profiles: Iterable[Profile]) -> list[Profile]:
    """Most accurate first, then by quality, then by name; missing numbers come last."""
    return sorted(profiles, key=lambda p: (_descending(p.accuracy), _descending(p.quality), p.name))


def used(profiles: Iterable[Profile], usage_threshold: float = USAGE_THRESHOLD) -> list[Profile]:
    """The models that count: quality and accuracy present, accuracy at least the threshold."""
    return [
        profile
        for profile in profiles
        if not math.isnan(profile.quality) and profile.accuracy >= usage_threshold
    ]


def cost(
    profiles: Iterable[Profile],
    *,
    usage_threshold: float = USAGE_THRESHOLD,
    empty_cost: float = 0.0,
) -> float:
    """Rank-discounted penalties of the used models: Σ p_(i) / i (P1 Eq. 1).

    ``empty_cost`` where none is used; its default is the empty sum.
    """
    ranked = rank_order(used(profiles, usage_threshold))
    if not ranked:
        return empty_cost
    return sum(penalty(profile) / rank for rank, profile in enumerate(ranked, start=1))


def benefit(
    x: Iterable[Profile],
    y: Iterable[Profile],
    *,
    usage_threshold: float = USAGE_THRESHOLD,
    empty_cost: float = 0.0,
) -> float:
    """How much adding X to Y lowers the cost: that of Y less that of both (P1 Definition 1)."""
    present = {profile.name: profile for profile in y}
    union = present | {profile.name: profile for profile in x}
    before = cost(present.values(), usage_threshold=usage_threshold, empty_cost=empty_cost)
    after = cost(union.values(), usage_threshold=usage_threshold, empty_cost=empty_cost)
    return before - after


def _descending(value: float) -> float:
    return math.inf if math.isnan(value) else -value
