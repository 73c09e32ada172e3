"""The keymap of the settings, looked over: Textual ignores what is wrong in it in silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from textual.binding import Binding, BindingType

from llmchem_tui.toml_files import nearest
from llmchem_tui.ui.screens.live import LiveScreen
from llmchem_tui.ui.screens.round import RoundScreen
from llmchem_tui.ui.widgets.pool import PoolList
from llmchem_tui.ui.widgets.streams import StreamPane


def keymap_problems(keymap: Mapping[str, str], own: Sequence[BindingType]) -> Iterator[str]:
    """Yield a sentence for each name that no key has, and for each key that has two names.

    ``own``: the bindings of the app itself, beside those of its screens and widgets.
    """
    usual = dict(_keys(own, *(part.BINDINGS for part in (LiveScreen, RoundScreen))))
    usual |= dict(_keys(PoolList.BINDINGS, StreamPane.BINDINGS))
    for name in keymap:
        if name not in usual:
            hint = nearest(name, usual)
            remedy = f"did you mean {hint}?" if hint else f"there are {', '.join(sorted(usual))}"
            yield f"[keymap] {name!r} is nothing that a key does; {remedy}"
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
