"""What is shipped: the wheel runs by itself, the lock file is a lock file, versions agree."""

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

import bargaining

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = [Requirement(line) for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def environment(python: str) -> dict[str, str]:
    return {**default_environment(), "python_full_version": f"{python}.0", "python_version": python}


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_lock_pins_everything_that_is_asked_for(python: str) -> None:
    pins = {canonicalize_name(pin.name): pin for pin in LOCK if pin.marker is None or pin.marker.evaluate(environment(python))}
    project = PROJECT["project"]
    asked = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    for line in asked:
        requirement = Requirement(line)
        pin = pins.get(canonicalize_name(requirement.name))
        assert pin is not None, f"{requirement.name} is not in requirements.lock"
        (specifier,) = pin.specifier
        assert requirement.specifier.contains(specifier.version), f"requirements.lock has {pin}, pyproject.toml asks for {requirement}"


def test_lock_holds_exact_versions_and_no_address() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for line in text.splitlines():
        assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*==[0-9][A-Za-z0-9.+!]*( ; .+)?", line), line
    assert not re.search(r"://|@|--|\.(com|org|net)\b", text)


def test_versions_agree() -> None:
    citation = YAML(typ="safe").load(ROOT / "CITATION.cff")
    versions = {PROJECT["project"]["version"], bargaining.__version__, str(citation["version"]), importlib.metadata.version("bargaining")}
    assert versions == {bargaining.__version__}
    assert f"## [{bargaining.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert citation["license"] == PROJECT["project"]["license"] == "MIT"


def test_the_check_from_nothing_is_executable_and_says_what_it_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    steps = re.findall(r"^step (.*)$", script.read_text(encoding="utf-8"), flags=re.MULTILINE)
    install, tests = "pip install --quiet -c requirements.lock -e '.[test]'", "pytest"
    assert steps[1:] == [install, tests, "ruff check", "ruff format --check", "mypy"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = f"from hatchling.build import build_wheel; build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing in it but the installed wheel."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target"]
    subprocess.run([*pip, str(folder), str(wheel)], check=True, capture_output=True)
    return folder


def run_installed(installed: Path, folder: Path, code: str) -> str:
    """Output of a program that sees the installed wheel and nothing of the clone.

    Kernels run as plain Python: it is the wheel that is tested, and its kernels would have to be compiled anew for their new place.
    """
    outside = {**os.environ, "PYTHONPATH": str(installed), "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=outside, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_wheel_holds_the_package_its_data_and_the_experiments(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {
        "bargaining/py.typed",
        "bargaining/scenarios/data/facts.json",
        "bargaining/scenarios/data/priors.json",
        "bargaining/experiments/linkage.yaml",
        "bargaining/paper/source/paper.typ",
        "bargaining/paper/source/refs.bib",
    } <= set(names)
    tops = {name.split("/")[0] for name in names}
    assert tops == {"bargaining", f"bargaining-{bargaining.__version__}.dist-info"}
    assert not [name for name in names if "/results/" in name or "__pycache__" in name]


def test_installed_wheel_solves_a_game(installed: Path, tmp_path: Path) -> None:
    code = """
import bargaining as bg
dilemma = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]])
solved = bg.equilibrium_set(bg.RepeatedGame(dilemma, 0.6))
print(bg.__file__, solved.status.name, solved.contains([3, 3], 1e-9), solved.punishment_payoffs.tolist())
"""
    place, *answer = run_installed(installed, tmp_path, code).split(maxsplit=3)
    assert Path(place).is_relative_to(installed)
    assert answer == ["solved", "True", "[1.0, 1.0]\n"]


def test_installed_wheel_finds_the_source_of_the_paper(installed: Path, tmp_path: Path) -> None:
    code = "from bargaining.paper.building import source_folder; print(source_folder())"
    assert run_installed(installed, tmp_path, code).strip() == str(installed / "bargaining" / "paper" / "source")


def test_installed_wheel_runs_an_experiment(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "schema_version: 1\nname: mine\nquestion: What?\nruns:\n  one:\n    scenario: briefing\n"
        '    solver: {name: linkage_lattice, tol: 1e-3, agreements: [civil], partitions: ["T|R|C"]}\n'
    )
    code = "import sys; from bargaining.cli import main; main(sys.argv[1:] or ['run', 'mine.yaml'])"
    table = run_installed(installed, tmp_path, code)
    assert "T|R|C" in table
    assert (tmp_path / ".runs" / "mine" / "paper" / "manifest.json").is_file()
    assert "linkage" in run_installed(installed, tmp_path, code.replace("'run', 'mine.yaml'", "'list'"))
