"""`llmchem batch` after any stop: nothing is lost or doubled, and what has changed is refused."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import io
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from llmchem_tui.batch.request import STRATEGIES
from llmchem_tui.batch.runner import Batch
from llmchem_tui.cli import run_command_line
from llmchem_tui.config import ChemistrySettings, Settings
from llmchem_tui.domain.errors import InputError
from llmchem_tui.providers.pool import simulated_pool
from llmchem_tui.session.events import RoundEnded
from llmchem_tui.storage.batches import find_batch
from llmchem_tui.storage.files import StorageError, append
from llmchem_tui.storage.history import read_history
from llmchem_tui.storage.journal import read_journal
from llmchem_tui.storage.reopening import reopen_session
from llmchem_tui.storage.rounds import read_reviews
from llmchem_tui.storage.sessions import list_sessions
from llmchem_tui.storage.vignettes import find
from tests.batches import CASES, SMALL, laboratory, request
from tests.cli import Llmchem, make_llmchem
from tests.session.scripted import in_virtual_time

RESULTS = ["strategy", "vignette", "seed", "model", "status", "result", "accuracy", "variance"]


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


def results(folder: Path) -> list[tuple[object, ...]]:
    """What every round of a folder came to, whatever the session or the time."""
    return sorted(map(tuple, read_history([folder]).frame[RESULTS].astype(str).values.tolist()))


def reviews(folder: Path) -> list[tuple[object, ...]]:
    """Every review of a folder, whatever the session, the trial's number or the time."""
    frame = read_history([folder]).frame.drop_duplicates("trial").set_index("trial")
    told = frame[["strategy", "vignette", "seed"]].T.to_dict("list")
    return sorted(
        (
            (*told[trial], dataclasses.replace(one, latency=None))
            for entry in list_sessions(folder)
            for trial, own in read_reviews(entry.path / "reviews.csv").items()
            for one in own
        ),
        key=str,
    )


def rounds_in_journals(folder: Path) -> int:
    """How many rounds have run to their end."""
    events = [e for entry in list_sessions(folder) for e in read_journal(entry.path).events]
    return sum(isinstance(event, RoundEnded) and not event.cancelled for event in events)


def stopped_at(folder: Path, calls: int, llmchem: Llmchem) -> None:
    llmchem("batch", *SMALL, "--out", folder, "--max-calls", calls)


@pytest.fixture
def complete(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all of the small batch, run once; nobody may change it."""
    return _complete(tmp_path_factory.getbasetemp() / "complete batch")


@functools.cache
def _complete(folder: Path) -> Path:
    with contextlib.redirect_stdout(io.StringIO()):
        assert run_command_line([str(part) for part in ("batch", *SMALL, "--out", folder)]) == 0
    return folder


@pytest.fixture
def undisturbed(complete: Path) -> list[tuple[object, ...]]:
    return results(complete)


@pytest.fixture
def whole(complete: Path, tmp_path: Path) -> Path:
    """A copy of the complete batch."""
    return shutil.copytree(complete, tmp_path / "whole")


def test_a_batch_that_is_complete_runs_nothing(
    llmchem: Llmchem, whole: Path, undisturbed: list[tuple[object, ...]]
) -> None:
    again = llmchem("batch", *SMALL, "--out", whole)
    assert again.code == 0
    assert "no round is left, 20 are there already" in again.err
    assert results(whole) == undisturbed
    assert [line.split()[:2] for line in again.out.splitlines()[3:8]] == [
        [strategy, "4/4"] for strategy in STRATEGIES
    ]


def test_more_trials_run_what_is_missing(
    llmchem: Llmchem, whole: Path, undisturbed: list[tuple[object, ...]]
) -> None:
    more = llmchem("batch", *SMALL, "--trials", 3, "--out", whole)
    assert "10 rounds, 20 are there already" in more.err
    assert set(undisturbed) < set(results(whole))
    assert len(list_sessions(whole)) == 5


def test_a_batch_that_has_other_vignettes_can_teach_one(llmchem: Llmchem, whole: Path) -> None:
    again = llmchem("batch", *SMALL[1:], "--trials", 3, "--out", whole, "--max-calls", 1, "--json")
    assert again.document["notes"] == []


def test_the_standings_are_those_of_what_is_asked_for(llmchem: Llmchem, whole: Path) -> None:
    asked = ("batch", *SMALL, "--out", whole, "--trials", 1, "--strategies", "CHEMISTRY,LOCAL")
    standings = llmchem(*asked, "--json").document["strategies"]
    assert [own["strategy"] for own in standings] == ["LOCAL", "CHEMISTRY"]
    assert [own["rounds"] for own in standings] == [2, 2]
    lines = llmchem(*asked).out.splitlines()
    assert [line.split()[:2] for line in lines[3:5]] == [["LOCAL", "2/2"], ["CHEMISTRY", "2/2"]]


# --- after a stop ---------------------------------------------------------------------------------


@pytest.mark.parametrize("calls", [9, 50, 100, 150])
def test_a_limit_stops_between_rounds_and_the_same_command_goes_on(
    llmchem: Llmchem, tmp_path: Path, undisturbed: list[tuple[object, ...]], calls: int
) -> None:
    asked = ("batch", *SMALL, "--out", tmp_path / "part", "--json")
    first = llmchem(*asked, "--max-calls", calls)
    assert first.code == 0
    assert "no room for the next round" in first.err
    assert 0 < first.document["usage"]["calls"] <= calls
    assert first.document["rounds_left"] > 0
    assert set(results(tmp_path / "part")) < set(undisturbed)
    assert llmchem(*asked).document["rounds_left"] == 0
    assert results(tmp_path / "part") == undisturbed
    assert len(list_sessions(tmp_path / "part")) == 5


def full(*_: object, **__: object) -> None:
    """A disk that takes no more."""
    raise OSError(28, "No space left on device")


class Killed(BaseException):
    """Nobody catches it: what a process does not get to is not done."""


@pytest.mark.parametrize("written", [None, 1.5])
def test_a_round_that_was_being_saved_is_neither_lost_nor_doubled_nor_run_again(
    llmchem: Llmchem,
    tmp_path: Path,
    complete: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: float | None,
) -> None:
    """``written``: how many of its files, reviews and history; None: nor its seed."""
    saved = 0

    def save(*_: object) -> None:
        raise Killed

    def torn(blocks: dict[Path, bytes]) -> None:
        nonlocal saved
        saved += 1
        if saved < 11:
            append(blocks)
            return
        assert written is not None
        for number, (path, block) in enumerate(blocks.items()):
            part = max(0.0, min(1.0, written - number))
            with path.open("ab") as file:
                file.write(block[: int(len(block) * part)])
        raise Killed

    with monkeypatch.context() as patched:
        if written is None:
            patched.setattr("llmchem_tui.storage.sessions.SessionWriter.append_round", save)
        else:
            patched.setattr("llmchem_tui.storage.sessions.append", torn)
        with pytest.raises(Killed):
            llmchem("batch", *SMALL, "--out", tmp_path)
    part = len(results(tmp_path)) if saved else 0
    again = llmchem("batch", *SMALL, "--out", tmp_path)
    assert again.code == 0, again.err
    assert part < len(results(complete))
    assert results(tmp_path) == results(complete)
    assert reviews(tmp_path) == reviews(complete)
    assert rounds_in_journals(tmp_path) == 20


@pytest.mark.parametrize("torn", [1, 200, 1500])
def test_a_row_that_was_torn_is_taken_out_and_its_round_run_again(
    llmchem: Llmchem, whole: Path, undisturbed: list[tuple[object, ...]], torn: int
) -> None:
    last = find_batch(whole, 7).sessions["CHEMISTRY"]
    for name in ("history.csv", "reviews.csv", "journal.jsonl"):
        content = (last / name).read_bytes()
        (last / name).write_bytes(content[:-torn])
    again = llmchem("batch", *SMALL, "--out", whole)
    assert again.code == 0, again.err
    assert results(whole) == undisturbed
    reviews = read_reviews(last / "reviews.csv")
    assert set(reviews) == set(read_history([last]).frame["trial"])


def test_interrupt_keeps_what_is_finished(tmp_path: Path) -> None:
    async def work() -> None:
        lab, stop = await laboratory(tmp_path), asyncio.Event()
        with closing(Batch(lab, request(trials=2))) as batch:
            async for _ in batch.run(stop):
                stop.set()
            assert batch.rounds_left == 20 - len(read_history([tmp_path]).frame) // 2
            assert not batch.problems
        await lab.aclose()

    in_virtual_time(work())


def test_two_cannot_write_the_same_batch(tmp_path: Path, llmchem: Llmchem) -> None:
    stopped_at(tmp_path, 30, llmchem)
    (entry,) = list_sessions(tmp_path)
    with closing(reopen_session(entry.path)):
        refused = llmchem("batch", *SMALL, "--out", tmp_path)
    assert refused.code == 1
    assert "is being written by another llmchem" in refused.err
    assert llmchem("batch", *SMALL, "--out", tmp_path).code == 0


def test_two_that_begin_together_do_not_run_the_same_rounds(tmp_path: Path) -> None:
    async def work() -> None:
        with closing(Batch(await laboratory(tmp_path), request())):
            second = await laboratory(tmp_path)
            with pytest.raises(StorageError, match="run by another llmchem"):
                Batch(second, request())
            Batch(second, request(seed=8)).close()
        Batch(second, request()).close()

    in_virtual_time(work())


def test_a_history_that_is_damaged_in_the_middle_is_kept_and_no_round_is_run_again(
    whole: Path, llmchem: Llmchem
) -> None:
    file = find_batch(whole, 7).sessions["RANDOM"] / "history.csv"
    damaged = file.read_bytes().replace(b"\n", b"\n,,torn,\n", 2)
    file.write_bytes(damaged)
    result = llmchem("batch", *SMALL, "--out", whole)
    assert result.code == 0
    assert f"{file} was damaged, and is kept as history.csv.damaged; it is made" in result.err
    assert "no round is left, 20 are there already" in result.err
    assert file.with_name("history.csv.damaged").read_bytes() == damaged


def test_a_batch_whose_files_cannot_be_written_stops_and_says_so(
    tmp_path: Path, llmchem: Llmchem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llmchem_tui.storage.sessions.append", full)
    ran = llmchem("batch", *SMALL, "--out", tmp_path, "--json")
    assert ran.code == 1
    assert "No space left on device" in ran.err
    assert ran.document["rounds_left"] == 20


def test_a_refused_batch_leaves_the_others_free(tmp_path: Path, llmchem: Llmchem) -> None:
    stopped_at(tmp_path, 60, llmchem)
    paths = list(find_batch(tmp_path, 7).sessions.values())
    assert len(paths) == 2

    async def work() -> None:
        lab = await laboratory(tmp_path)
        with closing(reopen_session(paths[1])), pytest.raises(StorageError, match="another"):
            Batch(lab, request())
        reopen_session(paths[0]).close()

    in_virtual_time(work())


# --- what may not have changed --------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(file.read_bytes().partition(b"[batch]")[0]),
        lambda file: file.write_bytes(file.read_bytes().replace(b"[seeds]", b"[seeds")),
    ],
    ids=["missing", "empty", "cut off", "garbled"],
)
def test_a_session_that_has_lost_its_settings_is_not_run_again_beside(
    whole: Path, llmchem: Llmchem, damage: Callable[[Path], None]
) -> None:
    lost = find_batch(whole, 7).sessions["RANDOM"]
    damage(lost / "session.toml")
    refused = llmchem("batch", *SMALL, "--out", whole)
    assert refused.code == 2
    assert f"{lost} holds rounds of this batch, but its session.toml is missing" in refused.err
    assert len(list_sessions(whole)) == 5
    other = llmchem("batch", *SMALL, "--out", whole, "--seed", 8, "--max-calls", 1)
    assert other.code == 0  # it is none of that one's business
    lost.rename(whole.with_name("moved away"))
    assert llmchem("batch", *SMALL, "--out", whole).code == 0
    assert len(list_sessions(whole)) == 5


@pytest.mark.parametrize("step", ["JournalWriter.create", "replace"])
def test_a_session_that_was_being_begun_is_nobodys(
    tmp_path: Path, llmchem: Llmchem, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(f"llmchem_tui.storage.sessions.{step}", full)
        refused = llmchem("batch", *SMALL, "--out", tmp_path)
    assert (refused.code, refused.err.count("No space left on device")) == (1, 1)
    assert len(list_sessions(tmp_path)) == 1
    assert llmchem("batch", *SMALL, "--out", tmp_path, "--max-calls", 9).code == 0


def test_another_pool_is_refused(tmp_path: Path, llmchem: Llmchem) -> None:
    stopped_at(tmp_path, 30, llmchem)

    async def work() -> None:
        lab = await laboratory(tmp_path)
        lab.pool = dataclasses.replace(lab.pool, models=lab.pool.models[1:])
        gone = (await simulated_pool()).models[0].name
        with pytest.raises(InputError, match=f"{gone} is gone.*--seed or --out"):
            Batch(lab, request())

    in_virtual_time(work())


def test_another_text_of_a_vignette_is_refused(tmp_path: Path, llmchem: Llmchem) -> None:
    stopped_at(tmp_path, 30, llmchem)
    first, *others = map(find, CASES)
    edited = dataclasses.replace(first, text="Something else.")

    async def work() -> None:
        with pytest.raises(InputError, match="vignette cap-older-adult has changed"):
            Batch(await laboratory(tmp_path), request(vignettes=(edited, *others)))

    in_virtual_time(work())


def test_another_reference_of_a_vignette_is_refused(tmp_path: Path, llmchem: Llmchem) -> None:
    stopped_at(tmp_path, 30, llmchem)
    first, *others = map(find, CASES)
    edited = dataclasses.replace(first, acceptable=first.acceptable[:1], unacceptable=())

    async def work() -> None:
        with pytest.raises(InputError, match="vignette cap-older-adult has changed"):
            Batch(await laboratory(tmp_path), request(vignettes=(edited, *others)))

    in_virtual_time(work())


def test_other_settings_of_what_is_chosen_are_refused(tmp_path: Path, llmchem: Llmchem) -> None:
    stopped_at(tmp_path, 30, llmchem)
    settings = Settings(chemistry=ChemistrySettings(alpha=0.9))

    async def work() -> None:
        with pytest.raises(InputError, match="settings of chemistry or abstain_below"):
            Batch(await laboratory(tmp_path, settings), request())

    in_virtual_time(work())
