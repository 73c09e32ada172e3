"""`doctor`: what can be reached, why not, and what to do about it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from llmchem_tui.cli.documents import SCHEMA
from llmchem_tui.cli.options import common, json_option, load_settings
from llmchem_tui.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from pathlib import Path

    from llmchem_tui.config import Settings
    from llmchem_tui.domain.model import ModelSpec
    from llmchem_tui.providers.facts import EndpointReport


@click.command()
@json_option
@common
@click.pass_context
def doctor(context: click.Context, /, as_json: bool) -> int:
    """Look for endpoints and models; say what can be reached, why not, and what to do.

    Ends with 1 where no model can be used.
    """
    from llmchem_tui.config import config_folder, data_folder

    settings = load_settings(context)
    data = data_folder(os.environ)
    reports = asyncio.run(_look(settings))
    usable = any(not report.error and report.models for report in reports)
    if as_json:
        print_json(_document(settings.path, data, reports))
        return 0 if usable else 1
    usual = config_folder() / "config.toml"
    say(f"settings  {settings.path or f'none; they would be in {usual}'}")
    say(f"data      {data}")
    print_table(
        ("endpoint", "kind", "key", "vignettes", "state"),
        (_endpoint_row(report) for report in reports),
    )
    for report in reports:
        _print_models(report)
    if not usable:
        say(
            "No real model can be used: start Ollama, set OPENAI_API_KEY or ANTHROPIC_API_KEY, or "
            "practise on the simulated pool: llmchem --simulated."
        )
    return 0 if usable else 1


async def _look(settings: Settings) -> tuple[EndpointReport, ...]:
    from llmchem_tui.providers.pool import look

    pool = await look(settings, os.environ)
    await pool.aclose()
    return pool.reports


def _endpoint_row(report: EndpointReport) -> Sequence[str]:
    return (
        report.name,
        report.kind,
        report.key or "none",
        "go unasked" if report.trusted else "asks first",
        "no answer" if report.error else f"{len(report.models)} models",
    )


def _print_models(report: EndpointReport) -> None:
    say(f"{report.name} is {report.url}")
    if report.error:
        say(f"{report.name}: {report.error}")
    for name in report.missing:
        say(f"{name}: not on {report.name}; fetch it with ollama pull, or on the Models screen")
    if not report.error:
        print_table(
            ("model", "runs", ">size", ">in memory", ">context", "thinks"),
            (_model_row(spec, report) for spec in report.models),
        )


def _model_row(spec: ModelSpec, report: EndpointReport) -> Sequence[str]:
    fact = report.fact(spec)
    if fact is None:
        return (spec.name, spec.locality, "–", "–", "–", "–")
    return (
        spec.name,
        spec.locality,
        fact.size_text,
        fact.memory_text,
        "–" if fact.context is None else f"{fact.context:,}",
        "–" if fact.can_think is None else "yes" if fact.can_think else "no",
    )


def _document(
    settings: Path | None, data: Path, reports: Sequence[EndpointReport]
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "settings": str(settings) if settings else None,
        "data": str(data),
        "endpoints": [
            {
                "name": report.name,
                "kind": report.kind,
                "url": report.url,
                "key": report.key or None,
                "trusted": report.trusted,
                "reachable": not report.error,
                "error": report.error or None,
                "models": [_model(spec, report) for spec in report.models],
            }
            for report in reports
        ],
    }


def _model(spec: ModelSpec, report: EndpointReport) -> dict[str, Any]:
    fact = report.fact(spec)
    return {
        "name": spec.name,
        "id": spec.id,
        "locality": spec.locality,
        "missing": spec.name in report.missing,
        "size": fact.size if fact else None,
        "loaded": fact.loaded if fact else None,
        "gpu_share": fact.gpu_share if fact else None,
        "context": fact.context if fact else None,
        "thinks": fact.can_think if fact else None,
    }
