"""Round after round in one sitting of the app: nothing may grow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soaking import PROC, soak

MEGABYTE = 1_000_000


@pytest.mark.full
@pytest.mark.skipif(not PROC.exists(), reason="counts files, sockets and memory in /proc")
async def test_round_after_round_leaves_nothing_behind(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    at_length = request.config.option.markexpr == "full"
    warm, rounds, models, growth = (50, 500, 10, 30) if at_length else (3, 9, 4, 15)
    held = await soak(tmp_path, rounds, models, (warm, rounds))
    before, after = held[warm], held[rounds]
    assert after.tasks <= before.tasks
    assert after.descriptors <= before.descriptors
    assert after.memory - before.memory <= growth * MEGABYTE
