"""How long each fuzzer runs: half a second, or with ``pytest -m full`` two minutes."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from llmchem_tui.domain.errors import LlmchemError

SECONDS, FULL_SECONDS = 0.5, 120.0
FEWEST = 5
"""Examples that are read whatever the time: a slow machine must not test nothing."""

SLOWEST = 10.0
"""Seconds of the processor within which each example is read; they take milliseconds."""

LARGEST = 100_000_000
"""Bytes that reading an example may take; no example is larger than a few megabytes."""

LONGEST_SENTENCE = 3000

Fuzz = Callable[[Callable[[int], None]], None]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: takes moments, and minutes with -m full")


@pytest.fixture
def fuzz(request: pytest.FixtureRequest) -> Fuzz:
    """Return a function that tries seeds 0, 1, 2, … until the time is over."""
    box = FULL_SECONDS if request.config.option.markexpr == "full" else SECONDS

    def run(attempt: Callable[[int], None]) -> None:
        end = time.monotonic() + box
        seed = 0
        while seed < FEWEST or time.monotonic() < end:
            try:
                attempt(seed)
            except Exception as error:
                error.add_note(f"the seed was {seed}")
                raise
            seed += 1

    return run


def harmless(read: Callable[[], object]) -> None:
    """Read something wrong: it is read, or refused in one sentence, in bounded time."""
    began = time.process_time()
    try:
        read()
    except LlmchemError as refused:
        sentence = str(refused)
        assert sentence.strip(), "an error without words"
        assert len(sentence) < LONGEST_SENTENCE, sentence[:LONGEST_SENTENCE]
    assert time.process_time() - began < SLOWEST
