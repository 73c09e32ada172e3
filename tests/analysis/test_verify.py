"""Whatever stands in the files of a session, looking at them ends with findings, never worse."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmchem_tui.analysis.verify import verify_session
from llmchem_tui.storage.history import HISTORY_FILE
from llmchem_tui.storage.journal import JOURNAL_FILE
from llmchem_tui.storage.session_file import SESSION_FILE
from llmchem_tui.storage.sessions import REVIEWS_FILE
from tests.saved_sessions import save_session

FILES = (SESSION_FILE, JOURNAL_FILE, HISTORY_FILE, REVIEWS_FILE)
PIECES = st.one_of(
    st.binary(max_size=4),
    st.sampled_from(
        [b"1e308", b"-1", b"4e18148482", b"null", b'"\\ud800"', b"\n", b'"', b"9" * 5000]
    ),
)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A sound session, and where its damaged copies go."""
    sessions = tmp_path_factory.mktemp("sessions")
    return save_session(sessions, 1, own_grade=0.5), sessions / "copy"


@given(file=st.sampled_from(FILES), place=st.floats(0, 1), cut=st.integers(0, 40), piece=PIECES)
@settings(max_examples=100)
def test_any_damage_ends_with_findings(
    folders: tuple[Path, Path], file: str, place: float, cut: int, piece: bytes
) -> None:
    sound, damaged = folders
    shutil.rmtree(damaged, ignore_errors=True)
    shutil.copytree(sound, damaged)
    content = (sound / file).read_bytes()
    start = int(place * len(content))
    (damaged / file).write_bytes(content[:start] + piece + content[start + cut :])
    verified = verify_session(damaged, 0.5)
    assert all(finding.text for finding in verified.findings)
    json.dumps([asdict(finding) for finding in verified.findings], allow_nan=False)


@given(changed=st.integers(0, 5), grade=st.floats(0, 1))
@settings(max_examples=40)
def test_no_grade_can_be_changed_in_the_journal_unseen(
    folders: tuple[Path, Path], changed: int, grade: float
) -> None:
    sound, damaged = folders
    shutil.rmtree(damaged, ignore_errors=True)
    shutil.copytree(sound, damaged)
    lines = (sound / JOURNAL_FILE).read_bytes().splitlines(keepends=True)
    places = [place for place, line in enumerate(lines) if b'"ReviewEnded"' in line]
    event = json.loads(lines[places[changed]])
    before = event["result"]["review"]["grade"]
    event["result"]["review"]["grade"] = grade
    lines[places[changed]] = json.dumps(event).encode() + b"\n"
    (damaged / JOURNAL_FILE).write_bytes(b"".join(lines))
    columns = [finding.column for finding in verify_session(damaged, 0.5).findings]
    assert ("grade" in columns) is (grade != before)
