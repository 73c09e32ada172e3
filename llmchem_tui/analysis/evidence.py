"""What the rounds of saved sessions say together: chemistry, strategies compared, calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmchem_tui.analysis.evaluate import Evaluation, evaluate
from llmchem_tui.analysis.example_ensembles import SizeGroup, example_ensembles
from llmchem_tui.domain.chemistry import ChemistryTable, chemistry
from llmchem_tui.domain.model import Profile
from llmchem_tui.storage.profiles import profiles
from llmchem_tui.storage.selections import Part, parts_of

if TYPE_CHECKING:
    from llmchem_tui.config import ChemistrySettings
    from llmchem_tui.storage.history import History


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What one task's rounds say of simulated models, or of real ones: they are never mixed.

    ``rounds`` and ``answers`` count. ``tau``: pairs with more than it interact. ``examples``: weak,
    mid and strong ensembles by size.
    """

    task: str
    simulated: bool
    rounds: int
    answers: int
    profiles: Mapping[str, Profile]
    table: ChemistryTable
    tau: float
    evaluation: Evaluation
    examples: tuple[SizeGroup, ...]


def evidence(
    history: History, settings: ChemistrySettings, aliases: Mapping[str, str]
) -> tuple[Evidence, ...]:
    """Compute it for each task of a history, of real models first; no rows have none.

    Raises:
        InputError: chemistry cannot be computed with the settings' ``empty_cost``.
    """
    return tuple(_of(part, own, settings, aliases) for part, own in parts_of(history).items())


def _of(
    part: Part, history: History, settings: ChemistrySettings, aliases: Mapping[str, str]
) -> Evidence:
    known = profiles(history, mode=settings.profile, aliases=aliases)
    threshold, empty_cost = settings.usage_threshold, settings.empty_cost
    return Evidence(
        task=part.task,
        simulated=part.simulated,
        rounds=len(history.frame[["trial", "strategy"]].drop_duplicates()),
        answers=part.rows,
        profiles=known,
        table=chemistry(list(known.values()), usage_threshold=threshold, empty_cost=empty_cost),
        tau=settings.tau,
        evaluation=evaluate(
            history, usage_threshold=threshold, empty_cost=empty_cost, aliases=aliases
        ),
        examples=example_ensembles(history, aliases),
    )
