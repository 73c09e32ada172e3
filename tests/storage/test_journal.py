"""The journal: every event comes back, text is joined, crashes and foreign files are told."""

from __future__ import annotations

import errno
import io
import os
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import (
    Action,
    Answer,
    AnswerResult,
    Inferior,
    Locality,
    Medication,
    ModelSpec,
    Patient,
    Review,
    ReviewResult,
    Source,
    Status,
    Unacceptable,
    Usage,
    Vignette,
)
from llmchem_tui.session.events import (
    AnswerEnded,
    Call,
    CallStarted,
    Event,
    Phase,
    PhaseChanged,
    ReviewEnded,
    RoundEnded,
    RoundStarted,
    TextArrived,
)
from llmchem_tui.storage.files import StorageError
from llmchem_tui.storage.journal import read_journal, recent_calls
from llmchem_tui.storage.journal_writer import JournalWriter

ANSWER = Answer(
    "Likely SECRET pneumonia.", (Medication(Action.START, "SECRET drug", "1 g"),), ("SECRET",)
)
VIGNETTE = Vignette(
    "cap",
    "SECRET title",
    "SECRET text",
    patient=Patient(72, "female", 64.5, ("SECRET allergy",)),
    acceptable=(ANSWER,),
    unacceptable=(Unacceptable("SECRET", "SECRET"),),
    inferior=(Inferior(ANSWER, 0.4, "SECRET"),),
    source=Source("SECRET", "SECRET", 2019),
)
MODELS = (
    ModelSpec("a", "box", "a:8b", Locality.LOCAL, 0.7, options={"num_ctx": 4096, "stop": ["x"]}),
    ModelSpec("b", "cloud", "b-1", Locality.REMOTE, digest="sha256:1"),
)
TRIAL = "2026-01-31T09-15-00 1"
ANSWERING, REVIEWING = Call("a"), Call("b", "a")

EVENTS: tuple[Event, ...] = (
    RoundStarted(
        at=0.0,
        trial=TRIAL,
        vignette=VIGNETTE,
        ensemble=MODELS,
        strategy="RANDOM",
        seed=2**63,
        order="pipelined",
    ),
    CallStarted(at=0.1, trial=TRIAL, call=ANSWERING),
    PhaseChanged(at=0.2, trial=TRIAL, call=ANSWERING, phase=Phase.LOADING),
    TextArrived(at=1.1, trial=TRIAL, call=ANSWERING, text="SECRET {[/kg]}\u2028\n"),
    AnswerEnded(
        at=1.25,
        trial=TRIAL,
        result=AnswerResult("a", Status.OK, ANSWER, 1.15, Usage(10, 20, None, 0.5), "SECRET"),
    ),
    AnswerEnded(at=1.3, trial=TRIAL, result=AnswerResult("b", Status.TIMEOUT, message="SECRET")),
    CallStarted(at=1.4, trial=TRIAL, call=REVIEWING, label="C", position=2, masked=1),
    ReviewEnded(
        at=2.0,
        trial=TRIAL,
        result=ReviewResult(
            "b", "a", Status.OK, Review("SECRET", 0.1 + 0.2, "SECRET"), "C", 2, 0.6, message="x"
        ),
    ),
    ReviewEnded(at=2.1, trial=TRIAL, result=ReviewResult("a", "b", Status.ERROR)),
    RoundEnded(at=2.2, trial=TRIAL, elapsed=2.1, cancelled=True),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the journal of the test lies."""
    return tmp_path / "journal.jsonl"


def write(path: Path, *events: Event, private: bool = False) -> None:
    with closing(JournalWriter.create(path, "session-1", private=private)) as journal:
        for event in events:
            journal.append(event)


def text(at: float, words: str, call: Call = ANSWERING, *, thinking: bool = False) -> TextArrived:
    return TextArrived(at=at, trial=TRIAL, call=call, text=words, thinking=thinking)


def test_every_kind_of_event_reads_back_equal(path: Path) -> None:
    write(path, *EVENTS)
    journal = read_journal(path.parent)
    assert journal.events == EVENTS
    assert (journal.session, journal.private, journal.notes) == ("session-1", False, ())


def test_the_first_line_names_the_format(path: Path) -> None:
    write(path)
    (line,) = path.read_text().splitlines()
    assert line == '{"format":"llmchem-journal","version":1,"session":"session-1","private":false}'


def test_text_of_a_call_is_joined_to_ten_lines_a_second(path: Path) -> None:
    chunks = [text(k / 100, str(k % 10)) for k in range(200)]
    write(path, *chunks)
    events = read_journal(path).events
    assert 15 <= len(events) <= 20
    assert "".join(e.text for e in events if isinstance(e, TextArrived)) == "0123456789" * 20


def test_thinking_and_repairs_are_not_joined_with_the_answer(path: Path) -> None:
    repair = TextArrived(at=0.04, trial=TRIAL, call=ANSWERING, text="d", repair=True)
    chunks = [text(0.01, "a", thinking=True), text(0.02, "b"), text(0.03, "c"), repair]
    write(path, *chunks)
    assert [e.text for e in read_journal(path).events if isinstance(e, TextArrived)] == [
        "a",
        "bc",
        "d",
    ]


CALLS = st.sampled_from([ANSWERING, REVIEWING, Call("b")])


@st.composite
def streams(draw: st.DrawFn) -> list[Event]:
    """Draw events of three calls in the order of their times."""
    events: list[Event] = []
    at = 0.0
    for number in range(draw(st.integers(0, 30))):
        at += draw(st.sampled_from([0.0, 0.01, 0.03, 0.1, 0.5]))
        call = draw(CALLS)
        if draw(st.booleans()):
            events.append(text(at, f"{number} ", call, thinking=draw(st.booleans())))
        else:
            events.append(PhaseChanged(at=at, trial=TRIAL, call=call, phase=Phase.WRITING))
    return events


def story(events: list[Event]) -> dict[Call, str]:
    """What each call went through, in order, whatever the joining."""
    told: dict[Call, str] = defaultdict(str)
    for event in events:
        if isinstance(event, TextArrived):
            marked = event.text.replace(" ", "t " if event.thinking else " ")
            told[event.call] += marked
        elif isinstance(event, PhaseChanged):
            told[event.call] += f"[{event.at}]"
    return told


@given(streams())
def test_joining_keeps_each_calls_order_and_never_runs_backwards(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event]
) -> None:
    path = tmp_path_factory.mktemp("j") / "journal.jsonl"
    write(path, *events)
    read = list(read_journal(path).events)
    assert story(read) == story(events)
    times = [event.at for event in read]
    assert times == sorted(times)
    for event in read:
        if isinstance(event, TextArrived):
            first = int(event.text.split()[0])
            assert 0 <= event.at - events[first].at < 0.1 + 1e-9


def test_the_text_of_a_call_stands_before_what_ends_it(path: Path) -> None:
    other = RoundEnded(at=0.04, trial="another", elapsed=1.0)
    review = ReviewEnded(at=0.05, trial=TRIAL, result=ReviewResult("b", "a", Status.EMPTY))
    answer = AnswerEnded(at=0.06, trial=TRIAL, result=AnswerResult("a", Status.EMPTY))
    last = RoundEnded(at=0.07, trial=TRIAL, elapsed=1.0)
    texts = [text(0.01, "1"), text(0.02, "2", REVIEWING), text(0.03, "3", Call("b"))]
    write(path, *texts, other, review, answer, last)
    told = [
        event.text if isinstance(event, TextArrived) else type(event).__name__
        for event in read_journal(path).events
    ]
    assert told == ["RoundEnded", "2", "ReviewEnded", "1", "AnswerEnded", "3", "RoundEnded"]


def test_a_second_plan_begins_at_zero_again(path: Path) -> None:
    again = RoundEnded(at=0.5, trial="2026-01-31T09-15-00 2", elapsed=0.5)
    write(path, text(9.0, "late"), again)
    assert [event.at for event in read_journal(path).events] == [9.0, 0.5]


def test_the_end_of_a_call_is_on_the_disk_with_its_text_when_append_returns(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(path.read_bytes()))
    journal = JournalWriter.create(path, "session-1")
    for event, expected in zip(EVENTS, [1, 0, 0, 0, 1, 1, 0, 1, 1, 1], strict=True):
        synced.clear()
        journal.append(event)
        assert len(synced) == expected
        if expected:
            assert path.read_bytes() == synced[0]
            assert read_journal(path).events[-1] == event
    journal.close()


def test_a_private_journal_keeps_numbers_and_nobodys_words(path: Path) -> None:
    write(path, *EVENTS, private=True)
    assert b"SECRET" not in path.read_bytes()
    journal = read_journal(path)
    assert journal.private
    assert len(journal.events) == len(EVENTS)
    by_kind = {type(event): event for event in reversed(journal.events)}
    answer, review = by_kind[AnswerEnded], by_kind[ReviewEnded]
    assert isinstance(answer, AnswerEnded)
    assert answer.result == AnswerResult("a", Status.OK, None, 1.15, Usage(10, 20, None, 0.5))
    assert isinstance(review, ReviewEnded)
    assert review.result.review == Review("", 0.1 + 0.2, "")
    assert (review.result.label, review.result.latency) == ("C", 0.6)
    started = by_kind[RoundStarted]
    assert isinstance(started, RoundStarted)
    assert started.vignette == Vignette("cap", "", "")


def test_lone_surrogates_become_replacement_characters(path: Path) -> None:
    answer = Answer("a\ud800b", cautions=("\udfff",))
    ended = AnswerEnded(at=1.0, trial=TRIAL, result=AnswerResult("a", Status.OK, answer))
    write(path, ended, text(2.0, "x\ud83d\ude00\ud83d"))
    first, second = read_journal(path).events
    assert isinstance(first, AnswerEnded)
    assert first.result.answer == Answer("a\ufffdb", cautions=("\ufffd",))
    assert isinstance(second, TextArrived)
    assert second.text == "x\U0001f600\ufffd"


def test_a_torn_last_line_is_dropped_and_noted(path: Path) -> None:
    write(path, *EVENTS)
    path.write_bytes(path.read_bytes()[:-10])
    journal = read_journal(path)
    assert journal.events == EVENTS[:-1]
    assert journal.notes == (f"{path}: the torn last line was dropped.",)


def test_a_whole_last_line_without_its_line_end_is_kept(path: Path) -> None:
    write(path, *EVENTS)
    path.write_bytes(path.read_bytes()[:-1])
    assert read_journal(path).events == EVENTS


@pytest.mark.parametrize(
    "damage", [b'{"type":"RoundEn', b'{"type":"Unknown"}', b"\xff\xfe", b"\0", b"[" * 100_000]
)
def test_a_damaged_line_in_the_middle_is_reported_with_its_number(
    path: Path, damage: bytes
) -> None:
    write(path, *EVENTS)
    lines = path.read_bytes().split(b"\n")
    lines[3] = damage
    path.write_bytes(b"\n".join(lines))
    journal = read_journal(path)
    assert journal.events == EVENTS[:2] + EVENTS[3:]
    assert journal.notes == (f"{path}, line 4 is damaged and was left out.",)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty: choose a file that was written completely."),
        (b"trial,model\n", "is damaged, or no journal of llmchem: restore it from a copy."),
        (b"\x89PNG\r\n", "is damaged, or no journal of llmchem: restore it from a copy."),
        (
            b'{"format":"other","version":1,"session":"s"}\n',
            "is damaged, or no journal of llmchem: restore it from a copy.",
        ),
        (
            b'{"format":"llmchem-journal","version":2,"session":"s"}\n',
            "has journal format 2, newer than the 1 that this llmchem reads: update llmchem-tui.",
        ),
    ],
)
def test_what_is_no_journal_of_this_version_is_refused_in_one_sentence(
    path: Path, content: bytes, sentence: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        read_journal(path)
    assert str(refusal.value) == f"{path} {sentence}"


def test_a_missing_journal_is_named(path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no file .*journal\.jsonl: check the path\."):
        read_journal(path.parent)


def test_a_journal_is_never_written_over(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(FileExistsError):
        JournalWriter.create(path, "session-1")
    assert path.read_text() == "precious"


def test_a_full_disk_is_told_and_leaves_the_journal_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FullDisk(io.FileIO):
        """A file that takes one block, ten bytes of the next, and then no others."""

        room = iter([10**6, 10])

        def write(self, block: object) -> int:
            size = next(FullDisk.room, 0)
            if not size:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(bytes(memoryview(block))[:size])  # type: ignore[arg-type]

    monkeypatch.setattr(io, "FileIO", FullDisk)
    journal = JournalWriter.create(path, "session-1")
    journal.append(EVENTS[0])
    with pytest.raises(StorageError, match=r"could not be written \(No space left on device\)"):
        journal.append(EVENTS[1])
    monkeypatch.undo()
    assert read_journal(path).events == EVENTS[:1]
    assert read_journal(path).notes == ()
    journal.close()


def test_recent_calls_are_those_of_the_newest_sessions(tmp_path: Path) -> None:
    result = AnswerResult("a", Status.OK, ANSWER, 2.0, Usage(1, 2, load_seconds=0.5))
    for name in ("2026-01-01T00-00-00", "2026-01-02T00-00-00"):
        (tmp_path / name).mkdir()
        with closing(JournalWriter.create(tmp_path / name / "journal.jsonl", name)) as journal:
            journal.append(AnswerEnded(at=1.0, trial=f"{name} 1", result=result))
            journal.append(RoundEnded(at=2.0, trial=f"{name} 1", elapsed=1.0))
    assert recent_calls(tmp_path) == [result, result]
    assert recent_calls(tmp_path, exclude="2026-01-02T00-00-00") == [result]


def test_a_damaged_journal_tells_what_can_be_read_of_it(tmp_path: Path) -> None:
    assert recent_calls(tmp_path / "nowhere") == []
    (tmp_path / "s").mkdir()
    with closing(JournalWriter.create(tmp_path / "s" / "journal.jsonl", "s")) as journal:
        journal.append(AnswerEnded(at=1.0, trial="s 1", result=AnswerResult("a", Status.ERROR)))
    with (tmp_path / "s" / "journal.jsonl").open("ab") as file:
        file.write(b"\xff\n{torn")
    assert recent_calls(tmp_path) == [AnswerResult("a", Status.ERROR)]
