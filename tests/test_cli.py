"""The command line, as a user meets it: DESIGN.md section 8."""

from __future__ import annotations

import gc
import os
import stat
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args, get_type_hints

import pytest

from llmchem_tui.cli.output import loading
from llmchem_tui.config import config_folder
from tests.cli import Llmchem, make_llmchem

RUN_KEYS = {
    "schema",
    "outcome",
    "simulated",
    "trial",
    "vignette",
    "strategy",
    "seed",
    "ensemble",
    "answers",
    "grades",
    "masked",
    "recommendation",
    "candidates",
    "next",
    "usage",
    "files",
}
CHEMISTRY_KEYS = {"schema", "simulated", "models", "pairs", "homogeneous", "saturated"}
TIMES = {"trial", "latency", "files"}
HEADER = "trial,model,task,quality,accuracy,strategy,created\n"


@pytest.fixture
def llmchem(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Llmchem:
    return make_llmchem(capsys, monkeypatch)


def simulated(llmchem: Llmchem, *more: object, vignette: str = "cap-older-adult") -> Any:
    result = llmchem(
        "run", vignette, "--simulated", "--seed", 7, "--time-scale", 0, "--json", *more
    )
    assert result.code == 0, result.err
    return result.document


def without_times(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: without_times(v) for key, v in document.items() if key not in TIMES}
    if isinstance(document, list):
        return [without_times(item) for item in document]
    return document


def test_run_prints_the_document_of_the_design(llmchem: Llmchem) -> None:
    document = simulated(llmchem)
    assert set(document) == RUN_KEYS
    assert (document["schema"], document["simulated"], document["seed"]) == (1, True, 7)
    assert document["vignette"] == "cap-older-adult"
    assert len(document["ensemble"]) == 3
    assert [a["model"] for a in document["answers"]] == document["ensemble"]
    for reviewer, grades in document["grades"].items():
        assert set(grades) == set(document["ensemble"]) - {reviewer}
    assert set(document["next"]) == {"strategy", "ensemble", "loss"}


def test_the_same_seed_gives_the_same_document_but_for_times(llmchem: Llmchem) -> None:
    first, second = simulated(llmchem), simulated(llmchem)
    assert without_times(first) == without_times(second)
    assert first["trial"] != second["trial"]


def test_the_same_seed_gives_the_same_document_after_other_rounds_were_learned_from(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    for vignette in ("croup-toddler", "uti-near-term", "aki-triple-whammy"):
        following = simulated(llmchem, "--out", tmp_path, vignette=vignette)["next"]["ensemble"]
        simulated(llmchem, "--out", tmp_path, "--models", ",".join(following), vignette=vignette)
    first, second = (simulated(llmchem, "--out", tmp_path) for _ in range(2))
    assert without_times(first) == without_times(second)


def test_the_next_ensemble_holds_models_that_were_not_tried(llmchem: Llmchem) -> None:
    document = simulated(llmchem)
    assert document["next"]["strategy"] == "EXPLORE"
    assert not set(document["next"]["ensemble"]) & set(document["ensemble"])


def test_run_saves_the_session_that_it_names_for_its_owner_alone(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    files = simulated(llmchem, "--out", tmp_path)["files"]
    assert set(files) == {"session", "history", "reviews", "journal"}
    for file in files.values():
        assert stat.S_IMODE(Path(file).stat().st_mode) == 0o600
        assert Path(file).parent.parent == tmp_path
    listed = llmchem("sessions", "--out", tmp_path, "--json").document["sessions"]
    assert [entry["path"] for entry in listed] == [str(Path(files["history"]).parent)]


def test_no_save_leaves_nothing(llmchem: Llmchem) -> None:
    assert simulated(llmchem, "--no-save")["files"] == {}
    assert llmchem("sessions", "--json").document["sessions"] == []
    assert not [path for path in Path.home().rglob("*") if path.is_file()]


def test_a_private_session_keeps_no_text(llmchem: Llmchem, tmp_path: Path) -> None:
    document = simulated(llmchem, "--out", tmp_path, "--private")
    drug = next(a["medications"][0]["name"] for a in document["answers"] if a["medications"])
    for file in document["files"].values():
        text = Path(file).read_text(encoding="utf-8")
        assert drug not in text
        assert "productive cough" not in text


def test_text_for_people_ends_with_the_recommendation_and_the_notice(llmchem: Llmchem) -> None:
    result = llmchem("run", "cap-older-adult", "--simulated", "--seed", 7, "--time-scale", 0)
    assert result.code == 0
    assert "not medical advice" in result.out
    assert "SIMULATED" in result.err
    assert "Next:" in result.out


def test_free_text_on_stdin_gets_a_placebo_from_the_simulated_pool(llmchem: Llmchem) -> None:
    result = llmchem(
        "run", "-", "--simulated", "--time-scale", 0, "--json", stdin=b"A man with a cough."
    )
    names = {m["name"] for a in result.document["answers"] for m in a["medications"]}
    assert names == {"SIMULATED placebo"}


def test_a_changed_copy_of_a_bundled_vignette_is_told_from_it(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    copy = tmp_path / "croup-toddler.toml"
    copy.write_text('title = "Croup"\ntext = "A toddler barks."')
    asked = ("--strategy", "LOCAL", "-n", 1, "--simulated", "--time-scale", 0, "--no-save")
    told = f"{copy} differs from the bundled croup-toddler; it counts as own-croup-toddler\n"
    assert told in llmchem("run", copy, *asked).err
    assert "differs" not in llmchem("run", "croup-toddler", *asked).err


def test_a_single_model_gives_its_answer_without_confidence(llmchem: Llmchem) -> None:
    document = simulated(llmchem, "-n", 1)
    assert document["outcome"] == "single"
    assert document["recommendation"] is None
    assert len(document["candidates"]) == 1


def test_settings_commands_and_screen_know_the_same_strategies() -> None:
    from llmchem_tui.batch.request import STRATEGIES
    from llmchem_tui.config import RoundSettings
    from llmchem_tui.domain.strategies import Strategy
    from llmchem_tui.ui.setup import STRATEGIES as SHOWN

    choosing = set(map(str, Strategy)) - {"EXPLORE", "MANUAL"}
    in_settings = get_args(get_type_hints(RoundSettings)["strategy"])
    assert set(STRATEGIES) == set(in_settings) == set(SHOWN) == choosing


def test_the_models_named_are_the_ensemble(llmchem: Llmchem) -> None:
    document = simulated(llmchem, "--models", "sim/heron-pro,sim/kestrel")
    assert document["ensemble"] == ["sim/heron-pro", "sim/kestrel"]
    assert document["strategy"] == "MANUAL"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "cap-older-adlt", "--simulated"], ["cap-older-adlt", "cap-older-adult"]),
        (["run", "no/such/file.txt", "--simulated"], ["no/such/file.txt"]),
        (["run", "cap-older-adult", "--simulated", "-n", "0"], ["0"]),
        (["run", "cap-older-adult", "--simulated", "-n", "99"], ["99", "8"]),
        (["run", "cap-older-adult", "--simulated", "--strategy", "BEST"], ["BEST", "CHEMISTRY"]),
        (["run", "cap-older-adult", "--simulated", "--models", "sim/owl"], ["sim/owl"]),
        (["run", "cap-older-adult", "--simulated", "--models", "sim/kestrel,sim/kestrel"], []),
        (["run", "cap-older-adult", "--simulated", "--models", "sim/kestrel", "-n", "2"], ["-n 2"]),
        (["run", "cap-older-adult", "--simulated", "--seed", "x"], ["seed"]),
        (["run", "cap-older-adult", "--simulated", "--time-scale", "nan"], ["nan"]),
        (["run", "cap-older-adult", "--simulated", "--models", ""], ["--models"]),
        (["run", "cap-older-adult", "--simulated", "--strategy", ""], ["CHEMISTRY"]),
        (["run", "cap-older-adult", "--models", "a", "--strategy", "RANDOM"], ["--strategy"]),
        (["run", "cap-older-adult", "--simulated", "--out", __file__], ["--out"]),
        (["run", "cap-older-adult", "--out", "x", "--no-save"], ["--no-save"]),
        (["run", "cap-older-adult", "--simulated", "--out", ""], ["--out", "no name"]),
        (["report", "x", "--out", "-"], ["--out", "no name"]),
        (["simulate", "--out", ""], ["--out", "no name"]),
        (["chemistry", "missing.csv"], ["missing.csv"]),
        (["recommend"], ["HISTORY"]),
        (["nonsense"], ["nonsense"]),
        (["sessions", "--config", "missing.toml", "--debug", "extra"], ["extra"]),
        (["models", "--config", "missing.toml"], ["missing.toml"]),
    ],
)
def test_bad_input_gets_one_line_that_names_it_and_exit_code_2(
    llmchem: Llmchem, arguments: list[str], words: list[str]
) -> None:
    result = llmchem(*arguments)
    assert result.code == 2
    assert result.out == ""
    (line,) = result.err.splitlines()
    assert line.startswith("llmchem: ")
    assert "Traceback" not in result.err
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", ["empty"]),
        ("header.csv", HEADER.encode(), ["no rows"]),
        ("binary.csv", b"\x89PNG\r\n\x1a\n\x00\x00", ["NUL"]),
        ("columns.csv", b"a,b\n1,2\n", ["trial", "quality"]),
        ("ragged.csv", (HEADER + "t,m\n").encode(), ["line 2"]),
    ],
)
def test_a_history_that_cannot_be_read_is_named(
    llmchem: Llmchem, tmp_path: Path, name: str, content: bytes, words: list[str]
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    for command in ("chemistry", "recommend"):
        result = llmchem(command, file)
        assert result.code == 2
        assert len(result.err.strip().splitlines()) == 1
        assert str(file) in result.err
        for word in words:
            assert word in result.err


@pytest.mark.parametrize(
    ("stdin", "word"), [(b"", "empty"), (b"  \n ", "empty"), (b"\xff\xfe\x00", "UTF-8")]
)
def test_a_note_on_stdin_that_is_no_text_is_refused(
    llmchem: Llmchem, stdin: bytes, word: str
) -> None:
    result = llmchem("run", "-", "--simulated", stdin=stdin)
    assert result.code == 2
    assert word in result.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[round]\nstrategie = 'LOCAL'\n", ["round.strategie", "round.strategy"]),
        ("[round\n", ["line 1"]),
        ("[round]\nn = 'three'\n", ["round.n"]),
    ],
)
def test_settings_that_cannot_be_read_are_named_by_file_and_key(
    llmchem: Llmchem, tmp_path: Path, content: str, words: list[str]
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(content)
    for arguments in (["--config", file, "config", "show"], ["config", "show", "--config", file]):
        result = llmchem(*arguments)
        assert result.code == 2
        assert str(file) in result.err
        for word in words:
            assert word in result.err


def history(path: Path, *rows: str) -> Path:
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def two_rounds(path: Path, task: str = "t") -> Path:
    return history(
        path,
        f"1,a,{task},9,0.9,RANDOM,2026-01-01 00:00:00",
        f"1,b,{task},6,0.7,RANDOM,2026-01-01 00:00:00",
        f"2,b,{task},4,0.6,RANDOM,2026-01-02 00:00:00",
        f"2,c,{task},8,0.4,RANDOM,2026-01-02 00:00:00",
    )


def test_the_app_needs_a_terminal(llmchem: Llmchem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    result = llmchem("--simulated")
    assert result.code == 2
    assert "terminal" in result.err
    misplaced = llmchem("--simulated", "vignettes")
    assert misplaced.code == 2
    assert "belong to the app" in misplaced.err


@pytest.mark.parametrize("by", ["option", "variable", "nothing"])
def test_the_users_themes_are_beside_the_settings_in_use(
    llmchem: Llmchem, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, by: str
) -> None:
    opened: list[tuple[Path, ...]] = []

    class App:
        crash = return_code = None

        def __init__(self, *_: object, theme_folders: tuple[Path, ...], **__: object) -> None:
            opened.append(theme_folders)

        def run(self) -> None:
            pass

    monkeypatch.setattr("llmchem_tui.ui.app.LlmchemApp", App)
    for stream in ("__stdin__", "__stderr__"):
        monkeypatch.setattr(sys, stream, SimpleNamespace(isatty=lambda: True))
    file = tmp_path / "settings.toml"
    file.write_text("")
    if by == "variable":
        monkeypatch.setenv("LLMCHEM_CONFIG", str(file))
    assert llmchem(*(["--config", file] if by == "option" else [])).code == 0
    assert opened == [((config_folder() if by == "nothing" else tmp_path) / "themes",)]


def test_a_result_that_cannot_be_saved_is_printed_all_the_same(
    llmchem: Llmchem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(blocks: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("llmchem_tui.storage.sessions.append", full)
    result = llmchem(
        "run", "cap-older-adult", "--simulated", "--seed", 7, "--time-scale", 0, "--json",
        "--out", tmp_path,
    )  # fmt: skip
    assert result.code == 1
    assert result.document["recommendation"] is not None
    assert "No space left on device" in result.err.splitlines()[-1]


def test_chemistry_prints_models_and_pairs(llmchem: Llmchem, tmp_path: Path) -> None:
    document = llmchem("chemistry", two_rounds(tmp_path / "h.csv"), "--json").document
    assert set(document) == CHEMISTRY_KEYS
    assert document["simulated"] is False
    models = {model["name"]: model for model in document["models"]}
    assert models["b"] == {
        "name": "b", "quality": 5.0, "accuracy": pytest.approx(0.65), "rounds": 2, "used": True
    }  # fmt: skip
    assert models["c"]["used"] is False
    pairs = {(pair["a"], pair["b"]): pair["chemistry"] for pair in document["pairs"]}
    # penalties 0.01 and 0.175: p_b / (2 p_a + p_b), reached without any other model
    assert pairs["a", "b"] == pytest.approx(0.175 / 0.195)
    assert pairs["a", "c"] == pairs["b", "c"] == 0


def test_recommend_prints_an_ensemble(llmchem: Llmchem, tmp_path: Path) -> None:
    file = two_rounds(tmp_path / "h.csv")
    document = llmchem("recommend", file, "-n", 2, "--json").document
    assert set(document) == {
        "schema",
        "simulated",
        *("ensemble", "loss", "ties", "optimum", "reason"),
    }
    assert document["ensemble"] == ["a", "b"]
    assert llmchem("recommend", file).out.startswith("a + b")


def test_statistics_of_simulated_models_say_so(llmchem: Llmchem, tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    llmchem("simulate", "--models", 3, "--rounds", 6, "--seed", 1, "--out", file)
    for command in ("chemistry", "recommend", "evaluate"):
        told = llmchem(command, file, "--json")
        assert told.document["simulated"] is True
        assert told.err.startswith("SIMULATED: no model was asked")


def test_an_ambiguous_task_is_refused_with_the_tasks_and_their_rows(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    files = [two_rounds(tmp_path / "1.csv", "first"), two_rounds(tmp_path / "2.csv", "second")]
    result = llmchem("chemistry", *files)
    assert result.code == 2
    assert "first" in result.err and "second" in result.err and "4" in result.err
    assert llmchem("chemistry", *files, "--task", "first").code == 0
    unknown = llmchem("recommend", *files, "--task", "frst")
    assert unknown.code == 2
    assert "first" in unknown.err


@pytest.mark.parametrize("size", [0, 4])
def test_recommend_refuses_a_size_that_the_models_cannot_give(
    llmchem: Llmchem, tmp_path: Path, size: int
) -> None:
    result = llmchem("recommend", two_rounds(tmp_path / "h.csv"), "-n", size)
    assert result.code == 2
    assert str(size) in result.err


def test_simulated_and_real_models_never_share_a_statistic(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    file = history(tmp_path / "h.csv", "1,a,t,9,.9,R,", "1,sim/kestrel,t,8,.8,R,")
    real = llmchem("chemistry", file, "--json")
    assert [model["name"] for model in real.document["models"]] == ["a"]
    assert "1 row of simulated models left out" in real.err
    invented = llmchem("chemistry", file, "--json", "--simulated")
    assert [model["name"] for model in invented.document["models"]] == ["sim/kestrel"]


def test_a_renamed_models_history_is_its_own(llmchem: Llmchem, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[providers.box]\nkind = "ollama"\n'
        '[[models]]\nname = "new"\nprovider = "box"\naliases = ["a"]\n'
    )
    file = two_rounds(tmp_path / "h.csv")
    document = llmchem("chemistry", file, "--json", "--config", config).document
    assert [model["name"] for model in document["models"]] == ["b", "c", "new"]


PIPE = "is not a regular file"
PIPES = ("session.toml", "journal.jsonl", "history.csv", "reviews.csv")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("evaluate", "PIPE"), PIPE),
        (("run", "PIPE", "--simulated"), PIPE),
        (("models", "--config", "PIPE"), PIPE),
        (("report", "HISTORY", "--out", "PIPE"), PIPE),
        (("verify", "SESSION"), PIPE),
        (("resume", "SESSION"), PIPE),
        (("report", "SESSION", "--out", "page.html"), PIPE),
        (("sessions", "--out", "FOLDER"), ""),
        (("batch", "croup-toddler", "--simulated", "--time-scale", 0, "-n", 2, "--trials", 1,
          "--strategies", "LOCAL", "--out", "FOLDER"), ""),
    ],
)  # fmt: skip
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(
    llmchem: Llmchem, tmp_path: Path, command: tuple[object, ...], words: str
) -> None:
    folder = tmp_path / "sessions"
    session = folder / "2026-01-31T09-15-00"
    session.mkdir(parents=True)
    for place in (tmp_path / "pipe", *(session / name for name in PIPES)):
        os.mkfifo(place)
    places = {
        "PIPE": tmp_path / "pipe",
        "HISTORY": history(tmp_path / "h.csv", "1,a,t,8,.8,R,"),
        "SESSION": session,
        "FOLDER": folder,
    }
    result = llmchem(*(places.get(str(word), word) for word in command))
    assert result.code == (0 if not words else 1 if command[0] == "verify" else 2)
    assert words in result.out + result.err


def test_a_folder_of_sessions_is_a_history_even_where_a_round_was_cancelled(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    files = simulated(llmchem, "--out", tmp_path)["files"]
    cancelled = tmp_path / "2026-01-01T00-00-00"
    cancelled.mkdir()
    header = Path(files["history"]).read_text(encoding="utf-8").splitlines()[0]
    (cancelled / "history.csv").write_text(header + "\n", encoding="utf-8")
    assert len(llmchem("chemistry", tmp_path, "--json").document["models"]) == 3
    empty = llmchem("recommend", cancelled)
    assert empty.code == 2
    assert "no rows yet" in empty.err


def test_a_session_of_a_newer_program_is_refused(llmchem: Llmchem, tmp_path: Path) -> None:
    session = Path(simulated(llmchem, "--out", tmp_path)["files"]["session"])
    session.write_text(session.read_text(encoding="utf-8").replace("format = 1", "format = 9"))
    result = llmchem("recommend", session.parent)
    assert result.code == 2
    assert "format 9" in result.err


def test_what_is_printed_about_a_pool_says_how_much_can_be_used(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    weak = history(tmp_path / "weak.csv", "1,a,t,9,.2,R,", "1,b,t,8,.3,R,")
    assert "accurate enough" in llmchem("chemistry", weak).out
    alike = history(tmp_path / "alike.csv", "1,a,t,8,.8,R,", "1,b,t,8,.8,R,")
    assert "homogeneous" in llmchem("chemistry", alike).out
    fine = llmchem("chemistry", two_rounds(tmp_path / "h.csv")).out
    assert "3 pairs of 3 models (2 used)" in fine


def test_vignettes_lists_the_bundled_ones(llmchem: Llmchem) -> None:
    document = llmchem("vignettes", "--json").document
    assert len(document["vignettes"]) >= 20
    assert all(
        set(entry) == {"id", "title", "specialty", "complexity"} for entry in document["vignettes"]
    )
    assert "cap-older-adult" in llmchem("vignettes").out


def test_models_lists_the_simulated_pool(llmchem: Llmchem) -> None:
    document = llmchem("models", "--simulated", "--json").document
    assert document["simulated"] is True
    localities = [model["locality"] for model in document["models"]]
    assert sorted(localities) == ["local"] * 4 + ["remote"] * 4


def test_config_init_writes_what_show_reads_back_and_never_overwrites(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    file = tmp_path / "new" / "config.toml"
    assert llmchem("config", "init", "--config", file).code == 0
    assert llmchem("config", "path", "--config", file).out.strip() == str(file)
    assert llmchem("config", "show", "--config", file, "--json").document["round"]["n"] == 3
    again = llmchem("config", "init", "--config", file)
    assert again.code == 2
    assert str(file) in again.err


def test_an_untrusted_endpoint_gets_no_vignette_without_the_users_word(
    llmchem: Llmchem, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[providers.far]\nkind = "openai"\nurl = "http://far.invalid/v1"\n'
        '[[models]]\nname = "m"\nprovider = "far"\n'
    )
    result = llmchem("run", "cap-older-adult", "-n", 1, "--config", file, "--json")
    assert result.code == 2
    assert "far.invalid" in result.err
    assert "--allow-remote" in result.err
    allowed = llmchem(
        "run", "cap-older-adult", "-n", 1, "--config", file, "--json", "--allow-remote"
    )
    assert allowed.code == 1  # the round failed: no such host
    assert allowed.document["outcome"] == "failed"


def test_text_for_people_says_why_there_is_no_recommendation(llmchem: Llmchem) -> None:
    more = ("--simulated", "--seed", 7, "--time-scale", 0, "--no-save")
    alone = llmchem("run", "cap-older-adult", "-n", 1, *more).out
    assert "a single answer" in alone
    assert "candidate sim/alder-7b, confidence –:\n  start " in alone


def test_giving_no_drug_is_said_in_words(llmchem: Llmchem) -> None:
    good = "sim/osprey-max,sim/heron-pro,sim/dogwood-70b"
    for seed in range(20):
        result = llmchem(
            "run", "acute-bronchitis-healthy", "--simulated", "--seed", seed,
            "--time-scale", 0, "--no-save", "--models", good,
        )  # fmt: skip
        if "\n  no medication\n" in result.out:
            assert "support: no medication" in result.out
            return
    pytest.fail("none of 20 rounds of three good models recommended to give no drug")


def test_many_pairs_are_cut_in_text_but_not_in_json(llmchem: Llmchem, tmp_path: Path) -> None:
    rows = [f"1,m{i},t,{i},0.{5 + i % 5},RANDOM," for i in range(9)]
    file = history(tmp_path / "h.csv", *rows)
    assert "… and 16 weaker pairs" in llmchem("chemistry", file).out
    assert len(llmchem("chemistry", file, "--json").document["pairs"]) == 36


def test_recommend_names_sets_that_are_as_good(llmchem: Llmchem, tmp_path: Path) -> None:
    rows = ["1,a,t,8,.8,R,", "1,b,t,6,.6,R,", "1,x,t,1,.1,R,", "1,y,t,2,.2,R,"]
    out = llmchem("recommend", history(tmp_path / "h.csv", *rows), "-n", 2).out
    assert out.startswith("a + b\n")
    assert "as good: a + x" in out
    assert "exhaustive optimum: a + b" in out


def test_lists_for_people_hold_what_one_types_again(llmchem: Llmchem, tmp_path: Path) -> None:
    assert "acute-bronchitis-healthy " in llmchem("vignettes").out
    models = llmchem("models", "--simulated").out
    assert "SIMULATED" in models
    assert "sim/osprey-max" in models
    assert "No session" in llmchem("sessions").out
    session = Path(simulated(llmchem)["files"]["history"]).parent
    assert llmchem("sessions").out.strip() == str(session)


def test_a_broken_vignette_of_ones_own_is_named_and_not_offered(
    llmchem: Llmchem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLMCHEM_DATA", str(tmp_path))
    (tmp_path / "vignettes").mkdir()
    (tmp_path / "vignettes" / "mine.toml").write_text("text = 3\n")
    result = llmchem("vignettes", "--json")
    assert "mine" not in {entry["id"] for entry in result.document["vignettes"]}
    assert "mine.toml" in llmchem("vignettes").err


def test_every_command_of_the_list_is_there_under_its_name(llmchem: Llmchem) -> None:
    listed = llmchem("--help").out.partition("Commands:\n")[2].splitlines()
    assert len(listed) == 15
    for line in listed:
        name, about = line.split(maxsplit=1)
        assert about.endswith(".") or about.endswith("?")
        assert llmchem(name, "--help").out.startswith(f"Usage: llmchem {name} ")


def test_the_collector_rests_while_modules_are_loaded_and_not_longer() -> None:
    with pytest.raises(ValueError, match="broken"), loading():
        assert not gc.isenabled()
        raise ValueError("broken")
    assert gc.isenabled()
