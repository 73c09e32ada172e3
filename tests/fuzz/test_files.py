"""Files that are wrong in every way: read, or refused in one sentence. Nothing else comes out."""

from __future__ import annotations

import re
import shutil
import tracemalloc
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest

from llmchem_tui import config
from llmchem_tui.analysis.verify import verify_session
from llmchem_tui.batch.request import MOST_TRIALS, STRATEGIES, told_request
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.medication import generation_accuracy
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.providers.pool import Pool
from llmchem_tui.recorder import Saving
from llmchem_tui.resuming import resume
from llmchem_tui.session.state import RoundState
from llmchem_tui.storage.batches import batch_table, continue_batch, find_batch
from llmchem_tui.storage.history import HISTORY_FILE, read_history
from llmchem_tui.storage.interrupted import interrupted_rounds
from llmchem_tui.storage.journal import JOURNAL_FILE, read_journal, recent_calls
from llmchem_tui.storage.journal_writer import JournalWriter
from llmchem_tui.storage.outlines import outline
from llmchem_tui.storage.profiles import profiles
from llmchem_tui.storage.prompts import load_prompts
from llmchem_tui.storage.reopening import reopen_session
from llmchem_tui.storage.replays import open_replay
from llmchem_tui.storage.rounds import read_reviews
from llmchem_tui.storage.session_file import (
    SESSION_FILE,
    SessionInfo,
    prompt_digests,
    read_settings,
    session_toml,
)
from llmchem_tui.storage.sessions import REVIEWS_FILE, list_sessions, session_summary
from llmchem_tui.storage.vignettes import headers, load_file
from llmchem_tui.ui.theme_files import bundled_themes, load_themes
from tests.conftest import CHECKOUT
from tests.damaged_sessions import cancelled_round
from tests.fuzz.conftest import LARGEST, LONGEST_SENTENCE, Fuzz, harmless
from tests.fuzz.mutations import BYTES, JOURNAL, TABLE, Mutation, mutated
from tests.saved_sessions import CREATED, PUBLISHED, save_session
from tests.session.scripted import PROMPTS, VIGNETTE, spec

pytestmark = pytest.mark.full

SEED = 7
ASKED = {"strategies": ["LOCAL", "RANDOM"], "sizes": [3], "trials": 2}
INFO = SessionInfo(
    CREATED,
    tuple(map(spec, "abc")),
    prompts=prompt_digests(PROMPTS),
    batch=batch_table("LOCAL", SEED, [VIGNETTE], ASKED, {"alpha": 0.5}),
)

Reader = Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """A file that is made wrong: its whole content, how, and what reads the path."""

    whole: bytes
    mutations: Sequence[Mutation]
    readers: tuple[Reader, ...]

    def attempt(self, seed: int, file: Path, path: Path) -> None:
        """Write it wrong, and read what is at ``path``, the file or its folder."""
        file.write_bytes(mutated(self.whole, self.mutations, seed))
        for read in self.readers:
            harmless(partial(read, path))


# --- sessions and histories ---------------------------------------------------------------------


def learned_from(path: Path) -> None:
    history = read_history([path])
    for mode in ("mean", "latest", "best"):
        profiles(history, mode=mode)


def outlined(path: Path) -> None:
    outline(path)
    list_sessions(path.parent)


def replayed(path: Path) -> None:
    replay = open_replay(path)
    for index, round_ in enumerate(replay.rounds):
        state = RoundState.of(round_.events)
        state.score()
        state.totals()
        replay.rows_until(index)
        for call in state.calls.values():
            call.readable.encode()


def reopened(folder: Path) -> None:
    reopen_session(copied(folder)).close()


def resumed(folder: Path) -> None:
    """As `llmchem resume` goes on with a round."""
    own = copied(folder)
    pool = Pool(INFO.models, {})
    laboratory = Laboratory(config.Settings(), pool, PROMPTS, Saving(own.parent))
    try:
        resume(laboratory, own)
    finally:
        laboratory.recorder.end()


def batch_continued(folder: Path) -> None:
    """As `llmchem resume` goes on with a batch, or the same `llmchem batch` does."""
    asked = told_request(read_settings(folder / SESSION_FILE).batch)
    if asked is not None:
        assert 0 < asked.asked.trials <= MOST_TRIALS
        assert {*asked.asked.strategies} <= {*STRATEGIES}
    with closing(continue_batch(copied(folder), INFO)) as session:
        session_toml(session.tables)


def verified(folder: Path) -> None:
    for finding in verify_session(folder, 0.5).findings:
        assert finding.text.strip()
        assert not re.search(r"Expected `|codec can't|Object missing", finding.text), finding.text


def copied(folder: Path) -> Path:
    copy = folder.parent.with_name("copies") / folder.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    return copy


SESSION: dict[str, tuple[Sequence[Mutation], tuple[Reader, ...]]] = {
    HISTORY_FILE: (TABLE, (learned_from, outlined, session_summary, replayed, reopened, verified)),
    REVIEWS_FILE: (
        TABLE,
        (lambda folder: read_reviews(folder / REVIEWS_FILE), replayed, reopened, verified),
    ),
    JOURNAL_FILE: (
        JOURNAL,
        (
            read_journal,
            interrupted_rounds,
            lambda folder: recent_calls(folder.parent),
            replayed,
            resumed,
            verified,
        ),
    ),
    SESSION_FILE: (
        BYTES,
        (
            lambda folder: read_settings(folder / SESSION_FILE),
            lambda folder: find_batch(folder.parent, SEED),
            outlined,
            replayed,
            resumed,
            batch_continued,
            verified,
        ),
    ),
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a session of a batch: two rounds, a person's grade, and an interrupted round."""
    folder = save_session(tmp_path_factory.mktemp("saved"), own_grade=0.4)
    tables = INFO.tables()
    tables["seeds"] = read_settings(folder / SESSION_FILE).seeds
    (folder / SESSION_FILE).write_bytes(session_toml(tables))
    with closing(JournalWriter.reopen(folder / JOURNAL_FILE)) as journal:
        for event in cancelled_round(f"{folder.name} 3"):
            journal.append(event)
    return folder


@pytest.mark.parametrize("file", SESSION)
def test_an_undamaged_session_is_not_refused_by_what_reads_damaged_ones(
    file: str, session: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "sessions" / session.name
    shutil.copytree(session, folder)
    for read in SESSION[file][1]:
        read(folder)


@pytest.mark.parametrize("file", SESSION)
def test_a_session_with_a_damaged_file_is_read_or_refused(
    file: str, session: Path, tmp_path: Path, fuzz: Fuzz
) -> None:
    folder = tmp_path / "sessions" / session.name
    shutil.copytree(session, folder)
    case = Case((session / file).read_bytes(), *SESSION[file])
    fuzz(lambda seed: case.attempt(seed, folder / file, folder))


@pytest.mark.parametrize(
    "changed",
    [
        {"trials": "2"},
        {"trials": 2.5},
        {"trials": -1},
        {"trials": 10**9},
        {"sizes": ["3"]},
        {"sizes": [-3]},
        {"strategies": ["MAGIC"]},
        {"strategies": [7]},
        {"strategies": "LOCAL"},
    ],
)
def test_a_batch_that_nobody_can_ask_for_is_none(changed: dict[str, object]) -> None:
    told = told_request(INFO.batch)
    assert told is not None
    assert (told.seed, told.asked.trials, [*told.vignettes]) == (SEED, 2, [VIGNETTE.id])
    assert told_request({**INFO.batch, "asked": ASKED | changed}) is None


def test_a_damaged_published_history_is_read_or_refused(tmp_path: Path, fuzz: Fuzz) -> None:
    file = tmp_path / "runs.csv"
    case = Case(PUBLISHED.encode(), TABLE, (learned_from, outlined, replayed))
    fuzz(lambda seed: case.attempt(seed, file, file))


FOUND = {
    "an endless number": (SESSION_FILE, b"format = 1", b"format = " + b"9" * 5000),
    "endless nesting": (SESSION_FILE, b"format = 1", b"format = " + b"[" * 3000),
    "an endless cell": (REVIEWS_FILE, b",1.0,ok", b"," + b"x" * 70_000 + b",ok"),
}
"""What the fuzzers found once; their second does not come to each of it."""


@pytest.mark.parametrize("kind", FOUND)
def test_what_was_once_found_is_refused_in_a_sentence(
    kind: str, session: Path, tmp_path: Path
) -> None:
    file, whole, damaged = FOUND[kind]
    folder = tmp_path / "sessions" / session.name
    shutil.copytree(session, folder)
    content = (folder / file).read_bytes()
    assert whole in content
    (folder / file).write_bytes(content.replace(whole, damaged, 1))
    reader = SESSION[file][1][0]
    with pytest.raises(InputError) as refused:
        reader(folder)
    assert len(str(refused.value)) < LONGEST_SENTENCE


# --- the user's own files -----------------------------------------------------------------------


def used_vignette(file: Path) -> None:
    headers(file.parent)
    vignette = load_file(str(file))
    for answer in vignette.acceptable:
        generation_accuracy(answer, vignette)


def loaded_themes(file: Path) -> None:
    _, problems = load_themes([file.parent])
    assert len(problems) <= 1


BUNDLED = files("llmchem_tui")
OWN_FILES: dict[str, tuple[bytes, Reader]] = {
    "config.toml": (
        (CHECKOUT / "config.example.toml").read_bytes(),
        lambda file: config.dump(config.load(file, {})),
    ),
    "theme.toml": ((bundled_themes() / "clinic-dark.toml").read_bytes(), loaded_themes),
    "case.toml": ((BUNDLED / "vignettes" / "cap-older-adult.toml").read_bytes(), used_vignette),
    "case.txt": (VIGNETTE.text.encode(), used_vignette),
    "review.md": (PROMPTS.review.encode(), lambda file: load_prompts(str(file.parent))),
}


@pytest.mark.parametrize("name", OWN_FILES)
def test_a_damaged_file_of_the_users_is_read_or_refused(
    name: str, tmp_path: Path, fuzz: Fuzz
) -> None:
    whole, read = OWN_FILES[name]
    file = tmp_path / name
    case = Case(whole, BYTES, (read,))
    fuzz(lambda seed: case.attempt(seed, file, file))


# --- large ones ---------------------------------------------------------------------------------

HEADER = b"trial,model,task,quality,accuracy\n"
LARGE = {
    "a cell of 1 MB": (HEADER + b't,m,"' + b"x," * 500_000 + b'",1,1\n', learned_from),
    "an open quote": (HEADER + b't,m,"' + b"x,y,z,1,1\n" * 100_000, learned_from),
    "a line of nothing but commas": (HEADER + b"," * 1_000_000, learned_from),
    "many columns": (HEADER[:-1] + b",x" * 300_000 + b"\n", learned_from),
    "blank lines": (HEADER + b"\n" * 100_000, learned_from),
    "NUL": (b"\0" * 2_000_000, learned_from),
    "a journal of one line": (b'{"format":' * 200_000, read_journal),
    "a journal of noise": (
        b'{"format":"llmchem-journal","version":1,"session":"s"}\n' + b"[{]\n" * 30_000,
        read_journal,
    ),
    "settings": (b"x = [" * 1_000_000, lambda file: config.load(file, {})),
    "a vignette": ("é".encode() * 1_000_000, lambda file: load_file(str(file))),
}


@pytest.mark.parametrize("kind", LARGE)
def test_reading_a_large_file_takes_bounded_memory(kind: str, tmp_path: Path) -> None:
    content, read = LARGE[kind]
    file = tmp_path / "large.csv"
    file.write_bytes(content)
    tracemalloc.start()
    try:
        harmless(partial(read, file))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < LARGEST
