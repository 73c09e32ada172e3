"""Kills headless runs at many points, goes on with them, and looks at what has come of it.

A script, which ``test_crashes`` runs: `python -m tests.crashing rounds|batch POINTS`. It prints a
line for each fault and ends with 1 if there was one; the last line says what was done.
"""

from __future__ import annotations

import csv
import itertools
import json
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from llmchem_tui.analysis.verify import verify_session
from llmchem_tui.cli.round_lines import progress_line
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Status
from llmchem_tui.session.events import AnswerEnded, Call, CallStarted, Event, ReviewEnded
from llmchem_tui.storage.history import read_history
from llmchem_tui.storage.journal import read_journal
from llmchem_tui.storage.outlines import outline
from llmchem_tui.storage.session_file import SESSION_FILE
from llmchem_tui.storage.sessions import list_sessions
from tests.dying import DEAD, OUT_OF_TIME, Death, llmchem, run_here, steps_of

Command = tuple[object, ...]
Numbers = list[tuple[str, ...]]
GoOn = Callable[[Path, Path, Sequence[Path], Death | None], None]

SIMULATED = ("--simulated", "--time-scale", "0")
SEEDS = ("7", "8", "9")
ROUNDS: tuple[Command, ...] = tuple(
    ("run", "cap-older-adult", *SIMULATED, "-n", 3, "--seed", seed) for seed in SEEDS
)
"""Each a session of its own; the later ones choose by what the earlier ones teach."""

BATCH: Command = (
    *("batch", "cap-older-adult", "croup-toddler", *SIMULATED, "--seed", 7),
    *("--strategies", "RANDOM,PERFORMANCE,CHEMISTRY", "--trials", 2, "-n", 2),
)
TIMES = {"trial", "latency", "elapsed", "created"}
"""Columns that hang on when something ran; a trial is named after it."""

MEMORY = Path("/dev/shm")  # where to sync takes no time
KINDS = ("kill", "torn", "power")
_LAST = 20  # steps of a command, in which a round is saved
_SHOWN_CALL = re.compile(r" *\d+\.\d s  .*(?<!: loading model)(?<!: retrying)")
_SHOWN_ROUND = re.compile(r"\d+/\d+  ")
_NOTHING_LEFT = "nothing to do"


class Fault(Exception):
    """Something is not as it has to be after a crash."""


# --- what is left, and what has come of it --------------------------------------------------------


def sessions(folder: Path) -> list[Path]:
    """The sessions that were begun whole, oldest first."""
    begun = [entry.path for entry in reversed(list_sessions(folder))]
    return [path for path in begun if (path / SESSION_FILE).exists()]


def rows(folder: Path, table: str) -> Iterator[dict[str, str]]:
    """The rows of a table in all sessions of a folder."""
    for session in sessions(folder):
        with (session / table).open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file, strict=True)


def numbers(folder: Path) -> Numbers:
    """All that the tables of a folder tell but for times, in an order of its own."""
    rounds = {
        row["trial"]: (row["strategy"], row["vignette"], row["seed"])
        for row in rows(folder, "history.csv")
    }
    return sorted(
        (*rounds.get(row["trial"], ("in no history",)), *(row[c] for c in row if c not in TIMES))
        for table in ("history.csv", "reviews.csv")
        for row in rows(folder, table)
    )


def look_at(folder: Path, told: Path, rounds_before: int) -> dict[Path, bytes]:
    """Look at what a crash left as a reader may, at once; returns the journals' whole lines.

    ``told``: what the command has shown. ``rounds_before``: those that there were before it.

    Raises:
        Fault: something cannot be read, or was shown as done and is not there.
    """
    journals, known, finished = {}, set[str](), 0
    for session in sessions(folder):
        content = (session / "journal.jsonl").read_bytes()
        journals[session] = content[: content.rfind(b"\n") + 1]
        known |= {progress_line(event) for event in read_journal(session).events}
        if problem := outline(session).problem:
            raise Fault(f"{session.name} cannot be listed: {problem}")
        try:
            finished += read_history([session]).frame["trial"].nunique()
        except InputError as error:
            if "no rows yet" not in str(error):
                raise Fault(f"{session.name} cannot be read: {error}") from error
    shown = told.read_text(encoding="utf-8").splitlines()
    for line in filter(_SHOWN_CALL.fullmatch, shown):
        if line not in known:
            raise Fault(f"shown as done, and not in a journal: {line}")
    if finished < rounds_before + sum(1 for line in shown if _SHOWN_ROUND.match(line)):
        raise Fault(f"only {finished} rounds can be read, and more were shown as done")
    return journals


def judge(folder: Path, journals: dict[Path, bytes], undisturbed: Numbers) -> None:
    """Compare what has come of it with the undisturbed run.

    Raises:
        Fault: it differs; a finished call was lost or made again; or ``verify`` finds something.
    """
    for session in sessions(folder):
        if not (session / "journal.jsonl").read_bytes().startswith(journals.get(session, b"")):
            raise Fault(f"{session.name}: the journal is not what it was")
        for event in made_again(read_journal(session).events):
            raise Fault(f"{session.name}: {event.call} was made again")
        for finding in verify_session(session, 0.5).findings:
            raise Fault(f"{session.name}: {finding.text}")
    for got, wanted in itertools.zip_longest(numbers(folder), undisturbed):
        if got != wanted:
            raise Fault(f"there is {got}, where the undisturbed run has {wanted}")


def made_again(events: Sequence[Event]) -> Iterator[CallStarted]:
    """The calls that were made although they had ended."""
    ended: set[tuple[str, Call]] = set()
    for event in events:
        if isinstance(event, CallStarted) and (event.trial, event.call) in ended:
            yield event
        elif isinstance(event, AnswerEnded) and event.result.status is not Status.CANCELLED:
            ended.add((event.trial, Call(event.result.model)))
        elif isinstance(event, ReviewEnded) and event.result.status is not Status.CANCELLED:
            ended.add((event.trial, Call(event.result.reviewer, event.result.author)))


# --- going on -------------------------------------------------------------------------------------


def attempt(command: Command, told: Path, death: Death | None) -> None:
    """Run a command that may die of ``death``; then it is run again.

    Raises:
        Fault: it failed.
    """
    code = llmchem(command, told, death)
    if code == DEAD:
        code = llmchem(command, told)
    words = told.read_text(encoding="utf-8")
    if code != 0 and not (code == 2 and _NOTHING_LEFT in words):
        raise Fault(f"{command[0]} ended with {code}: {words[-500:]}")


def go_on_with_rounds(folder: Path, told: Path, new: Sequence[Path], death: Death | None) -> None:
    """Resume the session that was cut off, and run the rounds that are missing then."""
    for session in new:
        attempt(("resume", session, "--time-scale", 0), told, death)
    done = {row["seed"] for row in rows(folder, "history.csv")}
    for command, seed in zip(ROUNDS, SEEDS, strict=True):
        if seed not in done:
            attempt((*command, "--out", folder), told, None)


def go_on_with_batch(folder: Path, told: Path, new: Sequence[Path], death: Death | None) -> None:
    """Resume by the newest session, where that may die too, and give the same command again."""
    if new and death is not None:
        attempt(("resume", new[-1], "--time-scale", 0), told, death)
    attempt((*BATCH, "--out", folder), told, None)


SCENARIOS: dict[str, tuple[tuple[Command, ...], GoOn]] = {
    "rounds": (ROUNDS, go_on_with_rounds),
    "batch": ((BATCH,), go_on_with_batch),
}


# --- all points -----------------------------------------------------------------------------------


class Trial:
    """A scenario that was run once undisturbed, with what was there before each command."""

    def __init__(self, name: str, work: Path) -> None:
        self._work = work
        self._commands, self._go_on = SCENARIOS[name]
        self._told = work / "told.txt"
        self._before = [work / f"before {place}" for place in range(len(self._commands) + 1)]
        self._steps: list[int] = []
        self._seconds: list[float] = []
        self._before[0].mkdir()
        for place, command in enumerate(self._commands):
            before, after = self._before[place : place + 2]
            shutil.copytree(before, after)
            began = time.monotonic()
            run_here((*command, "--out", after))
            self._seconds.append(time.monotonic() - began)
        for command, before in zip(self._commands, self._before, strict=False):
            folder = shutil.copytree(before, work / "counted", dirs_exist_ok=True)
            self._steps.append(steps_of((*command, "--out", folder), self._told))
            shutil.rmtree(folder)
        self._undisturbed = numbers(self._before[-1])

    @property
    def steps(self) -> int:
        """How many steps the commands take together."""
        return sum(self._steps)

    def deaths(self, points: int) -> Iterator[tuple[int, Death]]:
        """Draw points spread over all commands, each as a command's place and a death in it."""
        rng = random.Random(points)
        timed = points // 5
        for place in range(timed):
            command = place % len(self._commands)
            yield command, Death("time", rng.uniform(0, self._seconds[command]))
        for place in range(points - timed):
            kind = KINDS[place % len(KINDS)]
            if place % 5 < 2:  # where all files are written, which is little of a command
                command = place % len(self._commands)
                yield command, Death(kind, self._steps[command] - rng.randrange(_LAST))
                continue
            command, at = 0, 1 + place * self.steps // (points - timed)
            while at > self._steps[command]:
                at -= self._steps[command]
                command += 1
            yield command, Death(kind, at)

    def die(self, place: int, death: Death, again: Death | None) -> None:
        """Let a command die, and going on too; then look at what has come of it.

        Raises:
            Fault: something is not as it has to be.
        """
        folder = self._work / "crashed"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._before[place], folder)
        before = set(sessions(folder))
        code = llmchem((*self._commands[place], "--out", folder), self._told, death)
        if code not in (0, DEAD, OUT_OF_TIME):
            raise Fault(f"ended with {code}: {self._told.read_text(encoding='utf-8')[-500:]}")
        journals = look_at(folder, self._told, len(before))
        new = [session for session in sessions(folder) if session not in before]
        self._go_on(folder, self._told, new, again)
        judge(folder, journals, self._undisturbed)


def main(name: str, points: int) -> int:
    """Let the scenario die at so many points; returns 1 if there was a fault."""
    began, faults = time.monotonic(), 0
    rng = random.Random(7)
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as work:
        trial = Trial(name, Path(work))
        for number, (place, death) in enumerate(trial.deaths(points)):
            again = Death(KINDS[number % 2], rng.randint(1, 80)) if number % 3 == 0 else None
            try:
                trial.die(place, death, again)
            except Fault as fault:
                faults += 1
                print(f"{name}, command {place}, {death}, then {again}: {fault}")
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"points": points, "steps": trial.steps, "seconds": seconds}))
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
