"""`chemistry` and `recommend`: what histories say about models and ensembles."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llmchem_tui.cli.documents import SCHEMA, chemistry_document
from llmchem_tui.cli.options import (
    common,
    histories_argument,
    json_option,
    load_settings,
    task_option,
)
from llmchem_tui.cli.output import number, print_json, print_table, say, tell

if TYPE_CHECKING:
    from llmchem_tui.config import ChemistrySettings
    from llmchem_tui.domain.chemistry import ChemistryTable
    from llmchem_tui.domain.model import Profile
    from llmchem_tui.storage.history import History
    from llmchem_tui.storage.profiles import ProfileMode

_SHOWN_PAIRS = 20


@click.command()
@histories_argument
@task_option
@click.option(
    "--profile",
    type=click.Choice(["mean", "latest", "best"]),
    help="How a model's rounds become its profile.  [default: mean]",
)
@json_option
@common
@click.pass_context
def chemistry(
    context: click.Context,
    histories: Sequence[Path],
    task: str | None,
    profile: ProfileMode | None,
    as_json: bool,
) -> None:
    """Show how strongly the models of HISTORY (CSV files, session folders) interact."""
    from llmchem_tui.storage.profiles import profiles as profiles_of

    settings = load_settings(context).chemistry
    history = _read(histories, task)
    profiles = profiles_of(history, mode=profile or settings.profile)
    began = time.perf_counter()
    table = _chemistry(profiles, settings)
    seconds = time.perf_counter() - began
    if as_json:
        print_json(chemistry_document(profiles, table))
        return
    print_table(
        ("model", ">quality", ">accuracy", ">rounds", "used"),
        (
            (p.name, number(p.quality), number(p.accuracy, 3), str(p.rounds), _used(p, table))
            for p in profiles.values()
        ),
    )
    pairs = table.pairs_above(settings.tau)
    print_table(
        ("pair", "", ">interaction", "reached with"),
        ((a, b, number(value, 3), _at(table, a, b)) for a, b, value in pairs[:_SHOWN_PAIRS]),
    )
    count, used = len(table.names), len(table.used)
    say(f"{count * (count - 1) // 2:,} pairs of {count} models ({used} used) in {seconds:.3f} s")
    if len(pairs) > _SHOWN_PAIRS:
        say(f"… and {len(pairs) - _SHOWN_PAIRS:,} weaker pairs (--json has all)")
    if not pairs:
        say(f"No pair has an interaction above {settings.tau:g}.")
    if table.homogeneous:
        say("The pool is homogeneous: its models cannot be told apart, so no pair interacts.")
    if table.saturated:
        say("The table is saturated: most pairs stand at its maximum and cannot be told apart.")


@click.command()
@histories_argument
@task_option
@click.option("-n", "--size", "size", type=int, metavar="N", help="Exactly N models.")
@click.option("--alpha", type=float, metavar="A", help="Weight of pairs across the border.")
@click.option("--beta", type=float, metavar="B", help="What each member costs.")
@json_option
@common
@click.pass_context
def recommend(
    context: click.Context,
    histories: Sequence[Path],
    task: str | None,
    size: int | None,
    alpha: float | None,
    beta: float | None,
    as_json: bool,
) -> None:
    """Recommend the next ensemble from HISTORY (CSV files, session folders)."""
    from llmchem_tui.domain import recommendation
    from llmchem_tui.storage.profiles import past_ensembles
    from llmchem_tui.storage.profiles import profiles as profiles_of

    settings = load_settings(context).chemistry
    history = _read(histories, task)
    profiles = profiles_of(history, mode=settings.profile)
    table = _chemistry(profiles, settings)
    wanted = recommendation.RecommendationSettings(
        alpha=settings.alpha if alpha is None else alpha,
        beta=settings.beta if beta is None else beta,
        size=size,
    )
    chosen = recommendation.recommend(
        table, list(profiles.values()), past_ensembles(history), wanted
    )
    if as_json:
        print_json({"schema": SCHEMA, **dataclasses.asdict(chosen)})
        return
    say(" + ".join(chosen.ensemble) or "no ensemble")
    say(f"loss {number(chosen.loss, 6)} · {chosen.reason}")
    for tie in chosen.ties:
        say(f"as good: {' + '.join(tie)}")
    if chosen.optimum is not None:
        best = chosen.optimum
        say(f"exhaustive optimum: {' + '.join(best.ensemble)} (loss {best.loss:.6f})")


def _read(paths: Sequence[Path], task: str | None) -> History:
    """Read histories for one task, simulated or real models, and say what was repaired."""
    from llmchem_tui.domain.errors import InputError
    from llmchem_tui.storage.history import only, read_history, select_task

    history = select_task(read_history(paths), task)
    for note in history.notes:
        tell(note)
    simulated, real = only(history, simulated=True), only(history, simulated=False)
    if len(simulated.frame) and len(real.frame):
        raise InputError(
            "the history mixes simulated and real models, which share no statistic; "
            "give their files in separate commands"
        )
    return history


def _chemistry(profiles: Mapping[str, Profile], settings: ChemistrySettings) -> ChemistryTable:
    from llmchem_tui.domain.chemistry import chemistry as table_of

    return table_of(
        list(profiles.values()),
        usage_threshold=settings.usage_threshold,
        empty_cost=settings.empty_cost,
    )


def _used(profile: Profile, table: ChemistryTable) -> str:
    return "yes" if profile.name in table.used else "no, accuracy too low"


def _at(table: ChemistryTable, a: str, b: str) -> str:
    return " + ".join(table.strongest_at(a, b)) or "no other model"
