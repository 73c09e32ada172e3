"""Which pictures the evidence has, and what is said of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from llmchem_tui.analysis.evidence import Evidence
from llmchem_tui.analysis.evidence_markdown import CALIBRATION, INTERACTION, MAPS, STRATEGIES
from llmchem_tui.analysis.example_ensembles import SizeGroup
from llmchem_tui.analysis.figures import (
    MOST_MODELS,
    calibration_plot,
    heat_map,
    strategy_comparison,
)
from llmchem_tui.analysis.map_figures import FIELDS, chemistry_maps
from llmchem_tui.analysis.pictures import Picture, draw

_A_PAIR = 2
_MOST_STRATEGIES = 30
_ON_A_PAGE = "complementarity"


def evidence_pictures(evidence: Evidence, prefix: str, *, every: bool) -> Iterator[Picture]:
    """Draw what there is to draw; ``prefix``: of the names, to tell several evidences apart.

    ``every``: the maps of hypervolume and of diversity too, which a page does without.

    Raises:
        InputError: as in ``pictures.check_plots``.
    """
    table, compared = evidence.table, evidence.evaluation
    drawn = partial(draw, simulated=evidence.simulated)
    if len(table.used) >= _A_PAIR and not table.homogeneous:
        more = f" The {MOST_MODELS} that interact most." * (len(table.used) > MOST_MODELS)
        yield drawn(
            f"{prefix}{INTERACTION}",
            INTERACTION,
            "Interaction of each two models",
            "Brighter: a stronger interaction; models that interact alike stand side by side. "
            f"Models that are not used interact with none and are left out.{more}",
            lambda: heat_map(table),
        )
    for group in evidence.examples:
        for field in FIELDS if every else (_ON_A_PAGE,):
            yield _maps(group, field, prefix, drawn)
    strategies = compared.strategies[:_MOST_STRATEGIES]
    more = f" The first {_MOST_STRATEGIES}." * (len(compared.strategies) > _MOST_STRATEGIES)
    yield drawn(
        f"{prefix}{STRATEGIES}",
        STRATEGIES,
        "Accuracy and effectiveness of each strategy",
        f"Means with their 95 % intervals, where there is more than one round.{more}",
        lambda: strategy_comparison(strategies),
    )
    if compared.calibration.n:
        yield drawn(
            f"{prefix}{CALIBRATION}",
            CALIBRATION,
            "Accuracy of recommendations by the confidence in them",
            "The numbers count recommendations. On the broken line confidence and accuracy are "
            "equal; above it the confidence is too low, below it too high.",
            lambda: calibration_plot(compared.calibration),
        )


def _maps(group: SizeGroup, field: str, prefix: str, drawn: Callable[..., Picture]) -> Picture:
    return drawn(
        f"{prefix}{MAPS}-{group.sizes.replace(' ', '-')}-{field}",
        MAPS if field == _ON_A_PAGE else "",
        f"Chemistry maps of ensembles of {group.sizes}: {FIELDS[field]}",
        "Brighter: one more model of this accuracy and quality adds more. Inside a white line it "
        f"takes away. Dots are the members. Here: {FIELDS[field]}; ensembles of {group.sizes}.",
        lambda: chemistry_maps(group, field),
    )
