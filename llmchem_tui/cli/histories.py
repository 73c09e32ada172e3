"""`chemistry` and `recommend`: what histories say about models and ensembles."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llmchem_tui.analysis.evaluation_text import counted
from llmchem_tui.cli.documents import SCHEMA, chemistry_document
from llmchem_tui.cli.options import (
    common,
    histories_argument,
    json_option,
    load_settings,
    task_option,
)
from llmchem_tui.cli.output import number, print_json, print_table, say, tell
from llmchem_tui.cli.properties import print_properties
from llmchem_tui.cli.stability import print_stability
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.plain_text import plain_line
from llmchem_tui.storage.selections import is_simulated

if TYPE_CHECKING:
    from llmchem_tui.analysis.stability import Stability
    from llmchem_tui.config import ChemistrySettings, Settings
    from llmchem_tui.domain.chemistry import ChemistryTable
    from llmchem_tui.storage.history import History
    from llmchem_tui.storage.profiles import ProfileMode

_SHOWN_PAIRS = 20


simulated_option = click.option(
    "--simulated", is_flag=True, help="Of a mixed history take the simulated models' rounds."
)


@click.command()
@histories_argument
@task_option
@click.option(
    "--profile",
    type=click.Choice(["mean", "latest", "best"]),
    help="How a model's rounds become its profile.  [default: mean]",
)
@click.option(
    "--bootstrap",
    type=click.IntRange(100, 100_000),
    metavar="R",
    help="Draw the rounds again R times: how far do the values hang on them?",
)
@click.option(
    "--properties",
    is_flag=True,
    help="Try the properties that the cost is said to have; show where one fails.",
)
@simulated_option
@json_option
@common
@click.pass_context
def chemistry(
    context: click.Context,
    histories: Sequence[Path],
    task: str | None,
    profile: ProfileMode | None,
    bootstrap: int | None,
    properties: bool,
    simulated: bool,
    as_json: bool,
) -> None:
    """Show how strongly the models of HISTORY interact: CSV files, sessions, folders of them."""
    from llmchem_tui.domain.cost_properties import cost_properties

    settings = load_settings(context)
    weights = settings.chemistry
    past = _Past(
        read_for_task(histories, task, simulated=simulated), settings, profile or weights.profile
    )
    began = time.perf_counter()
    table = past.chemistry(weights)
    seconds = time.perf_counter() - began
    stable = past.stability(weights, bootstrap) if bootstrap else None
    tried = cost_properties(table) if properties else None
    past.tell_notes()
    if as_json:
        document = chemistry_document(past.profiles, table, stable, tried)
        print_json(document | {"simulated": is_simulated(past.history)})
        return
    print_table(
        ("model", ">quality", ">accuracy", ">rounds", ">with reference", "used"),
        (
            (
                p.name,
                number(p.quality),
                number(p.accuracy, 3),
                str(p.rounds),
                str(p.referenced),
                "yes" if p.name in table.used else "no, accuracy too low",
            )
            for p in past.profiles.values()
        ),
    )
    _print_pairs(table, weights.tau)
    if stable:
        shown = [(a, b) for a, b, _ in table.pairs_above(weights.tau)[:_SHOWN_PAIRS]]
        print_stability(stable, shown)
    if tried:
        print_properties(tried)
    count, used = len(table.names), len(table.used)
    pairs = counted(count * (count - 1) // 2, "pair")
    say(f"{pairs} of {counted(count, 'model')} ({used} used) in {seconds:.3f} s")


def _print_pairs(table: ChemistryTable, tau: float) -> None:
    pairs = table.pairs_above(tau)
    print_table(
        ("pair", "", ">interaction", "reached with"),
        ((a, b, number(value, 3), _at(table, a, b)) for a, b, value in pairs[:_SHOWN_PAIRS]),
    )
    if len(pairs) > _SHOWN_PAIRS:
        say(f"… and {counted(len(pairs) - _SHOWN_PAIRS, 'weaker pair')} (--json has all)")
    if len(table.used) < 2:  # noqa: PLR2004 - a pair needs two
        say("Fewer than two models are accurate enough to be used, so no pair interacts.")
    elif table.homogeneous:
        say("The pool is homogeneous: its models cannot be told apart, so no pair interacts.")
    elif not pairs:
        say(f"No pair has an interaction above {tau:g}.")
    elif table.saturated:
        say("The table is saturated: most pairs stand at its maximum and cannot be told apart.")


@click.command()
@histories_argument
@task_option
@click.option("-n", "--size", "size", type=int, metavar="N", help="Exactly N models.")
@click.option("--alpha", type=float, metavar="A", help="Weight of pairs across the border.")
@click.option("--beta", type=float, metavar="B", help="What each member costs.")
@simulated_option
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
    simulated: bool,
    as_json: bool,
) -> None:
    """Recommend the next ensemble from HISTORY: CSV files, sessions, folders of them."""
    from llmchem_tui.domain import recommendation
    from llmchem_tui.storage.profiles import past_ensembles

    settings = load_settings(context)
    weights = settings.chemistry
    past = _Past(read_for_task(histories, task, simulated=simulated), settings, weights.profile)
    wanted = recommendation.RecommendationSettings(
        alpha=weights.alpha if alpha is None else alpha,
        beta=weights.beta if beta is None else beta,
        size=size,
    )
    chosen = recommendation.recommend(
        past.chemistry(weights),
        list(past.profiles.values()),
        past_ensembles(past.history, aliases=past.aliases),
        wanted,
    )
    past.tell_notes()
    if as_json:
        print_json(
            {
                "schema": SCHEMA,
                "simulated": is_simulated(past.history),
                **dataclasses.asdict(chosen),
            }
        )
        return
    say(_joined(chosen.ensemble) or "no ensemble")
    say(f"loss {number(chosen.loss, 6)} · {chosen.reason}")
    for tie in chosen.ties:
        say(f"as good: {_joined(tie)}")
    if chosen.optimum is not None:
        best = chosen.optimum
        say(f"exhaustive optimum: {_joined(best.ensemble)} (loss {number(best.loss, 6)})")


def _joined(ensemble: Sequence[str]) -> str:
    return plain_line(" + ".join(ensemble))


class _Past:
    """A history as the two commands use it: under the models' present names."""

    def __init__(self, history: History, settings: Settings, mode: ProfileMode) -> None:
        from llmchem_tui.storage.profiles import profiles

        self.history = history
        self.mode = mode
        self.aliases = settings.aliases
        self.profiles = profiles(history, mode=mode, aliases=self.aliases)

    def chemistry(self, weights: ChemistrySettings) -> ChemistryTable:
        from llmchem_tui.domain.chemistry import chemistry as table_of

        return table_of(
            list(self.profiles.values()),
            usage_threshold=weights.usage_threshold,
            empty_cost=weights.empty_cost,
        )

    def stability(self, weights: ChemistrySettings, resamples: int) -> Stability:
        """Bootstrap the history.

        Raises:
            InputError: it has too few rounds, or its profiles are not means.
        """
        from llmchem_tui.analysis.stability import Draws, stability

        if self.mode != "mean":
            raise InputError(
                f'--bootstrap resamples means over rounds, but the profile is "{self.mode}": '
                "add --profile mean."
            )
        return stability(
            self.history,
            weights.parameters,
            tau=weights.tau,
            draws=Draws(resamples),
            aliases=self.aliases,
        )

    def tell_notes(self) -> None:
        """Say what was repaired or left out: after the work, so that an error stays one line."""
        for note in self.history.notes:
            tell(note)


def read_for_task(
    paths: Sequence[Path], task: str | None, *, simulated: bool, columns: Collection[str] = ()
) -> History:
    """Read histories for one task, and of simulated and real models only the ones or the others.

    ``columns``: those that are needed beside ``COMPARED``.

    Raises:
        InputError: a history cannot be read, has no simulated rows though they are wanted, or
            which task is meant is not clear.
    """
    from llmchem_tui.storage.history import read_history
    from llmchem_tui.storage.selections import only, select_task

    history = read_history(paths, columns)
    invented = only(history, simulated=True)
    real = only(history, simulated=False)
    if simulated and invented.frame.empty:
        raise InputError("No row of the history is of a simulated model; leave out --simulated.")
    if simulated or real.frame.empty:
        tell("SIMULATED: no model was asked, the answers are invented")
        return select_task(invented, task)
    if invented.frame.empty:
        return select_task(real, task)
    rows = counted(len(invented.frame), "row")
    left_out = f"{rows} of simulated models left out (--simulated takes them)"
    return select_task(dataclasses.replace(real, notes=(*real.notes, left_out)), task)


def _at(table: ChemistryTable, a: str, b: str) -> str:
    return " + ".join(table.strongest_at(a, b)) or "no other model"
