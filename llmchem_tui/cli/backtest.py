"""`backtest`: would each strategy have chosen well, on one's own history?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llmchem_tui.analysis.evaluation_text import MISSING, counted, estimate_text
from llmchem_tui.cli.documents import SCHEMA
from llmchem_tui.cli.histories import read_for_task, simulated_option
from llmchem_tui.cli.options import (
    common,
    histories_argument,
    json_option,
    load_settings,
    task_option,
)
from llmchem_tui.cli.output import number, print_json, print_table, say, tell
from llmchem_tui.storage.selections import is_simulated

if TYPE_CHECKING:
    from llmchem_tui.analysis.backtest import Backtest
    from llmchem_tui.analysis.backtest_verdicts import Correction, Verdict
    from llmchem_tui.analysis.statistics import Estimate, Pearson


@click.command()
@histories_argument
@task_option
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    metavar="K",
    help="Seed of the draws and intervals.  [default: 0]",
)
@simulated_option
@json_option
@common
@click.pass_context
def backtest(
    context: click.Context,
    histories: Sequence[Path],
    task: str | None,
    seed: int,
    simulated: bool,
    as_json: bool,
) -> None:
    """Test the strategies on HISTORY: CSV files, sessions, folders of them.

    They choose from what the earlier rounds taught, and the later rounds judge the choice.
    """
    from llmchem_tui.analysis.backtest import backtest as test

    settings = load_settings(context)
    history = read_for_task(histories, task, simulated=simulated, columns=("vignette",))
    tested = test(
        history,
        parameters=settings.chemistry.parameters,
        mode=settings.chemistry.profile,
        aliases=settings.aliases,
        seed=seed,
    )
    for note in (*history.notes, *tested.notes):
        tell(note)
    if as_json:
        own = {"schema": SCHEMA, "simulated": is_simulated(history), **asdict(tested)}
        print_json(own | {"repaired_rows": history.repaired})
    else:
        _print(tested)


def _print(tested: Backtest) -> None:
    print_table(
        (
            *("strategy", ">N", ">effectiveness (95 %)", ">of the best"),
            *(">accuracy (95 %)", ">of the best", ">items", ">voters"),
        ),
        [row for best in tested.hindsight for row in _rows(tested, best.size)],
    )
    greedy = [str(best.size) for best in tested.hindsight if not best.exhaustive]
    if greedy:
        say(f"Best in hindsight by a greedy search, not of all sets: N = {', '.join(greedy)}.")
    splits = tested.splits
    if len(splits) == 1:
        when = f"after {splits[0]:,}"
    else:
        when = f"at {len(splits)} points, after {splits[0]:,} to {splits[-1]:,}"
    say(f"{tested.rounds:,} rounds, split {when}: the earlier teach, the later judge.")
    say("Item: a vignette, or a round that names none. Voters: chosen members that answered it.")
    say("Of the best: both on the items that both answered. Intervals: bootstrap over items.")
    say()
    for verdict in tested.verdicts:
        say(_verdict(verdict, tested.correction))
    for line in _corrected(tested.correction):
        say(line)
    say()
    say(f"A later round's accuracy, foretold by chemistry: {_pearson(tested.chemistry_predicts)}")
    say(f"The same, by its members' accuracy: {_pearson(tested.accuracy_predicts)}")


def _rows(tested: Backtest, size: int) -> list[tuple[str, ...]]:
    """The lines of one size: its strategies, then the best in hindsight."""
    rows = [
        (
            str(own.strategy),
            str(size),
            estimate_text(own.effectiveness),
            _percent(own.effectiveness_share),
            estimate_text(own.accuracy),
            _percent(own.accuracy_share),
            f"{own.accuracy.n:,}",
            number(own.voters, 1),
        )
        for own in tested.outcomes
        if own.size == size
    ]
    best = next(best for best in tested.hindsight if best.size == size)
    figures = estimate_text(best.effectiveness), "", estimate_text(best.accuracy), ""
    return [*rows, ("best in hindsight", str(size), *figures, "", "")]


def _verdict(own: Verdict, correction: Correction) -> str:
    where = "Over all N" if own.size is None else f"N = {own.size}"
    if own.word == "unknown":
        items = counted(own.effectiveness.n, "item")
        return (
            f"{where}: CHEMISTRY and PERFORMANCE cannot be compared on {items}; "
            f"{correction.items_needed} are needed."
        )
    if own.alike == 1:
        return f"{where}: CHEMISTRY is not better than PERFORMANCE: they always chose alike."
    told = f"CHEMISTRY is {own.word} than PERFORMANCE on this history "
    if own.measure == "effectiveness":
        return f"{where}: {told}(difference {_difference(own.effectiveness)})."
    return (
        f"{where}: Effectiveness tells nothing (saturated: the same for both on every item). "
        f"By mean accuracy {told}(difference {_difference(own.accuracy)})."
    )


def _corrected(own: Correction) -> Iterator[str]:
    """Say what the differences of the verdicts are, and how many comparisons were made."""
    if not own.comparisons:
        return
    yield "Differences: in percentage points, of effectiveness unless accuracy is named."
    if own.comparisons == 1:
        yield "1 comparison: its interval needs no correction."
        return
    yield (
        f"{own.comparisons} comparisons: each interval is of {100 * own.level:.1f} %, so that all "
        "hold together with 95 % (Bonferroni)."
    )


def _difference(own: Estimate) -> str:
    mean, low, high = (
        MISSING if value is None else _signed(f"{100 * value:+.1f}")
        for value in (own.mean, own.low, own.high)
    )
    return f"{mean} %, 95 % {low} … {high}"


def _percent(share: float | None) -> str:
    return MISSING if share is None else f"{100 * share:.1f} %"


def _pearson(own: Pearson) -> str:
    if own.r is None:
        return own.note
    return f"r = {number(own.r, 3)}, n = {own.n:,} rounds"


def _signed(text: str) -> str:
    """Return a signed number; one that rounds to nothing has no sign."""
    return text if text.strip("+-0.") else text.lstrip("+-")
