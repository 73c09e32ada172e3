"""Going on with a session after a crash: what had ended is put back, what had not stays out."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from llmchem_tui.analysis.verify import verify_session
from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.files import StorageError
from llmchem_tui.storage.history import read_history
from llmchem_tui.storage.reopening import reopen_session
from tests.saved_sessions import NAME, change_lines, save_session

_ROUND = 3  # rows of a round in history.csv


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A session of two rounds of three."""
    return save_session(tmp_path)


def reopen(folder: Path) -> int:
    """Go on with a session and leave it; returns how many rounds it has finished."""
    with closing(reopen_session(folder)) as session:
        assert session.next_trial() == f"{NAME} 3"
        return session.rounds


def mended(folder: Path) -> str:
    """Go on with a session of three rounds and leave it; returns what is told."""
    with closing(reopen_session(folder)) as session:
        assert session.rounds == 3
        return " ".join(session.notes)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def cut_history(folder: Path, bytes_of_last_round: int = 0) -> None:
    content = (folder / "history.csv").read_bytes()
    last = content.index(f"{NAME} 2,".encode())
    (folder / "history.csv").write_bytes(content[: last + bytes_of_last_round])


def cut_reviews(folder: Path) -> None:
    cut_history(folder)
    content = (folder / "reviews.csv").read_bytes()
    (folder / "reviews.csv").write_bytes(content[: content.index(f"{NAME} 2,".encode())])


def cut_seed(folder: Path) -> None:
    cut_reviews(folder)
    change(folder, f'"{NAME} 2" = ', "# ")


def change(folder: Path, old: str, new: str) -> None:
    file = folder / "session.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    "crash",
    [
        lambda folder: cut_history(folder, 500),
        lambda folder: cut_history(folder, 20),
        cut_history,
        cut_reviews,
        cut_seed,
    ],
    ids=["in a row", "in a cell", "before the history", "before the reviews", "before the seed"],
)
def test_a_round_that_has_ended_in_the_journal_gets_its_rows_back(
    session: Path, crash: Callable[[Path], None]
) -> None:
    before, reviews = rows(session), (session / "reviews.csv").read_bytes()
    settings = (session / "session.toml").read_bytes()
    crash(session)
    assert reopen(session) == 2
    for row in before[_ROUND:]:
        row["created"] = ""  # which no file of the session tells
    assert rows(session) == before
    assert (session / "reviews.csv").read_bytes() == reviews
    assert (session / "session.toml").read_bytes() == settings
    assert set(read_history([session]).frame["created"]) == {before[0]["created"], ""}


def test_a_session_that_is_whole_stays_as_it_is(session: Path) -> None:
    before = {path: path.read_bytes() for path in session.iterdir()}
    assert reopen(session) == reopen(session) == 2
    assert {path: path.read_bytes() for path in session.iterdir()} == before


@pytest.mark.parametrize(
    ("written", "recommends"),
    [("abstain_below = 0.99\n", False), ("abstain_below = 0.0\n", True), ("", True)],
)
def test_it_is_scored_by_the_sessions_own_threshold(
    session: Path, written: str, recommends: bool
) -> None:
    cut_history(session)
    change(session, "abstain_below = 0.5\n", written)
    assert reopen(session) == 2
    assert any(row["confidence"] for row in rows(session)[_ROUND:]) is recommends


def test_a_private_round_is_not_put_back_for_its_answers_are_not_known(tmp_path: Path) -> None:
    session = save_session(tmp_path, private=True)
    cut_history(session)
    assert reopen(session) == 1
    assert len(rows(session)) == _ROUND


def cancel(lines: list[bytes]) -> None:
    lines[-2] = lines[-2].replace(b'"cancelled":false', b'"cancelled":true')


def never_end(lines: list[bytes]) -> None:
    del lines[-2]


def damage_answer(lines: list[bytes]) -> None:
    place = max(i for i, line in enumerate(lines) if b'"AnswerEnded"' in line)
    lines[place] = lines[place][:-5]


def damage_review(lines: list[bytes]) -> None:
    place = max(i for i, line in enumerate(lines) if b'"ReviewEnded"' in line)
    lines[place] = lines[place][:-5]


@pytest.mark.parametrize("harm", [cancel, never_end, damage_answer, damage_review])
def test_a_round_that_is_not_whole_in_the_journal_is_not_put_back(
    session: Path, harm: Callable[[list[bytes]], None]
) -> None:
    cut_history(session)
    change_lines(session, harm)
    assert reopen(session) == 1
    assert {row["trial"] for row in rows(session)} == {f"{NAME} 1"}


# --- tables that are damaged ----------------------------------------------------------------------

HISTORY, REVIEWS = "history.csv", "reviews.csv"
Harm = Callable[[bytes], bytes]


def cut_in_the_second_round(content: bytes) -> bytes:
    return content[: content.index(f"{NAME} 2,".encode()) + 20]


DAMAGE: dict[str, Harm] = {
    "noise": lambda content: b"\x89PNG\r\n" + content,
    "of another program": lambda content: content.replace(b",", b";"),
    "torn": cut_in_the_second_round,
    "no text in the second round": lambda content: content.replace(
        f"{NAME} 2,".encode(), b"\xff\xfe,", 1
    ),
}


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """A session of three rounds of three, of which a person has graded an answer of the first."""
    return save_session(tmp_path, 3, own_grade=0.4)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_history_is_put_beside_and_made_again(three: Path, damage: Harm) -> None:
    before, reviews = rows(three), (three / REVIEWS).read_bytes()
    harmed = damage((three / HISTORY).read_bytes())
    (three / HISTORY).write_bytes(harmed)
    told = mended(three)
    assert "history.csv was damaged, and is kept as history.csv.damaged;" in told
    assert "history.csv from the journal: " in told
    assert (three / f"{HISTORY}.damaged").read_bytes() == harmed
    assert (three / f"{HISTORY}.damaged").stat().st_mode & 0o777 == 0o600
    known = {row["trial"] for row in rows(three) if row["created"]}
    for row in before:
        row["created"] = row["created"] if row["trial"] in known else ""
    assert sorted(rows(three), key=lambda row: row["trial"]) == before
    assert (three / REVIEWS).read_bytes() == reviews  # with the person's
    assert verify_session(three, 0.5).findings == ()
    assert mended(three) == ""


def test_a_round_that_lacks_a_row_between_others_is_made_again_and_not_doubled(three: Path) -> None:
    before = rows(three)
    lines = (three / HISTORY).read_bytes().splitlines(keepends=True)
    first = next(i for i, line in enumerate(lines) if line.startswith(f"{NAME} 2,".encode()))
    while not lines[first + 1].startswith(f"{NAME} 2,".encode()):  # a text of several lines
        del lines[first]
    (three / HISTORY).write_bytes(b"".join(lines[:first] + lines[first + 1 :]))
    assert "history.csv was damaged, and is kept as history.csv.damaged;" in mended(three)
    for row in before:
        row["created"] = row["created"] * (row["trial"] != f"{NAME} 2")
    assert sorted(rows(three), key=lambda row: row["trial"]) == before
    assert verify_session(three, 0.5).findings == ()


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("private", [False, True])
def test_damaged_reviews_are_put_beside_and_made_again(
    tmp_path: Path, private: bool, damage: Harm
) -> None:
    folder = save_session(tmp_path, 3, private=private)
    before = (folder / REVIEWS).read_bytes()
    (folder / REVIEWS).write_bytes(damage(before))
    assert "does not tell what a person graded" in mended(folder)
    assert sorted((folder / REVIEWS).read_bytes().splitlines()) == sorted(before.splitlines())
    assert (folder / f"{REVIEWS}.damaged").read_bytes() == damage(before)


@pytest.mark.parametrize(
    "noise", [b"\xff", b"\0", b'"', b","], ids=["byte", "NUL", "quote", "cell"]
)
def test_what_a_person_graded_behind_the_damage_is_kept(three: Path, noise: bytes) -> None:
    content = (three / REVIEWS).read_bytes()
    begin = f"{NAME} 1,".encode()
    (three / REVIEWS).write_bytes(content.replace(begin, begin + noise, 1))
    told = mended(three)
    assert "Put back in reviews.csv from the journal: 1 row." in told
    after = (three / REVIEWS).read_bytes()
    assert sorted(after.splitlines()) == sorted(content.splitlines())
    assert verify_session(three, 0.5).findings == ()
    assert mended(three) == ""


def test_a_row_whose_trial_is_damaged_is_put_back(three: Path) -> None:
    content = (three / HISTORY).read_bytes()
    (three / HISTORY).write_bytes(content.replace(f"{NAME} 2,".encode(), b"x 2,", 1))
    mended(three)
    assert {row["trial"] for row in rows(three)} == {f"{NAME} {number}" for number in (1, 2, 3)}
    assert verify_session(three, 0.5).findings == ()


def test_what_a_person_graded_and_nobody_can_read_is_counted(three: Path) -> None:
    content = (three / REVIEWS).read_bytes()
    (three / REVIEWS).write_bytes(content.replace(b",", b";"))
    assert " 1 row of it that the journal does not have can only be found" in mended(three)


@pytest.mark.parametrize("name", [HISTORY, REVIEWS])
@pytest.mark.parametrize("harm", [lambda old: old[:-1], lambda old: old + b"\n"])
def test_a_line_end_too_few_or_too_many_is_no_damage(three: Path, name: str, harm: Harm) -> None:
    before = (three / name).read_bytes()
    (three / name).write_bytes(harm(before))
    assert mended(three) == ""
    assert (three / name).read_bytes() == before
    assert not list(three.glob("*.damaged"))


@pytest.mark.parametrize("content", [None, b""], ids=["missing", "empty"])
def test_tables_that_are_not_there_are_made_again(three: Path, content: bytes | None) -> None:
    before = rows(three)
    for name in (HISTORY, REVIEWS):
        (three / name).unlink()
        if content is not None:
            (three / name).write_bytes(content)
    told = mended(three)
    assert told.count("was missing; it is made again") == 2
    assert "history.csv from the journal: 3 rounds." in told
    assert [row | {"created": ""} for row in before] == rows(three)
    assert verify_session(three, 0.5).findings == ()
    assert not list(three.glob("*.damaged"))


def test_what_was_put_beside_is_never_written_over(three: Path) -> None:
    for noise in (b"first", b"second"):
        (three / HISTORY).write_bytes(noise)
        mended(three)
    assert (three / f"{HISTORY}.damaged").read_bytes() == b"first"
    assert (three / f"{HISTORY}.damaged-2").read_bytes() == b"second"


def unreadable(folder: Path, name: str, content: bytes = b"noise") -> str:
    """What is told of a session with a damaged table, in which nothing may be touched then."""
    (folder / name).write_bytes(content)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InputError) as refused:
        reopen_session(folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    return str(refused.value)


@pytest.mark.parametrize("damage", [lambda _: b"noise", cut_in_the_second_round])
def test_a_private_history_is_not_made_again_without_its_answers(
    tmp_path: Path, damage: Harm
) -> None:
    folder = save_session(tmp_path, 2, private=True)
    told = unreadable(folder, HISTORY, damage((folder / HISTORY).read_bytes()))
    assert told.endswith(", for texts were not saved. Restore it from a copy.")


@pytest.mark.parametrize("name", [HISTORY, REVIEWS])
def test_what_the_journal_does_not_have_either_is_refused(three: Path, name: str) -> None:
    change_lines(three, damage_review)
    assert "the journal does not have what was in it of 1 round." in unreadable(three, name)


def test_a_table_that_is_a_folder_is_refused(three: Path) -> None:
    (three / HISTORY).unlink()
    (three / HISTORY).mkdir()
    with pytest.raises(
        StorageError, match=r"history\.csv cannot be read \(Is a directory\): move it away"
    ):
        reopen_session(three)
