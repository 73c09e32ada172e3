"""Opening the app: settings and folders in, everything else after the first frame."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Coroutine
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from llmchem_tui.cli.output import tell
from llmchem_tui.domain.errors import InputError

if TYPE_CHECKING:
    from llmchem_tui.config import Settings
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.providers.pool import Pool

LATER = (
    "llmchem_tui.laboratory",
    "llmchem_tui.providers.pool",
    "llmchem_tui.ui.widgets.heat",
    "llmchem_tui.ui.outcome",
)
"""What the first frame does without, and the first round needs."""


def open_app(settings: Settings, *, simulated: bool, theme: str | None) -> int:
    """Run the app until the user leaves it, or a signal ends it; returns the exit code.

    A bug in it is raised here, once the terminal is as it was and the session's place is told.

    Raises:
        InputError: there is no terminal that it could draw on.
    """
    drawn_on = (sys.__stdin__, sys.__stderr__)  # Textual reads the one and writes the other
    if os.environ.get("TERM") == "dumb" or not all(s and s.isatty() for s in drawn_on):
        raise InputError("the app needs a terminal; llmchem run does without one")
    # Until the first frame next to nothing becomes garbage, and looking for it takes long.
    gc.disable()
    from llmchem_tui.config import data_folder
    from llmchem_tui.ui.app import LlmchemApp
    from llmchem_tui.ui.theme_files import own_themes

    if theme:
        settings = replace(settings, ui=replace(settings.ui, theme=theme))
    folder = data_folder(os.environ)

    async def open_laboratory() -> Laboratory:
        gc.freeze()
        gc.enable()
        for module in LATER:  # in a thread: keys must not wait
            await asyncio.to_thread(import_module, module)
        from llmchem_tui.laboratory import Laboratory
        from llmchem_tui.providers.pool import open_pool
        from llmchem_tui.recorder import Saving
        from llmchem_tui.storage.prompts import load_prompts

        def reopen() -> Coroutine[None, None, Pool]:
            return open_pool(settings, os.environ, simulated=simulated)

        prompts = load_prompts(settings.round.prompts)
        saving = Saving(folder / "sessions")
        return Laboratory(settings, await reopen(), prompts, saving, reopen=reopen)

    app = LlmchemApp(
        settings,
        open_laboratory,
        sessions=folder / "sessions",
        vignettes=folder / "vignettes",
        theme_folders=(own_themes(settings.path),),
        env=os.environ,
    )
    app.run()
    if app.crash is not None:
        laboratory = app.desk.laboratory
        if laboratory is not None and laboratory.recorder.session is not None:
            tell(f"llmchem: what was finished is saved in {laboratory.recorder.session.folder}")
        raise app.crash
    return app.return_code or 0
