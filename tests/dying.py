"""Children of a process that has imported everything, each of which runs a command line or dies."""

from __future__ import annotations

import builtins
import contextlib
import io
import mmap
import os
import signal
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmchem_tui.cli import run_command_line

DEAD, OUT_OF_TIME, BROKEN = 9, -signal.SIGALRM, 99
"""What a process ends with that was to die, by a step or by time, and one that has a bug."""


@dataclass(frozen=True)
class Death:
    """When and how a process dies.

    ``kind``: "kill" after the step of this number, which is a write, a sync, or another one that
    changes files; "torn" within it, half of its bytes written; "power" after it, half of what was
    not synced lost. Or "time", after so many seconds.
    """

    kind: str
    at: float

    def begin(self) -> None:
        """Have this process die so."""
        if self.kind == "time":
            signal.signal(signal.SIGALRM, signal.SIG_DFL)  # as a SIGKILL: nothing runs any more
            signal.setitimer(signal.ITIMER_REAL, max(self.at, 1e-6))
        else:
            Steps(int(self.at), self.kind).count()


class Steps:
    """Counts the steps of this process that change files, and ends it at the ``last`` of them.

    ``told``: where the number of them is written.
    """

    def __init__(self, last: int = 0, kind: str = "kill", told: mmap.mmap | None = None) -> None:
        self.number = 0
        self._told = told
        self._last = last
        self._kind = kind
        self._paths: dict[int, str] = {}
        self._synced: dict[str, int] = {}  # of the files that are not: up to where they are
        self._truncate = os.truncate

    def count(self) -> None:
        """Count from now on."""
        for name in ("replace", "truncate", "ftruncate", "mkdir", "unlink"):
            setattr(os, name, self._counted(getattr(os, name)))
        os.open = self._counted(os.open, self._was_opened)
        os.fsync = self._counted(os.fsync, self._was_synced)
        io.FileIO = self._file_class()  # type: ignore[misc]
        builtins.open = _open_with(io.FileIO, builtins.open)

    def _counted(
        self, step: Callable[..., Any], note: Callable[[Any, Any], None] | None = None
    ) -> Callable[..., Any]:
        def counted(first: Any, *others: Any, **options: Any) -> Any:
            result = step(first, *others, **options)
            if note is not None:
                note(first, result)
            self._done()
            return result

        return counted

    def _was_opened(self, path: Any, descriptor: int) -> None:
        self._paths[descriptor] = os.fspath(path)

    def _was_synced(self, descriptor: int, _: None) -> None:
        self._synced.pop(self._paths.get(descriptor, ""), None)

    def _file_class(self) -> type[io.FileIO]:
        steps = self

        class Counting(io.FileIO):
            """A file whose writes are counted."""

            def __init__(self, file: Any, *arguments: Any, **options: Any) -> None:
                super().__init__(file, *arguments, **options)
                steps._paths[self.fileno()] = os.fspath(steps._paths.get(file, file))

            def write(self, block: Any) -> int:
                whole = memoryview(block)
                size = os.fstat(self.fileno()).st_size
                steps._synced.setdefault(steps._paths[self.fileno()], size)
                if steps._kind == "torn" and steps.number + 1 == steps._last:
                    whole = whole[: len(whole) // 2]
                written = super().write(whole)
                steps._done()
                return written

        return Counting

    def _done(self) -> None:
        self.number += 1
        if self._told is not None:
            self._told[:4] = self.number.to_bytes(4)
        if self.number != self._last:
            return
        for path, synced in self._synced.items() if self._kind == "power" else ():
            if os.path.exists(path):
                self._truncate(path, (synced + os.path.getsize(path)) // 2)
        os._exit(DEAD)


def _open_with(files: type[io.FileIO], before: Callable[..., Any]) -> Callable[..., Any]:
    def opened(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if mode in ("wb", "ab"):
            return io.BufferedWriter(files(file, mode[0]))
        return before(file, mode, *arguments, **options)

    return opened


def run_here(arguments: Sequence[object]) -> None:
    """Run a command line in this process, unheard; what it has loaded its children have too."""
    with (
        open(os.devnull, "w") as nothing,
        contextlib.redirect_stdout(nothing),
        contextlib.redirect_stderr(nothing),
    ):
        assert run_command_line([str(argument) for argument in arguments]) == 0


def llmchem(arguments: Sequence[object], told: Path, death: Death | None = None) -> int:
    """Run a command line in a child, what it shows going to a file.

    Returns its exit code; ``DEAD``, or ``OUT_OF_TIME``, where it has died.
    """
    return _in_child(arguments, told, death.begin if death else lambda: None)


def steps_of(arguments: Sequence[object], told: Path) -> int:
    """Run a command line in a child to its end; returns how many steps it has taken."""
    counted = mmap.mmap(-1, 4)  # which the child shares
    assert _in_child(arguments, told, Steps(told=counted).count) == 0
    return int.from_bytes(counted)


def _in_child(arguments: Sequence[object], told: Path, begin: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        code = BROKEN
        try:
            shown = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(shown, 1)
            os.dup2(shown, 2)
            begin()
            code = run_command_line([str(argument) for argument in arguments])
        except BaseException:  # noqa: BLE001 # whatever it is, it is shown
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
