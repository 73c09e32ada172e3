"""Doses, schedules and directions as authors write them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.domain.directions import FIELDS, normal
from llmchem_tui.domain.doses import Amount, administered, normal_dose, read_amount
from llmchem_tui.domain.model import Action, Medication
from llmchem_tui.domain.schedules import per_day, read_schedule


def dose_mg(text: str, weight_kg: float | None = None) -> float | None:
    """A single dose in milligrams, where the words give one."""
    amount = read_amount(text, weight_kg)
    return amount.value if amount and amount.unit == "mg" and not amount.daily else None


def line(dose: str, frequency: str = "", name: str = "drug") -> Medication:
    return Medication(Action.START, name, dose, "oral", frequency)


@pytest.mark.parametrize(
    ("text", "milligrams"),
    [
        ("500 mg", 500),
        ("500mg", 500),
        ("0.5 g", 500),
        ("1,5 g", 1500),
        ("1,000 mg", 1000),
        ("1 000 mg", 1000),
        ("100 micrograms", 0.1),
        ("100 µg", 0.1),
        ("100 μg", 0.1),
        ("0.1 MG", 0.1),
        ("500–1000 mg", 1000),
        ("500 mg to 1 g", 1000),
        ("875/125 mg", 875),
        ("500 mg/125 mg", 500),
        ("2 x 500 mg", 1000),
        ("2×500 mg tablets", 1000),
        ("two tablets of 500 mg", 1000),
        ("2 puffs (100 mcg each)", 0.2),
        ("1 tablet (500 mg)", 500),
        ("1 g (2 x 500 mg tablets)", 1000),
        ("40 mg once daily", 40),
        ("500 mg on day 1, then 250 mg", 500),
        ("15 mg/kg/dose", 900),
        ("15 mg/kg (max 500 mg)", 500),
    ],
)
def test_a_dose_is_read_in_milligrams_at_its_upper_end(text: str, milligrams: float) -> None:
    assert dose_mg(text, weight_kg=60) == pytest.approx(milligrams)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "as directed",
        "1 tablet",
        "10 units",
        "10 mmol",
        "half a 5 mg tablet",
        "1/2 tablet of 5 mg",
        "½ tablet of 5 mg",
        "1 g (2 tablets)",
        "500 mg x 2",
        "100 mcg/puff",
        "250 mg/5 mL",
        "4 mg/hour",
        "4 g, then 1 g per hour",
        "0.1 mcg/kg/min",
        "75 mg/m²",
        "50 mg/kg/day",
        "12 345 mg",
        "day 1 500 mg",
        "0 mg",
    ],
)
def test_what_is_not_certain_is_not_read(text: str) -> None:
    assert dose_mg(text, weight_kg=60) is None


def test_a_dose_per_kilogram_needs_the_weight_unless_the_amount_stands_beside_it() -> None:
    assert dose_mg("15 mg/kg") is None
    assert dose_mg("15 mg/kg (900 mg)") == 900


def test_other_units_and_daily_totals_are_told_apart() -> None:
    assert read_amount("5,000 IU") == Amount(5000, "unit")
    assert read_amount("2.4 million units") == Amount(2_400_000, "unit")
    assert read_amount("10 mmol") == Amount(10, "mmol")
    assert read_amount("50 mg/kg/day in 3 divided doses", 20) == Amount(1000, "mg", daily=True)
    assert not Amount(5000, "unit").exceeds(Amount(1, "mg"))


def test_each_ingredient_of_a_combination_has_its_own_figure() -> None:
    assert read_amount("875/125 mg", component=1) == Amount(125, "mg")
    assert read_amount("1 g/0.2 g", component=1) == Amount(200, "mg")
    assert read_amount("875 mg", component=1) is None
    assert read_amount("875/125 mg", component=2) is None


@given(st.integers(1, 9999), st.sampled_from(["mg", "mcg", "g", "units", "mL"]))
def test_every_plain_amount_is_read_with_and_without_a_blank(value: int, unit: str) -> None:
    spaced, tight = read_amount(f"{value} {unit}"), read_amount(f"{value}{unit}")
    assert spaced is not None
    assert spaced == tight


@given(st.text(max_size=60))
def test_no_text_breaks_the_readers(text: str) -> None:
    read_amount(text, 70.0)
    read_schedule(text)
    administered(line(text, text, text), 70.0)
    for field in FIELDS:
        normal(field, text)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("once daily", 1),
        ("OD", 1),
        ("every day", 1),
        ("at night", 1),
        ("q24h", 1),
        ("single dose", 1),
        ("stat", 1),
        ("once", 1),
        ("BID", 2),
        ("b.i.d.", 2),
        ("twice-daily", 2),
        ("morning and evening", 2),
        ("once every 12 hours", 2),
        ("TDS", 3),
        ("three times a day", 3),
        ("3x/day", 3),
        ("q8h", 3),
        ("every 8 hours", 3),
        ("8-hourly", 3),
        ("in 3 divided doses", 3),
        ("QDS", 4),
        ("every six hours", 4),
        ("every 4 to 6 hours", 6),
        ("up to four times daily", 4),
        ("q4-6h PRN (max 4 doses per day)", 4),
        ("every 6 hours for 3 doses", 3),
        ("every other day", 1 / 2),
        ("every 48 hours", 1 / 2),
        ("weekly", 1 / 7),
        ("once a week", 1 / 7),
        ("three times weekly", 3 / 7),
        ("every 2 weeks", 1 / 14),
        ("monthly", 1 / 30),
        ("daily for 5 d", 1),
    ],
)
def test_a_frequency_is_read_per_day_at_its_upper_end(text: str, times: float) -> None:
    assert per_day(text) == pytest.approx(times)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "as needed",
        "continuous infusion",
        "with meals",
        "on days 1, 8 and 15",
        "single dose, repeated every 5 minutes",
        "every 0 hours",
        "for 5 days",
    ],
)
def test_a_frequency_without_a_number_per_day_has_none(text: str) -> None:
    assert per_day(text) is None


def test_dose_and_frequency_make_the_day() -> None:
    assert administered(line("500 mg", "q8h"), None).daily == Amount(1500, "mg", daily=True)
    weekly = administered(line("14 mg", "once weekly"), None).daily
    assert weekly is not None
    assert weekly.value == pytest.approx(2)
    whole = administered(line("60 mg/kg/day", "every 8 hours"), 10)
    assert whole.single == Amount(200, "mg")
    assert whole.daily == Amount(600, "mg", daily=True)


def test_a_maximum_limits_the_day() -> None:
    paracetamol = line("1 g", "every 4-6 hours as needed (max 4 g)")
    assert administered(paracetamol, None).daily == Amount(4000, "mg", daily=True)
    assert administered(line("1 g, max 3 g daily", "QDS"), None).daily == Amount(3000, "mg", True)


def test_a_dose_in_the_name_counts_where_the_dose_is_blank() -> None:
    assert administered(line("", "bd", "enoxaparin 40 mg"), None).single == Amount(40, "mg")
    assert administered(line("40 mg once daily"), None).daily == Amount(40, "mg", daily=True)


def test_an_unreadable_frequency_leaves_the_day_unknown() -> None:
    given_ = administered(line("500 mg", "as directed"), None)
    assert given_.single == Amount(500, "mg")
    assert given_.daily is None


@pytest.mark.parametrize(
    ("field", "same"),
    [
        ("dose", ("500 mg", "0.5 g", "500mg", "500 MG")),
        ("dose", ("500-1000 mg", "500 mg to 1 g", "0.5–1 g")),
        ("dose", ("500/125 mg", "500 mg/125 mg")),
        ("route", ("PO", "oral", "by mouth", "Orally", "P.O.")),
        ("route", ("IV", "intravenous", "i.v.")),
        ("frequency", ("q8h", "three times daily", "TDS", "every 8 hours", "t.i.d.")),
        ("frequency", ("nightly", "once daily at bedtime")),
        ("frequency", ("single dose", "stat", "once")),
        ("duration", ("5 days", "for 5 days", "5-day course", "5d")),
        ("duration", ("1 week", "7 days")),
        ("duration", ("48 hours", "2 days")),
        ("duration", ("long-term", "ongoing", "lifelong")),
        ("duration", ("single dose", "once")),
    ],
)
def test_directions_that_mean_the_same_have_one_spelling(field: str, same: tuple[str, ...]) -> None:
    assert len({normal(field, text) for text in same}) == 1


@pytest.mark.parametrize(
    ("field", "different"),
    [
        ("dose", ("500 mg", "500-1000 mg", "1 g", "500 units", "500 mg/kg")),
        ("route", ("oral", "IV", "IV or oral", "sublingual", "through the tube")),
        ("frequency", ("once", "once daily", "at night", "once daily as needed", "q4h", "q4-6h")),
        ("duration", ("5 days", "5-7 days", "7 days", "until review", "single dose")),
    ],
)
def test_directions_that_differ_stay_apart(field: str, different: tuple[str, ...]) -> None:
    assert len({normal(field, text) for text in different}) == len(different)


def test_a_blank_stays_blank() -> None:
    assert {normal(field, "  ") for field in FIELDS} == {""}


def test_an_unknown_dose_is_compared_by_its_words() -> None:
    assert normal_dose("One  Sachet.") == normal_dose("1 sachet")


@pytest.mark.parametrize("piece", ["1/", "1 000 ", "every ", "1 - ", "1 mg/", "x 2 "])
def test_endless_directions_are_read_in_no_time(piece: str) -> None:
    begin = time.process_time()
    administered(line(piece * 3000, piece * 3000), 70.0)
    assert time.process_time() - begin < 2


@pytest.mark.parametrize(
    "text",
    [
        "25 mcg, titrate by 25 mcg every 6 weeks to 100 mcg",
        "25 mcg, then increase to 50 mcg",
        "25 mcg uptitrated to 100 mcg",
    ],
)
def test_what_a_dose_is_titrated_to_later_is_not_judged(text: str) -> None:
    assert dose_mg(text) == pytest.approx(0.025)
