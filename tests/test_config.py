"""Settings: where they are found, what they default to, and one sentence for everything wrong."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmchem_tui import config
from llmchem_tui.config import ModelSettings, ProviderSettings, RoundSettings, Settings, load
from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.strategies import Strategy
from llmchem_tui.toml_files import described, fields

EXAMPLE = Path(__file__).resolve().parents[1] / "config.example.toml"
SECTIONS = ("round", "chemistry", "history", "ui")
OLLAMA = '[providers.box]\nkind = "ollama"\n'


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_nothing_configured_gives_the_defaults() -> None:
    settings = load(None, {})
    assert settings == Settings()
    assert (settings.round.n, settings.round.strategy) == (3, "CHEMISTRY")
    assert settings.path is None


def test_the_working_folder_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, "[round]\nn = 9\n")
    monkeypatch.chdir(tmp_path)
    assert load(None, {}).round.n == 3


def test_an_option_comes_before_the_variable_and_that_before_the_users_folder(
    tmp_path: Path,
) -> None:
    own = config.config_folder() / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("[round]\nn = 4\n")
    by_variable, by_option = tmp_path / "variable.toml", tmp_path / "option.toml"
    by_variable.write_text("[round]\nn = 5\n")
    by_option.write_text("[round]\nn = 6\n")
    env = {"LLMCHEM_CONFIG": str(by_variable)}
    assert load(None, {}).round.n == 4
    assert load(None, env).round.n == 5
    assert load(by_option, env).round.n == 6
    assert load(by_option, env).path == by_option


@pytest.mark.parametrize("by", ["option", "variable"])
def test_a_file_that_was_named_must_exist(tmp_path: Path, by: str) -> None:
    missing = tmp_path / "nowhere.toml"
    with pytest.raises(InputError, match=r"nowhere\.toml: there is no such file"):
        if by == "option":
            load(missing, {})
        else:
            load(None, {"LLMCHEM_CONFIG": str(missing)})


MODEL = OLLAMA + '[[models]]\nname = "m"\nprovider = "box"\n'

WRONG = {
    "[round]\nstrategie = 'LOCAL'": "unknown key round.strategie; did you mean round.strategy?",
    "[rounds]\nn = 3": "unknown key rounds; did you mean round?",
    "[ui]\nzzz = 1": "unknown key ui.zzz; known are theme, fps",
    "path = '/etc'": "unknown key path; known are round,",
    "[round]\nn = 0": "round.n must be a whole number, 1 or more, not 0",
    "[round]\nn = 2.5": "round.n must be a whole number, 1 or more, not 2.5",
    "[round]\nn = true": "round.n must be a whole number, 1 or more, not true",
    "[round]\nn = 'three'": "round.n must be a whole number, 1 or more, not this text",
    "[round]\nn = [3]": "round.n must be a whole number, 1 or more, not a list",
    "[round]\nseed = -1": "round.seed must be a whole number, 0 or more, not -1",
    "round = 3": "round must be a table, not 3",
    "[round]\nabstain_below = 1.5": "round.abstain_below must be a number from 0 to 1, not 1.5",
    "[round]\nabstain_below = nan": "round.abstain_below must be a number from 0 to 1, not nan",
    "[round]\nidle_seconds = 0": "round.idle_seconds must be seconds, more than 0, not 0",
    "[round]\nidle_seconds = inf": "round.idle_seconds must be seconds, more than 0, not inf",
    "[round]\nstrategy = 'chemistri'": "not 'chemistri'; did you mean CHEMISTRY?",
    "[round]\norder = 'random'": "round.order must be one of pipelined, staged, not 'random'",
    "[history]\npaths = 'a.csv'": "history.paths must be a list of texts, not this text",
    "[keymap]\nrun.stop = 4": "keymap.run.stop must be text, not 4",
    "keymap = 4": "keymap must be a table, not 4",
    "[providers.box]\nurl = 'http://h'": "providers.box.kind is missing; give one of ollama,",
    "[providers.box]\nkind = 'olama'": "providers.box.kind must be one of ollama, openai,",
    "[providers.'a b']\nkind = 'openai'\nslot = 1": "providers.'a b'.slot; did you mean",
    "[providers.box]\nkind = 'openai'\nnum_ctx = 1": "num_ctx and keep_alive are for kind ollama",
    OLLAMA + "time_scale = 0": "providers.box.time_scale is for kind simulated, not ollama",
    OLLAMA + "api_key_env = 'K'\napi_key_command = 'k'": "both api_key_env and api_key_command",
    OLLAMA + "url = 'box:11434'": "providers.box.url must be an http:// or",
    OLLAMA + "url = 'http://box:99999'": "providers.box.url is no address: Port out of range",
    OLLAMA + "url = 'http://[::1'": "providers.box.url is no address: Invalid IPv6 URL",
    "[models]\nname = 'm'": "write models as [[models]], once for each",
    "[[models]]\nprovider = 'box'": "models[#1].name is missing; give a name without commas",
    MODEL + "temprature = 0": "models[m].temprature; did you mean models[m].temperature?",
    MODEL + "temperature = 3": "models[m].temperature must be a number from 0 to 2, not 3",
    MODEL + "options = {a = 1979-05-27}": "models[m].options.a must be true or false or",
    MODEL + MODEL[len(OLLAMA) :]: "models[m]: m stands twice among the names and aliases",
    MODEL + "aliases = ['m']": "models[m]: m stands twice among the names and aliases",
    MODEL.replace(
        '"box"', '"bux"'
    ): "models[m].provider: unknown provider 'bux'; did you mean box?",
    MODEL.replace('"box"', '"zz"'): "models[m].provider: unknown provider 'zz'; add [providers.zz]",
    MODEL.replace('"m"', '"sim/m"'): "names of simulated models, and only those, begin with sim/",
    MODEL.replace("ollama", "simulated"): "names of simulated models, and only those, begin with",
    MODEL.replace('"m"', '"a,b"'): "models[a,b].name must be a name without commas",
    "[round\nn = 3": "broken TOML: Expected ']'",
    "a = 1\nb = = 2": "(at line 2, column 5)",
    "a = " + "[" * 5000: "broken TOML: nested too deeply",
    ".".join("a" * 50) + " = 1": "nested more than 20 deep",
    "[round]\nn = " + "9" * 5000: "broken TOML: a number with too many digits",
    "[round]\nn = 0x" + "f" * 5000: "round.n must be a whole number, 1 or more, not so large",
    "#" * 1_000_001: "larger than 1,000,000 bytes",
    '[history]\npaths = ["a\\u0000b"]': "history.paths: a path cannot have a NUL in it",
    "[history]\npaths = ['~nobody-of-that-name/x']": "history.paths: there is no home folder for",
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.items(), ids=range(len(WRONG)))
def test_what_is_wrong_is_said_in_one_line_with_file_and_key(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load(path, {})
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert sentence in message
    assert "\n" not in message
    assert len(message) < len(str(path)) + 250


@pytest.mark.parametrize("content", [b"\x7fELF\x02\x00", b"\xff\xfe[", b"n = 1\x00"])
def test_a_binary_file_is_no_configuration(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match="not a text file in UTF-8"):
        load(written(tmp_path, content), {})


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path, {})


def test_an_empty_file_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    assert load(written(tmp_path, ""), {}).round == RoundSettings()
    assert load(written(tmp_path, b"\xef\xbb\xbf[round]\r\nn = 7\r\n"), {}).round.n == 7


@pytest.mark.parametrize(
    "line",
    [
        'api_key = "sk-SECRET"',
        'api_key_env = "sk-SECRET"',
        'url = "https://user:sk-SECRET@host/v1"',
        'url = "https://host/v1?key=sk-SECRET"',
        'slots = "sk-SECRET"',
    ],
)
def test_a_key_in_the_wrong_place_is_refused_and_not_repeated(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, f'[providers.box]\nkind = "openai"\n{line}\n')
    with pytest.raises(InputError) as caught:
        load(path, {})
    assert "providers.box." in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_a_key_binding_may_be_written_with_and_without_quotes(tmp_path: Path) -> None:
    path = written(tmp_path, '[keymap]\nrun.stop = "x"\n"run.start" = "f5"\n')
    assert load(path, {}).keymap == {"run.stop": "x", "run.start": "f5"}


def test_folders_stand_beside_the_file_or_in_the_home_folder(tmp_path: Path) -> None:
    path = written(
        tmp_path, '[round]\nprompts = "own"\n[history]\npaths = ["old.csv", "~/runs", "/data"]\n'
    )
    settings = load(path, {})
    assert settings.round.prompts == str(tmp_path / "own")
    home = str(Path.home() / "runs")
    assert settings.history.paths == (str(tmp_path / "old.csv"), home, "/data")


def test_the_data_folder_is_the_users_unless_the_variable_names_another(tmp_path: Path) -> None:
    assert config.data_folder({"LLMCHEM_DATA": str(tmp_path)}) == tmp_path
    assert Path.home() in config.data_folder({}).parents


def test_every_strategy_that_chooses_by_itself_can_be_configured() -> None:
    names = set(get_args(fields(RoundSettings)["strategy"]))
    assert names == set(Strategy) - {Strategy.EXPLORE, Strategy.MANUAL}


# --- config.example.toml


def test_the_example_loads_and_holds_the_defaults() -> None:
    assert dataclasses.replace(load(EXAMPLE, {}), path=None) == Settings()


def example_keys(uncommented: bool) -> dict[str, Any]:
    text = EXAMPLE.read_text(encoding="utf-8")
    return tomllib.loads(re.sub(r'(?m)^#(?=[\["\w])', "", text) if uncommented else text)


def test_the_example_has_every_key() -> None:
    tables = example_keys(uncommented=True)
    assert set(tables) == set(fields(Settings))
    for section in SECTIONS:
        assert set(tables[section]) == set(fields(fields(Settings)[section]))
    given = {key for provider in tables["providers"].values() for key in provider}
    assert given == set(fields(ProviderSettings))
    assert {key for model in tables["models"] for key in model} == set(fields(ModelSettings))


def test_keys_with_a_default_are_not_commented_out() -> None:
    tables = example_keys(uncommented=False)
    for section in SECTIONS:
        defaults = dataclasses.asdict(getattr(Settings(), section))
        assert set(tables[section]) == {key for key, value in defaults.items() if value is not None}


def test_the_examples_of_the_example_are_valid(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(re.sub(r'(?m)^#(?=[\["\w])', "", EXAMPLE.read_text(encoding="utf-8")))
    settings = load(path, {})
    assert {provider.kind for provider in settings.providers.values()} == {
        "ollama",
        "openai",
        "anthropic",
        "simulated",
    }


def test_every_key_of_the_example_says_what_it_takes_and_what_it_does() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    classes = [fields(Settings)[section] for section in SECTIONS]
    for cls in (*classes, ProviderSettings, ModelSettings):
        for key, annotation in fields(cls).items():
            takes = re.escape(described(annotation).removesuffix(" or a table"))
            if key == "options":
                takes = "a table"
            assert re.search(rf"(?m)^#?{key} = .* # {takes}[:;,] ?\S.*$", text), key


# --- writing


def test_what_is_written_reads_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(re.sub(r'(?m)^#(?=[\["\w])', "", EXAMPLE.read_text(encoding="utf-8")))
    settings = load(path, {})
    path.write_text(config.dump(settings))
    assert load(path, {}) == settings


texts = st.text(st.characters(codec="utf-8"), max_size=8)
rounds = st.builds(
    RoundSettings,
    n=st.integers(1, 10**9),
    seed=st.none() | st.integers(0, 2**63 - 1),
    abstain_below=st.floats(0, 1),
    idle_seconds=st.floats(0, 1e6, exclude_min=True),
    strategy=st.sampled_from(["LOCAL", "REMOTE", "RANDOM", "PERFORMANCE", "CHEMISTRY"]),
)


@given(settings=st.builds(Settings, round=rounds, keymap=st.dictionaries(texts, texts)))
def test_any_settings_survive_writing_and_reading(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(config.dump(settings), encoding="utf-8", newline="")
    again = load(path, {})
    assert (again.round, again.keymap) == (settings.round, settings.keymap)


@given(
    st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))
)
def test_no_content_of_a_file_gives_anything_but_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    path.write_bytes(content)
    try:
        load(path, {})
    except InputError as error:
        assert str(error).startswith(str(path))
