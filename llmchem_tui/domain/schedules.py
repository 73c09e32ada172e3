"""How often a drug is given, read from an author's words.

What cannot be read stays unread: a schedule is never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_COUNTS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_AS_NUMBERS = {
    **{word: str(number) for number, word in enumerate(_COUNTS)},
    "twelve": "12",
    "once": "1 times",
    "twice": "2 times",
    "thrice": "3 times",
}
_PER_DAY = {
    **dict.fromkeys(("daily", "od", "everyday", "qhs", "qam", "qpm"), 1.0),
    **dict.fromkeys(("bid", "bd", "bds"), 2.0),
    **dict.fromkeys(("tid", "tds"), 3.0),
    **dict.fromkeys(("qid", "qds"), 4.0),
    **dict.fromkeys(("qod", "eod"), 0.5),
    "hourly": 24.0,
    "weekly": 1 / 7,
    "fortnightly": 1 / 14,
    "monthly": 1 / 30,
    "yearly": 1 / 365,
}
_DAYS = {"h": 1 / 24, "2": 1.0, "d": 1.0, "w": 7.0, "m": 30.0, "y": 365.0}

_RANGE = r"(?P<n>\d+(?:\.\d+)?)(?:\s*(?:-|to|or)\s*(?P<m>\d+(?:\.\d+)?))?"
_UNIT = r"(?P<unit>hours?|hrs?|h|days?|d|weeks?|wks?|w|months?|years?)\b"
_PERIOD = r"(?P<unit>24\s*(?:hours?|hrs?|h)|daily|day|d|weekly|week|wk|monthly|month|year)\b"
_EVERY_OTHER = re.compile(r"\b(?:every (?:other|second|2nd)|alternat(?:e|ing)) (?P<unit>days?)\b")
_INTERVALS = (
    re.compile(rf"(?:\b(?:every|each)\s*|\bq\s*)(?:{_RANGE})?\s*{_UNIT}"),
    re.compile(rf"\b{_RANGE}\s*(?P<unit>hourly|hrly|weekly|monthly)\b"),
)
_TIMES = re.compile(
    rf"\b{_RANGE}(?:\s*(?:x|times?|doses?)\s*(?:/|(?:per|an?|each|every|in)\b)?"
    rf"|\s*(?:/|(?:per|an?|each|every)\b))\s*{_PERIOD}"
)
_DIVIDED = re.compile(rf"\b{_RANGE}\s*(?:equal(?:ly)?\s*)?divided doses\b")
_ABBREVIATED = re.compile(rf"\b(?:{'|'.join(_PER_DAY)})\b")
_TOTAL = re.compile(
    r"\bx ?(\d+)\b(?! ?(?:days?|d|weeks?|w|months?|m|hours?|h)\b)|\b(\d+) (?:more )?doses\b"
)
_TITRATED = re.compile(r"\b(?:every|each|q) ?[\d -]*min(?:ute)?s?\b")
_ONCE = re.compile(r"\b1 (?:times?|doses?|off)\b|\b(?:single|stat|immediately|now)\b|\bx ?1\b")
_AS_NEEDED = re.compile(r"\bprn\b|\b(?:as|if|when) (?:needed|required|necessary)\b|\bon demand\b")
_PARTS_OF_DAY = {
    "morning": re.compile(r"\b(?:mornings?|breakfast|mane|qam)\b"),
    "noon": re.compile(r"\b(?:noon|midday|lunch(?:time)?)\b"),
    "evening": re.compile(r"\b(?:evenings?|dinner|supper|qpm)\b"),
    "night": re.compile(r"\b(?:nights?|nightly|bed(?:time)?|nocte|q?hs)\b"),
}
_AT_MOST = re.compile(r"\b(?:max(?:imum)?|not (?:to )?exceed(?:ing)?|no more than)\b")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a drug is given.

    ``rates``: every number of administrations per day that is named, ascending ("every 4 to 6
    hours" has 4 and 6); ``parts``: the parts of the day; ``once``: a single administration.
    """

    rates: tuple[float, ...] = ()
    parts: tuple[str, ...] = ()
    once: bool = False
    as_needed: bool = False

    @property
    def per_day(self) -> float | None:
        """The most administrations in one day; None where the words do not say."""
        if self.rates:
            return self.rates[-1]
        return float(len(self.parts)) or (1.0 if self.once else None)


def read_schedule(text: str) -> Schedule:
    """Read how often; an upper limit ("maximum 4 doses a day") cuts the rates."""
    words, limit = split_limit(plain_words(text))
    rates, rest = _rates(words)
    if limits := _rates(limit)[0]:
        rates = {min(rate, max(limits)) for rate in rates or limits}
    if total := _TOTAL.search(rest):
        rates = {min(rate, float(total[1] or total[2])) for rate in rates}
    parts = tuple(part for part, name in _PARTS_OF_DAY.items() if name.search(words))
    return Schedule(
        rates=tuple(sorted(rates)),
        parts=parts,
        once=not (rates or parts or _TITRATED.search(words)) and bool(_ONCE.search(rest)),
        as_needed=bool(_AS_NEEDED.search(words)),
    )


def per_day(frequency: str) -> float | None:
    """Return the administrations per day, the upper end of a range; None where unreadable.

    A single dose and "at once" are 1, weekly is 1/7, a month has 30 days. A continuous infusion, a
    dose repeated after minutes and a mere "as needed" have no number.
    """
    return read_schedule(frequency).per_day


def plain_words(text: str) -> str:
    """Return directions in one spelling: lower case, plain hyphens, digits, "bid" for "b.i.d."."""
    words = unicodedata.normalize("NFKC", text).casefold()
    words = re.sub("[\u2010-\u2015\u2212]", "-", words).replace("\u00d7", "x")
    words = re.sub(r"\b(?:[a-z]\.){2,}", lambda match: match[0].replace(".", ""), words)
    words = re.sub(r"(?<=[a-z])-|-(?=[a-z])", " ", words)
    words = re.sub(r"[a-z]+", lambda match: _AS_NUMBERS.get(match[0], match[0]), words)
    return " ".join(words.split())


def split_limit(words: str) -> tuple[str, str]:
    """Split plain words into the directions and their upper limit, blank where there is none."""
    found = _AT_MOST.search(words)
    return (words[: found.start()], words[found.end() :]) if found else (words, "")


def _rates(words: str) -> tuple[set[float], str]:
    """Return the administrations per day that are named, and the words that name none."""
    rates: set[float] = set()
    for pattern in (_EVERY_OTHER, _TIMES, *_INTERVALS, _DIVIDED, _ABBREVIATED):
        for match in pattern.finditer(words):
            rates.update(_rates_of(pattern, match))
        words = pattern.sub(";", words)
    return rates, words


def _rates_of(pattern: re.Pattern[str], match: re.Match[str]) -> list[float]:
    if pattern is _ABBREVIATED:
        return [_PER_DAY[match[0]]]
    if pattern is _EVERY_OTHER:
        return [0.5]
    ends = [float(end) for end in (match["n"], match["m"]) if end] or [1.0]
    ends = [end for end in ends if end > 0]
    if pattern is _DIVIDED:
        return ends
    days = _DAYS[match["unit"][0]]
    if pattern is _TIMES:
        return [end / days for end in ends]
    return [1 / (end * days) for end in ends]
