"""Real llama-servers on loopback; without one at hand the tests skip and say how to get it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

VARIABLES = ("LLMCHEM_LLAMA_SERVER", "LLMCHEM_TINY_GGUF")
TRIES = 400
STEP_SECONDS = 0.05

LlamaServer = Callable[..., str]
"""Takes further arguments of llama-server; returns the address, such as http://127.0.0.1:4242."""


@dataclass
class Running:
    """A server that was started, and where it writes what it has to say."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def is_ready(self) -> bool:
        """Wait until the server is healthy; false where it has given up instead."""
        for _ in range(TRIES):
            if self._is_healthy():
                return True
            try:
                self.process.wait(STEP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            return False
        return False

    def stop(self) -> None:
        """End the server, kindly first."""
        self.process.terminate()
        try:
            self.process.wait(TRIES * STEP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@pytest.fixture(scope="session")
def llama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    """Return a function that starts a server with the tiny model, called tiny.

    Its arguments follow the usual ones, so they win; the same arguments give the same server,
    which lives until the tests are over.
    """
    program, model = (os.environ.get(name, "") for name in VARIABLES)
    if not (program and model):
        pytest.skip(f"{' and '.join(VARIABLES)} are not set: no real model server to test with")
    folder = tmp_path_factory.mktemp("llama")
    servers: dict[tuple[str, ...], Running] = {}

    def start(*arguments: str) -> str:
        if arguments not in servers:
            log = folder / f"{len(servers)}.log"
            servers[arguments] = _started([program, "-m", model], arguments, log)
        return f"http://127.0.0.1:{servers[arguments].port}"

    try:
        yield start
    finally:
        for server in servers.values():
            server.stop()


def _started(command: list[str], arguments: tuple[str, ...], log: Path) -> Running:
    # Somebody else may take the free port first: then the server ends, and another is tried.
    for _ in range(3):
        port = _free_port()
        usual = ["--alias", "tiny", "--host", "127.0.0.1", "--port", str(port), "--offline"]
        usual += ["-c", "8192", "-np", "2", "-t", "1"]
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*command, *usual, *arguments], stdout=out, stderr=subprocess.STDOUT
            )
        server = Running(process, port, log)
        if server.is_ready():
            return server
        server.stop()
    words = log.read_text(errors="replace")[-2000:]
    pytest.fail(f"llama-server does not start with {arguments}: {words}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
