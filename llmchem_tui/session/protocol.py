"""What a model is asked: prompts and schemas. Replies are read in parsing.py.

The two-stage protocol is that of arXiv 2512.05066: zero-shot answers, then anonymous grades.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llmchem_tui.domain.model import Answer, Medication, Vignette
from llmchem_tui.session.provider import Message


@dataclass(frozen=True, slots=True)
class Prompts:
    """The four prompt texts, with their placeholders still in them (see prompts/)."""

    system: str
    answer: str
    review: str
    repair: str


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    # Structured-output servers want every property required and nothing else allowed.
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT = {"type": "string"}

ANSWER_SCHEMA: dict[str, Any] = _object(
    {
        "assessment": _TEXT,
        "medications": {
            "type": "array",
            "items": _object(
                {
                    "action": {"type": "string", "enum": ["start", "stop", "change", "continue"]},
                    "name": _TEXT,
                    "dose": _TEXT,
                    "route": _TEXT,
                    "frequency": _TEXT,
                    "duration": _TEXT,
                }
            ),
        },
        "cautions": {"type": "array", "items": _TEXT},
    }
)


def _review_schema(grade: dict[str, Any]) -> dict[str, Any]:
    # The rationale comes first: a grade that follows its reasons is the better one.
    concern = {"anyOf": [_TEXT, {"type": "null"}]}
    return _object({"rationale": _TEXT, "grade": grade, "safety_concern": concern})


REVIEW_SCHEMA = _review_schema({"type": "number", "minimum": 0, "maximum": 1})
"""What a reviewer reads."""

REVIEW_FORMAT = _review_schema({"type": "number", "enum": [i / 100 for i in range(101)]})
"""What a server is held to: most enforce an enumeration, few the range of a number."""


def answer_messages(prompts: Prompts, vignette: Vignette) -> tuple[Message, ...]:
    """Return the messages of a stage 1 call."""
    return (Message("user", _fill(prompts.answer, vignette=vignette.text, schema=ANSWER_SCHEMA)),)


def review_messages(
    prompts: Prompts, vignette: Vignette, answer: Answer, label: str, rng: random.Random
) -> tuple[Message, ...]:
    """Return the messages of a stage 2 call: the answer is quoted as data.

    The delimiter is drawn until the quoted texts do not contain it, so neither can forge it.
    """
    quoted = answer_text(answer)
    delimiter = ""
    while delimiter in quoted + vignette.text:
        delimiter = f"=== {rng.getrandbits(64):016x} ==="
    text = _fill(
        prompts.review,
        vignette=vignette.text,
        answer=quoted,
        label=label,
        delimiter=delimiter,
        schema=REVIEW_SCHEMA,
    )
    return (Message("user", text),)


def repair_messages(
    prompts: Prompts, asked: Sequence[Message], reply: str, problem: str, schema: Mapping[str, Any]
) -> tuple[Message, ...]:
    """Return the conversation that asks once more for a reply that could not be read."""
    request = _fill(prompts.repair, problem=problem, schema=schema)
    return (*asked, Message("assistant", reply), Message("user", request))


def answer_text(answer: Answer) -> str:
    """Return an answer as plain text: for a review prompt, a pane, a CSV cell."""
    lines = [answer.assessment.strip(), "", "Medications:"]
    lines += [f"- {medication_text(medication)}" for medication in answer.medications]
    if not answer.medications:
        lines.append("- none")
    if answer.cautions:
        lines += ["", "Cautions:", *(f"- {caution}" for caution in answer.cautions)]
    return "\n".join(lines).strip()


def medication_text(medication: Medication) -> str:
    """Return one line of a regimen: ``start amoxicillin 500 mg, oral, three times daily``."""
    drug = " ".join(filter(None, (medication.action, medication.name, medication.dose)))
    directions = (medication.route, medication.frequency, medication.duration)
    return ", ".join(filter(None, (drug, *directions)))


def _fill(template: str, **values: Any) -> str:
    # One pass over the template: what is put in is never searched for placeholders again.
    pieces: list[str] = []
    rest = template
    while True:
        found = [(rest.find("{" + name + "}"), name) for name in values]
        hits = [(place, name) for place, name in found if place >= 0]
        if not hits:
            return "".join([*pieces, rest])
        place, name = min(hits)
        value = values[name]
        pieces += [rest[:place], value if isinstance(value, str) else json.dumps(value)]
        rest = rest[place + len(name) + 2 :]
