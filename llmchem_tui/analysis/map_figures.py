"""Chemistry maps as a picture, as P1's Figures 3 to 5 have them (arXiv 2510.03930 A.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llmchem_tui.analysis.example_ensembles import STRENGTHS, Example, SizeGroup
from llmchem_tui.analysis.figures import (
    BRIGHT,
    COLOURS,
    DARK,
    SMALL,
    new_figure,
    short,
)
from llmchem_tui.domain.complementarity import ChemistryMap, marginal_complementarity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

FIELDS = {
    "complementarity": "ΔCI, added complementarity",
    "hypervolume": "ΔHV, added hypervolume",
    "rao": "ΔRao, added diversity",
}
"""The three maps of an ensemble, each with what it shows."""

_GRID = 101
_LEAST_RANGE = 0.001  # of the scale, where maps are all alike
_TICKS = (0, 0.5, 1), ("0", "0.5", "1")
_HIGHEST_SCALE = 3.0  # inches


def chemistry_maps(group: SizeGroup, field: str) -> Figure:
    """Draw what a further model would add to each ensemble: strategies down, strengths across.

    ``field``: one of ``FIELDS``. All maps have one scale; a line stands where nothing is added.
    """
    maps = [marginal_complementarity(one.points, _GRID) for one in group.examples]
    fields = [getattr(own, field) for own in maps]
    limits = float(min(map(np.min, fields))), float(max(map(np.max, fields)))
    rows = len(group.strategies)
    figure, panels, beside = _panels(rows, len(STRENGTHS))
    for axes, one, own in zip(panels.flat, group.examples, maps, strict=True):
        axes.set(xlabel="accuracy", ylabel=f"{short(one.strategy)}\nquality / 10")
        image = _map(axes, one, own, field, limits)
    for axes, strength in zip(panels[0], STRENGTHS, strict=True):
        axes.set_title(strength, pad=15, fontweight="bold")
    bar = figure.colorbar(image, cax=beside, label=FIELDS[field])
    bar.outline.set_visible(False)
    return figure


def _panels(rows: int, columns: int) -> tuple[Figure, NDArray[Any], Axes]:
    """Lay out square panels and, beside them, a place for their scale.

    All is in inches: no layout has to be searched for, which takes long. At the top there is room
    for the mark of simulated models.
    """
    left, bottom, side, across, between, right, top = 0.75, 0.5, 1.55, 0.2, 0.3, 1.1, 0.6
    width = left + columns * side + (columns - 1) * across + right
    height = bottom + rows * side + (rows - 1) * between + top
    figure = new_figure(width, height, layout=None)
    places = {
        "left": left / width,
        "right": 1 - right / width,
        "bottom": bottom / height,
        "top": 1 - top / height,
        "wspace": across / side,
        "hspace": between / side,
    }
    panels = figure.subplots(rows, columns, squeeze=False, gridspec_kw=places)
    high = min(height - bottom - top, _HIGHEST_SCALE)
    middle = (bottom + height - top) / 2
    box = ((width - right + 0.15) / width, (middle - high / 2) / height, 0.12 / width)
    return figure, panels, figure.add_axes((*box, high / height))


def _map(
    axes: Axes, one: Example, own: ChemistryMap, field: str, limits: tuple[float, float]
) -> AxesImage:
    values = getattr(own, field)
    half = 0.5 / (len(own.axis) - 1)  # the ends of the axis are the middles of the outer cells
    edge = (-half, 1 + half)
    image = axes.imshow(
        values,
        origin="lower",
        extent=(*edge, *edge),
        aspect="auto",
        cmap=COLOURS,
        vmin=limits[0],
        vmax=max(limits[1], limits[0] + _LEAST_RANGE),
        interpolation="none",
    )
    if values.min() < 0 < values.max():
        axes.contour(own.axis, own.axis, values, levels=[0.0], colors=BRIGHT, linewidths=0.8)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_xticks(*_TICKS)
    axes.set_yticks(*_TICKS)
    axes.label_outer()
    axes.plot(*one.points.T, "o", color=BRIGHT, markeredgecolor=DARK, markersize=4, clip_on=False)
    state = ", saturated" if own.saturated else ", uniform" if own.uniform else ""
    said = f"CI {one.complementarity:.2f}, {len(one.points)} models{state}"
    axes.annotate(
        said,
        (0.5, 1),
        xytext=(0, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=SMALL,
        ha="center",
    )
    return image
