"""Models that write control characters and broken bytes: nothing of it reaches a terminal."""

from __future__ import annotations

import os
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from llmchem_tui.config import load
from llmchem_tui.domain.model import Status
from llmchem_tui.providers.pool import open_pool
from llmchem_tui.storage.history import read_history
from llmchem_tui.storage.journal import read_journal
from llmchem_tui.storage.rounds import read_reviews
from tests.cli import Llmchem, make_llmchem
from tests.integration.conftest import LlamaServer
from tests.integration.test_real_server_rounds import NOTE, settings
from tests.ui.app_under_test import Bench, WaitUntil

pytestmark = pytest.mark.integration

TRIES = 8
"""Rounds in which a model that may write anything is given the chance to."""


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


@pytest.fixture
def hostile(
    llama_server: LlamaServer, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """Return a function that starts a server whose model writes what ``option`` lets through."""
    tiny = Path(os.environ["LLMCHEM_TINY_GGUF"])
    python = tiny.parent / "venv" / "bin" / "python"
    if not python.exists():
        pytest.skip("no environment with gguf beside the tiny model")

    def start(option: str) -> str:
        model = tmp_path_factory.getbasetemp() / f"tiny{option}.gguf"
        if not model.exists():
            maker = shared / "tools" / "make_tiny_gguf.py"
            subprocess.run([python, maker, model, option], check=True, capture_output=True)
        return llama_server("-m", str(model))

    return start


def controls(text: str) -> set[str]:
    """The characters of a text that a terminal would act on."""
    return {sign for sign in text if unicodedata.category(sign) == "Cc"} - set("\n")


@pytest.mark.parametrize("option", ["--control", "--wild"])
def test_a_round_of_hostile_models_is_harmless_and_readable(
    option: str, hostile: Callable[[str], str], llmchem: Llmchem, tmp_path: Path
) -> None:
    config, out = settings(tmp_path, hostile(option)), tmp_path / "out"
    result = llmchem("run", "-", "-n", 3, "--config", config, "--out", out, stdin=NOTE)
    assert result.code in (0, 1)
    assert controls(result.out + result.err) == set()
    assert "Traceback" not in result.err
    (session,) = out.iterdir()
    answers = read_history([session]).frame
    assert list(answers["model"]) == ["ant", "bee", "cat"]
    assert set(answers["status"]) <= {str(status) for status in Status}
    read_reviews(session / "reviews.csv")
    assert read_journal(session).notes == ()


@pytest.mark.parametrize("option", ["--control", "--wild"])
async def test_the_app_shows_hostile_models_harmlessly(
    option: str, hostile: Callable[[str], str], wait_until: WaitUntil, tmp_path: Path
) -> None:
    own = load(settings(tmp_path, hostile(option)), {})
    bench = Bench(tmp_path, wait_until, own)
    bench.open_pool = lambda: open_pool(own, {}, simulated=False)
    async with bench.opened() as driver:
        for _ in range(TRIES):
            await driver.run_round()
            lines = driver.app.screen._compositor.render_strips()
            assert controls("".join(strip.text for strip in lines)) == set()
            assert driver.screen.desk.state is not None
            written = "".join(call.text for call in driver.screen.desk.state.calls.values())
            if controls(written) or "\ufffd" in written:
                return
    pytest.fail(f"the model was tame in {TRIES} rounds")
