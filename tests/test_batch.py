"""`llmchem batch`: what it runs, what it learns from, and how it goes on after any stop."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import io
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from llmchem_tui.batch.choices import Choices
from llmchem_tui.batch.request import STRATEGIES, Request
from llmchem_tui.batch.runner import Batch
from llmchem_tui.cli import run_command_line
from llmchem_tui.config import ChemistrySettings, HistorySettings, RoundSettings, Settings
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.providers.facts import EndpointReport
from llmchem_tui.providers.pool import simulated_pool
from llmchem_tui.recorder import Saving
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.provider import ModelMissing
from llmchem_tui.storage.batches import find_batch
from llmchem_tui.storage.files import StorageError
from llmchem_tui.storage.history import History, history_of, read_history
from llmchem_tui.storage.journal import read_journal
from llmchem_tui.storage.prompts import load_prompts
from llmchem_tui.storage.reopening import reopen_session
from llmchem_tui.storage.rounds import read_reviews
from llmchem_tui.storage.sessions import list_sessions
from llmchem_tui.storage.vignettes import find
from tests.cli import Llmchem, make_llmchem
from tests.session.scripted import ScriptedProvider, in_virtual_time

CASES = ("cap-older-adult", "croup-toddler")
SMALL = (*CASES, "--trials", 2, "--simulated", "--time-scale", 0, "--seed", 7)
RESULTS = ["strategy", "vignette", "seed", "model", "status", "result", "accuracy", "variance"]


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


def request(**other: object) -> Request:
    own = Request(tuple(map(find, CASES)), STRATEGIES, (2,), 1, 7)
    return dataclasses.replace(own, **other)  # type: ignore[arg-type]


async def laboratory(folder: Path, settings: Settings | None = None) -> Laboratory:
    return Laboratory(
        settings or Settings(round=RoundSettings(seed=7)),
        await simulated_pool(),
        load_prompts(),
        Saving(folder),
    )


def results(folder: Path) -> list[tuple[object, ...]]:
    """What every round of a folder came to, whatever the session or the time."""
    return sorted(map(tuple, read_history([folder]).frame[RESULTS].astype(str).values.tolist()))


def stopped_at(folder: Path, calls: int, llmchem: Llmchem) -> None:
    llmchem("batch", *SMALL, "--out", folder, "--max-calls", calls)


@pytest.fixture
def complete(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all of the small batch, run once; nobody may change it."""
    return _complete(tmp_path_factory.getbasetemp() / "complete batch")


@functools.cache
def _complete(folder: Path) -> Path:
    with contextlib.redirect_stdout(io.StringIO()):
        assert run_command_line([str(part) for part in ("batch", *SMALL, "--out", folder)]) == 0
    return folder


@pytest.fixture
def undisturbed(complete: Path) -> list[tuple[object, ...]]:
    return results(complete)


@pytest.fixture
def whole(complete: Path, tmp_path: Path) -> Path:
    """A copy of the complete batch."""
    return shutil.copytree(complete, tmp_path / "whole")


# --- what it runs ---------------------------------------------------------------------------------


def test_every_strategy_gets_a_session_with_every_vignette_and_trial(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    ran = llmchem("batch", *SMALL, "-n", "2,3", "--out", tmp_path, "--json")
    assert ran.code == 0, ran.err
    assert "40 rounds; 260 calls" in ran.err
    assert [own["strategy"] for own in ran.document["strategies"]] == list(STRATEGIES)
    assert (ran.document["simulated"], ran.document["rounds_left"]) == (True, 0)
    for own in ran.document["strategies"]:
        frame = read_history([Path(own["session"])]).frame
        assert set(frame["strategy"]) == {own["strategy"]}
        rounds = frame.groupby("trial").agg({"vignette": "first", "seed": "first", "model": list})
        sizes = rounds["model"].map(len)
        assert sorted(zip(rounds["vignette"], sizes, strict=True)) == sorted(
            (case, size) for case in CASES for size in (2, 3) for _ in range(2)
        )
        assert rounds["seed"].nunique() == own["rounds"] == 8
        assert own["accuracy"] == pytest.approx(frame["accuracy"].mean())
        assert own["failures"] == (frame["status"] != "ok").sum()
    assert len(list_sessions(tmp_path)) == 5


def test_all_bundled_vignettes_run_if_none_is_named(llmchem: Llmchem, tmp_path: Path) -> None:
    asked = ("batch", "--simulated", "--time-scale", 0, "--out", tmp_path, "--max-calls", 1)
    assert "300 rounds; 2,700 calls" in llmchem(*asked).err


def test_a_batch_that_is_complete_runs_nothing(
    llmchem: Llmchem, whole: Path, undisturbed: list[tuple[object, ...]]
) -> None:
    again = llmchem("batch", *SMALL, "--out", whole)
    assert again.code == 0
    assert "no round is left, 20 are there already" in again.err
    assert results(whole) == undisturbed
    assert [line.split()[:2] for line in again.out.splitlines()[3:8]] == [
        [strategy, "4/4"] for strategy in STRATEGIES
    ]


def test_more_trials_run_what_is_missing(
    llmchem: Llmchem, whole: Path, undisturbed: list[tuple[object, ...]]
) -> None:
    more = llmchem("batch", *SMALL, "--trials", 3, "--out", whole)
    assert "10 rounds, 20 are there already" in more.err
    assert set(undisturbed) < set(results(whole))
    assert len(list_sessions(whole)) == 5


# --- going on -------------------------------------------------------------------------------------


@pytest.mark.parametrize("calls", [9, 50, 100, 150])
def test_a_limit_stops_between_rounds_and_the_same_command_goes_on(
    llmchem: Llmchem, tmp_path: Path, undisturbed: list[tuple[object, ...]], calls: int
) -> None:
    asked = ("batch", *SMALL, "--out", tmp_path / "part", "--json")
    first = llmchem(*asked, "--max-calls", calls)
    assert first.code == 0
    assert "no room for the next round" in first.err
    assert 0 < first.document["usage"]["calls"] <= calls
    assert first.document["rounds_left"] > 0
    assert set(results(tmp_path / "part")) < set(undisturbed)
    assert llmchem(*asked).document["rounds_left"] == 0
    assert results(tmp_path / "part") == undisturbed
    assert len(list_sessions(tmp_path / "part")) == 5


@pytest.mark.parametrize("after", [1, 11, 18])
def test_a_killed_batch_goes_on_with_no_round_lost_or_doubled(
    llmchem: Llmchem, tmp_path: Path, undisturbed: list[tuple[object, ...]], after: int
) -> None:
    command = [sys.executable, "-m", "llmchem_tui", "batch", *SMALL, "--out", tmp_path / "part"]
    with subprocess.Popen([*map(str, command)], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(f"{after}/20 "):
                process.send_signal(signal.SIGKILL)
                break
    assert set(results(tmp_path / "part")) <= set(undisturbed)
    assert llmchem("batch", *SMALL, "--out", tmp_path / "part").code == 0
    assert results(tmp_path / "part") == undisturbed
    assert len(list_sessions(tmp_path / "part")) == 5
    for entry in list_sessions(tmp_path / "part"):
        ended = set(read_history([entry.path]).frame["trial"])
        assert set(read_reviews(entry.path / "reviews.csv")) == ended
        assert read_journal(entry.path).notes == ()


@pytest.mark.parametrize("torn", [1, 200, 1500])
def test_a_row_that_was_torn_is_taken_out_and_its_round_run_again(
    llmchem: Llmchem, whole: Path, undisturbed: list[tuple[object, ...]], torn: int
) -> None:
    last = find_batch(whole, 7)["CHEMISTRY"]
    for name in ("history.csv", "reviews.csv", "journal.jsonl"):
        content = (last / name).read_bytes()
        (last / name).write_bytes(content[:-torn])
    again = llmchem("batch", *SMALL, "--out", whole)
    assert again.code == 0, again.err
    assert results(whole) == undisturbed
    reviews = read_reviews(last / "reviews.csv")
    assert set(reviews) == set(read_history([last]).frame["trial"])


def test_interrupt_keeps_what_is_finished(tmp_path: Path) -> None:
    async def work() -> None:
        lab, stop = await laboratory(tmp_path), asyncio.Event()
        with closing(Batch(lab, request(trials=2))) as batch:
            async for _ in batch.run(stop):
                stop.set()
            assert batch.rounds_left == 20 - len(read_history([tmp_path]).frame) // 2
            assert not batch.problems
        await lab.aclose()

    in_virtual_time(work())


def test_two_cannot_write_the_same_batch(tmp_path: Path, llmchem: Llmchem) -> None:
    stopped_at(tmp_path, 30, llmchem)
    (entry,) = list_sessions(tmp_path)
    with closing(reopen_session(entry.path)):
        refused = llmchem("batch", *SMALL, "--out", tmp_path)
    assert refused.code == 1
    assert "is being written by another llmchem" in refused.err
    assert llmchem("batch", *SMALL, "--out", tmp_path).code == 0


def test_two_that_begin_together_do_not_run_the_same_rounds(tmp_path: Path) -> None:
    async def work() -> None:
        with closing(Batch(await laboratory(tmp_path), request())):
            second = await laboratory(tmp_path)
            with pytest.raises(StorageError, match="run by another llmchem"):
                Batch(second, request())
            Batch(second, request(seed=8)).close()
        Batch(second, request()).close()

    in_virtual_time(work())


def test_a_history_that_is_damaged_in_the_middle_is_not_cut(whole: Path, llmchem: Llmchem) -> None:
    file = find_batch(whole, 7)["RANDOM"] / "history.csv"
    for damaged in (
        file.read_bytes().replace(b",", b";"),
        b"\xef\xbb\xbf" + file.read_bytes(),
        file.read_bytes().replace(b"\n", b"\n,,torn,\n", 2),
    ):
        file.write_bytes(damaged)
        refused = llmchem("batch", *SMALL, "--out", whole)
        assert refused.code == 2
        assert "history.csv" in refused.err and "restore it from a copy" in refused.err.lower()
        assert file.read_bytes() == damaged


def test_a_batch_whose_files_cannot_be_written_stops_and_says_so(
    tmp_path: Path, llmchem: Llmchem, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("llmchem_tui.storage.sessions.append", full)
    ran = llmchem("batch", *SMALL, "--out", tmp_path, "--json")
    assert ran.code == 1
    assert "No space left on device" in ran.err
    assert ran.document["rounds_left"] == 20


# --- what may not have changed --------------------------------------------------------------------


def test_another_pool_is_refused(tmp_path: Path, llmchem: Llmchem) -> None:
    stopped_at(tmp_path, 30, llmchem)

    async def work() -> None:
        lab = await laboratory(tmp_path)
        lab.pool = dataclasses.replace(lab.pool, models=lab.pool.models[1:])
        gone = (await simulated_pool()).models[0].name
        with pytest.raises(InputError, match=f"{gone} is gone.*--seed or --out"):
            Batch(lab, request())

    in_virtual_time(work())


def test_another_text_of_a_vignette_is_refused(tmp_path: Path, llmchem: Llmchem) -> None:
    stopped_at(tmp_path, 30, llmchem)
    first, *others = map(find, CASES)
    edited = dataclasses.replace(first, text="Something else.")

    async def work() -> None:
        with pytest.raises(InputError, match="vignette cap-older-adult has changed"):
            Batch(await laboratory(tmp_path), request(vignettes=(edited, *others)))

    in_virtual_time(work())


def test_another_reference_of_a_vignette_is_refused(tmp_path: Path, llmchem: Llmchem) -> None:
    stopped_at(tmp_path, 30, llmchem)
    first, *others = map(find, CASES)
    edited = dataclasses.replace(first, acceptable=first.acceptable[:1], unacceptable=())

    async def work() -> None:
        with pytest.raises(InputError, match="vignette cap-older-adult has changed"):
            Batch(await laboratory(tmp_path), request(vignettes=(edited, *others)))

    in_virtual_time(work())


def test_other_settings_of_what_is_chosen_are_refused(tmp_path: Path, llmchem: Llmchem) -> None:
    stopped_at(tmp_path, 30, llmchem)
    settings = Settings(chemistry=ChemistrySettings(alpha=0.9))

    async def work() -> None:
        with pytest.raises(InputError, match="settings of chemistry or abstain_below"):
            Batch(await laboratory(tmp_path, settings), request())

    in_virtual_time(work())


def test_one_vignette_alone_is_told_to_teach_nothing(llmchem: Llmchem, tmp_path: Path) -> None:
    ran = llmchem("batch", *SMALL[1:], "--out", tmp_path, "--max-calls", 1)
    assert "PERFORMANCE and CHEMISTRY choose for a vignette from rounds on others" in ran.err


def test_a_refused_batch_leaves_the_others_free(tmp_path: Path, llmchem: Llmchem) -> None:
    stopped_at(tmp_path, 60, llmchem)
    paths = list(find_batch(tmp_path, 7).values())
    assert len(paths) == 2

    async def work() -> None:
        lab = await laboratory(tmp_path)
        with closing(reopen_session(paths[1])), pytest.raises(StorageError, match="another"):
            Batch(lab, request())
        reopen_session(paths[0]).close()

    in_virtual_time(work())


# --- learning -------------------------------------------------------------------------------------


def history(rows: Iterable[tuple[str, str, str, float]], folder: Path) -> History:
    """Rows of (strategy, vignette, model, accuracy), each a round of its own."""
    lines = [
        f"t{i},{model},recommend medication for a clinical vignette,{accuracy * 10},{accuracy},"
        f"{strategy},{vignette}"
        for i, (strategy, vignette, model, accuracy) in enumerate(rows)
    ]
    file = folder / "rows.csv"
    file.write_text("\n".join(["trial,model,task,quality,accuracy,strategy,vignette", *lines]))
    return read_history([file])


def learned(strategy: str, rows: Iterable[tuple[str, str, str, float]], folder: Path) -> set[str]:
    """Whom a strategy chooses for CASES[0] after these rounds of the batch."""

    async def work() -> set[str]:
        choices = Choices(await laboratory(folder), request())
        choices.learn(strategy, history(rows, folder))
        choice = choices.of(next(request().rounds(strategy)))
        assert choice is not None
        return set(choice.ensemble) - set(choice.filled)

    return in_virtual_time(work())


OTHER = CASES[1]


def models() -> list[str]:
    async def work() -> list[str]:
        return [spec.name for spec in (await simulated_pool()).models]

    return in_virtual_time(work())


@pytest.mark.parametrize("strategy", ["PERFORMANCE", "CHEMISTRY"])
@pytest.mark.parametrize(
    ("source", "vignette"),
    [("CHEMISTRY", OTHER), ("RANDOM", CASES[0])],
    ids=["a CHEMISTRY round", "a round on the same vignette"],
)
def test_what_may_not_teach_does_not(
    tmp_path: Path, strategy: str, source: str, vignette: str
) -> None:
    a, b, c, d, *_ = models()
    allowed = [("RANDOM", OTHER, a, 0.7), ("RANDOM", OTHER, b, 0.6)]
    planted = [(source, vignette, c, 1.0), (source, vignette, d, 0.9)]
    assert learned(strategy, [*allowed, *planted], tmp_path) == {a, b}


def test_performance_teaches_chemistry_and_not_itself(tmp_path: Path) -> None:
    a, b, c, d, *_ = models()
    rows = [("RANDOM", OTHER, a, 0.7), ("RANDOM", OTHER, b, 0.6)]
    rows += [("PERFORMANCE", OTHER, c, 1.0), ("PERFORMANCE", OTHER, d, 0.9)]
    assert learned("PERFORMANCE", rows, tmp_path) == {a, b}
    assert learned("CHEMISTRY", rows, tmp_path) & {c, d}


def test_the_settings_histories_teach_too(tmp_path: Path) -> None:
    a, b, *_ = models()
    history([("LOCAL", "", a, 0.7), ("LOCAL", "", b, 0.6)], tmp_path)
    settings = Settings(history=HistorySettings(paths=(str(tmp_path / "rows.csv"),)))

    async def work() -> None:
        choices = Choices(await laboratory(tmp_path, settings), request())
        choices.learn("PERFORMANCE", history_of(()))
        choice = choices.of(next(request().rounds("PERFORMANCE")))
        assert choice is not None
        assert set(choice.ensemble) == {a, b}

    in_virtual_time(work())


# --- leave ----------------------------------------------------------------------------------------


def priced(spec: ModelSpec, price: float | None) -> ModelSpec:
    name = spec.name.removeprefix("sim/")
    return dataclasses.replace(spec, name=name, price_in=price, price_out=price)


def in_priced_pool(folder: Path, price: float | None, own: Request) -> tuple[set[str], float]:
    """The models that may cost money, and the cost foreseen, in a pool of real models."""

    async def work() -> tuple[set[str], float]:
        lab = await laboratory(folder)
        lab.pool = dataclasses.replace(
            lab.pool, models=tuple(priced(spec, price) for spec in lab.pool.models)
        )
        with closing(Batch(lab, own)) as batch:
            return {spec.name for spec in batch.limits.paid}, batch.estimate().cost or 0.0

    return in_virtual_time(work())


def test_remote_models_may_cost_money_unless_said_to_be_free(tmp_path: Path) -> None:
    async def remote() -> set[str]:
        pool = (await simulated_pool()).models
        return {s.name.removeprefix("sim/") for s in pool if s.locality is Locality.REMOTE}

    names = in_virtual_time(remote())
    assert in_priced_pool(tmp_path, None, request())[0] == names
    assert in_priced_pool(tmp_path, 3.0, request())[0] == names
    assert in_priced_pool(tmp_path, 0.0, request())[0] == set()
    assert in_priced_pool(tmp_path, None, request(strategies=("LOCAL",)))[0] == set()


def test_the_cost_foreseen_grows_with_the_price_and_the_rounds(tmp_path: Path) -> None:
    once = in_priced_pool(tmp_path, 2.0, request())[1]
    assert once > 0
    assert in_priced_pool(tmp_path, 4.0, request())[1] == pytest.approx(2 * once)
    assert in_priced_pool(tmp_path, 2.0, request(trials=2))[1] > 1.5 * once


def test_a_cost_limit_needs_prices(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no price is known of .*; set price_in and price_out"):
        in_priced_pool(tmp_path, None, request(max_cost=5.0))


@pytest.mark.parametrize("limit", [0.5, 1.0])
def test_a_cost_limit_is_kept(tmp_path: Path, limit: float) -> None:
    async def work() -> None:
        lab = await laboratory(tmp_path)
        models = tuple(
            dataclasses.replace(spec, price_in=5.0, price_out=25.0) for spec in lab.pool.models
        )
        lab.pool = dataclasses.replace(lab.pool, models=models)
        with closing(Batch(lab, request(trials=10, max_cost=limit))) as batch:
            async for _ in batch.run(asyncio.Event()):
                pass
            assert batch.rounds_left > 0
            assert "no room" in " ".join(batch.problems)
            assert not batch.failed
        assert 0.7 * limit < (lab.totals.cost or 0.0) <= limit
        await lab.aclose()

    in_virtual_time(work())


def test_an_outage_stops_the_batch_after_three_rounds(tmp_path: Path) -> None:
    async def work() -> None:
        lab = await laboratory(tmp_path)
        names = [spec.name for spec in lab.pool.models]
        down = Endpoint(ScriptedProvider({name: [(ModelMissing("gone"),)] * 99 for name in names}))
        lab.pool = dataclasses.replace(lab.pool, endpoints=dict.fromkeys(lab.pool.endpoints, down))
        with closing(Batch(lab, request(trials=10))) as batch:
            assert 3 <= len([one async for one in batch.run(asyncio.Event())]) < 20  # of one plan
            assert batch.failed
            assert batch.problems == [
                "No model answered in 3 rounds running: llmchem doctor says what can be reached; "
                "then the same command goes on."
            ]
        again = Batch(lab, request(trials=10))
        assert again.rounds_left == 100  # nobody answered: they are run again
        again.close()
        await lab.aclose()

    in_virtual_time(work())


def test_a_pool_whose_server_is_gone_is_refused_before_anything_runs(tmp_path: Path) -> None:
    async def work() -> None:
        lab = await laboratory(tmp_path)
        gone = EndpointReport(lab.pool.models[0].endpoint, "simulated", "", error="nothing there")
        lab.pool = dataclasses.replace(lab.pool, reports=(gone,))
        with pytest.raises(InputError, match=r"cannot be reached.*: nothing there"):
            Batch(lab, request())

    in_virtual_time(work())
    assert not list_sessions(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--strategies", "LOCAL,BEST"), "no strategy 'BEST'"),
        (("-n", "2,x"), "-n 2,x: give whole numbers"),
        (("-n", "0"), "-n 0: give whole numbers"),
        (("-n", "99"), "An ensemble of 99 models cannot be made"),
        (("nothing-like-it",), "no vignette 'nothing-like-it'"),
        (("cap-older-adult", "cap-older-adult"), "is named twice"),
        (("--trials", "0"), "--trials"),
        (("--max-cost", "nan"), "--max-cost"),
    ],
)
def test_bad_requests_get_a_sentence_and_leave_nothing(
    llmchem: Llmchem, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    folder = tmp_path / "out"
    refused = llmchem("batch", "--simulated", "--time-scale", 0, "--out", folder, *arguments)
    assert refused.code == 2
    assert sentence in refused.err
    assert not folder.exists()
