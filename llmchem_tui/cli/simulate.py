"""`simulate`: a synthetic history of models whose skills are known."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llmchem_tui.analysis.evaluation_text import MISSING, counted
from llmchem_tui.batch.request import STRATEGIES
from llmchem_tui.cli.documents import SCHEMA
from llmchem_tui.cli.options import OutPath, common, json_option
from llmchem_tui.cli.output import number, print_json, print_table, say
from llmchem_tui.cli.sitting import strategy_named
from llmchem_tui.domain.errors import InputError

if TYPE_CHECKING:
    from llmchem_tui.analysis.synthetic import Experiment
    from llmchem_tui.domain.model import Profile
    from llmchem_tui.domain.strategies import Strategy
    from llmchem_tui.storage.rounds import FinishedRound

_USUAL_SIZE = 3


@click.command()
@click.option(
    "--models",
    type=click.IntRange(2, 200),
    default=12,
    show_default=True,
    metavar="M",
    help="How many models there are to choose from.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 100_000),
    default=1000,
    show_default=True,
    metavar="R",
    help="How many rounds to draw.",
)
@click.option("-n", "--size", "n", type=int, metavar="N", help="Models in a round.  [default: 3]")
@click.option(
    "--strategies",
    default="RANDOM",
    show_default=True,
    metavar="S,S",
    help=f"Who chooses, by turns: some of {', '.join(STRATEGIES)}.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="K",
    help="The same seed makes the same file.",
)
@click.option(
    "--out",
    required=True,
    type=OutPath(),
    metavar="F",
    help="The CSV file to write.",
)
@json_option
@common
def simulate(
    models: int,
    rounds: int,
    n: int | None,
    strategies: str,
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    """Write a history of invented models whose skills are known, as every command reads it.

    A model's skill is its chance of an acceptable answer. Nothing is asked of any model.
    """
    from llmchem_tui.analysis.synthetic import Experiment, synthetic_pool
    from llmchem_tui.storage.history import read_history
    from llmchem_tui.storage.profiles import profiles, rounds_by_model

    n = min(_USUAL_SIZE, models) if n is None else n
    if not 2 <= n <= models:  # noqa: PLR2004 - nobody reviews a model that answers alone
        raise InputError(
            f"-n {n} does not go with {models} models: it must be 2 or more, up to all"
        )
    experiment = Experiment(synthetic_pool(models), rounds, n, _strategies(strategies), seed)
    _write(out, experiment)
    history = read_history([out])
    estimated, counts = profiles(history), rounds_by_model(history)
    if as_json:
        print_json(_document(out, experiment, estimated, counts))
        return
    print_table(
        ("model", ">skill", "runs", ">rounds", ">estimated accuracy", ">quality"),
        (
            (
                own.name,
                number(own.skill, 3),
                own.locality,
                f"{counts.get(own.name, 0):,}",
                number(estimated[own.name].accuracy, 3) if own.name in estimated else MISSING,
                number(estimated[own.name].quality) if own.name in estimated else MISSING,
            )
            for own in reversed(experiment.pool)
        ),
    )
    say("SIMULATED: these models are invented; their names tell their skills.")
    say(f"Wrote {out}: {counted(rounds, 'round')}, {counted(len(history.frame), 'row')}.")


def _strategies(names: str) -> tuple[Strategy, ...]:
    from llmchem_tui.domain.strategies import Strategy

    wanted = [strategy_named(name.strip()) for name in names.split(",")]
    return tuple(Strategy(name) for name in dict.fromkeys(wanted))


def _write(out: Path, experiment: Experiment) -> None:
    """Write the history, and the folders on the way; all of it or nothing.

    Raises:
        InputError: the file exists already.
        StorageError: it cannot be written.
    """
    from llmchem_tui.analysis.synthetic import synthetic_rounds
    from llmchem_tui.storage.files import StorageError, make_folder, reason, replace
    from llmchem_tui.storage.rounds import HISTORY_COLUMNS, history_rows
    from llmchem_tui.storage.tables import csv_block, header_line

    _check_free(out)
    try:
        make_folder(out.parent)
        rounds = _watched(synthetic_rounds(experiment), experiment.rounds)
        blocks = [csv_block(HISTORY_COLUMNS, history_rows(finished)) for finished in rounds]
        _check_free(out)  # many rounds take minutes
        replace(out, b"".join([header_line(HISTORY_COLUMNS), *blocks]))
    except OSError as error:
        raise StorageError(f"{out} cannot be written ({reason(error)})") from None


def _check_free(out: Path) -> None:
    if out.exists():
        raise InputError(f"{out} exists already; move it away first, or name another file")


def _watched(rounds: Iterable[FinishedRound], count: int) -> Iterable[FinishedRound]:
    """The rounds, with a bar on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        return rounds
    from rich.console import Console
    from rich.progress import track

    return track(
        rounds, "rounds", count, console=Console(stderr=True, highlight=False), transient=True
    )


def _document(
    out: Path,
    experiment: Experiment,
    estimated: Mapping[str, Profile],
    counts: Mapping[str, int],
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "simulated": True,
        "file": str(out),
        "rounds": experiment.rounds,
        "n": experiment.n,
        "strategies": list(experiment.strategies),
        "seed": experiment.seed,
        "models": [
            {
                "name": own.name,
                "skill": own.skill,
                "locality": own.locality,
                "rounds": counts.get(own.name, 0),
                "accuracy": estimated[own.name].accuracy if own.name in estimated else None,
                "quality": estimated[own.name].quality if own.name in estimated else None,
            }
            for own in experiment.pool
        ],
    }
