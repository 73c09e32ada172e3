"""All keys by their names, and the keymap of the settings: Textual hides what is wrong in it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual.binding import Binding, BindingType
from textual.keys import (
    KEY_DISPLAY_ALIASES,
    REPLACED_KEYS,
    Keys,
    _character_to_key,
    _normalize_key_list,
    key_to_character,
)
from textual.screen import ModalScreen

from llmchem_tui.toml_files import nearest
from llmchem_tui.ui.screens.chemistry import ChemistryScreen
from llmchem_tui.ui.screens.comparison import ComparisonScreen
from llmchem_tui.ui.screens.dialogs import AskScreen, PickScreen, WriteScreen
from llmchem_tui.ui.screens.editor import EditorScreen
from llmchem_tui.ui.screens.grading import GradeScreen, ReviewScreen
from llmchem_tui.ui.screens.graph import GraphScreen
from llmchem_tui.ui.screens.help import HelpScreen
from llmchem_tui.ui.screens.history import HistoryScreen
from llmchem_tui.ui.screens.load import LoadScreen
from llmchem_tui.ui.screens.map import MapScreen
from llmchem_tui.ui.screens.models import ModelsScreen
from llmchem_tui.ui.screens.pull import PullScreen
from llmchem_tui.ui.screens.replay import ReplayScreen
from llmchem_tui.ui.screens.round import RoundScreen
from llmchem_tui.ui.screens.vignettes import VignetteScreen
from llmchem_tui.ui.widgets import saved
from llmchem_tui.ui.widgets.grades import Grades
from llmchem_tui.ui.widgets.graph import GraphList
from llmchem_tui.ui.widgets.map import ChemistryMapPane
from llmchem_tui.ui.widgets.parameters import ParameterList
from llmchem_tui.ui.widgets.pool import PoolList
from llmchem_tui.ui.widgets.streams import StreamPane
from llmchem_tui.ui.widgets.transport import Transport

Part = type[Any]
"""A screen or a widget, which may have keys of its own."""

SCREENS: dict[str, tuple[Part, ...]] = {
    "Round": (RoundScreen, PoolList, StreamPane, Grades),
    "Chemistry": (ChemistryScreen, ParameterList),
    "Interaction graph": (GraphScreen, GraphList),
    "Complementarity map": (MapScreen, ChemistryMapPane),
    "History": (HistoryScreen, saved.Search),
    "Comparison": (ComparisonScreen,),
    "Replay": (ReplayScreen, Transport, StreamPane, Grades),
    "Models": (ModelsScreen,),
    "Help": (HelpScreen,),
    "Choosing a vignette": (VignetteScreen,),
    "Writing a vignette": (EditorScreen,),
    "Loading a vignette": (LoadScreen,),
    "A review": (ReviewScreen,),
    "Grading": (GradeScreen,),
    "Fetching a model": (PullScreen,),
    "A list to choose from": (PickScreen,),
    "A line to write": (WriteScreen,),
    "A question": (AskScreen,),
}
"""Each screen, then the widgets on it that have keys of their own."""

_MODIFIERS = {"alt", "ctrl", "hyper", "meta", "shift", "super"}
_WHOLE = {key.value for key in Keys if not key.value.startswith("<")} - {"return"}
_NAMED = {name.rpartition("+")[2] for name in _WHOLE} | set(FUNCTIONAL_KEYS.values())
"""Keys that write nothing; those that do are called like what they write."""

_OTHER_NAMES = {shown: name for name, shown in KEY_DISPLAY_ALIASES.items()} | {"return": "enter"}
"""What keys are called elsewhere, in the line of keys for instance."""


def bindings_of(part: Part) -> Iterator[Binding]:
    """Yield the named keys of a screen or a widget, with those that it inherits.

    Textual lets a class take a key from its bases: what lost all its keys so is left out.
    """
    taken: set[str] = set()
    for kind in part.__mro__:
        own = [one for one in vars(kind).get("BINDINGS", ()) if isinstance(one, Binding)]
        yield from (one for one in own if one.id and not taken.issuperset(_keys(one.key)))
        taken.update(key for one in own for key in _keys(one.key))


def all_bindings(own: Sequence[BindingType]) -> dict[str, Binding]:
    """Return every key by its name; ``own``: those of the app itself, which come first."""
    bindings = [binding for binding in own if isinstance(binding, Binding)]
    for part in chain.from_iterable(SCREENS.values()):
        bindings += bindings_of(part)
    named: dict[str, Binding] = {}
    for binding in bindings:
        if binding.id:
            named.setdefault(binding.id, binding)
    return named


def complete(keymap: Mapping[str, str], own: Sequence[BindingType]) -> dict[str, str]:
    """Return the keymap with the usual keys of what shares a key with what it changes.

    Textual 8.2.8 takes a key away from everything that it did, not only from what is moved.
    """
    usual = {name: _keys(binding.key) for name, binding in all_bindings(own).items()}
    whole = dict(keymap)
    while True:
        freed = {key for name in whole for key in usual.get(name, ())}
        more = {n: ",".join(k) for n, k in usual.items() if n not in whole and freed & set(k)}
        if not more:
            return whole
        whole |= more


def keymap_problems(keymap: Mapping[str, str], own: Sequence[BindingType]) -> Iterator[str]:
    """Yield a sentence for each name that no key has, each key that is none, and each clash.

    ``own``: the bindings of the app itself, beside those of its screens and widgets.
    """
    usual = all_bindings(own)
    for name, keys in keymap.items():
        if name not in usual:
            hint = nearest(name, usual)
            remedy = f"did you mean {hint}?" if hint else "Help lists the names"
            yield f"[keymap] {name!r} is nothing that a key does; {remedy}"
        elif wrong := [key for key in _keys(keys) if not is_key(key)]:
            hint = _meant(wrong[0])
            remedy = f"did you mean {hint}?" if hint else "write one such as f5, ctrl+g or x."
            stays = f"It stays {usual[name].key}"
            yield f"[keymap] {name!r}: {keys!r} is no key that is sent; {remedy} {stays}"
    keymap = possible(keymap)
    clashes = {clash: None for one in _chains(own) for clash in _clashes(keymap, one)}
    yield from clashes  # each once: the app's own keys are on every screen


def possible(keymap: Mapping[str, str]) -> dict[str, str]:
    """Return the part of a keymap whose keys exist; what is left out keeps its usual key."""
    return {name: keys for name, keys in keymap.items() if all(map(is_key, _keys(keys)))}


def is_key(key: str) -> bool:
    """Tell whether a terminal can send a key of this name, by Textual's names for them."""
    if key in _WHOLE:
        return True
    *modifiers, name = key.split("+")
    if modifiers != sorted(_MODIFIERS.intersection(modifiers)):  # Textual sorts them
        return False
    written = key_to_character(REPLACED_KEYS.get(name, name))
    if written is None:
        return name in _NAMED
    if len(written) > 1 or not written.isprintable() or _character_to_key(written) != name:
        return False
    if modifiers == ["shift"]:
        return written == " "  # anything else is sent as what shift makes of it
    return modifiers in ([], ["alt"]) or not written.isupper()


def _meant(key: str) -> str | None:
    """Return the key that was probably meant."""
    folded = "".join(key.split()).casefold().replace("^", "ctrl+").replace("control", "ctrl")
    *modifiers, name = re.split(r"[+-]", folded)
    name = _OTHER_NAMES.get(name, name)
    name = _character_to_key(name) if len(name) == 1 else name
    if modifiers == ["shift"] and len(name) == 1:
        return name.upper()
    meant = "+".join([*sorted(modifiers), name])
    return meant if is_key(meant) else nearest(key, _NAMED)


def _chains(own: Sequence[BindingType]) -> Iterator[dict[str, Binding]]:
    """What can have a key at the same time: the app, one screen, and one widget on it."""
    of_app = [binding for binding in own if isinstance(binding, Binding)]
    for screen, *widgets in SCREENS.values():
        modal = issubclass(screen, ModalScreen)
        frame = [binding for binding in of_app if binding.priority or not modal]
        frame += bindings_of(screen)
        for focused in ([], *([*bindings_of(widget)] for widget in widgets)):
            yield {binding.id: binding for binding in [*frame, *focused] if binding.id}


def _clashes(keymap: Mapping[str, str], bindings: Mapping[str, Binding]) -> Iterator[str]:
    names = defaultdict[str, list[str]](list)
    for name, binding in sorted(bindings.items()):
        for key in _keys(keymap.get(name, binding.key)):
            names[key].append(name)
    for key, several in names.items():
        moved = [name for name in several if key not in _keys(bindings[name].key)]
        if moved and len(several) > 1:
            yield f"[keymap] gives one key, {key}, to {' and '.join(several)}; only one can have it"


def _keys(keys: str) -> tuple[str, ...]:
    """The keys of a binding, by Textual's names for them: a sign may stand for itself."""
    return tuple(_normalize_key_list(keys).split(","))
