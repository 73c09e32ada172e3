"""What is saved is replayed as it was; what is damaged is told, and the rest is shown."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from llmchem_tui.domain.chemistry import chemistry
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Outcome, Status
from llmchem_tui.domain.scoring import RoundScore, Score
from llmchem_tui.session.events import Call, CallStarted, RoundEnded, RoundStarted, TextArrived
from llmchem_tui.session.replay import Player, ReplayRound
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.history import HISTORY_FILE
from llmchem_tui.storage.history_rounds import PRIVATE_TEXT, distinct_names, seconds_of
from llmchem_tui.storage.journal import JOURNAL_FILE, read_journal
from llmchem_tui.storage.outlines import Entry, Outlines, list_entries, outline
from llmchem_tui.storage.profiles import profiles
from llmchem_tui.storage.replays import Replay, open_replay, rescored
from llmchem_tui.storage.session_file import SESSION_FILE, read_settings
from llmchem_tui.storage.sessions import REVIEWS_FILE
from tests.saved_sessions import NAME, PUBLISHED, change_lines, save_session


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """Return the folder of a session of two rounds."""
    return save_session(tmp_path / "sessions")


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Return a history of two rounds as the authors write them."""
    path = tmp_path / "runs.csv"
    path.write_text(PUBLISHED, encoding="utf-8")
    return path


def at_the_end(one: ReplayRound) -> RoundState:
    player = Player((one,))
    player.to_consensus()
    return player.state


def score_of(one: ReplayRound) -> RoundScore:
    return one.given or at_the_end(one).score()


def numbers(one: ReplayRound) -> dict[str, Score]:
    """Those that a history holds: it has no column for the variance of a quality."""
    scores = score_of(one).scores.items()
    return {name: replace(score, quality_variance=None) for name, score in scores}


# --- what is whole ----------------------------------------------------------------------------


def test_a_journal_is_replayed_event_by_event(session: Path) -> None:
    saved = open_replay(session)
    events = [event for one in saved.rounds for event in one.events]
    assert events == list(read_journal(session).events)
    assert [one.trial for one in saved.rounds] == [f"{NAME} 1", f"{NAME} 2"]
    assert (saved.journaled, saved.private, saved.notes) == (True, False, ())
    assert not any(one.given or one.untold for one in saved.rounds)
    assert saved.find(f"{NAME} 2") == 1
    assert saved.find("another") is None


def test_the_history_alone_gives_the_numbers_and_texts_that_were_saved(session: Path) -> None:
    before = open_replay(session)
    (session / JOURNAL_FILE).unlink()
    saved = open_replay(session)
    assert not saved.journaled
    assert saved.notes == (f"{session} has no {JOURNAL_FILE}: when things happened is not known.",)
    for own, was in zip(saved.rounds, before.rounds, strict=True):
        state, told = at_the_end(own), at_the_end(was)
        assert numbers(own) == numbers(was)
        assert score_of(own).outcome is score_of(was).outcome is Outcome.RECOMMENDED
        assert score_of(own).recommendation == score_of(was).recommendation
        assert {n: result.answer for n, result in state.answers.items()} == {
            n: result.answer for n, result in told.answers.items()
        }
        assert {(r.reviewer, r.author, r.review) for r in state.reviews} == {
            (r.reviewer, r.author, r.review) for r in told.reviews
        }
        assert state.elapsed == pytest.approx(told.elapsed, abs=1.0)
        assert own.untold == ""


def test_rows_tell_whether_there_are_reviews_to_know(session: Path, published: Path) -> None:
    assert not any(one.reviews_known for one in open_replay(published).rounds)
    (session / JOURNAL_FILE).unlink()
    assert all(one.reviews_known for one in open_replay(session).rounds)
    lines = (session / REVIEWS_FILE).read_text(encoding="utf-8").splitlines(keepends=True)
    (session / REVIEWS_FILE).write_text(lines[0], encoding="utf-8")
    assert not any(one.reviews_known for one in open_replay(session).rounds)


def test_a_persons_grades_come_back_and_count_for_nothing(tmp_path: Path) -> None:
    folder = save_session(tmp_path, own_grade=0.25)
    for remove in ((), (JOURNAL_FILE,)):
        for name in remove:
            (folder / name).unlink()
        first, second = open_replay(folder).rounds
        assert {author: own.grade for author, own in first.own_grades.items()} == {"a": 0.25}
        assert second.own_grades == {}
        assert {r.reviewer for r in at_the_end(first).reviews} == set("abc")


def test_a_private_session_shows_numbers_and_says_what_is_not_saved(tmp_path: Path) -> None:
    folder = save_session(tmp_path, private=True, own_grade=0.5)
    for remove in ((), (JOURNAL_FILE,)):
        for name in remove:
            (folder / name).unlink()
        saved = open_replay(folder)
        assert saved.private
        one = saved.rounds[0]
        state = at_the_end(one)
        assert score_of(one).outcome is Outcome.RECOMMENDED
        assert score_of(one).scores["a"].quality is not None
        assert {state.calls[Call(name)].text for name in "abc"} == {PRIVATE_TEXT}
        assert "there was a recommendation" in one.untold
        assert "confidence" in one.untold
        assert "its texts are not saved (private)" in one.untold


def test_a_private_round_that_was_broken_off_shows_what_it_has(tmp_path: Path) -> None:
    folder = save_session(tmp_path, 1, private=True)
    change_lines(folder, lose_the_end)
    header = (folder / HISTORY_FILE).read_text(encoding="utf-8").partition("\n")[0]
    (folder / HISTORY_FILE).write_text(f"{header}\n", encoding="utf-8")
    saved = open_replay(folder)
    assert saved.rounds[0].untold == f"its texts are {PRIVATE_TEXT}"
    assert len(at_the_end(saved.rounds[0]).answers) == 3


def test_a_round_that_began_anew_is_shown_from_its_last_beginning(session: Path) -> None:
    def begin_again(lines: list[bytes]) -> None:
        lines[8:8] = [lines[1]]

    whole = open_replay(session).rounds[0]
    change_lines(session, begin_again)
    one = open_replay(session).rounds[0]
    assert sum(isinstance(event, RoundStarted) for event in one.events) == 1
    assert len(one.events) < len(whole.events)


# --- histories --------------------------------------------------------------------------------


def test_a_published_history_shows_what_it_tells_and_nothing_else(published: Path) -> None:
    saved = open_replay(published)
    assert [one.trial for one in saved.rounds] == ["blue fox", "red ant"]
    first, second = saved.rounds
    state = at_the_end(first)
    assert first.started.vignette.text == ""
    assert first.started.strategy == "LOCAL"
    assert state.elapsed == 7 * 60 + 19
    assert state.reviews == []
    assert [result.answer for result in state.answers.values()] == [None, None]
    assert state.calls[Call("m2")].text == "half-true"
    assert "whether anything was recommended is not known" in first.untold
    assert "its reviews are not known" in first.untold
    assert score_of(first).recommendation is None
    assert score_of(first).scores["m1"].quality == 9.0
    failed = at_the_end(second).answers["m3"]
    assert (failed.status, failed.latency) == (Status.EMPTY, None)
    assert score_of(second).scores["m3"].quality is None


def test_answers_end_after_their_latency_and_the_round_after_its_time(published: Path) -> None:
    player = Player(open_replay(published).rounds)
    player.seek(1.9)
    assert list(player.state.answers) == ["m2"]
    player.seek(2.6)
    assert len(player.state.answers) == 2
    assert player.state.ended is None
    assert not player.has_stage_2
    assert player.length == pytest.approx(7 * 60 + 19 + 9)


def test_the_chemistry_grows_with_the_rounds(published: Path) -> None:
    saved = open_replay(published)
    known = [sorted(profiles(saved.rows_until(last))) for last in (-1, 0, 1)]
    assert known == [[], ["m1", "m2"], ["m1", "m2"]]  # m3 has no numbers at all
    qualities = [profiles(saved.rows_until(last))["m1"].quality for last in (0, 1)]
    assert qualities == [9.0, 8.0]


@pytest.mark.integration
def test_the_real_published_history_is_replayed_round_by_round(shared: Path) -> None:
    saved = open_replay(shared / "data" / "published" / "runs.csv")
    assert len(saved.rounds) == 1_400
    assert "shifted rows repaired (strategy unknown): 6." in saved.notes[0]
    sizes = []
    for last in (0, 1, 5, len(saved.rounds) - 1):
        rows = saved.rows_until(last)
        assert len(rows.frame) == sum(len(one.started.ensemble) for one in saved.rounds[: last + 1])
        sizes.append(len(chemistry(list(profiles(rows).values())).names))
    assert sizes == [5, 10, 12, 12]
    player = Player(saved.rounds)
    while player.to_consensus():
        state = player.state
        assert player.round.given is not None
        assert player.round.given.scores.keys() == set(state.names)
    assert player.index == len(saved.rounds) - 1


def test_rows_of_other_tasks_and_simulated_ones_are_not_taken_together(tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    rows = ["trial,model,task,quality,accuracy"]
    for trial, model, task in (("1", "x", "t"), ("2", "sim/x", "t"), ("3", "y", "u")):
        rows.append(f"s {trial},{model},{task},5,0.5")
    path.write_text("\n".join([*rows, "s 4,z,t,5,0.5"]), encoding="utf-8")
    saved = open_replay(path)
    known = [sorted(profiles(saved.rows_until(last))) for last in range(4)]
    assert known == [["x"], ["sim/x"], ["y"], ["x", "z"]]
    assert [saved.simulated(i) for i in range(4)] == [False, True, False, False]


def test_other_numbers_for_a_round_change_its_rows_alone(session: Path) -> None:
    saved = open_replay(session)
    one = saved.rounds[0]
    without_b = at_the_end(one).score(include="ac")
    rows = saved.rows_until(1)
    frame = rescored(rows, one.trial, without_b).frame
    was = rows.frame.set_index(["trial", "model"])["quality"]
    now = frame.set_index(["trial", "model"])["quality"]
    assert now[one.trial, "a"] == without_b.scores["a"].quality
    assert now[one.trial, "a"] > was[one.trial, "a"]
    second = saved.rounds[1].trial
    assert list(now[second]) == list(was[second])
    nobody = at_the_end(one).score(include="")
    assert math.isnan(rescored(rows, one.trial, nobody).frame["quality"].iloc[0])


# --- damage -----------------------------------------------------------------------------------


def shorten(lines: list[bytes]) -> None:
    lines[6] = lines[6][:20]


def make_huge(lines: list[bytes]) -> None:
    lines.insert(6, b'{"type":"' + b"x" * 10_000_000)


def lose_the_beginning(lines: list[bytes]) -> None:
    lines[1] = b"{"


def lose_the_answers(lines: list[bytes]) -> None:
    lines[:] = [line for line in lines if b"AnswerEnded" not in line]
    lines[3] = b"{"


def lose_the_end(lines: list[bytes]) -> None:
    del lines[-2]


def end_in_mid_round(lines: list[bytes]) -> None:
    del lines[len(lines) * 3 // 4 :]


def lose_all_but_the_header(lines: list[bytes]) -> None:
    del lines[1:]


@pytest.mark.parametrize(
    ("damage", "note", "streams"),
    [
        (shorten, "line 7 is damaged and was left out", [True, True]),
        (make_huge, "line 7 is damaged and was left out", [True, True]),
        (lose_the_beginning, "Round {0} 1 is not whole in the journal", [False, True]),
        (lose_the_answers, "Round {0} 2 is not whole in the journal", [False, False]),
        (end_in_mid_round, "Round {0} 2 is not whole in the journal", [True, False]),
        (lose_all_but_the_header, "Round {0} 1 is not whole in the journal", [False, False]),
    ],
)
def test_what_the_journal_has_lost_the_history_tells(
    session: Path, damage: Callable[[list[bytes]], None], note: str, streams: list[bool]
) -> None:
    scores = [numbers(one) for one in open_replay(session).rounds]
    change_lines(session, damage)
    saved = open_replay(session)
    assert note.format(NAME) in "\n".join(saved.notes)
    assert [one.trial for one in saved.rounds] == [f"{NAME} 1", f"{NAME} 2"]
    assert [numbers(one) for one in saved.rounds] == scores
    assert all(at_the_end(one).ended for one in saved.rounds)
    texts = [sum(isinstance(e, TextArrived) for e in one.events) > 3 for one in saved.rounds]
    assert texts == streams


def test_a_torn_last_line_costs_nothing_that_the_history_has(session: Path) -> None:
    whole = at_the_end(open_replay(session).rounds[1])
    journal = session / JOURNAL_FILE
    journal.write_bytes(journal.read_bytes()[:-20])
    saved = open_replay(session)
    assert "the torn last line was dropped" in saved.notes[0]
    state = at_the_end(saved.rounds[1])
    assert state.ended is not None
    assert state.elapsed == pytest.approx(whole.elapsed, abs=1.0)
    assert state.calls == whole.calls


def test_a_round_that_nobody_finished_stays_broken_off(session: Path) -> None:
    change_lines(session, end_in_mid_round)
    history = session / HISTORY_FILE
    rows = history.read_text(encoding="utf-8").split(f"{NAME} 2,")
    history.write_text(rows[0], encoding="utf-8")
    saved = open_replay(session)
    assert len(saved.rounds) == 2
    assert at_the_end(saved.rounds[1]).ended is None
    assert saved.notes == ()


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 50, b'{"format": "other"}\n', None])
def test_a_session_whose_journal_is_no_journal_is_shown_from_its_history(
    session: Path, content: bytes | None
) -> None:
    journal = session / JOURNAL_FILE
    journal.unlink()
    if content is None:
        journal.mkdir()
    else:
        journal.write_bytes(content)
    saved = open_replay(session)
    assert len(saved.rounds) == 2
    assert str(journal) in saved.notes[0]
    assert saved.notes[0].endswith("What its history tells is shown.")
    (session / HISTORY_FILE).unlink()
    with pytest.raises(InputError, match=r"journal\.jsonl.*has no finished round to show instead"):
        open_replay(session)


@pytest.mark.parametrize("name", [HISTORY_FILE, REVIEWS_FILE])
@pytest.mark.parametrize("content", [None, b"", b"\x00\xff", b"trial,model\n1\n"])
def test_a_damaged_table_beside_a_whole_journal_is_told_and_the_rounds_are_shown(
    session: Path, name: str, content: bytes | None
) -> None:
    (session / name).unlink()
    if content is not None:
        (session / name).write_bytes(content)
    saved = open_replay(session)
    assert len(saved.rounds) == 2
    assert len(saved.notes) == 1
    assert str(session / name) in saved.notes[0]
    assert not any(one.given for one in saved.rounds)


def test_a_damaged_session_file_is_told_where_nothing_else_says_what_it_says(
    session: Path,
) -> None:
    (session / SESSION_FILE).write_text("format = = 1", encoding="utf-8")
    assert open_replay(session).notes == ()  # the journal says it too
    (session / JOURNAL_FILE).unlink()
    assert str(session / SESSION_FILE) in "\n".join(open_replay(session).notes)


def test_a_newer_format_is_refused_in_one_sentence(session: Path) -> None:
    (session / SESSION_FILE).write_text("format = 9\n", encoding="utf-8")
    with pytest.raises(InputError, match="newer"):
        open_replay(session)


def test_events_of_models_and_rounds_that_are_not_there_are_left_out(session: Path) -> None:
    def add_strangers(lines: list[bytes]) -> None:
        answer = next(line for line in lines if b"AnswerEnded" in line)
        stranger = json.loads(answer)
        stranger["result"]["model"] = "nobody"
        elsewhere = json.loads(answer) | {"trial": "elsewhere 1"}
        empty = json.loads(lines[1]) | {"trial": "empty 1", "ensemble": []}
        start = len(lines) - 1
        lines[start:start] = [json.dumps(one).encode() for one in (stranger, elsewhere, empty)]

    before = [score_of(one) for one in open_replay(session).rounds]
    change_lines(session, add_strangers)
    saved = open_replay(session)
    assert [score_of(one) for one in saved.rounds] == before
    assert "events that do not belong to it left out: 1." in saved.notes[0]
    assert {note.split(":")[0] for note in saved.notes[1:]} == {
        "Round elsewhere 1 is left out",
        "Round empty 1 is left out",
    }


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"trial,model,task,quality,accuracy\n", "no rows yet"),
        (b"a,b\n1,2\n", "lacks trial"),
        (b"trial,model,task,quality,accuracy\nt,m\n", "line 2: 2 cells"),
        (b"trial\0", "NUL byte"),
    ],
)
def test_a_damaged_history_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "runs.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=sentence) as told:
        open_replay(path)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)


def test_a_session_without_a_round_has_nothing_to_replay(tmp_path: Path) -> None:
    folder = save_session(tmp_path, 0)
    with pytest.raises(InputError, match="nothing to replay"):
        open_replay(folder)
    with pytest.raises(InputError, match="There is no file"):
        open_replay(tmp_path / "none.csv")


# --- lists ------------------------------------------------------------------------------------


def test_the_list_has_sessions_newest_first_and_then_histories_each_once(
    tmp_path: Path, published: Path
) -> None:
    sessions = tmp_path / "sessions"
    folders = [save_session(sessions, 1), save_session(sessions, 1)]
    other = save_session(tmp_path / "other", 1)
    entries = list_entries(sessions, [published, other, tmp_path / "other", published, sessions])
    assert [entry.path for entry in entries[:2]] == folders[::-1]
    assert entries[0].created is not None
    assert sorted(entry.path for entry in entries[2:]) == sorted([published, other])
    assert list_entries(tmp_path / "none", []) == []
    assert list_entries(tmp_path / "none", [tmp_path / "missing.csv"]) == [
        Entry(tmp_path / "missing.csv", "missing.csv")
    ]


def test_a_folder_of_another_name_with_a_file_of_a_session_is_listed(tmp_path: Path) -> None:
    sessions = tmp_path / "sessions"
    folder = save_session(sessions, 1)
    (sessions / "garbage").mkdir()
    (sessions / "garbage" / HISTORY_FILE).write_text("trial,mo", encoding="utf-8")
    (sessions / "notes").mkdir()
    entries = list_entries(sessions, [])
    assert [one.path for one in entries] == [folder, sessions / "garbage"]
    assert "garbage" in outline(entries[1].path).problem


def test_an_outline_tells_what_is_in_a_session(tmp_path: Path) -> None:
    folder = save_session(tmp_path, 2, prefix="sim/", private=True)
    own = outline(folder)
    assert own.models == ("sim/a", "sim/b", "sim/c")
    assert (own.simulated, own.private, own.problem) == (True, True, "")
    assert own.vignettes == ("note",)  # a private session does not tell which
    assert own.span == ("2026-01-31 09:16:00", "2026-01-31 09:17:00")
    assert [(one.trial, one.size, one.recommended) for one in own.rounds] == [
        (f"{NAME} 1", 3, True),
        (f"{NAME} 2", 3, True),
    ]
    assert own.rounds[0].confidence == pytest.approx(0.8)


def test_an_outline_of_a_history_leaves_open_what_it_does_not_say(published: Path) -> None:
    own = outline(published)
    assert own.models == ("m1", "m2", "m3")
    assert own.tasks == ("classify",)
    assert [(one.strategy, one.recommended, one.confidence) for one in own.rounds] == [
        ("LOCAL", None, None),
        ("REMOTE", None, None),
    ]


def test_an_outline_of_a_session_without_rounds_names_its_pool(tmp_path: Path) -> None:
    own = outline(save_session(tmp_path, 0))
    assert (own.models, own.rounds, own.problem) == (("a", "b", "c"), (), "")


@pytest.mark.parametrize("name", [SESSION_FILE, HISTORY_FILE])
def test_an_outline_of_what_is_damaged_says_why(session: Path, name: str) -> None:
    (session / name).write_bytes(b"\x00\xff")
    assert str(session / name) in outline(session).problem


def test_an_outline_is_there_where_only_what_it_does_not_tell_is_damaged(session: Path) -> None:
    with (session / SESSION_FILE).open("ab") as file:
        file.write(b"\xff")
    assert (len(outline(session).rounds), outline(session).problem) == (2, "")
    with pytest.raises(InputError):
        read_settings(session / SESSION_FILE)


def test_an_outline_is_read_again_only_when_a_file_has_changed(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlines = Outlines()
    first = outlines.of(session)
    assert outlines.of(session) is first
    history = session / HISTORY_FILE
    text = history.read_text(encoding="utf-8")
    history.write_text(text.split(f"{NAME} 2,")[0], encoding="utf-8")
    assert len(outlines.of(session).rounds) == 1
    history.unlink()
    assert outlines.of(session).problem


# --- small things -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7m 19s", 439), ("9s", 9), ("1h 2m 3s", 3723), ("0.5s", 0.5), ("", None), ("soon", None)],
)
def test_elapsed_is_read_as_histories_write_it(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("names", "distinct"),
    [("ab", ["a", "b"]), ("aa", ["a", "a (2)"]), (("a", "a (2)", "a"), ["a", "a (2)", "a (3)"])],
)
def test_a_model_that_stands_twice_gets_a_number(names: list[str], distinct: list[str]) -> None:
    assert distinct_names(names) == distinct


def test_a_status_that_is_none_of_ours_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    rows = "trial,model,task,quality,accuracy,status,vignette\n1,m,t,5,0.5,exploded,v\n"
    path.write_text(rows, encoding="utf-8")
    result = at_the_end(open_replay(path).rounds[0]).answers["m"]
    assert result.status is Status.ERROR
    assert "exploded" in result.message


def test_every_round_from_rows_begins_all_its_calls_and_ends(published: Path) -> None:
    saved: Replay = open_replay(published)
    for one in saved.rounds:
        started = [event.call.model for event in one.events if isinstance(event, CallStarted)]
        assert started == [spec.name for spec in one.started.ensemble]
        assert isinstance(one.events[-1], RoundEnded)
