"""Keys, texts and files are nobody else's: what runs leave behind is searched through and through.

The servers here echo the key that they were sent wherever a server can say anything.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import pytest

from llmchem_tui.config import ModelSettings, ProviderSettings, Settings
from llmchem_tui.providers.discovery import endpoints_from_environment
from llmchem_tui.providers.pool import look
from tests.cli import Llmchem, make_llmchem
from tests.providers.faults import sse
from tests.providers.wire import NDJSON, Exchange, Script, Wire, serving

Kind = Literal["openai", "anthropic", "ollama"]
KINDS: tuple[Kind, ...] = ("openai", "anthropic", "ollama")
KEYS = {kind: f"sk-{kind}/+==SECRET-{number}" for number, kind in enumerate(KINDS)}
PATIENT, ANSWERED = "XYZZYPATIENT", "PLUGHANSWER"
MODELS = ("echoes", "refuses", "redirects", "stammers")

CRASH = """
import os, runpy, sys
os.umask(0)
import llmchem_tui.cli.round_lines as lines
def broken(*held):
    local = os.environ["OPENAI_OWN_KEY"]
    raise RuntimeError(f"{local} {held}")
lines.print_round = broken
runpy.run_module("llmchem_tui", run_name="__main__", alter_sys=True)
"""
QUIET = "import os, runpy; os.umask(0); runpy.run_module('llmchem_tui', run_name='__main__')"


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


def reply(said: str) -> str:
    """Return what is both an answer and a review, with ``said`` in every text of it."""
    drug = {"action": "start", "name": f"amoxicillin {said}", "dose": said, "route": "oral"}
    return json.dumps(
        {"assessment": said, "medications": [drug], "cautions": [said], "rationale": said}
        | {"grade": 0.9, "safety_concern": said}
    )


def stream(kind: str, text: str, size: int) -> bytes:
    """Return a whole streamed reply whose text comes ``size`` characters at a time."""
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    if kind == "ollama":
        lines: list[object] = [{"message": {"content": piece}} for piece in pieces]
        ending = {"done": True, "done_reason": "stop"}
        return b"".join(json.dumps(one).encode() + b"\n" for one in [*lines, ending])
    if kind == "openai":
        chunks: list[object] = [{"choices": [{"delta": {"content": piece}}]} for piece in pieces]
        over = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
        return b"".join(map(sse, [*chunks, over]))
    block = {"type": "content_block_delta", "index": 0}
    deltas = [block | {"delta": {"type": "text_delta", "text": piece}} for piece in pieces]
    start = {"type": "message_start", "message": {"type": "message", "usage": {}}}
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}}
    return b"".join(map(sse, [start, *deltas, end, {"type": "message_stop"}]))


def echoing(kind: str, elsewhere: str) -> Script:
    """Return a server that says the key of every request again, in a way each model has of it."""

    async def script(exchange: Exchange) -> None:
        headers = exchange.request.headers
        key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if exchange.request.method == "GET":
            named = [{"id": f"{key}-7b", "name": f"{key}-7b", "size": 1}]
            await exchange.reply({"data": named, "models": named})
            return
        model = exchange.request.json.get("model", "")
        if model.startswith("redirects"):
            await exchange.reply(key, 307, headers={"Location": f"{elsewhere}/{quote(key)}"})
        elif model.startswith("refuses"):
            said = f"{json.dumps(dict(headers))} {key} {quote(key, safe='')}"
            await exchange.reply({"error": said if kind == "ollama" else {"message": said}}, 401)
        else:
            await exchange.start(NDJSON if kind == "ollama" else "text/event-stream")
            size = 3 if model.startswith("stammers") else 10_000
            await exchange.send(
                stream(kind, reply(f"{key} {quote(key, safe='')} {ANSWERED}"), size)
            )
            await exchange.end()

    return script


def settings(urls: Mapping[str, str], command: str) -> str:
    """Return settings with every model at every server; Anthropic's key comes from a command."""
    lines = []
    for kind, url in urls.items():
        key = f"api_key_env = '{kind.upper()}_OWN_KEY'"
        key = f"api_key_command = '{command}'" if kind == "anthropic" else key
        base = f"{url}/v1" if kind == "openai" else url
        lines += [f"[providers.{kind}]", f"kind = '{kind}'", f"url = '{base}'", key]
    for kind in urls:
        for model in MODELS:
            lines += ["[[models]]", f"name = '{model}-{kind}'", f"provider = '{kind}'"]
    return "\n".join(lines)


async def run_process(
    code: str, *arguments: object, folder: Path, env: Mapping[str, str]
) -> tuple[int, str]:
    """Run the program with its home, data and work in a folder; return its code and its words."""
    (folder / "home").mkdir(mode=0o700, exist_ok=True)
    own = {"HOME": str(folder / "home"), "LLMCHEM_DATA": str(folder / "data"), **env}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-B", "-c", code, *map(str, arguments)),
        cwd=folder,
        env={**os.environ, **own},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(f"A note. {PATIENT} coughs.".encode())
    assert process.returncode is not None
    return process.returncode, said.decode(errors="replace")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "searched"
    folder.mkdir(mode=0o700)
    return folder


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def forms(key: str) -> Iterator[bytes]:
    yield from (key.encode(), quote(key, safe="").encode(), quote(key).encode())
    yield base64.b64encode(key.encode()).rstrip(b"=")[:-1]


def assert_nowhere(words: list[bytes], folder: Path, said: str = "") -> None:
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for word in words:
            assert word not in content, path
            assert word not in os.fsencode(path), path
    for word in words:
        assert word not in said.encode()


def assert_private(folder: Path) -> None:
    for path in folder.rglob("*"):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


async def servers(stack: AsyncExitStack) -> tuple[dict[Kind, Wire], Wire]:
    """Start the three servers, and the one that they would lead to."""

    async def thanks(exchange: Exchange) -> None:
        await exchange.reply({"data": []})

    elsewhere = await stack.enter_async_context(serving(thanks))
    return {
        kind: await stack.enter_async_context(serving(echoing(kind, elsewhere.url)))
        for kind in KINDS
    }, elsewhere


async def test_no_key_is_left_anywhere_by_a_run_that_fails_in_every_way(
    tmp_path: Path, folder: Path
) -> None:
    vault = tmp_path / "vault"
    vault.write_text(KEYS["anthropic"])
    env = {f"{kind.upper()}_OWN_KEY": KEYS[kind] for kind in ("openai", "ollama")}
    ensemble = ",".join(f"{model}-{kind}" for kind in KINDS for model in MODELS)
    async with AsyncExitStack() as stack:
        wires, elsewhere = await servers(stack)
        config = folder / "config.toml"
        config.write_text(settings({kind: wires[kind].url for kind in KINDS}, f"cat {vault}"))
        config.chmod(0o600)
        code, said = await run_process(
            CRASH,
            *("run", "-", "--models", ensemble, "--out", "out", "--config", config),
            *("--log", "log.jsonl", "--log-level", "debug", "--log-texts", "--debug"),
            folder=folder,
            env=env,
        )
    assert code == 1
    assert "this is a bug: RuntimeError" in said
    for kind, wire in wires.items():
        sent = [
            value.removeprefix("Bearer ")
            for request in wire.requests
            for name, value in request.headers.items()
            if name in ("authorization", "x-api-key")
        ]
        assert set(sent) == {KEYS[kind]}  # each got its own key
    assert elsewhere.requests == []
    left = {path.name for path in files(folder)}
    expected = {"journal.jsonl", "history.csv", "reviews.csv", "session.toml", "log.jsonl"}
    assert expected < left
    assert [name for name in left if name.startswith("crash-")]
    words = [form for key in KEYS.values() for form in forms(key)]
    assert_nowhere(words, folder, said)
    assert_private(folder)
    # It was searched for where it would have been.
    for path in files(folder):
        if path.name in ("journal.jsonl", "history.csv", "reviews.csv", "log.jsonl"):
            assert b"[key]" in path.read_bytes(), path
    assert "[key]" in said


async def test_what_is_shown_of_servers_and_their_models_holds_no_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("llmchem_tui.providers.pool.PROBE_SECONDS", 60.0)  # the SDKs are large
    env = {f"{kind.upper()}_OWN_KEY": KEYS[kind] for kind in KINDS}
    async with AsyncExitStack() as stack:
        wires, _ = await servers(stack)
        own: dict[str, ProviderSettings] = {
            kind: ProviderSettings(kind=kind, url=wire.url, api_key_env=f"{kind.upper()}_OWN_KEY")
            for kind, wire in wires.items()
        }
        pool = await look(Settings(providers=own), env)
        await pool.aclose()
    assert [model.name for model in pool.models] == [f"[key]-7b@{kind}" for kind in sorted(KINDS)]
    shown = repr((pool.models, pool.reports))
    assert not [key for key in KEYS.values() if key in shown]


async def test_a_private_session_leaves_no_word_of_the_vignette_or_the_answers(
    folder: Path,
) -> None:
    env = {f"{kind.upper()}_OWN_KEY": KEYS[kind] for kind in KINDS}
    async with AsyncExitStack() as stack:
        wires, _ = await servers(stack)
        config = folder / "config.toml"
        config.write_text(settings({"openai": wires["openai"].url}, "unused"))
        config.chmod(0o600)
        ensemble = ",".join(f"{model}-openai" for model in MODELS)
        code, said = await run_process(
            CRASH,
            *("run", "-", "--models", ensemble, "--private", "--config", config),
            *("--log", "log.jsonl", "--log-level", "debug", "--log-texts"),
            folder=folder,
            env=env,
        )
    assert code == 1
    assert "this is a bug" in said  # after the round, with both at hand
    assert '"answer ended"' in (folder / "log.jsonl").read_text(encoding="utf-8")
    assert_nowhere([PATIENT.encode(), ANSWERED.encode()], folder, said)
    assert_private(folder)


async def test_no_save_leaves_nothing_but_the_log_that_was_asked_for(folder: Path) -> None:
    arguments = ("run", "-", "--simulated", "--time-scale", 0, "--no-save", "--log", "log.jsonl")
    code, said = await run_process(CRASH, *arguments, folder=folder, env={"OPENAI_OWN_KEY": "x"})
    assert code == 1
    assert "this is a bug: RuntimeError; --debug shows where" in said
    assert [path.name for path in files(folder)] == ["log.jsonl"]
    assert_nowhere([PATIENT.encode()], folder, said)


def test_what_commands_write_is_for_the_owner_alone_whatever_the_umask(
    llmchem: Llmchem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "searched"
    folder.mkdir(mode=0o700)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LLMCHEM_DATA", str(folder / "data"))
    quick = ("--simulated", "--time-scale", 0, "--seed", 1)
    before = os.umask(0)
    try:
        for arguments in (
            ("run", "cap-older-adult", *quick),
            ("run", "cap-older-adult", *quick, "--out", "new/runs"),
            ("batch", "cap-older-adult", "--strategies", "RANDOM", "--trials", 1, *quick,
             "--out", "new/batch"),
            ("simulate", "--models", 3, "--rounds", 2, "--seed", 1, "--out", "made/h.csv"),
            ("report", "new/runs", "--out", "pages/r.html"),
            ("config", "init", "--config", "etc/llmchem/config.toml"),
            ("vignettes", "--log", "log.jsonl"),
        ):  # fmt: skip
            result = llmchem(*arguments)
            assert result.code == 0, result.err
    finally:
        os.umask(before)
    assert {path.suffix for path in files(folder)} >= {".csv", ".jsonl", ".toml", ".html"}
    assert_private(folder)


def test_settings_are_shown_without_what_a_command_for_a_key_is_told(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[providers.p]\nkind = "openai"\napi_key_command = "printf sk-SECRET-1"\n')
    for more in ((), ("--json",)):
        result = llmchem("config", "show", "--config", file, *more)
        assert result.code == 0
        assert "SECRET" not in result.out
        assert "printf" in result.out


@pytest.mark.parametrize("key", ["sk_live_0123456789abcdef", "a1b2c3d4e5f6a7b8c9d0e1f2"])
def test_a_key_that_was_pasted_for_a_variables_name_is_refused_unseen(
    llmchem: Llmchem, tmp_path: Path, key: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[providers.p]\nkind = "openai"\napi_key_env = "{key}"\n')
    result = llmchem("config", "show", "--config", file)
    assert result.code == 2
    assert "api_key_env must be the name of an environment variable" in result.err
    assert key not in result.out + result.err


def test_a_password_in_an_address_of_the_environment_is_not_written(
    llmchem: Llmchem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def found(_: object) -> Settings:
        url = "https://me:PASSWORD-1@llm.invalid/v1"
        return Settings(providers={"openai": ProviderSettings(kind="openai", url=url)})

    monkeypatch.setattr("llmchem_tui.providers.pool.found_settings", found)
    result = llmchem("config", "init", "--config", tmp_path / "new.toml")
    assert result.code == 2
    assert "an http:// or https:// address without a key" in result.err
    assert "PASSWORD-1" not in result.err
    assert list(tmp_path.iterdir()) == []


async def test_nor_is_it_shown_where_the_user_is_asked_about_the_place() -> None:
    env = {"OPENAI_BASE_URL": "http://me:PASSWORD-1@llm.invalid/v1", "OLLAMA_HOST": "127.0.0.1:9"}
    model = ModelSettings(name="tiny", provider="openai")
    found = {
        one.name: ProviderSettings(kind=one.kind, url=one.url)
        for one in endpoints_from_environment(env)
    }
    pool = await look(Settings(providers=found, models=(model,)), env)
    await pool.aclose()
    assert pool.foreign == {"tiny": (("openai", "http://llm.invalid/v1"),)}
    assert "PASSWORD-1" not in repr((pool.foreign, pool.reports))
