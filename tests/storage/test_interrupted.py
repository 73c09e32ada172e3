"""Which rounds of a session were interrupted: counted quickly as they are found when read whole."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from llmchem_tui.domain.errors import InputError
from llmchem_tui.session.events import Call, RoundEnded, RoundResumed, RoundStarted, TextArrived
from llmchem_tui.storage.interrupted import count_interrupted, interrupted_rounds
from llmchem_tui.storage.journal import JOURNAL_FILE
from llmchem_tui.storage.journal_writer import JournalWriter
from llmchem_tui.storage.session_file import SESSION_FILE, read_settings
from tests.saved_sessions import NAME, change_lines, save_session
from tests.session.scripted import VIGNETTE, spec


def begin(number: int) -> RoundStarted:
    return RoundStarted(
        at=0.0, trial=f"{NAME} {number}", vignette=VIGNETTE, ensemble=(spec("a"),),
        strategy="RANDOM", seed=number, order="staged",
    )  # fmt: skip


def resume(number: int) -> RoundResumed:
    return RoundResumed(at=1.0, trial=f"{NAME} {number}")


def cancel(number: int) -> RoundEnded:
    return RoundEnded(at=2.0, trial=f"{NAME} {number}", elapsed=2.0, cancelled=True)


def end(number: int) -> RoundEnded:
    return RoundEnded(at=2.0, trial=f"{NAME} {number}", elapsed=2.0)


@pytest.mark.parametrize(
    ("events", "interrupted"),
    [
        ((), 0),
        ((begin(3),), 1),
        ((begin(3), cancel(3)), 1),
        ((begin(3), cancel(3), resume(3)), 1),
        ((begin(3), cancel(3), resume(3), end(3)), 0),
        ((begin(3), begin(4), cancel(4), end(3)), 1),
        ((begin(3), begin(4), cancel(3), cancel(4)), 2),
        ((begin(3), cancel(3), begin(4), end(4)), 1),
    ],
)
@pytest.mark.parametrize("batch", [False, True])
def test_the_count_is_that_of_the_rounds_which_are_found(
    tmp_path: Path,
    events: tuple[RoundStarted | RoundResumed | RoundEnded, ...],
    interrupted: int,
    batch: bool,
) -> None:
    folder = save_session(tmp_path)
    if batch:
        with (folder / SESSION_FILE).open("a") as file:
            file.write("\n[batch]\nseed = 7\n")
    with closing(JournalWriter.reopen(folder / JOURNAL_FILE)) as journal:
        for event in events:
            journal.append(event)
    assert count_interrupted(folder) == len(interrupted_rounds(folder)) == interrupted


def test_a_round_of_a_batch_may_be_cut_off_long_before_the_last_that_is_saved(
    tmp_path: Path,
) -> None:
    """Of rounds that run together the end of a journal tells only those that were last at work."""
    folder = save_session(tmp_path)
    change_lines(
        folder, lambda lines: lines.insert(1, b'{"type":"RoundStarted","at":0,"trial":"s 3"}')
    )
    assert count_interrupted(folder) == 0  # outside of a batch no other begins before one ends
    with (folder / SESSION_FILE).open("a") as file:
        file.write("\n[batch]\nseed = 7\n")
    assert count_interrupted(folder) == 1


def test_a_round_that_is_being_run_is_not_interrupted(tmp_path: Path) -> None:
    folder = save_session(tmp_path)
    with closing(JournalWriter.reopen(folder / JOURNAL_FILE)) as journal:
        journal.append(begin(3))
        assert count_interrupted(folder) == 0
        journal.append(cancel(3))
        assert count_interrupted(folder) == 1


def test_what_a_model_says_is_not_taken_for_an_event(tmp_path: Path) -> None:
    folder = save_session(tmp_path)
    said = f'\n{{"type":"RoundStarted","at":0.0,"trial":"{NAME} 9"}}\n"trial":"{NAME} 9"'
    with closing(JournalWriter.reopen(folder / JOURNAL_FILE)) as journal:
        journal.append(TextArrived(at=9.0, trial=f"{NAME} 2", call=Call("a"), text=said))
    assert count_interrupted(folder) == 0


def tear(lines: list[bytes]) -> None:
    del lines[-1]
    lines[-1] = lines[-1][:-9]


def lose_the_end(lines: list[bytes]) -> None:
    lines[-2] = b"x" * 10_000


@pytest.mark.parametrize("harm", [tear, lose_the_end])
def test_a_round_whose_end_is_lost_and_that_is_saved_is_not_said_to_be_interrupted(
    tmp_path: Path, harm: Callable[[list[bytes]], None]
) -> None:
    folder = save_session(tmp_path)
    change_lines(folder, harm)
    assert count_interrupted(folder) == 0
    assert interrupted_rounds(folder, read_settings(folder / SESSION_FILE).seeds) == []
    assert len(interrupted_rounds(folder)) == 1


@pytest.mark.parametrize("content", [None, b"", b"trial,model\n"])
def test_without_a_journal_nothing_is_known(tmp_path: Path, content: bytes | None) -> None:
    folder = save_session(tmp_path)
    (folder / JOURNAL_FILE).unlink()
    if content is not None:
        (folder / JOURNAL_FILE).write_bytes(content)
    with pytest.raises(InputError):
        count_interrupted(folder)
