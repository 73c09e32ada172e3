"""What benchmarks read of the machine: a process's time and memory, and who else is at work."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """Return the processor's time that a process has used, all threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory(pid: int | str = "self") -> int:
    """Return the bytes of a process that are in memory now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def load() -> str:
    """Return how busy the machine is; other work makes every figure larger."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def as_installed(folder: Path) -> dict[str, str]:
    """Return the environment of a program that nobody has used yet; its files are in a folder.

    Modules are compiled once, as those of an installed program are; blank: a variable to take away.
    """
    return {
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONUNBUFFERED": "",
        "LLMCHEM_DATA": str(folder / "data"),
        "XDG_CONFIG_HOME": str(folder / "settings"),
    }
