"""The pictures of what histories say, made with matplotlib, which is an extra: ``plots``.

The same values always give the same bytes, whatever the user's settings of matplotlib are. Colours
do not ask a reader to tell red from green, and no name is taken for a formula.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.copies import OWN_MARK

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, PAPER = "#1b1c1d", "#fffffe"
"""The colours that give way to those of a page; nothing else is drawn in them."""

NEEDS_PLOTS = "Pictures need matplotlib: pip install 'llmchem-tui[plots]'"
SIMULATED = "SIMULATED: no model was asked"
"""Stands in every picture of simulated models: a file goes where no page explains it."""

_PNG_DOTS_PER_INCH = 200
_MARK_INCHES = 0.06  # from the left and the top
_UNHEARD = logging.NullHandler()
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # words stay words: small, and read aloud
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],  # comes with matplotlib, so every machine has it
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "figure.titlesize": 8.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.facecolor": PAPER,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    **dict.fromkeys(
        ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK
    ),
    "grid.color": INK,
    "grid.alpha": 0.15,
    "grid.linewidth": 0.6,
}


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A drawn picture. ``title`` says what it is, ``caption`` how to read it.

    ``name``: that of its file. ``about``: the section of the evidence that shows it; blank: none,
    it is a file only.
    """

    name: str
    about: str
    title: str
    caption: str
    svg: str
    figure: Figure


def check_plots() -> None:
    """Look whether pictures can be drawn.

    Raises:
        InputError: matplotlib is not installed, or has no folder for its cache.
    """
    # What it logs, as where it keeps its cache, is no word of ours to a terminal.
    logging.getLogger("matplotlib").addHandler(_UNHEARD)
    try:
        import matplotlib.figure  # noqa: F401 - the extra may be there without its parts
    except ImportError:
        raise InputError(NEEDS_PLOTS) from None
    except OSError:
        raise InputError(
            "matplotlib finds no folder that it may write its cache to: name one in $MPLCONFIGDIR."
        ) from None


def draw(
    name: str,
    about: str,
    title: str,
    caption: str,
    make: Callable[[], Figure],
    *,
    simulated: bool = False,
) -> Picture:
    """Draw a picture with what ``make`` returns; ``simulated``: it says so itself.

    Raises:
        InputError: as in ``check_plots``.
    """
    check_plots()
    with _style(name):
        figure = make()
        if simulated:
            _mark(figure)
        written = io.StringIO()
        nothing = dict.fromkeys(("Date", "Format", "Type"))
        figure.savefig(written, format="svg", metadata={"Creator": OWN_MARK, **nothing})
    return Picture(name, about, title, caption, written.getvalue(), figure)


def _mark(figure: Figure) -> None:
    left, top = (_MARK_INCHES / inches for inches in figure.get_size_inches())
    # A layout makes room for a title whose height it chooses.
    height = {} if figure.get_layout_engine() else {"y": 1 - top}
    figure.suptitle(SIMULATED, x=left, ha="left", fontweight="bold", **height)


def png(picture: Picture) -> bytes:
    """Return a picture as PNG."""
    written = io.BytesIO()
    with _style(picture.name):
        picture.figure.savefig(
            written, format="png", dpi=_PNG_DOTS_PER_INCH, metadata={"Software": OWN_MARK}
        )
    return written.getvalue()


@contextmanager
def _style(name: str) -> Iterator[None]:
    """Draw in our style; ``name`` sets the names inside an SVG apart from those of others."""
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        # In an SVG the reader's font has the sign; a PNG shows that it is missing.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({**_STYLE, "svg.hashsalt": name})
        yield
