"""`evaluate`: strategies compared on histories; the paper's tables; recommendations swept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llmchem_tui.analysis.evaluation_text import (
    MEANS,
    MISSING,
    anova_text,
    counted,
    estimate_text,
    kind_text,
    pearson_text,
)
from llmchem_tui.cli.documents import SCHEMA
from llmchem_tui.cli.histories import read_for_task, simulated_option
from llmchem_tui.cli.options import (
    common,
    histories_argument,
    json_option,
    load_settings,
    task_option,
)
from llmchem_tui.cli.output import (
    number,
    print_json,
    print_table,
    say,
    tell,
)
from llmchem_tui.cli.published import print_published, published_document
from llmchem_tui.cli.sweep import print_sweep, sweep_option, swept_values
from llmchem_tui.domain.errors import InputError
from llmchem_tui.storage.selections import UNKNOWN_STRATEGY, is_simulated

if TYPE_CHECKING:
    from llmchem_tui.analysis.evaluate import Evaluation, Measures, Tokens
    from llmchem_tui.analysis.sweep import Sweep
    from llmchem_tui.config import Settings
    from llmchem_tui.storage.history import History

_day = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@histories_argument
@task_option
@click.option(
    "--protocol",
    type=click.Choice(["own", "published"]),
    default="own",
    help="published: Tables 1 to 4 of the paper, computed as its authors do.  [default: own]",
)
@sweep_option
@click.option("--strategy", "strategies", multiple=True, metavar="S", help="Only this; repeatable.")
@click.option("--model", "models", multiple=True, metavar="M", help="Only rounds with this model.")
@click.option("--since", type=_day, metavar="DAY", help="From this day on, as 2026-01-31.")
@click.option("--until", type=_day, metavar="DAY", help="Up to this day, the day included.")
@simulated_option
@json_option
@common
@click.pass_context
def evaluate(
    context: click.Context,
    histories: Sequence[Path],
    task: str | None,
    protocol: str,
    swept: Sequence[str],
    strategies: Sequence[str],
    models: Sequence[str],
    since: datetime | None,
    until: datetime | None,
    simulated: bool,
    as_json: bool,
) -> None:
    """Compare the strategies of HISTORY: CSV files, sessions, folders of them."""
    from llmchem_tui.analysis.round_measures import ANSWERED
    from llmchem_tui.storage.selections import Filters, select_rounds

    settings = load_settings(context)
    values = swept_values(swept)
    if values and protocol == "published":
        raise InputError("--sweep and --protocol published do not go together; leave one out")
    filters = Filters(
        models,
        strategies,
        since.date() if since else None,
        until.date() if until else None,
    )
    history = select_rounds(
        read_for_task(histories, task, simulated=simulated, columns=ANSWERED), filters
    )
    if protocol == "published":
        from llmchem_tui.analysis.published import published_tables

        tables = published_tables(history)
        _finish(history, published_document(tables) if as_json else None)
        if not as_json:
            print_published(tables)
        return
    if values:
        found = _sweep(history, values, settings)
        _finish(history, {"sweep": asdict(found)} if as_json else None)
        if not as_json:
            print_sweep(found)
        return
    from llmchem_tui.analysis.evaluate import evaluate as compare

    weights = settings.chemistry
    evaluation = compare(
        history,
        usage_threshold=weights.usage_threshold,
        empty_cost=weights.empty_cost,
        aliases=settings.aliases,
        prices=settings.prices,
    )
    _finish(history, asdict(evaluation) | {"means": MEANS} if as_json else None)
    if not as_json:
        _print_evaluation(evaluation)


def _sweep(history: History, values: Mapping[str, Sequence[Any]], settings: Settings) -> Sweep:
    from llmchem_tui.analysis.sweep import Setting, sweep

    own = settings.chemistry
    in_force = Setting(own.alpha, own.beta, own.usage_threshold)
    return sweep(history, in_force, values, empty_cost=own.empty_cost, aliases=settings.aliases)


def _finish(history: History, document: dict[str, Any] | None) -> None:
    """Say what was repaired or left out, after the work; print the document where there is one."""
    for note in history.notes:
        tell(note)
    if document is not None:
        own = {"schema": SCHEMA, "simulated": is_simulated(history), **document}
        print_json(own | {"repaired_rows": history.repaired})


def _print_evaluation(evaluation: Evaluation) -> None:
    _print_measures(evaluation.strategies)
    print_table(
        (
            *("strategy", ">seconds (95 %)", ">median", ">failed", ">reviewers' σ²"),
            *(">tokens in", ">tokens out", ">cost"),
        ),
        (
            (
                one.strategy or UNKNOWN_STRATEGY,
                estimate_text(one.latency, 1),
                number(one.median_latency, 1),
                f"{one.failures:,} of {one.answers:,}",
                number(one.variance, 3),
                _tokens(one.tokens_in),
                _tokens(one.tokens_out),
                number(one.cost.total),
            )
            for one in evaluation.strategies
        ),
    )
    if len({one.size for one in evaluation.sizes}) > 1:
        say("By the size of the ensemble:")
        _print_measures(evaluation.sizes)
    say("Intervals: bootstrap over rounds. σ²: variance of accuracy; reviewers' σ²: on 0-10.")
    say(MEANS)
    say("Tokens and cost: of answers; histories do not hold those of reviews.")
    for line in _tests(evaluation):
        say(line)


def _print_measures(measures: Iterable[Measures]) -> None:
    print_table(
        (
            *("strategy", ">n", ">rounds", ">accuracy (95 %)", ">σ²"),
            *(">effectiveness (95 %)", ">complementarity (95 %)"),
        ),
        (
            (
                one.strategy or UNKNOWN_STRATEGY,
                "all" if one.size is None else str(one.size),
                f"{one.rounds:,}",
                estimate_text(one.accuracy),
                number(one.accuracy_variance, 3),
                estimate_text(one.effectiveness),
                estimate_text(one.complementarity),
            )
            for one in measures
        ),
    )


def _tokens(one: Tokens) -> str:
    return MISSING if one.total is None else f"{one.total:,}"


def _tests(evaluation: Evaluation) -> list[str]:
    with_complementarity = pearson_text(evaluation.chemistry_with_complementarity)
    with_effectiveness = pearson_text(evaluation.chemistry_with_effectiveness)
    own = evaluation.calibration
    calibrated = f"confidence {number(own.confidence)}, accuracy {number(own.accuracy)}, mean "
    calibrated += f"difference {number(own.difference)} over {counted(own.n, 'recommendation')}"
    return [
        f"Accuracy between strategies (ANOVA): {anova_text(evaluation.anova)}",
        f"Chemistry with complementarity: {with_complementarity}",
        f"Chemistry with effectiveness: {with_effectiveness}",
        f"Homogeneous ensembles: {kind_text(evaluation.homogeneous)}",
        f"Heterogeneous ensembles: {kind_text(evaluation.heterogeneous)}",
        f"Accuracy between the two kinds (ANOVA): {anova_text(evaluation.kinds_anova)}",
        f"Calibration: {calibrated if own.n else 'no recommendation with a known accuracy'}",
    ]
