"""Sessions on the disk, written as the app writes them, for the tests that read them back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from llmchem_tui.domain.model import Review, ReviewResult, Status
from llmchem_tui.session.events import Event, RoundEnded, RoundStarted
from llmchem_tui.session.provider import Ended, Finish, Text
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.journal import JOURNAL_FILE
from llmchem_tui.storage.rounds import FinishedRound
from llmchem_tui.storage.session_file import SessionInfo
from llmchem_tui.storage.sessions import begin_session
from llmchem_tui.storage.vignettes import nameless
from tests.session.scripted import (
    VIGNETTE,
    Script,
    ScriptedProvider,
    answer_json,
    collect,
    in_virtual_time,
    plan_of,
    review_json,
    round_plan,
    slow,
    spec,
)

CREATED = datetime(2026, 1, 31, 9, 15, tzinfo=UTC)
NAME = "2026-01-31T09-15-00"
PUBLISHED = (
    "trial,model,task,latency,temperature,id,result,quality,generation_accuracy,variance,"
    "review_accuracy,accuracy,elapsed,created,strategy\n"
    "blue fox,m1,classify,2.5,,Item_1,true,9,1,0.1,0.9,0.975,7m 19s,2025-01-01 00:00:00,LOCAL\n"
    "blue fox,m2,classify,1.5,,Item_2,half-true,8,1,0.2,0.8,0.95,7m 19s,2025-01-01 00:00:00,LOCAL\n"
    "red ant,m1,classify,3.0,,Item_1,false,7,0,0.3,0.7,0.175,9s,2025-01-02 00:00:00,REMOTE\n"
    "red ant,m3,classify,,,Item_2,,,,,,,9s,2025-01-02 00:00:00,REMOTE\n"
)
"""Two rounds as the authors publish them: no reviews, no regimens, and an answer that failed."""


def provider(graded: float = 0.8) -> ScriptedProvider:
    """Answers that stream in at different times; b alone grades otherwise and is concerned."""
    doubt = (Text(review_json(graded / 4, "Penicillin allergy?")), Ended(Finish.STOP))
    scripts: dict[object, list[Script]] = {
        name: [slow(seconds, _streamed(answer_json(*drugs)))]
        for name, seconds, drugs in (
            ("a", 1.0, ()),
            ("b", 2.0, ("doxycycline",)),
            ("c", 3.0, ()),
        )
    }
    scripts |= {("b", author): [slow(1, doubt)] for author in "ac"}
    return ScriptedProvider(scripts)


def _streamed(text: str) -> Script:
    pieces = [part for i in range(0, len(text), 20) for part in (Text(text[i : i + 20]), 0.2)]
    return (*pieces, Ended(Finish.STOP))


def save_session(
    sessions: Path,
    rounds: int = 2,
    *,
    private: bool = False,
    prefix: str = "",
    created: datetime = CREATED,
    own_grade: float | None = None,
) -> Path:
    """Run rounds of three against a scripted provider and save them; return the folder.

    ``own_grade``: what a person gives the first answer of the first round.
    """
    names = [f"{prefix}{name}" for name in "abc"]
    info = SessionInfo(created, tuple(map(spec, names)), private=private)
    writer = begin_session(sessions, info)
    with closing(writer):
        for number in range(1, rounds + 1):
            for event in _events(writer.trial(number), prefix, private):
                writer.journal.append(event)
                if isinstance(event, RoundStarted):
                    state = RoundState(event)
                state.apply(event)
                if isinstance(event, RoundEnded):
                    at = created + timedelta(minutes=number)
                    writer.append_round(FinishedRound.of(state, state.score(), at))
        if own_grade is not None:
            own = ReviewResult("human", names[0], Status.OK, Review("I agree.", own_grade))
            writer.append_review(writer.trial(1), names, own)
    return writer.folder


def _events(trial: str, prefix: str, private: bool) -> list[Event]:
    own = provider()
    if prefix:
        own = ScriptedProvider()
    names = [f"{prefix}{name}" for name in "abc"]
    vignette = nameless(VIGNETTE) if private else VIGNETTE
    plan = plan_of(round_plan(names, trial=trial, vignette=vignette))
    with ThreadPoolExecutor(1) as thread:  # a test of the app has a loop of its own in this one
        return thread.submit(lambda: in_virtual_time(collect(own, plan))).result()


def change_lines(folder: Path, change: Callable[[list[bytes]], None]) -> None:
    """Damage the lines of a journal; the first is its header, the last is blank."""
    journal = folder / JOURNAL_FILE
    lines = journal.read_bytes().split(b"\n")
    change(lines)
    journal.write_bytes(b"\n".join(lines))
