"""What `verify` says of a changed session: the cause, how much follows from it, and what to do."""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llmchem_tui.analysis.verify import Verified, verify_session
from llmchem_tui.analysis.verify_cells import HISTORY, REVIEWS
from llmchem_tui.analysis.verify_text import finding_lines
from llmchem_tui.storage.batches import vignette_digest
from llmchem_tui.storage.journal import JOURNAL_FILE, read_journal
from llmchem_tui.storage.journal_writer import JournalWriter
from llmchem_tui.storage.session_file import SESSION_FILE, SessionInfo, session_toml
from llmchem_tui.storage.vignettes import NOTE
from tests.damaged_sessions import (
    cancelled_round,
    change_cell,
    change_events,
    change_rows,
    change_text,
    of_type,
    resumed,
    save_events,
)
from tests.saved_sessions import CREATED, NAME, save_session
from tests.session.scripted import VIGNETTE, spec

Events = list[dict[str, Any]]

FIRST, SECOND = f"{NAME} 1", f"{NAME} 2"
OTHER_VERSION = ('llmchem-tui = "', 'llmchem-tui = "0.0.')
RESTORE_JOURNAL = "  Restore journal.jsonl from a copy."


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of two rounds, to be copied."""
    return save_session(tmp_path_factory.mktemp("saved"))


@pytest.fixture
def session(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / NAME))


def verified(folder: Path) -> Verified:
    return verify_session(folder, 0.5, named="it")


def lines(folder: Path) -> list[str]:
    return list(finding_lines(verified(folder).findings))


def change_grade(events: Events) -> None:
    of_type(events, "ReviewEnded")[0]["result"]["review"]["grade"] = 0.125


# --- grades and replies -------------------------------------------------------------------------


def test_a_grade_changed_in_the_journal_is_one_cause_by_its_reply(session: Path) -> None:
    change_events(session, change_grade)
    findings = verified(session).findings
    assert [one.kind for one in findings if not one.follows] == ["call"]
    assert {"grade", "quality", "accuracy"} < {one.column for one in findings}
    cause, rest, remedy = lines(session)
    assert cause.startswith(f"Round {FIRST}: in journal.jsonl the review by a of b has the grade")
    assert cause.endswith("0.125, but 0.8 in its reply.")
    assert rest.startswith(f"  and {len(findings) - 1} more that follow from it: ")
    assert rest.endswith(" of 3 models.")
    assert remedy == RESTORE_JOURNAL


def test_without_replies_the_history_tells_which_of_two_grades_it_was(session: Path) -> None:
    change_text(session / SESSION_FILE, *OTHER_VERSION)  # which may have read replies otherwise
    change_events(session, change_grade)
    cause, rest, remedy = lines(session)
    assert cause.endswith("the review by a of b: grade is 0.8, the journal gives 0.125.")
    assert "that follow from it: quality, " in rest
    assert remedy == "  history.csv agrees with reviews.csv: restore journal.jsonl from a copy."


@pytest.mark.parametrize("grade", ["0.125", "7", "", "high", "nan"])
def test_a_grade_changed_in_the_table_is_told_alone(session: Path, grade: str) -> None:
    change_cell(session, REVIEWS, "grade", grade, place=0)
    cause, remedy = lines(session)
    assert f"grade is {grade or 'blank'}, the journal gives 0.8." in cause
    assert remedy == (
        "  history.csv agrees with the journal: restore reviews.csv from a copy. Without a copy, "
        "delete it, and `llmchem resume it` makes it anew from the journal, which does not tell "
        "what a person graded."
    )


def test_of_grades_changed_in_both_neither_file_is_said_to_be_right(session: Path) -> None:
    change_text(session / SESSION_FILE, *OTHER_VERSION)
    change_events(session, change_grade)
    change_cell(session, REVIEWS, "grade", "0.375", place=0)
    assert not any(one.follows for one in verified(session).findings)
    told = " ".join(lines(session))
    assert "Restore reviews.csv from a copy; if that changes nothing, journal.jsonl." in told
    assert "agrees with" not in told


def test_a_changed_answer_is_told_by_its_reply(session: Path) -> None:
    def change(events: Events) -> None:
        answer = of_type(events, "AnswerEnded")[1]["result"]["answer"]
        answer["medications"][0]["name"] = "aspirin"

    change_events(session, change)
    cause, _, remedy = lines(session)
    assert cause.endswith("the answer of b has not the medications of its reply.")
    assert remedy == RESTORE_JOURNAL


def test_a_line_taken_out_of_a_reply_is_told(session: Path) -> None:
    change_events(session, lambda events: events.remove(of_type(events, "TextArrived")[1]))
    cause, remedy = lines(session)
    assert "its reply" in cause
    assert remedy == RESTORE_JOURNAL


def test_replies_of_an_interrupted_round_are_read_as_well(tmp_path: Path) -> None:
    folder = save_events(tmp_path, cancelled_round(FIRST))
    assert verified(folder).findings == ()

    def change(events: Events) -> None:
        of_type(events, "AnswerEnded")[0]["result"]["answer"]["assessment"] = "Viral."

    change_events(folder, change)
    assert "has not the assessment of its reply." in lines(folder)[0]


def test_another_status_in_the_history_comes_before_the_cells_that_hang_on_it(
    session: Path,
) -> None:
    def change(rows: list[dict[str, str]]) -> None:
        rows[0].update(status="error", latency="", quality="", accuracy="")

    change_rows(session, HISTORY, change)
    cause, rest, remedy = lines(session)
    assert cause.endswith("a: status is 'error', the journal gives 'ok'.")
    assert rest == "  and 3 more that follow from it: latency, quality, accuracy of 1 model."
    assert remedy.endswith(
        "Restore history.csv from a copy; if that changes nothing, " + JOURNAL_FILE + "."
    )


def test_numbers_that_no_other_file_bears_out_are_the_historys_fault(session: Path) -> None:
    change_cell(session, HISTORY, "quality", "9.5")
    assert lines(session)[1] == (
        "  reviews.csv agrees with the journal: restore history.csv from a copy. Without a copy, "
        "delete it, and `llmchem resume it` makes it anew from the journal, which does not tell "
        "when a round ended."
    )
    (session / REVIEWS.file).unlink()
    assert lines(session)[-1] == (
        "  Restore history.csv from a copy; if that changes nothing, journal.jsonl."
    )


# --- many ---------------------------------------------------------------------------------------


def test_many_cells_are_counted_by_round_and_json_has_them_all(session: Path) -> None:
    def change(rows: list[dict[str, str]]) -> None:
        for row in rows:
            row.update(latency=row["latency"].replace(".", ","), tokens_in="9")

    change_rows(session, HISTORY, change)
    assert len(verified(session).findings) == 12
    assert lines(session) == [
        f"history.csv, round {FIRST}: 6 cells differ from the journal: latency, tokens_in of 3 "
        "models.",
        f"history.csv, round {SECOND}: 6 cells differ from the journal: latency, tokens_in of 3 "
        "models.",
        lines(session)[2],
        "  Restore history.csv from a copy; if that changes nothing, journal.jsonl.",
    ]
    assert re.match(
        rf"  --json shows all\. The first: history\.csv, round {FIRST}, a: latency is \d,\d+, the",
        lines(session)[2],
    )


def test_of_many_damaged_lines_the_first_are_told(session: Path) -> None:
    file = session / JOURNAL_FILE
    file.write_bytes(file.read_bytes().replace(b'"TextArrived"', b'"TextArrive"', 9))
    told = lines(session)
    assert [line.endswith("is damaged and was left out.") for line in told[:6]] == [True] * 5 + [
        False
    ]
    assert told[5:] == ["  and 4 more like these", "  --json shows all.", RESTORE_JOURNAL]


def test_missing_rows_are_counted_and_resume_puts_reviews_back(session: Path) -> None:
    change_rows(session, REVIEWS, lambda rows: rows.__delitem__(slice(6, None)))
    told = lines(session)
    assert told[0] == f"reviews.csv, round {SECOND}: 6 rows: the row is missing."
    assert told[-1] == "  `llmchem resume it` puts back what is missing in reviews.csv."


# --- other programs -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda content: codecs.BOM_UTF8 + content,
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.replace(b"true", b"TRUE").replace(b"false\n", b"FALSE\n", 1),
    ],
)
def test_a_table_saved_by_another_program_is_no_fault_where_nothing_differs(
    session: Path, change: Callable[[bytes], bytes]
) -> None:
    file = session / HISTORY.file
    before = file.read_bytes().split(b"\n")[0]
    file.write_bytes(change(file.read_bytes()))
    result = verified(session)
    assert result.findings == ()
    foreign = file.read_bytes().split(b"\n")[0] != before
    assert [note[:42] for note in result.notes] == (
        ["history.csv was saved by another program: "] if foreign else []
    )


def test_what_a_spreadsheet_has_rounded_is_laid_at_its_door(session: Path) -> None:
    change_cell(session, HISTORY, "latency", "1.1")
    file = session / HISTORY.file
    file.write_bytes(codecs.BOM_UTF8 + file.read_bytes())
    assert lines(session)[1] == (
        "  Another program has saved history.csv, which may have changed this: restore history.csv "
        "from a copy."
    )
    assert verified(session).notes == ()


def test_a_table_with_semicolons_is_told_as_one(session: Path) -> None:
    file = session / REVIEWS.file
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.reader(opened))
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened, delimiter=";").writerows(rows)
    cause, remedy = lines(session)
    assert cause.startswith("reviews.csv divides its cells with another sign than a comma")
    assert remedy == (
        "  If there is no copy, `llmchem resume it` makes it anew from the journal, which does not "
        "tell what a person graded; what cannot be read of it is then only in reviews.csv.damaged."
    )


def test_a_table_that_is_no_file_has_to_be_moved_away_first(session: Path) -> None:
    (session / HISTORY.file).unlink()
    (session / HISTORY.file).mkdir()
    assert "If there is no copy, move it away: `llmchem resume it` makes" in lines(session)[-1]


def test_a_command_that_needs_session_toml_comes_after_it(session: Path) -> None:
    change_rows(session, HISTORY, lambda rows: rows.__delitem__(slice(3, None)))
    (session / SESSION_FILE).unlink()
    assert lines(session)[-1].startswith("  Once session.toml is restored, `llmchem resume it`")


def test_a_damaged_trial_name_is_the_tables_fault(session: Path) -> None:
    change_cell(session, HISTORY, "trial", f"{NAME} 7", place=0)
    (finding,) = (one for one in verified(session).findings if "its beginning is" in one.text)
    assert finding.trial == f"{NAME} 7"
    assert finding.remedy == (
        "Restore history.csv from a copy; if that changes nothing, journal.jsonl."
    )


def test_a_lost_end_alone_is_no_harm_to_the_results(session: Path) -> None:
    change_events(session, lambda events: events.remove(of_type(events, "RoundEnded")[0]))
    assert lines(session)[-1] == (
        "  Its results are whole in history.csv: restore journal.jsonl if there is a copy, else "
        "nothing needs to be done."
    )


def test_resume_is_no_remedy_where_it_needs_what_is_missing_too(session: Path) -> None:
    (session / HISTORY.file).unlink()
    assert lines(session)[-1].startswith("  If there is no copy, `llmchem resume it` makes it anew")
    (session / SESSION_FILE).unlink()
    assert not any("resume" in line for line in lines(session))


# --- session.toml -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefix", "says", "are"), [("sim/", "false", "simulated"), ("", "true", "real")]
)
def test_simulated_has_to_be_said_of_simulated_models_alone(
    tmp_path: Path, prefix: str, says: str, are: str
) -> None:
    folder = save_session(tmp_path, 1, prefix=prefix)
    right = {"true": "false", "false": "true"}[says]
    assert verified(folder).findings == ()
    change_text(folder / SESSION_FILE, f"simulated = {right}", f"simulated = {says}")
    assert lines(folder) == [
        f"session.toml says simulated = {says}, but its models are {are} ones.",
        f"  Restore session.toml from a copy, or write simulated = {right} there.",
    ]


def test_prompts_have_digests_and_unknown_ones_are_noted(session: Path) -> None:
    texts = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("system", "answer")}
    prompts = {name: f"sha256:{digest}" for name, digest in texts.items()}
    prompts |= {"review": prompts["system"], "repair": prompts["answer"]}
    table = "[prompts]\n" + "".join(f'{name} = "{one}"\n' for name, one in prompts.items())
    change_text(session / SESSION_FILE, "[prompts]\n", table)

    def checked(*known: dict[str, str]) -> Verified:
        return verify_session(session, 0.5, prompts=known)

    assert (checked(prompts).findings, checked(prompts).notes) == ((), ())
    assert checked({"system": prompts["system"]}).notes == (
        "The prompts answer, repair are, by the digest in session.toml, neither llmchem's nor that "
        "of the settings: whether somebody changed the digest cannot be told.",
    )
    change_text(session / SESSION_FILE, f'answer = "{prompts["answer"]}"', 'answer = "sha256:12"')
    change_text(session / SESSION_FILE, f'repair = "{prompts["repair"]}"\n', "")
    assert [one.text for one in checked(prompts).findings] == [
        f"session.toml has no digest of the prompt {name}." for name in ("answer", "repair")
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("format = 1", 'format = "one"', "format is not what it should be"),
        ("simulated = false\n", "", "simulated is missing"),
        ("abstain_below = 0.5", "abstain_below = 7", "abstain_below is not what it should be"),
        ('name = "a"\n', "", "name is missing in models"),
        ("format = 1", "format = ", "line 1 is not as TOML has it"),
        ("private", "# \udcff\nprivate", "line 4 is not UTF-8 text"),
    ],
)
def test_what_is_wrong_with_session_toml_is_said_in_our_words(
    session: Path, old: str, new: str, told: str
) -> None:
    file = session / SESSION_FILE
    text = file.read_text("utf-8")
    assert old in text
    file.write_bytes(text.replace(old, new, 1).encode("utf-8", "surrogateescape"))
    (finding,) = verified(session).findings
    assert finding.text.startswith(f"session.toml is damaged ({told}): restore it from a copy.")


def test_a_byte_order_mark_in_session_toml_is_no_fault(session: Path) -> None:
    file = session / SESSION_FILE
    file.write_bytes(codecs.BOM_UTF8 + file.read_bytes())
    assert verified(session).findings == ()


def test_only_texts_tell_whether_a_session_is_private(session: Path) -> None:
    change_text(session / SESSION_FILE, "private = false", "private = true")
    assert lines(session) == [
        "Only session.toml says that the session is private.",
        "  Restore session.toml from a copy.",
    ]


def test_a_seed_changed_in_the_journal_is_not_laid_at_the_tables_door(session: Path) -> None:
    change_events(session, lambda events: events[0].update(seed=8))
    assert lines(session) == [
        f"session.toml has the seed 7 for round {FIRST}; journal.jsonl has 8.",
        "  and 3 more that follow from it: seed of 3 models.",
        RESTORE_JOURNAL,
    ]


# --- files of several sessions ------------------------------------------------------------------


@pytest.mark.parametrize("file", [SESSION_FILE, HISTORY.file, REVIEWS.file])
def test_a_file_of_another_session_is_told_as_one_cause(
    session: Path, tmp_path: Path, file: str
) -> None:
    other = save_session(tmp_path / "other", created=CREATED.replace(year=2025))
    shutil.copy(other / file, session / file)
    cause, rest, remedy = lines(session)
    assert cause == f"{file} is of the session {other.name}, journal.jsonl of {NAME}."
    assert re.match(r"  and \d+ more that follow from it", rest)
    assert remedy == f"  Restore {file} from a copy."


def test_without_seeds_session_toml_is_known_by_its_time(tmp_path: Path) -> None:
    folder = save_events(tmp_path, cancelled_round(FIRST))
    assert verified(folder).findings == ()
    change_text(folder / SESSION_FILE, "created = 2026-01-31", "created = 2025-01-31")
    assert lines(folder) == [
        f"session.toml is of the session {NAME.replace('2026', '2025')}, journal.jsonl of {NAME}.",
        "  Restore journal.jsonl, or session.toml, from a copy: they belong together.",
    ]


def test_one_round_of_another_name_does_not_make_it_another_session(session: Path) -> None:
    change_cell(session, HISTORY, "trial", "other 1", place=0)
    told = " ".join(lines(session))
    assert "is of the session" not in told
    assert "Round other 1 is in history.csv, but its beginning is not in the journal." in told


def test_a_journal_of_another_session_is_told_as_one_cause(session: Path, tmp_path: Path) -> None:
    other = save_session(tmp_path / "other", created=CREATED.replace(year=2025))
    shutil.copy(other / JOURNAL_FILE, session / JOURNAL_FILE)
    cause, _, remedy = lines(session)
    assert cause == (
        f"session.toml, history.csv and reviews.csv are of the session {NAME}, journal.jsonl of "
        f"{other.name}."
    )
    assert remedy == (
        "  Restore journal.jsonl, or session.toml, history.csv and reviews.csv, from a copy: they "
        "belong together."
    )


def test_sessions_of_one_second_are_told_apart(tmp_path: Path) -> None:
    first, second = save_session(tmp_path), save_session(tmp_path)
    assert second.name == f"{first.name}-2"
    assert verified(second).findings == ()
    shutil.copy(second / JOURNAL_FILE, first / JOURNAL_FILE)
    assert "journal.jsonl of " + second.name in lines(first)[0]


# --- vignettes ----------------------------------------------------------------------------------


def add_case(events: Events, round_: int) -> None:
    of_type(events, "RoundStarted")[round_]["vignette"]["text"] += " He is allergic to penicillin."


def test_a_vignette_that_changed_between_rounds_is_told(session: Path) -> None:
    change_events(session, lambda events: add_case(events, 1))
    cause, remedy = lines(session)
    assert cause == (
        f"Round {SECOND}: the vignette cough in journal.jsonl is another one than in round {FIRST}."
    )
    assert "of two vignettes under one name: do not count them together" in remedy


def test_texts_without_a_name_of_their_own_may_be_any_two(session: Path) -> None:
    def name(events: Events) -> None:
        for begun in of_type(events, "RoundStarted"):
            begun["vignette"]["id"] = NOTE
        add_case(events, 1)

    change_events(session, name)
    for place in range(6):
        change_cell(session, HISTORY, "vignette", NOTE, place)
    assert verified(session).findings == ()


def test_a_vignette_changed_in_a_resumed_round_is_told_by_the_batchs_digest(
    tmp_path: Path,
) -> None:
    folder = save_events(tmp_path, resumed(cancelled_round(FIRST), FIRST))
    batch = {"vignettes": {VIGNETTE.id: vignette_digest(VIGNETTE)}}
    tables = SessionInfo(CREATED, tuple(map(spec, "abc")), batch=batch).tables()
    (folder / SESSION_FILE).write_bytes(session_toml(tables | {"seeds": {FIRST: 7}}))
    assert verified(folder).findings == ()
    change_events(folder, lambda events: add_case(events, 0))
    cause, remedy = lines(folder)
    assert cause.endswith(
        "the vignette cough in journal.jsonl has not the digest that session.toml has of it."
    )
    assert remedy == "  Restore journal.jsonl from a copy; if that changes nothing, session.toml."


@pytest.mark.parametrize("ours", [True, False])
def test_a_vignette_of_ours_is_the_one_that_comes_with_this_version(
    session: Path, ours: bool
) -> None:
    def change(events: Events) -> None:
        for begun in of_type(events, "RoundStarted"):
            begun["vignette"]["id"] = "cap-older-adult"

    change_events(session, change)
    for place in range(6):
        change_cell(session, HISTORY, "vignette", "cap-older-adult", place)
    if not ours:
        change_text(session / SESSION_FILE, *OTHER_VERSION)
    told = [line for line in lines(session) if "the vignette" in line]
    assert [line.endswith("is not the one that comes with llmchem.") for line in told] == (
        [True, True] if ours else []
    )


# --- what is no fault ---------------------------------------------------------------------------


def test_an_interrupted_round_is_no_fault_and_resume_is_named(tmp_path: Path) -> None:
    folder = save_events(tmp_path, cancelled_round(FIRST))
    result = verified(folder)
    assert result.findings == ()
    assert result.notes == (
        "1 round has not ended: `llmchem resume it` goes on with it, if its models are there.",
    )
    writer = JournalWriter.reopen(folder / JOURNAL_FILE)
    try:
        assert verified(folder).notes == (
            "1 round has not ended: another llmchem is writing the session now.",
        )
    finally:
        writer.close()


def test_a_name_with_a_blank_is_quoted_for_the_shell(tmp_path: Path) -> None:
    folder = save_events(tmp_path / "my sessions", cancelled_round(FIRST))
    (note,) = verify_session(folder, 0.5).notes
    assert f"`llmchem resume '{folder}'`" in note


def test_of_a_private_session_nothing_can_go_on(tmp_path: Path) -> None:
    folder = save_session(tmp_path, 1, private=True)
    change_rows(folder, HISTORY, lambda rows: rows.clear())
    assert lines(folder)[1] == (
        "  Restore history.csv from a copy. Without texts a round cannot be scored again."
    )
    change_events(folder, lambda events: events.remove(of_type(events, "RoundEnded")[0]))
    change_rows(folder, REVIEWS, lambda rows: rows.clear())
    assert verified(folder).notes == (
        "1 round has not ended: nothing can go on without texts, so run a new round.",
    )


def test_a_torn_last_line_is_a_crashs_doing_unless_more_is_wrong(session: Path) -> None:
    file = session / JOURNAL_FILE
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"type":"TextArr')
    assert lines(session) == [
        "journal.jsonl: the torn last line was dropped.",
        "  A crash leaves such a line: no call that was shown as done is lost, and the next "
        "`llmchem resume it` cuts it off.",
    ]
    file.write_bytes(whole[: len(whole) // 2])
    assert len(read_journal(session).notes) == 1
    assert RESTORE_JOURNAL in lines(session)
    assert not any("A crash" in line for line in lines(session))


def test_another_version_is_named_only_where_something_differs(session: Path) -> None:
    change_text(session / SESSION_FILE, *OTHER_VERSION)
    assert verified(session).notes == ()
    change_cell(session, HISTORY, "quality", "9.5")
    (note,) = verified(session).notes
    assert re.fullmatch(
        r"The session was begun with llmchem [\d.]+, which may compute otherwise\.", note
    )
