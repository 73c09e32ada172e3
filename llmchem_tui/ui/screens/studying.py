"""What the Chemistry screen computes: a study, and how far it hangs on the rounds."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from textual import work

from llmchem_tui.domain.errors import InputError, LlmchemError
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.desk import DeskScreen
from llmchem_tui.ui.study import RESAMPLES, Parameters, stability_of, study

if TYPE_CHECKING:
    from llmchem_tui.analysis.stability import Stability
    from llmchem_tui.domain.strategies import Knowledge
    from llmchem_tui.ui.study import Study

MODE = "chemistry"
"""The mode that the screen and its views are."""

_LOOK_SECONDS = 1.0


class GivenUp(Exception):
    """Nobody waits for the bootstrap any longer."""


class StudyingScreen(DeskScreen):
    """One study at a time, the newest wins; one bootstrap at a time, of the study that is shown."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.base = self._settings()
        self.parameters = self.base
        self.study: Study | None = None
        self._knowledge: Knowledge | None = None
        self._asked = 0
        self._computing = False
        self._seen: tuple[object, ...] = ()
        self._stable: tuple[Study, Stability] | None = None
        self._drawing: Study | None = None
        self._drawn = 0
        self._give_up = threading.Event()

    # --- what is shown ----------------------------------------------------------------------

    def show_parameters(self) -> None:
        """Show the parameters at once; what follows from them may take a moment."""

    def show_study(self, found: Study) -> None:
        """Show what was computed."""

    def show_problem(self, problem: str) -> None:
        """Say why nothing can be shown; blank: models are still looked for."""

    def show_stability(self) -> None:
        """Show what a bootstrap says."""

    # --- the study --------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Follow what other screens do, and rounds that end meanwhile."""
        self.show_problem("")
        self.set_interval(_LOOK_SECONDS, self._follow)

    def show_desk(self) -> None:
        """Go on with what other screens have changed."""
        self._look()
        super().show_desk()

    def _follow(self) -> None:
        if self.app.current_mode == MODE:
            self._look()
            self.show_status()

    def _settings(self) -> Parameters:
        return Parameters.of(self.desk.settings.chemistry, self.desk.setup.n)

    def _look(self) -> None:
        """Compute again if there are other models, or more rounds, than were last seen."""
        before, self.base = self.base, self._settings()
        own = self.parameters.differing(before)
        for name in self.base.differing(before) - own:
            self.parameters = self.parameters.reset(name, self.base)
        laboratory = self.desk.laboratory
        if laboratory is None:
            self.show_problem("")
            seen: tuple[object, ...] = (None, self.desk.busy)
        else:
            seen = (laboratory.pool, laboratory.totals, self.desk.busy)
        if seen != self._seen or before != self.base:
            self._seen = seen
            self._knowledge = None
            self.ask(self.parameters)

    def ask(self, parameters: Parameters) -> None:
        """Compute with other parameters; what was asked before is superseded."""
        if parameters.profile != self.parameters.profile:
            self._knowledge = None
        self.parameters = parameters
        self.show_parameters()
        self._asked += 1
        if self.desk.laboratory is not None and not self._computing:
            self._computing = True
            self._compute()
        self.show_status()
        self.refresh_bindings()

    @work(group="chemistry")
    async def _compute(self) -> None:
        done = 0
        while done != self._asked and self.desk.laboratory is not None:
            done, laboratory = self._asked, self.desk.laboratory
            found: Study | str
            try:
                found = await asyncio.to_thread(study, laboratory, self.parameters, self._knowledge)
            except LlmchemError as error:
                found = str(error)
            if done == self._asked:
                self._take(found)
        self._computing = False
        self.show_status()
        self.refresh_bindings()

    def _take(self, found: Study | str) -> None:
        if isinstance(found, str):
            self.study = None
            self.show_problem(found)
            return
        self.study, self._knowledge = found, found.knowledge
        if self._drawing is not None and not found.same_as(self._drawing):
            self._give_up.set()
            self.tell("The bootstrap was given up: what it was about has changed.")
        self.show_study(found)

    @property
    def computing(self) -> str:
        """What is being computed, in a word or two; blank: nothing that takes time."""
        if self._drawing is not None:
            return f"computing … {self._drawn:,} of {RESAMPLES:,} resamples"
        return "computing …" if self._computing and self._knowledge is None else ""

    # --- the bootstrap ----------------------------------------------------------------------

    @property
    def stable(self) -> Stability | None:
        """What a bootstrap says of the present study, if it was made."""
        if self._stable is None or self.study is None or not self.study.same_as(self._stable[0]):
            return None
        return self._stable[1]

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        if action == "bootstrap":
            return bool(self.study and self.study.pairs) and self.stable is None
        return super().makes_sense(action)

    def action_bootstrap(self) -> None:
        """Begin a bootstrap, or give up the one that is made."""
        if self._drawing is not None:
            self._give_up.set()
        elif self.study is not None:
            self._drawing, self._drawn, self._give_up = self.study, 0, threading.Event()
            self._bootstrap(self.study, self._give_up)
            self.show_status()

    @work(group="bootstrap")
    async def _bootstrap(self, asked: Study, give_up: threading.Event) -> None:
        assert self.desk.laboratory is not None

        def progress(done: int) -> None:
            if give_up.is_set():
                raise GivenUp
            self._drawn = done  # the status line looks at it once a second

        try:
            found = await asyncio.to_thread(stability_of, self.desk.laboratory, asked, progress)
        except GivenUp:
            pass
        except InputError as error:
            self.tell(str(error))
        else:
            self._stable = asked, found
        finally:
            give_up.set()  # also where the app has ended meanwhile
            self._drawing = None
        self.show_stability()
        self.show_status()
        self.refresh_bindings()
