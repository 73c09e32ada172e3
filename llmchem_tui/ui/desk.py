"""What all screens share. No widget: each screen draws it anew when it comes to the front."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llmchem_tui.config import Settings
from llmchem_tui.ui.setup import Setup

if TYPE_CHECKING:
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.session.state import RoundState
    from llmchem_tui.ui.reading import Reading


@dataclass(slots=True)
class Desk:
    """One sitting: the laboratory, the next round, and the one that was last watched.

    ``state`` is that round, ``reading`` how it is shown, ``saved_in`` its session's folder; None:
    it is not saved.

    ``sessions``: where they are saved. ``vignettes``: the user's own. ``fps``: how often a second
    each pane may be drawn. ``laboratory`` None: models are still looked for; ``problem`` says why
    none can be used. ``blind``: the next round hides names. ``newcomer``: no session was ever saved
    here, so the screen says what to press. ``stop`` cancels the round that runs; None: none does.
    ``busy``: a round runs, the user is being asked whether it may, or models are looked for anew:
    the pool must stay.
    """

    settings: Settings
    sessions: Path
    vignettes: Path
    fps: int
    setup: Setup
    laboratory: Laboratory | None = None
    problem: str = ""
    busy: bool = False
    blind: bool = False
    newcomer: bool = False
    state: RoundState | None = None
    reading: Reading | None = None
    saved_in: Path | None = None
    stop: asyncio.Event | None = None

    @property
    def hidden(self) -> bool:
        """Whether the names of that round are hidden."""
        return self.reading is not None and self.reading.blind

    def hides(self, path: Path) -> bool:
        """Whether that round, its names hidden, is saved in a folder, or beside a file."""
        session = self.laboratory.recorder.session if self.laboratory and self.busy else None
        folder = session.folder if session else self.saved_in
        path = path.resolve()
        return self.hidden and folder is not None and folder.resolve() in (path, *path.parents)

    @property
    def simulated(self) -> bool:
        """Whether models and answers are made up."""
        return self.laboratory is not None and self.laboratory.pool.simulated

    @property
    def private(self) -> bool:
        """Whether no text is saved."""
        return self.laboratory is not None and self.laboratory.recorder.saving.private

    @property
    def unsaved(self) -> bool:
        """Whether a round runs that was to be saved and cannot be."""
        recorder = self.laboratory.recorder if self.laboratory and self.busy else None
        return recorder is not None and recorder.saving.write and bool(recorder.not_saved)
