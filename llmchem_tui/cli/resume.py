"""`resume`: on with a round or a batch that was interrupted."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llmchem_tui.cli.batch import limits_and_leave, run_batch
from llmchem_tui.cli.options import OutPath, common, json_option, load_settings
from llmchem_tui.cli.output import tell
from llmchem_tui.cli.run import watch_round
from llmchem_tui.cli.sessions_named import session_folder
from llmchem_tui.cli.sitting import (
    ask_to_leave,
    in_laboratory,
    saving_in,
    stop_when_told,
    tell_pool,
    time_scale_option,
)
from llmchem_tui.domain.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmchem_tui.batch.request import Request
    from llmchem_tui.laboratory import Laboratory


@click.command()
@click.argument("session", required=False, type=OutPath())
@time_scale_option
@limits_and_leave
@json_option
@common
@click.pass_context
def resume(context: click.Context, /, session: Path | None, **options: Any) -> int:
    """Go on with the round of SESSION that was interrupted last, or with its batch.

    Calls that had finished are not made again. SESSION is a folder, or a name that `sessions`
    lists; without it, or where it is a folder of sessions, the newest of them all in which a round
    was interrupted. A private round cannot go on: its texts were not saved.

    --max-calls, --max-cost and --yes concern a batch.
    """
    from llmchem_tui.storage.session_file import SESSION_FILE, read_settings

    settings = load_settings(context)
    folder = _meant(session)
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
    for note in laboratory.recorder.mended:
        tell(note)
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
    from llmchem_tui.batch.request import Request, told_request
    from llmchem_tui.config import data_folder
    from llmchem_tui.storage.vignettes import find_by_id

    own = data_folder(os.environ) / "vignettes"
    same = "Run the same `llmchem batch` again: it goes on."
    told = told_request(batch)
    if told is None:
        raise InputError(f"{folder} does not tell what its batch asked for. {same}")
    try:
        vignettes = tuple(find_by_id(id, own) for id in told.vignettes)
    except InputError as error:
        raise InputError(f"{error}. {same}") from None
    asked, limits = told.asked, (options["max_calls"], options["max_cost"])
    return Request(vignettes, asked.strategies, asked.sizes, asked.trials, told.seed, *limits)


def _meant(session: Path | None) -> Path:
    """The session that is named, or the newest with a round that was interrupted.

    Raises:
        InputError: there is none.
    """
    from llmchem_tui.config import data_folder
    from llmchem_tui.storage.interrupted import count_interrupted, interrupted_rounds
    from llmchem_tui.storage.outlines import is_session
    from llmchem_tui.storage.sessions import list_sessions

    sessions = data_folder(os.environ) / "sessions" if session is None else session_folder(session)
    if is_session(sessions):
        return sessions
    for entry in list_sessions(sessions):
        with suppress(InputError):  # private or damaged: it cannot go on
            if count_interrupted(entry.path) and interrupted_rounds(entry.path):
                return entry.path
    raise InputError(
        f"No session in {sessions} has an interrupted round that can go on; name a session of a "
        "batch to go on with that."
    )
