"""Sessions on the disk whose files somebody, or a crash, has changed."""

from __future__ import annotations

import asyncio
import csv
import dataclasses
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from llmchem_tui.analysis.verify_cells import Table
from llmchem_tui.session.events import Event
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.rounds import FinishedRound
from llmchem_tui.storage.session_file import SessionInfo
from llmchem_tui.storage.sessions import begin_session
from tests.saved_sessions import CREATED, change_lines
from tests.session.scripted import (
    FOREVER,
    ScriptedProvider,
    collect,
    in_virtual_time,
    plan_of,
    review_json,
    round_plan,
    said,
    slow,
    spec,
)

Change = Callable[[list[dict[str, str]]], None]


def change_rows(folder: Path, table: Table, change: Change) -> None:
    path = folder / table.file
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, table.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def change_cell(folder: Path, table: Table, column: str, cell: str, place: int = 1) -> str:
    """Put another cell into a row; returns what stood there."""
    before: list[str] = []

    def put(rows: list[dict[str, str]]) -> None:
        before.append(rows[place][column])
        rows[place][column] = cell

    change_rows(folder, table, put)
    return before[0]


def change_text(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def change_events(folder: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    def lines(lines: list[bytes]) -> None:
        events = [json.loads(line) for line in lines[1:-1]]
        change(events)
        lines[1:-1] = [json.dumps(event).encode() for event in events]

    change_lines(folder, lines)


def of_type(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == kind]


def save_events(sessions: Path, *plans: list[Event], abstain_below: float = 0.5) -> Path:
    """Save the events of rounds, and the rows of those that came to their end."""
    info = SessionInfo(CREATED, tuple(map(spec, "abc")), abstain_below=abstain_below)
    with closing(begin_session(sessions, info)) as writer:
        for events in plans:
            for event in events:
                writer.journal.append(event)
            state = RoundState.of(events)
            if state.ended and not state.ended.cancelled:
                score = state.score(abstain_below=abstain_below)
                writer.append_round(FinishedRound.of(state, score, CREATED))
    return writer.folder


def cancelled_round(trial: str) -> list[Event]:
    stop = asyncio.Event()
    provider = ScriptedProvider(
        {"c": [slow(5, (stop.set, FOREVER))], ("a", "b"): [said(review_json(0.3))]}
    )
    plan = plan_of(round_plan(trial=trial))
    return in_virtual_time(collect(provider, plan, stop=stop))


def resumed(events: list[Event], trial: str) -> list[Event]:
    plan = dataclasses.replace(round_plan(trial=trial), before=tuple(events))
    return events + in_virtual_time(collect(ScriptedProvider(), plan_of(plan)))
