"""The line that a replay is driven by: state, speed, round, time, and a bar to seek in."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from textual.binding import Binding
from textual.content import Content
from textual.events import Click
from textual.message import Message

from llmchem_tui.session.replay import Player
from llmchem_tui.ui.widgets.said import Said

PLAYED, TO_COME, HERE, STAGE_2, ROUND_END = "━", "─", "●", "┊", "│"

_COLOURS = {PLAYED: "$primary", HERE: "bold $accent", TO_COME: "$muted"}
_SEEK = 0.05
_ROOM_OF_A_MARK = 3
_HOUR = 3600


class Transport(Said, can_focus=True):
    """Where a replay is. With the keyboard on it, left and right seek; so does a click."""

    BINDINGS = [
        Binding(
            "left", f"seek({-_SEEK})", "Back 5 %", show=False, id="replay.back", tooltip="Seek back"
        ),
        Binding(
            "right", f"seek({_SEEK})", "On 5 %", show=False, id="replay.on", tooltip="Seek onwards"
        ),
        Binding(
            "home",
            "seek(-1)",
            "First round",
            show=False,
            id="replay.first",
            tooltip="Where the first round begins",
        ),
        Binding(
            "end",
            "seek(1)",
            "Last round",
            show=False,
            id="replay.last",
            tooltip="Where the last round ends",
        ),
    ]
    HELP = (
        "The replay: all rounds on one axis of time. ┊ is where the reviews of a round begin, "
        "│ where a round ends. Left and right seek; Home and End lead to both ends."
    )

    class Seek(Message):
        """The user wants to be at this share of the axis, in [0, 1]."""

        def __init__(self, share: float) -> None:
            super().__init__()
            self.share = share

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._player: Player | None = None
        self._bar_at = 0

    def show(self, player: Player) -> None:
        """Show where a player is."""
        self._player = player
        self._draw()

    def on_resize(self) -> None:
        """Use the width there is."""
        self._draw()

    def on_click(self, event: Click) -> None:
        """Seek to the place in the bar."""
        event.stop()
        offset = event.get_content_offset(self)
        width = self.content_size.width - self._bar_at
        if offset is not None and offset.x >= self._bar_at and width > 1:
            self.post_message(self.Seek((offset.x - self._bar_at) / (width - 1)))

    def action_seek(self, step: float) -> None:
        """Seek by a share of the axis."""
        if self._player is not None:
            share = self._player.time / self._player.length + step
            self.post_message(self.Seek(min(1.0, max(0.0, share))))

    def _draw(self) -> None:
        width = self.content_size.width
        if self._player is None or not width:
            return
        told = Content(f"{_told(self._player)}  ")
        self._bar_at = told.cell_length
        self.say(Content.assemble(told, seek_bar(self._player, width - self._bar_at)))


def seek_bar(player: Player, width: int) -> Content:
    """Return the axis, ``width`` cells wide; marks only where there is room for them."""
    if width <= 1:
        return Content()
    here = _cell(player.time, player, width)
    cells = [PLAYED] * here + [TO_COME] * (width - here)
    marks = [*((time, STAGE_2) for time in player.stages), *((t, ROUND_END) for t in player.ends)]
    if len(marks) * _ROOM_OF_A_MARK > width:
        marks = [(time, ROUND_END) for time in player.ends]
    if len(marks) * _ROOM_OF_A_MARK <= width:
        for time, mark in marks:
            cells[_cell(time, player, width)] = mark
    cells[here] = HERE
    return Content.assemble(*_runs(cells))


def _runs(cells: Iterable[str]) -> Iterable[tuple[str, str]]:
    for cell, run in groupby(cells):
        yield "".join(run), _COLOURS.get(cell, "")


def _cell(time: float, player: Player, width: int) -> int:
    return round(time / player.length * (width - 1))


def _told(player: Player) -> str:
    """The state in glyph and word, and all that is counted."""
    stands = "■ end" if player.finished else "▪ paused"
    state = "▸ playing" if player.playing else stands
    rounds = f"round {player.index + 1:,} of {len(player.rounds):,}"
    hours = player.length >= _HOUR
    time = f"{_clock(player.time, hours)} of {_clock(player.length, hours)}"
    return f"{state:<9} ×{player.speed:<2} · {rounds} · {time}"


def _clock(seconds: float, hours: bool) -> str:
    minutes, rest = divmod(int(seconds), 60)
    if not hours:
        return f"{minutes:02d}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
