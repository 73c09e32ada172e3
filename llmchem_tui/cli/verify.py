"""`verify`: every derived number of a session again, from its journal."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llmchem_tui.cli.documents import SCHEMA
from llmchem_tui.cli.options import common, json_option, load_settings
from llmchem_tui.cli.output import print_json, say
from llmchem_tui.cli.sessions_named import session_folder, sessions_named
from llmchem_tui.domain.plain_text import plain_line

if TYPE_CHECKING:
    from llmchem_tui.analysis.verify import Verified


@click.command()
@click.argument(
    "sessions", metavar="SESSION...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@json_option
@common
@click.pass_context
def verify(context: click.Context, sessions: Sequence[Path], as_json: bool) -> int:
    """Recompute every derived number of SESSION from its journal, and tell what differs.

    SESSION is a folder, a name that `sessions` lists, or a folder of sessions. Damaged lines,
    rounds that are in one file only, and models that changed between rounds are told as well.
    Causes come first, what follows from them is counted, and then it says what to do; --json has
    every difference. Nothing is written. Ends with 1 where something was found.
    """
    from llmchem_tui.analysis.verify import verify_session
    from llmchem_tui.analysis.verify_text import finding_lines
    from llmchem_tui.config import data_folder
    from llmchem_tui.storage.prompts import load_prompts
    from llmchem_tui.storage.session_file import prompt_digests

    settings = load_settings(context).round
    known = [prompt_digests(load_prompts(folder)) for folder in {"", settings.prompts}]
    own = data_folder(os.environ) / "sessions"
    folders = [folder for named in sessions for folder in sessions_named(named)]
    alone = len(sessions) == 1 and folders == [session_folder(sessions[0])]
    verified = (
        verify_session(
            folder,
            settings.abstain_below,
            named=folder.name if folder.parent == own else None,
            prompts=known,
        )
        for folder in dict.fromkeys(folders)
    )
    if as_json:
        documents = [_document(one) for one in verified]
        print_json({"schema": SCHEMA, **(documents[0] if alone else {"sessions": documents})})
        return int(any(one["findings"] for one in documents))
    faults = 0
    for one in verified:
        faults += len(one.findings)
        for line in (*finding_lines(one.findings), *map(plain_line, one.notes)):
            say(line if alone else f"{plain_line(one.session)}: {line}")
        _say_what_was_compared(one)
    return int(faults > 0)


def _say_what_was_compared(verified: Verified) -> None:
    from llmchem_tui.analysis.verify_rounds import PRIVATE_COLUMNS

    where = "its session.toml" if verified.abstain_said else "the settings"
    line = (
        f"{verified.session}: {_counted(verified.rounds, 'round')}, "
        f"{_counted(verified.cells, 'cell')}, abstaining below {verified.abstain_below:g} as "
        f"{where} {'says' if verified.abstain_said else 'say'}"
    )
    if verified.private:
        columns = ", ".join(PRIVATE_COLUMNS)
        line += f", all but {columns}, as texts were not saved"
    causes = sum(not finding.follows for finding in verified.findings)
    found = _counted(causes, "finding") if causes else "nothing differs"
    if follow := len(verified.findings) - causes:
        found += f", and {follow:,} that {'follow' if follow > 1 else 'follows'}"
    say(plain_line(f"{line}: {found}"))


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _document(verified: Verified) -> dict[str, Any]:
    document = dataclasses.asdict(verified)
    del document["abstain_said"]
    return document
