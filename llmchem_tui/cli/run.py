"""`run`: one round without a screen."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llmchem_tui.cli.options import common, finite, json_option, load_settings
from llmchem_tui.cli.output import print_json, say, tell
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import Outcome, Vignette

if TYPE_CHECKING:
    from llmchem_tui.config import Settings
    from llmchem_tui.domain.strategies import Choice
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.recorder import Saving
    from llmchem_tui.session.state import RoundState

CANCELLED = 130
STRATEGIES = ("LOCAL", "REMOTE", "RANDOM", "PERFORMANCE", "CHEMISTRY")


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


@click.command(short_help="Run one round without the app.")
@click.argument("vignette")
@click.option("--strategy", metavar="S", help=f"One of {', '.join(STRATEGIES)}.")
@click.option("-n", "--size", "n", type=int, metavar="N", help="Models in the ensemble.")
@click.option("--models", metavar="A,B,C", help="Exactly these models, instead of a strategy.")
@click.option("--seed", type=click.IntRange(min=0), metavar="K", help="Makes draws repeatable.")
@click.option("--simulated", is_flag=True, help="Use the simulated pool: no server, no key.")
@click.option(
    "--time-scale",
    type=click.FloatRange(min=0, max=1e6),
    callback=finite,
    default=1.0,
    show_default=True,
    metavar="X",
    help="Of the simulated pool: 1 real time, 0 at once.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Save the session in this folder, and learn from those in it.",
)
@click.option("--allow-remote", is_flag=True, help="Vignettes may go to untrusted endpoints.")
@click.option("--private", is_flag=True, help="Save numbers only, no text.")
@click.option("--no-save", is_flag=True, help="Save nothing.")
@json_option
@common
@click.pass_context
def run(context: click.Context, /, vignette: str, **options: Any) -> int:
    """Run one round on VIGNETTE: an id, a file, or - for text on stdin."""
    settings = load_settings(context)
    wishes = _wishes(settings, vignette, options)
    saving = _saving(options)
    simulated = options["simulated"]
    if simulated:
        factory, scale = _virtual_time(options["time_scale"]), 1.0
    else:  # the simulated pool may still be what there is; it then waits in real time
        factory, scale = None, options["time_scale"]
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(_run(settings, wishes, saving, simulated=simulated, time_scale=scale))


def _wishes(settings: Settings, vignette: str, options: dict[str, Any]) -> _Wishes:
    n, strategy, models = options["n"], options["strategy"], _models(options["models"])
    if models and strategy is not None:
        raise InputError("--models and --strategy both choose; leave one of them out")
    if models and n not in (None, len(models)):
        raise InputError(f"-n {n} does not go with {len(models)} --models; leave one of them out")
    return _Wishes(
        vignette=_vignette(vignette),
        strategy=_strategy(settings.round.strategy if strategy is None else strategy),
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


def _vignette(name: str) -> Vignette:
    from llmchem_tui.config import data_folder
    from llmchem_tui.storage.vignettes import find, from_text, read_stdin

    if name == "-":
        return from_text(read_stdin(sys.stdin.buffer))
    return find(name, data_folder(os.environ) / "vignettes")


def _strategy(name: str) -> str:
    if name.upper() not in STRATEGIES:
        raise InputError(f"no strategy {name!r}; choose one of {', '.join(STRATEGIES)}")
    return name.upper()


def _saving(options: dict[str, Any]) -> Saving:
    from llmchem_tui.config import data_folder
    from llmchem_tui.recorder import Saving

    if options["no_save"] and options["out"]:
        raise InputError("--out and --no-save contradict each other; leave one of them out")
    folder = options["out"]
    if folder is not None and folder.exists() and not folder.is_dir():
        raise InputError(f"--out {folder} is a file; name a folder for the sessions")
    return Saving(
        folder or data_folder(os.environ) / "sessions",
        private=options["private"],
        write=not options["no_save"],
    )


def _virtual_time(time_scale: float) -> Callable[[], asyncio.AbstractEventLoop]:
    """The simulated pool's seconds pass on a clock of their own, so latencies are always whole."""
    from llmchem_tui.providers.simulated import VirtualTimeLoop

    return lambda: VirtualTimeLoop(time_scale)


async def _run(
    settings: Settings, wishes: _Wishes, saving: Saving, *, simulated: bool, time_scale: float
) -> int:
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.providers.pool import open_pool
    from llmchem_tui.storage.prompts import load_prompts

    pool = await open_pool(settings, os.environ, simulated=simulated, time_scale=time_scale)
    laboratory = Laboratory(settings, pool, load_prompts(settings.round.prompts), saving)
    try:
        return await _round(laboratory, wishes)
    finally:
        await laboratory.aclose()


async def _round(laboratory: Laboratory, wishes: _Wishes) -> int:
    from llmchem_tui.cli.documents import run_document
    from llmchem_tui.cli.report import print_round

    seed = laboratory.draw_seed() if wishes.seed is None else wishes.seed
    repeats = (wishes.vignette.id, seed)
    choice = laboratory.choose(
        wishes.strategy, wishes.n, seed, models=wishes.models, repeats=repeats
    )
    _tell_what_is_used(laboratory, choice)
    _ask_to_leave(laboratory, choice, wishes)
    tell(f"plan: {(await laboratory.forecast(wishes.vignette, choice)).text}")
    state = await _watch(laboratory, wishes, choice, seed)
    if state is None or state.ended is None or state.ended.cancelled:
        where = laboratory.recorder.session.folder if laboratory.recorder.session else None
        tell(f"cancelled; what had finished is in {where}" if where else "cancelled")
        return CANCELLED
    score = state.score(abstain_below=laboratory.settings.round.abstain_below)
    n = min(wishes.n, len(laboratory.pool.models))
    following = laboratory.next_ensemble(n, seed, repeats=repeats)
    files = laboratory.recorder.session.files if laboratory.recorder.session else {}
    if wishes.as_json:
        print_json(run_document(state, score, following, files))
    else:
        print_round(state, score, following)
        if laboratory.recorder.session:
            say(f"Saved in {laboratory.recorder.session.folder}")
    if laboratory.recorder.saving.write and laboratory.recorder.not_saved:
        tell(laboratory.recorder.not_saved)  # the result stands above all the same
        return 1
    return 1 if score.outcome is Outcome.FAILED else 0


def _tell_what_is_used(laboratory: Laboratory, choice: Choice) -> None:
    for name, problem in laboratory.pool.unreachable.items():
        tell(f"{name}: {problem}")
    if laboratory.pool.simulated:
        tell("SIMULATED pool: no model is asked, the answers are invented")
    for note in (*laboratory.notes, choice.note):
        if note:
            tell(note)


async def _watch(
    laboratory: Laboratory, wishes: _Wishes, choice: Choice, seed: int
) -> RoundState | None:
    """Run the round; Ctrl-C stops it and keeps what is there."""
    from llmchem_tui.cli.report import progress_line
    from llmchem_tui.session.events import RoundStarted
    from llmchem_tui.session.state import RoundState

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    state: RoundState | None = None
    plan = laboratory.plan(wishes.vignette, choice, seed)
    async with aclosing(laboratory.run(plan, stop)) as events:
        async for event in events:
            if isinstance(event, RoundStarted):
                state = RoundState(event)
            elif state is not None:
                state.apply(event)
            if line := progress_line(event):
                tell(line)
    return state


def _ask_to_leave(laboratory: Laboratory, choice: Choice, wishes: _Wishes) -> None:
    """Ask before a vignette goes to an endpoint that is neither loopback nor trusted."""
    places = laboratory.must_ask(choice.ensemble)
    if not places or wishes.allow_remote:
        return
    if not sys.stdin.isatty() or wishes.as_json:
        raise InputError(
            f"the vignette would go to {places}; allow it with --allow-remote, "
            "or set trusted = true for the endpoint"
        )
    click.confirm(f"The vignette will go to {places}. Go on?", abort=True, err=True)
