"""What the histories give under parameters that may differ from the settings. No widget."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, get_args

from llmchem_tui.config import ChemistrySettings
from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.profiles import ProfileMode

if TYPE_CHECKING:
    from llmchem_tui.analysis.stability import Stability
    from llmchem_tui.domain.chemistry import ChemistryTable
    from llmchem_tui.domain.interaction_graph import InteractionGraph
    from llmchem_tui.domain.model import Profile
    from llmchem_tui.domain.recommendation import Recommendation
    from llmchem_tui.domain.strategies import Knowledge
    from llmchem_tui.laboratory import Laboratory

_STEP = 0.05
_LARGEST = {"alpha": 1.0, "usage_threshold": 1.0}
_PROFILES: tuple[ProfileMode, ...] = get_args(ProfileMode)


RESAMPLES = 1000
"""Of a bootstrap that the screen makes."""

MOST_IN_GRAPH = 12
"""Of more models the graph has too many sets to look at."""

FURTHER = "+"
"""What each model is marked with for which no letter is left."""

ORDERS = ("by name", "by strength", "clustered")
"""How the models of a table can be ordered."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What can be changed to see what follows.

    Pairs above ``tau`` stand out; ``size`` None: any from 2 to 10. The others as in the settings.
    """

    tau: float
    alpha: float
    beta: float
    usage_threshold: float
    size: int | None
    profile: ProfileMode

    @classmethod
    def of(cls, settings: ChemistrySettings, size: int) -> Parameters:
        """Return the parameters of the settings; ``size``: that of the next round."""
        own = settings
        return cls(own.tau, own.alpha, own.beta, own.usage_threshold, size, own.profile)

    def stepped(self, name: str, direction: int, models: int) -> Parameters:
        """Return them with one a step up (1) or down (-1), as far as there are values.

        ``models``: how many can be chosen from, the largest size.
        """
        value = getattr(self, name)
        if name == "size":
            # Below one model comes any number of them.
            size = min((value or 0) + direction, models)
            return replace(self, size=size if size > 0 else None)
        if name == "profile":
            place = _PROFILES.index(value) + direction
            return replace(self, profile=_PROFILES[max(0, min(place, len(_PROFILES) - 1))])
        stepped: Any = _stepped(value, direction, _LARGEST.get(name, math.inf))
        return replace(self, **{name: stepped})

    def reset(self, name: str, base: Parameters) -> Parameters:
        """Return them with one as it is in ``base``."""
        return replace(self, **{name: getattr(base, name)})

    def differing(self, base: Parameters) -> frozenset[str]:
        """Return the names of those that are not as in ``base``."""
        names = (field.name for field in fields(self))
        return frozenset(name for name in names if getattr(self, name) != getattr(base, name))


def _stepped(value: float, direction: int, largest: float) -> float:
    """Return the next multiple of the step above or below a value."""
    steps = value / _STEP
    whole = math.floor(steps + 1e-9) + 1 if direction > 0 else math.ceil(steps - 1e-9) - 1
    return min(max(0.0, round(whole * _STEP, 2)), largest)


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """The chemistry of the pool's models that have a profile, and the ensemble it recommends.

    ``profiles`` by name; ``unknown``: the pool's models that have none. ``advice`` None: none can
    be given, and ``problem`` says why.
    """

    parameters: Parameters
    knowledge: Knowledge
    profiles: dict[str, Profile]
    unknown: tuple[str, ...]
    table: ChemistryTable
    advice: Recommendation | None
    problem: str = ""

    def met(self, a: str, b: str) -> int:
        """Return in how many rounds two models met."""
        return self.knowledge.met.get(frozenset((a, b)), 0)

    @property
    def members(self) -> tuple[str, ...]:
        """The ensemble that is recommended, if any."""
        return self.advice.ensemble if self.advice else ()

    @property
    def pairs(self) -> int:
        """How many pairs the models with a profile make."""
        return math.comb(len(self.table.names), 2)

    def same_as(self, other: Study) -> bool:
        """Tell whether two studies are of the same rounds and models under the same parameters."""
        own, others = (
            (one.parameters, one.knowledge, one.profiles, one.unknown) for one in (self, other)
        )
        return own == others


def study(
    laboratory: Laboratory, parameters: Parameters, knowledge: Knowledge | None = None
) -> Study:
    """Return what follows from the parameters. Reads files; call it in a thread.

    ``knowledge``: what the rounds teach with the parameters' profile, where it is known already.

    Raises:
        InputError: a history cannot be read, or the chemistry cannot be computed.
    """
    from llmchem_tui.domain.chemistry import chemistry
    from llmchem_tui.domain.recommendation import RecommendationSettings, recommend

    if knowledge is None:
        knowledge = laboratory.knowledge(profile=parameters.profile)
    names = sorted(spec.name for spec in laboratory.pool.models)
    profiles = {name: knowledge.profiles[name] for name in names if name in knowledge.profiles}
    table = chemistry(
        list(profiles.values()),
        usage_threshold=parameters.usage_threshold,
        empty_cost=laboratory.settings.chemistry.empty_cost,
    )
    wanted = RecommendationSettings(parameters.alpha, parameters.beta, size=parameters.size)
    advice, problem = None, ""
    try:
        advice = recommend(table, list(profiles.values()), knowledge.past, wanted)
    except InputError as error:  # such as a size that the models do not make
        problem = str(error)
    unknown = tuple(name for name in names if name not in profiles)
    return Study(parameters, knowledge, profiles, unknown, table, advice, problem)


def ordered(table: ChemistryTable, order: str) -> Sequence[int]:
    """Return the places of a table's models in one of ``ORDERS``."""
    from llmchem_tui.domain.seriation import clustered, strongest_first

    if order == "by strength":
        return strongest_first(table.values)
    return clustered(table.values) if order == "clustered" else range(len(table.names))


def letters(names: Iterable[str]) -> dict[str, str]:
    """Return a letter for each model, in the order of the names."""
    given = string.ascii_uppercase
    return {
        name: given[place] if place < len(given) else FURTHER
        for place, name in enumerate(sorted(names))
    }


def graph_of(study: Study) -> InteractionGraph:
    """Return the interaction graph of a study's models; of many only of those that are used.

    What is not used costs nothing, so it changes no number of the others.

    Raises:
        InputError: more models are used than can be looked at.
    """
    from llmchem_tui.domain.interaction_graph import interaction_graph

    profiles = list(study.profiles.values())
    if len(profiles) > MOST_IN_GRAPH:
        profiles = [profile for profile in profiles if profile.name in study.table.used]
    if len(profiles) > MOST_IN_GRAPH:
        raise InputError(
            f"The interaction graph of {len(profiles)} used models has {2 ** len(profiles):,} "
            f"sets; it is shown of up to {MOST_IN_GRAPH} models. Raise the usage threshold on the "
            "Chemistry screen until no more than that are used."
        )
    return interaction_graph(
        profiles,
        usage_threshold=study.parameters.usage_threshold,
        empty_cost=study.table.empty_cost,
    )


def stability_of(
    laboratory: Laboratory, study: Study, progress: Callable[[int], object]
) -> Stability:
    """Return how far a study hangs on the rounds. Takes seconds; call it in a thread.

    ``progress``: as in ``analysis.stability.Draws``.

    Raises:
        InputError: there are too few rounds, or the profiles are not means.
    """
    from llmchem_tui.analysis.stability import Draws, stability
    from llmchem_tui.domain.recommendation import ChemistryParameters
    from llmchem_tui.storage.selections import of_models

    own = study.parameters
    if own.profile != "mean":
        raise InputError(
            f'A bootstrap draws means over rounds again, but the profile is "{own.profile}": set '
            "it to mean."
        )
    models = laboratory.pool.models
    aliases = {alias: spec.name for spec in models for alias in spec.aliases}
    return stability(
        of_models(laboratory.history(), {spec.name for spec in models}, aliases),
        ChemistryParameters(own.alpha, own.beta, own.usage_threshold, study.table.empty_cost),
        tau=own.tau,
        size=own.size,
        draws=Draws(RESAMPLES, progress=progress),
    )
