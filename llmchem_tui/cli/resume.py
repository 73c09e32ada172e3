"""`resume`: on with a round or a batch that was interrupted."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llmchem_tui.cli.batch import limits_and_leave, run_batch
from llmchem_tui.cli.options import common, json_option, load_settings
from llmchem_tui.cli.run import watch_round
from llmchem_tui.cli.sessions_named import session_folder
from llmchem_tui.cli.sitting import (
    ask_to_leave,
    in_laboratory,
    saving_in,
    stop_when_told,
    tell_pool,
    time_scale_option,
    vignette_named,
)
from llmchem_tui.domain.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmchem_tui.batch.request import Request
    from llmchem_tui.laboratory import Laboratory

_RECENT = 20  # sessions: to look into thousands of journals takes long


@click.command()
@click.argument("session", required=False, type=click.Path(path_type=Path))
@time_scale_option
@limits_and_leave
@json_option
@common
@click.pass_context
def resume(context: click.Context, /, session: Path | None, **options: Any) -> int:
    """Go on with the round of SESSION that was interrupted last, or with its batch.

    Calls that had finished are not made again. SESSION is a folder, or a name that `sessions`
    lists; if it is not given, the newest one in the data folder that was interrupted.
    """
    from llmchem_tui.storage.session_file import SESSION_FILE, read_settings

    settings = load_settings(context)
    folder = _newest() if session is None else session_folder(session)
    before = read_settings(folder / SESSION_FILE)

    async def go_on(laboratory: Laboratory) -> int:
        if before.batch:
            return await run_batch(laboratory, _request(folder, before.batch, options), options)
        return await _round(laboratory, folder, options)

    return in_laboratory(
        settings,
        saving_in(folder.parent),
        go_on,
        simulated=before.simulated,
        time_scale=options["time_scale"],
    )


async def _round(laboratory: Laboratory, folder: Path, options: Mapping[str, Any]) -> int:
    from llmchem_tui.resuming import resume as resumed

    tell_pool(laboratory)
    plan = await asyncio.to_thread(resumed, laboratory, folder)
    names = [spec.name for spec in plan.rounds[0].ensemble]
    ask_to_leave(laboratory, names, allowed=options["allow_remote"], may_ask=not options["as_json"])
    return await watch_round(
        laboratory, plan, stop_when_told(), n=len(names), as_json=options["as_json"]
    )


def _request(folder: Path, batch: Mapping[str, Any], options: Mapping[str, Any]) -> Request:
    """What a batch asked for, as one of its sessions tells it.

    Raises:
        InputError: it does not, or one of its vignettes is not to be found by its id.
    """
    from llmchem_tui.batch.request import Request

    same = "Run the same `llmchem batch` again: it goes on."
    try:
        asked, seed, ids = batch["asked"], batch["seed"], list(batch["vignettes"])
        strategies, sizes = tuple(asked["strategies"]), tuple(asked["sizes"])
        trials = asked["trials"]
    except (KeyError, TypeError):
        raise InputError(f"{folder} does not tell what its batch asked for. {same}") from None
    try:
        vignettes = tuple(map(vignette_named, ids))
    except InputError as error:
        raise InputError(f"{error}. {same}") from None
    limits = options["max_calls"], options["max_cost"]
    return Request(vignettes, strategies, sizes, trials, seed, *limits)


def _newest() -> Path:
    """The newest session in the data folder with a round that was interrupted.

    Raises:
        InputError: there is none among the newest ones.
    """
    from llmchem_tui.config import data_folder
    from llmchem_tui.storage.interrupted import interrupted_rounds
    from llmchem_tui.storage.sessions import list_sessions

    sessions = data_folder(os.environ) / "sessions"
    for entry in list_sessions(sessions)[:_RECENT]:
        try:
            if interrupted_rounds(entry.path):
                return entry.path
        except InputError:  # private or damaged: it cannot go on
            continue
    raise InputError(
        f"None of the newest {_RECENT} sessions in {sessions} was interrupted; name the session."
    )
