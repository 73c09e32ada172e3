"""A finished round as Markdown: everything is there, and nobody's words become anything else."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import structs

from llmchem_tui.analysis.report import RoundReport, WhatIf
from llmchem_tui.analysis.round_markdown import NO_TEXT, round_markdown
from llmchem_tui.domain.final_recommendation import ABSTENTIONS
from llmchem_tui.domain.model import (
    Action,
    Answer,
    AnswerResult,
    Medication,
    Outcome,
    Review,
    ReviewResult,
    Status,
    Vignette,
)
from llmchem_tui.domain.scoring import RoundScore
from llmchem_tui.session.events import Call, TextArrived
from llmchem_tui.session.state import RoundState
from tests.analysis.rounds import TRIAL, VIGNETTE, answer, ended, graded, ok
from tests.analysis.test_markdown import HOSTILE

PARSER = MarkdownIt("gfm-like")

TWO = [ok("a", answer()), ok("b", answer("1 g"))]
FAILED = AnswerResult("c", Status.TIMEOUT, None, 60.0, message="the server said nothing")

GOLDEN = f"""\
# Round {TRIAL}

**research use only, not medical advice**; no interaction check is made

## Vignette cough

Title: A cough

> A 40-year-old man coughs.\\
> No allergies.

## Ensemble

Chosen by CHEMISTRY, seed 7. 2 calls, tokens not told.

|  | model | locality | temperature |
| --- | --- | --- | --: |
| A | a | local | – |
| B | c | local | – |

## Recommendation

**a single answer: nobody could review it, so it has no confidence**

| candidate | quality | confidence | regimen |
| --- | --: | --: | --- |
| A a | – | – | start amoxicillin 500 mg, oral, q8h, 5 days |

- 0 of 0 reviews; no interaction check is made

**research use only, not medical advice**

## Grades

| reviewer | A | B | σ² | acc |
| --- | --: | --: | --: | --: |
| A a | – | –[^1] | – | – |
| B c | –[^1] | – | – | – |
| **consensus** | – | – |  |  |

Grades in [0, 1], reviewers down, answers across; consensus: quality / 10; σ²: the reviewer's \
variance on the 0-10 scale; acc: its review accuracy.

[^1]: B has no usable answer (timeout): nobody reviews it, and it reviews nobody

## Answers

### A a: ok, 4.1 s

> Probably bacterial.

| action | name | dose | route | frequency | duration |
| --- | --- | --- | --- | --- | --- |
| start | amoxicillin | 500 mg | oral | q8h | 5 days |

Cautions:

> Check the kidneys.

### B c: timeout, 60.0 s

Reason:

> the server said nothing

## Reviews

There is none.
"""


def told(state: RoundState, **more: object) -> str:
    report = RoundReport(state, state.score(), state.names)
    return round_markdown(replace(report, **more))  # type: ignore[arg-type]


def blocks(tokens: list[Token]) -> list[str]:
    """The kinds of blocks; what is quoted, in whatever paragraphs or as it is laid out, is one."""
    kinds: list[str] = []
    quoting = False
    for token in tokens:
        if token.type == "blockquote_close":
            quoting = False
        elif quoting:
            assert token.type in ("paragraph_open", "inline", "paragraph_close")
        elif token.type in ("blockquote_open", "fence"):
            quoting = token.type != "fence"
            kinds.append("quotation")
        else:
            kinds.append(token.type)
    return kinds


def part(markdown: str, title: str) -> str:
    """One section."""
    return markdown.split(f"\n## {title}\n")[1].split("\n## ", maxsplit=1)[0]


def test_a_small_round_reads_like_this() -> None:
    assert told(ended([TWO[0], FAILED], [])) == GOLDEN


def test_a_simulated_round_says_so_before_anything_else() -> None:
    markdown = told(ended([ok("sim/a", answer())], []))
    assert "**SIMULATED: no model was asked" in markdown.split("## Vignette")[0]
    assert "SIMULATED" not in told(ended(TWO, []))


def test_grades_reviews_and_consensus_are_all_there() -> None:
    reviews = [graded("a", "b", 0.8, "The dose is high."), graded("b", "a", 0.9)]
    markdown = told(ended(TWO, reviews))
    grades = part(markdown, "Grades")
    assert "| A a | – | ! 0.80 | – | – |" in grades
    assert "| B b | 0.90 | – | – | – |" in grades
    assert "| **consensus** | 0.90 | 0.80 |  |  |" in grades
    assert "accuracy" not in grades.split("Grades in")[0]  # nobody has any
    written = part(markdown, "Reviews")
    assert written.index("### A on B: 0.80") < written.index("### B on A: 0.90")
    assert "**! Safety concern:**\n\n> The dose is high.\n" in written
    assert written.count("Rationale:\n\n> Fits.\n") == 2


def test_variance_accuracies_and_the_reference_have_their_places() -> None:
    vignette = replace(VIGNETTE, acceptable=(answer(),))
    three = [*TWO, ok("c", answer(drug="doxycycline"))]
    grades = {("a", "b"): 0.8, ("a", "c"): 0.3, ("b", "a"): 0.9, ("b", "c"): 0.2}
    grades |= {("c", "a"): 0.7, ("c", "b"): 0.9}
    state = ended(
        three, [graded(*pair, grade) for pair, grade in grades.items()], vignette=vignette
    )
    own = state.score().scores["a"]
    assert own.variance is not None and own.review_accuracy is not None
    lines = part(told(state), "Grades").splitlines()
    row = next(line for line in lines if line.startswith("| A a |"))
    assert row == f"| A a | – | 0.80 | 0.30 | {own.variance:.2f} | {own.review_accuracy:.2f} |"
    assert "| agreement with the reference | 1.00 | 1.00 | 0.00 |  |  |" in lines
    assert any(line.startswith("| accuracy | ") for line in lines)


def test_a_missing_grade_is_marked_and_its_reason_is_a_footnote() -> None:
    failed = ReviewResult("a", "b", Status.TIMEOUT, message="no word for 60 s")
    mute = ReviewResult("b", "a", Status.UNPARSED, Review("It is fine.", None), message="unparsed")
    markdown = told(ended(TWO, [failed, mute]))
    grades = part(markdown, "Grades")
    assert "| A a | – | ✗[^1] |" in grades and "| B b | ✗[^2] | – |" in grades
    assert "[^1]: A on B: no grade, timeout: no word for 60 s\n" in grades
    assert "[^2]: B on A: no grade, unparsed\n" in grades
    written = part(markdown, "Reviews")
    assert "### A on B: no grade, timeout\n\nReason:\n\n> no word for 60 s" in written
    assert "### B on A: no grade, unparsed\n\nRationale:\n\n> It is fine." in written
    assert ABSTENTIONS[Outcome.NO_GRADES] in part(markdown, "Recommendation")


def test_a_review_without_a_record_is_visibly_not_known() -> None:
    grades = part(told(ended(TWO, [])), "Grades")
    assert "| A a | – | ? | – | – |" in grades
    assert "; ?: there is no record of this review.\n" in grades
    known = [graded("a", "b", 0.8), graded("b", "a", 0.9)]
    assert "?" not in part(told(ended(TWO, known)), "Grades")


def test_concerns_are_told_only_of_reviews_that_are_known() -> None:
    state = ended(TWO, [graded("a", "b", 0.8), graded("b", "a", 0.9)])
    own = part(told(state), "Recommendation")
    assert "- no reviewer raised a concern about it (2 of 2 reviews; no interaction check" in own
    own = part(told(ended(TWO, []), score=state.score(), reviews_known=False), "Recommendation")
    assert "no reviewer" not in own
    assert "- the reviews are not known; no interaction check is made" in own


def test_a_concern_about_another_answer_is_told_below() -> None:
    three = [*TWO, ok("c", answer(drug="doxycycline"))]
    grades = {("a", "b"): 0.9, ("b", "a"): 0.9, ("c", "a"): 0.9, ("c", "b"): 0.9}
    reviews = [graded(*pair, grade) for pair, grade in grades.items()]
    reviews += [graded("a", "c", 0.1, "Not in pregnancy."), graded("b", "c", 0.1)]
    own = part(told(ended(three, reviews)), "Recommendation")
    assert "; there are concerns about C\n" in own and "pregnancy" not in own


def test_what_a_history_alone_does_not_tell_is_not_invented() -> None:
    state = ended([ok("a", answer()), ok("b", answer())], [])
    blank = replace(state.started.ensemble[0], endpoint="")
    state.started = structs.replace(
        state.started, strategy="", seed=0, order="", ensemble=(blank, state.started.ensemble[1])
    )
    ensemble = part(told(state, reviews_known=False), "Ensemble")
    assert "\nStrategy not known.\n" in ensemble
    assert "| A | a | – | – |" in ensemble


def test_an_answer_without_a_regimen_has_the_text_that_arrived() -> None:
    state = ended([AnswerResult("a", Status.OK), ok("b", answer())], [])
    state.apply(TextArrived(at=1.0, trial=TRIAL, call=Call("a"), text="labelled as true"))
    assert "### A a: ok\n\n> labelled as true\n" in told(state)


def test_a_recommendation_has_its_concern_above_the_drug_and_what_it_rests_on_below() -> None:
    reviews = [graded("a", "b", 0.8, "The dose is high."), graded("b", "a", 0.9)]
    own = part(told(ended(TWO, reviews)), "Recommendation")
    order = (
        "- **! A is concerned about B:** The dose is high.",
        "| start | amoxicillin | 500 mg | oral | q8h | 5 days |",
        "- confidence 0.90 (agreement-weighted grade, not a probability)",
        "- A, B agree",
        "- doses of amoxicillin differ: A 500 mg, B 1 g",
        "- support: start amoxicillin 100%",
        "- 2 of 2 reviews; no interaction check is made",
        "**research use only, not medical advice**",
    )
    places = [own.index(line) for line in order]
    assert places == sorted(places)
    assert "there are concerns" not in own  # about any other answer


def test_an_abstention_says_why_and_shows_the_candidates_with_their_concerns() -> None:
    two = [ok("a", answer()), ok("b", Answer("Viral."))]
    reviews = [graded("a", "b", 0.4), graded("b", "a", 0.5, "Not needed.")]
    own = part(told(ended(two, reviews)), "Recommendation")
    assert f"**{ABSTENTIONS[Outcome.NO_CONSENSUS]}**" in own
    assert own.index("concerned about A:** Not needed.") < own.index("| candidate |")
    assert "| A a | 5.00 | 0.28 | start amoxicillin 500 mg, oral, q8h, 5 days |" in own
    assert "| B b | 4.00 | 0.18 | no medication |" in own


def test_a_failed_round_has_no_candidates() -> None:
    own = part(told(ended([FAILED], [])), "Recommendation")
    assert ABSTENTIONS[Outcome.FAILED] in own
    assert "candidate" not in own


def test_what_if_is_told_apart_and_leaves_the_saved_result_as_it_is() -> None:
    reviews = [graded("a", "b", 0.8, "The dose is high."), graded("b", "a", 0.9)]
    state = ended(TWO, reviews)
    asked = WhatIf(("without grades of A",), state.score(include={"b"}), (reviews[1],))
    markdown = told(state, what_if=asked)
    assert part(markdown, "Recommendation").strip() == part(told(state), "Recommendation").strip()
    own = part(markdown, "What if")
    assert own.startswith("\n**Not how the round ended:**")
    assert "- without grades of A\n" in own
    assert "| consensus as saved | 0.90 | 0.80 |\n| what if | 0.90 | – |" in own
    assert "concerned" not in own  # that was A
    assert "- A alone stands for it" in own and "(1 of 1 reviews; " in own


def test_a_persons_grades_are_shown_and_said_not_to_count() -> None:
    markdown = told(ended(TWO, []), own_reviews=(graded("human", "a", 0.7),))
    assert "| human (does not count) | 0.70 | –[^1] | – | – |" in markdown
    assert "[^1]: human has not graded this answer\n" in markdown
    assert "### human on A: 0.70, does not count" in markdown


def test_letters_follow_the_order_that_the_screen_had() -> None:
    markdown = told(ended(TWO, [graded("a", "b", 0.8)]), order=("b", "a"))
    assert "| A | b | local | – |\n| B | a | local | – |" in markdown
    assert "### B on A: 0.80" in markdown


def test_what_was_not_saved_is_said_to_be_missing() -> None:
    state = ended(
        [AnswerResult("a", Status.OK), ok("b", Answer(""))],
        [ReviewResult("a", "b", Status.OK, Review("", 0.5))],
        vignette=Vignette("note", "", ""),
    )
    untold = RoundScore(state.score().scores, Outcome.NO_GRADES, None, state.score().candidates)
    markdown = told(state, score=untold, untold="nobody knows")
    assert markdown.count(NO_TEXT) == 3
    assert "**nobody knows**" in markdown
    assert "No medication." not in markdown  # that would be a claim
    assert "Title:" not in markdown


@given(st.one_of(st.text(), st.sampled_from(HOSTILE)))
def test_hostile_words_in_every_place_leave_the_documents_shape(text: str) -> None:
    def shape(words: str) -> list[str]:
        medication = Medication(Action.START, "x" + words, *["y" + words] * 4)
        name = "m" + words
        own = Answer("z" + words, (medication,), ("c" + words,))
        other = AnswerResult("n" + words, Status.ERROR, message="e" + words)
        concern = graded("b", name, 0.9, "k" + words)
        failed = ReviewResult(name, "b", Status.ERROR, message="f" + words)
        people = (graded("p" + words, "b", 0.1, "q" + words),)
        vignette = Vignette("v" + words, "t" + words, "u" + words)
        state = ended(
            [ok(name, own), ok("b", own), other],
            [concern, failed],
            vignette=vignette,
            trial="r" + words,
        )
        markdown = told(
            state, own_reviews=people, what_if=WhatIf(("w" + words,), state.score(), (concern,))
        )
        assert not any(ord(c) < 32 and c not in "\n\t" for c in markdown)
        found = PARSER.parse(markdown)
        within = {child.type for token in found for child in token.children or ()}
        words_only = {"text", "text_special", "code_inline", "hardbreak"}
        assert within <= {*words_only, "strong_open", "strong_close"}
        return blocks(found)

    assert shape(text) == shape("")
