"""Whole rounds against a real llama-server: three models over both APIs, gibberish and all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from llmchem_tui.domain.model import Status
from tests.cli import Llmchem, make_llmchem
from tests.integration.conftest import LlamaServer

pytestmark = pytest.mark.integration

NOTE = b"A 40-year-old man has had a sore throat for two days. No known allergies."

# One text that is both a legal answer and a legal review: what a well-behaved model would send.
BOTH = (
    r'root ::= "{\"assessment\": \"" words "\", \"medications\": [], \"cautions\": [], '
    r'\"rationale\": \"" words "\", \"grade\": 0." [0-9] [0-9] ", \"safety_concern\": null}"'
    "\nwords ::= [a-z ]{1,40}\n"
)


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


def settings(folder: Path, url: str) -> Path:
    """Three models on one server: two over OpenAI's API, one over Anthropic's."""
    path = folder / "config.toml"
    path.write_text(
        "[round]\nmax_tokens = 400\n"
        f'[providers.one]\nkind = "openai"\nurl = "{url}/v1"\nslots = 1\n'
        f'[providers.two]\nkind = "anthropic"\nurl = "{url}"\nslots = 1\n'
        + "".join(
            f'[[models]]\nname = "{name}"\nprovider = "{provider}"\nid = "tiny"\n'
            for name, provider in (("ant", "one"), ("bee", "one"), ("cat", "two"))
        )
    )
    return path


def run(llmchem: Llmchem, config: Path, out: Path) -> Any:
    result = llmchem("run", "-", "-n", 3, "--json", "--config", config, "--out", out, stdin=NOTE)
    assert "Traceback" not in result.err
    assert result.code in (0, 1), result.err
    return result.document


def test_gibberish_gives_statuses_and_missing_grades_never_a_traceback(
    llmchem: Llmchem, llama_server: LlamaServer, tmp_path: Path
) -> None:
    document = run(llmchem, settings(tmp_path, llama_server()), tmp_path / "out")
    statuses = {answer["model"]: answer["status"] for answer in document["answers"]}
    assert set(statuses) == {"ant", "bee", "cat"}
    assert set(statuses.values()) <= {str(status) for status in Status}
    # Anthropic's API has no schema here: plain gibberish cannot be read, and is not graded.
    assert statuses["cat"] in ("unparsed", "truncated")
    for reviewer, grades in document["grades"].items():
        for author, grade in grades.items():
            assert grade is None or 0 <= grade <= 1
            assert grade is None or "cat" not in (reviewer, author)


def test_out_of_range_grades_are_missing_and_the_outcome_says_so(
    llmchem: Llmchem, llama_server: LlamaServer, tmp_path: Path
) -> None:
    wrong = BOTH.replace('0." [0-9] [0-9] "', "4e18148482")
    document = run(
        llmchem,
        only_anthropic(tmp_path, llama_server("--grammar", wrong)),
        tmp_path / "out",
    )
    assert document["outcome"] == "no_grades"
    assert {answer["status"] for answer in document["answers"]} == {"ok"}
    grades = [grade for row in document["grades"].values() for grade in row.values()]
    assert grades == [None] * 6
    reviews = Path(document["files"]["journal"]).read_text(encoding="utf-8").splitlines()
    ended = [json.loads(line)["result"] for line in reviews if '"ReviewEnded"' in line]
    assert {result["status"] for result in ended} == {"unparsed"}
    assert all("is not a number from 0 to 1" in result["message"] for result in ended)


def test_well_formed_grades_give_a_consensus(
    llmchem: Llmchem, llama_server: LlamaServer, tmp_path: Path
) -> None:
    url = llama_server("--grammar", BOTH)
    document = run(llmchem, settings(tmp_path, url), tmp_path / "out")
    assert {answer["status"] for answer in document["answers"]} == {"ok"}
    grades = [grade for row in document["grades"].values() for grade in row.values()]
    assert len(grades) == 6
    assert all(0 <= grade <= 1 for grade in grades)
    assert all(answer["quality"] is not None for answer in document["answers"])
    assert document["outcome"] in ("recommended", "no_consensus")
    assert document["candidates"][0]["confidence"] is not None


def test_grades_from_the_developers_grammar_count_as_they_are(
    llmchem: Llmchem, llama_server: LlamaServer, shared: Path, tmp_path: Path
) -> None:
    # Over OpenAI's API the schema of each request goes before the server's own grammar, so that
    # answers are answers and grades are in range.
    url = llama_server("--grammar-file", str(shared / "tools" / "grade.gbnf"))
    config = settings(tmp_path, url)
    config.write_text(config.read_text().replace('"two"\nid', '"one"\nid'))
    document = run(llmchem, config, tmp_path / "out")
    assert all(answer["quality"] is not None for answer in document["answers"])


def only_anthropic(folder: Path, url: str) -> Path:
    path = settings(folder, url)
    path.write_text(path.read_text().replace('provider = "one"', 'provider = "two"'))
    return path
