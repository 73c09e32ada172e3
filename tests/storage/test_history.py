"""Reading histories: ours, the authors', and all the ways in which a file can be damaged."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage import history_reading
from llmchem_tui.storage.history import join, read_history, read_sessions
from llmchem_tui.storage.history_columns import date_in
from llmchem_tui.storage.history_copies import COMPARED
from llmchem_tui.storage.profiles import profiles
from llmchem_tui.storage.rounds import HISTORY_COLUMNS
from llmchem_tui.storage.selections import exclude_repeats, only, select_task, tasks
from llmchem_tui.storage.tables import csv_block, guarded, header_line, unguarded

Write = Callable[..., Path]

THEIRS = (
    "trial,model,task,latency,temperature,id,result,quality,generation_accuracy,variance,"
    "review_accuracy,accuracy,elapsed,strategy,created\n"
)
ROW = "T 1,a,task,2.0,0.6,Item_0,text,8.5,1.0,0.1,0.9,0.975,26s,RANDOM,2025-07-11 09:43:21\n"


@pytest.fixture(scope="module", params=[0, math.inf], ids=["large", "small"], autouse=True)
def large(request: pytest.FixtureRequest) -> Iterator[None]:
    """Take every file for a large one, which may be read in the quick way, or none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_reading, "LARGE", request.param)
        yield


@pytest.fixture
def theirs(tmp_path: Path) -> Write:
    """Return a function that writes rows below the header of a published file."""

    def write(rows: str | bytes, name: str = "theirs.csv", header: str = THEIRS) -> Path:
        path = tmp_path / name
        path.write_bytes(header.encode() + (rows if isinstance(rows, bytes) else rows.encode()))
        return path

    return write


def write_ours(path: Path, *rows: Mapping[str, str | float | None]) -> Path:
    blank = dict.fromkeys(HISTORY_COLUMNS)
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = [{**blank, "trial": "s 1", "model": "a", "task": "t", **row} for row in rows]
    path.write_bytes(header_line(HISTORY_COLUMNS) + csv_block(HISTORY_COLUMNS, whole))
    return path


def test_a_published_file_gets_our_columns_and_their_alias(theirs: Write) -> None:
    history = read_history([theirs(ROW)])
    assert tuple(history.frame.columns) == HISTORY_COLUMNS
    row = history.frame.iloc[0]
    assert row["gen_accuracy"] == 1.0
    assert row["strategy"] == "RANDOM"
    assert math.isnan(row["confidence"])
    assert (history.repaired, history.notes) == (0, ())


def test_where_there_is_no_status_an_answer_with_a_text_is_ok(
    theirs: Write, tmp_path: Path
) -> None:
    without = theirs(ROW + ROW.replace("T 1", "T 2").replace("text", ""))
    told = [{"result": "text"}, {"result": "text", "status": "timeout"}, {"status": "odd"}, {}]
    own = write_ours(tmp_path / "ours" / "history.csv", *told)
    for columns in (None, ["status"]):
        history = read_history([without, own], columns)
        assert history.frame["status"].tolist() == ["ok", "", "ok", "timeout", "odd", ""]


def test_a_shifted_row_is_repaired_counted_and_reported(theirs: Write) -> None:
    shifted = ROW.replace("RANDOM,2025-07-11 09:43:21", "2025-07-11 12:12:55,")
    path = theirs(ROW + shifted)
    history = read_history([path])
    assert history.repaired == 1
    assert history.frame["strategy"].tolist() == ["RANDOM", ""]
    assert history.frame["created"].tolist() == ["2025-07-11 09:43:21", "2025-07-11 12:12:55"]
    assert history.notes == (f"{path}: shifted rows repaired (strategy unknown): 1.",)


def test_a_strategy_without_a_date_is_not_repaired(theirs: Write) -> None:
    history = read_history([theirs(ROW.replace(",2025-07-11 09:43:21", ","))])
    assert history.repaired == 0
    assert history.frame["strategy"].tolist() == ["RANDOM"]


def test_results_of_several_lines_and_with_apostrophes_survive_unchanged(theirs: Write) -> None:
    results = ["'Says so' is false", 'one\n\ntwo, "three"\r\nfour', "'=1+1", "''-x", " blank "]
    rows = "".join(ROW.replace("text", '"' + text.replace('"', '""') + '"') for text in results)
    assert read_history([theirs(rows)]).frame["result"].tolist() == results


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("2026-01-31 09:15:00", "2026-01-31 09:15:00"),
        ("2026-01-31T09:15:00", "2026-01-31 09:15:00"),
        ("2026-01-31 09:15:00.999999999", "2026-01-31 09:15:00"),
        ("2026-01-31T09:15:00Z", "2026-01-31 09:15:00"),
        ("2026-01-31 23:15:00-02:30", "2026-02-01 01:45:00"),
        (" 2026-01-31 ", "2026-01-31 00:00:00"),
        (" ", ""),
    ],
)
def test_dates_are_read_as_other_programs_write_them(theirs: Write, cell: str, date: str) -> None:
    history = read_history([theirs(ROW + ROW.replace("2025-07-11 09:43:21", cell))])
    assert history.frame["created"].tolist() == ["2025-07-11 09:43:21", date]
    assert history.notes == ()


@pytest.mark.parametrize(
    "cell",
    ["31.01.2026", "1/31/2026 9:15", "2026-02-30", "46053.4", "20260131", "0001-01-01T00+01"],
)
def test_what_is_no_date_is_missing_and_counted(theirs: Write, cell: str) -> None:
    path = theirs(ROW.replace("2025-07-11 09:43:21", cell) * 2 + ROW)
    history = read_history([path])
    assert history.frame["created"].tolist() == ["", "", "2025-07-11 09:43:21"]
    said = "dates not readable, taken as missing (give them as 2026-01-31 09:15:00, in UTC): 2."
    assert history.notes == (f"{path}: {said}",)


ZONES = st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(timezones=ZONES).map(lambda moment: moment.replace(microsecond=0))


@given(MOMENTS, MOMENTS, st.sampled_from("T "))
def test_the_order_of_dates_is_that_of_time(one: datetime, other: datetime, sign: str) -> None:
    first, second = (date_in(moment.isoformat(sign)) for moment in (one, other))
    if first and second:  # in UTC it may be a year that has no number
        assert (first < second) is (one < other)


@pytest.mark.parametrize(
    ("cell", "strategy"),
    [("chemistry", "CHEMISTRY"), (" Random ", "RANDOM"), ("my Own", "my Own"), (" ", "")],
)
def test_our_strategies_are_read_in_any_case(theirs: Write, cell: str, strategy: str) -> None:
    history = read_history([theirs(ROW.replace("RANDOM", cell))])
    assert history.frame["strategy"].tolist() == [strategy]


def test_only_files_of_ours_lose_the_spreadsheet_guard(tmp_path: Path, theirs: Write) -> None:
    ours = write_ours(tmp_path / "ours.csv", {"result": "=1+1", "status": "ok"})
    assert "'=1+1" in ours.read_text()
    frame = read_history([ours, theirs(ROW.replace("text", "'=1+1"))]).frame
    assert frame["result"].tolist() == ["=1+1", "'=1+1"]


@given(st.text(alphabet="'=+-@\t\rab", max_size=6))
def test_the_spreadsheet_guard_is_undone_exactly_and_leaves_no_formula(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(tuple("=+-@\t\r"))
    assert guarded(text) == text or guarded(text) == "'" + text


@given(
    number=st.floats(0, 1),
    text=st.text(st.characters(exclude_categories=["Cs"])) | st.text("a'=,\"\r\n"),
)
def test_what_is_written_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory, number: float, text: str
) -> None:
    path = tmp_path_factory.mktemp("h") / "history.csv"
    write_ours(path, {"accuracy": number, "result": text, "status": "ok"})
    row = read_history([path]).frame.iloc[0]
    assert row["accuracy"] == number
    assert row["result"] == text.replace("\0", "\ufffd")


def test_numbers_come_back_to_the_last_bit(theirs: Write) -> None:
    digits = ["2.872405259884072e-07", "0.024277160410347616", "0.1", "5e-324"]
    rows = "".join(ROW.replace("0.1,", f"{text},") for text in digits)
    assert read_history([theirs(rows)]).frame["variance"].tolist() == [float(t) for t in digits]


def test_what_is_no_number_of_its_range_is_missing_and_counted(theirs: Write) -> None:
    cells = ["high", "inf", "-1", "10.5", "1e999", "", " ", "nan"]
    path = theirs("".join(ROW.replace("8.5", cell).replace("2.0", cell) for cell in cells))
    history = read_history([path])
    assert history.frame["quality"].isna().all()
    assert history.frame["latency"].dropna().tolist() == [10.5]
    assert history.notes == (f"{path}: numbers not readable or out of range, taken as missing: 9.",)


def test_equal_texts_are_held_once(tmp_path: Path) -> None:
    rows = [{"vignette": "cough", "status": "ok", "seed": str(2**40)} for _ in range(3)]
    frame = read_history([write_ours(tmp_path / "h.csv", *rows)]).frame
    for name in ("trial", "model", "vignette", "seed"):
        assert len({id(text) for text in frame[name]}) == 1


def test_a_row_without_a_model_is_left_out_and_counted(theirs: Write) -> None:
    path = theirs(ROW + ROW.replace(",a,", ",,"))
    history = read_history([path])
    assert history.frame["model"].tolist() == ["a"]
    assert history.notes == (f"{path}: rows without a trial or a model left out: 1.",)


def test_byte_order_mark_crlf_blank_lines_and_foreign_columns_are_accepted(theirs: Write) -> None:
    header = "\ufefftrial, model,,task ,quality,accuracy,mood\r\n"
    path = theirs("T 1,a,0,t,8,0.5,good\r\n\r\nT 1,b,1,t,7,0.5,bad\r\n\r\n", header=header)
    frame = read_history([path]).frame
    assert tuple(frame.columns) == HISTORY_COLUMNS
    assert frame["model"].tolist() == ["a", "b"]
    assert frame["quality"].tolist() == [8.0, 7.0]


def test_an_answer_longer_than_the_csv_modules_limit_is_read(theirs: Write) -> None:
    long = "x" * 200_000
    assert read_history([theirs(ROW.replace("text", long))]).frame["result"][0] == long


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("", ": no rows yet; give a history of finished rounds."),
        (ROW + "T 1,a\n", ", line 3: 2 cells where the header has 15; repair or remove the row."),
        (
            ROW.replace("text", '"two\nlines"') + ROW.replace("26s", "26s,27s"),
            ", line 4: 16 cells where the header has 15; repair or remove the row.",
        ),
        (
            ROW + ROW.replace("text", '"never closed') + ROW,
            ", line 3: a quoted cell does not end as it should; repair or remove the row.",
        ),
        (
            ROW + "a\0b",
            ", line 3: there is a NUL byte, so this is not a CSV file in UTF-8; "
            "export it again as text.",
        ),
        (
            ROW.encode() + b"caf\xe9",
            ", line 3: this is not UTF-8 text; save the file as CSV in UTF-8.",
        ),
    ],
)
def test_a_damaged_file_gets_one_sentence_with_line_and_remedy(
    theirs: Write, rows: str | bytes, sentence: str
) -> None:
    path = theirs(rows)
    with pytest.raises(InputError) as refusal:
        read_history([path])
    assert str(refusal.value).replace(str(path), "").strip() == sentence.strip()
    assert str(path) in str(refusal.value)


def test_the_missing_columns_are_named(theirs: Write) -> None:
    path = theirs("T 1,a\n", header="trial,model\n")
    with pytest.raises(InputError, match=r"lacks task, quality, accuracy: a history needs"):
        read_history([path])
    with pytest.raises(InputError, match=r"lacks trial, model, task, quality, accuracy"):
        read_history([theirs("\n", header="\ufeff")])


def test_a_column_under_both_of_its_names_is_refused(theirs: Write) -> None:
    path = theirs(ROW, header=THEIRS.replace("variance", "gen_accuracy"))
    with pytest.raises(InputError, match="has the column gen_accuracy twice"):
        read_history([path])


def test_files_and_folders_that_are_not_there_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b" \n")
    for name, sentence in {
        "absent.csv": f"There is no file {tmp_path / 'absent.csv'}: check the path.",
        ".": f"The folder {tmp_path} has no history.csv, nor has a "
        "folder in it: give a session folder, a folder of sessions, or a CSV file.",
        "empty.csv": f"{tmp_path / 'empty.csv'} is empty: choose a file that was written "
        "completely.",
        "empty.csv/x": f"{tmp_path / 'empty.csv' / 'x'} cannot be read (Not a directory): check "
        "the file and its permissions.",
    }.items():
        with pytest.raises(InputError) as refusal:
            read_history([tmp_path / name])
        assert str(refusal.value) == sentence


def test_session_folders_and_files_are_read_in_order_each_once(
    tmp_path: Path, theirs: Write
) -> None:
    ours = write_ours(tmp_path / "s" / "history.csv", {"model": "b"}, {"model": "c"})
    history = read_history([ours.parent, theirs(ROW), ours, ours.parent])
    assert history.frame["model"].tolist() == ["b", "c", "a"]
    assert history.frame.index.tolist() == [0, 1, 2]


CREATED = "2026-01-31 09:15:00"


def a_round(trial: str, quality: float, **more: str | float) -> list[dict[str, str | float]]:
    """Two rows of one round: an answer with a quality, and one that failed."""
    shared = {"trial": trial, "created": CREATED, "seed": "7", **more}
    return [{**shared, "model": "a", "quality": quality}, {**shared, "model": "b"}]


def test_a_round_in_a_session_and_in_a_copy_counts_once(tmp_path: Path) -> None:
    """The copy went through a spreadsheet: no seed, other dates, fewer digits. A round came on."""
    ours = write_ours(tmp_path / "s" / "history.csv", *a_round("s 1", 8.123456789012345))
    lost = {"seed": "", "created": "2026-01-31T09:15:00"}
    rows = a_round("s 1", 8.123456789, **lost) + a_round("s 2", 8.123456789, **lost)
    copy = write_ours(tmp_path / "copy.csv", *rows)
    history = read_history([ours, copy])
    assert history.frame["trial"].tolist() == ["s 1", "s 1", "s 2", "s 2"]
    assert history.frame["seed"].tolist() == ["7", "7", "", ""]
    assert history.frame.index.tolist() == [0, 1, 2, 3]
    assert history.notes == ("Rows of rounds that were given twice, counted once: 2.",)


@pytest.mark.parametrize(
    ("quality", "more"),
    [(7.0, {}), (8.0, {"created": ""}), (8.0, {"strategy": "LOCAL"})],
    ids=["another score", "no date", "another strategy"],
)
def test_rounds_of_one_name_that_may_differ_are_both_kept(
    tmp_path: Path, quality: float, more: dict[str, str | float]
) -> None:
    one = write_ours(tmp_path / "one.csv", *a_round("s 1", 8.0, **{**more, "strategy": ""}))
    other = write_ours(tmp_path / "other.csv", *a_round("s 1", quality, **more))
    history = read_history([one, other])
    assert (len(history.frame), history.notes) == (4, ())


def test_all_sessions_of_a_folder_are_read_but_the_excluded_and_the_damaged(
    tmp_path: Path,
) -> None:
    for name in ("2026-01-03", "2026-01-01", "2026-01-02"):
        write_ours(tmp_path / name / "history.csv", {"model": name})
    write_ours(tmp_path / "2026-01-04" / "history.csv")
    (tmp_path / "2026-01-05").mkdir()
    damaged = tmp_path / "2026-01-06" / "history.csv"
    damaged.parent.mkdir()
    damaged.write_text("trial,model\nx,y\n")
    history = read_sessions(tmp_path, exclude="2026-01-02")
    assert history.frame["model"].tolist() == ["2026-01-01", "2026-01-03"]
    (note,) = history.notes
    assert note.startswith(f"Left out: {damaged} lacks task, quality, accuracy")


def test_a_folder_without_sessions_gives_a_history_without_rows(tmp_path: Path) -> None:
    for history in (read_sessions(tmp_path / "absent"), read_history([]), join([])):
        assert history.frame.empty
        assert tuple(history.frame.columns) == HISTORY_COLUMNS
        assert tasks(only(exclude_repeats(history, "v", 1), simulated=True)) == {}
        assert select_task(history, None).frame.empty


def test_joined_histories_keep_their_notes_and_repairs(theirs: Write) -> None:
    shifted = ROW.replace("RANDOM,2025-07-11 09:43:21", "2025-07-11 12:12:55,")
    one = read_history([theirs(shifted, "one.csv")])
    two = read_history([theirs(shifted.replace("T 1", "T 2"), "two.csv")])
    both = join([one, two])
    assert both.repaired == 2
    assert both.notes == one.notes + two.notes


def test_the_only_task_is_selected_and_several_are_listed_with_their_rows(theirs: Write) -> None:
    one = read_history([theirs(ROW)])
    assert select_task(one, None) is one
    several = read_history([theirs(ROW * 2 + ROW.replace("task", "credibility"))])
    assert tasks(several) == {"credibility": 1, "task": 2}
    assert len(select_task(several, "task").frame) == 2
    with pytest.raises(InputError) as refusal:
        select_task(several, None)
    assert str(refusal.value) == (
        'The history holds several tasks, name one of them: "credibility" (1 row); "task" (2 rows).'
    )


def test_an_unknown_task_without_a_near_one_is_answered_with_the_known(theirs: Write) -> None:
    with pytest.raises(InputError, match=r'no task "xyz" in the history\. It has: "task" \(1 row'):
        select_task(read_history([theirs(ROW)]), "xyz")


def test_an_unknown_task_is_answered_with_the_nearest_and_the_known(theirs: Write) -> None:
    history = read_history([theirs(ROW)])
    with pytest.raises(InputError) as refusal:
        select_task(history, "tasks")
    assert str(refusal.value) == (
        'There is no task "tasks" in the history. Did you mean "task"? It has: "task" (1 row).'
    )


def test_simulated_and_real_rows_are_told_apart(theirs: Write) -> None:
    history = read_history([theirs(ROW + ROW.replace(",a,", ",sim/a,"))])
    assert only(history, simulated=True).frame["model"].tolist() == ["sim/a"]
    assert only(history, simulated=False).frame["model"].tolist() == ["a"]


def test_a_simulated_round_of_the_same_vignette_and_seed_is_left_out(tmp_path: Path) -> None:
    rows = [
        {"model": "sim/a", "vignette": "v", "seed": "7"},
        {"model": "sim/b", "vignette": "v", "seed": "8"},
        {"model": "sim/c", "vignette": "w", "seed": "7"},
        {"model": "real", "vignette": "v", "seed": "7"},
    ]
    history = exclude_repeats(read_history([write_ours(tmp_path / "h.csv", *rows)]), "v", 7)
    assert history.frame["model"].tolist() == ["sim/b", "sim/c", "real"]


def test_importing_storage_does_not_load_pandas() -> None:
    code = (
        "import sys, llmchem_tui.storage.sessions, llmchem_tui.storage.profiles;"
        "sys.exit(' '.join({'pandas', 'numpy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize("spelling", ["true", "True", "TRUE"])
def test_recommended_is_read_as_other_programs_write_it(tmp_path: Path, spelling: str) -> None:
    file = tmp_path / "h.csv"
    file.write_text(f"trial,model,task,quality,accuracy,recommended\n1,a,t,8,.5,{spelling}\n")
    assert read_history([file]).frame["recommended"].tolist() == ["true"]


def test_of_the_columns_only_those_are_read_that_are_needed_and_they_hold_the_same(
    tmp_path: Path, theirs: Write
) -> None:
    ours = tmp_path / "ours.csv"
    write_ours(ours, *a_round("s 1", 5.0, accuracy=0.5, vignette="=cough"))
    paths = [ours, theirs(ROW)]
    whole, some = read_history(paths), read_history(paths, ["vignette"])
    assert {*some.frame.columns} == {*COMPARED, "vignette"}
    pandas.testing.assert_frame_equal(some.frame, whole.frame[list(some.frame.columns)])
    assert profiles(some) == profiles(whole) != {}
    assert some.frame["vignette"].tolist() == ["=cough", "=cough", ""]
