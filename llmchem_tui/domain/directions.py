"""One spelling for directions, so that only real differences between answers are shown.

What is not recognised is compared as its own words. Blank stays blank: "not stated".
"""

from __future__ import annotations

import re

from llmchem_tui.domain.doses import normal_dose
from llmchem_tui.domain.schedules import plain_words, read_schedule

_ROUTES = {
    "oral": r"oral(?:ly)?|po|by mouth|per os|p o|enteral(?:ly)?",
    "intravenous": r"iv|intravenous(?:ly)?|i v",
    "intramuscular": r"im|intramuscular(?:ly)?|i m",
    "subcutaneous": r"sc|sq|subcut|subq|subcutaneous(?:ly)?|s c",
    "intraosseous": r"io|intraosseous",
    "sublingual": r"sl|sublingual(?:ly)?|under the tongue",
    "buccal": r"buccal(?:ly)?",
    "rectal": r"pr|rectal(?:ly)?|per rectum",
    "vaginal": r"pv|vaginal(?:ly)?|per vaginam",
    "nebulised": r"nebuli[sz]ed|nebuli[sz]er|neb|nebs",
    "inhaled": r"inh|inhaled|inhalation|inhaler|mdi|pmdi|dpi",
    "intranasal": r"nasal(?:ly)?|intranasal(?:ly)?",
    "transdermal": r"transdermal(?:ly)?|patch",
    "ophthalmic": r"ophthalmic|eyes?|ocular",
    "otic": r"otic|ears?|aural",
    "topical": r"topical(?:ly)?|cutaneous|to the skin|on the skin",
}
_DURATION = re.compile(
    r"\b(?:(?P<low>\d+)\s*(?:-|to)\s*)?(?P<n>\d+)\s*(?P<unit>days?|d|weeks?|wks?|w|hours?|hrs?|h)\b"
)
_DAYS = {"d": 1.0, "w": 7.0, "h": 1 / 24}
_ONGOING = re.compile(
    r"\b(?:ongoing|long term|longterm|indefinite(?:ly)?|lifelong|life long|chronic"
    r"|continuous(?:ly)?|maintenance|permanent(?:ly)?)\b"
)
_SINGLE = re.compile(
    r"^(?:a )?(?:single(?: dose| administration)?|1 times?(?: only)?|1 dose|stat)$"
)
_FILLER = re.compile(r"\b(?:for|over|a|an|the|of|total|course|about|approximately|in)\b")


def normal(field: str, text: str) -> str:
    """Return the one spelling of a medication line's field, ``field`` being one of ``FIELDS``."""
    if not text.strip():
        return ""
    return _NORMAL[field](text)


def _normal_route(text: str) -> str:
    words = plain_words(text)
    known = [route for route, name in _ROUTES.items() if re.search(rf"\b(?:{name})\b", words)]
    return " or ".join(known) or words


def _normal_frequency(text: str) -> str:
    schedule = read_schedule(text)
    rates = schedule.rates or ((float(len(schedule.parts)),) if schedule.parts else ())
    read = [f"{rate:.4g} a day" for rate in rates]
    if rates == (1.0,):
        read += schedule.parts
    if schedule.once:
        read.append("once")
    if schedule.as_needed:
        read.append("as needed")
    return ", ".join(read) or plain_words(text)


def _normal_duration(text: str) -> str:
    words = plain_words(text)
    if _ONGOING.search(words):
        return "ongoing"
    if _SINGLE.match(words):
        return "single dose"
    return " ".join(_FILLER.sub(" ", _DURATION.sub(_in_days, words)).split())


def _in_days(found: re.Match[str]) -> str:
    days = _DAYS[found["unit"][0]]
    ends = [int(end) * days for end in (found["low"], found["n"]) if end]
    return "-".join(f"{end:.4g}" for end in ends) + " days"


_NORMAL = {
    "dose": normal_dose,
    "route": _normal_route,
    "frequency": _normal_frequency,
    "duration": _normal_duration,
}
FIELDS = tuple(_NORMAL)
"""The fields of a medication line in which answers may differ, in the order of the line."""
