"""What a fresh interpreter really loads: start-up stays quick, and the core stays without a screen.

The import contracts in pyproject.toml look at the text of the modules; this looks at what happens.
"""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import llmchem_tui

CHECKOUT = Path(__file__).resolve().parents[1]
SLOW = ("textual", "numpy", "pandas", "polars", "scipy", "openai", "anthropic", "ollama", "httpx")
NOT_FOR_THE_CORE = (
    "textual",
    "rich",
    "click",
    "httpx",
    "pandas",
    "polars",
    "openai",
    "anthropic",
    "ollama",
)


def loaded(*modules: str) -> set[str]:
    """Return the modules and packages that a new interpreter has after these imports."""
    lines = [*(f"import {module}" for module in modules), "import sys, json"]
    lines.append("print(json.dumps(list(sys.modules)))")
    command = [sys.executable, "-c", "\n".join(lines)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=CHECKOUT, text=True)
    return set(json.loads(done.stdout))


def modules_of(*packages: str) -> list[str]:
    folders = {f"llmchem_tui.{name}": str(CHECKOUT / "llmchem_tui" / name) for name in packages}
    found = list(folders)
    for package, folder in folders.items():
        found += [module.name for module in pkgutil.walk_packages([folder], f"{package}.")]
    return found


def test_the_command_line_opens_without_the_heavy_packages() -> None:
    assert loaded("llmchem_tui.cli").isdisjoint(SLOW)


def test_the_first_frame_needs_nothing_that_only_a_round_needs() -> None:
    for_a_round = ("numpy", "pandas", "httpx", "jiter", "rapidfuzz")
    its_screen = ("textual.widgets._data_table", "textual.widgets._tabs", "llmchem_tui.ui.outcome")
    its_words = ("llmchem_tui.session.events", "llmchem_tui.domain.scoring")
    before = loaded("llmchem_tui.cli.app", "llmchem_tui.ui.app")
    assert before.isdisjoint((*for_a_round, *its_screen, *its_words))


def test_what_is_loaded_after_the_first_frame_is_there_to_be_loaded() -> None:
    from llmchem_tui.cli.app import LATER

    assert loaded(*LATER) >= {*LATER}


def test_the_list_of_commands_needs_none_of_them() -> None:
    assert loaded("llmchem_tui.cli").isdisjoint(("asyncio", "msgspec"))


def test_the_science_and_the_protocol_run_without_a_screen_a_network_or_pandas() -> None:
    modules = modules_of("domain", "session")
    assert len(modules) > 10
    assert loaded(*modules).isdisjoint(NOT_FOR_THE_CORE)


def test_the_settings_load_nothing_heavy() -> None:
    assert loaded("llmchem_tui.config", "llmchem_tui.endpoints").isdisjoint((*SLOW, "tomllib"))


def test_the_probe_sees_what_is_loaded() -> None:
    assert "textual" in loaded("textual.color")
    assert Path(llmchem_tui.__file__).is_relative_to(CHECKOUT)
