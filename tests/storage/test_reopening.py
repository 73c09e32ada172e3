"""Going on with a session after a crash: what had ended is put back, what had not stays out."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

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
