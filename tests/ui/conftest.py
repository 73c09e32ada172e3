"""The bench that the tests of the app work on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.app_under_test import Bench, WaitUntil


@pytest.fixture
def bench(tmp_path: Path, wait_until: WaitUntil) -> Bench:
    """Return a bench with the simulated pool, which answers at once."""
    return Bench(tmp_path, wait_until)
