"""Nothing that was done is lost: killed runs, a full disk, a deleted folder, two writers."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from llmchem_tui.analysis.verify import verify_session
from llmchem_tui.config import Settings
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.providers.pool import simulated_pool
from llmchem_tui.recorder import Saving
from llmchem_tui.session.events import AnswerEnded, Event, ReviewEnded, RoundEnded
from llmchem_tui.storage import files
from llmchem_tui.storage.history import read_history
from llmchem_tui.storage.interrupted import interrupted_rounds
from llmchem_tui.storage.journal import read_journal
from llmchem_tui.storage.prompts import load_prompts
from llmchem_tui.storage.reopening import reopen_session
from llmchem_tui.storage.replays import open_replay
from llmchem_tui.storage.sessions import list_sessions
from llmchem_tui.storage.vignettes import find
from tests.batches import laboratory
from tests.cli import Llmchem, make_llmchem
from tests.conftest import CHECKOUT
from tests.crashing import ROUNDS, numbers
from tests.session.scripted import in_virtual_time

RUN = ROUNDS[0]
CASE = "cap-older-adult"


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


# --- a process that dies --------------------------------------------------------------------------


@pytest.mark.full
@pytest.mark.parametrize(("scenario", "box", "full"), [("rounds", 12, 120), ("batch", 6, 80)])
def test_whenever_a_run_is_killed_nothing_is_lost_or_doubled_and_it_goes_on(
    request: pytest.FixtureRequest, scenario: str, box: int, full: int
) -> None:
    points = full if request.config.option.markexpr == "full" else box
    ran = subprocess.run(
        [sys.executable, "-m", "tests.crashing", scenario, str(points)],
        cwd=CHECKOUT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # a thread would not survive a fork
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    done = json.loads(ran.stdout.splitlines()[-1])
    assert done["points"] == points
    assert done["steps"] > 300


# --- shown when it is on the disk -----------------------------------------------------------------


def test_what_has_ended_is_synced_before_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    synced = os.fsync

    def fsync(number: int) -> None:
        synced(number)
        name = Path(os.readlink(f"/proc/self/fd/{number}")).name
        order.append(name.removeprefix(".").removesuffix(".new"))

    monkeypatch.setattr(os, "fsync", fsync)

    async def work() -> None:
        lab = await laboratory(tmp_path)
        plan = lab.plan(find(CASE), lab.choose("RANDOM", 3, 1), 1)
        async for event in lab.run(plan):
            if isinstance(event, AnswerEnded | ReviewEnded):
                assert order[-1] == "journal.jsonl"
                assert read_journal(session(tmp_path)).events[-1] == event
                order.append("shown")
            elif isinstance(event, RoundEnded):
                after = order[len(order) - order[::-1].index("shown") :]
                assert [name for name in after if "." in name] == [
                    "journal.jsonl", "session.toml", "reviews.csv", "history.csv"
                ]  # fmt: skip
        await lab.aclose()

    in_virtual_time(work())
    assert order.count("shown") == 9


def session(folder: Path) -> Path:
    (entry,) = list_sessions(folder)
    return entry.path


def test_a_reader_never_meets_half_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every step of a program that saves a round the tables are the old or the new ones."""
    met: set[tuple[int, int]] = set()
    synced = os.fsync

    def fsync(number: int) -> None:
        synced(number)
        own = session(tmp_path)
        if (own / "session.toml").exists():
            tables = ((own / name).read_text() for name in ("history.csv", "reviews.csv"))
            history, reviews = (text.count(f"\n{own.name} ") for text in tables)
            met.add((history, reviews))

    monkeypatch.setattr(os, "fsync", fsync)

    async def work() -> None:
        lab = await laboratory(tmp_path)
        await play(lab)
        await lab.aclose()

    in_virtual_time(work())
    assert met == {(0, 0), (3, 6)}


async def play(lab: Laboratory, then: Callable[[Event], None] = lambda _: None) -> list[Event]:
    events = []
    async for event in lab.run(lab.plan(find(CASE), lab.choose("RANDOM", 3, 1), 1)):
        events.append(event)
        then(event)
    return events


async def test_a_round_that_nobody_watches_any_more_is_cancelled_in_its_journal(
    tmp_path: Path,
) -> None:
    lab = await laboratory(tmp_path)
    events = lab.run(lab.plan(find(CASE), lab.choose("RANDOM", 3, 1), 1))
    await anext(events)
    await events.aclose()
    await lab.aclose()
    last = read_journal(session(tmp_path)).events[-1]
    assert isinstance(last, RoundEnded) and last.cancelled
    assert len(interrupted_rounds(session(tmp_path))) == 1


# --- no room --------------------------------------------------------------------------------------


@contextlib.contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Have the system refuse what goes beyond, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextlib.contextmanager
def no_room_for(name: str) -> Iterator[None]:
    """Have the system refuse to write this file of a session once it has been begun."""
    before = files.create

    def create(path: Path, content: bytes) -> None:
        if path.name == f".{name}.new" and (path.parent / "session.toml").exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        before(path, content)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(files, "create", create)
        yield


@pytest.mark.parametrize(
    ("full_disk", "saved"),
    [
        (lambda: no_file_larger_than(20_000), "it is kept up to here"),
        (lambda: no_room_for("session.toml"), "what was saved before is kept"),
        (lambda: no_room_for("reviews.csv"), "what was saved before is kept"),
        (lambda: no_room_for("history.csv"), "what was saved before is kept"),
    ],
    ids=["journal", "settings", "reviews", "history"],
)
def test_on_a_full_disk_the_round_is_shown_and_goes_on_once_there_is_room(
    llmchem: Llmchem,
    tmp_path: Path,
    full_disk: Callable[[], contextlib.AbstractContextManager[None]],
    saved: str,
) -> None:
    undisturbed = llmchem(*RUN, "--out", tmp_path / "whole").out
    with full_disk():
        ran = llmchem(*RUN, "--out", tmp_path / "full")
    assert ran.code == 1
    assert ran.out == undisturbed[: undisturbed.index("Saved in")]
    assert ran.err.count(saved) == 1
    own = session(tmp_path / "full")
    assert read_journal(own).notes == ()
    assert sorted(path.name for path in own.iterdir()) == [
        "history.csv", "journal.jsonl", "reviews.csv", "session.toml"
    ]  # fmt: skip
    llmchem("resume", own, "--time-scale", 0)
    assert numbers(tmp_path / "full") == numbers(tmp_path / "whole")
    assert verify_session(own, 0.5).findings == ()
    assert llmchem(*ROUNDS[1], "--out", tmp_path / "full").code == 0


# --- what else may happen to a session ------------------------------------------------------------


def test_a_session_that_is_being_written_is_refused_to_others_and_can_be_read(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    assert llmchem(*RUN, "--out", tmp_path).code == 0
    own = session(tmp_path)
    with closing(reopen_session(own)):
        refused = llmchem("resume", own, "--time-scale", 0)
        assert refused.code == 1
        assert refused.err.endswith(
            f"llmchem: {own} is being written by another llmchem: wait for it or stop it.\n"
        )
        assert llmchem("verify", own).code == 0
        assert len(open_replay(own).rounds) == 1
    assert "nothing to do" in llmchem("resume", own).err


def test_a_session_that_cannot_be_written_can_be_read_and_says_so(
    llmchem: Llmchem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert llmchem(*RUN, "--out", tmp_path).code == 0
    own = session(tmp_path)

    def refuse(*_: object) -> io.FileIO:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(io, "FileIO", refuse)
    refused = llmchem("resume", own)
    assert refused.code == 1
    assert f"{own / 'journal.jsonl'} cannot be continued (Read-only file system)" in refused.err
    assert llmchem("verify", own).code == 0


def test_a_folder_that_is_deleted_while_a_round_runs_is_told_at_once_and_does_not_come_back(
    tmp_path: Path,
) -> None:
    told: list[str] = []

    async def work() -> None:
        lab = await laboratory(tmp_path)

        def delete(event: Event) -> None:
            told.append(lab.recorder.not_saved)
            if isinstance(event, AnswerEnded) and (own := lab.recorder.session):
                shutil.rmtree(own.folder)

        events = await play(lab, delete)
        assert isinstance(events[-1], RoundEnded) and not events[-1].cancelled
        assert list_sessions(tmp_path) == []
        await play(lab)
        assert lab.recorder.not_saved == ""
        await lab.aclose()

    in_virtual_time(work())
    first = next(place for place, sentence in enumerate(told) if sentence)
    assert "is gone: it was deleted or moved while it was in use" in told[first]
    assert "Make room" not in told[first]
    assert first < len(told) - 5  # long before the round ended
    assert len(set(told)) == 2  # nothing, and one sentence
    assert read_history([session(tmp_path)]).frame["trial"].nunique() == 1


def test_after_a_folder_was_deleted_the_next_round_is_saved_in_another(tmp_path: Path) -> None:
    async def work() -> None:
        lab = await laboratory(tmp_path)
        await play(lab)
        shutil.rmtree(session(tmp_path))
        await play(lab)
        assert lab.recorder.not_saved == ""
        await lab.aclose()

    in_virtual_time(work())
    assert read_history([session(tmp_path)]).frame["trial"].nunique() == 1


@pytest.mark.parametrize("name", ["history.csv", "reviews.csv"])
@pytest.mark.parametrize(
    "edit",
    [
        lambda table: table.replace(b",", b";"),
        lambda table: b"\xef\xbb\xbf" + table.replace(b"\n", b"\r\n"),
        lambda table: table.rstrip(b"\n"),
    ],
    ids=["semicolons", "of Windows", "without its last line end"],
)
def test_a_table_that_another_program_has_changed_is_not_written_and_that_is_told(
    tmp_path: Path, name: str, edit: Callable[[bytes], bytes]
) -> None:
    async def work() -> None:
        lab = await laboratory(tmp_path)
        await play(lab)
        table = session(tmp_path) / name
        before = table.read_bytes()
        table.write_bytes(edit(before))
        await play(lab)
        assert f"{table} was changed by another program" in lab.recorder.not_saved
        assert table.read_bytes() == edit(before)
        table.write_bytes(before)
        reopen_session(session(tmp_path)).close()
        await lab.aclose()

    in_virtual_time(work())
    assert read_history([tmp_path]).frame["trial"].nunique() == 2
    assert verify_session(session(tmp_path), 0.5).findings == ()


async def clocked(folder: Path, moment: list[datetime]) -> Laboratory:
    """A sitting whose clock shows the one moment in the list."""
    pool, prompts = await simulated_pool(), load_prompts()
    return Laboratory(Settings(), pool, prompts, Saving(folder), clock=lambda: moment[0])


def test_a_clock_that_goes_backwards_between_sessions_mixes_nothing_up(tmp_path: Path) -> None:
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)

    async def work() -> None:
        for moment in (noon, noon - timedelta(hours=1), noon):
            lab = await clocked(tmp_path, [moment])
            await play(lab)
            await lab.aclose()

    in_virtual_time(work())
    assert [entry.name for entry in list_sessions(tmp_path)] == [
        "2026-01-31T12-00-00-2", "2026-01-31T12-00-00", "2026-01-31T11-00-00"
    ]  # fmt: skip
    assert read_history([tmp_path]).frame["trial"].nunique() == 3
    assert not any(verify_session(one.path, 0.5).findings for one in list_sessions(tmp_path))


def test_a_clock_that_goes_backwards_within_a_session_mixes_nothing_up(tmp_path: Path) -> None:
    moment = [datetime(2026, 1, 31, 12, tzinfo=UTC)]

    async def work() -> None:
        lab = await clocked(tmp_path, moment)
        for _ in range(2):
            await play(lab)
            moment[0] -= timedelta(hours=1)
        await lab.aclose()

    in_virtual_time(work())
    rounds = read_history([tmp_path]).frame.drop_duplicates("trial")
    assert rounds["trial"].tolist() == [f"2026-01-31T12-00-00 {number}" for number in (1, 2)]
    assert rounds["created"].tolist() == ["2026-01-31 12:00:00", "2026-01-31 11:00:00"]
    assert verify_session(session(tmp_path), 0.5).findings == ()
