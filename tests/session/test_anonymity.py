from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.domain.model import Action, Answer, Medication
from llmchem_tui.session import anonymity
from llmchem_tui.session.anonymity import MASK, draw_labels, letter, mask_answer, mask_text

POOL = ("llama3.1:8b", "claude-opus-4", "gpt-4o", "qwen2.5:7b", "sim/kestrel", "o3")

# Labels.


@given(st.integers(), st.text(), st.lists(st.text(), unique=True, max_size=30))
def test_letters_and_positions_are_permutations(seed: int, reviewer: str, names: list[str]) -> None:
    labels = draw_labels(seed, reviewer, names)
    assert set(labels) == set(names)
    assert sorted(label for label, _ in labels.values()) == sorted(map(letter, range(len(names))))
    assert sorted(place for _, place in labels.values()) == list(range(1, len(names) + 1))


@given(st.permutations(["a", "b", "c", "d"]))
def test_labels_do_not_depend_on_the_order_of_the_ensemble(names: list[str]) -> None:
    assert draw_labels(1, "r", names) == draw_labels(1, "r", ["a", "b", "c", "d"])


def test_each_reviewer_and_each_seed_draws_its_own() -> None:
    authors = list("abcdef")
    drawn = [draw_labels(seed, r, authors) for seed in range(20) for r in ("r", "s", "t")]
    assert len({tuple(labels.items()) for labels in drawn}) > 50
    for author in authors:
        assert {labels[author][0] for labels in drawn} == set("ABCDEF")
        assert {labels[author][1] for labels in drawn} == {1, 2, 3, 4, 5, 6}


def test_the_letter_does_not_tell_the_position() -> None:
    drawn = {draw_labels(seed, "r", ["a", "b", "c"])["a"] for seed in range(200)}
    assert drawn == {(label, position) for label in "ABC" for position in (1, 2, 3)}


def test_labels_are_the_same_in_every_process() -> None:
    code = (
        "from llmchem_tui.session.anonymity import draw_labels;"
        "print(draw_labels(7, 'r', ['a', 'b', 'c', 'd']))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "2")
    }
    assert printed == {f"{draw_labels(7, 'r', list('abcd'))}\n"}


def test_letters_go_on_after_z() -> None:
    assert [letter(i) for i in (0, 25, 26, 27, 51, 52, 701, 702)] == [
        "A", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA",
    ]  # fmt: skip


# Masking.


def masked(sentence: str, names: tuple[str, ...] = POOL) -> bool:
    answer, count = mask_answer(Answer(sentence), names)
    assert (answer.assessment == sentence) == (count == 0)
    return count > 0


@pytest.mark.parametrize(
    "sentence",
    [
        "As Claude, made by Anthropic, I would start amoxicillin.",
        "I am ChatGPT.",
        "I'm Gemini, a model by Google.",
        "I’m Gemma 2.",
        "My name is Mistral Large.",
        "I am a large language model called Grok.",
        "I, Claude, recommend amoxicillin.",
        "As a GPT-4 model I cannot examine the patient.",
        "As an AI developed by Meta, I cannot prescribe.",
        "Being a language model of the GPT family, my knowledge ends in 2024.",
        "I was trained by Microsoft.",
        "This is Llama 3.1 speaking.",
        "This assessment was created by Command R.",
        "Powered by Qwen.",
        "Speaking for myself, Claude would wait.",
        "In my opinion as llama3.1:8b the dose is too high.",
        "llama3.1:8b recommends amoxicillin.",
        "(GPT-4O)",
        "sim/kestrel suggests rest.",
        "OpenAI's guidelines keep me from naming a dose.",
        "DeepSeek-R1 thinks that this is viral.",
        "— Claude",
        "Claude 3.5",
        "I am Phi-4, an assistant.",
        "A chatbot such as Phi cannot examine.",
    ],
)
def test_a_sentence_in_which_the_author_names_itself_is_masked(sentence: str) -> None:
    assert masked(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "I base this on a meta-analysis of 12 trials.",
        "In my view a recent meta analysis supports amoxicillin.",
        "The evidence provided by meta analyses is weak.",
        "As meta-regression showed, the dose matters.",
        "He has intermittent claudication, so I would avoid beta blockers.",
        "Claude Bernard described it; I would look for Horner's syndrome.",
        "I see a third nerve palsy as in Claude syndrome.",
        "As GPT and GOT are raised, I would stop the statin.",
        "I would repeat GPT (ALT) in two weeks.",
        "I would measure the angle phi and the PHI density.",
        "My reason is the GEMINI-1 and GEMINI-2 trials.",
        "I rely on the GEMINI 1 trial of vedolizumab.",
        "The GRANITE study is no reason for me to change the dose.",
        "Caplacizumab is derived from llama antibodies.",
        "Gemma should continue her inhaler.",
        "Start Augmentin 625 mg; Klacid and Zithromax are not needed.",
        "Tylenol, Advil and Plavix are brand names.",
        "I am giving amoxicillin 500 mg three times daily.",
        "As an alternative I suggest doxycycline.",
        "Type I respiratory failure was excluded, and so I would give 28 % oxygen.",
        "This is a typical viral infection.",
        "My patient has an eGFR of 38 mL/min/1.73 m².",
        "Treatment was provided by the general practitioner.",
        "Metamizole, metformin and metoprolol are not interchangeable.",
        "I would call me a sceptic of antitussives.",
        "The AI (aromatase inhibitor) is continued.",
        "Her mother was given an AI by the oncologist, I understand.",
        "Mistral winds made his asthma worse.",
        "O3 exposure and PM10 are triggers.",
        "I found nothing on Google Scholar against it.",
        "5-FU, 6-MP, G-CSF and B12 are given as before.",
    ],
)
def test_medical_text_is_not_touched(sentence: str) -> None:
    assert not masked(sentence)


def test_only_the_sentence_is_masked_and_the_maskings_are_counted() -> None:
    answer = Answer(
        "He coughs. As Claude, I suspect pneumonia! Crackles?\n\nI am Claude\nFever 39.2 °C.",
        (Medication(Action.START, "amoxicillin", "500 mg"),),
        ("Written by a model made by OpenAI.", "Check the kidneys."),
    )
    shown, count = mask_answer(answer, POOL)
    assert count == 3
    assert shown == Answer(
        f"He coughs. {MASK} Crackles?\n\n{MASK}\nFever 39.2 °C.",
        answer.medications,
        (MASK, "Check the kidneys."),
    )


def test_medications_are_never_masked() -> None:
    answer = Answer("", (Medication(Action.START, "claude-opus-4", "gpt-4o", "I am ChatGPT"),))
    assert mask_answer(answer, POOL) == (answer, 0)


def test_a_pool_name_counts_as_a_whole_word_only() -> None:
    assert masked("Says Meta.", ("meta",))
    assert not masked("A meta-analysis, metabolism, beta_meta.", ("meta",))
    assert not masked("The patient takes it as directed.", ("ta", ""))
    assert masked("Ask a.b+c (x) about it.", ("a.b+c (x)",))
    assert not masked("Ask aXb+c (x) about it.", ("a.b+c (x)",))


def test_an_empty_pool_masks_no_more_than_what_names_itself() -> None:
    assert not masked("llama3.1:8b recommends rest.", ())
    assert masked("I am ChatGPT.", ())


@pytest.mark.parametrize(
    "text",
    ["i " * 150_000, "llama." * 50_000, "i am " * 40_000, "-" * 300_000, "\n" * 100_000,
     "as a model " * 30_000, "claude" * 50_000, ". " * 40_000, "i am " + "x" * 300_000],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_a_flood_of_nonsense_is_looked_through_within_a_bounded_time(text: str) -> None:
    began = time.process_time()
    mask_answer(Answer(text), POOL)
    assert time.process_time() - began < 4


_WORDS = [
    *("I", "am", "Claude", "GPT-4", "ChatGPT", "Qwen", "an"),
    *("AI", "by", "made", "phi-3", "Command-R", "meta-analysis", "Llama-3"),
    *("openai", "the", "patient", "my", "as", "Grok", "granite"),
    *("metabolic", "gemma", "Microsoft", "takes", "xai"),
]


@given(
    st.lists(
        st.sampled_from(_WORDS),
        max_size=6,
    ).map(" ".join)
)
def test_the_quick_look_passes_over_no_sentence_that_names_a_model(sentence: str) -> None:
    assert mask_text(sentence, ("ant",))[1] == anonymity._names_itself(sentence)
