"""`llmchem doctor`: what can be reached, why not, and what to do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cli import Llmchem, make_llmchem

QWEN = {"name": "qwen3:8b", "size": 5_200_000_000, "capabilities": ["completion", "thinking"]}
REPLIES: dict[str, Any] = {
    "/api/tags": {"models": [QWEN, {"name": "evil\x1b[31m", "capabilities": ["completion"]}]},
    "/api/ps": {
        "models": [{"name": "qwen3:8b", "size": 4, "size_vram": 1, "context_length": 8192}]
    },
}


class Ollama(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(REPLIES[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


@pytest.fixture
def host() -> Iterator[str]:
    """The address of an Ollama host, served from a thread: the command has its own loop."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Ollama)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_host_and_its_models_are_shown(
    llmchem: Llmchem, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    result = llmchem("doctor")
    assert result.code == 0
    assert f"http://{host}" in result.out
    (line,) = [line for line in result.out.splitlines() if "qwen3:8b" in line]
    assert line.split() == ["qwen3:8b", "local", "5.2", "GB", "25%", "GPU", "8,192", "yes"]
    assert "\x1b" not in result.out


def test_the_same_as_json(llmchem: Llmchem, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-SECRET")
    result = llmchem("doctor", "--json")
    assert result.code == 0
    assert "SECRET" not in result.out
    document = result.document
    assert (document["schema"], document["settings"]) == (1, None)
    ollama, openai = document["endpoints"]
    assert (ollama["reachable"], ollama["error"], ollama["trusted"]) == (True, None, True)
    assert ollama["models"][1] == {
        "name": "qwen3:8b",
        "id": "qwen3:8b",
        "locality": "local",
        "missing": False,
        "size": 5_200_000_000,
        "loaded": True,
        "gpu_share": 0.25,
        "context": 8192,
        "thinks": True,
    }
    assert (openai["reachable"], openai["key"]) == (False, "$OPENAI_API_KEY")
    assert "nothing answers at http://127.0.0.1:9" in openai["error"]


def test_without_anything_it_says_what_to_do_and_ends_with_1(
    llmchem: Llmchem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    result = llmchem("doctor")
    assert result.code == 1
    assert 'start Ollama with "ollama serve"' in result.out
    assert "llmchem --simulated" in result.out


def test_a_configured_model_that_the_host_lacks_is_missing(
    llmchem: Llmchem, host: str, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[providers.box]\nkind = "ollama"\nurl = "http://{host}"\n'
        '[[models]]\nname = "mixtral"\nprovider = "box"\n'
    )
    result = llmchem("doctor", "--config", config)
    assert "mixtral: not on box; fetch it with ollama pull" in result.out
    assert str(config) in result.out
