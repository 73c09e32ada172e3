"""Drug names, similarity of regimens, what an answer gets wrong, where answers differ."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.domain.drug_names import BRANDS, SYNONYMS
from llmchem_tui.domain.ingredients import INGREDIENTS
from llmchem_tui.domain.medication import (
    components,
    differences,
    generation_accuracy,
    ingredients,
    regimen,
    similarity,
    violations,
)
from llmchem_tui.domain.model import (
    Action,
    Answer,
    Medication,
    Patient,
    Unacceptable,
    Vignette,
)


def start(name: str, dose: str = "", frequency: str = "", **more: str) -> Medication:
    return Medication(Action.START, name, dose, frequency=frequency, **more)


def answer(*medications: Medication | str) -> Answer:
    return Answer("", tuple(start(one) if isinstance(one, str) else one for one in medications))


def vignette(*acceptable: Answer, unacceptable: tuple[Unacceptable, ...] = ()) -> Vignette:
    return Vignette("v", "V", "text", acceptable=acceptable, unacceptable=unacceptable)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Amoxicillin 500 mg capsules", {"amoxicillin"}),
        ("amoxicillin (as trihydrate)", {"amoxicillin"}),
        ("Metoprolol succinate ER", {"metoprolol"}),
        ("Low-dose aspirin", {"aspirin"}),
        ("adrenaline", {"epinephrine"}),
        ("Acetaminophen", {"paracetamol"}),
        ("albuterol", {"salbutamol"}),
        ("frusemide", {"furosemide"}),
        ("sulphasalazine", {"sulfasalazine"}),
        ("Salbutamol (Ventolin)", {"salbutamol"}),
        ("Lovenox", {"enoxaparin"}),
        ("Levothyroxine sodium 50 µg", {"levothyroxine"}),
        ("sodium valproate", {"valproate"}),
        ("sodium bicarbonate 8.4%", {"sodium bicarbonate"}),
        ("ferrous sulphate", {"iron"}),
        ("5-ASA", {"mesalazine"}),
        ("hyoscine butylbromide", {"hyoscine butylbromide"}),
        ("insulin glargine (Lantus)", {"insulin glargine"}),
        ("Lactated Ringer’s", {"ringer lactate"}),
        ("amoxicillin/clavulanate", {"amoxicillin", "clavulanate"}),
        ("Amoxicillin-clavulanic acid", {"amoxicillin", "clavulanate"}),
        ("co-amoxiclav 500/125 mg", {"amoxicillin", "clavulanate"}),
        ("Augmentin", {"amoxicillin", "clavulanate"}),
        ("Piperacillin–tazobactam", {"piperacillin", "tazobactam"}),
        ("lisinopril + HCTZ", {"lisinopril", "hydrochlorothiazide"}),
        ("calcium carbonate and vitamin D3", {"calcium carbonate", "colecalciferol"}),
        ("amoxicillin or doxycycline", {"amoxicillin", "doxycycline"}),
        ("combination inhaler (budesonide/formoterol)", {"budesonide", "formoterol"}),
        ("paracetamol (not ibuprofen)", {"paracetamol"}),
        ("ibuprofen with food", {"ibuprofen"}),
        ("IV/PO ondansetron", {"ondansetron"}),
        ("calcium", {"calcium"}),
        ("(amoxicillin)", {"amoxicillin"}),
        ("zorbamycin sodium 50 mg", {"zorbamycin"}),
        ("amoxicillin/zorbamycin", {"amoxicillin", "zorbamycin"}),
        ("ACE inhibitor", {"ace inhibitor"}),
        ("SIMULATED placebo", {"simulated placebo"}),
        ("tablet", {"tablet"}),
        ("", set()),
        ("None", set()),
        ("N/A", set()),
    ],
)
def test_a_name_stands_for_its_active_ingredients(name: str, expected: set[str]) -> None:
    assert ingredients(name) == expected


@pytest.mark.parametrize(
    ("misspelled", "meant"),
    [
        ("amoxicilin", "amoxicillin"),
        ("azithromicin", "azithromycin"),
        ("metformine", "metformin"),
        ("insulin glargin", "insulin glargine"),
        ("magnesum sulfate", "magnesium sulfate"),
    ],
)
def test_a_misspelled_name_is_the_one_it_is_spelled_like(misspelled: str, meant: str) -> None:
    assert ingredients(misspelled) == {meant}


def test_a_misspelling_between_two_names_is_neither() -> None:
    assert ingredients("ioconazole") == {"ioconazole"}  # tioconazole, isoconazole


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("prednisone", "prednisolone"),
        ("hydralazine", "hydroxyzine"),
        ("penicillin", "penicillamine"),
        ("cycloserine", "ciclosporin"),
        ("econazole", "miconazole"),
        ("vitamin k2", "vitamin k"),
    ],
)
def test_look_alikes_stay_apart(one: str, other: str) -> None:
    assert ingredients(one).isdisjoint(ingredients(other))


def test_every_name_of_the_vocabulary_is_itself_and_every_alias_its_ingredients() -> None:
    assert len(INGREDIENTS) > 250
    assert {name for name in INGREDIENTS if components(name) != (name,)} == set()
    aliases = SYNONYMS | BRANDS
    assert {name for name in aliases if set(components(name)) != set(aliases[name])} == set()
    assert {one for found in aliases.values() for one in found} <= INGREDIENTS


@given(st.text(max_size=60))
def test_any_name_has_ingredients_that_name_themselves_again(name: str) -> None:
    for ingredient in ingredients(name):
        assert ingredient == ingredient.strip() != ""


def test_components_keep_the_order_of_the_name() -> None:
    assert components("co-codamol 30/500") == ("codeine", "paracetamol")
    assert components("clavulanate / amoxicilin") == ("clavulanate", "amoxicillin")


def test_a_regimen_leaves_out_what_goes_on_unchanged() -> None:
    medications = (
        start("co-amoxiclav"),
        Medication(Action.STOP, "ibuprofen"),
        Medication(Action.CONTINUE, "ramipril"),
    )
    assert regimen(medications) == {
        (Action.START, "amoxicillin"),
        (Action.START, "clavulanate"),
        (Action.STOP, "ibuprofen"),
    }


def test_similarity_is_the_f1_of_the_two_regimens() -> None:
    assert similarity(answer("amoxicillin"), answer("Amoxil", "aspirin")) == pytest.approx(2 / 3)
    assert similarity(answer("amoxicillin"), answer("doxycycline")) == 0
    assert similarity(answer("albuterol"), answer("salbutamol 100 mcg")) == 1
    stopped = answer(Medication(Action.STOP, "amoxicillin"))
    assert similarity(answer("amoxicillin"), stopped) == 0


def test_two_answers_that_do_nothing_agree_and_doing_something_disagrees_with_nothing() -> None:
    going_on = answer(Medication(Action.CONTINUE, "ramipril"))
    assert similarity(answer(), going_on) == 1
    assert similarity(answer(), answer("amoxicillin")) == 0


names = st.lists(st.sampled_from(sorted(INGREDIENTS)[:8]), max_size=4)


@given(names, names)
def test_similarity_is_symmetric_and_one_only_for_equal_regimens(
    a: list[str], b: list[str]
) -> None:
    one, other = answer(*a), answer(*b)
    assert similarity(one, other) == similarity(other, one)
    assert (similarity(one, other) == 1) == (set(a) == set(b))


def test_generation_accuracy_is_the_largest_similarity_with_an_acceptable_answer() -> None:
    case = vignette(answer("amoxicillin", "clarithromycin"), answer("doxycycline"))
    assert generation_accuracy(answer("doxycycline"), case) == 1
    assert generation_accuracy(answer("amoxicillin"), case) == pytest.approx(2 / 3)
    assert generation_accuracy(answer("morphine"), case) == 0


def test_without_a_reference_there_is_no_generation_accuracy() -> None:
    assert generation_accuracy(answer("doxycycline"), vignette()) is None


def test_an_unacceptable_ingredient_makes_the_answer_worthless() -> None:
    limit = Unacceptable("amoxicillin", "penicillin allergy")
    case = vignette(answer("doxycycline"), unacceptable=(limit,))
    wrong = answer("doxycycline", "Augmentin")
    assert generation_accuracy(wrong, case) == 0
    (violation,) = violations(wrong, case)
    assert violation.reason == "penicillin allergy"
    assert violation.medication.name == "Augmentin"


def test_only_the_listed_actions_are_unacceptable() -> None:
    case = vignette(answer(), unacceptable=(Unacceptable("ramipril", "needed", (Action.STOP,)),))
    assert violations(answer("ramipril"), case) == ()
    assert violations(answer(Medication(Action.STOP, "ramipril")), case)
    default = vignette(answer(), unacceptable=(Unacceptable("ramipril", "pregnant"),))
    assert violations(answer(Medication(Action.CONTINUE, "ramipril")), default)
    assert not violations(answer(Medication(Action.STOP, "ramipril")), default)


@pytest.mark.parametrize(
    ("dose", "frequency", "violated"),
    [
        ("1 g", "q8h", True),
        ("500 mg", "q8h", False),
        ("500 mg", "q4h", True),
        ("0.5–1 g", "q8h", True),
        ("as directed", "q8h", False),
        ("500 mg", "as directed", False),
        ("1000 units", "q8h", False),
    ],
)
def test_a_limited_dose_is_judged_only_where_it_can_be_read(
    dose: str, frequency: str, violated: bool
) -> None:
    limit = Unacceptable("aciclovir", "eGFR 20", dose_above="800 mg", daily_dose_above="2.4 g")
    case = vignette(answer("aciclovir"), unacceptable=(limit,))
    given_answer = answer(start("aciclovir", dose, frequency))
    assert generation_accuracy(given_answer, case) == (0 if violated else 1)


def test_a_limit_per_kilogram_uses_the_patients_weight() -> None:
    limit = Unacceptable("dexamethasone", "tenfold", dose_above="0.6 mg/kg")
    case = vignette(answer("dexamethasone"), unacceptable=(limit,))
    child = replace(case, patient=Patient(2, "male", weight_kg=12))
    assert violations(answer(start("dexamethasone", "1.5 mg/kg")), child)
    assert violations(answer(start("dexamethasone", "18 mg")), child)
    assert not violations(answer(start("dexamethasone", "0.6 mg/kg")), child)
    assert not violations(answer(start("dexamethasone", "18 mg")), case)


def test_a_limit_on_one_ingredient_of_a_combination_looks_at_its_own_figure() -> None:
    limit = Unacceptable("clavulanate", "too much", dose_above="130 mg")
    case = vignette(answer(), unacceptable=(limit,))
    assert not violations(answer(start("amoxicillin/clavulanate", "875/125 mg")), case)
    assert violations(answer(start("amoxicillin/clavulanate", "1 g/200 mg")), case)
    assert not violations(answer(start("amoxicillin/clavulanate", "1.2 g")), case)


def test_answers_that_say_the_same_in_other_words_do_not_differ() -> None:
    same = {
        "a": answer(start("amoxicillin", "500 mg", "TDS", route="PO", duration="5 days")),
        "b": answer(start("Amoxil", "0.5 g", "q8h", route="oral", duration="for 5 days")),
    }
    assert differences(same) == ()


def test_a_difference_names_what_each_model_says() -> None:
    (difference,) = differences(
        {"a": answer(start("amoxicillin", "1 g")), "b": answer(start("amoxicillin", "500 mg"))}
    )
    assert (difference.action, difference.ingredient) == (Action.START, "amoxicillin")
    assert difference.field == "dose"
    assert difference.values == {"a": "1 g", "b": "500 mg"}


def test_not_stated_differs_from_stated_and_not_from_not_stated() -> None:
    said, unsaid = answer(start("aspirin", "75 mg")), answer(start("aspirin"))
    (difference,) = differences({"a": said, "b": unsaid})
    assert difference.values == {"a": "75 mg", "b": ""}
    assert differences({"a": unsaid, "b": unsaid}) == ()


def test_only_drugs_that_two_answers_give_can_differ() -> None:
    stop = Medication(Action.STOP, "ramipril", "5 mg")
    other = Medication(Action.STOP, "ramipril")
    assert differences({"a": answer("aspirin"), "b": answer("heparin")}) == ()
    assert differences({"a": answer(stop), "b": answer(other)}) == ()


def test_a_combination_differs_once() -> None:
    (difference,) = differences(
        {
            "a": answer(start("co-amoxiclav", "625 mg")),
            "b": answer(start("amoxicillin/clavulanate", "500/125 mg")),
        }
    )
    assert difference.ingredient == "amoxicillin/clavulanate"


def test_two_lines_of_one_drug_are_compared_together() -> None:
    loading = answer(start("azithromycin", "500 mg"), start("azithromycin", "250 mg"))
    (difference,) = differences({"a": loading, "b": answer(start("azithromycin", "500 mg"))})
    assert difference.values == {"a": "500 mg; 250 mg", "b": "500 mg"}


@pytest.mark.parametrize(
    ("name", "ingredient"),
    [
        ("vitamin K antagonist (warfarin)", "warfarin"),
        ("vitamin K", "phytomenadione"),
        ("insulin", "insulin human"),
        ("Insulin (regular)", "insulin human"),
        ("sennosides", "senna"),
    ],
)
def test_a_class_a_plain_name_and_an_extract_mean_what_a_clinician_means(
    name: str, ingredient: str
) -> None:
    assert ingredients(name) == {ingredient}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dexamethasone sodium phosphate", {"dexamethasone"}),
        ("sodium phosphate", {"sodium phosphate"}),
        ("nitrofurantoin monohydrate/macrocrystals", {"nitrofurantoin"}),
        ("No antibiotics", set()),
        ("No medication required", set()),
        ("Norepinephrine", {"norepinephrine"}),
        ("Kayexalate", {"polystyrene sulfonate"}),
        ("Epi-Pen", {"epinephrine"}),
        ("low-molecular-weight heparin", {"low molecular weight heparin"}),
    ],
)
def test_names_as_models_write_them(name: str, expected: set[str]) -> None:
    assert ingredients(name) == expected
