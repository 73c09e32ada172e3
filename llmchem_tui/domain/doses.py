"""Amounts of a drug, read from an author's words.

What cannot be read for certain stays unread (None) and is not judged: rates of infusion, amounts
per body surface or per volume, "2 tablets (1 g)", a combination's single figure for its second
ingredient.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from llmchem_tui.domain.model import Medication
from llmchem_tui.domain.schedules import per_day, plain_words, split_limit

_UNITS: dict[str, tuple[str, float]] = {
    **dict.fromkeys(("ng", "nanogram", "nanograms"), ("mg", 1e-6)),
    **dict.fromkeys(("mcg", "ug", "\u03bcg", "microgram", "micrograms"), ("mg", 1e-3)),
    **dict.fromkeys(("microgramme", "microgrammes"), ("mg", 1e-3)),
    **dict.fromkeys(("mg", "mgs", "milligram", "milligrams"), ("mg", 1.0)),
    **dict.fromkeys(("g", "gm", "gms", "gram", "grams", "gramme", "grammes"), ("mg", 1e3)),
    **dict.fromkeys(("unit", "units", "iu", "ius", "u"), ("unit", 1.0)),
    **dict.fromkeys(("international units", "international unit"), ("unit", 1.0)),
    **dict.fromkeys(("million units", "million iu", "mu", "miu", "megaunits"), ("unit", 1e6)),
    "mmol": ("mmol", 1.0),
    "meq": ("meq", 1.0),
    **dict.fromkeys(("ml", "millilitres", "milliliters"), ("ml", 1.0)),
}
_NUMBER = r"(?<![\d.,])(?<!\d )(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?: 000)+|\d+(?:[.,]\d+)?)"
_UNIT = rf"(?:{'|'.join(sorted(_UNITS, key=len, reverse=True))})(?![a-z])"
_ITEM = (
    r"(?:tablet|tab|capsule|cap|pill|puff|inhalation|actuation|spray|drop|vial|ampoule|sachet"
    r"|patch|suppository|suppositorie|lozenge|pen|syringe)(?:e?s)?\b"
)
_DAY = r"(?:day|d|24\s*(?:hours?|hrs?|h))\b"
_RATE = r"(?:hours?|hrs?|h|minutes?|mins?|m2|ml|l|litres?|liters?)\b"
_BASIS = rf"(?:/|per)\s*(?:kg\b|{_DAY}|{_RATE}|dose\b|{_ITEM})"
_FIGURE = re.compile(rf"(?P<value>{_NUMBER})\s*(?P<unit>{_UNIT})?")
_COMPONENTS = re.compile(rf"(?:{_NUMBER}\s*(?:{_UNIT})?\s*/\s*){{1,5}}{_NUMBER}\s*{_UNIT}")
_QUANTITY = re.compile(
    rf"(?:(?P<times>{_NUMBER})\s*x\s*)?(?:(?P<low>{_NUMBER})\s*(?:-|to)\s*)?"
    rf"(?P<value>{_NUMBER})\s*(?P<unit>{_UNIT})(?P<per>(?:\s*{_BASIS})*)"
)
_COUNT = re.compile(rf"(?P<value>{_NUMBER})\s*(?:(?!{_UNIT}|x\b)[a-z]+ )?{_ITEM}")
_PER_ITEM = re.compile(rf"(?:/|per)\s*{_ITEM}")
_EACH = re.compile(rf"\b(?:each|of|x)\b|{_PER_ITEM.pattern}")
_PARTIAL = re.compile(rf"\b(?:half|quarter|third)\b|\d\u2044|\d\s*/\s*\d+\s*(?:an? |of )*{_ITEM}")
_REPEATED = re.compile(rf"{_UNIT}\s*x\s*(?!1\b)\d+(?!\d|\s*(?:days?|d|weeks?)\b)")
_LATER = re.compile(
    r"[,;(]?\s*\b(?:(?:and|then)\s+)?(?:(?:up)?titrat|increas|escalat)\w*\b.*", re.S
)
_DAILY = re.compile(rf"\bdaily\b|\b(?:a|in|per) {_DAY}|/\s*{_DAY}")


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity of a drug: ``unit`` mg, unit, mmol, meq or ml; ``daily``: a total per day."""

    value: float
    unit: str
    daily: bool = False

    def exceeds(self, limit: Amount) -> bool:
        """Whether it is more than ``limit``; never where the units differ."""
        return self.unit == limit.unit and self.value > limit.value * (1 + 1e-9)


@dataclass(frozen=True, slots=True)
class Administered:
    """What a line of a regimen gives at a time and in a day; None where that cannot be read."""

    single: Amount | None = None
    daily: Amount | None = None


def read_amount(text: str, weight_kg: float | None = None, component: int = 0) -> Amount | None:
    """Return the largest amount that the words give, or None where that is not certain.

    The upper end of a range; "mg/kg" needs the weight, and a maximum beside it is respected.
    ``component`` is the place of the ingredient in a combination ("875/125 mg"), 0 the first. What
    a dose is to be titrated to later is not judged.
    """
    words, limit = split_limit(_LATER.sub("", plain_words(text)))
    chosen = _choose(words, component)
    count = _count(chosen)
    amount = _largest(chosen, weight_kg, daily="divided" in chosen)
    if amount is None or count is None:
        return None
    amount = replace(amount, value=amount.value * count)
    cap = _largest(limit, weight_kg, daily=bool(_DAILY.search(limit)))
    return cap if cap and cap.daily == amount.daily and amount.exceeds(cap) else amount


def normal_dose(text: str) -> str:
    """Return a dose in one spelling, for comparison: "0.5 g", "500mg" and "500 mg" are equal."""
    words = _QUANTITY.sub(_normal_quantity, plain_words(text))
    words = re.sub(r" (mg|unit)\s*(?:-|to)\s*(?=[\d.]+ \1\b)", "-", words)
    return re.sub(r" mg\s*/\s*(?=\d)", "/", words).strip(" .")


def administered(line: Medication, weight_kg: float | None, component: int = 0) -> Administered:
    """Return what a medication line gives at a time and in a day.

    A dose in the name and a frequency in the dose count where their own place is blank. A maximum
    in the frequency ("every 6 hours, max 4 g") is one per day unless it says "dose".
    """
    dose = line.dose.strip() or line.name
    frequency = line.frequency.strip() or dose
    amount = read_amount(dose, weight_kg, component)
    often = per_day(frequency)
    if amount is None:
        return Administered()
    if amount.daily:
        single = replace(amount, value=amount.value / max(often, 1), daily=False) if often else None
        return Administered(single, amount)
    if often is None:
        return Administered(amount)
    daily = replace(amount, value=amount.value * often, daily=True)
    for text, implied in ((dose, False), (frequency, True)):
        limit = split_limit(plain_words(text))[1]
        per_day_limit = bool(_DAILY.search(limit)) or (implied and "dose" not in limit)
        cap = _largest(limit, weight_kg, daily=per_day_limit)
        if cap and cap.daily and daily.exceeds(cap):
            daily = cap
    return Administered(amount, daily)


def _number(text: str) -> float:
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?: 000)+", text):
        return float(text.replace(",", "").replace(" ", ""))
    return float(text.replace(",", "."))


def _normal_quantity(quantity: re.Match[str]) -> str:
    unit, factor = _UNITS[quantity["unit"]]
    ends = [_number(end) * factor for end in (quantity["low"], quantity["value"]) if end]
    times = f"{quantity['times']} x " if quantity["times"] else ""
    return f"{times}{'-'.join(f'{end:.10g}' for end in ends)} {unit}{quantity['per']}"


def _choose(words: str, component: int) -> str:
    """Reduce "875/125 mg" to one ingredient's figure; blank where there is none for it."""
    if component and not _COMPONENTS.search(words):
        return ""
    for found in reversed(list(_COMPONENTS.finditer(words))):
        figures = list(_FIGURE.finditer(found[0]))
        units = [figure["unit"] for figure in figures if figure["unit"]]
        if component >= len(figures) or len({_UNITS[unit][0] for unit in units}) > 1:
            return ""
        figure = figures[component]
        chosen = f"{figure['value']} {figure['unit'] or units[-1]}"
        words = words[: found.start()] + chosen + words[found.end() :]
    return words


def _count(words: str) -> float | None:
    """Return how many pieces of the stated amount are given; None where that is not certain."""
    counts = [_number(found["value"]) for found in _COUNT.finditer(words)]
    pieces = max(counts, default=1.0)
    if pieces == 1:
        unknown = _REPEATED.search(words) or (not counts and _PER_ITEM.search(words))
        return None if unknown else 1.0
    stated = len(_QUANTITY.findall(words))
    return pieces if stated == 1 and _EACH.search(words) else None


def _largest(words: str, weight_kg: float | None, *, daily: bool) -> Amount | None:
    """Return the largest quantity: masses before volumes, single doses before totals per day.

    None where there is none, or where one of them is a rate. ``daily``: all are totals per day.
    """
    found = [_amount(quantity, weight_kg, daily) for quantity in _QUANTITY.finditer(words)]
    if _PARTIAL.search(words) or None in found:
        return None
    amounts = [amount for amount in found if amount and amount.value > 0]
    return max(amounts, key=lambda one: (one.unit != "ml", not one.daily, one.value), default=None)


def _amount(quantity: re.Match[str], weight_kg: float | None, daily: bool) -> Amount | None:
    """Return one quantity, of value 0 where it needs a weight; None for a rate."""
    per = quantity["per"]
    if re.search(rf"(?:/|per)\s*{_RATE}", per):
        return None
    unit, factor = _UNITS[quantity["unit"]]
    if "kg" in per:
        factor *= weight_kg or 0.0
    value = max(_number(end) for end in (quantity["low"], quantity["value"]) if end)
    times = _number(quantity["times"]) if quantity["times"] else 1.0
    return Amount(
        value * times * factor, unit, daily or bool(re.search(rf"(?:/|per)\s*{_DAY}", per))
    )
