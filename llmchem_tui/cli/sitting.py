"""What the commands that run rounds share: the laboratory, and leave to send vignettes away."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llmchem_tui.batch.request import STRATEGIES
from llmchem_tui.cli.options import F, finite
from llmchem_tui.cli.output import loading, tell
from llmchem_tui.domain.errors import InputError

if TYPE_CHECKING:
    from llmchem_tui.config import Settings
    from llmchem_tui.domain.model import Vignette
    from llmchem_tui.laboratory import Laboratory
    from llmchem_tui.recorder import Saving

allow_remote_option = click.option(
    "--allow-remote", is_flag=True, help="Vignettes may go to untrusted endpoints."
)


time_scale_option = click.option(
    "--time-scale",
    type=click.FloatRange(min=0, max=1e6),
    callback=finite,
    default=1.0,
    show_default=True,
    metavar="X",
    help="Of the simulated pool: 1 real time, 0 at once.",
)


def simulated_pool(command: F) -> F:
    """Add --simulated and --time-scale."""
    simulated = click.option(
        "--simulated", is_flag=True, help="Use the simulated pool: no server, no key."
    )
    return simulated(time_scale_option(command))


def vignette_named(name: str) -> Vignette:
    """Return the vignette of an id or a file, or with - the text on stdin.

    Raises:
        InputError: there is none, or it is not a vignette.
    """
    from llmchem_tui.config import data_folder
    from llmchem_tui.storage.vignettes import bundled, find, from_text, read_stdin

    if name == "-":
        return from_text(read_stdin(sys.stdin.buffer))
    vignette = find(name, data_folder(os.environ) / "vignettes")
    original = vignette.id.removeprefix("own-")
    if original != vignette.id != name and original in {header.id for header in bundled()}:
        tell(f"{name} differs from the bundled {original}; it counts as {vignette.id}")
    return vignette


def strategy_named(name: str) -> str:
    """Return a strategy as it is written in a history.

    Raises:
        InputError: there is none of this name.
    """
    if name.upper() not in STRATEGIES:
        raise InputError(f"no strategy {name!r}; choose one of {', '.join(STRATEGIES)}")
    return name.upper()


def saving_in(folder: Path | None, *, private: bool = False, write: bool = True) -> Saving:
    """Return where sessions go; None: to the user's data folder.

    Raises:
        InputError: it is a file.
    """
    from llmchem_tui.config import data_folder
    from llmchem_tui.recorder import Saving

    if folder is not None and folder.exists() and not folder.is_dir():
        raise InputError(f"--out {folder} is a file; name a folder for the sessions")
    return Saving(folder or data_folder(os.environ) / "sessions", private, write)


def in_laboratory(
    settings: Settings,
    saving: Saving,
    work: Callable[[Laboratory], Awaitable[int]],
    *,
    simulated: bool,
    time_scale: float,
) -> int:
    """Open a laboratory, do the work in it, close it, and return the exit code.

    Raises:
        LlmchemError: the laboratory cannot be opened, or the work cannot be done.
    """

    async def visit(scale: float) -> int:
        with loading():
            from llmchem_tui.laboratory import Laboratory
            from llmchem_tui.providers.pool import open_pool
            from llmchem_tui.storage.prompts import load_prompts

        pool = await open_pool(settings, os.environ, simulated=simulated, time_scale=scale)
        laboratory = Laboratory(settings, pool, load_prompts(settings.round.prompts), saving)
        try:
            return await work(laboratory)
        finally:
            await laboratory.aclose()

    if not simulated:  # the simulated pool may still be what there is; it then waits in real time
        return asyncio.run(visit(time_scale))
    with asyncio.Runner(loop_factory=_virtual_time(time_scale)) as runner:
        return runner.run(visit(1.0))


def stop_when_told() -> asyncio.Event:
    """Return what SIGINT and SIGTERM set from now on, instead of breaking off what runs."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _virtual_time(time_scale: float) -> Callable[[], asyncio.AbstractEventLoop]:
    """The simulated pool's seconds pass on a clock of their own, so latencies are always whole."""
    from llmchem_tui.providers.simulated import VirtualTimeLoop

    return lambda: VirtualTimeLoop(time_scale)


def tell_pool(laboratory: Laboratory) -> None:
    """Tell what cannot be reached, and whether the pool is the simulated one."""
    for name, problem in laboratory.pool.unreachable.items():
        tell(f"{name}: {problem}")
    if laboratory.pool.simulated:
        tell("SIMULATED pool: no model is asked, the answers are invented")


def ask_to_leave(
    laboratory: Laboratory, names: Collection[str], *, allowed: bool, may_ask: bool
) -> None:
    """Ask before a vignette goes to an endpoint that is neither loopback nor trusted.

    Raises:
        InputError: it would, and nobody can be asked.
    """
    places = laboratory.must_ask(tuple(names))
    if not places or allowed:
        return
    if not may_ask or not sys.stdin.isatty():
        raise InputError(
            f"the vignette would go to {places}; allow it with --allow-remote, "
            "or set trusted = true for the endpoint"
        )
    click.confirm(f"The vignette will go to {places}. Go on?", abort=True, err=True)
