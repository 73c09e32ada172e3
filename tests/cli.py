"""The command line as tests use it: arguments and stdin in; code, stdout and stderr out."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from llmchem_tui.cli import run_command_line


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """stdout as the one JSON document it has to be."""
        return json.loads(self.out)


Llmchem = Callable[..., Result]


def make_llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    """Return a function that runs a command line in this process."""

    def llmchem(*arguments: object, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run_command_line([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return llmchem
