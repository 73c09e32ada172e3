"""`resume`: on with a round or a batch that was interrupted."""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llmchem_tui.cli.batch import limits_and_leave, run_batch
from llmchem_tui.cli.documents import SCHEMA
from llmchem_tui.cli.options import OutPath, common, json_option, load_settings
from llmchem_tui.cli.output import print_json, tell
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
from llmchem_tui.domain.errors import InputError, LlmchemError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llmchem_tui.batch.request import Request
    from llmchem_tui.config import Settings
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
    was interrupted and can go on. A private round cannot go on: its texts were not saved.

    --max-calls, --max-cost and --yes concern a batch.
    """
    from llmchem_tui.config import data_folder
    from llmchem_tui.storage.interrupted import count_interrupted, interrupted_rounds
    from llmchem_tui.storage.outlines import is_session
    from llmchem_tui.storage.sessions import list_sessions

    settings = load_settings(context)
    folder = data_folder(os.environ) / "sessions" if session is None else session_folder(session)
    if is_session(folder):
        try:
            return _go_on(settings, folder, options)
        except _Refused as refused:
            raise refused.error from None
    passed_over = False
    for entry in list_sessions(folder):
        try:
            with _refusing():
                interrupted = count_interrupted(entry.path) and interrupted_rounds(entry.path)
            if interrupted:
                return _go_on(settings, entry.path, options)
        except _Refused as refused:
            tell(f"{entry.name} is passed over: {refused.error}")
            passed_over = True
    which = " that can go on" if passed_over else ""
    raise InputError(f"No session in {folder} has an interrupted round{which}.")


class _Refused(Exception):
    """A session cannot go on, which is known before anything of it is run."""

    def __init__(self, error: LlmchemError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except LlmchemError as error:
        raise _Refused(error) from None


def _go_on(settings: Settings, folder: Path, options: Mapping[str, Any]) -> int:
    """Go on with this session, and return the exit code.

    Raises:
        _Refused: it cannot go on.
        LlmchemError: what is run cannot be run to its end, or leave for it is missing.
    """
    from llmchem_tui.storage.reopening import check_files
    from llmchem_tui.storage.session_file import SESSION_FILE, read_settings

    with _refusing():
        check_files(folder)
        before = read_settings(folder / SESSION_FILE)
        request = _request(folder, before.batch, options) if before.batch else None

    async def go_on(laboratory: Laboratory) -> int:
        if request is not None:
            return await run_batch(laboratory, request, options)
        return await _round(laboratory, folder, options)

    return in_laboratory(
        settings,
        saving_in(folder.parent),
        go_on,
        simulated=before.simulated,
        time_scale=options["time_scale"],
    )


async def _round(laboratory: Laboratory, folder: Path, options: Mapping[str, Any]) -> int:
    from llmchem_tui.resuming import CannotGoOn
    from llmchem_tui.resuming import resume as resumed

    with _refusing():
        try:
            plan = await asyncio.to_thread(resumed, laboratory, folder)
        except CannotGoOn as error:
            for note in error.notes:
                tell(note)
            if not (error.whole and error.notes):
                raise InputError(error.why) from None
            if options["as_json"]:
                print_json({"schema": SCHEMA, "session": folder.name, "mended": error.notes})
            tell(error.why)
            return 0
    tell_pool(laboratory)
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
