"""The built wheel holds everything it needs and runs from another folder, in an empty environment.

Always: beside the packages of this environment. With CI set, as .ci/run does, also with its
dependencies installed afresh, as a user would.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
ENVIRONMENT = dict(os.environ)
"""As the tests began: pip needs the user's own settings to find packages."""


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, CHECKOUT)
    run(*build, cwd=out, env=ENVIRONMENT)
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_contains_all_data_files(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    expected = {"llmchem_tui/py.typed", "llmchem_tui/config.example.toml"}
    for folder, inside in (
        ("themes", "themes"),
        ("llmchem_tui/vignettes", "vignettes"),
        ("llmchem_tui/prompts", "prompts"),
    ):
        files = [path.name for path in (CHECKOUT / folder).iterdir() if path.is_file()]
        assert files, folder
        expected |= {f"llmchem_tui/{inside}/{name}" for name in files}
    expected |= {
        path.relative_to(CHECKOUT).as_posix()
        for pattern in ("*.py", "*.tcss")
        for path in (CHECKOUT / "llmchem_tui").rglob(pattern)
    }
    assert expected <= names
    assert not [name for name in names if name.startswith(("tests/", "themes/"))]


@pytest.mark.parametrize(
    "dependencies",
    [
        "borrowed",
        pytest.param(
            "installed",
            marks=pytest.mark.skipif(
                not ENVIRONMENT.get("CI"), reason="installs all dependencies: set CI=1 to run it"
            ),
        ),
    ],
)
def test_the_installed_wheel_runs_from_another_folder(
    wheel: Path, tmp_path: Path, dependencies: str
) -> None:
    environment, elsewhere = tmp_path / "environment", tmp_path / "elsewhere"
    elsewhere.mkdir()
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    if dependencies == "borrowed":
        run(*pip, "--no-deps", "--no-index", wheel, cwd=elsewhere, env=ENVIRONMENT)
        packages = run(
            python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=elsewhere
        )
        # Read after the environment's own packages, and without the .pth files in it: our
        # checkout, which may be installed there, is not seen.
        borrowed = Path(packages.strip()) / "borrowed.pth"
        borrowed.write_text(sysconfig.get_path("purelib") + "\n")
    else:
        run(*pip, wheel, cwd=elsewhere, env=ENVIRONMENT)
    place = run(python, "-c", "import llmchem_tui; print(llmchem_tui.__file__)", cwd=elsewhere)
    assert Path(place.strip()).is_relative_to(environment)
    assert run(environment / "bin" / "llmchem", "--version", cwd=elsewhere).strip()
    listed = run(environment / "bin" / "llmchem", "vignettes", "--json", cwd=elsewhere)
    assert len(json.loads(listed)["vignettes"]) >= 20
    assert list(elsewhere.iterdir()) == []
    themes = (
        "from llmchem_tui.ui.theme_files import bundled_themes, load_themes\n"
        "themes, problems = load_themes([bundled_themes()])\n"
        "assert themes and not problems, problems"
    )
    run(python, "-c", themes, cwd=elsewhere)
    prompts = "from llmchem_tui.storage.prompts import load_prompts; load_prompts()"
    run(python, "-c", prompts, cwd=elsewhere)
