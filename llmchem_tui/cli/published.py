"""What `evaluate --protocol published` prints: tables that look like the paper's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from llmchem_tui.analysis.evaluation_text import MISSING, counted, p_text
from llmchem_tui.cli.output import number, print_table, say

if TYPE_CHECKING:
    from llmchem_tui.analysis.published import Correlation, PublishedTables

_CONSTANT = "constant"


def print_published(tables: PublishedTables) -> None:
    """Print Tables 1 to 4 as the paper has them."""
    say("Table 1: mean effectiveness")
    print_table(
        ("N", ">CHEMISTRY", ">best baseline", "", ">improvement"),
        (
            (
                str(row.size),
                number(row.chemistry, 3),
                number(row.best_baseline, 3),
                row.best_strategy or MISSING,
                MISSING if row.improvement is None else f"{row.improvement:+.1f} %",
            )
            for row in tables.comparisons
        ),
    )
    say("Table 2: chemistry with complementarity, ensembles of every size in the group")
    _print_correlations([(row.size, row.all_sizes) for row in tables.associations])
    say("Table 3: chemistry with complementarity, ensembles of two or more")
    _print_correlations([(row.size, row.complementarity) for row in tables.associations])
    say("Table 3: chemistry with effectiveness, the same ensembles")
    _print_correlations([(row.size, row.effectiveness) for row in tables.associations])
    none = "" if tables.best else ": no round of CHEMISTRY or PERFORMANCE"
    say(f"Table 4: the ensembles with the largest effectiveness{none}")
    print_table(
        ("N", "strategy", ">effectiveness", "ensemble"),
        (
            (str(row.size), row.strategy, number(row.effectiveness, 3), " + ".join(ensemble))
            for row in tables.best
            for ensemble in row.ensembles
        ),
    )
    for line in _remarks(tables):
        say(line)


def _print_correlations(rows: Sequence[tuple[int, Correlation]]) -> None:
    print_table(
        ("N", ">r", ">p", ">n", ""),
        (
            (
                str(size),
                number(one.r, 3),
                MISSING if one.p is None else p_text(one.p).removeprefix("p ").removeprefix("= "),
                str(one.n),
                _CONSTANT if one.constant else "" if one.n else "no ensemble",
            )
            for size, one in rows
        ),
    )


def _remarks(tables: PublishedTables) -> Iterator[str]:
    found = [(row.all_sizes, row.complementarity, row.effectiveness) for row in tables.associations]
    if any(one.constant for of_size in found for one in of_size):
        yield (
            f"{_CONSTANT}: one of the two measures is the same in every ensemble, so r is not "
            "defined; the authors' protocol takes r = 0 and p = 1."
        )
    if not tables.pairs:
        yield "No two models have a profile from rounds other than CHEMISTRY's: there is no pair."
    elif tables.near_the_cap:
        stand = "stands" if tables.near_the_cap == 1 else "stand"
        yield (
            f"Under this protocol {tables.near_the_cap:,} of {counted(tables.pairs, 'pair')} "
            f"{stand} within 0.0001 of the cap on chemistry, {tables.at_the_cap:,} at it: they "
            "cannot be told apart."
        )
    if tables.incomplete:
        lack = "lacks" if tables.incomplete == 1 else "lack"
        rows = f"{counted(tables.incomplete, 'row')} {lack} a quality or an accuracy"
        yield f"{rows}: not in Tables 2 and 3."


def published_document(tables: PublishedTables) -> dict[str, Any]:
    """The document of DESIGN.md section 8; ``p`` of Table 3 stands beside its r."""
    return {
        "table1": [{"N": row.size, **_but_size(asdict(row))} for row in tables.comparisons],
        "table2": [
            {"N": row.size, "r": row.all_sizes.r, "p": row.all_sizes.p, "n": row.all_sizes.n}
            for row in tables.associations
        ],
        "table3": [
            {
                "N": row.size,
                "complementarity_r": row.complementarity.r,
                "complementarity_p": row.complementarity.p,
                "effectiveness_r": row.effectiveness.r,
                "effectiveness_p": row.effectiveness.p,
                "n": row.complementarity.n,
            }
            for row in tables.associations
        ],
        "table4": [{"N": row.size, **_but_size(asdict(row))} for row in tables.best],
        "pairs": tables.pairs,
        "near_the_cap": tables.near_the_cap,
        "at_the_cap": tables.at_the_cap,
        "incomplete_rows": tables.incomplete,
    }


def _but_size(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "size"}
