"""The app with ten models that each write a hundred fragments a second, for the benchmark of keys.

Run by ``keys_while_streaming`` in a terminal of its own: FOLDER SECONDS. When the round is over it
writes to FOLDER/texts.json what was sent and what the panes hold.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from string import ascii_lowercase as LETTERS
from typing import Any

from llmchem_tui.config import RoundSettings, Settings
from llmchem_tui.domain.model import Locality, ModelSpec
from llmchem_tui.domain.plain_text import plain
from llmchem_tui.laboratory import Laboratory
from llmchem_tui.providers.pool import Pool
from llmchem_tui.recorder import Saving
from llmchem_tui.session.calls import Endpoint
from llmchem_tui.session.events import Call
from llmchem_tui.session.parsing import parse_answer
from llmchem_tui.session.protocol import answer_text
from llmchem_tui.session.provider import CallRequest, Delta, Ended, Finish, Text
from llmchem_tui.storage.prompts import load_prompts
from llmchem_tui.ui.app import LlmchemApp
from llmchem_tui.ui.widgets.streams import StreamPane
from tests.session.scripted import answer_json, review_json

MODELS, FRAGMENTS_A_SECOND = 10, 100


def prose(words: int, seed: str) -> str:
    """Words of letters in no order: nothing of it stands on the screen already by chance."""
    draw = random.Random(seed)
    return " ".join("".join(draw.choices(LETTERS, k=draw.randint(3, 12))) for _ in range(words))


class FastProvider:
    """Answers in small fragments at a steady rate, and reviews at once."""

    def __init__(self, seconds: float) -> None:
        self.sent: dict[str, str] = {}
        self._fragments = int(seconds * FRAGMENTS_A_SECOND)

    async def models(self) -> list[ModelSpec]:
        return []

    async def stream(self, request: CallRequest) -> AsyncGenerator[Delta, None]:
        if request.author is not None:
            yield Text(review_json())
        else:
            name = request.model.name
            reply = self.sent[name] = answer_json(assessment=prose(2 * self._fragments, name))
            size = -(-len(reply) // self._fragments)
            loop = asyncio.get_running_loop()
            began = loop.time()
            for i in range(self._fragments):
                yield Text(reply[i * size : (i + 1) * size])
                await asyncio.sleep(max(0, began + (i + 1) / FRAGMENTS_A_SECOND - loop.time()))
        yield Ended(Finish.STOP)

    async def loaded(self) -> frozenset[str] | None:
        return None

    async def aclose(self) -> None:
        """Nothing is open."""


class Bench(LlmchemApp):
    """The app, which says at the end what its panes hold."""

    provider: FastProvider
    folder: Path

    def on_mount(self) -> None:
        self.set_interval(0.2, self._look)

    def _look(self) -> None:
        state = self.desk.state
        report = self.folder / "texts.json"
        if state is None or state.ended is None or self.desk.busy or report.exists():
            return
        # All pieces as they came, and the answer that the pane shows in their place at the end.
        panes = {
            pane.model: [state.calls[Call(pane.model)].text, pane.copied().text]
            for pane in self.screen.query(StreamPane)
        }
        sent = {
            name: [text, plain(answer_text(parse_answer(text)))]
            for name, text in self.provider.sent.items()
        }
        report.write_text(json.dumps({"sent": sent, "shown": panes, "elapsed": state.elapsed}))


def run(folder: Path, provider: FastProvider, models: int = MODELS) -> None:
    """Run the app on models that answer like this."""
    settings = Settings(round=RoundSettings(n=models, strategy="RANDOM", seed=1))
    names = [f"model-{i}" for i in range(1, models + 1)]
    specs = tuple(ModelSpec(name, "box", name, Locality.LOCAL) for name in names)

    async def open_laboratory() -> Laboratory:
        pool = Pool(specs, {"box": Endpoint(provider, slots=64)}, (), {})
        return Laboratory(settings, pool, load_prompts(), Saving(folder / "sessions"))

    options: dict[str, Any] = {"sessions": folder / "sessions", "vignettes": folder / "vignettes"}
    app = Bench(settings, open_laboratory, env=os.environ, **options)
    app.provider, app.folder = provider, folder
    app.run()
    if app.crash is not None:
        raise app.crash


if __name__ == "__main__":
    run(Path(sys.argv[1]), FastProvider(float(sys.argv[2])))
