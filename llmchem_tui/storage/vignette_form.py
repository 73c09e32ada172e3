"""The form of a vignette's TOML: checked tables in, a Vignette out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, cast, get_args

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import (
    Action,
    Answer,
    Inferior,
    Medication,
    Patient,
    Source,
    Unacceptable,
    Vignette,
)
from llmchem_tui.toml_files import typed

FORMAT = 1
LONGEST = 200_000
"""Characters of a vignette's text; more is something else than a vignette."""

LONGEST_TITLE = 80
LONGEST_ID = 64

_ID = re.compile(rf"[a-z0-9-]{{1,{LONGEST_ID}}}")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_Complexity = Literal["low", "moderate", "high"]
COMPLEXITIES: tuple[str, ...] = get_args(_Complexity)
_NO_COMPLEXITY = cast(_Complexity, "")
_NO_PATIENT = cast(Patient, None)  # `typed` fills a field only where it is a plain dataclass
_NO_SOURCE = cast(Source, None)
_ActionWord = Literal["start", "stop", "change", "continue"]


@dataclass(frozen=True)
class _Line:
    action: _ActionWord
    name: str
    dose: str = ""
    route: str = ""
    frequency: str = ""
    duration: str = ""


@dataclass(frozen=True)
class _Answer:
    medications: tuple[_Line, ...]
    assessment: str = ""
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Limit:
    ingredient: str
    reason: str
    actions: tuple[_ActionWord, ...] = ("start", "change", "continue")
    dose_above: str = ""
    daily_dose_above: str = ""


@dataclass(frozen=True)
class _Inferior:
    merit: float
    why: str
    medications: tuple[_Line, ...]
    unsafe: bool = False
    assessment: str = ""
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Form:
    """Only ``text`` is needed; ``patient`` and ``source`` are None where they are left out."""

    text: str
    format: int = FORMAT
    id: str = ""
    title: str = ""
    specialty: str = ""
    complexity: _Complexity = _NO_COMPLEXITY
    patient: Patient = _NO_PATIENT
    source: Source = _NO_SOURCE
    acceptable: tuple[_Answer, ...] = ()
    unacceptable: tuple[_Limit, ...] = ()
    inferior: tuple[_Inferior, ...] = ()


def vignette_from(
    tables: Mapping[str, object], file: object, own_id: str, *, ours: bool = False
) -> Vignette:
    """Return the vignette that TOML tables describe.

    Args:
        tables: the whole file.
        file: its name, for messages.
        own_id: the id where the file gives none.
        ours: it came with the program, whose tests have looked up its drugs and doses.

    Raises:
        InputError: names the file, the key, and what was expected.
    """
    _refuse_newer(tables, file)
    check_characters(tables, file)
    form = typed(_Form, tables, file)
    check_text(form.text, f"{file}: text")
    if not ours:
        _check(form, file)
    return Vignette(
        id=form.id or own_id,
        title=" ".join(form.title.split()) or title_of(form.text),
        text=form.text.strip(),
        specialty=form.specialty,
        complexity=form.complexity,
        patient=form.patient,
        acceptable=tuple(_answer(answer) for answer in form.acceptable),
        unacceptable=tuple(
            Unacceptable(
                limit.ingredient,
                limit.reason,
                tuple(Action(action) for action in limit.actions),
                limit.dose_above,
                limit.daily_dose_above,
            )
            for limit in form.unacceptable
        ),
        inferior=tuple(
            Inferior(_answer(answer), answer.merit, answer.why, answer.unsafe)
            for answer in form.inferior
        ),
        source=form.source,
    )


def title_of(text: str) -> str:
    """Return the first line that is not blank, clipped."""
    line = next(" ".join(line.split()) for line in text.splitlines() if line.strip())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"


def check_text(text: str, where: str) -> None:
    """Refuse a vignette that is blank or too long.

    Raises:
        InputError: names ``where`` it stands.
    """
    if not text.strip():
        raise InputError(f"{where} is empty; write the vignette into it")
    if len(text) > LONGEST:
        raise InputError(f"{where} is longer than {LONGEST:,} characters; is it the right text?")


def check_characters(value: object, where: object) -> None:
    """Refuse control characters, which a vignette never has, in texts and in tables of texts.

    Raises:
        InputError: names ``where``.
    """
    if isinstance(value, str):
        if found := _CONTROL.search(value):
            raise InputError(
                f"{where}: not plain text: it has the control character U+{ord(found[0]):04X}"
            )
    elif isinstance(value, dict):
        for item in value.values():
            check_characters(item, where)
    elif isinstance(value, list):
        for item in value:
            check_characters(item, where)


def _refuse_newer(tables: Mapping[str, object], file: object) -> None:
    """Say so before an unknown key of a newer form is called wrong."""
    version = tables.get("format", FORMAT)
    if isinstance(version, int) and version > FORMAT:
        raise InputError(f"{file}: format {version} is newer than this program; update llmchem-tui")


def _check(form: _Form, file: object) -> None:
    """Refuse what has the right type and still makes no sense."""
    from llmchem_tui.domain.medication import ingredients

    problems = [
        *_general_problems(form),
        *(
            f"{place}.name must name a drug, not {line.name!r}"
            for place, line in _lines(form)
            if not ingredients(line.name)
        ),
        *(
            f"inferior[#{number}].merit must be a number from 0 to 1, not {answer.merit}"
            for number, answer in enumerate(form.inferior, start=1)
            if not 0 <= answer.merit <= 1
        ),
        *(
            f"unacceptable[#{number}].{problem}"
            for number, limit in enumerate(form.unacceptable, start=1)
            for problem in _limit_problems(limit, form.patient)
        ),
    ]
    if problems:
        raise InputError(f"{file}: {problems[0]}")


def _general_problems(form: _Form) -> list[str]:
    problems = []
    if form.format != FORMAT:
        problems.append(f"format must be {FORMAT}, not {form.format}")
    if form.id and not _ID.fullmatch(form.id):
        problems.append(f"id must be 1 to 64 of a-z, 0-9 and hyphen, not {form.id[:80]!r}")
    if form.patient:
        if not 0 <= form.patient.age <= 130:  # noqa: PLR2004
            problems.append(f"patient.age must be years, from 0 to 130, not {form.patient.age}")
        if form.patient.sex not in ("female", "male"):
            problems.append(f"patient.sex must be female or male, not {form.patient.sex[:80]!r}")
        weight = form.patient.weight_kg
        if weight is not None and not 0 < weight < 1000:  # noqa: PLR2004
            problems.append(f"patient.weight_kg must be kilograms above 0, not {weight}")
    return problems


def _limit_problems(limit: _Limit, patient: Patient | None) -> list[str]:
    from llmchem_tui.domain.doses import read_amount
    from llmchem_tui.domain.medication import ingredients

    problems = []
    if len(ingredients(limit.ingredient)) != 1:
        problems.append(f"ingredient must be one active ingredient, not {limit.ingredient[:80]!r}")
    if not limit.actions:
        problems.append("actions must have at least one of start, stop, change, continue")
    weight = patient.weight_kg if patient else None
    for key in ("dose_above", "daily_dose_above"):
        dose = getattr(limit, key)
        if dose and read_amount(dose, weight) is None:
            problems.append(
                f'{key} must be a dose such as "500 mg" (mg/kg needs patient.weight_kg), '
                f"not {dose[:80]!r}"
            )
    return problems


def _lines(form: _Form) -> Iterator[tuple[str, _Line]]:
    """Yield every medication line with its place in the file."""
    kinds: dict[str, tuple[_Answer | _Inferior, ...]] = {
        "acceptable": form.acceptable,
        "inferior": form.inferior,
    }
    for kind, answers in kinds.items():
        for number, answer in enumerate(answers, start=1):
            for place, line in enumerate(answer.medications, start=1):
                yield f"{kind}[#{number}].medications[#{place}]", line


def _answer(answer: _Answer | _Inferior) -> Answer:
    lines = (
        Medication(
            Action(line.action), line.name, line.dose, line.route, line.frequency, line.duration
        )
        for line in answer.medications
    )
    return Answer(answer.assessment.strip(), tuple(lines), answer.cautions)
