"""How a reply is read: strictly where it is JSON, leniently where it is not, never by invention.

In order: the whole reply as JSON, a JSON object between words, labelled fields; of several, the
last, for what was said last counts. What a reviewer quotes of the answer under review is not its
own word. What cannot be read is ``Unreadable`` with the reason; the engine then asks once more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from llmchem_tui.domain.model import Action, Answer, Medication, Review
from llmchem_tui.domain.plain_text import plain, plain_line
from llmchem_tui.session.reply_objects import own_object, parse_json

_LABEL = re.compile(
    r"^[\s#*_-]*(assessment|medications?|cautions?|rationale|grade|safety[ _]concern)"
    r"[\s*_]*:[\s*_]*(.*)$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_BULLET = re.compile(r"(?:[-\u2022*]|\d+[.)])\s+")
_DOSE = re.compile(r"^([^\d,;|]*[^\d\s,;|])\s+(?=\d)")
_NOTHING = {"", "none", "null", "no", "n/a", "nil", "-"}

# Whole sentences only: "No dose adjustment for the renal function" is a concern.
_NO_CONCERN = re.compile(
    r"(?:no|none)(?: (?:significant|major|specific|serious|immediate|additional|apparent))*"
    r"(?:(?: safety)? (?:concerns?|issues?|problems?))?(?: (?:identified|noted|found|raised))?"
)

# Words that models use for the four actions of the schema.
_ACTIONS = {
    "begin": Action.START,
    "initiate": Action.START,
    "add": Action.START,
    "give": Action.START,
    "prescribe": Action.START,
    "discontinue": Action.STOP,
    "withhold": Action.STOP,
    "hold": Action.STOP,
    "increase": Action.CHANGE,
    "decrease": Action.CHANGE,
    "reduce": Action.CHANGE,
    "adjust": Action.CHANGE,
    "keep": Action.CONTINUE,
    "maintain": Action.CONTINUE,
} | {str(action): action for action in Action}


class Unreadable(Exception):
    """A reply is not of the form asked for. ``review`` holds what was readable of a review."""

    def __init__(self, problem: str, review: Review | None = None) -> None:
        super().__init__(problem)
        self.review = review


def parse_answer(reply: str) -> Answer:
    """Read a stage 1 reply.

    Raises:
        Unreadable: no assessment and medications could be read from it.
    """
    fields = own_object(reply, ("assessment", "medications")) or _labelled(reply)
    if "medications" not in fields:
        raise Unreadable("it has no list of medications")
    medications = fields["medications"]
    if not isinstance(medications, list):
        raise Unreadable("medications is not a list")
    assessment = fields.get("assessment", "")
    if not isinstance(assessment, str):
        raise Unreadable("assessment is not text")
    cautions = fields.get("cautions") or []
    if not isinstance(cautions, list) or not all(isinstance(item, str) for item in cautions):
        raise Unreadable("cautions is not a list of texts")
    return Answer(
        plain(assessment).strip(),
        tuple(_medication(item) for item in medications),
        tuple(plain_line(item) for item in cautions if item.strip()),
    )


def parse_review(reply: str, answer: str = "") -> Review:
    """Read a stage 2 reply; a grade that it only copies from the ``answer`` under review is none.

    Raises:
        Unreadable: it has no finite grade in [0, 1]; a grade is never rescaled or clamped.
    """
    fields = own_object(reply, ("rationale", "grade"), answer) or _labelled(reply, answer)
    rationale = fields.get("rationale", "")
    if not isinstance(rationale, str):
        raise Unreadable("rationale is not text")
    concern = fields.get("safety_concern")
    if concern is not None and not isinstance(concern, str):
        raise Unreadable("safety_concern is neither text nor null")
    review = Review(plain(rationale).strip(), None, _concern(concern))
    kept = review if review.rationale or review.safety_concern else None
    if "grade" not in fields:
        raise Unreadable("it has no grade of its own", kept)
    grade = _grade(fields["grade"])
    if grade is None:
        shown = plain_line(str(fields["grade"]))[:40]
        raise Unreadable(f"the grade {shown} is not a number from 0 to 1", kept)
    return Review(review.rationale, grade, review.safety_concern)


def readable(reply: str) -> str:
    """Return readable text made from a reply that is still arriving, without JSON's braces."""
    start = reply.find("{")
    if start < 0:
        return plain(reply)
    try:
        fields: Mapping[str, Any] = parse_json(reply[start:], partial=True)
    except ValueError:
        return plain(reply)
    shown = _shown(fields, reply)
    return "\n\n".join(_paragraph(plain_line(name), fields[name]) for name in shown)


def _shown(fields: Mapping[str, Any], reply: str) -> list[str]:
    """The fields that can be shown: an empty list only where it is certain to stay empty."""
    growing = [] if reply.rstrip().endswith("}") else list(fields)[-1:]
    return [
        name
        for name, value in fields.items()
        if value not in (None, "") and not (name in growing and value == [])
    ]


def _paragraph(name: str, value: object) -> str:
    if name in ("assessment", "rationale") and isinstance(value, str):
        return plain(value)
    title = name.replace("_", " ").capitalize()
    if isinstance(value, list):
        items = [plain_line(_item_text(item)) for item in value]
        return "\n".join([f"{title}:", *(f"- {item}" for item in items or ["none"] if item)])
    return f"{title}: {plain_line(str(value))}"


def _item_text(item: object) -> str:
    if not isinstance(item, dict):
        return str(item)
    parts = {key: str(part) for key, part in item.items() if part not in (None, "")}
    drug = " ".join(parts.pop(key) for key in ("action", "name", "dose") if key in parts)
    return ", ".join([drug, *parts.values()])  # as protocol.medication_text has it


def _labelled(reply: str, quotable: str = "") -> Mapping[str, Any]:
    """The fields that begin with their name; a line of ``quotable`` begins none."""
    found: dict[str, list[str]] = {}
    copies = {line.strip() for line in quotable.splitlines()}
    current = ""
    for line in reply.splitlines():
        match = _LABEL.match(line)
        if match and line.strip() not in copies:
            current = match[1].lower().replace(" ", "_")
            current = {"medication": "medications", "caution": "cautions"}.get(current, current)
            found[current] = [match[2].strip(" \t*_")]  # a label that comes again starts anew
        elif current:
            found[current].append(line.strip(" \t*_"))
    return {name: _labelled_value(name, lines) for name, lines in found.items() if any(lines)}


def _labelled_value(name: str, lines: Sequence[str]) -> object:
    if name not in ("medications", "cautions"):
        return "\n".join(lines).strip()
    items = [_BULLET.sub("", line, count=1) for line in lines if line]
    items = [item for item in items if item.lower().rstrip(".") not in _NOTHING]
    return [_labelled_medication(item) for item in items] if name == "medications" else items


def _labelled_medication(line: str) -> dict[str, str]:
    action, _, rest = line.partition(" ")
    names = ("name", "dose", "route", "frequency", "duration")
    rest = _DOSE.sub(r"\1, ", rest)  # a dose may follow its drug without a comma
    parts = [part.strip() for part in re.split(r"[,;|]", rest, maxsplit=len(names) - 1)]
    return {"action": action.strip(":"), **dict(zip(names, parts, strict=False))}


def _medication(item: object) -> Medication:
    if not isinstance(item, dict):
        raise Unreadable("a medication is not an object")
    parts: dict[str, str] = {}
    for key in ("action", "name", "dose", "route", "frequency", "duration"):
        value = item.get(key)
        if not _is_cell(value):
            raise Unreadable(f"a medication's {key} is not text")
        parts[key] = plain_line(str(value)) if value is not None else ""
    action = _ACTIONS.get(parts.pop("action").lower())
    if action is None:
        raise Unreadable("a medication's action is none of start, stop, change, continue")
    if not parts["name"]:
        raise Unreadable("a medication has no name")
    return Medication(action, **parts)


def _is_cell(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or (isinstance(value, str | int) and not isinstance(value, bool))


def _grade(value: object) -> float | None:
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            return None
        value = float(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return abs(float(value)) if 0 <= value <= 1 and math.isfinite(value) else None  # no -0.0


def _concern(text: str | None) -> str | None:
    said = plain_line(text or "")
    bare = said.rstrip(".").lower()
    return None if bare in _NOTHING or _NO_CONCERN.fullmatch(bare) else said
