"""The keymap of the settings, looked over: Textual ignores what is wrong in it in silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from textual.binding import Binding, BindingType

from llmchem_tui.toml_files import nearest
from llmchem_tui.ui.screens.chemistry import ChemistryScreen
from llmchem_tui.ui.screens.help import HelpScreen
from llmchem_tui.ui.screens.history import HistoryScreen
from llmchem_tui.ui.screens.live import LiveScreen
from llmchem_tui.ui.screens.models import ModelsScreen
from llmchem_tui.ui.screens.round import RoundScreen
from llmchem_tui.ui.widgets.pool import PoolList
from llmchem_tui.ui.widgets.streams import StreamPane

SCREENS = {
    "Round": (LiveScreen, RoundScreen, PoolList, StreamPane),
    "Chemistry": (ChemistryScreen,),
    "History": (HistoryScreen,),
    "Models": (ModelsScreen,),
    "Help": (HelpScreen,),
}
"""Each screen with everything on it that has keys of its own."""


def keymap_problems(keymap: Mapping[str, str], own: Sequence[BindingType]) -> Iterator[str]:
    """Yield a sentence for each name that no key has, and for each key that has two names.

    ``own``: the bindings of the app itself, beside those of its screens and widgets.
    """
    on_screens = [
        dict(_keys(own, *(part.BINDINGS for part in parts))) for parts in SCREENS.values()
    ]
    usual = {name: key for keys in on_screens for name, key in keys.items()}
    for name in keymap:
        if name not in usual:
            hint = nearest(name, usual)
            remedy = f"did you mean {hint}?" if hint else f"there are {', '.join(sorted(usual))}"
            yield f"[keymap] {name!r} is nothing that a key does; {remedy}"
    clashes = {clash: None for keys in on_screens for clash in _clashes(keymap, keys)}
    yield from clashes  # each once: the app's own keys are on every screen


def _clashes(keymap: Mapping[str, str], usual: Mapping[str, str]) -> Iterator[str]:
    names = defaultdict[str, list[str]](list)
    for name, key in sorted(usual.items()):
        for one in keymap.get(name, key).split(","):
            names[one.strip()].append(name)
    for key, several in names.items():
        if len(several) > 1 and any(name in keymap for name in several):
            yield f"[keymap] gives one key, {key}, to {' and '.join(several)}; only one can have it"


def _keys(*groups: Sequence[BindingType]) -> Iterator[tuple[str, str]]:
    for group in groups:
        for binding in group:
            if isinstance(binding, Binding) and binding.id:
                yield binding.id, binding.key
