"""The complementarity map: what one more model would add to an ensemble."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from llmchem_tui.ui.addition import FIELDS, Addition, addition
from llmchem_tui.ui.copying import Copied
from llmchem_tui.ui.desk import Desk
from llmchem_tui.ui.screens.view import ViewScreen
from llmchem_tui.ui.study import letters
from llmchem_tui.ui.widgets import map_text
from llmchem_tui.ui.widgets.findings import Finding
from llmchem_tui.ui.widgets.map import ChemistryMapPane, Mark, Place
from llmchem_tui.ui.words import count, name_text

if TYPE_CHECKING:
    from llmchem_tui.ui.study import Study

NEXT_ROUND, RECOMMENDED = "ensemble of the next round", "ensemble recommended here"

_QUALITY = 10.0
_TITLES = {"ΔCI": "complementarity", "ΔHV": "hypervolume", "ΔRao": "diversity"}


class MapScreen(ViewScreen):
    """A field over accuracy and quality, with the models in it, beside what it says."""

    AUTO_FOCUS = "ChemistryMapPane"
    BINDINGS = [
        Binding("v", "view", "View", id="map.view", tooltip="ΔCI, or its parts ΔHV and ΔRao"),
        Binding(
            "e",
            "ensemble",
            "Ensemble",
            id="map.ensemble",
            tooltip="That of the next round, or the one that is recommended",
        ),
        Binding("n", "next", "Next model", id="map.next", tooltip="The cursor to the next model"),
    ]

    def __init__(self, desk: Desk, study: Study) -> None:
        super().__init__(desk, study)
        self._field = next(iter(FIELDS))
        self._whose = NEXT_ROUND
        self._own: Addition | None = None
        self._shown: tuple[object, ...] = ()

    def content(self) -> Iterable[Widget]:
        """The answer above the map and what it says."""
        yield Finding(id="answer")
        with Horizontal(id="map-panes"):
            yield ChemistryMapPane(id="map")
            with VerticalScroll(id="map-says"):
                yield Finding(id="here")
                yield Finding(id="scale")
                yield Finding(id="others")
                yield Finding(id="members")
                yield Finding(id="strangers")

    def on_mount(self) -> None:
        """Show the map."""
        self.query_one("#map").border_subtitle = Content("accuracy across, quality up")
        self.query_one("#map-says").border_title = Content("What it says")
        self.app.theme_changed_signal.subscribe(self, lambda _: self._show_scale())
        self.call_after_refresh(self.draw)

    def show_desk(self) -> None:
        """Follow the ensemble of the next round."""
        self.draw()
        super().show_desk()

    def makes_sense(self, action: str) -> bool:
        """Tell whether an action means something now."""
        if action == "ensemble":
            others = {*self.study.members} - {*self.desk.setup.ensemble}
            return bool(others) or self._whose == RECOMMENDED
        return super().makes_sense(action)

    def status_parts(self) -> list[Content]:
        """What the map is about."""
        return [Content("Complementarity map"), Content(count(len(self.study.profiles), "model"))]

    # --- what the keys do -------------------------------------------------------------------

    def action_view(self) -> None:
        """Show the next of the fields."""
        names = list(FIELDS)
        self._field = names[(names.index(self._field) + 1) % len(names)]
        self.draw()

    def action_ensemble(self) -> None:
        """Turn between the ensemble of the next round and the one recommended."""
        self._whose = RECOMMENDED if self._whose == NEXT_ROUND else NEXT_ROUND
        self.draw()
        self.refresh_bindings()

    def action_next(self) -> None:
        """Move the cursor to the next model: those outside first, the most complementary ahead."""
        own = self._own
        if own is None:
            return
        outside = [self.study.profiles[gain.name] for gain in own.gains]
        places = [Place(p.accuracy, p.quality / _QUALITY) for p in (*outside, *own.members)]
        here = self.map.place
        following = places.index(here) + 1 if here in places else 0
        if places:
            self.map.point(places[following % len(places)])

    @on(ChemistryMapPane.Moved)
    def _moved(self, event: ChemistryMapPane.Moved) -> None:
        event.stop()
        self._show_place()

    # --- drawing ----------------------------------------------------------------------------

    @property
    def map(self) -> ChemistryMapPane:
        """The map itself."""
        return self.query_one(ChemistryMapPane)

    @property
    def _strangers(self) -> list[str]:
        """The models outside that have no profile."""
        return [name for name in self.study.unknown if name not in self.desk.setup.ensemble]

    def draw(self) -> None:
        """Show the map of the ensemble, where it is another one than before."""
        ensemble = self.study.members if self._whose == RECOMMENDED else self.desk.setup.ensemble
        wanted = (self.study, tuple(ensemble), self._field)
        if wanted == self._shown:
            return
        first = not self._shown
        self._shown = wanted
        self._own = own = addition(self.study.profiles, ensemble)
        signs = letters(self.study.profiles)
        members = {member.name for member in own.members}
        marks = [
            Mark(signs[p.name], p.accuracy, p.quality / _QUALITY, p.name in members)
            for p in self.study.profiles.values()
        ]
        field = own.field(self._field)
        self.map.show(field, marks)
        self.map.border_title = Content(f"{self._field}, {_TITLES[self._field]}")
        for name, text in (
            ("#answer", map_text.answer_text(own, signs)),
            ("#others", map_text.gains_text(own, signs, self._field)),
            ("#members", map_text.ensemble_text(own, signs, self._whose)),
            ("#strangers", map_text.strangers_text(self._strangers)),
        ):
            self.query_one(name, Finding).say(text)
        self._show_scale()
        if first and own.gains:
            self.action_next()
        self._show_place()

    def _show_scale(self) -> None:
        """Show what the colours mean: with another theme they are others."""
        if self._own is None:
            return
        field = self._own.field(self._field)
        text = map_text.scale_text(float(field.min()), float(field.max()), self.map.piece)
        self.query_one("#scale", Finding).say(text)

    def _show_place(self) -> None:
        if self._own is None:
            return
        here = set(self.map.here())
        signs = letters(self.study.profiles)
        names = [f"{sign} {name_text(name)}" for name, sign in signs.items() if sign in here]
        text = map_text.here_text(self._own, self.map.place, names)
        self.query_one("#here", Finding).say(text)

    def copied(self) -> Copied:
        """What the map says."""
        texts = [self.query_one("#answer", Finding), *self.query("#map-says Finding")]
        said = [one.said.plain for one in texts if isinstance(one, Finding)]
        return Copied("complementarity-map", "\n\n".join(said))
