"""`evaluate --sweep`: what is asked for, and what it prints."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from llmchem_tui.analysis.evaluation_text import p_text
from llmchem_tui.cli.output import number, print_table, say
from llmchem_tui.domain.errors import InputError

if TYPE_CHECKING:
    from llmchem_tui.analysis.statistics import Pearson
    from llmchem_tui.analysis.sweep import Brought, Setting, Sweep


@dataclass(frozen=True, slots=True)
class _Range:
    """The values that a parameter can have."""

    low: float
    high: float
    whole: bool

    def __str__(self) -> str:
        kind = "whole numbers" if self.whole else "numbers"
        if self.high == math.inf:
            return f"{kind}, {self.low:g} or more"
        return f"{kind} from {self.low:g} to {self.high:g}"


_RANGES = {
    "alpha": _Range(0, 1, whole=False),
    "beta": _Range(0, math.inf, whole=False),
    "iters": _Range(0, math.inf, whole=True),
    "usage_threshold": _Range(0, 1, whole=False),
    "n": _Range(1, math.inf, whole=True),
}

sweep_option = click.option(
    "--sweep",
    "swept",
    multiple=True,
    metavar="P=V,V",
    help=f"Recommend with each of these values instead; P: {', '.join(_RANGES)}. Repeatable.",
)


def swept_values(texts: Sequence[str]) -> dict[str, tuple[float | int, ...]]:
    """Read what is asked for, such as ``alpha=0,0.5,1``, one text per parameter.

    Raises:
        InputError: a parameter is unknown or named twice, or a value is not one of its values.
    """
    values: dict[str, tuple[float | int, ...]] = {}
    for text in texts:
        name, equals, listed = text.partition("=")
        name = name.strip().lower()
        if not equals:
            raise InputError(f"--sweep {text}: write it as alpha=0,0.5,1")
        if name not in _RANGES:
            near = difflib.get_close_matches(name, _RANGES, 1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise InputError(f"--sweep {name}: {hint}it takes {', '.join(_RANGES)}")
        if name in values:
            raise InputError(f"--sweep {name} is given twice; list all its values in one")
        values[name] = tuple(dict.fromkeys(_value(name, one.strip()) for one in listed.split(",")))
    return values


def _value(name: str, text: str) -> float | int:
    allowed = _RANGES[name]
    try:
        value = int(text) if allowed.whole else float(text)
    except ValueError:
        value = math.nan
    if not allowed.low <= value <= allowed.high or value == math.inf:
        raise InputError(f"--sweep {name}: {text or 'a blank'} is none of its values, {allowed}")
    return value


def print_sweep(sweep: Sweep) -> None:
    """Print what each setting recommends, and what chemistry goes with where that varies."""
    told = (sweep.in_force, *sweep.settings)
    ensembles = dict.fromkeys(one.ensemble for one in told)
    numbers = {ensemble: str(number) for number, ensemble in enumerate(ensembles, 1)}
    print_table(
        ("", *(f">{name}" for name in sweep.varied), ">ensemble", ">changes", ">loss", ">gap"),
        (
            (
                "" if place else "in force",
                *(_figure(getattr(one.setting, name)) for name in sweep.varied),
                numbers[one.ensemble],
                str(one.changes),
                number(one.loss, 3),
                number(one.gap, 3),
            )
            for place, one in enumerate(told)
        ),
    )
    _print_ensembles(numbers, {one.ensemble: one.brought for one in told})
    if "usage_threshold" in sweep.varied:
        _print_thresholds(sweep)
    for line in (
        f"In force: {_setting(sweep.in_force.setting)}.",
        "changes: steps from the ensemble in force; gap: loss above that of the best set.",
        f"Items: {sweep.items:,}, vignettes and rounds that name none. On each of them the members",
        "that answered it vote, even if they never met; voters: how many they are.",
        "Recommended from all rounds but those of CHEMISTRY and judged by the same history: what",
        "fits it best need not be best later, which is what backtest tells.",
    ):
        say(line)


def _print_ensembles(
    numbers: Mapping[tuple[str, ...], str], brought: Mapping[tuple[str, ...], Brought]
) -> None:
    print_table(
        (
            *("ensemble", ">accuracy", ">effectiveness", ">voters", ">complementarity"),
            "models",
        ),
        (
            (
                place,
                number(brought[ensemble].accuracy, 3),
                number(brought[ensemble].effectiveness, 3),
                number(brought[ensemble].voters, 1),
                number(brought[ensemble].complementarity, 3),
                " + ".join(ensemble) or "none",
            )
            for ensemble, place in numbers.items()
        ),
    )


def _setting(own: Setting) -> str:
    return ", ".join(f"{name} {_figure(getattr(own, name))}" for name in _RANGES)


def _figure(value: float | None) -> str:
    return "2 to 10" if value is None else f"{value:g}"


def _print_thresholds(sweep: Sweep) -> None:
    say("Chemistry at each usage_threshold, over rounds:")
    print_table(
        (">usage_threshold", ">used", ">r with complementarity", ">r with effectiveness"),
        (
            (
                f"{own.usage_threshold:g}",
                f"{own.used} of {sweep.models}",
                _pearson(own.chemistry_with_complementarity),
                _pearson(own.chemistry_with_effectiveness),
            )
            for own in sweep.thresholds
        ),
    )


def _pearson(own: Pearson) -> str:
    return own.note if own.r is None else f"{own.r:.3f} ({p_text(own.p)})"
