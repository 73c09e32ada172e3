"""What a complementarity map says in words and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from llmchem_tui.ui.addition import FIELDS
from llmchem_tui.ui.words import name_text, number

if TYPE_CHECKING:
    from llmchem_tui.domain.complementarity import Gain
    from llmchem_tui.ui.addition import Addition
    from llmchem_tui.ui.widgets.map import Place

_DIGITS = 4
_SCALE = 12
"""Cells of the scale's ramp."""


def answer_text(own: Addition, letters: Mapping[str, str]) -> Content:
    """Return in a sentence which model outside the ensemble adds the most complementarity."""
    if doubt := _doubt(own):
        return Content.styled(doubt, "$warning")
    if not own.gains:
        return Content.styled("Every model with a profile is in the ensemble.", "$muted")
    best = own.gains[0]
    name = Content.styled(f"{letters[best.name]} {name_text(best.name)}", "bold")
    told = " adds the most" if best.complementarity > 0 else " takes the least; none adds any"
    changes = f"ΔHV {signed(best.hypervolume)}, ΔRao {signed(best.rao)}"
    if best.complementarity > 0 >= best.hypervolume:
        changes = "ΔHV 0: different, not better"
    gain = signed(best.complementarity), "bold $accent"
    return Content.assemble(name, f"{told}: ΔCI ", gain, f"  ({changes})")


def _doubt(own: Addition) -> str:
    if own.chart.saturated:
        return "Saturated: no model could add complementarity to this ensemble, whatever it were."
    if own.chart.uniform:
        return "Uniform: any model would add the same, so the map tells none from another."
    return ""


def ensemble_text(own: Addition, letters: Mapping[str, str], whose: str) -> Content:
    """Return the ensemble that the map is about, with its own measures; ``whose`` it is."""
    lines = [Content.styled(whose, "$muted")]
    for member in own.members:
        letter = Content.styled(letters[member.name], "bold reverse")
        lines.append(Content.assemble(letter, f" {name_text(member.name)}"))
    lines += [
        Content.styled(f"{name_text(name)}: no profile yet, left out", "$warning")
        for name in own.unknown
    ]
    if not own.members:
        lines.append(Content.styled("nobody, so this is what a first model gives", "$muted"))
    measures = (("CI", own.complementarity), ("HV", own.hypervolume), ("Rao", own.rao))
    lines.append(Content("  ".join(f"{what} {number(value, 3)}" for what, value in measures)))
    return Content("\n").join(lines)


def strangers_text(names: Sequence[str]) -> Content:
    """Return which models outside have no place in the map."""
    listed = ", ".join(map(name_text, names))
    return Content.styled(f"no profile yet: {listed}" if names else "", "$muted")


def here_text(own: Addition, place: Place, names: Sequence[str]) -> Content:
    """Return what a place is and what a model there would add; ``names``: who is there."""
    found = own.at(*place)
    where = f"accuracy {number(place.accuracy)}  quality {10 * place.quality:.1f}"
    changes = " ".join(f"{field} {signed(found[field])}" for field in FIELDS)
    lines = [Content.styled(where, "bold"), Content(changes)]
    lines += [Content(name) for name in names]
    return Content("\n").join(lines)


def gains_text(own: Addition, letters: Mapping[str, str], field: str) -> Content:
    """Return what each known model outside would add, the most first; blank: there is none."""

    def change(gain: Gain) -> float:
        value: float = getattr(gain, FIELDS[field])
        return value

    lines = [Content.styled(f"{field} of the others", "$muted")] if own.gains else []
    for gain in sorted(own.gains, key=lambda gain: (-change(gain), gain.name)):
        letter = Content.styled(letters[gain.name], "bold")
        told = Content(f"{signed(change(gain))}  ")
        lines.append(Content.assemble(letter, " ", told, name_text(gain.name)))
    return Content("\n").join(lines)


def scale_text(low: float, high: float, piece: Callable[[float], tuple[str, str]]) -> Content:
    """Return what the shades between two values look like; ``piece``: sign and style of a value."""
    return Content("").join(_ramp(low, high, piece))


def _ramp(low: float, high: float, piece: Callable[[float], tuple[str, str]]) -> Iterator[Content]:
    yield Content(f"{signed(low)} ")
    for cell in range(_SCALE):
        sign, style = piece(low + (high - low) * cell / (_SCALE - 1))
        yield Content.styled(sign, style)
    yield Content(f" {signed(high)}")


def signed(value: float) -> str:
    """Return a change without its leading zero; 0 where all its digits are."""
    text = f"{value:+.{_DIGITS}f}"
    if not text.strip("+-0."):
        return "0"
    return text.replace("0.", ".", 1)
