"""Panes side by side where there is room, tabs where it is narrow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.events import DescendantFocus
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.widgets import Tabs

_ONE_AT_A_TIME = ("-narrow", "-alone")


class Folding(Vertical):
    """Panes of which one is in front: the one that has the keyboard, or had it last.

    The style sheet shows the tabs or places the panes; a pane's id is its key in ``titles``.
    """

    def __init__(
        self, titles: Mapping[str, str], panes: Iterable[Widget], id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._titles = dict(titles)
        self._front = next(iter(self._titles))
        self._tabs: Tabs | None = None
        self._panes = [pane.add_class("pane") for pane in panes]

    def compose(self) -> ComposeResult:
        """The panes, below tabs where the screen is narrow from the first."""
        if self.screen.has_class("-narrow"):
            yield self._new_tabs()
        yield Container(*self._panes)

    async def on_resize(self) -> None:
        """Make the tabs when they are first seen: they are many widgets."""
        if self.screen.has_class("-narrow") and self._tabs is None:
            await self.mount(self._new_tabs(), before=0)
            self.show_front(self.front)

    def _new_tabs(self) -> Tabs:
        from textual.widgets import Tab, Tabs

        tabs = Tabs(
            *(Tab(Content(title), id=f"tab-{name}") for name, title in self._titles.items()),
            active=f"tab-{self._front}",
        )
        tabs.can_focus = False  # their keys are the screen's
        self._tabs = tabs
        return tabs

    def on_mount(self) -> None:
        """Title the panes."""
        for name, title in self._titles.items():
            self.query_one(f"#{name}").border_title = Content(title)
        self.show_front(self.front)

    def retitle(self, name: str, title: str) -> None:
        """Give a pane another title, on its border and on its tab."""
        self._titles[name] = title
        self.query_one(f"#{name}").border_title = Content(title)
        if self._tabs is not None:
            from textual.widgets import Tab

            for tab in self._tabs.query(Tab).filter(f"#tab-{name}"):
                tab.label = Content(title)

    @property
    def front(self) -> str:
        """The pane in front."""
        return self._front

    def go_to(self, name: str) -> None:
        """Bring a pane to the front and give it the keyboard."""
        self.show_front(name)
        pane = self.query_one(f"#{name}")
        for widget in pane.walk_children(with_self=True):
            if isinstance(widget, Widget) and widget.focusable and widget.display:
                widget.focus()
                return
        self.screen.set_focus(None)

    def turn(self, step: int) -> None:
        """Go to the pane beside the one in front."""
        names = list(self._titles)
        self.go_to(names[(names.index(self.front) + step) % len(names)])

    def show_front(self, name: str) -> None:
        """Bring a pane to the front; the keyboard stays where it is."""
        self._front = name
        if self._tabs is not None and self._tabs.active:  # else they are being made
            self._tabs.active = f"tab-{name}"
        # Side by side all panes look the same: to style them anew would take longer than to paint.
        seen = not self.screen.classes.isdisjoint(_ONE_AT_A_TIME)
        for pane in self._titles:
            self.query_one(f"#{pane}").set_class(pane == name, "-shown", update=seen)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Keep the pane that has the keyboard in front, for when the terminal becomes narrow."""
        for node in event.widget.ancestors_with_self:
            if node.id in self._titles:
                self.show_front(node.id)

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """Go to the pane of a tab that is clicked."""
        event.stop()
        name = event.tabs.active.removeprefix("tab-")
        if name and name != self.front:
            self.go_to(name)  # a click; our own changes are done when the message comes
