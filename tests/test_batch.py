"""`llmchem batch`: what it runs, what it learns from, and what needs leave."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from llmchem_tui.batch.choices import Choices
from llmchem_tui.batch.request import STRATEGIES, Request
from llmchem_tui.batch.runner import Batch
from llmchem_tui.config import HistorySettings, Settings
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.providers.facts import EndpointReport
from llmchem_tui.providers.pool import simulated_pool
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.provider import ModelMissing
from llmchem_tui.storage.history import History, history_of, read_history
from llmchem_tui.storage.sessions import list_sessions
from tests.batches import CASES, SMALL, laboratory, request
from tests.cli import Llmchem, make_llmchem
from tests.session.scripted import ScriptedProvider, in_virtual_time


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


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


def test_what_to_know_beforehand_is_told_and_in_the_document(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    asked = ("batch", "--simulated", "--time-scale", 0, "--out", tmp_path, "--max-calls", 1)
    ran = llmchem(*asked, CASES[0], "-n", "3,5", "--json")
    alone = "PERFORMANCE and CHEMISTRY choose for a vignette from rounds on others"
    few = "LOCAL: The pool has only 4 local of the 5 models asked for."
    assert [note.partition(",")[0] for note in ran.document["notes"]][-1] == alone
    assert few in ran.document["notes"]
    assert all(note in ran.err for note in ran.document["notes"])
    assert llmchem(*asked, *CASES, "--json").document["notes"] == []


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
        (("-n", "9" * 5000), "999: give whole numbers"),
        (("--out", ""), "'' is no name of a file or folder"),
        (("--out", "-"), "'-' is no name of a file or folder"),
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
