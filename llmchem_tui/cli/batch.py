"""`batch`: many rounds without a screen, as in arXiv 2512.05066."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing, closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from llmchem_tui.batch.request import MOST_TRIALS, STRATEGIES
from llmchem_tui.cli.batch_progress import HEADINGS, BatchProgress
from llmchem_tui.cli.documents import SCHEMA
from llmchem_tui.cli.options import F, OutPath, common, finite, json_option, load_settings
from llmchem_tui.cli.output import CANCELLED, print_json, print_table, say, tell
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

if TYPE_CHECKING:
    from llmchem_tui.batch.request import Request
    from llmchem_tui.batch.runner import Batch
    from llmchem_tui.batch.standings import Standing
    from llmchem_tui.config import Settings
    from llmchem_tui.laboratory import Laboratory

_SIZE = re.compile(r"0*[1-9][0-9]{0,8}")


def limits_and_leave(command: F) -> F:
    """Add --max-calls, --max-cost, --yes and --allow-remote."""
    max_calls = click.option(
        "--max-calls",
        type=click.IntRange(min=1),
        metavar="C",
        help="Stop the batch before this run makes more calls.",
    )
    max_cost = click.option(
        "--max-cost",
        type=click.FloatRange(min=0, min_open=True),
        callback=finite,
        metavar="X",
        help="Stop the batch before this run costs more.",
    )
    yes = click.option("--yes", is_flag=True, help="Run a batch also where calls may cost money.")
    return max_calls(max_cost(yes(allow_remote_option(command))))


@click.command()
@click.argument("vignettes", nargs=-1)
@click.option(
    "--strategies",
    metavar="A,B,…",
    default=",".join(STRATEGIES),
    help="Of these strategies; all five if not given.",
)
@click.option(
    "--trials",
    type=click.IntRange(1, MOST_TRIALS),
    default=3,
    show_default=True,
    metavar="T",
    help="Rounds for each vignette, strategy and size.",
)
@click.option("-n", "--size", "sizes", metavar="N,…", help="Models in the ensemble, as 3 or 2,3,5.")
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="K",
    help="Names the batch; 0 if neither this nor the settings say.",
)
@simulated_pool
@click.option(
    "--out",
    type=OutPath(),
    metavar="DIR",
    help="Save the sessions in this folder, and go on with those of the same batch in it.",
)
@limits_and_leave
@json_option
@common
@click.pass_context
def batch(context: click.Context, /, vignettes: Sequence[str], **options: Any) -> int:
    """Run rounds on VIGNETTES (ids or files; all bundled ones if none is named).

    The same command goes on where it was stopped. With a larger --trials, or more vignettes,
    strategies or sizes, it runs what is missing; another --seed begins another batch.
    """
    settings = load_settings(context)
    request = _request(settings, vignettes, options)

    async def rounds(laboratory: Laboratory) -> int:
        return await run_batch(laboratory, request, options)

    return in_laboratory(
        settings,
        saving_in(options["out"]),
        rounds,
        simulated=options["simulated"],
        time_scale=options["time_scale"],
    )


async def run_batch(laboratory: Laboratory, request: Request, options: Mapping[str, Any]) -> int:
    """Run what is left of a batch, tell how it goes, and return the exit code.

    ``options``: yes, allow_remote and as_json, as the command line has them.

    Raises:
        LlmchemError: as ``Batch``; or leave is missing to send vignettes away or to spend money.
    """
    from llmchem_tui.batch.runner import Batch

    tell_pool(laboratory)
    with closing(Batch(laboratory, request)) as own:
        _check_leave(laboratory, own, options)
        return await _run(laboratory, own, as_json=options["as_json"])


def _request(settings: Settings, names: Sequence[str], options: dict[str, Any]) -> Request:
    from llmchem_tui.batch.request import Request
    from llmchem_tui.storage.vignettes import bundled

    vignettes = [vignette_named(name) for name in names or [one.id for one in bundled()]]
    ids = [vignette.id for vignette in vignettes]
    if twice := {id for id in ids if ids.count(id) > 1}:
        raise InputError(f"the vignette {min(twice)} is named twice; name each once")
    strategies = {strategy_named(name.strip()) for name in options["strategies"].split(",")}
    seed = settings.round.seed if options["seed"] is None else options["seed"]
    return Request(
        tuple(vignettes),
        tuple(strategy for strategy in STRATEGIES if strategy in strategies),
        (settings.round.n,) if options["sizes"] is None else _sizes(options["sizes"]),
        options["trials"],
        seed or 0,
        options["max_calls"],
        options["max_cost"],
    )


def _sizes(text: str) -> tuple[int, ...]:
    numbers = [part.strip() for part in text.split(",")]
    if not all(map(_SIZE.fullmatch, numbers)):
        raise InputError(f"-n {text[:40]}: give whole numbers from 1 on, as 3 or 2,3,5")
    return tuple(sorted(set(map(int, numbers))))


def _check_leave(laboratory: Laboratory, own: Batch, options: Mapping[str, Any]) -> None:
    """Tell what the batch will take, and refuse to begin where leave for that is missing.

    Raises:
        InputError: a vignette may not leave, or calls may cost money.
    """
    found = f", {own.rounds_found:,} are there already" if own.rounds_found else ""
    if own.rounds_left:
        tell(f"batch: {own.rounds_left:,} rounds{found}; {own.estimate().text}")
    else:
        tell(f"batch: no round is left{found}")
    for note in own.notes:
        tell(note)
    if not own.rounds_left:
        return
    names = [spec.name for spec in own.limits.models]
    ask_to_leave(laboratory, names, allowed=options["allow_remote"], may_ask=not options["as_json"])
    if own.limits.paid and not options["yes"]:
        paid = ", ".join(spec.name for spec in own.limits.paid)
        raise InputError(f"calls of {paid} may cost money; add --yes to run the batch")


async def _run(laboratory: Laboratory, own: Batch, *, as_json: bool) -> int:
    from llmchem_tui.batch.standings import standings

    stop = stop_when_told()
    progress = BatchProgress(standings(own.found), own.left)
    with progress:
        async with aclosing(own.run(stop)) as rounds:
            async for finished in rounds:
                progress.add(finished)
    filled = [
        f"{strategy}: ensembles filled up for want of profiles: {rounds_filled:,}"
        for strategy, rounds_filled in own.filled.items()
    ]
    for line in (*own.problems, *filled):
        tell(line)
    if as_json:
        print_json(_document(laboratory, own, progress.standings, [*own.notes, *filled]))
    else:
        print_table(HEADINGS, progress.rows())
        if laboratory.totals.calls:
            say(laboratory.totals.text)
        say(f"Saved in {laboratory.recorder.saving.folder}")
    if own.rounds_left and stop.is_set() and not own.problems:
        tell(f"stopped with {own.rounds_left:,} rounds left; the same command goes on")
        return CANCELLED
    return 1 if own.failed else 0


def _document(
    laboratory: Laboratory, own: Batch, standings: dict[str, Standing], notes: Sequence[str]
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "simulated": laboratory.pool.simulated,
        "seed": own.request.seed,
        "rounds_left": own.rounds_left,
        "notes": list(notes),
        "problems": own.problems,
        "strategies": [
            {
                "strategy": strategy,
                "session": str(own.folders[strategy]),
                "rounds": standing.rounds,
                "accuracy": standing.accuracy,
                "recommended": standing.recommended,
                "answers": standing.answers,
                "failures": standing.failures,
            }
            for strategy, standing in standings.items()
        ],
        "usage": asdict(laboratory.totals),
    }
