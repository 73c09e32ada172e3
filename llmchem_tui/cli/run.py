"""`run`: one round without a screen."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from llmchem_tui.batch.request import STRATEGIES
from llmchem_tui.cli.options import OutPath, common, json_option, load_settings
from llmchem_tui.cli.output import CANCELLED, loading, print_json, say, tell
from llmchem_tui.cli.sitting import (
    allow_remote_option,
    ask_to_leave,
    in_laboratory,
    saving_in,
    simulated_pool,
    stop_when_told,
    strategy_named,
    tell_pool,
    vignette_named,
)
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Outcome, Vignette

if TYPE_CHECKING:
    from llmchem_tui.config import Settings
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.session.scheduler import Plan
    from llmchem_tui.session.state import RoundState


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What the command line asks for, settings filled in."""

    vignette: Vignette
    strategy: str
    n: int
    models: tuple[str, ...]
    seed: int | None
    allow_remote: bool
    as_json: bool


@click.command()
@click.argument("vignette")
@click.option("--strategy", metavar="S", help=f"One of {', '.join(STRATEGIES)}.")
@click.option("-n", "--size", "n", type=int, metavar="N", help="Models in the ensemble.")
@click.option("--models", metavar="A,B,C", help="Exactly these models, instead of a strategy.")
@click.option("--seed", type=click.IntRange(min=0), metavar="K", help="Makes draws repeatable.")
@simulated_pool
@click.option(
    "--out",
    type=OutPath(),
    metavar="DIR",
    help="Save the session in this folder, and learn from those in it.",
)
@allow_remote_option
@click.option("--private", is_flag=True, help="Save numbers only, no text.")
@click.option("--no-save", is_flag=True, help="Save nothing.")
@json_option
@common
@click.pass_context
def run(context: click.Context, /, vignette: str, **options: Any) -> int:
    """Run one round on VIGNETTE: an id, a file, or - for text on stdin."""
    settings = load_settings(context)
    wishes = _wishes(settings, vignette, options)
    if options["no_save"] and options["out"]:
        raise InputError("--out and --no-save contradict each other; leave one of them out")
    saving = saving_in(options["out"], private=options["private"], write=not options["no_save"])

    async def one_round(laboratory: Laboratory) -> int:
        return await _round(laboratory, wishes)

    return in_laboratory(
        settings,
        saving,
        one_round,
        simulated=options["simulated"],
        time_scale=options["time_scale"],
    )


def _wishes(settings: Settings, vignette: str, options: dict[str, Any]) -> _Wishes:
    n, strategy, models = options["n"], options["strategy"], _models(options["models"])
    if models and strategy is not None:
        raise InputError("--models and --strategy both choose; leave one of them out")
    if models and n not in (None, len(models)):
        raise InputError(f"-n {n} does not go with {len(models)} --models; leave one of them out")
    return _Wishes(
        vignette=vignette_named(vignette),
        strategy=strategy_named(settings.round.strategy if strategy is None else strategy),
        n=len(models) or (settings.round.n if n is None else n),
        models=models,
        seed=options["seed"] if options["seed"] is not None else settings.round.seed,
        allow_remote=options["allow_remote"],
        as_json=options["as_json"],
    )


def _models(names: str | None) -> tuple[str, ...]:
    if names is None:
        return ()
    models = tuple(name.strip() for name in names.split(","))
    if not all(models):
        raise InputError("--models has an empty name; separate names by single commas")
    return models


async def _round(laboratory: Laboratory, wishes: _Wishes) -> int:
    seed = laboratory.draw_seed() if wishes.seed is None else wishes.seed
    repeats = (wishes.vignette.id, seed)
    with loading():  # pandas
        choice = laboratory.choose(
            wishes.strategy, wishes.n, seed, models=wishes.models, repeats=repeats
        )
    tell_pool(laboratory)
    for note in (*laboratory.notes, choice.note):
        if note:
            tell(note)
    ask_to_leave(
        laboratory,
        choice.ensemble,
        allowed=wishes.allow_remote,
        may_ask=not wishes.as_json,
    )
    tell(f"plan: {(await laboratory.forecast(wishes.vignette, choice)).text}")
    stop = stop_when_told()  # before the round has begun: from then on something can be lost
    plan = laboratory.plan(wishes.vignette, choice, seed)
    return await watch_round(laboratory, plan, stop, n=wishes.n, as_json=wishes.as_json)


async def watch_round(
    laboratory: Laboratory, plan: Plan, stop: asyncio.Event, *, n: int, as_json: bool
) -> int:
    """Run a plan of one round, tell how it goes and what came out, and return the exit code.

    ``stop`` cancels the round, and what is there is kept. ``n``: the size of the ensemble
    that is offered to go on with.
    """
    from llmchem_tui.cli.documents import run_document
    from llmchem_tui.cli.round_lines import print_round

    state = await _watch(laboratory, plan, stop)
    session = laboratory.recorder.session
    if state is None or state.ended is None or state.ended.cancelled:
        tell(f"cancelled; {_kept(laboratory)}" if session else "cancelled")
        return CANCELLED
    score = state.score(abstain_below=laboratory.settings.round.abstain_below)
    following = laboratory.next_ensemble(
        min(n, len(laboratory.pool.models)),
        state.started.seed,
        repeats=(state.started.vignette.id, state.started.seed),
    )
    if as_json:
        print_json(run_document(state, score, following, session.files if session else {}))
    else:
        print_round(state, score, following)
        if session:
            say(f"Saved in {session.folder}")
    if laboratory.recorder.saving.write and laboratory.recorder.not_saved:
        tell(laboratory.recorder.not_saved)  # the result stands above all the same
        return 1
    return 1 if score.outcome is Outcome.FAILED else 0


def _kept(laboratory: Laboratory) -> str:
    session = laboratory.recorder.session
    assert session is not None
    kept = f"what had finished is in {session.folder}"
    return kept if session.private else f"{kept}, and llmchem resume {session.folder} goes on"


async def _watch(laboratory: Laboratory, plan: Plan, stop: asyncio.Event) -> RoundState | None:
    from llmchem_tui.cli.round_lines import progress_line
    from llmchem_tui.session.events import RoundResumed, RoundStarted
    from llmchem_tui.session.state import RoundState

    state: RoundState | None = None
    async with aclosing(laboratory.run(plan, stop)) as events:
        async for event in events:
            if isinstance(event, RoundStarted | RoundResumed):
                state = RoundState.of((*plan.rounds[0].before, event))
            elif state is not None:
                state.apply(event)
            if line := progress_line(event):
                tell(line)
    return state
