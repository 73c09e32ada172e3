"""How soon a replay of two hours is at any point of it.

    python -m tests.benchmarks.replay_seek [ROUNDS...]

Ten models that write all the time, ten pieces of text a second each, as a journal has them. What
is timed is the player, and the player with the screen until nothing is left to be painted.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from llmchem_tui.config import Settings
from llmchem_tui.domain.model import Answer, AnswerResult, Review, ReviewResult, Status
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.providers.pool import simulated_pool
from llmchem_tui.recorder import Saving
from llmchem_tui.session.events import (
    AnswerEnded,
    Call,
    CallStarted,
    Event,
    ReviewEnded,
    RoundEnded,
    RoundStarted,
    TextArrived,
)
from llmchem_tui.session.replay import Player, ReplayRound
from llmchem_tui.storage.history import history_of
from llmchem_tui.storage.prompts import load_prompts
from llmchem_tui.storage.replays import Replay
from llmchem_tui.ui.app import LlmchemApp
from llmchem_tui.ui.screens.replay import ReplayScreen
from tests.benchmarks import beside
from tests.benchmarks.measures import load
from tests.session.scripted import VIGNETTE, spec
from tests.soaking import until

MODELS, SECONDS, PIECES_A_SECOND, SEEKS = 10, 7200.0, 10, 60
LIMIT = 100


def a_round(number: int, seconds: float) -> ReplayRound:
    """Each model answers and reviews the others, one call after the other, without a pause."""
    trial, names = f"2026-01-31T09-15-00 {number}", [f"model-{i}" for i in range(MODELS)]
    begin = (number - 1) * seconds
    events = [event for name in names for event in _calls(name, names, trial, begin, seconds)]
    started = RoundStarted(
        at=begin,
        trial=trial,
        vignette=VIGNETTE,
        ensemble=tuple(map(spec, names)),
        strategy="RANDOM",
        seed=number,
        order="pipelined",
    )
    ended = RoundEnded(at=begin + seconds, trial=trial, elapsed=seconds)
    return ReplayRound((started, *sorted(events, key=lambda event: event.at), ended))


def _calls(
    name: str, names: list[str], trial: str, begin: float, seconds: float
) -> Iterator[Event]:
    calls = [Call(name), *(Call(name, author) for author in names if author != name)]
    each = seconds / len(calls)
    for call in calls:
        yield CallStarted(at=begin, trial=trial, call=call)
        for piece in range(int(each * PIECES_A_SECOND)):
            text = f"{piece} words that a model writes, "
            yield TextArrived(at=begin + piece / PIECES_A_SECOND, trial=trial, call=call, text=text)
        begin += each
        if call.author is None:
            answer = AnswerResult(name, Status.OK, Answer("Rest.", ()), each)
            yield AnswerEnded(at=begin, trial=trial, result=answer)
        else:
            review = ReviewResult(name, call.author, Status.OK, Review("Fine.", 0.8), latency=each)
            yield ReviewEnded(at=begin, trial=trial, result=review)


async def seconds_on_screen(saved: Replay, shares: list[float]) -> list[float]:
    """How long each seek takes with all that is painted, in seconds of processor time."""

    async def open_laboratory() -> Laboratory:
        pool = await simulated_pool(0)
        return Laboratory(Settings(), pool, load_prompts(), Saving(saved.path, write=False))

    app = LlmchemApp(
        Settings(), open_laboratory, sessions=saved.path, vignettes=saved.path / "vignettes"
    )
    took = []
    async with app.run_test(size=(120, 40)) as pilot:
        await until(lambda: app.desk.setup.choice)
        screen = ReplayScreen(app.desk, saved, "")
        await app.push_screen(screen)
        screen.player.pause()
        await pilot.pause()
        for share in shares:
            began = time.process_time()
            screen.player.seek_share(share)
            await screen.show_player()
            await pilot.pause()
            took.append(time.process_time() - began)
    return took


def told(what: str, seconds: list[float]) -> str:
    middle, worst = 1000 * statistics.median(seconds), 1000 * max(seconds)
    return f"{what}: worst {beside(worst, LIMIT, 'ms')}, median {middle:.1f} ms"


def main(rounds: int) -> None:
    began = time.process_time()
    made = tuple(a_round(number, SECONDS / rounds) for number in range(1, rounds + 1))
    events = sum(len(one.events) for one in made)
    print(
        f"{rounds} rounds, {events:,} events, made in {time.process_time() - began:.1f} s; {load()}"
    )
    draw = random.Random(7)
    shares = [draw.random() for _ in range(SEEKS)] + [1.0, 0.0, 1.0]
    player, alone = Player(made), []
    for share in shares:
        began = time.process_time()
        player.seek_share(share)
        alone.append(time.process_time() - began)
    print(told("the player", alone))
    with tempfile.TemporaryDirectory() as folder:
        saved = Replay(Path(folder), made, history_of([]), (), journaled=True)
        print(told("on the screen", asyncio.run(seconds_on_screen(saved, shares))))


if __name__ == "__main__":
    for number in sys.argv[1:] or (20, 1):  # of one round the texts are longest
        main(int(number))
