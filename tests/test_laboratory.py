"""One sitting: what it learns from, what it keeps, what it lets go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from llmchem_tui.config import HistorySettings, RoundSettings, Settings
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import TASK, Locality, ModelSpec, Vignette
from llmchem_tui.domain.strategies import Strategy
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.providers.facts import EndpointReport
from llmchem_tui.providers.pool import Pool, simulated_pool
from llmchem_tui.recorder import Saving
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.events import Event, RoundEnded
from llmchem_tui.session.provider import CallRequest, Delta, Loading
from llmchem_tui.storage.history import read_history
from llmchem_tui.storage.journal import read_journal
from llmchem_tui.storage.prompts import load_prompts
from llmchem_tui.storage.vignettes import find
from tests.session.scripted import in_virtual_time

UNSAVED = Saving(Path("nowhere"), write=False)
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CASE = find("cap-older-adult")


async def laboratory(
    folder: Path, settings: Settings | None = None, *, write: bool = True
) -> Laboratory:
    return Laboratory(
        settings or Settings(round=RoundSettings(seed=7)),
        await simulated_pool(),
        load_prompts(),
        Saving(folder, write=write),
        clock=lambda: NOON,
    )


async def play(
    lab: Laboratory, strategy: str = "CHEMISTRY", vignette: Vignette = CASE, n: int = 3
) -> list[Event]:
    seed = lab.draw_seed()
    choice = lab.choose(strategy, n, seed)
    return [event async for event in lab.run(lab.plan(vignette, choice, seed))]


def test_a_session_begins_with_its_first_round_and_holds_all_of_the_sitting(
    tmp_path: Path,
) -> None:
    async def work() -> None:
        lab = await laboratory(tmp_path)
        lab.knowledge()
        assert lab.recorder.session is None
        await play(lab)
        await play(lab, "RANDOM")
        await lab.aclose()

    in_virtual_time(work())
    (session,) = tmp_path.iterdir()
    assert session.name == "2026-01-31T12-00-00"
    frame = read_history([session]).frame
    assert list(frame["trial"].unique()) == [f"{session.name} 1", f"{session.name} 2"]
    assert list(frame["seed"].unique()) == ["7", "8"]
    events = read_journal(session).events
    assert sum(isinstance(event, RoundEnded) for event in events) == 2


def test_what_it_learns_in_a_sitting_is_what_it_would_read_back(tmp_path: Path) -> None:
    async def work() -> None:
        lab = await laboratory(tmp_path)
        await play(lab)
        await play(lab, "RANDOM", find("croup-toddler"))
        present = lab.knowledge()
        await lab.aclose()
        later = await laboratory(tmp_path)
        assert later.knowledge() == present
        assert len(present.past) == 2

    in_virtual_time(work())


def test_a_repeat_of_a_simulated_round_teaches_nothing_about_it(tmp_path: Path) -> None:
    async def work() -> None:
        lab = await laboratory(tmp_path)
        await play(lab)
        await lab.aclose()
        again = await laboratory(tmp_path)
        assert again.knowledge((CASE.id, 7)).profiles == {}
        assert len(again.knowledge((CASE.id, 8)).profiles) == 3

    in_virtual_time(work())


def test_it_learns_from_configured_histories_but_not_from_other_tasks_or_real_models(
    tmp_path: Path,
) -> None:
    rows = [("sim/kestrel", TASK), ("sim/heron-pro", "another task"), ("gpt-4o", TASK)]
    file = tmp_path / "old.csv"
    file.write_text(
        "trial,model,task,quality,accuracy\n"
        + "".join(f"1,{model},{task},8,.8\n" for model, task in rows)
    )
    settings = Settings(history=HistorySettings(paths=(str(file),)))

    async def work() -> None:
        lab = await laboratory(tmp_path, settings)
        assert set(lab.knowledge().profiles) == {"sim/kestrel"}

    in_virtual_time(work())


def test_damaged_sessions_are_left_out_and_told(tmp_path: Path) -> None:
    (tmp_path / "2026-01-01T00-00-00").mkdir()
    (tmp_path / "2026-01-01T00-00-00" / "history.csv").write_text("nonsense\n")

    async def work() -> None:
        lab = await laboratory(tmp_path)
        assert lab.knowledge().profiles == {}
        assert "2026-01-01T00-00-00" in " ".join(lab.notes)

    in_virtual_time(work())


def test_a_sitting_that_saves_nothing_still_learns_from_the_past_and_from_itself(
    tmp_path: Path,
) -> None:
    async def work() -> None:
        saved = await laboratory(tmp_path)
        await play(saved)
        await saved.aclose()
        lab = await laboratory(tmp_path, write=False)
        assert len(lab.knowledge().profiles) == 3
        events = await play(lab)
        assert events[-1].trial == "unsaved 1"
        assert len(lab.knowledge().profiles) == 6
        assert lab.recorder.session is None

    in_virtual_time(work())
    assert len(list(tmp_path.iterdir())) == 1


def test_a_private_session_does_not_tell_the_name_of_a_note(tmp_path: Path) -> None:
    async def work() -> None:
        pool = await simulated_pool()
        lab = Laboratory(Settings(), pool, load_prompts(), Saving(tmp_path, private=True))
        await play(lab, vignette=Vignette("zanzibar", "Zanzibar", "A man with a cough."))
        await lab.aclose()

    in_virtual_time(work())
    for file in tmp_path.rglob("*.*"):
        assert "zanzibar" not in file.read_text(encoding="utf-8").lower()


def test_chemistry_explores_before_it_recommends(tmp_path: Path) -> None:
    async def work() -> None:
        lab = await laboratory(tmp_path)
        tried: set[str] = set()
        for _ in range(3):
            choice = lab.choose("CHEMISTRY", 3, 1)
            assert choice == lab.next_ensemble(3, 1)
            assert choice.strategy == "EXPLORE"
            assert not set(choice.ensemble) <= tried
            tried |= set(choice.ensemble)
            plan = lab.plan(CASE, choice, lab.draw_seed())
            assert [event async for event in lab.run(plan)]
        await lab.aclose()
        assert tried == {spec.name for spec in lab.pool.models}

    in_virtual_time(work())


def test_a_round_that_cannot_be_saved_is_still_shown_and_the_next_one_begins_anew(
    tmp_path: Path,
) -> None:
    async def work() -> None:
        lab = await laboratory(tmp_path)
        plan = lab.plan(CASE, lab.choose("RANDOM", 3, 1), 1)
        assert lab.recorder.session is not None
        lost = lab.recorder.session.name
        (lab.recorder.session.folder / "history.csv").unlink()
        events = []
        async for event in lab.run(plan):
            events.append(event)
        assert isinstance(events[-1], RoundEnded)
        assert "could not be saved" in lab.recorder.not_saved
        assert len(lab.knowledge().profiles) == 3
        await play(lab)
        assert lab.recorder.session is not None
        assert lab.recorder.session.name != lost
        assert lab.recorder.not_saved == ""
        await lab.aclose()

    in_virtual_time(work())


class Endless:
    """A provider that never answers, and says when it was let go."""

    def __init__(self) -> None:
        self.open = 0

    async def models(self) -> list[ModelSpec]:
        return []

    async def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
        self.open += 1
        try:
            yield Loading()
            await asyncio.Event().wait()
        finally:
            self.open -= 1

    async def loaded(self) -> frozenset[str] | None:
        return None

    async def aclose(self) -> None:
        pass


def real_pool(**more: tuple[str, str]) -> tuple[Pool, Endless]:
    provider = Endless()
    models = tuple(ModelSpec(name, "box", name, Locality.LOCAL) for name in ("a", "b"))
    places = {name: (place,) for name, place in more.items()}
    return Pool(models, {"box": Endpoint(provider)}, foreign=places), provider


async def test_leaving_a_round_early_closes_its_calls(tmp_path: Path) -> None:
    pool, provider = real_pool()
    lab = Laboratory(Settings(), pool, load_prompts(), Saving(tmp_path))
    events = lab.run(lab.plan(CASE, lab.choose("RANDOM", 2, 1), 1))
    while provider.open < 2:
        await anext(events)
    await events.aclose()
    assert provider.open == 0
    await lab.aclose()


def test_names_are_checked_against_the_pool() -> None:
    pool, _ = real_pool()
    lab = Laboratory(Settings(), pool, load_prompts(), UNSAVED)
    assert lab.choose("RANDOM", 2, 1, models=("b", "a")).strategy is Strategy.MANUAL
    with pytest.raises(InputError, match=r"'c'.*a, b"):
        lab.choose("RANDOM", 2, 1, models=("a", "c"))
    with pytest.raises(InputError, match="once"):
        lab.choose("RANDOM", 2, 1, models=("a", "a"))


def test_an_empty_pool_says_why() -> None:
    pool = Pool((), {}, (EndpointReport("box", "ollama", "", error="nothing answers at box"),))
    lab = Laboratory(Settings(), pool, load_prompts(), UNSAVED)
    with pytest.raises(InputError, match="nothing answers at box"):
        lab.choose("RANDOM", 2, 1)


def test_untrusted_places_are_asked_about_once() -> None:
    pool, _ = real_pool(a=("box", "https://box"), b=("box", "https://box"))
    lab = Laboratory(Settings(), pool, load_prompts(), UNSAVED)
    assert lab.must_ask(()) == ""
    assert lab.must_ask(("a", "b")) == "box (https://box)"
    lab.allow(("a",))
    assert lab.must_ask(("a", "b")) == ""


def test_the_settings_may_allow_all_places_or_none() -> None:
    pool, _ = real_pool(a=("box", "https://box"))
    allowing = Settings(round=RoundSettings(remote="allow"))
    assert Laboratory(allowing, pool, load_prompts(), UNSAVED).must_ask(("a",)) == ""
    never = Laboratory(Settings(round=RoundSettings(remote="never")), pool, load_prompts(), UNSAVED)
    with pytest.raises(InputError, match=r"box \(https://box\), and round.remote is never"):
        never.must_ask(("a", "b"))
    assert never.must_ask(("b",)) == ""


async def test_a_forecast_needs_past_calls_and_then_knows(tmp_path: Path) -> None:
    lab = await laboratory(tmp_path)
    choice = lab.choose("RANDOM", 2, 1, models=("sim/heron-pro", "sim/kestrel"))
    before = await lab.forecast(CASE, choice)
    assert (before.seconds, before.unknown) == (None, ("sim/heron-pro", "sim/kestrel"))
    _ = [event async for event in lab.run(lab.plan(CASE, choice, 1))]
    known = await lab.forecast(CASE, choice)
    assert known.seconds is not None
    assert known.loads == 0
    await lab.aclose()
    later = await laboratory(tmp_path)
    assert (await later.forecast(CASE, choice)).seconds == pytest.approx(known.seconds)


def test_the_calls_of_a_sitting_are_added_up(tmp_path: Path) -> None:
    async def work() -> None:
        lab = await laboratory(tmp_path)
        await play(lab)
        first = lab.totals
        assert first.calls == 9
        assert first.tokens_out > 0
        await play(lab)
        assert lab.totals.calls == 18
        await lab.aclose()

    in_virtual_time(work())


async def test_looking_again_swaps_the_pool_and_closes_the_old_one(tmp_path: Path) -> None:
    closed = []

    class Closing(Endless):
        async def aclose(self) -> None:
            closed.append(self)

    provider, fresh = Closing(), Pool((), {})
    spec = ModelSpec("a", "box", "a", Locality.LOCAL)
    lab = Laboratory(
        Settings(),
        Pool((spec,), {"box": Endpoint(provider)}),
        load_prompts(),
        UNSAVED,
        reopen=lambda: asyncio.sleep(0, fresh),
    )
    await lab.refresh()
    assert lab.pool is fresh
    assert closed == [provider]


async def test_with_other_models_a_new_session_begins_and_learns_apart(tmp_path: Path) -> None:
    real = Pool((ModelSpec("a", "box", "a", Locality.LOCAL),), {"box": Endpoint(Endless())})
    pool = await simulated_pool(0)
    lab = Laboratory(
        Settings(round=RoundSettings(seed=7)),
        pool,
        load_prompts(),
        Saving(tmp_path),
        reopen=lambda: asyncio.sleep(0, real),
    )
    await play(lab)
    assert lab.knowledge().profiles
    await lab.refresh()
    assert lab.recorder.session is None
    assert not lab.knowledge().profiles
    await lab.aclose()
