"""`report`: one page about sessions and histories, and their pictures as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llmchem_tui.cli.options import OutPath, common, histories_argument, load_settings
from llmchem_tui.cli.output import say, tell
from llmchem_tui.domain.errors import InputError

if TYPE_CHECKING:
    from llmchem_tui.analysis.evidence import Evidence
    from llmchem_tui.analysis.pictures import Picture
    from llmchem_tui.analysis.saved_page import Saved
    from llmchem_tui.config import Settings
    from llmchem_tui.storage.outlines import Entry

_KILOBYTE = 1000


@click.command()
@histories_argument
@click.option(
    "--out",
    required=True,
    type=OutPath(),
    metavar="F.html",
    help="Write the page to this file; an earlier page of ours is replaced.",
)
@click.option(
    "--pictures",
    "folder",
    type=OutPath(file_okay=False),
    metavar="DIR",
    help="Write the pictures to this folder too, each as SVG and PNG.",
)
@common
@click.pass_context
def report(
    context: click.Context, histories: Sequence[Path], out: Path, folder: Path | None
) -> None:
    """Tell HISTORY on one page to read in a browser: sessions, folders of them, CSV files.

    Of a session every finished round is told; what all rounds say together follows.
    """
    from llmchem_tui.analysis.evidence import evidence
    from llmchem_tui.analysis.pictures import check_plots
    from llmchem_tui.analysis.saved_page import saved_page
    from llmchem_tui.storage.copies import check_own, save_own
    from llmchem_tui.storage.files import storable
    from llmchem_tui.storage.history import join

    settings = load_settings(context)
    check_own(out)
    if folder is not None:
        check_plots()
    left_out: list[str] = []
    saved = list(_read(histories, settings, left_out))
    history = join([one.history for one in saved])
    found = evidence(history, settings.chemistry, settings.aliases)
    pictures = _pictures(found, every=folder is not None)
    page = storable(saved_page(saved, found, pictures, left_out)).encode("utf-8")
    save_own(out, page)
    for note in (*left_out, *(note for one in saved for note in one.notes)):
        tell(note)
    for one in saved:
        if one.unfinished:
            several = "s were" if one.unfinished > 1 else " was"
            tell(f"{one.name}: {one.unfinished:,} round{several} interrupted, and not told")
    say(f"Wrote {out} ({max(1, len(page) // _KILOBYTE):,} KB).")
    if folder is not None and pictures is not None:
        _write(folder, [picture for own in pictures for picture in own])


def _read(paths: Sequence[Path], settings: Settings, left_out: list[str]) -> Iterator[Saved]:
    """Read what the paths name; what is damaged in a folder of sessions is left out and noted.

    Raises:
        InputError: what is named itself is missing or damaged, or nothing is left.
    """
    from llmchem_tui.storage.outlines import entries_at

    read: set[Path] = set()
    for path in paths:
        for entry in reversed(entries_at([path])):  # the oldest first
            if entry.path.resolve() in read:
                continue
            read.add(entry.path.resolve())
            try:
                yield _saved(entry, settings.round.abstain_below)
            except InputError as error:
                if entry.path == path:
                    raise
                left_out += _notes(entry, [f"Left out: {error}"])
    if len(read) == len(left_out):
        named = ", ".join(map(str, paths))
        raise InputError(f"{named}: there is no session or history to report on.")


def _saved(entry: Entry, abstain_below: float) -> Saved:
    from llmchem_tui.analysis.saved_page import Saved
    from llmchem_tui.storage.given_scores import Row, rows_of
    from llmchem_tui.storage.history import read_history
    from llmchem_tui.storage.replays import open_replay
    from llmchem_tui.ui.round_reports import saved_report

    if not entry.folder:
        history = read_history([entry.path])
        return Saved(entry.name, history, None, notes=_notes(entry, history.notes))
    replay = open_replay(entry.path)
    rows: dict[int, list[Row]] = {}
    for place, row in zip(replay.places, rows_of(replay.history), strict=True):
        rows.setdefault(place, []).append(row)
    ended = {
        place: report
        for place, one in enumerate(replay.rounds)
        if (report := saved_report(one, rows.get(place, ()), abstain_below))
    }
    return Saved(
        entry.name,
        replay.history,
        tuple(report for place, report in ended.items() if place in rows),
        unfinished=len(replay.rounds) - len(ended),
        unsaved=len(ended.keys() - rows.keys()),
        private=replay.private,
        notes=_notes(entry, replay.notes),
    )


def _notes(entry: Entry, notes: Sequence[str]) -> tuple[str, ...]:
    """The notes without the folders on the way, which are nobody else's business."""
    return tuple(note.replace(str(entry.path), entry.name) for note in notes)


def _pictures(found: Sequence[Evidence], *, every: bool) -> list[list[Picture]] | None:
    """Draw the pictures of each evidence; None, and said, where matplotlib is not installed."""
    from llmchem_tui.analysis.evidence_pictures import evidence_pictures
    from llmchem_tui.analysis.pictures import check_plots

    try:
        check_plots()
    except InputError as error:
        tell(f"The page has no pictures. {error}")
        return None
    prefixes = [f"{place}-" if len(found) > 1 else "" for place in range(1, len(found) + 1)]
    return [
        list(evidence_pictures(own, prefix, every=every))
        for own, prefix in zip(found, prefixes, strict=True)
    ]


def _write(folder: Path, pictures: Sequence[Picture]) -> None:
    from llmchem_tui.analysis.pictures import png
    from llmchem_tui.storage.copies import save_own

    for picture in pictures:
        save_own(folder / f"{picture.name}.svg", picture.svg.encode("utf-8"))
        save_own(folder / f"{picture.name}.png", png(picture))
    say(f"Wrote {len(pictures)} pictures to {folder}, each as SVG and PNG.")
