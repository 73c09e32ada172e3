"""What goes wrong is told in a sentence, and the app goes on."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from llmchem_tui.domain.errors import InputError
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.providers.pool import Pool
from llmchem_tui.storage.files import StorageError, append
from llmchem_tui.storage.journal_writer import JournalWriter
from llmchem_tui.ui.screens.dialogs import AskScreen
from llmchem_tui.ui.widgets.pool import PoolList
from tests.session.scripted import FOREVER, ScriptedProvider
from tests.ui.app_under_test import Bench, Driver, saved_rows, scripted_pool

FOREIGN = {name: ("box", "https://llm.example.org") for name in "abc"}


async def test_a_pool_that_cannot_be_opened_is_told(bench: Bench) -> None:
    async def open_pool() -> Pool:
        raise InputError("api_key_command: failed with exit code 3; try it by hand")

    bench.open_pool = open_pool
    async with bench.started() as user:
        await user.wait_until(lambda: "exit code 3" in user.told)
        await user.wait_until(lambda: "no models" in user.status)
        await user.press("ctrl+r", "s", "n", "a", "p", "space")
        assert user.screen.desk.state is None


async def test_a_pool_without_models_says_why_and_what_to_do(bench: Bench) -> None:
    problem = "box did not answer within 5 s: check its url and server"
    bench.open_pool = scripted_pool(ScriptedProvider(), (), unreachable={"box": problem})
    async with bench.started() as user:
        await user.wait_until(lambda: problem in user.told)
        assert "try --simulated" in user.told
        await user.wait_until(lambda: "no models" in user.status)
        assert not user.enabled("run")


async def test_an_unreachable_endpoint_is_told_and_stays_listed(bench: Bench) -> None:
    bench.open_pool = scripted_pool(ScriptedProvider(), unreachable={"box": "box: refused"})
    async with bench.opened() as user:
        assert "box: refused" in user.told
        pool = user.screen.query_one(PoolList)
        last = pool.options[-1]
        assert str(last.prompt) == "✗ box unreachable"
        await user.press("end", "space")
        assert user.ensemble == ("a", "b")  # the endpoint cannot be picked, the last model can
        await user.run_round()
        assert "confidence" in user.result


async def test_an_untrusted_endpoint_is_asked_about_and_no_means_no(bench: Bench) -> None:
    provider = ScriptedProvider()
    bench.open_pool = scripted_pool(provider, foreign=FOREIGN)
    async with bench.opened() as user:
        await user.press("ctrl+r")
        assert isinstance(user.app.screen, AskScreen)
        assert "to box (https://llm.example.org)" in user.text("#dialog")
        await user.press("n")
        await user.wait_until(lambda: not user.screen.desk.busy)
        assert provider.requests == []
        assert not (bench.folder / "sessions").exists()


async def test_an_untrusted_endpoint_is_asked_about_once(bench: Bench) -> None:
    provider = ScriptedProvider()
    bench.open_pool = scripted_pool(provider, foreign=FOREIGN)
    async with bench.opened() as user:
        await user.press("ctrl+r", "y")
        await user.wait_until(lambda: not user.screen.desk.busy)
        await user.wait_until(lambda: "confidence" in user.result)
        await user.run_round()
        assert len(saved_rows(bench.folder)) == 6


@pytest.mark.parametrize(("policy", "runs"), [("never", False), ("allow", True)])
async def test_the_settings_can_answer_the_question(bench: Bench, policy: str, runs: bool) -> None:
    provider = ScriptedProvider()
    bench.open_pool = scripted_pool(provider, foreign=FOREIGN)
    bench.with_round(remote=policy)
    async with bench.opened() as user:
        await user.press("ctrl+r")
        await user.wait_until(lambda: not user.screen.desk.busy)
        assert bool(provider.requests) == runs
        assert ("round.remote is never" in user.told) != runs


async def test_a_folder_that_cannot_be_made_is_told(bench: Bench) -> None:
    (bench.folder / "sessions").write_text("a file where the folder should be")
    async with bench.opened() as user:
        await user.press("ctrl+r")
        await user.wait_until(lambda: "No session could be created" in user.told)
        await user.wait_until(lambda: not user.screen.desk.busy)
        assert "No session could be created" in user.result
        assert user.enabled("run")


async def test_a_round_that_cannot_be_saved_is_told_and_the_next_one_is_saved(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(blocks: dict[Path, bytes]) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async with bench.opened() as user:
        monkeypatch.setattr("llmchem_tui.storage.sessions.append", full)
        await user.press("ctrl+r")
        await told_and_done(user, "No space left")
        assert "confidence" in user.result  # its calls may be paid for: the result is shown
        assert "could not be saved" in user.result
        monkeypatch.setattr("llmchem_tui.storage.sessions.append", append)
        await user.run_round()
        assert "saved in" in user.result
        assert len(saved_rows(bench.folder)) == 3


async def told_and_done(user: Driver, words: str) -> None:
    await user.wait_until(lambda: words in user.told)
    await user.wait_until(lambda: not user.screen.desk.busy)


async def test_a_journal_that_breaks_is_told_at_once_and_the_round_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = ScriptedProvider({name: [(FOREVER,)] for name in "bc"})
    bench.open_pool = scripted_pool(provider)
    written: list[object] = []

    def breaks(self: JournalWriter, event: object) -> None:
        written.append(event)
        if len(written) == 5:
            raise StorageError("the journal cannot be written (No space left on device)")

    monkeypatch.setattr(JournalWriter, "append", breaks)
    async with bench.opened() as user:
        await user.press("ctrl+r")
        await user.wait_until(lambda: "the journal cannot be written" in user.told)
        assert user.screen.desk.busy
        assert len(provider.open) == 2
        await user.wait_until(lambda: "NOT SAVED" in user.status)
        await user.press("escape")
        await user.wait_until(lambda: not user.screen.desk.busy and provider.open == [])


async def test_a_session_that_cannot_be_closed_does_not_break_the_leaving(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(self: Laboratory) -> None:
        raise StorageError("the journal's last lines are lost")

    monkeypatch.setattr(Laboratory, "aclose", fail)
    async with bench.opened() as user:
        await user.press("q")
    assert "the journal's last lines are lost" in capsys.readouterr().err
    assert user.app.return_code == 0
