"""The bench that the tests of the app work on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.ui.app_under_test import Bench, WaitUntil

PICTURES = "TEXTUAL_SNAPSHOT_TEMPDIR"


@pytest.fixture
def bench(tmp_path: Path, wait_until: WaitUntil) -> Bench:
    """Return a bench with the simulated pool, which answers at once."""
    return Bench(tmp_path, wait_until)


@pytest.fixture(scope="session")
def pictures_folder() -> str | None:
    """Return where the snapshot plugin collects its report, before the variable is removed."""
    return os.environ.get(PICTURES)


@pytest.fixture(autouse=True)
def keep_pictures_folder(
    pictures_folder: str | None, clean_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Give the snapshot plugin back the one variable of Textual's that it needs."""
    if pictures_folder:
        monkeypatch.setenv(PICTURES, pictures_folder)
