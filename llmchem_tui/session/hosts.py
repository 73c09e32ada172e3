"""What the endpoints of a plan can bear: calls at once, and models in memory.

Loading a model takes as long as many calls. An endpoint whose memory is limited therefore keeps a
model until it has nothing left to do, and lets one go early only for a model that has not answered
yet. So N models on a host that holds one take 2N-1 loads: the k-th answers and reviews the k-1
answers that exist, the last reviews them all, and the others come back once each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from llmchem_tui.session.calls import Endpoint

WORTH_A_LOAD = 4
"""So many calls must be waiting for a model before a second host loads it as well: with fewer the
first is done before the second has begun."""


class Host:
    """An endpoint: which models are in its memory, as far as is known, and what runs on it.

    Models are named by their ids. ``resident``: from the one used longest ago to the latest; empty
    where the memory does not matter.
    """

    def __init__(self, name: str, endpoint: Endpoint) -> None:
        self.name = name
        self._memory = endpoint.memory
        self.resident: list[str] = []
        self.running: Counter[str] = Counter()
        self.used: list[str] = []
        self._slots = endpoint.slots

    @property
    def limited(self) -> bool:
        """Whether its memory matters."""
        return self._memory is not None

    def room_for(self, model: str) -> bool:
        """Whether one more call to the model, if it is in memory, may start."""
        if self._slots is None:  # one call at a time for each model in memory
            return not self.running[model]
        return self.running.total() < self._slots

    def serves(self, model: str) -> bool:
        """Whether calls to the model can start without loading it."""
        return not self.limited or model in self.resident

    def start(self, model: str) -> None:
        """Note a call; the model is in memory from now on."""
        self.running[model] += 1
        for names in (self.used, *([self.resident] if self.limited else [])):
            if model in names:
                names.remove(model)
            names.append(model)

    def end(self, model: str) -> None:
        """Note that a call has ended."""
        self.running[model] -= 1

    def evict(self, model: str) -> None:
        """Note that a model makes room for another."""
        self.resident.remove(model)

    @property
    def full(self) -> bool:
        """Whether a further model needs another to leave."""
        return self._memory is not None and len(self.resident) >= self._memory.models

    def saw(self, loaded: Iterable[str]) -> None:
        """Take in what is in memory: it holds at least so many, whatever was believed of it."""
        if self._memory is None:
            return
        loaded = set(loaded)
        self._memory.saw(len(loaded))
        # What runs is there, or on its way in: it takes the place of one that is still seen.
        busy = [model for model in self.resident if self.running[model]]
        idle = [model for model in self.resident if model in loaded - set(busy)]
        idle = [*sorted(loaded - {*busy, *idle}), *idle]
        surplus = max(0, len(idle) + len(busy) - self._memory.models)
        self.resident = [*idle[surplus:], *busy]
