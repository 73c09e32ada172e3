"""When models on several endpoints are one: the same tag with the same digest on Ollama hosts."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from llmchem_tui.domain.model import ModelSpec


def with_mirrors(
    specs: Sequence[ModelSpec],
    *,
    ollama: Collection[str],
    trusted: Mapping[str, bool],
    named: Collection[str],
    only_trusted: bool,
) -> list[ModelSpec]:
    """Return the models, those that several Ollama hosts have alike as one, trusted hosts first.

    ``ollama``: the endpoints of that kind. ``named``: models that the settings name; such a model
    takes in others, but stays itself. ``only_trusted``: a host that is not trusted is no mirror of
    one that is, for vignettes must not go there.
    """
    alike: dict[tuple[str, str], list[ModelSpec]] = defaultdict(list)
    for spec in specs:
        if spec.endpoint in ollama and spec.digest:
            alike[spec.id, spec.digest].append(spec)
    taken_in: set[tuple[str, str]] = set()
    one_of: dict[tuple[str, str], ModelSpec] = {}
    for group in alike.values():
        found = [spec for spec in group if spec.name not in named]
        found.sort(key=lambda spec: not trusted[spec.endpoint])
        own = [spec for spec in group if spec.name in named] or found[:1]
        for spec in own:
            others = [one.endpoint for one in found if one.endpoint != spec.endpoint]
            if only_trusted and trusted[spec.endpoint]:
                others = [name for name in others if trusted[name]]
            one_of[spec.name, spec.endpoint] = dataclasses.replace(spec, mirrors=tuple(others))
        taken_in |= {(one.name, one.endpoint) for one in found if one not in own}
    return [
        one_of.get((spec.name, spec.endpoint), spec)
        for spec in specs
        if (spec.name, spec.endpoint) not in taken_in
    ]


def distinct(specs: Iterable[ModelSpec]) -> tuple[ModelSpec, ...]:
    """Return the models sorted by name; one name at two endpoints becomes name@endpoint."""
    specs = list(specs)
    counts = Counter(spec.name for spec in specs)
    named = (
        dataclasses.replace(spec, name=f"{spec.name}@{spec.endpoint}")
        if counts[spec.name] > 1
        else spec
        for spec in specs
    )
    return tuple(sorted(named, key=lambda spec: spec.name))
