"""The settings: what they are, where they are found, how they are written.

``config.example.toml`` shows every key with its default and a line of help. Nothing is read from
the working folder by itself, and a key of an endpoint is never part of the settings.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from llmchem_tui.domain.errors import InputError
from llmchem_tui.domain.model import SIMULATED_PREFIX
from llmchem_tui.toml_files import NOT_A_KEY, nearest, read_toml, typed

if TYPE_CHECKING:
    from llmchem_tui.domain.recommendation import ChemistryParameters

Count = Annotated[int, Meta(ge=1, le=1_000_000_000, description="a whole number, 1 or more")]
Seed = Annotated[int, Meta(ge=0, le=2**63 - 1, description="a whole number, 0 or more")]
Rate = Annotated[int, Meta(ge=0, le=120, description="a whole number from 0 to 120")]
Share = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]
Amount = Annotated[float, Meta(ge=0, le=1e9, description="a number, 0 or more")]
Seconds = Annotated[float, Meta(gt=0, le=1e6, description="seconds, more than 0")]
Temperature = Annotated[float, Meta(ge=0, le=2, description="a number from 0 to 2")]
Name = Annotated[
    str,
    Meta(
        pattern=r"^[^\s,\x00-\x1f\x7f]([^,\x00-\x1f\x7f]*[^\s,\x00-\x1f\x7f])?\Z",
        max_length=200,
        description="a name without commas",
    ),
]
Url = Annotated[
    str,
    Meta(
        pattern=r"^(https?://[^\s/@?#]+(/[^\s?#]*)?)?\Z",
        description="an http:// or https:// address without a key",
    ),
]
Variable = Annotated[
    str,
    Meta(
        # What is long, with small letters and digits, is a key that was pasted here.
        pattern=r"^(?!(?=.*[a-z])(?=.*\d).{20})([A-Za-z_]\w*)?\Z",
        description="the name of an environment variable",
    ),
]
Option = bool | int | float | str | list[Any] | dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundSettings:
    """[round]: one vignette, one ensemble, both stages; ``prompts``: a folder, blank: ours."""

    n: Count = 3
    strategy: Literal["LOCAL", "REMOTE", "RANDOM", "PERFORMANCE", "CHEMISTRY"] = "CHEMISTRY"
    order: Literal["pipelined", "staged"] = "pipelined"
    seed: Seed | None = None
    connect_seconds: Seconds = 5.0
    first_byte_seconds: Seconds = 600.0
    idle_seconds: Seconds = 60.0
    deadline_seconds: Seconds = 3600.0
    max_tokens: Count = 2048
    abstain_below: Share = 0.5
    remote: Literal["ask", "allow", "never"] = "ask"
    prompts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChemistrySettings:
    """[chemistry]: the parameters of SCIENCE.md sections 4 and 6."""

    alpha: Share = 0.5
    beta: Amount = 0.5
    usage_threshold: Share = 0.5
    empty_cost: Amount = 0.0
    profile: Literal["mean", "latest", "best"] = "mean"
    tau: Amount = 0.0

    @property
    def parameters(self) -> ChemistryParameters:
        """How chemistry is weighed, as the domain takes it."""
        from llmchem_tui.domain.recommendation import ChemistryParameters

        return ChemistryParameters(self.alpha, self.beta, self.usage_threshold, self.empty_cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySettings:
    """[history]: files and folders to learn from, beside the sessions' own folder."""

    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UiSettings:
    """[ui]: ``fps`` 0 lets the program choose by the connection."""

    theme: str = "clinic-dark"
    fps: Rate = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """[providers.NAME]: one endpoint. ``url`` blank: the usual one of the kind.

    None in a time-out: that of [round]; in ``slots`` and ``loaded_models``: the kind's own.
    """

    kind: Literal["ollama", "openai", "anthropic", "simulated"]
    url: Url = ""
    api_key_env: Variable = ""
    api_key_command: str = ""
    trusted: bool = False
    slots: Count | None = None
    loaded_models: Count | None = None
    connect_seconds: Seconds | None = None
    first_byte_seconds: Seconds | None = None
    idle_seconds: Seconds | None = None
    num_ctx: Count | None = None
    keep_alive: str = ""
    time_scale: Amount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """[[models]]: ``id`` blank: the server knows the model by its name; prices per million."""

    name: Name
    provider: str
    id: str = ""
    aliases: tuple[Name, ...] = ()
    temperature: Temperature | None = None
    max_tokens: Count | None = None
    locality: Literal["local", "remote"] | None = None
    price_in: Amount | None = None
    price_out: Amount | None = None
    options: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings; ``keymap``: binding id to key; ``path``: the file they come from, if any."""

    round: RoundSettings = RoundSettings()
    chemistry: ChemistrySettings = ChemistrySettings()
    history: HistorySettings = HistorySettings()
    ui: UiSettings = UiSettings()
    keymap: Mapping[str, str] = field(default_factory=dict)
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    models: tuple[ModelSettings, ...] = ()
    path: Path | None = field(default=None, metadata=NOT_A_KEY)

    @property
    def aliases(self) -> dict[str, str]:
        """The models' former names, each with the present one."""
        return {alias: model.name for model in self.models for alias in model.aliases}

    @property
    def prices(self) -> dict[str, tuple[float, float]]:
        """What a million tokens in and out cost, by the name of each model that has both prices."""
        return {
            model.name: (model.price_in, model.price_out)
            for model in self.models
            if model.price_in is not None and model.price_out is not None
        }


def config_folder() -> Path:
    """Return the user's configuration folder, whether it exists or not."""
    import platformdirs

    return platformdirs.user_config_path("llmchem", appauthor=False)


def data_folder(env: Mapping[str, str]) -> Path:
    """Return the folder of sessions and the user's vignettes: $LLMCHEM_DATA or the usual one."""
    import platformdirs

    own = env.get("LLMCHEM_DATA")
    return Path(own) if own else platformdirs.user_data_path("llmchem", appauthor=False)


def config_path(explicit: Path | None, env: Mapping[str, str]) -> Path | None:
    """Return the settings file to use: --config, $LLMCHEM_CONFIG, the user's; None: there is none.

    Only the last may be missing; ``load`` reports the others.
    """
    if explicit is not None:
        return explicit
    if env.get("LLMCHEM_CONFIG"):
        return Path(env["LLMCHEM_CONFIG"])
    usual = config_folder() / "config.toml"
    try:
        usual.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        pass  # reading it says why it cannot be reached
    return usual


def load(explicit: Path | None, env: Mapping[str, str]) -> Settings:
    """Return the settings of the first file found, or the defaults.

    Raises:
        InputError: the file is missing, unreadable or broken, has an unknown key or a bad value.
    """
    path = config_path(explicit, env)
    if path is None:
        return Settings()
    tables = read_toml(path)
    if isinstance(tables.get("keymap"), dict):
        tables["keymap"] = dict(_flat(tables["keymap"]))
    settings = typed(Settings, tables, path)
    for problem in _problems(settings):
        raise InputError(f"{path}: {problem}")
    return _anchored(settings, path)


def dump(settings: Settings) -> str:
    """Return settings as TOML: the sections whole, providers and models where not the default."""
    import tomli_w

    tables: dict[str, Any] = {}
    for section in ("round", "chemistry", "history", "ui"):
        values = dataclasses.asdict(getattr(settings, section))
        tables[section] = {key: value for key, value in values.items() if value is not None}
    tables["keymap"] = dict(settings.keymap)
    tables["providers"] = {name: _changed(made) for name, made in settings.providers.items()}
    tables["models"] = [_changed(model) for model in settings.models]
    return tomli_w.dumps({name: table for name, table in tables.items() if table})


def _problems(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each setting that does not go with another."""
    for name, provider in settings.providers.items():
        key = f"providers.{name}"
        try:
            _ = urlsplit(provider.url).port
        except ValueError as error:
            yield f"{key}.url is no address: {error}"
        if provider.api_key_env and provider.api_key_command:
            yield f"{key} has both api_key_env and api_key_command; keep one"
        if provider.kind != "ollama" and (provider.num_ctx or provider.keep_alive):
            yield f"{key}: num_ctx and keep_alive are for kind ollama, not {provider.kind}"
        if provider.kind != "simulated" and provider.time_scale is not None:
            yield f"{key}.time_scale is for kind simulated, not {provider.kind}"
    seen: set[str] = set()
    for model in settings.models:
        yield from _model_problems(model, settings.providers)
        for name in (model.name, *model.aliases):
            if name in seen:
                yield f"models[{model.name}]: {name} stands twice among the names and aliases"
            seen.add(name)


def _model_problems(
    model: ModelSettings, providers: Mapping[str, ProviderSettings]
) -> Iterator[str]:
    key = f"models[{model.name}]"
    if model.provider not in providers:
        hint = nearest(model.provider, providers)
        remedy = f"did you mean {hint}?" if hint else f"add [providers.{model.provider}]"
        yield f"{key}.provider: unknown provider {model.provider!r}; {remedy}"
    elif (providers[model.provider].kind == "simulated") != model.name.startswith(SIMULATED_PREFIX):
        yield f"{key}: names of simulated models, and only those, begin with {SIMULATED_PREFIX}"


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    # In TOML an unquoted run.stop is a table in a table; both ways of writing it are meant.
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _anchored(settings: Settings, path: Path) -> Settings:
    """Return the settings with their folders absolute: beside the file, or from ~."""

    def absolute(text: str, key: str) -> str:
        if "\0" in text:
            raise InputError(f"{path}: {key}: a path cannot have a NUL in it")
        try:
            return str(path.resolve().parent / Path(text).expanduser())
        except RuntimeError:
            raise InputError(f"{path}: {key}: there is no home folder for {text!r}") from None

    own = settings.round
    prompts = absolute(own.prompts, "round.prompts") if own.prompts else ""
    paths = tuple(absolute(text, "history.paths") for text in settings.history.paths)
    return dataclasses.replace(
        settings,
        round=dataclasses.replace(own, prompts=prompts),
        history=HistorySettings(paths=paths),
        path=path,
    )


def _changed(settings: ProviderSettings | ModelSettings) -> dict[str, Any]:
    values = dataclasses.asdict(settings)
    defaults: dict[str, Any] = {
        item.name: item.default if item.default_factory is dataclasses.MISSING else {}
        for item in dataclasses.fields(settings)
    }
    return {key: value for key, value in values.items() if value != defaults[key]}
