from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.domain.model import Action, Answer, Medication, Review
from llmchem_tui.session.parsing import Unreadable, parse_answer, parse_review, readable
from tests.session.scripted import answer_json, medication, review_json

AMOXICILLIN = Medication(
    Action.START, "amoxicillin", "500 mg", "oral", "three times daily", "5 days"
)
ANSWER = Answer("Probably bacterial.", (AMOXICILLIN,), ("Check the kidneys.",))

ANY_TEXT = st.text(st.characters(codec=None))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=12,
)
FIELD = st.sampled_from(
    ["assessment", "medications", "cautions", "rationale", "grade", "safety_concern", "x"]
)
MEDICATION = st.dictionaries(
    st.sampled_from(["action", "name", "dose", "route", "frequency", "duration"]),
    ANY_JSON | st.sampled_from(["start", "STOP", "reduce", "ibuprofen"]),
)
LIKE_A_REPLY = st.dictionaries(FIELD, ANY_JSON | st.lists(MEDICATION | ANY_JSON, max_size=3))


# Ways in which a reply can be wrapped.


@pytest.mark.parametrize(
    "reply",
    [
        answer_json(),
        f"\n\n  {answer_json()}\n",
        f"```json\n{answer_json()}\n```",
        f"Here it is:\n```\n{answer_json()}\n```\nGood luck!",
        f"```JSON\r\n{answer_json()}\r\n```",
        f"Here it is: {answer_json()} I hope that this helps.",
        f"Take {{care}} of the set {{1}}. {answer_json()}",
        f"[{answer_json()}]",
        json.dumps(json.loads(answer_json()), indent=4),
        f"```json\n{answer_json('ibuprofen')}\n```\nNo, rather:\n```json\n{answer_json()}\n```",
        f"{answer_json('ibuprofen')}\nNo, rather:\n{answer_json()}",
        "```json\n[1, 2]\n```\n" + f"```json\n{answer_json()}\n```\n```\nnot JSON\n```",
    ],
)
def test_an_answer_is_found_however_it_is_wrapped(reply: str) -> None:
    assert parse_answer(reply) == ANSWER


@pytest.mark.parametrize(
    "reply",
    [
        """Assessment: Probably bacterial.
        Medications:
        - start amoxicillin, 500 mg, oral, three times daily, 5 days
        Cautions:
        - Check the kidneys.""",
        """**Assessment:** Probably bacterial.

        **Medications**:
        1. Start: amoxicillin; 500 mg; oral; three times daily; 5 days

        ## Cautions: Check the kidneys.""",
        """Medications: none
        Assessment: Wrong.
        Assessment: Probably bacterial.
        MEDICATION: start amoxicillin | 500 mg | oral | three times daily | 5 days
        caution: * Check the kidneys.""",
    ],
)
def test_labelled_fields_are_read_and_the_last_of_a_name_counts(reply: str) -> None:
    assert parse_answer(reply) == ANSWER


def test_a_labelled_dose_need_not_be_set_off_from_its_drug() -> None:
    reply = "Medications: start amoxicillin 500 mg, oral, three times daily, 5 days"
    assert parse_answer(reply).medications == (AMOXICILLIN,)
    (loose,) = parse_answer("Medications: stop folic acid 5 mg once daily").medications
    assert (loose.name, loose.dose) == ("folic acid", "5 mg once daily")


def test_what_follows_the_fifth_part_of_a_labelled_medication_is_not_lost() -> None:
    reply = "Medications: start prednisolone, 40 mg, oral, daily, 5 days, then stop"
    assert parse_answer(reply).medications[0].duration == "5 days, then stop"


def test_labels_count_only_at_the_start_of_a_line() -> None:
    with pytest.raises(Unreadable):
        parse_answer("I would say medications: none")


def test_of_duplicate_keys_the_last_counts() -> None:
    assert parse_review('{"rationale": "a", "grade": 0.1, "grade": 0.9}').grade == 0.9


def test_line_feeds_inside_a_text_of_json_are_let_pass() -> None:
    reply = answer_json(assessment="One. Two.").replace("One. ", "One.\n")
    assert parse_answer(reply).assessment == "One. Two."
    assert readable(reply).startswith("One. Two.")


# Answers.


def test_no_medication_is_a_legal_answer() -> None:
    reply = '{"assessment": "Viral.", "medications": [], "cautions": []}'
    assert parse_answer(reply) == Answer("Viral.")
    assert parse_answer("Assessment: Viral.\nMedications: None.") == Answer("Viral.")


def test_a_label_with_nothing_after_it_says_nothing() -> None:
    with pytest.raises(Unreadable, match="no list of medications"):
        parse_answer("Assessment: Viral.\nMedications:\n\n")


def test_parts_that_are_missing_or_null_are_blank() -> None:
    reply = '{"medications": [{"action": "stop", "name": "ibuprofen", "dose": null}]}'
    assert parse_answer(reply) == Answer("", (Medication(Action.STOP, "ibuprofen"),))


def test_a_number_as_a_dose_is_taken_as_text() -> None:
    reply = '{"medications": [{"action": "start", "name": "x", "dose": 5, "duration": 2.5}]}'
    assert parse_answer(reply).medications[0] == Medication(
        Action.START, "x", dose="5", duration="2.5"
    )


@pytest.mark.parametrize(
    ("word", "action"),
    [
        ("START", Action.START),
        (" initiate ", Action.START),
        ("Discontinue", Action.STOP),
        ("withhold", Action.STOP),
        ("reduce", Action.CHANGE),
        ("keep", Action.CONTINUE),
    ],
)
def test_common_words_for_the_four_actions_are_understood(word: str, action: Action) -> None:
    reply = json.dumps({"medications": [medication(action=word)]})
    assert parse_answer(reply).medications[0].action is action


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ("", "no list of medications"),
        ("I cannot say.", "no list of medications"),
        ("{}", "no list of medications"),
        ("3.5", "no list of medications"),
        ('"medications"', "no list of medications"),
        ('{"medications": null}', "medications is not a list"),
        ('{"medications": "none"}', "medications is not a list"),
        ('{"medications": [], "assessment": 1}', "assessment is not text"),
        ('{"medications": [], "cautions": "no"}', "cautions is not a list"),
        ('{"medications": [], "cautions": [1]}', "cautions is not a list"),
        ('{"medications": ["aspirin"]}', "a medication is not an object"),
        ('{"medications": [{"action": "start", "name": ["x"]}]}', "name is not text"),
        ('{"medications": [{"action": "start", "name": true}]}', "name is not text"),
        ('{"medications": [{"action": "start", "name": "x", "dose": NaN}]}', "dose is not text"),
        ('{"medications": [{"action": "start", "name": "x", "dose": 1e999}]}', "dose is not text"),
        ('{"medications": [{"action": "dance", "name": "x"}]}', "action is none of"),
        ('{"medications": [{"name": "x"}]}', "action is none of"),
        ('{"medications": [{"action": "start", "name": " "}]}', "has no name"),
        ("Medications: aspirin", "action is none of"),
        ("Medications: start", "has no name"),
    ],
)
def test_what_is_no_answer_is_unreadable_for_a_stated_reason(reply: str, problem: str) -> None:
    with pytest.raises(Unreadable, match=problem):
        parse_answer(reply)


def test_blank_cautions_are_left_out() -> None:
    assert parse_answer('{"medications": [], "cautions": ["", " ", "a\\nb"]}').cautions == ("a b",)


# Reviews.


@pytest.mark.parametrize(
    ("grade", "read"),
    [(0, 0.0), (1, 1.0), (0.73, 0.73), ("0.5", 0.5), (" .25 ", 0.25), ("1.", 1.0), ("5e-1", 0.5)],
)
def test_a_number_from_0_to_1_is_a_grade(grade: object, read: float) -> None:
    review = parse_review(review_json(grade))
    assert review == Review("Fits.", read)
    assert isinstance(review.grade, float)


NO_GRADES = [
    "7", "140", "1.01", "4e18148482", "-0.1", "-1e-300", "NaN", "Infinity", "-Infinity", "1e999",
    "9" * 4000, "true", "false", "null", "[]", "[0.5]", "{}", '{"value": 0.5}',
    '"8/10"', '"80%"', '"true"', '"nan"', '"inf"', '"0,5"', '"0.5 of 1"', '"-0.1"', '""',
    '"about 0.5"', '"1e999"', '"' + "9" * 5000 + '"', '"0x1"', '"1_0"',
]  # fmt: skip


@pytest.mark.parametrize("grade", NO_GRADES, ids=lambda grade: grade[:20])
def test_anything_else_is_no_grade_and_what_was_readable_is_kept(grade: str) -> None:
    reply = f'{{"rationale": "Fits.", "grade": {grade}, "safety_concern": "Too much."}}'
    with pytest.raises(Unreadable, match="is not a number from 0 to 1") as caught:
        parse_review(reply)
    assert caught.value.review == Review("Fits.", None, "Too much.")


def test_of_a_reply_without_anything_readable_nothing_is_kept() -> None:
    for reply in ("gibberish", '{"grade": 7}', '{"rationale": "", "grade": "x"}'):
        with pytest.raises(Unreadable) as caught:
            parse_review(reply)
        assert caught.value.review is None


def test_a_labelled_grade_is_as_strict() -> None:
    assert parse_review("Rationale: Fits.\nGrade: **0.8**") == Review("Fits.", 0.8)
    for grade in ("-0.1", "- 0.1", "8/10", "80%", "0.8 out of 1", "7"):
        with pytest.raises(Unreadable, match="is not a number from 0 to 1"):
            parse_review(f"Rationale: Fits.\nGrade: {grade}")


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ("", "it has no grade"),
        ("0.8", "it has no grade"),
        ('{"rationale": "Fits."}', "it has no grade"),
        ('{"rationale": "Fits.", "grade": ' + "9" * 5000 + "}", "it has no grade"),
        ("Rationale: Fits.\nGrade:", "it has no grade"),
        ('{"rationale": 5, "grade": 0.5}', "rationale is not text"),
        ('{"rationale": "Fits.", "grade": 0.5, "safety_concern": false}', "safety_concern is"),
    ],
)
def test_what_is_no_review_is_unreadable_for_a_stated_reason(reply: str, problem: str) -> None:
    with pytest.raises(Unreadable, match=problem):
        parse_review(reply)


@pytest.mark.parametrize(
    "nothing",
    [None, "", " ", "None", "none.", "null", "N/A", "No", "-", "No safety concerns.",
     "No significant safety concerns identified.", "None identified", "No major issues noted"],
)  # fmt: skip
def test_a_concern_that_says_that_there_is_none_is_none(nothing: str | None) -> None:
    assert parse_review(review_json(0.5, nothing)).safety_concern is None


@pytest.mark.parametrize(
    "concern",
    ["No dose adjustment for the renal function.", "None of the allergies was considered",
     "No.1 killer: hyperkalaemia", "Penicillin allergy!", "no safety"],
)  # fmt: skip
def test_a_concern_stays_as_it_was_said(concern: str) -> None:
    assert parse_review(review_json(0.5, concern)).safety_concern == concern


# Untrusted text.


def test_control_characters_become_visible_signs() -> None:
    esc = "\x1b[31m"
    reply = json.dumps(
        {
            "assessment": f" {esc}red\ntwo lines ",
            "medications": [medication(name=f"{esc}aspirin\nfake line", dose="\x9b1 g\u202e")],
            "cautions": [f"{esc}\ncaution"],
        }
    )
    answer = parse_answer(reply)
    assert answer.assessment == "␛[31mred\ntwo lines"
    assert answer.medications[0].name == "␛[31maspirin fake line"
    assert answer.medications[0].dose == "\ufffd1 g\ufffd"
    assert answer.cautions == ("␛[31m caution",)
    review = parse_review(json.dumps({"rationale": esc, "grade": 1, "safety_concern": esc}))
    assert review == Review("␛[31m", 1.0, "␛[31m")


def test_a_bad_grade_is_quoted_short_and_harmless() -> None:
    with pytest.raises(Unreadable) as caught:
        parse_review(json.dumps({"rationale": "", "grade": "\x1b[2J" + "x" * 10_000}))
    assert str(caught.value).startswith("the grade ␛[2Jxxx")
    assert len(str(caught.value)) < 100


def test_lone_surrogates_do_no_harm() -> None:
    assert parse_answer(answer_json(assessment="a?b").replace("?", "\ud83d")).assessment == "a?b"
    readable('{"assessment": "\ud83d')
    escaped = '{"assessment": "a\\ud800b \\ud83d\\ude00", "medications": []}'
    assert parse_answer(escaped).assessment == "a\ufffdb \U0001f600"


@pytest.mark.parametrize(
    "reply",
    [
        "{" * 1_000_000,
        "}" * 1_000_000,
        "{}" * 500_000,
        "{" * 500_000 + "}" * 500_000,
        "[" * 1_000_000,
        '{"a":' * 200_000,
        "```" * 300_000,
        "```\n" * 50_000,
        "```json" + "\n" * 200_000,
        "\n" * 200_000,
        "-" * 1_000_000 + ":",
        "grade" + " " * 1_000_000,
        "grade:" + "*" * 1_000_000 + "x",
        "medications:\n" * 20_000,
        "{ " + "1" * 1_000_000 + "}",
        '{"grade": 1' + "0" * 1_000_000 + "}",
    ],
    ids=lambda reply: repr(reply[:12]),
)
def test_a_flood_of_nonsense_is_unreadable_within_a_bounded_time(reply: str) -> None:
    began = time.process_time()
    for parse in (parse_answer, parse_review):
        with pytest.raises(Unreadable):
            parse(reply)
    readable(reply)
    assert time.process_time() - began < 8


@given(ANY_TEXT)
def test_arbitrary_text_raises_nothing_but_unreadable(text: str) -> None:
    read_both(text)


@given(ANY_JSON | LIKE_A_REPLY)
def test_arbitrary_json_raises_nothing_but_unreadable(value: object) -> None:
    read_both(json.dumps(value))
    read_both(f"Well:\n```json\n{json.dumps(value, indent=1)}\n```")


def read_both(reply: str) -> None:
    readable(reply).encode()
    with suppress(Unreadable):
        parse_answer(reply)
    try:
        review = parse_review(reply)
    except Unreadable as problem:
        assert problem.review is None or problem.review.grade is None
    else:
        assert review.grade is not None
        assert 0 <= review.grade <= 1


# Readable text while a reply arrives.


REPLIES = [
    answer_json("amoxicillin", "ibuprofen", assessment='Naïve 👩‍⚕️ "quoted"\n\nNew paragraph \\.'),
    json.dumps(json.loads(answer_json()), ensure_ascii=False, indent=2),
    '{"assessment": "Viral.", "medications": [], "cautions": []}',
    review_json(0.73, "Too much."),
    "```json\n" + answer_json() + "\n```\nDone.",
]


@pytest.mark.parametrize("reply", REPLIES)
def test_every_prefix_of_a_reply_reads_without_braces(reply: str) -> None:
    for end in range(len(reply) + 1):
        shown = readable(reply[:end])
        assert not set("{}[]") & set(shown)
        assert '"medications"' not in shown


def test_a_growing_assessment_is_shown_as_it_grows() -> None:
    reply = json.dumps({"assessment": "Fièvre, 👩 toux.", "medications": []})
    shown = [readable(reply[:end]) for end in range(reply.index("medications") - 3)]
    assert shown == sorted(shown, key=len)
    assert shown[-1] == "Fièvre, 👩 toux."


def test_a_whole_answer_reads_as_paragraphs() -> None:
    assert readable(answer_json("amoxicillin", "ibuprofen")) == (
        "Probably bacterial.\n\nMedications:\n"
        "- start amoxicillin 500 mg, 5 days, oral, three times daily\n"
        "- start ibuprofen 500 mg, 5 days, oral, three times daily\n\n"
        "Cautions:\n- Check the kidneys."
    )


def test_a_whole_review_reads_as_paragraphs() -> None:
    assert (
        readable(review_json(0.73, "Too much."))
        == "Fits.\n\nGrade: 0.73\n\nSafety concern: Too much."
    )
    assert readable(review_json(0.73)) == "Fits.\n\nGrade: 0.73"


def test_no_medication_is_said_only_once_it_is_certain() -> None:
    assert readable('{"assessment": "Viral.", "medications": [') == "Viral."
    assert (
        readable('{"assessment": "Viral.", "medications": []}') == "Viral.\n\nMedications:\n- none"
    )


def test_what_is_not_json_is_shown_as_it_comes() -> None:
    assert readable("Assessment: \x1b[2Jviral") == "Assessment: ␛[2Jviral"
    assert readable("a set {of things} \x1b") == "a set {of things} ␛"


def test_odd_values_are_shown_harmlessly() -> None:
    reply = json.dumps({"assessment": 3, "cautions": [1, None, {}, "\x1b"], "\x1bx": {"a": 1}})
    assert readable(reply) == "Assessment: 3\n\nCautions:\n- 1\n- None\n- ␛\n\n␛x: {'a': 1}"
