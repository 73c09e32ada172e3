"""Commands to look around: vignettes, models, sessions, config."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llmchem_tui.cli.documents import SCHEMA
from llmchem_tui.cli.options import common, explicit_config, json_option, load_settings
from llmchem_tui.cli.output import print_json, print_table, say, tell
from llmchem_tui.domain.errors import InputError

if TYPE_CHECKING:
    from llmchem_tui.config import Settings
    from llmchem_tui.providers.pool import Pool


@click.command()
@json_option
@common
def vignettes(as_json: bool) -> None:
    """List the vignettes: bundled ones and the user's own."""
    from llmchem_tui.config import data_folder
    from llmchem_tui.storage.vignettes import headers

    found = headers(data_folder(os.environ) / "vignettes")
    if as_json:
        fields = ("id", "title", "specialty", "complexity")
        print_json(
            {
                "schema": SCHEMA,
                "vignettes": [
                    {field: getattr(v, field) for field in fields} for v in found if v.usable
                ],
            }
        )
        return
    print_table(
        ("id", "title", "specialty", "complexity"),
        ((v.id, v.title, v.specialty, v.complexity) for v in found if v.usable),
    )
    for header in found:
        if not header.usable:
            tell(f"not usable: {header.title}")
    say("Written by the developers, not clinically reviewed.")


@click.command()
@click.option("--simulated", is_flag=True, help="List the simulated pool.")
@json_option
@common
@click.pass_context
def models(context: click.Context, simulated: bool, as_json: bool) -> None:
    """List the models that can be used, and the endpoints that cannot be reached."""
    pool = asyncio.run(_look(load_settings(context), simulated))
    if as_json:
        print_json(
            {
                "schema": SCHEMA,
                "simulated": pool.simulated,
                "models": [
                    {
                        "name": spec.name,
                        "endpoint": spec.endpoint,
                        "id": spec.id,
                        "locality": spec.locality,
                    }
                    for spec in pool.models
                ],
                "unreachable": dict(pool.unreachable),
            }
        )
        return
    if pool.simulated:
        say("SIMULATED pool: these models are invented, no server is asked.")
    print_table(
        ("model", "endpoint", "locality"),
        ((spec.name, spec.endpoint, spec.locality) for spec in pool.models),
    )
    for name, problem in pool.unreachable.items():
        tell(f"{name}: {problem}")


async def _look(settings: Settings, simulated: bool) -> Pool:
    from llmchem_tui.providers.pool import open_pool

    pool = await open_pool(settings, os.environ, simulated=simulated)
    await pool.aclose()
    return pool


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="The folder of the sessions."
)
@json_option
@common
def sessions(out: Path | None, as_json: bool) -> None:
    """List the saved sessions, newest first, and in which of them rounds were interrupted."""
    from llmchem_tui.config import data_folder
    from llmchem_tui.storage.sessions import list_sessions

    folder = out or data_folder(os.environ) / "sessions"
    found = list_sessions(folder)
    if as_json:
        print_json(
            {
                "schema": SCHEMA,
                "folder": str(folder),
                "sessions": [
                    {"name": e.name, "path": str(e.path), "interrupted": _interrupted(e.path)}
                    for e in found
                ],
            }
        )
        return
    for entry in found:
        interrupted = _interrupted(entry.path)
        several = "s" * (interrupted != 1)
        told = f"  {interrupted:,} interrupted round{several}" if interrupted else ""
        say(f"{entry.path}{told}")
    if not found:
        say(f"No session in {folder} yet; `llmchem run` or the app makes one.")


def _interrupted(session: Path) -> int | None:
    """How many rounds of a session were interrupted; None: its journal cannot be read."""
    from llmchem_tui.storage.interrupted import count_interrupted

    try:
        return count_interrupted(session)
    except InputError:
        return None


@click.group()
def config() -> None:
    """Show or write the settings."""


@config.command()
@common
@click.pass_context
def path(context: click.Context) -> None:
    """Print where the settings come from, or would be looked for."""
    from llmchem_tui.config import config_folder

    settings = load_settings(context)
    say(str(settings.path or config_folder() / "config.toml"))


@config.command()
@json_option
@common
@click.pass_context
def show(context: click.Context, as_json: bool) -> None:
    """Print the settings in force, defaults included.

    Keys are not part of them; of a command that gives one only its first word is shown.
    """
    from llmchem_tui.config import dump

    settings = _masked(load_settings(context))
    if as_json:
        document = dataclasses.asdict(settings)
        document["path"] = str(settings.path) if settings.path else None
        print_json({"schema": SCHEMA, **document})
    else:
        say(dump(settings).rstrip())


@config.command()
@common
@click.pass_context
def init(context: click.Context) -> None:
    """Write a settings file from what can be found; an existing one is never touched."""
    import tomllib

    from llmchem_tui.config import Settings, config_folder, config_path, dump
    from llmchem_tui.providers.pool import found_settings
    from llmchem_tui.storage.files import create, make_folder
    from llmchem_tui.toml_files import typed

    given = config_path(explicit_config(context), os.environ)
    target = given or config_folder() / "config.toml"
    text = dump(asyncio.run(found_settings(os.environ)))
    typed(Settings, tomllib.loads(text), target)  # refuses a password in an address
    try:
        make_folder(target.parent)
        create(target, text.encode())
    except FileExistsError:
        raise InputError(f"{target} exists already; edit it, or move it away first") from None
    except OSError as error:
        raise InputError(f"{target} cannot be written ({error.strerror})") from None
    say(f"Wrote {target}; config.example.toml explains every key.")


def _masked(settings: Settings) -> Settings:
    """Return settings whose commands for keys do not show what they are told."""

    def shown(command: str) -> str:
        first, blank, _ = command.strip().partition(" ")
        return f"{first} …" if blank else first

    return dataclasses.replace(
        settings,
        providers={
            name: dataclasses.replace(own, api_key_command=shown(own.api_key_command))
            for name, own in settings.providers.items()
        },
    )
