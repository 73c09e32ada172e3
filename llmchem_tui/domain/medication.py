"""Drug names → active ingredients; how alike two regimens are; what an answer gets wrong.

Everything compares sets of (action, active ingredient), SCIENCE §2; doses count only where a
vignette limits them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from llmchem_tui.domain.directions import FIELDS, normal
from llmchem_tui.domain.doses import Amount, administered, read_amount
from llmchem_tui.domain.drug_names import BRANDS, SYNONYMS
from llmchem_tui.domain.ingredients import FORMS, INGREDIENTS, NOTHING, SALTS
from llmchem_tui.domain.model import Action, Answer, Medication, Unacceptable, Vignette

FUZZY_THRESHOLD = 90.0
"""Similarity of spelling, 0 to 100 (rapidfuzz ``ratio``), from which a name that nobody knows is
taken for a misspelling of a known one. "amoxicilin" has 95 to amoxicillin."""

_KNOWN: dict[str, tuple[str, ...]] = BRANDS | SYNONYMS | {name: (name,) for name in INGREDIENTS}
_LONGEST = max(len(name.split()) for name in _KNOWN)

_NOISE = FORMS | SALTS
_STRENGTH = re.compile(
    r"(?<![\w.,])\d[\d.,]*\s*(?:[-/x]\s*\d[\d.,]*\s*){0,5}"
    r"(?:mg|mcg|ug|\u03bcg|micrograms?|milligrams?|g|grams?|kg|ml|l|iu|units?|mmol|meq|%|h|hours?)"
    r"(?:\s*/\s*(?:\d[\d.,]*\s*)?(?:kg|mg|g|ml|l|h|hours?|hr|day|dose|puff|actuation|min)\b)*(?!\w)"
)
_APOSTROPHE = re.compile("['\u2019]")
_NO_DRUG = re.compile(r"(?:no|none|nothing|without)\b")
_ANTAGONIST = re.compile(r"\bvitamin[ -]?k[ -]antagonists?\b")  # the opposite of vitamin K
_WORD = re.compile(r"[^\W_]+")
_BRACKETS = re.compile(r"\([^()]*\)?|\[[^\[\]]*\]?")
_SEPARATORS = re.compile(r"[/+&]|\b(?:and|plus|or)\b")

_GIVEN = (Action.START, Action.CHANGE)

Entry = tuple[Action, str]
"""An action and the active ingredient that it concerns."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something in an answer that its vignette calls unacceptable."""

    ingredient: str
    reason: str
    medication: Medication


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which answers that give the same drug differ.

    ``field``: dose, route, frequency or duration; ``values``: model → its words in the answers'
    order, blank where it does not state the thing.
    """

    action: Action
    ingredient: str
    field: str
    values: Mapping[str, str]


def ingredients(name: str) -> frozenset[str]:
    """Return the normalised active ingredients that a drug's name stands for.

    Case, accents, salts, strengths, dose forms, national spellings, brands and combinations are
    resolved. An alternative ("a or b") counts as both. A name that is in the vocabulary is never
    taken for another one; any other is the known name it is spelled like (``FUZZY_THRESHOLD``), or
    else stays as its own text. Empty for a blank name and for words such as "none".
    """
    return frozenset(components(name))


@lru_cache(maxsize=2048)
def components(name: str) -> tuple[str, ...]:
    """Return the active ingredients of a name in the order in which it gives them, each once.

    A bracket counts only where nothing outside it is known: "inhaler (salbutamol)".
    """
    plain = _plain(name)
    if plain in NOTHING or _NO_DRUG.match(plain):
        return ()
    named = _read(_BRACKETS.sub(" ", plain))
    if not any(known for known, _ in named):
        inside = _read(" / ".join(_BRACKETS.findall(plain)))
        named = [part for part in inside if part[0]] or named or inside
    found = dict.fromkeys(ingredient for _, part in named for ingredient in part)
    return tuple(found) or tuple(filter(None, [" ".join(_WORD.findall(plain))]))


def regimen(medications: Iterable[Medication]) -> frozenset[Entry]:
    """Return what a list of medications does: (action, ingredient), ``continue`` left out."""
    return frozenset(
        (line.action, ingredient)
        for line in medications
        if line.action is not Action.CONTINUE
        for ingredient in components(line.name)
    )


def similarity(a: Answer, b: Answer) -> float:
    """Return how alike two answers' regimens are, in [0, 1]: F1; two that do nothing have 1."""
    first, second = regimen(a.medications), regimen(b.medications)
    if not first and not second:
        return 1.0
    return 2 * len(first & second) / (len(first) + len(second))


def violations(answer: Answer, vignette: Vignette) -> tuple[Violation, ...]:
    """Return what the answer contains that the vignette lists as unacceptable.

    A limited dose that cannot be read, or whose frequency cannot, is not judged.
    """
    return tuple(
        Violation(limit.ingredient, limit.reason, line)
        for limit in vignette.unacceptable
        for line in answer.medications
        if line.action in limit.actions and _is_violated(limit, line, _weight(vignette))
    )


def generation_accuracy(answer: Answer, vignette: Vignette) -> float | None:
    """Return the agreement with the reference in [0, 1]; None where the vignette has none.

    The largest similarity with an acceptable answer; 0 where something unacceptable is in it.
    """
    if not vignette.acceptable:
        return None
    if violations(answer, vignette):
        return 0.0
    return max(similarity(answer, reference) for reference in vignette.acceptable)


def differences(answers: Mapping[str, Answer]) -> tuple[Difference, ...]:
    """Return where answers that give the same drug differ in how to give it.

    Compared are dose, route, frequency and duration of each (start or change, ingredient) that more
    than one of the answers has, in one spelling ("500 mg" = "0.5 g", "TDS" = "every 8 hours"). A
    blank is "not stated": where some state a thing and some do not, that is a difference; where
    nobody does, it is none. The ingredients of a combination are shown as one.

    Args:
        answers: model → answer, in the order of display.
    """
    lines: dict[Entry, dict[str, tuple[Medication, ...]]] = {}
    for model, answer in answers.items():
        for line in answer.medications:
            if line.action in _GIVEN:
                for ingredient in components(line.name):
                    given = lines.setdefault((line.action, ingredient), {})
                    given[model] = (*given.get(model, ()), line)
    together: dict[tuple[object, ...], list[Entry]] = {}
    for entry, given in lines.items():
        together.setdefault((entry[0], *given.items()), []).append(entry)
    return tuple(
        Difference(entries[0][0], "/".join(name for _, name in entries), field, values)
        for entries in together.values()
        for field in FIELDS
        if (values := _differing(field, lines[entries[0]]))
    )


def _differing(field: str, given: Mapping[str, tuple[Medication, ...]]) -> dict[str, str]:
    """Return what each model says where they do not all say the same, else nothing."""
    stated = {model: [getattr(line, field).strip() for line in given[model]] for model in given}
    spellings = {
        tuple(dict.fromkeys(normal(field, text) for text in texts if text))
        for texts in stated.values()
    }
    if len(spellings) == 1:
        return {}
    return {model: "; ".join(filter(None, texts)) for model, texts in stated.items()}


def _weight(vignette: Vignette) -> float | None:
    return vignette.patient.weight_kg if vignette.patient else None


def _is_violated(limit: Unacceptable, line: Medication, weight_kg: float | None) -> bool:
    named = components(line.name)
    unwanted = ingredients(limit.ingredient) & set(named)
    if not unwanted:
        return False
    if not limit.dose_above and not limit.daily_dose_above:
        return True
    position = min(named.index(ingredient) for ingredient in unwanted)
    given = administered(line, weight_kg, position)
    return _exceeds(given.single, limit.dose_above, weight_kg) or _exceeds(
        given.daily, limit.daily_dose_above, weight_kg
    )


def _exceeds(given: Amount | None, limit: str, weight_kg: float | None) -> bool:
    allowed = read_amount(limit, weight_kg)
    return given is not None and allowed is not None and given.exceeds(allowed)


def _plain(name: str) -> str:
    """Return a name in lower case, without accents and strengths, "sulph" spelled "sulf"."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    words = _ANTAGONIST.sub("vka", _APOSTROPHE.sub("", letters).replace("sulph", "sulf"))
    return _STRENGTH.sub(" ", words).strip(" .,;:")


def _read(text: str) -> list[tuple[bool, tuple[str, ...]]]:
    """Return for each part of a name whether it is known, and its ingredients or its own words."""
    parts = []
    for part in _SEPARATORS.split(text):
        words = _WORD.findall(part)
        if known := _known(words):
            parts.append((True, known))
        elif own := [word for word in words if word not in FORMS and not word.isdecimal()]:
            base = [word for word in own if word not in SALTS]
            parts.append((False, (" ".join(base or own),)))
    return parts


def _known(words: list[str]) -> tuple[str, ...]:
    """Return the ingredients that the words name, strange words by their spelling."""
    phrases = list(_phrases(words))
    strange = [word for word in phrases if word not in _KNOWN and word not in _NOISE]
    if strange:
        worded = [word for word in words if word not in FORMS]
        bare = [word for word in worded if word not in SALTS]
        if whole := _closest(" ".join(worded)) or _closest(" ".join(bare)):
            return whole
    return tuple(
        ingredient
        for phrase in phrases
        for ingredient in _KNOWN.get(phrase) or (_closest(phrase) if phrase in strange else ())
    )


def _phrases(words: list[str]) -> Iterator[str]:
    """Split words into known names, the longest first, and single other words."""
    start = 0
    while start < len(words):
        size = min(_LONGEST, len(words) - start)
        while size > 1 and " ".join(words[start : start + size]) not in _KNOWN:
            size -= 1
        yield " ".join(words[start : start + size])
        start += size


def _closest(text: str) -> tuple[str, ...]:
    """Return the ingredients of the one known name that is spelled like the text, if any.

    Digits are never a misspelling (vitamin k2), and between two equally close names none is taken.
    """
    if any(char.isdigit() for char in text):
        return ()
    from rapidfuzz import fuzz, process

    found = process.extract(
        text, _KNOWN.keys(), scorer=fuzz.ratio, score_cutoff=FUZZY_THRESHOLD, limit=2
    )
    best = [_KNOWN[name] for name, score, _ in found if score == found[0][1]]
    return best[0] if best and all(one == best[0] for one in best) else ()
